"""Expansion beside a calendar that looks at every day; nights of 23 and 25 hours; rules that never come."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camkeeper.model.span import Span
from camkeeper.window.occur import EndlessError, Occurrence, expand
from camkeeper.window.rule import Frequency, Rule, read_rule

HOUR, DAY = 3_600_000, 86_400_000
BERLIN, SHANGHAI = "Europe/Berlin", "Asia/Shanghai"


def _ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def _local(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _year(year: int) -> Span:
    return Span(start_ms=_ms(f"{year}-01-01"), end_ms=_ms(f"{year + 1}-01-01"))


def _keys(first: str, rule: str | None, period: Span, tz: str = SHANGHAI, length_ms: int = HOUR) -> list[str]:
    found = expand(
        first=_local(first), tz=tz, length_ms=length_ms, period=period, rule=read_rule(rule) if rule else None
    )
    return [o.key for o in found.occurrences]


def _by_looking(first: datetime, rule: Rule, tz: str, period: Span) -> list[Occurrence]:
    """Every minute-exact candidate day from the first on, by the words of the rule; length one hour."""
    out: list[Occurrence] = []
    zone = ZoneInfo(tz)
    week0 = first.date() - timedelta(days=(first.weekday() - rule.week_start) % 7)
    left = rule.count if rule.count is not None else 10**9
    day = first.date()
    while left and day < date(2029, 1, 1):
        if rule.freq is Frequency.DAILY:
            hit = (day - first.date()).days % rule.interval == 0
            hit = hit and (not rule.by_weekday or day.weekday() in {w.day for w in rule.by_weekday})
        elif rule.freq is Frequency.WEEKLY:
            days = {w.day for w in rule.by_weekday} or {first.weekday()}
            hit = (day - week0).days // 7 % rule.interval == 0 and day.weekday() in days
        else:
            months = (day.year - first.year) * 12 + day.month - first.month
            last = (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
            wanted = {d if d > 0 else last.day + 1 + d for d in rule.by_month_day or (first.day,)}
            hit = months % rule.interval == 0 and day.day in wanted
        if hit:
            local = datetime.combine(day, first.time())
            at = local.replace(tzinfo=zone).astimezone(UTC)
            if at.astimezone(zone).replace(tzinfo=None) == local:
                left -= 1
                start_ms = int(at.timestamp() * 1000)
                if start_ms + HOUR > period.start_ms and start_ms < period.end_ms:
                    span = Span(start_ms=start_ms, end_ms=start_ms + HOUR)
                    out.append(Occurrence(key=f"{local:%Y-%m-%dT%H:%M}", span=span))
        day += timedelta(days=1)
    return out


@settings(max_examples=60)
@given(
    st.datetimes(_local("2026-01-01"), _local("2026-12-31")).map(lambda d: d.replace(second=0, microsecond=0)),
    st.sampled_from(
        [
            "FREQ=DAILY",
            "FREQ=DAILY;BYDAY=MO,SA",
            "FREQ=WEEKLY",
            "FREQ=WEEKLY;BYDAY=TU,SU",
            "FREQ=WEEKLY;BYDAY=SU;WKST=SU",
            "FREQ=MONTHLY",
            "FREQ=MONTHLY;BYMONTHDAY=-1,15",
        ]
    ),
    st.integers(1, 5),
    st.sampled_from([None, 1, 7, 40]),
    st.sampled_from([BERLIN, SHANGHAI, "America/Sao_Paulo", "Australia/Lord_Howe"]),
    st.integers(0, 800),
)
def test_as_a_calendar_shows_it(
    first: datetime, text: str, interval: int, count: int | None, tz: str, start_day: int
) -> None:
    rule = read_rule(f"{text};INTERVAL={interval}" + (f";COUNT={count}" if count else ""))
    start_ms = _ms("2026-01-01") + start_day * DAY
    period = Span(start_ms=start_ms, end_ms=start_ms + 60 * DAY)
    found = expand(first=first, tz=tz, length_ms=HOUR, period=period, rule=rule)
    assert list(found.occurrences) == _by_looking(first, rule, tz, period)


def test_periods_side_by_side_have_the_same_occurrences_as_one() -> None:
    rule = read_rule("FREQ=WEEKLY;BYDAY=SA,SU")
    months = [_ms(f"2026-{m:02d}-01") for m in range(1, 13)]
    whole = expand(
        first=_local("2026-01-03T23:30"),
        tz=BERLIN,
        length_ms=2 * HOUR,
        period=Span(start_ms=months[0], end_ms=months[-1]),
        rule=rule,
    )
    parts = [
        expand(
            first=_local("2026-01-03T23:30"),
            tz=BERLIN,
            length_ms=2 * HOUR,
            period=Span(start_ms=a, end_ms=b),
            rule=rule,
        )
        for a, b in pairwise(months)
    ]
    together = {o.key: o for p in parts for o in p.occurrences}
    assert tuple(together.values()) == whole.occurrences


def test_the_night_of_23_hours_skips_and_says_so() -> None:
    found = expand(
        first=_local("2026-03-28T02:30"),
        tz=BERLIN,
        length_ms=HOUR,
        period=_year(2026),
        rule=read_rule("FREQ=DAILY;COUNT=3"),
    )
    assert [o.key for o in found.occurrences] == ["2026-03-28T02:30", "2026-03-30T02:30", "2026-03-31T02:30"]
    assert found.skipped == ("2026-03-29T02:30",)
    assert found.occurrences[0].span.start_ms == _ms("2026-03-28T01:30")
    assert found.occurrences[1].span.start_ms == _ms("2026-03-30T00:30")


def test_the_night_of_25_hours_takes_the_first_of_two_and_lasts_as_long() -> None:
    found = expand(
        first=_local("2026-10-25T02:30"), tz=BERLIN, length_ms=4 * HOUR, period=_year(2026), rule=None
    ).occurrences
    assert found[0].span == Span(start_ms=_ms("2026-10-25T00:30"), end_ms=_ms("2026-10-25T04:30"))


def test_china_had_summer_time_once() -> None:
    keys = _keys("1988-04-16T00:30", "FREQ=DAILY;COUNT=3", _year(1988))
    assert keys == ["1988-04-16T00:30", "1988-04-17T00:30", "1988-04-18T00:30"]
    found = expand(first=_local("1988-04-17T02:30"), tz=SHANGHAI, length_ms=HOUR, period=_year(1988))
    assert found.skipped == ("1988-04-17T02:30",)


@pytest.mark.parametrize(
    ("rule", "keys"),
    [
        ("FREQ=MONTHLY;BYDAY=2TU;COUNT=3", ["2026-01-13", "2026-02-10", "2026-03-10"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2", ["2026-01-30", "2026-02-27"]),
        ("FREQ=YEARLY;BYMONTH=10;BYMONTHDAY=1,2", ["2026-10-01", "2026-10-02"]),
        ("FREQ=DAILY;UNTIL=20260107T010000Z", ["2026-01-06", "2026-01-07"]),
        ("FREQ=DAILY;UNTIL=20260107T005959Z", ["2026-01-06"]),
        ("FREQ=DAILY;UNTIL=20260107", ["2026-01-06", "2026-01-07"]),
        ("FREQ=YEARLY;BYWEEKNO=2;BYDAY=WE", ["2026-01-07"]),
        (None, ["2026-01-06"]),
    ],
)
def test_rules_by_hand(rule: str | None, keys: list[str]) -> None:
    assert _keys("2026-01-06T09:00", rule, _year(2026)) == [f"{k}T09:00" for k in keys]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTH=4;BYMONTHDAY=31",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTH=5",
        "FREQ=YEARLY;BYWEEKNO=20;BYMONTH=1;BYDAY=MO",
    ],
)
def test_a_rule_that_never_comes_ends(rule: str) -> None:
    assert _keys("2026-01-06T09:00", rule, _year(2026)) == []


def test_too_many_are_told() -> None:
    with pytest.raises(EndlessError, match="in one period"):
        _keys("2026-01-01T00:00", "FREQ=DAILY", Span(start_ms=_ms("2026-01-01"), end_ms=_ms("2126-01-01")))
    often = "FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(24)))
    with pytest.raises(EndlessError, match="before the end"):
        _keys("1970-01-01T00:00", often, _year(2026), length_ms=60_000)


def test_left_out_days_count_for_count_and_nothing_begins_after_the_limit() -> None:
    found = expand(
        first=_local("2026-09-29T09:00"),
        tz=SHANGHAI,
        length_ms=HOUR,
        period=_year(2026),
        rule=read_rule("FREQ=DAILY;COUNT=5"),
        but={date(2026, 10, 1), date(2026, 10, 2)},
        until_ms=_ms("2026-10-03T01:00"),
    )
    assert [o.key for o in found.occurrences] == ["2026-09-29T09:00", "2026-09-30T09:00"]


def test_times_that_are_none_are_refused() -> None:
    for first in (datetime(2026, 1, 1, tzinfo=UTC), _local("1969-01-01"), _local("9500-01-01")):
        with pytest.raises(ValueError, match="local time"):
            expand(first=first, tz=SHANGHAI, length_ms=HOUR, period=_year(2026))
    with pytest.raises(ValueError, match="lasts some time"):
        expand(first=_local("2026-01-01"), tz=SHANGHAI, length_ms=0, period=_year(2026))


def test_from_1970_and_far_ahead() -> None:
    assert _keys("1970-01-06T09:00", "FREQ=YEARLY", _year(2026)) == ["2026-01-06T09:00"]
    assert _keys("1970-01-06T09:00", "FREQ=YEARLY", _year(2170)) == ["2170-01-06T09:00"]
