"""The local calendar: days of odd lengths, and what lies between them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camkeeper.availability.buckets import Buckets
from camkeeper.availability.days import day_span, days_of, local_date, month_of, month_span, patrol_ms
from camkeeper.availability.tally import tally
from camkeeper.model.span import Span
from camkeeper.model.status import Status

HOUR = 3_600_000
ZONES = (
    "Asia/Shanghai",
    "Europe/Berlin",
    "America/Havana",  # clocks change at midnight
    "America/Toronto",  # 1919: from 23:30 to 00:30
    "Australia/Lord_Howe",  # by half an hour
    "Pacific/Apia",  # a day left out in 2011
    "Asia/Kathmandu",
    "UTC",
)
days = st.dates(date(1910, 1, 2), date(2060, 12, 30))


def at(text: str) -> int:
    return (datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        ("2026-10-01", "Asia/Shanghai", 24),
        ("2026-03-29", "Europe/Berlin", 23),
        ("2026-10-25", "Europe/Berlin", 25),
        ("2026-04-05", "Australia/Lord_Howe", 24.5),
        ("2011-12-30", "Pacific/Apia", 0),
        ("1919-03-30", "America/Toronto", 23.5),
        ("1919-03-31", "America/Toronto", 23.5),
    ],
)
def test_how_long_a_day_is(day: str, zone: str, hours: float) -> None:
    assert day_span(date.fromisoformat(day), zone).length_ms == hours * HOUR


@given(days, st.sampled_from(ZONES))
def test_days_meet_without_gap_and_hold_their_own_instants(day: date, zone: str) -> None:
    span = day_span(day, zone)
    assert span.end_ms == day_span(day + timedelta(days=1), zone).start_ms
    if span.length_ms:
        assert local_date(span.start_ms, zone) == day
        assert local_date(span.start_ms - 1, zone) < day
        assert local_date(span.end_ms - 1, zone) == day


@given(st.integers(1910, 2060), st.integers(1, 12), st.sampled_from(ZONES))
def test_a_month_is_its_days(year: int, month: int, zone: str) -> None:
    name = f"{year}-{month:02}"
    span = month_span(name, zone)
    parts = list(days_of(span, zone))
    assert sum(part.length_ms for _, part in parts) == span.length_ms
    assert {day.strftime("%Y-%m") for day, _ in parts} == {name}
    assert month_of(span.start_ms, zone) == month_of(span.end_ms - 1, zone) == name


@given(
    st.integers(at("2025-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z")),
    st.integers(0, 90 * 24 * HOUR),
    st.sampled_from(ZONES),
    st.lists(
        st.tuples(st.integers(at("2025-01-01T00:00:00Z"), at("2027-06-01T00:00:00Z")), st.sampled_from(list(Status))),
        max_size=6,
    ),
)
def test_buckets_add_up_over_days_hours_and_months(
    start_ms: int, length_ms: int, zone: str, told: list[tuple[int, Status]]
) -> None:
    period = Span(start_ms=start_ms, end_ms=start_ms + length_ms)
    changes = sorted(told, key=lambda change: change[0])

    def count(span: Span) -> Buckets:
        return tally(changes=changes, life=[period], excluded=[], period=span, known_until_ms=period.end_ms)

    whole = count(period)
    assert sum((count(part) for _, part in days_of(period, zone)), Buckets()) == whole
    months = sorted({month_of(part.start_ms, zone) for _, part in days_of(period, zone)})
    parts = [month_span(month, zone).clip(period) for month in months]
    assert sum((count(part) for part in parts if part is not None), Buckets()) == whole


@pytest.mark.parametrize(
    ("day", "clock", "zone", "expected"),
    [
        ("2026-10-01", "09:00", "Asia/Shanghai", "2026-10-01T01:00:00Z"),
        ("2026-03-29", "02:30", "Europe/Berlin", "2026-03-29T01:00:00Z"),  # skipped: the instant of the jump
        ("2026-10-25", "02:30", "Europe/Berlin", "2026-10-25T00:30:00Z"),  # twice: the first
    ],
)
def test_the_hour_of_the_patrol(day: str, clock: str, zone: str, expected: str) -> None:
    assert patrol_ms(date.fromisoformat(day), clock, zone) == at(expected)


@given(days, st.times(), st.sampled_from(ZONES))
def test_a_patrol_is_on_its_day_and_at_its_hour(day: date, clock: object, zone: str) -> None:
    written = str(clock)[:5]
    instant = patrol_ms(day, written, zone)
    shown = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=instant)).astimezone(ZoneInfo(zone))
    if day_span(day, zone).length_ms >= 23 * HOUR and shown.strftime("%H:%M") == written:
        assert shown.date() == day
    else:
        assert shown.replace(tzinfo=None) >= datetime.fromisoformat(f"{day}T{written}")


@pytest.mark.parametrize("text", ["", "2026-13", "2026-1", "2026", "2026-10-01", "٢٠٢٦-10", "9999-12", "0001-01"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"month|calendar|year"):
        month_span(text, "Asia/Shanghai")


@pytest.mark.parametrize("text", ["", "24:00", "9:00", "09:60", "0900"])
def test_what_is_no_hour_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="hour"):
        patrol_ms(date(2026, 10, 1), text, "UTC")
