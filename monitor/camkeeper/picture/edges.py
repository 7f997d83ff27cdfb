"""Two maps of edges of one scene, brought onto each other by a rotation of the camera. Pure.

First phase correlation (Kuglin and Hines 1975) from several starts, repeated on the map that was turned back, so that
perspective does not bend the answer; then least squares over yaw, pitch, roll and zoom (Baker and Matthews 2004, the
inverse compositional form) with weights that let what came and went have no say. A map's 0 means "not known".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from camkeeper.picture.rotation import Matrix, focal_px, homography, rotation_from_vector

Map = NDArray[np.float32]
Known = NDArray[np.bool_]

MIN_OVERLAP: Final = 0.25
"""Of the map: less is two different places that happen to have edges."""
_STARTS: Final = (0.0, -0.3, 0.3, -0.55, 0.55)
"""Yaw, in fields of view. From each a peak is found within a quarter of the field."""
_ROUNDS: Final = 3
_STEPS: Final = 8
_BORDER: Final = -1.0
_STRONG: Final = 40.0
_STILL: Final = 15.0
_FIXED_SHARE: Final = 0.4
_FLAT_SHARE: Final = 0.6
"""Of the pixels, the flattest: they say nothing of where they belong, and take time."""
_MIN_PIXELS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How one map lies on the other. `rotation`: Q of the camera; `peak`: share of the spectrum in phase after it."""

    rotation: Matrix
    peak: float
    zoom: float
    """Focal length now over the one before; 1.0 where only the rotation was looked for."""
    overlap: float
    error_deg: float
    """Standard error of the yaw, from the residuals; 0.0 before the least squares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Both maps, float, with what is known of each, and the field of view."""

    before: Map
    now: Map
    before_known: Known
    now_known: Known
    hfov_deg: float


