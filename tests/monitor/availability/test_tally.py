"""Laws of the interval engine."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.availability.oracle import naive_tally

from camkeeper.availability.buckets import Buckets
from camkeeper.availability.tally import Change, status_at, subtracted, tally
from camkeeper.model.span import Span, merged
from camkeeper.model.status import Status

instants = st.integers(-20, 120)
spans = st.tuples(instants, instants).map(lambda p: Span(start_ms=min(p), end_ms=max(p)))
many = st.lists(spans, max_size=4)
changes = st.lists(st.tuples(instants, st.sampled_from(list(Status))), max_size=8).map(
    lambda found: sorted(found, key=lambda change: change[0])
)


class Case:
    """One device's whole story."""

    def __init__(
        self, told: list[Change], life: list[Span], excluded: list[Span], period: Span, known_until_ms: int
    ) -> None:
        self.told, self.life, self.excluded = told, life, excluded
        self.period, self.known_until_ms = period, known_until_ms

    def tally(self, period: Span | None = None, *, shift_ms: int = 0) -> Buckets:
        def moved(span: Span) -> Span:
            return Span(start_ms=span.start_ms + shift_ms, end_ms=span.end_ms + shift_ms)

        return tally(
            changes=[(at_ms + shift_ms, status) for at_ms, status in self.told],
            life=[moved(span) for span in self.life],
            excluded=[moved(span) for span in self.excluded],
            period=moved(period or self.period),
            known_until_ms=self.known_until_ms + shift_ms,
        )


cases = st.builds(Case, changes, many, many, spans, instants)


@given(cases)
def test_equals_the_oracle_and_sums_to_the_period(case: Case) -> None:
    found = case.tally()
    assert found == naive_tally(
        changes=case.told,
        life=case.life,
        excluded=case.excluded,
        period=case.period,
        known_until_ms=case.known_until_ms,
    )
    assert found.period_ms == case.period.length_ms


@given(cases, st.lists(instants, max_size=5))
def test_additive_over_any_split(case: Case, cuts: list[int]) -> None:
    inside = sorted({cut for cut in cuts if cut in case.period})
    edges = [case.period.start_ms, *inside, case.period.end_ms]
    parts = [Span(start_ms=a, end_ms=b) for a, b in pairwise(edges)]
    assert sum((case.tally(part) for part in parts), Buckets()) == case.tally()


@given(cases, st.integers(-(10**13), 10**13))
def test_shifting_everything_changes_nothing(case: Case, by: int) -> None:
    assert case.tally(shift_ms=by) == case.tally()


@given(cases, spans)
def test_an_exclusion_never_raises_down_nor_up(case: Case, more: Span) -> None:
    before = case.tally()
    case.excluded = [*case.excluded, more]
    after = case.tally()
    assert after.down_ms <= before.down_ms
    assert after.up_ms <= before.up_ms
    assert after.unknown_ms <= before.unknown_ms
    assert after.absent_ms == before.absent_ms


@given(cases, instants)
def test_silence_of_the_monitor_makes_neither_up_nor_down(case: Case, blind_from: int) -> None:
    before = case.tally()
    case.known_until_ms = min(case.known_until_ms, blind_from)
    after = case.tally()
    assert after.down_ms <= before.down_ms
    assert after.up_ms <= before.up_ms
    rest = case.tally(Span(start_ms=blind_from, end_ms=max(blind_from, case.period.end_ms)))
    assert rest.up_ms == rest.down_ms == 0


@given(cases)
def test_down_to_up_never_lowers_up(case: Case) -> None:
    before = case.tally()
    for i, (at_ms, status) in enumerate(list(case.told)):
        if status is Status.DOWN:
            case.told[i] = (at_ms, Status.UP)
            after = case.tally()
            assert after.up_ms >= before.up_ms
            assert after.down_ms <= before.down_ms
            before = after


@given(cases, instants)
def test_a_device_added_midway_counts_only_its_life(case: Case, born_ms: int) -> None:
    case.life = [Span(start_ms=born_ms, end_ms=10_000)]
    found = case.tally()
    part = case.period.clip(case.life[0])
    lived = case.tally(part) if part is not None else Buckets()
    assert replace(found, absent_ms=0) == lived
    assert found.absent_ms == case.period.length_ms - (part.length_ms if part else 0)


@given(cases, instants)
def test_one_instant_is_what_the_tally_counts_there(case: Case, at_ms: int) -> None:
    one = case.tally(Span(start_ms=at_ms, end_ms=at_ms + 1))
    status = status_at(
        at_ms, changes=case.told, life=case.life, excluded=case.excluded, known_until_ms=case.known_until_ms
    )
    if status is None:
        assert one.excluded_ms + one.absent_ms == 1
    else:
        assert one == naive_tally(
            changes=[(at_ms, status)],
            life=[Span(start_ms=at_ms, end_ms=at_ms + 1)],
            excluded=[],
            period=Span(start_ms=at_ms, end_ms=at_ms + 1),
            known_until_ms=at_ms + 1,
        )


@given(many, many)
def test_subtraction(left: list[Span], right: list[Span]) -> None:
    found = subtracted(merged(left), merged(right))
    milliseconds = {ms for span in found for ms in range(span.start_ms, span.end_ms)}
    everything = {ms for span in left for ms in range(span.start_ms, span.end_ms)}
    assert milliseconds == everything - {ms for span in right for ms in range(span.start_ms, span.end_ms)}
    assert found == merged(found)


def test_the_last_change_of_an_instant_stands_and_disorder_is_refused() -> None:
    period = Span(start_ms=0, end_ms=10)
    both = [(0, Status.DEGRADED), (0, Status.DOWN)]
    assert tally(changes=both, life=[period], excluded=[], period=period, known_until_ms=10) == Buckets(down_ms=10)
    with pytest.raises(ValueError, match="order"):
        tally(changes=[(5, Status.UP), (3, Status.UP)], life=[period], excluded=[], period=period, known_until_ms=10)
