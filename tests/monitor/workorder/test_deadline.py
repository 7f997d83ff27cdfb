"""Deadlines beside a clock that counts minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.workorder.make import HOUR, MIN, POLICY, T0, change, event, walked

from camkeeper.model.service import FaultClass, Pledge, ServicePolicy, WorkingHours, preset
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from camkeeper.model.workorder import Step
from camkeeper.workorder.book import fold
from camkeeper.workorder.deadline import Overdue, after, counted_ms, due, excluded_for, overdue
from camkeeper.workorder.proof import told

# The last Sunday of March and of October: a night of 23 and one of 25 hours.
_SPRING = int(datetime(2026, 3, 27, 12, 0, tzinfo=UTC).timestamp()) * 1000
_AUTUMN = int(datetime(2026, 10, 23, 12, 0, tzinfo=UTC).timestamp()) * 1000
_HOURS = WorkingHours(
    tz="Europe/Berlin",
    days=frozenset({0, 1, 2, 3, 4, 6}),
    start_min=60,
    end_min=600,
    holidays=frozenset({date(2026, 10, 26)}),
    workdays=frozenset({date(2026, 10, 24)}),
)


def _minute_counts(at_ms: int, hours: WorkingHours | None, excluded: list[Span]) -> bool:
    if any(at_ms in s for s in excluded):
        return False
    if hours is None:
        return True
    local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)).astimezone(ZoneInfo(hours.tz))
    day = local.date()
    works = day in hours.workdays or (day.weekday() in hours.days and day not in hours.holidays)
    return works and hours.start_min <= local.hour * 60 + local.minute < hours.end_min


_SPANS = st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 900)), max_size=4)


@settings(max_examples=60)
@given(
    st.sampled_from([_SPRING, _AUTUMN]),
    st.sampled_from([None, _HOURS]),
    _SPANS,
    st.integers(1, 900),
)
def test_as_counted_minute_by_minute(
    start_ms: int, hours: WorkingHours | None, spans: list[tuple[int, int]], allowed_min: int
) -> None:
    excluded = [Span(start_ms=start_ms + a * MIN, end_ms=start_ms + (a + n) * MIN) for a, n in spans]
    left, at_ms = allowed_min, start_ms
    while left:
        left -= _minute_counts(at_ms, hours, excluded)
        at_ms += MIN
    assert after(start_ms, allowed_min * MIN, hours, excluded) == at_ms
    assert counted_ms(Span(start_ms=start_ms, end_ms=at_ms), hours, excluded) == allowed_min * MIN


def test_the_clock_of_a_repair() -> None:
    order = walked().orders[1]
    assert due(order).respond_by_ms == T0 + 30 * MIN
    assert due(order).repair_by_ms == T0 + 4 * HOUR
    assert overdue(order, T0 + 30 * MIN) is None
    assert overdue(order, T0 + 30 * MIN + 1) is Overdue.RESPONSE
    accepted = fold(walked(), [event(1, Step.ACCEPTED, T0 + 20 * MIN)])[0]
    assert overdue(accepted.orders[1], T0 + 4 * HOUR) is None
    assert overdue(accepted.orders[1], T0 + 4 * HOUR + 1) is Overdue.REPAIR
    up = told(accepted, change("a", T0 + 3 * HOUR, Status.UP))[0]
    assert overdue(up.orders[1], T0 + 90 * HOUR) is None, "what works again is not late"


def test_what_both_parties_excluded_moves_the_deadline_only_where_it_has_all_devices() -> None:
    order = walked(devices=("a", "b")).orders[1]
    window = Span(start_ms=T0 + HOUR, end_ms=T0 + 3 * HOUR)
    assert excluded_for(order, {"a": [window]}) == ()
    both = excluded_for(order, {"a": [window], "b": [Span(start_ms=T0 + 2 * HOUR, end_ms=T0 + 9 * HOUR)]})
    assert both == (Span(start_ms=T0 + 2 * HOUR, end_ms=T0 + 3 * HOUR),)
    assert due(order, both).repair_by_ms == T0 + 5 * HOUR


def test_a_whole_village_is_faster_in_every_preset() -> None:
    for name in ("standard", "working-hours"):
        policy = preset(name, tz="Asia/Shanghai")
        village, domain = policy.pledges[FaultClass.VILLAGE], policy.pledges[FaultClass.DOMAIN]
        assert village.repair_ms < domain.repair_ms <= policy.pledges[FaultClass.DEVICE].repair_ms
        assert village.around_the_clock


def test_a_contract_without_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="no pledge for"):
        ServicePolicy(name="x", pledges={}, hours=POLICY.hours)
    with pytest.raises(ValueError, match="before the answer"):
        Pledge(respond_ms=2, repair_ms=1)
    with pytest.raises(ValueError, match="end before they start"):
        WorkingHours(tz="Asia/Shanghai", start_min=600, end_min=600)
    with pytest.raises(ValueError, match="at least one"):
        WorkingHours(tz="Asia/Shanghai", days=frozenset())


def test_no_time_that_counts_is_no_deadline() -> None:
    assert after(T0, HOUR, excluded=[Span(start_ms=T0, end_ms=T0 + 4000 * 24 * HOUR)]) is None
