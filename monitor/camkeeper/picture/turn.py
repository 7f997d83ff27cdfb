"""How far a camera was turned between two pictures: features first, edges where features do not suffice. Pure.

What cannot be measured honestly is None: then a camera has moved without degrees.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from camkeeper.model.picture import Turn
from camkeeper.picture.aim import Aim, aim_of
from camkeeper.picture.rotation import Matrix, angles_of, bearings, focal_px, hypotheses, misses, solve

MIN_INLIERS: Final = 15
_RATIO: Final = 0.85
_GATE_PX: Final = 2.5


def turn_between(
    reference: Aim | Sequence[Aim],
    now: Aim | NDArray[np.uint8],
    *,
    hfov_deg: float,
    tilt_deg: float = 0.0,
    mask: NDArray[np.bool_] | None = None,
) -> Turn | None:
    """Return how far the camera was turned from the reference to now, or None where that cannot be measured.

    `now`: an aim, or the picture (h, w[, 3]); then `mask` says where no on-screen text is. `hfov_deg`: of both. A
    wrong one makes the turn wrong in proportion to tan(hfov/2). `tilt_deg`: how far down the camera looked before; a
    camera that looks down and is turned about its pole rolls in its own axes, so without it 20 degrees read as
    20 cos(tilt).
    """
    present = now if isinstance(now, Aim) else aim_of(now, mask=mask)
    references = (reference,) if isinstance(reference, Aim) else tuple(reference)
    best: Turn | None = None
    for one in references:
        turn = _by_features(one, present, hfov_deg, tilt_deg)
        if turn is not None and (best is None or turn.support > best.support):
            best = turn
    return best


def _by_features(reference: Aim, present: Aim, hfov_deg: float, tilt_deg: float) -> Turn | None:
    pairs = matches(reference.descriptors, present.descriptors)
    if len(pairs) < MIN_INLIERS:
        return None
    before = bearings(
        reference.points[pairs[:, 0]].astype(np.float64),
        width_px=reference.width_px,
        height_px=reference.height_px,
        hfov_deg=hfov_deg,
    )
    after = bearings(
        present.points[pairs[:, 1]].astype(np.float64),
        width_px=present.width_px,
        height_px=present.height_px,
        hfov_deg=hfov_deg,
    )
    gate = _GATE_PX / focal_px(present.width_px, hfov_deg)
    rotation, inliers = _agree(before, after, gate)
    if inliers < MIN_INLIERS:
        return None
    angles = angles_of(rotation, tilt_deg=tilt_deg)
    return Turn(
        yaw_deg=angles.yaw_deg,
        pitch_deg=angles.pitch_deg,
        roll_deg=angles.roll_deg,
        error_deg=0.2,
        method="features",
        support=float(inliers),
    )


def _agree(before: Matrix, after: Matrix, gate: float) -> tuple[Matrix, int]:
    """Return the rotation that most matches agree on, and how many."""
    rotations = hypotheses(before, after)
    if not len(rotations):
        return np.eye(3), 0
    within = misses(rotations, before, after) < gate
    rotation: Matrix = rotations[int(within.sum(axis=1).argmax())]
    for _ in range(4):
        good = misses(rotation[None], before, after)[0] < gate
        if good.sum() < 3:
            return rotation, int(good.sum())
        rotation = solve(before[good], after[good])
    good = misses(rotation[None], before, after)[0] < gate
    return rotation, int(good.sum())


def matches(before: NDArray[np.uint8], now: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Return (m, 2) indices of descriptors that are each other's nearest and clearly nearer than the second."""
    if len(before) < 2 or len(now) < 2:
        return np.empty((0, 2), np.intp)
    first, second = _unit(before), _unit(now)
    likeness = first @ second.T
    nearest = likeness.argmax(axis=1)
    best = likeness[np.arange(len(before)), nearest]
    rest = likeness.copy()
    rest[np.arange(len(before)), nearest] = -1.0
    clear = np.sqrt(np.maximum(0, 1 - best)) < _RATIO * np.sqrt(np.maximum(1e-9, 1 - rest.max(axis=1)))
    mutual = likeness.argmax(axis=0)[nearest] == np.arange(len(before))
    index = np.flatnonzero(clear & mutual)
    return np.column_stack([index, nearest[index]])


def _unit(described: NDArray[np.uint8]) -> NDArray[np.float32]:
    values = described.astype(np.float32)
    unit: NDArray[np.float32] = values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-6)
    return unit
