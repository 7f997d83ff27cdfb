"""Is what is said of a camera's movement true of its edges? Pure.

Features of lettering are alike wherever it stands: two places with signs of one road authority share dozens of them,
and a rotation that brings one sign onto the other is found. The scene round it then does not fit.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from camkeeper.model.picture import Turn
from camkeeper.picture.aim import Aim
from camkeeper.picture.edges import Known, Map, pair_of, turned_back
from camkeeper.picture.rotation import Angles, rotation_of
from camkeeper.picture.similar import Similarity

LEAST: Final = 0.2
"""Correlation of edges laid on each other: on real pictures at least 0.36 where right, at most 0.13 where wrong."""
_FEW_PIXELS: Final = 500


def fits_turn(before: Aim, edges: NDArray[np.uint8], turn: Turn, *, hfov_deg: float, tilt_deg: float) -> float:
    """Return how far the edges of now, turned back, are those of before: -1 to 1, 0 where too few of them meet."""
    pair = pair_of(before.edges, edges, hfov_deg=hfov_deg)
    angles = Angles(yaw_deg=turn.yaw_deg, pitch_deg=turn.pitch_deg, roll_deg=turn.roll_deg)
    back, known = turned_back(pair, rotation_of(angles, tilt_deg=tilt_deg))
    return _alike(pair.before, back, known)


def fits_similarity(before: Aim, edges: NDArray[np.uint8], similar: Similarity) -> float:
    """Return the same for edges that were rolled, shifted and scaled back."""
    pair = pair_of(before.edges, edges, hfov_deg=90.0)
    rows, columns = before.edges.shape
    matrix = similar.matrix.copy()
    matrix[:, 2] *= columns / before.width_px
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    back = cv2.warpAffine(pair.now, matrix, (columns, rows), flags=how)
    seen = cv2.warpAffine(pair.now_known.astype(np.float32), matrix, (columns, rows), flags=how)
    return _alike(pair.before, np.asarray(back, np.float32), np.asarray((seen > 0.999) & pair.before_known, np.bool_))


def _alike(before: Map, now: Map, known: Known) -> float:
    if known.sum() < _FEW_PIXELS:
        return 0.0
    a, b = before[known] - before[known].mean(), now[known] - now[known].mean()
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum() + 1e-3))
