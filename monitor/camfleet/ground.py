"""What lies on the ground around a pole: earth, grass, two streets with their wear, fields. Drawn in metres."""

from __future__ import annotations

from functools import lru_cache
from math import cos, radians, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from camfleet.lens import Floats
from camfleet.paint import shade
from camfleet.texture import Colour, Image, cut, speckle, tinted
from camfleet.village import BEFORE_M, STREET_M, Village

RINGS: tuple[tuple[float, float], ...] = ((24.0, 32.0), (72.0, 10.0), (400.0, 2.0))
"""Half the side in metres, pixels per metre: fine underfoot, coarse far away."""
_EARTH: Colour = (104, 126, 138)
_GRASS: Colour = (62, 112, 92)
_ASPHALT: Colour = (112, 112, 110)
_PAVED: Colour = (146, 154, 158)


class _Plan:
    """Draws in the streets' own axes: s along the first, t to its left, turned into the image's east and south."""

    def __init__(self, image: Image, village: Village, half_m: float, px_m: float) -> None:
        self.image, self.px_m, self._half = image, px_m, half_m
        a = radians(village.heading_deg)
        self._axes = np.array(((sin(a), -cos(a)), (cos(a), sin(a))))

    def px(self, st: list[tuple[float, float]] | Floats) -> NDArray[np.int32]:
        en = np.asarray(st, float) @ self._axes.T
        return np.asarray(np.round((en * (1, -1) + self._half) * self.px_m * 16), np.int32)

    def fill(self, st: list[tuple[float, float]], colour: Colour) -> None:
        cv2.fillPoly(self.image, [self.px(st)], colour, shift=4)

    def strip(self, s0: float, s1: float, t0: float, t1: float, colour: Colour) -> None:
        self.fill([(s0, t0), (s1, t0), (s1, t1), (s0, t1)], colour)

    def discs(self, s: Floats, t: Floats, r: Floats, base: Colour, tones: Floats) -> None:
        """Draw many at once: one product for all centres, because thousands of small ones cost more than the paint."""
        centres, sizes = (
            self.px(np.stack((s, t), axis=1)).tolist(),
            np.maximum(8, r * self.px_m * 16).astype(int).tolist(),
        )
        for (x, y), size, tone in zip(centres, sizes, _tones(base, tones), strict=True):
            cv2.circle(self.image, (x, y), size, tone, -1, shift=4)

    def boxes(self, s: Floats, t: Floats, a: Floats, b: Floats, base: Colour, tones: Floats, *, swap: bool) -> None:
        """Draw many rectangles of `a` along the first street and `b` across; `swap`: along the second."""
        corners = np.stack((s, t, s + a, t, s + a, t + b, s, t + b), axis=1).reshape(-1, 2)
        points = self.px(corners[:, ::-1] if swap else corners).reshape(-1, 4, 2)
        for four, tone in zip(points, _tones(base, tones), strict=True):
            cv2.fillConvexPoly(self.image, four, tone, shift=4)

    def path(self, st: Floats, colour: Colour, wide: float) -> None:
        cv2.polylines(
            self.image, [self.px(st)], isClosed=False, color=colour, thickness=max(1, round(wide * self.px_m)), shift=4
        )


@lru_cache(maxsize=3)
def _cloth(ring: int) -> Image:
    """Return earth with grass on it, without streets: larger than any village, which cuts its own."""
    half, px_m = RINGS[ring]
    side = round(2.8 * half * px_m)
    dice = np.random.default_rng(41 + ring)
    earth = cut("soil", dice, width_px=side, height_px=side, px_m=max(px_m, 6.0))
    grey = earth * speckle(dice, side, side, coarse=40, depth=0.08) * speckle(dice, side, side, coarse=220, depth=0.08)
    bare, green = tinted(grey, _EARTH), tinted(grey, _GRASS)
    where = speckle(dice, side, side, coarse=26, depth=0.5) * speckle(dice, side, side, coarse=180, depth=0.3) > 1.0
    cv2.copyTo(green, where.astype(np.uint8), bare)
    return bare


@lru_cache(maxsize=2)
def ground(village: Village, ring: int) -> Image:
    """Return the ground of one ring seen from above, north up, the pole in the middle."""
    half, px_m = RINGS[ring]
    cloth, side = _cloth(ring), round(2 * half * px_m)
    x, y = village.seed % (cloth.shape[1] - side), village.seed // 1009 % (cloth.shape[0] - side)
    image = np.ascontiguousarray(np.rot90(cloth[y : y + side, x : x + side], village.seed % 4))
    plan = _Plan(image, village, half, px_m)
    dice = np.random.default_rng(village.seed * 31 + 7)
    if ring == 2:
        _fields(plan, dice)
    _streets(plan, village, half)
    if ring < 2:
        _wear(plan, village, dice, half)
        _litter(plan, dice, half)
    return image


