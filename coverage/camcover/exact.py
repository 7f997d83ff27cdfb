"""The best choice by integer programming (HiGHS), for small cases, or as far as the time given goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, isfinite

import highspy
import numpy as np
from numpy.typing import NDArray

from camcover.choice import Choice, Limit, Options, fewest

MOST_NONZEROS = 2_000_000
"""Above this, building the program alone would take seconds and its solving would not end: told, not tried."""

_SLACK = 1e-6
"""HiGHS holds its rows within this; bounds are widened by it, so that they are never too good."""


class ExactError(ValueError):
    """The case is too large for integer programming."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """The best choice found, never worse than the greedy one that it was started from.

    `bound`: no choice of as many options (for as much money) covers more parts. `cheapest`: where a target was to be
    reached at the least cost, no choice that reaches it costs less. `gap`: the share by which a better one could win.
    """

    chosen: tuple[int, ...]
    parts: int
    cost: float
    bound: int
    cheapest: float | None
    gap: float
    proven: bool
    better: bool
    """Than the greedy choice."""


def best(
    options: Options,
    parts: NDArray[np.int64],
    covered: NDArray[np.bool_],
    limit: Limit,
    start: Choice,
    time_limit_s: float = 10.0,
) -> Exact:
    """Improve on the greedy choice `start`, which was made of the same options under the same `limit`.

    Where it reached its target, for the least cost that does; else for the most that as many options can cover, or
    where a budget is given, that it can buy. More than `MOST_NONZEROS` pairs of option and element raise ExactError.
    """
    if len(options.element) > MOST_NONZEROS:
        raise ExactError(f"{len(options.element)} pairs of option and element; at most {MOST_NONZEROS} are tried")
    if not time_limit_s > 0:
        raise ValueError(f"a time limit is longer than nothing: {time_limit_s}")
    if _surely_best(options, limit, start):
        return _as_started(options, limit, start)
    program = _Program(options, np.where(covered, 0, parts))
    if limit.target is not None and start.parts >= limit.target:
        return _cheapest(program, limit, start, time_limit_s)
    return _most(program, limit, start, time_limit_s)


def _surely_best(options: Options, limit: Limit, start: Choice) -> bool:
    """Tell whether the greedy choice's own bounds prove it the best already."""
    if limit.target is not None and start.parts >= limit.target:
        return start.guarantee is not None and fewest(start, limit.target) == len(start.chosen)
    if not start.chosen:
        return len(options) == 0 or limit.budget is None
    return start.parts >= start.bound[-1]


def _as_started(options: Options, limit: Limit, start: Choice) -> Exact:
    cost = float(options.cost[list(start.chosen)].sum())
    return Exact(
        chosen=start.chosen,
        parts=start.parts,
        cost=cost,
        bound=start.bound[-1] if start.chosen else start.parts,
        cheapest=cost if limit.target is not None and start.parts >= limit.target else None,
        gap=0.0,
        proven=True,
        better=False,
    )


def _most(program: _Program, limit: Limit, start: Choice, time_limit_s: float) -> Exact:
    number = len(start.chosen) if limit.budget is None else limit.number
    solved = program.solve(start.chosen, time_limit_s, number=number, budget=limit.budget)
    worth, had = program.worth(solved.chosen), program.worth(start.chosen)
    better = worth > had
    have = start.first + max(worth, had)
    most = [start.first + program.total, *start.bound[-1:]]
    if isfinite(solved.bound):
        most.append(start.first + ceil(solved.bound * program.unit * (1 + _SLACK)))
    bound = max(have, min(most))
    proven = bound - have <= 2 * _SLACK * program.total + 1
    chosen = solved.chosen if better else start.chosen
    return Exact(
        chosen=chosen,
        parts=have,
        cost=program.cost(chosen),
        bound=have if proven else bound,
        cheapest=None,
        gap=0.0 if proven else (bound - have) / max(bound, 1),
        proven=proven,
        better=better,
    )


def _cheapest(program: _Program, limit: Limit, start: Choice, time_limit_s: float) -> Exact:
    target = (limit.target or 0) - start.first
    solved = program.solve(start.chosen, time_limit_s, target=target)
    had, cost = program.cost(start.chosen), program.cost(solved.chosen)
    reaches = program.worth(solved.chosen) >= target
    better = reaches and cost < had
    chosen = solved.chosen if better else start.chosen
    least = max(0.0, solved.bound * (1 - _SLACK)) if isfinite(solved.bound) else 0.0
    have = min(cost, had) if reaches else had
    if program.whole:
        least = float(ceil(least - _SLACK))
    proven = solved.optimal and have - least <= 2 * _SLACK * have
    return Exact(
        chosen=chosen,
        parts=start.first + program.worth(chosen),
        cost=have,
        bound=start.first + program.total,
        cheapest=have if proven else min(least, have),
        gap=0.0 if proven else (have - min(least, have)) / have,
        proven=proven,
        better=better,
    )


@dataclass(frozen=True, slots=True)
class _Solved:
    chosen: tuple[int, ...]
    bound: float
    optimal: bool