def pair_of(before: NDArray[np.uint8], now: NDArray[np.uint8], *, hfov_deg: float) -> Pair:
    """Return both maps (h, w) ready for `find` and `refine`; `now` is resized to `before`."""
    rows, columns = before.shape
    present = now
    if now.shape != before.shape:
        present = np.asarray(cv2.resize(now, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
    return Pair(
        before=_levelled(before),
        now=_levelled(present),
        before_known=before > 0,
        now_known=present > 0,
        hfov_deg=hfov_deg,
    )


def without_fixed(pair: Pair) -> Pair:
    """Return the pair without strong edges that stand still while the others moved: text written into the picture.

    Where most strong edges stand still the camera does too, and nothing is taken out.
    """
    strong = (pair.before > _STRONG) & pair.before_known & pair.now_known
    fixed = strong & (np.abs(pair.before - pair.now) < _STILL)
    if not fixed.any() or fixed.sum() > _FIXED_SHARE * strong.sum():
        return pair
    # A clock's digits change; those beside them do not.
    around = cv2.dilate(fixed.astype(np.uint8), np.ones((7, 15), np.uint8)) > 0
    return Pair(
        before=pair.before,
        now=pair.now,
        before_known=pair.before_known & ~around,
        now_known=pair.now_known & ~around,
        hfov_deg=pair.hfov_deg,
    )


def find(pair: Pair) -> Fit:
    """Return the rotation whose phase correlation peaks highest, over all starts; roll is not looked for."""
    best = track(pair, np.eye(3))
    for share in _STARTS[1:]:
        if best.peak > 0.5:
            break
        start = rotation_from_vector(np.array([0.0, np.radians(share * pair.hfov_deg), 0.0]))
        other = track(pair, start)
        if other.peak > best.peak:
            best = other
    return best


def track(pair: Pair, rotation: Matrix, *, rounds: int = _ROUNDS) -> Fit:
    """Return the rotation near a start, by phase correlation of `before` with `now` turned back."""
    focal = focal_px(pair.before.shape[1], pair.hfov_deg)
    fit = Fit(rotation=rotation, peak=0.0, zoom=1.0, overlap=0.0, error_deg=0.0)
    for _ in range(rounds):
        back, known = turned_back(pair, rotation)
        overlap = float(known.mean())
        if overlap < MIN_OVERLAP:
            break
        dx, dy, peak = _correlate(pair.before, back, known)
        fit = Fit(rotation=rotation, peak=peak, zoom=1.0, overlap=overlap, error_deg=0.0)
        if max(abs(dx), abs(dy)) < 0.3:
            break
        # What lies dx further right than it should was brought there by a turn to the left.
        step = np.array([np.arctan2(dy, focal), -np.arctan2(dx, focal), 0.0])
        rotation = rotation_from_vector(step) @ rotation
    return fit


def refine(pair: Pair, start: Matrix) -> Fit | None:
    """Return the least-squares fit near a start, or None where it runs away or too little overlaps."""
    edge, derivative = _derivative(pair)
    rotation, zoom, overlap, error = start, 1.0, 0.0, 0.0
    for _ in range(_STEPS):
        back, known = turned_back(pair, rotation, zoom)
        overlap = float(known.mean())
        if overlap < MIN_OVERLAP:
            return None
        step, error = _step(pair.before[edge], back[edge], known[edge], derivative)
        rotation = rotation_from_vector(step[:3]) @ rotation
        zoom *= float(np.exp(step[3]))
        if not 0.5 < zoom < 2.0:
            return None
        if np.abs(step).max() < 5e-5:
            break
    back, known = turned_back(pair, rotation, zoom)
    if known.mean() < MIN_OVERLAP:
        return None
    _, _, peak = _correlate(pair.before, back, known)
    return Fit(rotation=rotation, peak=peak, zoom=zoom, overlap=overlap, error_deg=float(np.degrees(error)))


def turned_back(pair: Pair, rotation: Matrix, zoom: float = 1.0) -> tuple[Map, Known]:
    """Return the map of now as it would lie had the camera not been turned, and where both maps are known."""
    rows, columns = pair.before.shape
    there = homography(rotation, width_px=columns, height_px=rows, hfov_deg=pair.hfov_deg)
    if zoom != 1.0:
        middle_x, middle_y = (columns - 1) / 2.0, (rows - 1) / 2.0
        scale = [[zoom, 0, middle_x * (1 - zoom)], [0, zoom, middle_y * (1 - zoom)], [0, 0, 1.0]]
        there = np.array(scale) @ there
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (columns, rows)
    back = cv2.warpPerspective(pair.now, there, size, flags=how, borderMode=cv2.BORDER_CONSTANT, borderValue=_BORDER)
    seen = pair.now_known.astype(np.float32)
    known = cv2.warpPerspective(seen, there, size, flags=how, borderMode=cv2.BORDER_CONSTANT, borderValue=0.0)
    return np.asarray(back, np.float32), np.asarray((known > 0.999) & pair.before_known, np.bool_)


def _levelled(edges: NDArray[np.uint8]) -> Map:
    """Return edges above or below what is usual around them: else every border of what is known is an edge too."""
    known = (edges > 0).astype(np.float32)
    values = edges.astype(np.float32)
    around = cv2.blur(values, (31, 31)) / np.maximum(cv2.blur(known, (31, 31)), 0.01)
    level = np.where(known > 0, values - around, 0.0).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(level, (0, 0), 1.0), np.float32)


def _faded(known: Known) -> Map:
    """Return a weight that falls to nothing towards what is not known and towards the borders of the map."""
    rows, columns = known.shape
    inner = cv2.erode(known.astype(np.float32), np.ones((7, 7), np.uint8), borderType=cv2.BORDER_REPLICATE)
    fade = cv2.blur(cv2.blur(inner, (9, 9)), (9, 9)) * known
    return np.asarray(fade * cv2.createHanningWindow((columns, rows), cv2.CV_32F), np.float32)


def _correlate(before: Map, now: Map, known: Known) -> tuple[float, float, float]:
    """Return by how many pixels `now` lies further right and down, and the peak's height (0..about 1).

    Written out: `cv2.phaseCorrelate` with a window overwrites what it is given where its size suits the transform.
    """
    rows, columns = before.shape
    weight = _faded(known)
    first, second = np.fft.rfft2(before * weight), np.fft.rfft2(now * weight)
    cross = second * np.conj(first)
    strength = np.abs(cross)
    floor = 1e-6 * float(strength.max()) + 1e-12
    surface = np.fft.irfft2(cross / np.maximum(strength, floor), s=(rows, columns))
    top, left = divmod(int(surface.argmax()), columns)
    around = np.roll(surface, (2 - top, 2 - left), (0, 1))[:5, :5]
    hill = np.maximum(around, 0.0)
    peak = float(hill.sum())
    offsets = np.arange(-2, 3)
    down = top + float((hill.sum(axis=1) * offsets).sum()) / max(peak, 1e-12)
    right = left + float((hill.sum(axis=0) * offsets).sum()) / max(peak, 1e-12)
    return _wrapped(right, columns), _wrapped(down, rows), peak


def _wrapped(shift: float, size: int) -> float:
    return shift - size if shift > size / 2 else shift


def _derivative(pair: Pair) -> tuple[Known, Map]:
    """Return where the map has a slope, and d(map)/d(turn about x, y, z; log of zoom) there, (n, 4), per radian."""
    rows, columns = pair.before.shape
    focal = focal_px(columns, pair.hfov_deg)
    slope_x = np.asarray(cv2.Sobel(pair.before, cv2.CV_32F, 1, 0, scale=0.125), np.float32)
    slope_y = np.asarray(cv2.Sobel(pair.before, cv2.CV_32F, 0, 1, scale=0.125), np.float32)
    steep = np.abs(slope_x) + np.abs(slope_y)
    edge = np.asarray((steep > np.quantile(steep, _FLAT_SHARE)) & pair.before_known, np.bool_)
    row, column = np.nonzero(edge)
    x = ((column - (columns - 1) / 2.0) / focal).astype(np.float32)
    y = ((row - (rows - 1) / 2.0) / focal).astype(np.float32)
    across, down = slope_x[edge] * np.float32(focal), slope_y[edge] * np.float32(focal)
    turns = (
        -across * x * y - down * (1 + y * y),
        across * (1 + x * x) + down * x * y,
        -across * y + down * x,
        -(across * x + down * y),
    )
    return edge, np.stack(turns, axis=-1).astype(np.float32)


def _step(before: Map, back: Map, known: Known, derivative: Map) -> tuple[NDArray[np.float64], float]:
    """Return the next step (4,) and the standard error of the turn about y, in radians."""
    if known.sum() < _MIN_PIXELS:
        return np.zeros(4), 0.0
    seen, was = back[known], before[known]
    gain = float(was.std()) / max(float(seen.std()), 1e-6)
    residual = np.zeros_like(back)
    residual[known] = (seen - seen.mean()) * gain + was.mean() - was
    spread = 1.4826 * float(np.median(np.abs(residual[known]))) + 1e-6
    weight = known / (1.0 + (residual / (2.0 * spread)) ** 2)
    weighted = derivative * weight[:, None].astype(np.float32)
    normal = (weighted.T @ derivative).astype(np.float64)
    inverse = np.linalg.inv(normal + (1e-6 * float(np.trace(normal)) + 1e-9) * np.eye(4))
    step = np.asarray(inverse @ (weighted.T @ residual), np.float64)
    # Neighbouring pixels of a smoothed map say the same: about one in twelve speaks for itself.
    error = spread * float(np.sqrt(inverse[1, 1] * 12.0))
    return np.clip(step, -0.1, 0.1), error
