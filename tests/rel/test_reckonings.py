"""What rows reckon by themselves: they must be able to find a broken law, a wrong figure, a rising line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rel.laws import LAWS, golden, property_put
from rel.rows.flap import answers, naive
from rel.rows.soak import slope

from camkeeper.model.span import Span

MINUTE_MS = 60_000


def test_a_law_that_does_not_hold_is_found() -> None:
    @given(st.integers(0, 1000))
    def small(n: int) -> None:
        assert n < 100

    ran, broken = property_put(small, 200, seed=1)
    assert "AssertionError" in broken
    assert ran < 200


def test_a_law_that_holds_is_put_to_all_of_its_examples() -> None:
    @given(st.integers())
    def same(n: int) -> None:
        assert n == n + 0

    assert property_put(same, 150, seed=1) == (150, "")


def test_there_are_thirteen_and_the_months_agree() -> None:
    assert len(LAWS) == 13
    assert golden() == (15, [])


@pytest.mark.parametrize(
    ("told", "up_minutes", "down_minutes"),
    [
        ("1111", 5.5, 0),  # the last answer holds two and a half polls
        ("1011", 5.5, 0),  # one silent poll is none
        ("1001", 3.5, 2),  # two are an outage, from the first of them
        ("1000", 1, 4.5),
        ("1110", 5.5, 0),  # not confirmed by the end
    ],
)
def test_a_day_as_one_would_reckon_it(told: str, up_minutes: float, down_minutes: float) -> None:
    samples = [(n * MINUTE_MS, c == "1") for n, c in enumerate(told)]
    found = naive(samples, Span(start_ms=0, end_ms=10 * MINUTE_MS))
    assert (found.up_ms / MINUTE_MS, found.down_ms / MINUTE_MS) == (up_minutes, down_minutes)
    assert found.period_ms == 10 * MINUTE_MS


@given(st.text(max_size=5), st.integers(1, 300))
def test_answers_are_the_seeds_and_begin_with_one(seed: str, polls: int) -> None:
    found = list(answers(seed, polls))
    assert len(found) == polls
    assert found[0]
    assert found == list(answers(seed, polls))


@given(st.floats(-5, 5), st.floats(-100, 100), st.integers(3, 50))
def test_a_straight_line_has_its_slope_and_no_error(rise: float, base: float, count: int) -> None:
    found, error = slope([(x / 10, base + rise * x / 10) for x in range(count)])
    assert found == pytest.approx(rise, abs=1e-6)
    assert error == pytest.approx(0, abs=1e-6)
