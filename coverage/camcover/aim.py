"""Turn before you buy: which existing cameras should look elsewhere, one by one, the best first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from camcover.camera import Camera
from camcover.demand import Demand
from camcover.optics import FULL_CIRCLE_DEG
from camcover.sight import Ask, Sight
from camcover.terrain import Terrain

LEAST_SHARE = 0.001
"""A turn must win this share of everything asked: below it, nobody climbs a pole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One camera turned after those before it. `amounts` per place may be negative: what another place loses by it."""

    camera_id: str
    from_deg: float
    to_deg: float
    amounts: tuple[float, ...]
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Turns:
    """Turns in order; weights of what is seen `before` and `after`, out of `total`."""

    steps: tuple[Turn, ...]
    before: float
    after: float
    total: float
    azimuth_unknown: tuple[str, ...]
    """Ids of cameras whose azimuth nobody noted: they count as seeing nothing; look first, then turn."""
    inside_building: tuple[str, ...]
    """Ids of cameras that the register puts inside a building: survey where they hang, then turn."""
    seen: NDArray[np.bool_]
    """Elements (e,) seen after the turns."""

    def aimed(self, cameras: Sequence[Camera]) -> tuple[Camera, ...]:
        """Return the cameras as turned."""
        to = {step.camera_id: step.to_deg for step in self.steps}
        return tuple(_turned(camera, to[camera.id]) if camera.id in to else camera for camera in cameras)


def turns(
    cameras: Sequence[Camera],
    demand: Demand,
    terrain: Terrain,
    ask: Ask = Ask(),  # noqa: B008  (frozen)
    *,
    step_deg: float = 1.0,
    least_share: float = LEAST_SHARE,
    keep: Collection[str] = (),
) -> Turns:
    """Turn cameras greedily, the largest gain first, until none wins `least_share` of everything asked.

    Domes, all-round lenses, cameras of unknown azimuth or inside a building, and the ids in `keep` stay; so do all
    tilts. Ids must differ.
    """
    if len({camera.id for camera in cameras}) != len(cameras):
        raise ValueError("two cameras have one id")
    if not (0 < step_deg <= FULL_CIRCLE_DEG and 0 <= least_share <= 1):
        raise ValueError(f"not a step or share: {step_deg}, {least_share}")
    sight = Sight.of(cameras, demand, terrain, ask)
    free = np.array([_can_turn(camera) and camera.id not in keep for camera in cameras], dtype=np.bool_)
    free &= ~sight.inside
    aim = [camera.mount.azimuth_deg for camera in cameras]
    grid = np.arange(0.0, FULL_CIRCLE_DEG, step_deg)
    least = max(1, round(least_share * demand.total_parts))
    search = _Search(sight, demand.parts, aim, free, grid, least)
    before = search.seen
    chosen = search.run()
    return _told(chosen, cameras, demand, sight, before)


def _can_turn(camera: Camera) -> bool:
    return not camera.ptz and camera.mount.azimuth_deg is not None and camera.lens.hfov_deg < FULL_CIRCLE_DEG


class _Search:
    """Ascent camera by camera. Turning is not submodular: after each turn all it may concern are looked at anew."""

    def __init__(
        self,
        sight: Sight,
        parts: NDArray[np.int64],
        aim: Sequence[float | None],
        free: NDArray[np.bool_],
        grid: NDArray[np.float64],
        least: int,
    ) -> None:
        self._sight, self._parts, self._grid, self._least = sight, parts, grid, least
        self._aim = list(aim)
        self._free = free.copy()
        self._count = np.zeros(len(parts), dtype=np.int64)
        self._viewer = np.repeat(np.arange(len(sight)), np.diff(sight.start))
        for viewer, azimuth in enumerate(aim):
            self._count[sight.towards(viewer, azimuth)] += 1

    @property
    def seen(self) -> NDArray[np.bool_]:
        return self._count > 0

    def run(self) -> list[tuple[int, float]]:
        """Return (camera index, new azimuth) in the order of turning; each camera is turned at most once."""
        steps: list[tuple[int, float]] = []
        best = [self._best(viewer) if self._free[viewer] else (0, 0.0) for viewer in range(len(self._sight))]
        while best:
            viewer = max(range(len(best)), key=lambda one: (best[one][0], -one))
            gain, azimuth = best[viewer]
            if gain < self._least:
                break
            steps.append((viewer, azimuth))
            self._free[viewer] = False
            for near in self._turn(viewer, azimuth):
                best[near] = self._best(near) if self._free[near] else (0, 0.0)
        return steps

    def _best(self, viewer: int) -> tuple[int, float]:
        """Return the largest gain of turning this camera alone, and the azimuth."""
        now = self._aim[viewer]
        assert now is not None, "only cameras of known azimuth are free"  # noqa: S101
        mine = self._sight.towards(viewer, now)
        self._count[mine] -= 1
        open_parts = np.where(self._count == 0, self._parts, 0)
        self._count[mine] += 1
        worth = self._sight.sums(viewer, self._grid, open_parts)
        most = int(worth.max())
        return most - int(open_parts[mine].sum()), float(self._grid[_middle(worth == most)])

    def _turn(self, viewer: int, azimuth_deg: float) -> NDArray[np.int64]:
        """Turn a camera; return the cameras that could see any of what it saw or sees now, itself too."""
        changed = np.zeros(len(self._parts), dtype=np.bool_)
        for azimuth, by in ((self._aim[viewer], -1), (azimuth_deg, 1)):
            elements = self._sight.towards(viewer, azimuth)
            self._count[elements] += by
            changed[elements] = True
        self._aim[viewer] = azimuth_deg
        return np.unique(np.append(self._viewer[changed[self._sight.element]], viewer))


def _middle(best: NDArray[np.bool_]) -> int:
    """Return the middle of the longest run round the circle, of equal runs the first.

    Any azimuth of a run sees as much; its middle still does when the bracket is a few degrees off.
    """
    if best.all():
        return 0
    turned = int(np.argmin(best))  # start where a run cannot be cut in two
    edges = np.diff(np.concatenate([[0], np.roll(best, -turned).astype(np.int64), [0]]))
    start, length = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)
    pick = int(np.argmax(length))
    return int(turned + start[pick] + (length[pick] - 1) // 2) % len(best)


def _told(
    chosen: Sequence[tuple[int, float]],
    cameras: Sequence[Camera],
    demand: Demand,
    sight: Sight,
    before: NDArray[np.bool_],
) -> Turns:
    """Walk through the turns again and measure each."""
    count = np.zeros(len(demand), dtype=np.int64)
    for viewer, camera in enumerate(cameras):
        count[sight.towards(viewer, camera.mount.azimuth_deg)] += 1
    steps: list[Turn] = []
    amounts, parts = np.array(demand.amounts(before)), int(demand.parts[before].sum())
    first = parts
    for viewer, to_deg in chosen:
        from_deg = cameras[viewer].mount.azimuth_deg
        assert from_deg is not None, "only cameras of known azimuth are turned"  # noqa: S101
        count[sight.towards(viewer, from_deg)] -= 1
        count[sight.towards(viewer, to_deg)] += 1
        now = np.array(demand.amounts(count > 0))
        won = int(demand.parts[count > 0].sum()) - parts
        steps.append(
            Turn(
                camera_id=cameras[viewer].id,
                from_deg=from_deg,
                to_deg=to_deg,
                amounts=tuple((now - amounts).tolist()),
                weight=demand.weigh(won),
            )
        )
        amounts, parts = now, parts + won
    return Turns(
        steps=tuple(steps),
        before=demand.weigh(first),
        after=demand.weigh(parts),
        total=demand.weight,
        azimuth_unknown=tuple(
            c.id for c in cameras if c.mount.azimuth_deg is None and c.lens.hfov_deg < FULL_CIRCLE_DEG
        ),
        inside_building=tuple(camera.id for camera, inside in zip(cameras, sight.inside, strict=True) if inside),
        seen=count > 0,
    )


def _turned(camera: Camera, azimuth_deg: float) -> Camera:
    return replace(camera, mount=replace(camera.mount, azimuth_deg=azimuth_deg))
