"""The rival: the fixed thresholds of ordinary video quality diagnosis, the same for every camera, hour and season.

The limits are those that product sheets and tutorials print: mean below 30 is dark and above 220 bright, a standard
deviation below 25 is fog or a lost contrast, a Laplacian variance below 100 is blur, a picture two fifths of whose
blocks are flat is covered. What wants to know the camera (moved, another scene, rolled) no fixed threshold can find.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from camkeeper.model.picture import PictureVerdict as V

DARK_MEAN, BRIGHT_MEAN, FOG_STD = 30.0, 220.0, 25.0
SHARP_VARIANCE = 100.0
NOISE_SIGMA = 10.0
FLAT_SHARE, FLAT_STD = 0.4, 3.0
GREY_SATURATION = 6.0
STRIPE_PEAK = 5.0


def verdict(image: NDArray[np.uint8], *, by_day: bool) -> V:
    """Return what fixed thresholds say of a picture (h, w, 3) BGR; the first that is passed decides."""
    return next(_passed(image, by_day=by_day), V.OK)


def _passed(image: NDArray[np.uint8], *, by_day: bool) -> Iterator[V]:
    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
    mean, std = (float(v[0][0]) for v in cv2.meanStdDev(grey))
    if std < 3.0:
        yield V.NO_SIGNAL
    if mean < DARK_MEAN:
        yield V.DARK
    if mean > BRIGHT_MEAN:
        yield V.BRIGHT
    if _sigma(grey) > NOISE_SIGMA:
        yield V.NOISE
    if _wave(grey) > STRIPE_PEAK:
        yield V.STRIPES
    if std < FOG_STD:
        yield V.FOG
    if _flat(grey) > FLAT_SHARE:
        yield V.COVER
    if float(cv2.Laplacian(grey, cv2.CV_64F).var()) < SHARP_VARIANCE:
        yield V.BLUR
    if by_day and float(cv2.cvtColor(image, cv2.COLOR_BGR2HSV)[..., 1].mean()) < GREY_SATURATION:
        yield V.IR_STUCK


def _sigma(grey: NDArray[np.uint8]) -> float:
    """Return the noise as Immerkaer (1996) estimates it over the whole picture."""
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    return float(np.abs(cv2.filter2D(grey, cv2.CV_32F, kernel)).mean() * np.sqrt(np.pi / 2) / 6)


def _wave(grey: NDArray[np.uint8]) -> float:
    """Return the highest wave of the mean of rows, beyond the 16th, in grey levels."""
    rows = grey.mean(axis=1)
    return float(np.abs(np.fft.rfft(rows - rows.mean()))[16:].max() * 2 / len(rows))


def _flat(grey: NDArray[np.uint8]) -> float:
    """Return the share of blocks of 16 x 16 pixels without texture."""
    rows, columns = grey.shape[0] // 16, grey.shape[1] // 16
    blocks = grey[: rows * 16, : columns * 16].reshape(rows, 16, columns, 16).astype(np.float32)
    return float((blocks.std(axis=(1, 3)) < FLAT_STD).mean())
