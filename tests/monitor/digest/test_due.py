"""Laws of the calendar: each day and each week has one letter, whatever the zone does with its clocks."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camkeeper.availability.days import day_span, local_date, local_ms
from camkeeper.digest.due import Due, due_on, newest_due
from camkeeper.model.digest import DigestKind, DigestRule

ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC")
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
SETTLE_MS = HOUR_MS
RULES = st.builds(
    DigestRule,
    kind=st.sampled_from(DigestKind),
    minute=st.integers(0, 1439),
    weekday=st.integers(0, 6),
    channel_ids=st.just(("a",)),
)
INSTANTS = st.integers(1_250_000_000_000, 1_900_000_000_000)


@given(rule=RULES, tz=st.sampled_from(ZONES), now_ms=INSTANTS)
def test_a_letter_is_due_after_its_time_and_sums_up_what_is_over(rule: DigestRule, tz: str, now_ms: int) -> None:
    due = newest_due(rule, tz, now_ms, settle_ms=SETTLE_MS)
    if due is None:
        return
    assert due.period.end_ms + SETTLE_MS <= due.due_ms <= now_ms
    assert due.before.end_ms == due.period.start_ms
    assert (due.last - due.first).days == (0 if rule.kind is DigestKind.DAY else 6)
    assert due.period.start_ms == day_span(due.first, tz).start_ms
    sent_on = due.last + timedelta(days=1)
    assert rule.kind is DigestKind.DAY or sent_on.weekday() == rule.weekday
    assert local_date(due.due_ms, tz) >= sent_on


@given(rule=RULES, tz=st.sampled_from(ZONES), start_ms=INSTANTS, steps=st.lists(st.integers(1, 300), max_size=60))
def test_time_never_brings_back_an_older_letter(rule: DigestRule, tz: str, start_ms: int, steps: list[int]) -> None:
    now_ms, newest = start_ms, -1
    for minutes in steps:
        now_ms += minutes * MINUTE_MS
        due = newest_due(rule, tz, now_ms, settle_ms=SETTLE_MS)
        if due is not None:
            assert due.due_ms >= newest
            newest = due.due_ms


@given(tz=st.sampled_from(ZONES), first=st.dates(date(2011, 12, 1), date(2027, 12, 31)), minute=st.integers(0, 1439))
def test_looking_each_quarter_of_an_hour_misses_no_day(tz: str, first: date, minute: int) -> None:
    rule = DigestRule(kind=DigestKind.DAY, minute=minute, channel_ids=("a",))
    start_ms = local_ms(first, time(0, 0), tz)
    seen: dict[str, Due] = {}
    for now_ms in range(start_ms, start_ms + 5 * DAY_MS, 15 * MINUTE_MS):
        due = newest_due(rule, tz, now_ms, settle_ms=SETTLE_MS)
        if due is not None:
            seen.setdefault(due.key, due)
    wanted = [first + timedelta(days=n) for n in range(3)]
    there = {f"daily-{d}" for d in wanted if day_span(d, tz).length_ms}
    assert there <= seen.keys(), "each of the days has its letter"


def test_the_letter_of_a_week_has_one_name_whatever_weekday_is_configured() -> None:
    names = {
        weekday: due.key
        for weekday in range(7)
        for day in [date(2026, 11, 16) + timedelta(days=weekday)]
        if (due := due_on(DigestRule(kind=DigestKind.WEEK, minute=480, weekday=weekday, channel_ids=()), "UTC", day))
    }
    assert set(names.values()) == {"weekly-2026-W47"}


@pytest.mark.parametrize(("kind", "late_h"), [(DigestKind.DAY, 12), (DigestKind.WEEK, 72)])
def test_what_is_half_a_day_late_is_no_news(kind: DigestKind, late_h: int) -> None:
    rule = DigestRule(kind=kind, minute=480, channel_ids=("a",))
    at_ms = local_ms(date(2026, 11, 16), time(8, 0), "Asia/Shanghai")
    assert newest_due(rule, "Asia/Shanghai", at_ms + late_h * HOUR_MS, settle_ms=0) is not None
    late = newest_due(rule, "Asia/Shanghai", at_ms + late_h * HOUR_MS + 1, settle_ms=0)
    assert late is None


def test_an_hour_that_the_clock_skips_is_the_instant_of_the_jump() -> None:
    rule = DigestRule(kind=DigestKind.DAY, minute=150, channel_ids=("a",))
    due = due_on(rule, "Europe/Berlin", date(2026, 3, 29))
    assert due is not None
    assert due.due_ms - day_span(date(2026, 3, 29), "Europe/Berlin").start_ms == 2 * HOUR_MS


def test_a_day_that_the_zone_left_out_has_no_letter() -> None:
    rule = DigestRule(kind=DigestKind.DAY, minute=480, channel_ids=("a",))
    assert due_on(rule, "Pacific/Apia", date(2011, 12, 31)) is None


@pytest.mark.parametrize(("minute", "weekday"), [(-1, 0), (1440, 0), (0, 7)])
def test_no_such_time(minute: int, weekday: int) -> None:
    with pytest.raises(ValueError, match="no such"):
        DigestRule(kind=DigestKind.DAY, minute=minute, weekday=weekday, channel_ids=())
