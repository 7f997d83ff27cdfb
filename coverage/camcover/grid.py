"""A uniform grid over walls, so that a camera looks only at the walls around it.

Compressed rows: the walls of cell (column, row) are `items[start[c] : start[c + 1]]` with c = row * columns + column.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray

from camcover.jit import kernel

MOST_CELLS = 4_000_000
WALLS_PER_CELL = 4.0
SMALLEST_CELL_M = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """West and south edge, cell size in metres, columns and rows, and the walls of each cell."""

    west_m: float
    south_m: float
    cell_m: float
    columns: int
    rows: int
    start: NDArray[np.int64]
    items: NDArray[np.int32]

    @classmethod
    def over(cls, walls_m: NDArray[np.float64]) -> Grid:
        """Return the grid over walls (n, 4): x1, y1, x2, y2 in metres."""
        if len(walls_m) == 0:
            return cls(
                west_m=0.0,
                south_m=0.0,
                cell_m=1.0,
                columns=1,
                rows=1,
                start=np.zeros(2, np.int64),
                items=np.zeros(0, np.int32),
            )
        west, south = walls_m[:, [0, 2]].min(), walls_m[:, [1, 3]].min()
        width = max(walls_m[:, [0, 2]].max() - west, SMALLEST_CELL_M)
        height = max(walls_m[:, [1, 3]].max() - south, SMALLEST_CELL_M)
        area = width * height
        cell = max(SMALLEST_CELL_M, sqrt(WALLS_PER_CELL * area / len(walls_m)), sqrt(area / MOST_CELLS))
        cell = max(cell, width / MOST_CELLS, height / MOST_CELLS)
        columns, rows = ceil(width / cell) + 1, ceil(height / cell) + 1
        frame = np.array([west, south, cell])
        counts = np.zeros(columns * rows + 1, np.int64)
        _visit(walls_m, frame, columns, rows, counts, np.zeros(0, np.int32))
        start = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts[:-1])])
        items = np.empty(int(start[-1]), np.int32)
        _visit(walls_m, frame, columns, rows, start.copy(), items)
        return cls(
            west_m=float(west),
            south_m=float(south),
            cell_m=cell,
            columns=columns,
            rows=rows,
            start=start,
            items=items,
        )


@kernel
def _visit(
    walls: NDArray[np.float64],
    frame: NDArray[np.float64],
    columns: int,
    rows: int,
    cursor: NDArray[np.int64],
    items: NDArray[np.int32],
) -> None:
    """Advance the cursor of every cell that a wall touches; where `items` has room, write the wall there."""
    for w in range(len(walls)):
        x1, y1, x2, y2 = walls[w]
        if y1 > y2:
            x1, y1, x2, y2 = x2, y2, x1, y1
        first = min(max(int((y1 - frame[1]) / frame[2]), 0), rows - 1)
        last = min(max(int((y2 - frame[1]) / frame[2]), 0), rows - 1)
        for row in range(first, last + 1):
            # the wall's stretch of x within this row, with a hair of room for rounding
            below, above = frame[1] + row * frame[2], frame[1] + (row + 1) * frame[2]
            u0, u1 = 0.0, 1.0
            if y2 > y1:
                u0 = min(max((below - y1) / (y2 - y1) - 1e-9, 0.0), 1.0)
                u1 = min(max((above - y1) / (y2 - y1) + 1e-9, 0.0), 1.0)
            xa, xb = x1 + u0 * (x2 - x1), x1 + u1 * (x2 - x1)
            left = min(max(int((min(xa, xb) - frame[0]) / frame[2] - 1e-6), 0), columns - 1)
            right = min(max(int((max(xa, xb) - frame[0]) / frame[2] + 1e-6), 0), columns - 1)
            for column in range(left, right + 1):
                cell = row * columns + column
                if len(items):
                    items[cursor[cell]] = w
                cursor[cell] += 1
