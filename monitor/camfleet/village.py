"""The village around a pole: two crossing streets, yards and houses, trees, poles and wires, fields to the horizon.

Metres, x east, y north, z up, the pole's foot at the origin. Everything comes from a seed. Nobody lives in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache, partial
from itertools import pairwise
from math import cos, hypot, pi, radians, sin

import numpy as np

from camfleet import paint
from camfleet.lens import Floats
from camfleet.texture import Dice, Image

Painter = Callable[[Dice, float, float, float], Image | tuple[Image, Image]]


class Matter(IntEnum):
    """What light does with a surface: the code of each pixel's kind."""

    SKY = 0
    GROUND = 1
    WALL_0 = 2  # four ways that walls face, a quarter turn apart
    WALL_1 = 3
    WALL_2 = 4
    WALL_3 = 5
    ROOF_0 = 6  # four ways that roofs slope
    ROOF_1 = 7
    ROOF_2 = 8
    ROOF_3 = 9
    LEAVES = 10
    FAR = 11
    CLOTH = 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surface:
    """A flat piece: its upper left, upper right, lower right and lower left corner."""

    corners: Floats
    outline: Floats
    """What of it is there (n x 3, convex): the corners, or the triangle under a gable."""
    width_m: float
    height_m: float
    matter: Matter
    painter: Painter
    seed: int
    rank: float
    """What has the larger rank is painted earlier; metres from the pole, about."""
    normal: Floats | None = None
    """None: seen from both sides."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """What throws a shadow: its footprint (n x 2) and height; `thin` for crowns that let light through."""

    footprint: Floats
    height_m: float
    base_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Village:
    """All that stands around one pole."""

    seed: int
    heading_deg: float
    """Where the first street leads; the second crosses it."""
    cross_m: float
    """How far along the first street the second crosses."""
    surfaces: tuple[Surface, ...]
    blocks: tuple[Block, ...]
    lamps: Floats
    """n x 3: street lamps."""
    wires: tuple[Floats, ...]
    masts: tuple[tuple[float, float, float], ...]
    """x, y, height of utility poles."""
    flags: Floats
    """n x 3: where cloth hangs in the wind."""


STREET_M = 6.0
BEFORE_M = 5.5
"""From the pole to the middle of the street before it."""


class _Builder:
    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.dice = np.random.default_rng(seed)
        self.heading = float(self.dice.uniform(0, 360))
        a = radians(self.heading)
        self.along, self.left = np.array((sin(a), cos(a), 0.0)), np.array((-cos(a), sin(a), 0.0))
        self.surfaces: list[Surface] = []
        self.blocks: list[Block] = []
        self._count = 0

    def place(self, s: float, t: float, z: float = 0.0) -> Floats:
        """Return the point `s` metres along the first street, `t` to its left, `z` up."""
        return np.asarray(self.along * s + self.left * t + (0, 0, z))

    def add(
        self,
        corners: Floats,
        painter: Painter,
        matter: Matter,
        *,
        rank: float,
        facing: Floats | None = None,
        outline: Floats | None = None,
    ) -> None:
        self._count += 1
        self.surfaces.append(
            Surface(
                corners=corners,
                outline=corners if outline is None else outline,
                width_m=float(np.linalg.norm(corners[1] - corners[0])),
                height_m=float(np.linalg.norm(corners[-1] - corners[0])),
                matter=matter,
                painter=painter,
                seed=self.seed * 1009 + self._count,
                rank=rank,
                normal=facing,
            )
        )

    def upright(self, start: Floats, end: Floats, base: float, top: float) -> Floats:
        """Return the corners of a wall from `start` to `end` as its viewer sees them from left to right."""
        up, down = np.array((0, 0, top)), np.array((0, 0, base))
        return np.stack((start + up, end + up, end + down, start + down))

    def house(self, s: float, t: float, long: float, deep: float, tall: float) -> None:
        """Put up a house of that ground plan (centre, length along the street, depth) with a pitched or flat roof."""
        near = self._front_corners(s, t, long, deep)
        rank = max(1.0, hypot(s, t))
        for i in range(4):
            a, b = near[i], near[(i + 1) % 4]
            facing = _outward(a, b)
            painter = paint.front if i % 2 == 0 or self.dice.random() < 0.5 else _bare
            self.add(self.upright(a, b, 0, tall), painter, Matter(Matter.WALL_0 + i), rank=rank, facing=facing)
        pitch = float(self.dice.uniform(1.0, 1.9)) if self.dice.random() < 0.75 else 0.0
        self._roof(near, tall, pitch, rank)
        self.blocks.append(Block(footprint=near[:, :2], height_m=tall + pitch * 0.6))

    def _front_corners(self, s: float, t: float, long: float, deep: float) -> Floats:
        h, d = long / 2, deep / 2
        return np.stack(
            [self.place(s - h, t - d), self.place(s + h, t - d), self.place(s + h, t + d), self.place(s - h, t + d)]
        )

    def _roof(self, near: Floats, tall: float, pitch: float, rank: float) -> None:
        if not pitch:
            return
        out = 0.35
        middle = [(near[0] + near[3]) / 2, (near[1] + near[2]) / 2]
        ridge = [m + np.array((0, 0, tall + pitch)) for m in middle]
        for i in (0, 2):
            a, b = near[i], near[(i + 1) % 4]
            inward = near[(i + 2) % 4] - b
            eave = -inward / np.linalg.norm(inward) * out + (0, 0, tall - 0.25)
            left, right = (ridge[0], ridge[1]) if i == 0 else (ridge[1], ridge[0])
            corners = np.stack((left, right, b + eave, a + eave))
            facing = np.cross(corners[1] - corners[0], corners[0] - corners[3])
            self.add(corners, paint.roof, Matter(Matter.ROOF_0 + i), rank=rank - 0.01, facing=facing)
        for i, peak in ((1, ridge[1]), (3, ridge[0])):
            a, b = near[i], near[(i + 1) % 4]
            lift = np.array((0, 0, tall))
            self.add(
                self.upright(a, b, tall, tall + pitch),
                _bare,
                Matter(Matter.WALL_0 + i),
                rank=rank - 0.005,
                facing=_outward(a, b),
                outline=np.stack((peak, b + lift, a + lift)),
            )

    def fence(self, s0: float, s1: float, t: float, tall: float) -> None:
        """Put a yard wall along the street; seen from both sides."""
        a, b = self.place(s0, t), self.place(s1, t)
        rank = max(1.0, min(hypot(s0, t), hypot(s1, t), hypot((s0 + s1) / 2, t)))
        for facing, (p, q), matter in (
            (_outward(a, b), (a, b), Matter.WALL_0),
            (_outward(b, a), (b, a), Matter.WALL_2),
        ):
            self.add(self.upright(p, q, 0, tall), paint.yard_wall, matter, rank=rank, facing=facing)
        self.blocks.append(
            Block(footprint=np.stack((a, b, b + self.left * 0.3, a + self.left * 0.3))[:, :2], height_m=tall)
        )

    def tree(self, s: float, t: float, tall: float, wide: float, *, trunk: float) -> None:
        """Plant a tree that shows the pole its broad side."""
        foot = self.place(s, t)
        away = hypot(s, t)
        side = np.array((foot[1], -foot[0], 0.0)) / max(away, 0.1) * wide / 2
        corners = self.upright(foot - side, foot + side, 0, tall)
        self.add(corners, partial(paint.tree, trunk=trunk), Matter.LEAVES, rank=away)
        ring = [foot[:2] + wide * 0.42 * np.array((cos(k), sin(k))) for k in np.linspace(0, 2 * pi, 9)[:-1]]
        self.blocks.append(Block(footprint=np.stack(ring), height_m=tall, base_m=tall * trunk))

    def street(self, side: int, t0: float) -> None:
        """Line one side of the first street with houses, yards and trees; `side` 1: its left."""
        dice = self.dice
        s = -62.0 + float(dice.uniform(0, 6))
        while s < 62:
            long, deep = float(dice.uniform(8, 14)), float(dice.uniform(6, 8))
            if abs(s + long / 2 - self.cross) > long / 2 + STREET_M:
                back = float(dice.uniform(1.0, 6.0))
                tall = float(dice.choice((3.2, 3.4, 6.2, 6.6)))
                t = side * (t0 + back + deep / 2)
                self.house(s + long / 2, t, long, deep, tall)
                if back > 2.5:
                    self.fence(s - 0.6, s + long + 0.6, side * t0, float(dice.uniform(1.7, 2.4)))
                elif dice.random() < 0.6:
                    bush = float(dice.uniform(0.8, 1.6))
                    self.tree(s + float(dice.uniform(0, long)), side * (t0 - 0.4), bush, bush * 1.5, trunk=0.05)
                if dice.random() < 0.7:
                    tall = float(dice.uniform(4, 8))
                    self.tree(s - 0.9, side * (t0 - 0.6), tall, tall * 0.62, trunk=0.38)
            s += long + float(dice.uniform(1.2, 4.0))

    @property
    def cross(self) -> float:
        return self._cross

    def build(self) -> Village:
        dice = self.dice
        self._cross = float(dice.choice((-1, 1))) * float(dice.uniform(9, 16))
        self.street(1, BEFORE_M + STREET_M / 2 + 1.6)
        self.street(-1, 7.5)
        for side in (1, -1):
            for row in (27.0, 44.0):
                for s in np.arange(-70, 70, 15.0):
                    if abs(s - self.cross) > STREET_M + 6:
                        where = s + float(dice.uniform(-2, 2)), side * (row + float(dice.uniform(-2, 2)))
                        self.house(*where, float(dice.uniform(9, 13)), 7.0, float(dice.choice((3.3, 6.4, 9.6))))
                    tall = float(dice.uniform(6, 11))
                    self.tree(s + 7.5, side * (row - 6), tall, tall * 0.6, trunk=0.3)
        self._horizon()
        masts, wires = self._masts()
        return Village(
            seed=self.seed,
            heading_deg=self.heading,
            cross_m=self.cross,
            surfaces=tuple(sorted(self.surfaces, key=lambda s: -s.rank)),
            blocks=tuple(self.blocks),
            lamps=np.stack([self.place(s, BEFORE_M + STREET_M / 2 + 0.8, 5.5) for s in (-28.0, -4.0, 20.0, 44.0)]),
            wires=wires,
            masts=masts,
            flags=np.stack(list(self._flags())),
        )

    def _flags(self) -> Iterator[Floats]:
        """Cloth on lines and flags on houses, so that every camera has something in the wind."""
        for k in range(10):
            angle = 2 * pi * (k + float(self.dice.uniform(0.2, 0.8))) / 10
            away = float(self.dice.uniform(11, 17))
            yield np.array((cos(angle) * away, sin(angle) * away, float(self.dice.uniform(2.4, 3.6))))

    def _horizon(self) -> None:
        for ring, (away, tall) in enumerate(((150.0, 15.0), (95.0, 10.0))):
            n = 20
            for k in range(n):
                a, b = 2 * pi * k / n, 2 * pi * (k + 1) / n
                # Seen from within, the viewer's left is the larger angle.
                start, end = (away * np.array((cos(x), sin(x), 0.0)) for x in (b, a))
                self.add(
                    self.upright(start, end, 0, tall),
                    paint.tree_line,
                    Matter.FAR,
                    rank=away - ring,
                )

    def _masts(self) -> tuple[tuple[tuple[float, float, float], ...], tuple[Floats, ...]]:
        line = [self.place(s, BEFORE_M + STREET_M / 2 + 1.0) for s in (-66.0, -40.0, -16.0, 9.0, 34.0, 60.0)]
        back = [self.place(self.cross + STREET_M / 2 + 0.8, t) for t in (-70.0, -45.0, -20.0, 30.0, 55.0)]
        wires = []
        for row in (line, back):
            for a, b in pairwise(row):
                for drop, sag in ((0.4, 0.5), (0.9, 0.7), (1.8, 0.4)):
                    u = np.linspace(0, 1, 13)[:, None]
                    wires.append(a + (b - a) * u + np.array((0, 0, 1.0)) * (7.4 - drop - 4 * sag * u * (1 - u)))
        return tuple((float(p[0]), float(p[1]), 7.4) for p in (*line, *back)), tuple(wires)


def _outward(start: Floats, end: Floats) -> Floats:
    """Return which way an upright wall looks whose viewer sees it lead from `start` at the left to `end`."""
    return np.array((end[1] - start[1], start[0] - end[0], 0.0))


def _bare(dice: Dice, w: float, h: float, px_m: float) -> Image:
    return paint.wall(dice, w, h, px_m).image


@lru_cache(maxsize=160)
def village(seed: int) -> Village:
    """Return the village of a seed: some 300 surfaces of a few hundred bytes each, no picture yet."""
    return _Builder(seed).build()
