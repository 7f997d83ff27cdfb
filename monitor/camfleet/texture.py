"""Cloth that the village is cut from: bricks, plaster, tiles, asphalt, soil. Drawn once from a seed, shared by all.

Tiles are BGR, `TILE_PX_M` pixels to the metre, and repeat without a seam that a lens would find.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]
Dice = np.random.Generator
TILE_PX_M = 96
_SIDE = 960
"""Ten metres."""


def speckle(dice: Dice, height: int, width: int, *, coarse: int, depth: float) -> NDArray[np.float32]:
    """Return smooth noise about 1 with `coarse` cells over the longer side and that standard deviation."""
    cells = max(height, width) / coarse
    low = dice.normal(1.0, depth, (max(2, round(height / cells)), max(2, round(width / cells)))).astype(np.float32)
    return np.asarray(cv2.resize(low, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def tinted(grey: NDArray[np.float32], colour: Colour) -> Image:
    """Return a cloth of `colour` whose brightness is `grey` (about 1)."""
    planes = [cv2.convertScaleAbs(grey, alpha=c) for c in colour]
    return np.asarray(cv2.merge(planes), np.uint8)


def _grain(name: str) -> tuple[Dice, NDArray[np.float32]]:
    dice = np.random.default_rng(sum(name.encode()) * 7919)
    grey = speckle(dice, _SIDE, _SIDE, coarse=9, depth=0.06)
    for coarse, depth in ((60, 0.07), (240, 0.09), (_SIDE, 0.07)):
        grey *= speckle(dice, _SIDE, _SIDE, coarse=coarse, depth=depth)
    return dice, grey


@lru_cache(maxsize=16)
def tile(name: str) -> NDArray[np.float32]:
    """Return ten metres square of a cloth as brightness about 1: brick, plaster, ceramic, roof, asphalt, soil, slab."""
    dice, grey = _grain(name)
    rows = {"brick": (0.075, 0.24, 0.10), "ceramic": (0.20, 0.30, 0.05), "roof": (0.28, 0.21, 0.14)}.get(name)
    if rows is not None:
        _courses(grey, dice, row_m=rows[0], long_m=rows[1], depth=rows[2], staggered=name != "ceramic")
    elif name == "slab":
        _courses(grey, dice, row_m=0.5, long_m=0.5, depth=0.08, staggered=False)
    else:
        _pebbles(grey, dice, count={"plaster": 150, "asphalt": 2500}.get(name, 1500), dark=name != "asphalt")
    return grey


def _courses(
    grey: NDArray[np.float32], dice: Dice, *, row_m: float, long_m: float, depth: float, staggered: bool
) -> None:
    rows, columns = round(10 / row_m), round(10 / long_m)
    shades = dice.normal(1.0, depth, (rows, columns))
    for r in range(rows):
        top, low = round(r * _SIDE / rows), round((r + 1) * _SIDE / rows)
        shift = 0.5 if staggered and r % 2 else 0.0
        for c in range(columns):
            left, right = round((c + shift) * _SIDE / columns), round((c + 1 + shift) * _SIDE / columns)
            grey[top:low, left:right] *= shades[r, c]
            grey[top:low, right - 1 : right] *= 0.72
        grey[top : top + 1] *= 1.22 if row_m > 0.25 and staggered else 0.72
        if row_m > 0.2 and staggered:
            grey[low - 2 : low] *= 0.55


def _pebbles(grey: NDArray[np.float32], dice: Dice, *, count: int, dark: bool) -> None:
    for x, y, size, shade in zip(
        dice.integers(_SIDE, size=count),
        dice.integers(_SIDE, size=count),
        dice.gamma(2.0, 1.2, count),
        dice.normal(0.85 if dark else 1.12, 0.2, count),
        strict=True,
    ):
        cv2.circle(grey, (int(x), int(y)), round(min(size, 9)), float(max(0.4, shade)), -1)


def cut(name: str, dice: Dice, *, width_px: int, height_px: int, px_m: float) -> NDArray[np.float32]:
    """Return a piece of a tile at a scale, from a place of its own; it repeats every ten metres."""
    side = max(8, round(_SIDE * px_m / TILE_PX_M))
    cloth = scaled(name, side)
    dx, dy = int(dice.integers(1 << 16)) * side >> 16, int(dice.integers(1 << 16)) * side >> 16
    times = (-(-(dy + height_px) // side), -(-(dx + width_px) // side))
    if max(times) > 2:
        cloth = np.tile(cloth[:side, :side], times)
    return cloth[dy : dy + height_px, dx : dx + width_px] * np.float32(1 / 128)


@lru_cache(maxsize=24)
def scaled(name: str, side: int) -> Image:
    """Return a tile on `side` pixels square, 128 for 1, four times over: most pieces are then a slice of it."""
    way = cv2.INTER_AREA if side < _SIDE else cv2.INTER_LINEAR
    level = cv2.convertScaleAbs(cv2.resize(tile(name), (side, side), interpolation=way), alpha=128)
    return np.tile(np.asarray(level, np.uint8), (2, 2))
