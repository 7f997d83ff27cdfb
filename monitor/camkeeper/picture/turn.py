"""How far a camera was turned between two pictures: by edges, and by features where edges leave a doubt. Pure.

What cannot be measured honestly is None: then a camera has moved without degrees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from camkeeper.model.picture import Turn
from camkeeper.picture.aim import Aim, aim_of, edges_of, merge_aims
from camkeeper.picture.edges import Fit, Pair, find, pair_of, refine, without_fixed
from camkeeper.picture.matching import Agreement, agreements, match
from camkeeper.picture.rotation import Angles, Matrix, angle_between_deg, angles_of, between, focal_px

MIN_INLIERS: Final = 15
FEW_INLIERS: Final = 8
"""Enough where the edges say the same."""
SURE_PEAK: Final = 0.6
"""Edges that agree so far need no features: wrong rotations stay below it on real pictures."""
LIKELY_PEAK: Final = 0.22
MAX_ZOOM: Final = 0.03
"""A lens that was zoomed by more is no turn: its degrees would be wrong, and its field of view is."""
_SAME_DEG: Final = 0.5
_SWAY: Final = 2.2 / 768.0
"""Of the width: what masts sway between days (95%), measured on real frames with the turn itself taken out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the register knows of how the camera looks."""

    width_px: int
    hfov_deg: float
    hfov_error_deg: float
    tilt_deg: float


def turn_between(
    reference: Aim | Sequence[Aim],
    now: Aim | NDArray[np.uint8],
    *,
    hfov_deg: float,
    tilt_deg: float = 0.0,
    hfov_error_deg: float = 0.0,
    mask: NDArray[np.bool_] | None = None,
) -> Turn | None:
    """Return how far the camera was turned from the reference to now, or None where that cannot be measured.

    `now`: an aim, or the picture (h, w) or (h, w, 3) BGR; then `mask` (any size) is True where no on-screen text is.
    `hfov_deg`: of both; one that is 5% too wide makes the turn 5 to 8% too large, and `hfov_error_deg` (95%) widens
    the interval by that. `tilt_deg`: how far down the camera looked before. One that looks down and is turned about
    its mast rolls about its own axis too: without the tilt, 20 degrees would read as 20 cos(tilt).
    """
    known = reference if isinstance(reference, Aim) else merge_aims(reference)
    seen = now.edges if isinstance(now, Aim) else edges_of(now, mask=mask)
    if abs(seen.shape[0] / seen.shape[1] - known.edges.shape[0] / known.edges.shape[1]) > 0.02:
        return None
    view = View(width_px=known.width_px, hfov_deg=hfov_deg, hfov_error_deg=hfov_error_deg, tilt_deg=tilt_deg)
    pair = pair_of(known.edges, seen, hfov_deg=hfov_deg)
    found, doubtful = find(pair), False
    if not _turned(found, pair) and pair.now_known.all():
        # Nobody said where text is, and what agrees stands still: is it the scene, or the text alone?
        clear = without_fixed(pair)
        other = find(clear) if clear is not pair else found
        if _turned(other, clear) and other.peak >= LIKELY_PEAK:
            pair, found, doubtful = clear, other, True
    fit = refine(pair, found.rotation) if found.peak >= LIKELY_PEAK else None
    if fit is not None and min(fit.peak, found.peak) >= SURE_PEAK and not doubtful:
        return _turn(fit.rotation, fit, None, view) if _is_turn(fit.zoom) else None
    present = now if isinstance(now, Aim) else aim_of(now, mask=mask)
    return _with_features(pair, fit, known, present, view)


def _with_features(pair: Pair, found: Fit | None, known: Aim, present: Aim, view: View) -> Turn | None:
    """Return the turn that features show, with the edges' word where there is one."""
    for agreement in agreements(match(known, present, hfov_deg=view.hfov_deg), least=FEW_INLIERS):
        if not _is_turn(agreement.zoom):
            continue
        alike = found is not None and _same(found, agreement)
        fit = found if alike else refine(pair, agreement.rotation)
        if fit is not None and not (_same(fit, agreement) and fit.peak >= LIKELY_PEAK):
            fit = None
        if fit is not None and not _is_turn(fit.zoom):
            return None
        few = agreement.inliers < MIN_INLIERS
        if few and (fit is None or not (alike or fit.peak >= SURE_PEAK)):
            continue
        rotation = agreement.rotation if fit is None else between(agreement.rotation, fit.rotation)
        return _turn(rotation, fit, agreement, view)
    return None


def _same(fit: Fit, agreement: Agreement) -> bool:
    return angle_between_deg(fit.rotation, agreement.rotation) <= _SAME_DEG


def _turned(fit: Fit, pair: Pair) -> bool:
    """Return whether a fit moves the middle of the map by more than a pixel or two."""
    return angle_between_deg(fit.rotation, np.eye(3)) > float(
        np.degrees(1.5 / focal_px(pair.before.shape[1], pair.hfov_deg))
    )


def _is_turn(zoom: float) -> bool:
    return abs(zoom - 1.0) <= MAX_ZOOM


def _turn(rotation: Matrix, fit: Fit | None, agreement: Agreement | None, view: View) -> Turn:
    angles = angles_of(rotation, tilt_deg=view.tilt_deg)
    return Turn(
        yaw_deg=angles.yaw_deg,
        pitch_deg=angles.pitch_deg,
        roll_deg=angles.roll_deg,
        error_deg=_error_deg(angles, fit, agreement, view),
        method="phase" if agreement is None else "features",
        support=float(agreement.inliers) if agreement is not None else (fit.peak if fit is not None else 0.0),
    )


def _error_deg(angles: Angles, fit: Fit | None, agreement: Agreement | None, view: View) -> float:
    """Return the half-width of the 95% interval, as calibrated by bench/bench_turn.py, and what the field adds."""
    pixel_deg = float(np.degrees(1.0 / focal_px(view.width_px, view.hfov_deg)))
    spread = 0.0 if agreement is None else 4.0 * pixel_deg / float(np.sqrt(agreement.inliers))
    doubt = 2.0 * pixel_deg if fit is None else 1.5 * fit.error_deg
    # Yaw goes with the field as 1 / sin(hfov): 3 degrees more than 60 make a turn 6% larger.
    field = abs(angles.yaw_deg) * float(np.radians(view.hfov_error_deg) / np.sin(np.radians(view.hfov_deg)))
    sway = _SWAY * view.width_px * pixel_deg
    return float(np.sqrt(sway**2 + spread**2 + doubt**2 + field**2))
