"""Laws of deductions: ignorance costs nobody, the deepest step alone counts, caps hold, all in whole fen."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camkeeper.model.deduction import DeductionTerms, LateRule, Step
from camkeeper.model.equipment import DeviceKind
from camkeeper.report.deduct import Bill, Ground, Lateness, Measured, bill, step_below, terms_of
from camkeeper.report.table import cut_percent, money, percent

STEPS = (Step(below_bp=9500, fen=50_000), Step(below_bp=9000, fen=100_001))
SHARES = st.fractions(0, 1)


def measured(lower: Fraction, upper: Fraction, name: str = "k1") -> Measured:
    return Measured(id=name, name=name, lower=lower, upper=upper, down_ms=5, trace=(1, 4), kind=DeviceKind.CAMERA)


def made(
    terms: DeductionTerms, lower: Fraction, upper: Fraction, *, count: int = 1, late: tuple[Lateness, ...] = ()
) -> Bill:
    many = [measured(lower, upper, f"x{n}") for n in range(count)]
    return bill(terms, total=measured(lower, upper), villages=many, devices=many, late=late)


@given(SHARES, SHARES)
def test_only_what_is_surely_below_a_step_costs(one: Fraction, other: Fraction) -> None:
    lower, upper = sorted((one, other))
    found = made(DeductionTerms(name="t", total=STEPS), lower, upper)
    sure = 100_001 if upper < Fraction(9, 10) else 50_000 if upper < Fraction(95, 100) else 0
    worst = 100_001 if lower < Fraction(9, 10) else 50_000 if lower < Fraction(95, 100) else 0
    assert (found.fen, found.fen + found.doubt_fen) == (sure, worst)


@given(SHARES, SHARES, st.integers(0, 20), st.integers(1, 400_000))
def test_no_month_costs_more_than_its_cap(one: Fraction, other: Fraction, count: int, most: int) -> None:
    lower, upper = sorted((one, other))
    terms = DeductionTerms(name="t", total=STEPS, village=STEPS, device={DeviceKind.CAMERA: STEPS})
    free = made(terms, lower, upper, count=count)
    capped = made(
        DeductionTerms(name="t", total=STEPS, village=STEPS, device={DeviceKind.CAMERA: STEPS}, most_fen=most),
        lower,
        upper,
        count=count,
    )
    assert capped.fen == min(free.fen, most)
    assert 0 <= capped.doubt_fen <= most - capped.fen


@given(SHARES, SHARES, SHARES)
def test_knowing_more_never_costs_more_than_the_doubt_said(a: Fraction, b: Fraction, c: Fraction) -> None:
    lower, known, upper = sorted((a, b, c))
    terms = DeductionTerms(name="t", total=STEPS)
    before, after = made(terms, lower, upper), made(terms, known, known)
    assert before.fen <= after.fen <= before.fen + before.doubt_fen


@given(st.integers(0, 10**9), st.integers(1, 600), st.integers(1, 10_000), st.one_of(st.none(), st.integers(1, 50_000)))
def test_each_begun_stretch_of_lateness_counts(late_ms: int, every: int, fen: int, most: int | None) -> None:
    rule = LateRule(every_min=every, fen=fen, most_fen=most)
    order = Lateness(order_id="WO-0001", response_ms=late_ms, repair_ms=0)
    found = made(DeductionTerms(name="t", response=rule), Fraction(1), Fraction(1), late=(order,))
    units = 0
    while units * every * 60_000 < late_ms and units < 20_000:
        units += 1
    if units < 20_000:
        assert found.fen == min(units * fen, most or units * fen)
    assert all(a.ground is Ground.RESPONSE for a in found.amounts)


def test_every_amount_names_what_it_comes_from() -> None:
    found = made(DeductionTerms(name="t", total=STEPS), Fraction(8, 10), Fraction(8, 10))
    assert [(a.id, a.fen, a.below_bp, a.trace) for a in found.amounts] == [("k1", 100_001, 9000, (1, 4))]


def test_nothing_measured_costs_nothing() -> None:
    assert step_below(None, STEPS) is None


def test_terms_that_name_a_contractor_come_first() -> None:
    usual, own = DeductionTerms(name="usual"), DeductionTerms(name="own", contractor_ids=frozenset({"k1"}))
    assert terms_of("k1", (usual, own)) is own
    assert terms_of("k2", (usual, own)) is usual
    assert terms_of("k2", (own,)) is None


@pytest.mark.parametrize("fen", [0, -1])
def test_a_step_that_costs_nothing_is_none(fen: int) -> None:
    with pytest.raises(ValueError, match="costs"):
        Step(below_bp=9500, fen=fen)


@given(SHARES)
def test_percentages_are_cut_and_never_rounded_up(share: Fraction) -> None:
    bp = cut_percent(share)
    assert bp is not None
    assert Fraction(bp, 10_000) <= share < Fraction(bp + 1, 10_000)
    assert percent(bp).endswith("%")


@given(st.integers(-(10**12), 10**12))
def test_money_says_every_fen(fen: int) -> None:
    assert round(float(money(fen).replace(",", "")) * 100) == fen
