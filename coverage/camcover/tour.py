"""A short walk past all stops: nearest neighbour first, then 2-opt and Or-opt until neither shortens it.

Index 0 of every distance matrix is the start; `closed` walks come back to it. The same input gives the same walk.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from math import inf

import numpy as np
from numpy.typing import NDArray

Metres = NDArray[np.float64]

_LEAST_M = 1e-6
"""A gain below this is rounding, and could go round for ever."""
_LONGEST_BLOCK = 3


def length_m(order: Sequence[int], away_m: Metres, *, closed: bool) -> float:
    """Return the length of a walk from 0 past `order`, and back where it is closed.

    >>> import numpy as np
    >>> length_m([1], np.array([[0.0, 5.0], [5.0, 0.0]]), closed=True)
    10.0
    """
    return float(sum(legs_m(order, away_m, closed=closed)))


def legs_m(order: Sequence[int], away_m: Metres, *, closed: bool) -> list[float]:
    """Return the leg to each stop, and the one back where the walk is closed."""
    path = [0, *order, *([0] if closed and order else [])]
    return [float(away_m[a, b]) for a, b in itertools.pairwise(path)]


def nearest_neighbour(away_m: Metres) -> list[int]:
    """Return all stops (1..n), each time the nearest one next; of equals the first."""
    left = np.ones(len(away_m), dtype=np.bool_)
    order, at = [], 0
    left[0] = False
    while left.any():
        at = int(np.argmin(np.where(left, away_m[at], inf)))
        left[at] = False
        order.append(at)
    return order


def shorten(order: Sequence[int], away_m: Metres, *, closed: bool) -> list[int]:
    """Return a walk past the same stops that is never longer. `away_m` is symmetric."""
    best = list(order)
    while True:
        shorter = _uncross(best, away_m, closed=closed) or _move(best, away_m, closed=closed)
        if shorter is None:
            return best
        best = shorter


def tour(away_m: Metres, *, closed: bool = True) -> list[int]:
    """Return a short walk past all stops (1..n)."""
    return shorten(nearest_neighbour(away_m), away_m, closed=closed)


def rounds(order: Sequence[int], away_m: Metres, budget_m: float, *, closed: bool = True) -> list[list[int]]:
    """Cut a walk into rounds of at most `budget_m`, each from the start, so that together they are shortest.

    A stop that is by itself too far makes a round of its own: who reads it sees that it is too long.
    """
    total = len(order)
    best = [0.0] + [inf] * total
    cut = [0] * (total + 1)
    for first in range(total):
        for last in range(first + 1, total + 1):
            walk = length_m(order[first:last], away_m, closed=closed)
            if walk > budget_m and last > first + 1:
                break
            if best[first] + walk < best[last] - _LEAST_M:
                best[last], cut[last] = best[first] + walk, first
    found: list[list[int]] = []
    end = total
    while end:
        found.append(list(order[cut[end] : end]))
        end = cut[end]
    return found[::-1]


def _ends(order: Sequence[int], *, closed: bool) -> tuple[list[int], bool]:
    """Return the walk with its start, and with its end where that is fixed."""
    return [0, *order, *([0] if closed else [])], closed


def _uncross(order: list[int], away_m: Metres, *, closed: bool) -> list[int] | None:
    """Turn round the stretch that shortens most, if any does."""
    path, fixed = _ends(order, closed=closed)
    at = np.array(path)
    best, where = -_LEAST_M, None
    for i in range(1, len(order)):
        # The stretch i..j is walked backwards. Where the walk is open and j is its last stop, no leg follows.
        j = np.arange(i + 1, len(order) + 1)
        follows = at[np.minimum(j + 1, len(at) - 1)]
        after, new_after = away_m[at[j], follows], away_m[at[i], follows]
        if not fixed:
            after, new_after = np.where(j == len(order), 0.0, after), np.where(j == len(order), 0.0, new_after)
        change = away_m[at[i - 1], at[j]] + new_after - away_m[at[i - 1], at[i]] - after
        pick = int(np.argmin(change))
        if change[pick] < best:
            best, where = float(change[pick]), (i - 1, int(j[pick]))
    if where is None:
        return None
    low, high = where
    return order[:low] + order[low:high][::-1] + order[high:]


def _move(order: list[int], away_m: Metres, *, closed: bool) -> list[int] | None:
    """Move the block of one to three stops that shortens most, either way round, if any does."""
    now = length_m(order, away_m, closed=closed)
    best, found = now - _LEAST_M, None
    for size in range(1, min(_LONGEST_BLOCK, len(order) - 1) + 1):
        for first in range(len(order) - size + 1):
            block, rest = order[first : first + size], order[:first] + order[first + size :]
            base = length_m(rest, away_m, closed=closed)
            inside = float(away_m[block[:-1], block[1:]].sum())
            for walk in (block, block[::-1]):
                where, more = _insertion(rest, walk, away_m, closed=closed)
                if base + inside + more < best:
                    best, found = base + inside + more, rest[:where] + walk + rest[where:]
    return found


def _insertion(rest: Sequence[int], block: Sequence[int], away_m: Metres, *, closed: bool) -> tuple[int, float]:
    """Return where a block fits into a walk at the least detour, and the detour without the block's own length."""
    before = np.array([0, *rest])
    after = np.array([*rest, 0])
    detour = away_m[before, block[0]] + away_m[block[-1], after] - away_m[before, after]
    if not closed:
        detour[-1] = away_m[before[-1], block[0]]
    where = int(np.argmin(detour))
    return where, float(detour[where])
