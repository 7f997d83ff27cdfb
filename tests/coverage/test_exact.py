"""The choice by integer programming against trying all, and against the greedy one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.coverage.choices import Case, best_of, cases, within, worth

from camcover import exact
from camcover.choice import Limit, Options, greedy
from camcover.exact import ExactError, best

few = settings(max_examples=60, deadline=None)


@few
@given(cases(), st.integers(1, 4))
def test_as_many_options_cover_what_trying_all_finds(case: Case, number: int) -> None:
    limit = Limit(number=number)
    start = greedy(*case, limit)
    found = best(*case, limit, start, 5.0)
    assert found.proven
    assert found.gap == 0.0
    assert found.parts == worth(case, found.chosen) == best_of(case, number=len(start.chosen)) == found.bound
    assert found.parts >= start.parts
    assert found.better == (found.parts > start.parts)


@few
@given(cases(equal=False), st.sampled_from([0.5, 2.0, 3.5]))
def test_a_budget_buys_what_trying_all_finds(case: Case, budget: float) -> None:
    limit = Limit(budget=budget)
    found = best(*case, limit, greedy(*case, limit), 5.0)
    assert found.proven
    assert found.cost <= budget
    assert found.parts == best_of(case, budget=budget)


@few
@given(cases(equal=False), st.floats(0.0, 1.0))
def test_a_target_is_reached_at_the_least_cost(case: Case, share: float) -> None:
    options = case[0]
    target = round(share * best_of(case))
    limit = Limit(target=target)
    start = greedy(*case, limit)
    found = best(*case, limit, start, 5.0)
    least = min(float(options.cost[list(one)].sum()) for one in within(case) if worth(case, one) >= target)
    assert found.proven
    assert worth(case, found.chosen) == found.parts >= target
    assert found.cost == pytest.approx(least) == found.cheapest
    assert found.cost <= options.cost[list(start.chosen)].sum()


def test_greedy_is_fooled_and_the_program_is_not() -> None:
    # The widest option spoils the two halves that together cover all.
    covers = [np.array([0, 1, 3, 4]), np.array([0, 1, 2]), np.array([3, 4, 5])]
    options, parts, covered = Options.of(covers), np.full(6, 10, dtype=np.int64), np.zeros(6, dtype=np.bool_)
    limit = Limit(number=2)
    start = greedy(options, parts, covered, limit)
    found = best(options, parts, covered, limit, start)
    assert start.parts == 50
    assert (found.parts, found.chosen, found.better) == (60, (1, 2), True)
    assert start.bound[-1] >= 60


def test_without_time_the_greedy_choice_stands_and_the_bound_is_a_bound() -> None:
    generator = np.random.default_rng(5)
    covers = [np.flatnonzero(generator.random(300) < 0.06) for _ in range(120)]
    options, covered = Options.of(covers), np.zeros(300, dtype=np.bool_)
    parts = generator.integers(1, 1000, 300) * 10**6
    limit = Limit(number=12)
    start = greedy(options, parts, covered, limit)
    hasty = best(options, parts, covered, limit, start, 1e-3)
    assert hasty.parts >= start.parts
    assert hasty.bound >= hasty.parts
    assert hasty.proven == (hasty.gap == 0.0)
    assert hasty.gap == pytest.approx(1 - hasty.parts / hasty.bound)


def test_nothing_to_choose_from_is_an_empty_choice() -> None:
    nothing = (Options.of([]), np.array([5], dtype=np.int64), np.array([False]))
    limit = Limit(number=3)
    found = best(*nothing, limit, greedy(*nothing, limit))
    assert (found.chosen, found.parts, found.proven, found.better) == ((), 0, True, False)


def test_too_large_a_case_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "MOST_NONZEROS", 3)
    options = Options.of([np.array([0, 1]), np.array([0, 1])])
    case = options, np.array([1, 1], dtype=np.int64), np.zeros(2, dtype=np.bool_)
    with pytest.raises(ExactError, match="4 pairs"):
        best(*case, Limit(number=1), greedy(*case, Limit(number=1)))
    monkeypatch.undo()
    with pytest.raises(ValueError, match="longer than nothing"):
        best(*case, Limit(number=1), greedy(*case, Limit(number=1)), 0.0)
