"""Features of two pictures, matched, and the rotation of the camera that most of them agree on. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from camkeeper.picture.aim import Aim, likeness
from camkeeper.picture.rotation import Matrix, bearings, focal_px, hypotheses, misses, solve

GATE_PX: Final = 2.5
"""In pixels of the aim: what a feature is misplaced by, and a mast sways."""
_WIDE_PX: Final = 40.0
_RATIO: Final = 0.85
_FIXED_PX: Final = 0.75
_CELLS: Final = 8
_MIN_CELLS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """A rotation Q, how many matches agree on it, over how many of 64 cells of the picture, and the zoom they show."""

    rotation: Matrix
    inliers: int
    cells: int
    zoom: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """Bearings (n, 3) of what is in both pictures; `gate`: radians within which a match agrees."""

    before: Matrix
    now: Matrix
    cell: NDArray[np.intp]
    gate: float

    def __len__(self) -> int:
        return len(self.before)

    def only(self, which: NDArray[np.bool_]) -> Matches:
        """Return some of the matches."""
        return Matches(before=self.before[which], now=self.now[which], cell=self.cell[which], gate=self.gate)

    def agreeing(self, rotation: Matrix, *, gates: float = 1.0) -> NDArray[np.bool_]:
        """Return which of the matches lie within so many gates of a rotation (n,)."""
        return np.asarray(misses(rotation[None], self.before, self.now)[0] < gates * self.gate, np.bool_)


def match(reference: Aim, present: Aim, *, hfov_deg: float) -> Matches:
    """Return the features that are each other's nearest, and clearly nearer than the second."""
    pairs = mutual(reference.descriptors, present.descriptors)
    places = reference.points[pairs[:, 0]].astype(np.float64)
    later = present.points[pairs[:, 1]].astype(np.float64)
    column = np.clip(later[:, 0] * _CELLS // present.width_px, 0, _CELLS - 1).astype(np.intp)
    row = np.clip(later[:, 1] * _CELLS // present.height_px, 0, _CELLS - 1).astype(np.intp)
    return Matches(
        before=bearings(places, width_px=reference.width_px, height_px=reference.height_px, hfov_deg=hfov_deg),
        now=bearings(later, width_px=present.width_px, height_px=present.height_px, hfov_deg=hfov_deg),
        cell=row * _CELLS + column,
        gate=GATE_PX / focal_px(present.width_px, hfov_deg),
    )


def mutual(before: NDArray[np.uint8], now: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Return indices (m, 2) of descriptors that belong together."""
    if len(before) < 2 or len(now) < 2:
        return np.empty((0, 2), np.intp)
    alike = likeness(before, now)
    rows = np.arange(len(before))
    nearest = alike.argmax(axis=1)
    best = alike[rows, nearest]
    back = alike.argmax(axis=0)[nearest] == rows
    alike[rows, nearest] = -1.0
    second = alike.max(axis=1)
    clear = np.sqrt(np.maximum(0.0, 1 - best)) < _RATIO * np.sqrt(np.maximum(1e-9, 1 - second))
    index = np.flatnonzero(clear & back)
    return np.column_stack([index, nearest[index]])


def agreements(matches: Matches, *, least: int) -> tuple[Agreement, ...]:
    """Return the rotations that at least `least` matches agree on: none, one, or two.

    What stands still while the rest turns is text that the camera writes into its picture. So what agrees when all
    that stands still is left out comes first, if it is a turn at all; then what most of all matches agree on.
    """
    everything = _most(matches)
    moving = matches.only(~matches.agreeing(np.eye(3), gates=_FIXED_PX / GATE_PX))
    others = _most(moving) if len(moving) < len(matches) else None
    if others is not None and not _turned(others, 4 * matches.gate):
        others = None
    if everything is not None and not _turned(everything, matches.gate) and everything.cells < _MIN_CELLS:
        everything = None  # a few words are no scene
    return tuple(one for one in (others, everything) if one is not None and one.inliers >= least)


def _turned(agreement: Agreement, gate: float) -> bool:
    """Return whether a rotation moves the middle of the picture by more than the gate."""
    return float(np.linalg.norm(agreement.rotation[:, 2] - np.array([0.0, 0.0, 1.0]))) > gate


def _most(matches: Matches) -> Agreement | None:
    if len(matches) < 3:
        return None
    rotations = hypotheses(matches.before, matches.now)
    if not len(rotations):
        return None
    within = misses(rotations, matches.before, matches.now) < matches.gate
    rotation: Matrix = rotations[int(within.sum(axis=1).argmax())]
    for _ in range(4):
        good = matches.agreeing(rotation)
        if good.sum() < 3:
            return None
        rotation = solve(matches.before[good], matches.now[good])
    good = matches.agreeing(rotation)
    return Agreement(
        rotation=rotation,
        inliers=int(good.sum()),
        cells=len(np.unique(matches.cell[good])),
        zoom=_zoom(matches, rotation),
    )


def _zoom(matches: Matches, rotation: Matrix) -> float:
    """Return how much wider apart matches lie now, at the median of pairs: 1.0 for a rotation alone."""
    near = matches.agreeing(rotation, gates=_WIDE_PX / GATE_PX)
    before, now = matches.before[near], matches.now[near]
    half = len(before) // 2
    apart = np.linalg.norm(before[:half] - before[half : 2 * half], axis=1)
    wide = apart > 10 * matches.gate
    if wide.sum() < 3:
        return 1.0
    later = np.linalg.norm(now[:half] - now[half : 2 * half], axis=1)
    return float(np.median(later[wide] / apart[wide]))
