"""Is it the same scene in another place of the picture? Coarser than a turn, and harder to put off. Pure.

A lens that was zoomed, a picture that the device rolls or crops, a turn past what can be measured honestly: features
still tell that the scene is there, by how much it rolled, and that nobody need look for a cover.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, degrees, hypot
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from camkeeper.picture.aim import Aim
from camkeeper.picture.matching import mutual

MIN_INLIERS: Final = 12
_GATE_PX: Final = 4.0
_MIN_SHARE: Final = 0.2
_ROUNDS: Final = 800


@dataclass(frozen=True, slots=True, kw_only=True)
class Similarity:
    """How the scene lies now: roll (degrees, clockwise as the camera looks), scale, shift as a share of the width."""

    roll_deg: float
    scale: float
    shift: float
    inliers: int
    matrix: NDArray[np.float64]
    """(2, 3): from pixels before to pixels now."""


def similarity(before: Aim, now: Aim) -> Similarity | None:
    """Return where the features of before went, or None where too few of them agree."""
    pairs = mutual(before.descriptors, now.descriptors)
    if len(pairs) < MIN_INLIERS or (before.width_px, before.height_px) != (now.width_px, now.height_px):
        return None
    old, new = before.points[pairs[:, 0]], now.points[pairs[:, 1]]
    # What is written into the picture stays where it is, whatever the camera does.
    apart = np.abs(old - new).max(axis=1) > 1.0
    if apart.sum() >= MIN_INLIERS:
        old, new = old[apart], new[apart]
    matrix, agree = cv2.estimateAffinePartial2D(
        old, new, method=cv2.RANSAC, ransacReprojThreshold=_GATE_PX, maxIters=_ROUNDS
    )
    inliers = int(np.count_nonzero(agree))  # OpenCV gives no matrix, and nobody agrees, where it finds none
    if not _enough(inliers, len(old)):
        return None
    a, b = float(matrix[0, 0]), float(matrix[1, 0])
    centre = np.array([before.width_px / 2, before.height_px / 2, 1.0])
    moved = matrix @ centre - centre[:2]
    # A camera that rolls clockwise sees its scene go round the other way.
    return Similarity(
        roll_deg=-degrees(atan2(b, a)),
        scale=hypot(a, b),
        shift=float(hypot(*moved)) / before.width_px,
        inliers=inliers,
        matrix=np.asarray(matrix, np.float64),
    )


def _enough(inliers: int, of: int) -> bool:
    return inliers >= MIN_INLIERS and inliers >= _MIN_SHARE * of
