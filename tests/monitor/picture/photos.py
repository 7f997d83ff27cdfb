"""Looks of a made-up camera at a real scene: the same view, other light, live noise."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

DATA = Path(__file__).parents[2] / "data" / "pictures"
LODGE = "phenocam_harvardlph_2017_08_25_120008"
FOREST = "phenocam_harvard_2009_06_30_120138"


@cache
def photo(name: str = LODGE, *, width: int = 960, height: int = 720) -> NDArray[np.uint8]:
    """Return the frame, BGR; enlarged, so that the diagnosis halves it to about what the file holds."""
    image = cv2.imread(str(DATA / f"{name}.jpg"))
    assert image is not None
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def look(seed: int, image: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
    """Return the scene at another moment: gain within 6%, a cloud's shadow somewhere, sensor noise of 2 grey levels."""
    random = np.random.default_rng(seed)
    base = (photo() if image is None else image).astype(np.float32)
    height, width = base.shape[:2]
    down, across = np.mgrid[:height, :width].astype(np.float32)
    left, top, size = random.uniform(0.1, 0.9) * width, random.uniform(0.1, 0.9) * height, 0.08 * width
    shadow = 1 - 0.4 * np.exp(-((across - left) ** 2 + (down - top) ** 2) / (2 * size**2))
    lit = base * random.uniform(0.94, 1.06) * shadow[..., None]
    return np.asarray(np.clip(lit + random.normal(0, 2, base.shape), 0, 255), np.uint8)


def jpeg(image: NDArray[np.uint8], *options: int) -> bytes:
    return bytes(cv2.imencode(".jpg", image, list(options))[1])


def view(yaw_deg: float, *, hfov_deg: float = 60.0, width: int = 960, height: int = 720) -> NDArray[np.uint8]:
    """Return what a camera sees that is turned right by `yaw_deg`, the photograph being taken for 80 degrees wide."""
    wide = photo(width=1440, height=1080)

    def inside(across: int, down: int, degrees: float) -> NDArray[np.float64]:
        focal_px = across / 2 / np.tan(np.radians(degrees) / 2)
        return np.array([[focal_px, 0, (across - 1) / 2], [0, focal_px, (down - 1) / 2], [0, 0, 1]])

    yaw = np.radians(yaw_deg)
    turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    back = inside(1440, 1080, 80) @ turn @ np.linalg.inv(inside(width, height, hfov_deg))
    return np.asarray(cv2.warpPerspective(wide, back, (width, height), flags=cv2.WARP_INVERSE_MAP), np.uint8)


def covered(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return it with something soft and dark before seven tenths of the lens."""
    height, width = image.shape[:2]
    mask = np.zeros((height, width), np.float32)
    mask[:, : width * 7 // 10] = 1
    soft = np.asarray(cv2.GaussianBlur(mask, (0, 0), width / 60))[..., None]
    return np.asarray(image * (1 - soft) + 38 * soft, np.uint8)
