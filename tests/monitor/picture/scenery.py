"""A wide scene of our own, looked at by a camera that is turned: what tests of turns measure on."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from camkeeper.picture.rotation import Angles, camera_matrix, rotation_of

Image = NDArray[np.uint8]
HFOV_DEG = 60.0
WIDTH_PX, HEIGHT_PX = 640, 360
STILL = Angles(yaw_deg=0, pitch_deg=0, roll_deg=0)
_WIDE_PX, _HIGH_PX = 2200, 1100


@cache
def scene(seed: int = 1) -> Image:
    """Return a plane full of walls, windows and stones of all sizes, (1100, 2200, 3)."""
    rng = np.random.default_rng(seed)
    image = np.full((_HIGH_PX, _WIDE_PX, 3), 120, np.uint8)
    for size in (300, 120, 50, 20, 9):
        for _ in range(30_000 // size):
            x, y = (int(v) for v in rng.integers(-size, (_WIDE_PX, _HIGH_PX)))
            width, height = (int(v) for v in rng.integers(size // 3, size, 2))
            colour = tuple(int(v) for v in rng.integers(20, 230, 3))
            cv2.rectangle(image, (x, y), (x + width, y + height), colour, -1)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 1.2), np.uint8)


def looked_at(plane: Image, turn: Angles = STILL, *, zoom: float = 1.0, seed: int = 0, light: float = 1.0) -> Image:
    """Return what a camera before the middle of the plane sees after that turn, with noise and other light."""
    inner = camera_matrix(width_px=WIDTH_PX, height_px=HEIGHT_PX, hfov_deg=HFOV_DEG)
    outer = inner.copy()
    outer[0, 2], outer[1, 2] = (_WIDE_PX - 1) / 2, (_HIGH_PX - 1) / 2
    inner[0, 0] *= zoom
    inner[1, 1] *= zoom
    there = inner @ rotation_of(turn).T @ np.linalg.inv(outer)
    seen = cv2.warpPerspective(plane, there, (WIDTH_PX, HEIGHT_PX), flags=cv2.INTER_CUBIC)
    noise = np.random.default_rng(seed).normal(0, 3, seen.shape)
    return np.asarray(np.clip(seen * light + noise, 0, 255), np.uint8)
