"""How far a camera was turned between two pictures: by edges, and by features where edges leave a doubt. Pure.

What cannot be measured honestly is None: then a camera has moved without degrees.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from camkeeper.model.picture import Turn
from camkeeper.picture.aim import Aim, aim_of, edges_of, merge_aims
from camkeeper.picture.edges import Fit, Pair, find, pair_of, refine, without_fixed
from camkeeper.picture.matching import Agreement, agree, match
from camkeeper.picture.rotation import Matrix, angle_between_deg, angles_of, between, focal_px

MIN_INLIERS: Final = 15
FEW_INLIERS: Final = 8
"""Enough where the edges say the same."""
SURE_PEAK: Final = 0.6
"""Edges that agree so far need no features: wrong rotations stay below 0.42 on real pictures."""
LIKELY_PEAK: Final = 0.22
MAX_ZOOM: Final = 0.03
"""A lens that was zoomed by more is no turn: its degrees would be wrong, and its field of view is."""
_SAME_DEG: Final = 0.5


def turn_between(
    reference: Aim | Sequence[Aim],
    now: Aim | NDArray[np.uint8],
    *,
    hfov_deg: float,
    tilt_deg: float = 0.0,
    mask: NDArray[np.bool_] | None = None,
) -> Turn | None:
    """Return how far the camera was turned from the reference to now, or None where that cannot be measured.

    `now`: an aim, or the picture (h, w) or (h, w, 3) BGR; then `mask` (any size) is True where no on-screen text is.
    `hfov_deg`: of both; a wrong one makes the turn wrong in proportion to tan(hfov/2). `tilt_deg`: how far down the
    camera looked before. One that looks down and is turned about its mast rolls about its own axis too: without the
    tilt, 20 degrees would read as 20 cos(tilt).
    """
    known = reference if isinstance(reference, Aim) else merge_aims(reference)
    seen = now.edges if isinstance(now, Aim) else edges_of(now, mask=mask)
    if abs(seen.shape[0] / seen.shape[1] - known.edges.shape[0] / known.edges.shape[1]) > 0.02:
        return None
    pair = pair_of(known.edges, seen, hfov_deg=hfov_deg)
    if mask is None:
        pair = without_fixed(pair)
    found = find(pair)
    fit = refine(pair, found.rotation) if found.peak >= LIKELY_PEAK else None
    if fit is not None and min(fit.peak, found.peak) >= SURE_PEAK:
        return _turn(fit.rotation, fit, None, known, hfov_deg, tilt_deg) if _is_turn(fit.zoom) else None
    present = now if isinstance(now, Aim) else aim_of(now, mask=mask)
    return _with_features(pair, fit, known, present, hfov_deg, tilt_deg)


def _with_features(
    pair: Pair, fit: Fit | None, known: Aim, present: Aim, hfov_deg: float, tilt_deg: float
) -> Turn | None:
    """Return the turn that features show, alone if they are many, with the edges' word if they are few."""
    agreement = agree(match(known, present, hfov_deg=hfov_deg), least=FEW_INLIERS)
    if agreement is None or not _is_turn(agreement.zoom):
        return None
    if fit is None or angle_between_deg(fit.rotation, agreement.rotation) > _SAME_DEG:
        fit = refine(pair, agreement.rotation)
    if fit is not None and angle_between_deg(fit.rotation, agreement.rotation) > _SAME_DEG:
        fit = None
    if fit is not None and fit.peak >= LIKELY_PEAK:
        if not _is_turn(fit.zoom):
            return None
        middle = between(agreement.rotation, fit.rotation)
        return _turn(middle, fit, agreement, known, hfov_deg, tilt_deg)
    if agreement.inliers < MIN_INLIERS:
        return None
    return _turn(agreement.rotation, None, agreement, known, hfov_deg, tilt_deg)


def _is_turn(zoom: float) -> bool:
    return abs(zoom - 1.0) <= MAX_ZOOM


def _turn(
    rotation: Matrix, fit: Fit | None, agreement: Agreement | None, known: Aim, hfov_deg: float, tilt_deg: float
) -> Turn:
    angles = angles_of(rotation, tilt_deg=tilt_deg)
    return Turn(
        yaw_deg=angles.yaw_deg,
        pitch_deg=angles.pitch_deg,
        roll_deg=angles.roll_deg,
        error_deg=_error_deg(fit, agreement, known, hfov_deg),
        method="phase" if agreement is None else "features",
        support=float(agreement.inliers) if agreement is not None else (fit.peak if fit is not None else 0.0),
    )


def _error_deg(fit: Fit | None, agreement: Agreement | None, known: Aim, hfov_deg: float) -> float:
    """Return the half-width of the 95% interval, as calibrated by bench/bench_turn.py."""
    pixel_deg = float(np.degrees(1.0 / focal_px(known.width_px, hfov_deg)))
    spread = 0.0 if agreement is None else 8.0 * pixel_deg / float(np.sqrt(agreement.inliers))
    doubt = 3.0 * pixel_deg if fit is None else 2.0 * fit.error_deg
    return float(np.sqrt((2.0 * pixel_deg) ** 2 + spread**2 + doubt**2))
