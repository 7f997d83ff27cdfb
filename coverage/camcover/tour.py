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
_TOGETHER = 400
"""Stops that are ordered together: time grows with their cube, and nobody walks past more in a night."""


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
    """Return a short walk past all stops (1..n); of many stops, stretch by stretch."""
    order = nearest_neighbour(away_m)
    if len(order) <= _TOGETHER:
        return shorten(order, away_m, closed=closed)
    walk: list[int] = []
    for low in range(0, len(order), _TOGETHER):
        stretch = np.array([walk[-1] if walk else 0, *order[low : low + _TOGETHER]])
        inside = shorten(range(1, len(stretch)), away_m[np.ix_(stretch, stretch)], closed=False)
        walk += stretch[inside].tolist()
    return walk


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


def _between(order: Sequence[int], away_m: Metres, *, closed: bool) -> Metres:
    """Return the distances (n + 2, n + 2) between the start, the stops in their order, and the end.

    The end of a closed walk is its start; that of an open one is no place at all, at no distance from anywhere.
    """
    path = [0, *order, 0]
    between = away_m[np.ix_(path, path)].astype(np.float64)
    if not closed:
        between[-1, :] = between[:, -1] = 0.0
    return between


def _uncross(order: list[int], away_m: Metres, *, closed: bool) -> list[int] | None:
    """Turn round the stretch that shortens most, if any does."""
    if len(order) < 2:
        return None
    between = _between(order, away_m, closed=closed)
    legs = np.diagonal(between, 1)
    # [i, j]: the stretch from stop i to stop j of the order is walked backwards
    change = between[:-2, 1:-1] + between[1:-1, 2:] - legs[:-1, None] - legs[None, 1:]
    change[np.tril_indices(len(order))] = 0.0
    low, high = np.unravel_index(int(np.argmin(change)), change.shape)
    if change[low, high] >= -_LEAST_M:
        return None
    return order[:low] + order[low : high + 1][::-1] + order[high + 1 :]


def _move(order: list[int], away_m: Metres, *, closed: bool) -> list[int] | None:
    """Move the block of one to three stops that shortens most, either way round, if any does."""
    between = _between(order, away_m, closed=closed)
    legs = np.diagonal(between, 1)
    best, found, forward = -_LEAST_M, None, True
    for size in range(1, min(_LONGEST_BLOCK, len(order) - 1) + 1):
        first = np.arange(len(order) - size + 1)
        freed = legs[first] + legs[first + size] - between[first, first + size + 1]
        # [leg, first]: the block goes into that leg of the walk, as it is or the other way round
        ahead = between[:-1, first + 1] + between[1:, first + size]
        back = between[:-1, first + size] + between[1:, first + 1]
        change = np.minimum(ahead, back) - legs[:, None] - freed
        for own in range(size + 1):
            change[first + own, first] = 0.0
        leg, block = np.unravel_index(int(np.argmin(change)), change.shape)
        if change[leg, block] < best:
            best, found = float(change[leg, block]), (int(leg), int(block), size)
            forward = bool(ahead[leg, block] <= back[leg, block])
    return None if found is None else _moved(order, *found, ahead=forward)


def _moved(order: list[int], leg: int, first: int, size: int, *, ahead: bool) -> list[int]:
    block, rest = order[first : first + size], order[:first] + order[first + size :]
    where = leg if leg < first else leg - size
    return rest[:where] + (block if ahead else block[::-1]) + rest[where:]
