"""Small random cases of choosing, and the plainest ways to solve them."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from camcover.choice import Limit, Options

Case = tuple[Options, NDArray[np.int64], NDArray[np.bool_]]


@st.composite
def cases(draw: st.DrawFn, *, equal: bool = True, most: int = 7) -> Case:
    """Return options, parts of the elements, and which are covered already."""
    elements = draw(st.integers(1, 12))
    covers = draw(
        st.lists(st.sets(st.integers(0, elements - 1), max_size=6), min_size=1, max_size=most).map(
            lambda sets: [np.array(sorted(one), dtype=np.int64) for one in sets]
        )
    )
    cost = None if equal else [draw(st.sampled_from([0.5, 1.0, 1.5, 4.0])) for _ in covers]
    parts = np.array(draw(st.lists(st.integers(0, 50), min_size=elements, max_size=elements)), dtype=np.int64)
    covered = np.array(draw(st.lists(st.booleans(), min_size=elements, max_size=elements)), dtype=np.bool_)
    return Options.of(covers, cost), parts * 10**9, covered


def worth(case: Case, chosen: tuple[int, ...]) -> int:
    """Return the parts covered, those covered before included."""
    options, parts, covered = case
    hit = covered.copy()
    for option in chosen:
        hit[options.covers(option)] = True
    return int(parts[hit].sum())


def best_of(case: Case, number: int | None = None, budget: float | None = None) -> int:
    """Return the most that any choice within number and budget covers, by trying all."""
    return max(worth(case, chosen) for chosen in within(case, number, budget))


def within(case: Case, number: int | None = None, budget: float | None = None) -> list[tuple[int, ...]]:
    options = case[0]
    return [
        chosen
        for size in range(len(options) + 1)
        if number is None or size <= number
        for chosen in combinations(range(len(options)), size)
        if budget is None or options.cost[list(chosen)].sum() <= budget
    ]


def naive(case: Case, limit: Limit) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Choose greedily, looking at every option every time: (chosen, gains)."""
    options, parts, covered = case
    still, spent = np.where(covered, 0, parts), 0.0
    chosen: list[int] = []
    gains: list[int] = []
    have = int(parts[covered].sum())
    while (limit.number is None or len(chosen) < limit.number) and (limit.target is None or have < limit.target):
        fits = [
            option
            for option in range(len(options))
            if (limit.budget is None or spent + options.cost[option] <= limit.budget)
            and still[options.covers(option)].sum() >= limit.least
        ]
        if not fits:
            break
        pick = max(fits, key=lambda one: (still[options.covers(one)].sum() / options.cost[one], -one))
        gain = int(still[options.covers(pick)].sum())
        chosen.append(pick)
        gains.append(gain)
        have, spent = have + gain, spent + float(options.cost[pick])
        still[options.covers(pick)] = 0
    return tuple(chosen), tuple(gains)