@dataclass(slots=True)
class _Program:
    """Choose x (0 or 1) per option; y (0..1) per group of elements: covered only if a chosen option covers it.

    Elements that the very same options cover are one group: a village of 2,000 elements has far fewer groups.
    """

    options: Options
    parts: NDArray[np.int64]
    group: NDArray[np.int64] = field(init=False)
    member: NDArray[np.int64] = field(init=False)
    """The pairs (group, option), by group."""
    weight: NDArray[np.float64] = field(init=False)
    unit: float = field(init=False)

    def __post_init__(self) -> None:
        option = np.repeat(np.arange(len(self.options)), np.diff(self.options.start))
        useful = self.parts[self.options.element] > 0
        option, element = option[useful], self.options.element[useful]
        by_element: dict[int, list[int]] = {}
        for one, what in zip(option.tolist(), element.tolist(), strict=True):
            by_element.setdefault(what, []).append(one)
        groups: dict[tuple[int, ...], int] = {}
        for what, ones in by_element.items():
            key = tuple(ones)
            groups[key] = groups.get(key, 0) + int(self.parts[what])
        self.group = np.repeat(np.arange(len(groups)), [len(key) for key in groups])
        self.member = np.array([one for key in groups for one in key], dtype=np.int64)
        weight = np.array(list(groups.values()), dtype=np.float64)
        self.unit = float(weight.max()) if len(weight) else 1.0
        self.weight = weight / self.unit

    @property
    def total(self) -> int:
        """Parts that all options together cover."""
        return self.worth(range(len(self.options)))

    @property
    def whole(self) -> bool:
        """True where all costs are whole numbers, and so every sum of them."""
        return bool((self.options.cost == np.rint(self.options.cost)).all())

    def worth(self, chosen: Sequence[int]) -> int:
        """Return the parts that these options cover together."""
        hit = np.zeros(len(self.parts), dtype=np.bool_)
        for option in chosen:
            hit[self.options.covers(option)] = True
        return int(self.parts[hit].sum())

    def cost(self, chosen: Sequence[int]) -> float:
        """Return what these options cost together."""
        return float(self.options.cost[list(chosen)].sum())

    def solve(
        self,
        start: Sequence[int],
        time_limit_s: float,
        *,
        number: int | None = None,
        budget: float | None = None,
        target: int | None = None,
    ) -> _Solved:
        """Solve for the most covered, or with a `target` in parts for the least cost; begin from `start`."""
        if number == 0 or not len(self.weight):
            return _Solved((), 0.0, optimal=True)
        highs = self._model(number, budget, target)
        highs.setOptionValue("output_flag", False)  # noqa: FBT003  (HiGHS's own signature)
        highs.setOptionValue("time_limit", float(time_limit_s))
        highs.setOptionValue("mip_rel_gap", 0.0)
        highs.setOptionValue("mip_abs_gap", 1e-9)
        highs.setOptionValue("random_seed", 0)
        highs.setOptionValue("threads", 1)
        highs.setSolution(self._warm(start))
        highs.run()
        info = highs.getInfo()
        if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            found: tuple[int, ...] = tuple(start)
        else:
            values = np.asarray(highs.getSolution().col_value)[: len(self.options)]
            found = tuple(np.flatnonzero(values > 0.5).tolist())
        optimal = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
        return _Solved(found, float(info.mip_dual_bound), optimal=optimal)

    def _model(self, number: int | None, budget: float | None, target: int | None) -> highspy.Highs:
        options, groups = len(self.options), len(self.weight)
        columns = options + groups
        highs = highspy.Highs()  # type: ignore[no-untyped-call]
        highs.setOptionValue("output_flag", False)  # noqa: FBT003
        highs.addVars(columns, np.zeros(columns), np.ones(columns))
        highs.changeColsIntegrality(
            options, np.arange(options, dtype=np.int32), np.array([highspy.HighsVarType.kInteger] * options)
        )
        value = np.concatenate([np.zeros(options), self.weight])
        cost = np.concatenate([self.options.cost, np.zeros(groups)])
        highs.changeColsCost(columns, np.arange(columns, dtype=np.int32), value if target is None else cost)
        if target is None:
            highs.changeObjectiveSense(highspy.ObjSense.kMaximize)
        else:
            self._row(highs, target / self.unit, highspy.kHighsInf, value)
        if number is not None:
            self._row(highs, -highspy.kHighsInf, number, (np.arange(columns) < options).astype(np.float64))
        if budget is not None:
            self._row(highs, -highspy.kHighsInf, budget, cost)
        self._link(highs, options, groups)
        return highs

    def _link(self, highs: highspy.Highs, options: int, groups: int) -> None:
        """Add for every group: y - sum of x of the options that cover it <= 0."""
        first = np.searchsorted(self.group, np.arange(groups))
        index = np.insert(self.member, first, options + np.arange(groups)).astype(np.int32)
        values = np.insert(np.full(len(self.member), -1.0), first, 1.0)
        starts = (first + np.arange(groups)).astype(np.int32)
        highs.addRows(groups, np.full(groups, -highspy.kHighsInf), np.zeros(groups), len(index), starts, index, values)

    @staticmethod
    def _row(highs: highspy.Highs, low: float, high: float, value: NDArray[np.float64]) -> None:
        index = np.flatnonzero(value).astype(np.int32)
        highs.addRow(low, high, len(index), index, value[index])

    def _warm(self, start: Sequence[int]) -> highspy.HighsSolution:
        x = np.zeros(len(self.options))
        x[list(start)] = 1.0
        y = np.zeros(len(self.weight))
        np.maximum.at(y, self.group, x[self.member])
        solution = highspy.HighsSolution()
        solution.col_value = np.concatenate([x, y]).tolist()
        return solution
