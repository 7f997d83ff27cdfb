"""Walls as compiled code takes them. Plain values: whoever has none need not load a compiler."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Walls(NamedTuple):
    """Walls and the grid over them: a plain tuple, because that is what compiled code takes.

    `ends_m` (n, 4) x1, y1, x2, y2: the solid side is on the left, a free-standing line is there once in each direction.
    They meet only at shared ends. `top_m` (n,) is the higher side's height, inf where unknown; `foot_m` (n,) the lower
    side's, inf for a line. `frame_m` (3,) is the west and south edge of the grid and the size of a cell.
    """

    ends_m: NDArray[np.float64]
    top_m: NDArray[np.float64]
    foot_m: NDArray[np.float64]
    frame_m: NDArray[np.float64]
    columns: int
    rows: int
    start: NDArray[np.int64]
    items: NDArray[np.int32]


def no_walls() -> Walls:
    """Return the open plain."""
    nothing = np.zeros(2, np.int64), np.zeros(0, np.int32)
    return Walls(np.zeros((0, 4)), np.zeros(0), np.zeros(0), np.array([0.0, 0.0, 1.0]), 1, 1, *nothing)
