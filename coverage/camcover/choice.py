"""Choosing the few among many that together cover most: greedily, and saying how far from the best that can be.

Covered weight is monotone and submodular: an option never wins more later than now. From that follow both bounds here.
- The guarantee (Nemhauser, Wolsey, Fisher 1978): where all cost the same, the first k greedy choices cover at least
  1 - 1/e of what the best k could.
- The bound: whatever the best k are, at any stage of the choosing they add at most the k largest gains still open then.
  The smallest such sum over all stages is usually far nearer than the guarantee.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, e, inf

import numpy as np
from numpy.typing import NDArray

GUARANTEE = 1 - 1 / e


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Options:
    """What can be chosen: option `i` covers `element[start[i]:start[i + 1]]` (each once) at `cost[i]`."""

    start: NDArray[np.int64]
    element: NDArray[np.int64]
    cost: NDArray[np.float64]

    def __post_init__(self) -> None:
        if len(self.start) != len(self.cost) + 1 or self.start[-1] != len(self.element):
            raise ValueError("every option has a start, an end and a cost")
        if not (self.cost > 0).all():
            raise ValueError("every option costs something")

    @classmethod
    def of(cls, covers: Sequence[NDArray[np.int64]], cost: Sequence[float] | None = None) -> Options:
        """Join one array of elements an option; without costs each costs 1."""
        start = np.concatenate([[0], np.cumsum([len(cover) for cover in covers])]).astype(np.int64)
        element = np.concatenate([*covers, np.empty(0, dtype=np.int64)]).astype(np.int64)
        return cls(start=start, element=element, cost=np.array([1.0] * len(covers) if cost is None else cost))

    def __len__(self) -> int:
        return len(self.cost)

    def covers(self, option: int) -> NDArray[np.int64]:
        """Return the elements that an option covers."""
        return self.element[self.start[option] : self.start[option + 1]]

    def gains(self, parts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return for each option the sum of `parts` (e,) over what it covers."""
        summed = np.concatenate([[0], np.cumsum(parts[self.element])])
        return np.asarray(summed[self.start[1:]] - summed[self.start[:-1]], dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """When to stop: after so many, at so much covered (parts of everything, the first included), at so much spent.

    An option that wins less than `least` parts is never worth it.
    """

    number: int | None = None
    target: int | None = None
    budget: float | None = None
    least: int = 1

    def __post_init__(self) -> None:
        if self.number is None and self.target is None and self.budget is None:
            raise ValueError("choosing must stop somewhere: give a number, a target or a budget")
        if any(value is not None and value < 0 for value in (self.number, self.target, self.budget)) or self.least < 1:
            raise ValueError("limits are not negative, and the least gain is at least one part")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Options in the order of choosing. Parts: whole numbers, of everything covered, the first included.

    `bound[k]`: nobody could cover more than this for the cost of the first k + 1 choices; the last one of a choice
    within a budget: for all of the budget.
    """

    chosen: tuple[int, ...]
    gains: tuple[int, ...]
    first: int
    bound: tuple[int, ...]
    guarantee: float | None
    """1 - 1/e, or None where costs differ."""
    looked: int
    """How often a gain was computed anew."""

    @property
    def parts(self) -> int:
        """Covered in the end."""
        return self.first + sum(self.gains)


def greedy(options: Options, parts: NDArray[np.int64], covered: NDArray[np.bool_], limit: Limit) -> Choice:
    """Choose by gain, or where costs differ by gain for cost, the first of equals; lazily.

    `parts` (e,) whole non-negative weights, `covered` (e,) what is covered already. Minoux (1978): a gain computed
    earlier can only have shrunk, so the top of the heap is the best as soon as its gain is fresh.
    """
    still = np.where(covered, 0, parts)
    fresh = options.gains(still)
    heap = [(rank, option) for option, rank in enumerate((-fresh / options.cost).tolist())]
    heapq.heapify(heap)
    upper, stages = fresh.copy(), [fresh.copy()]
    first = have = int(parts[covered].sum())
    chosen: list[int] = []
    gains: list[int] = []
    spent, looked = 0.0, len(options)
    while heap and not _full(limit, chosen, have):
        _, option = heapq.heappop(heap)
        if limit.budget is not None and spent + options.cost[option] > limit.budget:
            continue  # dearer than what is left: never again
        gain = int(still[options.covers(option)].sum())
        looked += 1
        upper[option] = gain
        rank = (-gain / float(options.cost[option]), option)
        if heap and rank > heap[0]:
            heapq.heappush(heap, rank)
            continue
        if gain < limit.least:
            if _equal(options):
                break
            continue
        chosen.append(option)
        gains.append(gain)
        have, spent = have + gain, spent + float(options.cost[option])
        still[options.covers(option)] = 0
        upper[option] = 0
        stages.append(upper.copy())
    stages[-1] = options.gains(still)
    money = np.cumsum(options.cost[chosen]).tolist()
    if chosen and limit.budget is not None:
        money[-1] = limit.budget
    return Choice(
        chosen=tuple(chosen),
        gains=tuple(gains),
        first=first,
        bound=_bounds(options, stages, first, gains, money, int(parts.sum())),
        guarantee=GUARANTEE if _equal(options) else None,
        looked=looked,
    )


def fewest(choice: Choice, target: int) -> int | None:
    """Return how many choices `target` parts want at least, as far as the bounds tell; None: more than were made."""
    if choice.first >= target:
        return 0
    return next((count for count, bound in enumerate(choice.bound, start=1) if bound >= target), None)


def _full(limit: Limit, chosen: Sequence[int], have: int) -> bool:
    enough = limit.target is not None and have >= limit.target
    return enough or (limit.number is not None and len(chosen) >= limit.number)


def _equal(options: Options) -> bool:
    return len(options) == 0 or bool((options.cost == options.cost[0]).all())


def _bounds(
    options: Options,
    stages: Sequence[NDArray[np.int64]],
    first: int,
    gains: Sequence[int],
    spent: Sequence[float],
    everything: int,
) -> tuple[int, ...]:
    """Return per sum spent the least, over all stages, of what was covered and the most that the sum still buys."""
    best = [inf] * len(spent)
    have = first
    for stage, upper in enumerate(stages):
        order = np.argsort(-upper / options.cost, kind="stable")
        cost = np.concatenate([[0.0], np.cumsum(options.cost[order])])
        gain = np.concatenate([[0.0], np.cumsum(upper[order], dtype=np.float64)])
        more = np.interp(spent, cost, gain)  # a part of an option for a part of its cost: never less than whole ones
        best = [min(old, have + new) for old, new in zip(best, more.tolist(), strict=True)]
        have += gains[stage] if stage < len(gains) else 0
    return tuple(min(ceil(value), everything) for value in best)