def _fields(plan: _Plan, dice: np.random.Generator) -> None:
    s, t = (v.ravel().astype(float) for v in np.meshgrid(np.arange(-400, 400, 40), np.arange(-400, 400, 25)))
    outside = np.maximum(np.abs(s + 20), np.abs(t + 12)) > 90
    crop, tones = dice.integers(3, size=len(s)), dice.uniform(0.7, 1.2, len(s))
    for k, colour in enumerate(((70, 130, 110), (96, 150, 160), (110, 128, 136))):
        of = outside & (crop == k)
        n = int(of.sum())
        plan.boxes(s[of] + 1, t[of] + 1, np.full(n, 38.0), np.full(n, 23.0), colour, tones[of], swap=False)


def _streets(plan: _Plan, village: Village, half: float) -> None:
    far, mid, wide = half * 1.5, BEFORE_M, STREET_M / 2
    cross = village.cross_m
    for out, colour in ((1.5, _PAVED), (0.16, (170, 176, 178)), (0.0, _ASPHALT)):
        plan.strip(-far, far, mid - wide - out, mid + wide + out, colour)
        plan.strip(cross - wide - out, cross + wide + out, -far, far, colour)
    # The asphalt's grain: over the painted streets, so that they are not flat.
    level = _asphalt(plan.image.shape[0], plan.px_m)
    cv2.multiply(plan.image, level, dst=plan.image, scale=1 / 128)
    white: Colour = (206, 212, 212)
    for s in np.arange(-half, half, 4.0):
        if abs(s - cross) > wide + 3:
            plan.strip(s, s + 2.0, mid - 0.06, mid + 0.06, white)
        if abs(s - mid) > wide + 3:
            plan.strip(cross - 0.06, cross + 0.06, s, s + 2.0, white)
    for k in range(7):
        t = mid - wide + 0.4 + 0.8 * k
        plan.strip(cross - wide - 3.4, cross - wide - 0.6, t, t + 0.4, white)
        plan.strip(cross + wide + 0.6, cross + wide + 3.4, t, t + 0.4, white)


@lru_cache(maxsize=3)
def _asphalt(side: int, px_m: float) -> Image:
    grain = cut("asphalt", np.random.default_rng(5), width_px=side, height_px=side, px_m=max(px_m, 6.0))
    level = cv2.convertScaleAbs(grain, alpha=128)
    return np.asarray(cv2.merge((level, level, level)), np.uint8)


def _wear(plan: _Plan, village: Village, dice: np.random.Generator, half: float) -> None:
    """Patches, cracks, covers, paving joints: what a street has after twenty years."""
    reach, wide = min(half, 60.0), STREET_M / 2
    for axis in (0, 1):
        mid, swap = (BEFORE_M if axis == 0 else village.cross_m), axis == 1
        s, t, a, b = dice.uniform((-reach, mid - wide, 0.4, 0.3), (reach, mid + wide - 0.5, 2.6, 1.1), (46, 4)).T
        plan.boxes(s, t, a, b, _ASPHALT, dice.choice((0.55, 0.7, 0.8, 1.25), 46), swap=swap)
        for _ in range(46):
            at = (float(dice.uniform(-reach, reach)), mid + float(dice.uniform(-wide, wide)))
            steps = dice.normal(0, 0.5, (7, 2)).cumsum(axis=0) * (1.4, 0.6) + at
            plan.path(steps[:, ::-1] if swap else steps, shade(_ASPHALT, 0.45), 0.03)
        s, t = dice.uniform((-reach, mid - wide + 0.5), (reach, mid + wide - 0.5), (9, 2)).T
        for r, by in ((0.38, 1.3), (0.33, 0.5), (0.24, 0.8), (0.1, 0.4)):
            plan.discs(*((t, s) if swap else (s, t)), np.full(9, r), _ASPHALT, np.full(9, by))
        for edge in (mid - wide - 1.5, mid + wide + 0.16):
            s = np.arange(-reach, reach, 0.6) + 0.03
            n = len(s)
            tones = dice.normal(0.95, 0.13, n)
            plan.boxes(s, np.full(n, edge + 0.04), np.full(n, 0.54), np.full(n, 1.26), _PAVED, tones, swap=swap)


def _litter(plan: _Plan, dice: np.random.Generator, half: float) -> None:
    """Stones, leaves, tufts, planks beside the streets."""
    reach = min(half, 32.0)
    for base, count, small, large in ((_EARTH, 800, 0.03, 0.16), (_GRASS, 300, 0.1, 0.42)):
        s, t, r, tones = dice.uniform((-reach, -reach, small, 0.4), (reach, reach, large, 1.6), (count, 4)).T
        plan.discs(s, t, r, base, tones)
    s, t, a, b, tones = dice.uniform((-reach, -reach, 0.3, 0.1, 0.5), (reach, reach, 2.4, 0.5, 1.5), (70, 5)).T
    plan.boxes(s, t, a, b, (96, 124, 150), tones, swap=False)


def _tones(base: Colour, tones: Floats) -> list[list[int]]:
    """Return a colour for each tone."""
    out: list[list[int]] = np.clip(np.multiply.outer(tones, base), 0, 255).astype(int).tolist()
    return out
