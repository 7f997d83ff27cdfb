"""From pixels to a sheet: everything that is measured of one picture, in about ten milliseconds for half of 1080p.

Sharpness is measured twice because each way has its blind spot: energies of three octaves of detail fall one after the
other as a lens goes out of focus, and the steepest step against its own contrast falls even where detail is rare.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from camkeeper.picture.aim import edges_of
from camkeeper.picture.sheet import GRID_COLUMNS, GRID_ROWS, SPECTRUM, Numbers, Sheet

Image = NDArray[np.uint8]
Grid = NDArray[np.float32]

_QUIET: Final = 0.15
"""Added before a logarithm of noise: below it is the rounding of the sensor, not the scene."""
_FAINT: Final = 0.05
_CONTRAST: Final = 20
"""Grey levels within a block, under which a step says nothing of the lens."""
_BLACK, _WHITE = 6.0, 249.0
_FLAT_SPAN: Final = 10
"""Between the darkest and brightest pixel of a row that is all of one tone: a JPEG rings that much at most."""
_FLAT_STD: Final = 2.5
_FIRST: Final = 4
"""The slower waves of a profile are shadows."""
_STRIPS: Final = 24


def sheet_of(image: Image) -> Sheet:
    """Measure a picture (h, w, 3) BGR, already reduced to half of what the camera sent."""
    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
    levels = _octaves(grey)
    fine, middle, coarse = (_log_energy(level) for level in levels)
    return Sheet(
        width_px=grey.shape[1],
        height_px=grey.shape[0],
        numbers=_numbers(image, grey),
        fine=fine,
        middle=middle,
        coarse=coarse,
        steep=_steep(grey),
        across=_spectrum(grey, rows=True),
        along=_spectrum(grey, rows=False),
        edges=edges_of(grey),
    )


def _numbers(image: Image, grey: Image) -> Numbers:
    counts = cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel()
    share = np.cumsum(counts) / max(float(counts.sum()), 1.0)
    p1, p50, p99 = (float(np.searchsorted(share, q)) for q in (0.01, 0.5, 0.99))
    chroma, red, blue = _colours(image)
    noise, floor = _noise(grey)
    flat_cells, spread = _flatness(grey)
    return Numbers(
        mean=float(counts @ np.arange(256)) / max(float(counts.sum()), 1.0),
        p1=p1,
        p50=p50,
        p99=p99,
        saturated=float(counts[250:].sum() / max(float(counts.sum()), 1.0)),
        chroma=chroma,
        red=red,
        blue=blue,
        noise=noise,
        noise_floor=floor,
        flat_rows=_flat_rows(grey),
        flat_cells=flat_cells,
        flat_spread=spread,
    )


def _colours(image: Image) -> tuple[float, float, float]:
    # Every third pixel: means over 20,000 of them are as good, and a whole frame of three colours takes 3 ms.
    third = (-(-image.shape[1] // 3), -(-image.shape[0] // 3))
    few = cv2.resize(image, third, interpolation=cv2.INTER_NEAREST)
    small = np.ascontiguousarray(cv2.blur(few, (3, 3))[::2, ::2])
    blue, green, red = (plane.astype(np.float32) for plane in cv2.split(small))
    bright = (blue + green + red) / 3.0 + 8.0
    strongest, weakest = np.maximum(np.maximum(blue, green), red), np.minimum(np.minimum(blue, green), red)
    chroma = float((strongest - weakest).mean())
    return chroma, float(np.median((red - green) / bright)), float(np.median((blue - green) / bright))


def _octaves(grey: Image) -> list[Image]:
    """Return what each step of a Laplacian pyramid takes away (Burt and Adelson 1983), absolute."""
    out: list[Image] = []
    now = grey
    for _ in range(3):
        if min(now.shape) < 4:
            out.append(np.zeros_like(now))
            continue
        small = cv2.pyrDown(now)
        out.append(np.asarray(cv2.absdiff(now, cv2.pyrUp(small, dstsize=(now.shape[1], now.shape[0]))), np.uint8))
        now = np.asarray(small, np.uint8)
    return out


def _cells(values: NDArray[Any]) -> Grid:
    """Return the mean of each of 18 x 32 cells."""
    reduced = cv2.resize(np.asarray(values, np.float32), (GRID_COLUMNS, GRID_ROWS), interpolation=cv2.INTER_AREA)
    return np.asarray(reduced, np.float32)


def _log_energy(level: Image) -> Grid:
    return np.asarray(np.log(_cells(level) + _FAINT), np.float32)


def _steep(grey: Image) -> Grid:
    """Return the mean over each cell of (steepest step) / (contrast) of its blocks; 0 where no block has contrast."""
    side = max(3, grey.shape[1] // 64) | 1
    around, near = np.ones((side, side), np.uint8), np.ones((3, 3), np.uint8)
    low, high = cv2.erode(grey, around), cv2.dilate(grey, around)
    step = cv2.dilate(cv2.subtract(cv2.dilate(grey, near), cv2.erode(grey, near)), around)
    pick = slice(side // 2, None, side)
    contrast = cv2.subtract(high, low)[pick, pick].astype(np.float32)
    strong = (contrast >= _CONTRAST).astype(np.float32)
    ratio = step[pick, pick].astype(np.float32) / np.maximum(contrast, 1.0) * strong
    weight = _cells(strong)
    return np.asarray(np.where(weight > 0.2, _cells(ratio) / np.maximum(weight, 1e-6), 0.0), np.float32)


def _noise(grey: Image) -> tuple[float, float]:
    """Return the log of the high-pass of the quiet blocks (Immerkaer 1996), a fifth and a thirtieth of them."""
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    found = cv2.filter2D(grey, cv2.CV_16S, kernel)
    high = np.abs(found, out=found).view(np.uint16)
    size = (64, 36)
    block = np.asarray(cv2.resize(high, size, interpolation=cv2.INTER_AREA), np.float32).ravel() / 6.0
    tone = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).ravel()
    usable = block[(tone > _BLACK) & (tone < _WHITE)]
    if usable.size < 50:
        usable = block
    fifth, thirtieth = np.quantile(usable, (0.2, 0.03))
    return float(np.log(fifth + _QUIET)), float(np.log(thirtieth + _QUIET))


def _flat_rows(grey: Image) -> float:
    some = grey[:, ::3]
    span = some.max(axis=1).astype(int) - some.min(axis=1)
    tone = some.mean(axis=1)
    flat = (span <= _FLAT_SPAN) & (np.abs(tone - tone[-1]) <= _FLAT_SPAN)
    broken = np.flatnonzero(~flat[::-1])
    return float((broken[0] if broken.size else len(flat)) / len(flat))


def _flatness(grey: Image) -> tuple[float, float]:
    """Return the share of cells without texture, and how far their tones lie apart."""
    values = grey.astype(np.float32)
    mean = _cells(values)
    np.multiply(values, values, out=values)
    std = np.sqrt(np.maximum(_cells(values) - mean * mean, 0.0))
    flat = std < _FLAT_STD
    if not flat.any():
        return 0.0, 0.0
    low, high = np.quantile(mean[flat], (0.05, 0.95))
    return float(flat.mean()), float(high - low)


def _spectrum(grey: Image, *, rows: bool) -> NDArray[np.float32]:
    """Return the spectrum of the profile of rows (or columns), in grey levels, without what is slower than a shadow.

    The median over strips: what is in a part of the picture alone is the scene; interference goes right across.
    """
    height, width = grey.shape
    size = (_STRIPS, height) if rows else (width, _STRIPS)
    strips = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    strips = strips.T if rows else strips
    # The median of 24; `np.median` takes five times as long.
    ranked = np.sort(strips - cv2.blur(strips, (41, 1)), axis=0)
    profile = (ranked[_STRIPS // 2 - 1] + ranked[_STRIPS // 2]) / 2.0
    wave = np.abs(np.fft.rfft(profile * np.hanning(len(profile)))) * 4.0 / max(len(profile), 1)
    out = np.zeros(SPECTRUM, np.float32)
    # Frequencies above are folded together by their maximum: a picture of 540 rows has 270 of them.
    found = wave[_FIRST:]
    edges = np.unique(np.linspace(0, len(found), SPECTRUM + 1).astype(int))
    for place, (a, b) in enumerate(pairwise(edges)):
        out[place] = found[a:b].max()
    return out
