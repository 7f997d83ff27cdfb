"""A uniform grid over walls, so that a camera looks only at the walls around it.

Compressed rows: the walls of cell (column, row) are `items[start[c] : start[c + 1]]` with c = row * columns + column.
"""

from __future__ import annotations

from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray

from camcover.jit import kernel
from camcover.walls import Walls, no_walls

MOST_CELLS = 4_000_000
WALLS_PER_CELL = 4.0
SMALLEST_CELL_M = 1.0


def indexed(ends_m: NDArray[np.float64], top_m: NDArray[np.float64], foot_m: NDArray[np.float64]) -> Walls:
    """Return the walls with a grid over them; those of one place lie together in memory, so their order changes."""
    if len(ends_m) == 0:
        return no_walls()
    frame, columns, rows = _laid_over(ends_m)
    column = ((ends_m[:, 0] - frame[0]) / frame[2]).astype(np.int64)
    row = ((ends_m[:, 1] - frame[1]) / frame[2]).astype(np.int64)
    order = np.argsort(row * columns + column, kind="stable")
    ends = np.ascontiguousarray(ends_m[order])
    counts = np.zeros(columns * rows, np.int64)
    _visit(ends, frame, columns, rows, counts, np.zeros(0, np.int32))
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    items = np.empty(int(start[-1]), np.int32)
    _visit(ends, frame, columns, rows, start.copy(), items)
    return Walls(ends, top_m[order], foot_m[order], frame, columns, rows, start, items)


def _laid_over(ends_m: NDArray[np.float64]) -> tuple[NDArray[np.float64], int, int]:
    """Return the grid's frame, columns and rows."""
    west, south = ends_m[:, [0, 2]].min(), ends_m[:, [1, 3]].min()
    width = max(ends_m[:, [0, 2]].max() - west, SMALLEST_CELL_M)
    height = max(ends_m[:, [1, 3]].max() - south, SMALLEST_CELL_M)
    cell = max(SMALLEST_CELL_M, sqrt(WALLS_PER_CELL * width * height / len(ends_m)))
    cell = max(cell, sqrt(width * height / MOST_CELLS), width / MOST_CELLS, height / MOST_CELLS)
    return np.array([west, south, cell]), ceil(width / cell) + 1, ceil(height / cell) + 1


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


@kernel
def cells_within(x: float, y: float, reach: float, walls: Walls) -> tuple[int, int, int, int]:
    """Return (first column, column after the last, first row, row after the last) of the square around a point."""
    west, south, cell = walls.frame_m
    return (
        min(max(int((x - reach - west) / cell), 0), walls.columns - 1),
        min(max(int((x + reach - west) / cell), 0), walls.columns - 1) + 1,
        min(max(int((y - reach - south) / cell), 0), walls.rows - 1),
        min(max(int((y + reach - south) / cell), 0), walls.rows - 1) + 1,
    )
