"""A rule expanded in a local zone, over one period, in bounded time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from dateutil import rrule

from camkeeper.availability.days import local_ms
from camkeeper.model.span import Span
from camkeeper.window.rule import Frequency, Rule

MAX_WALKED = 60_000
"""Occurrences from the first one on that are looked at: 160 years of a daily window."""
MAX_IN_PERIOD = 3_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_FREQ: Mapping[Frequency, Literal[0, 1, 2, 3]] = {
    Frequency.DAILY: rrule.DAILY,
    Frequency.WEEKLY: rrule.WEEKLY,
    Frequency.MONTHLY: rrule.MONTHLY,
    Frequency.YEARLY: rrule.YEARLY,
}
_CYCLE_YEARS = 400
"""The calendar repeats after 400 years, to the weekday."""
_AHEAD_YEARS = 200
"""At least this far ahead a rule is followed."""
_FIRST_YEAR, _LAST_YEAR = 1970, 9000


class EndlessError(ValueError):
    """More occurrences than anybody means; the message says how many were looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One time of a recurring span."""

    key: str
    """Local start, `2026-10-14T09:00`: the same in every expansion."""
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """What a rule comes to in a period."""

    occurrences: tuple[Occurrence, ...]
    skipped: tuple[str, ...] = ()
    """Local times that the clocks leave out that day: RFC 5545 (3.3.10) neither holds nor counts them."""


def expand(
    *,
    first: datetime,
    tz: str,
    length_ms: int,
    period: Span,
    rule: Rule | None = None,
    but: Collection[date] = (),
    until_ms: int | None = None,
) -> Expansion:
    """Return every occurrence that touches the period, in order of start.

    `first`: naive local time of the first one, to the minute. An occurrence lasts `length_ms` of elapsed time, whatever
    the clocks do meanwhile; a local time that comes twice is the first of the two. `but`: local dates left out (they
    count for COUNT). `until_ms`: none begins there or later, whatever the rule says. Raises ValueError for a first time
    outside 1970..9000 or with a zone, EndlessError past `MAX_WALKED` or `MAX_IN_PERIOD` occurrences.
    """
    if first.tzinfo is not None or not _FIRST_YEAR <= first.year <= _LAST_YEAR:
        raise ValueError(f"a local time of {_FIRST_YEAR} to {_LAST_YEAR} is wanted: {first}")
    if length_ms <= 0:
        raise ValueError(f"an occurrence lasts some time: {length_ms} ms")
    found: list[Occurrence] = []
    skipped: list[str] = []
    end_ms = period.end_ms if until_ms is None else min(period.end_ms, until_ms)
    left = rule.count if rule is not None and rule.count is not None else MAX_WALKED + 1
    for walked, local in enumerate(_local_times(first, rule), 1):
        if walked > MAX_WALKED:
            raise EndlessError(f"{rule}: more than {MAX_WALKED} occurrences before the end of the period")
        start_ms, exists = _instant(local, tz)
        if start_ms >= end_ms or _is_past(local, start_ms, rule) or left == 0:
            break
        key = f"{local:%Y-%m-%dT%H:%M}"
        if not exists:
            if start_ms >= period.start_ms:
                skipped.append(key)
            continue
        left -= 1
        if start_ms + length_ms > period.start_ms and local.date() not in but:
            found.append(Occurrence(key=key, span=Span(start_ms=start_ms, end_ms=start_ms + length_ms)))
        if len(found) > MAX_IN_PERIOD:
            raise EndlessError(f"{rule}: more than {MAX_IN_PERIOD} occurrences in one period")
    return Expansion(occurrences=tuple(found), skipped=tuple(skipped))


def _local_times(first: datetime, rule: Rule | None) -> Iterator[datetime]:
    """Yield naive local times in order.

    The library looks for the next match until the year 9999, even where none ever comes (February 30). So the rule is
    walked near the end of the calendar, a whole number of 400 years later: such a search ends after a few centuries.
    """
    if rule is None:
        yield first
        return
    later = (9999 - _AHEAD_YEARS - first.year) // _CYCLE_YEARS * _CYCLE_YEARS
    walk = rrule.rrule(
        _FREQ[rule.freq],
        dtstart=first.replace(year=first.year + later),
        interval=rule.interval,
        wkst=rule.week_start,
        bymonth=rule.by_month or None,
        byweekno=rule.by_week or None,
        byyearday=rule.by_year_day or None,
        bymonthday=rule.by_month_day or None,
        byweekday=[rrule.weekday(d.day, d.nth or None) for d in rule.by_weekday] or None,
        byhour=rule.by_hour or None,
        byminute=rule.by_minute or None,
        bysecond=0,
        bysetpos=rule.by_position or None,
    )
    for at in walk:
        yield at.replace(year=at.year - later)


def _instant(local: datetime, tz: str) -> tuple[int, bool]:
    """Return the instant of a local time, and whether the zone has that time at all."""
    at_ms = local_ms(local.date(), local.time(), tz)
    shown = (_EPOCH + at_ms * _MS).astimezone(ZoneInfo(tz)).replace(tzinfo=None)
    return at_ms, shown == local


def _is_past(local: datetime, start_ms: int, rule: Rule | None) -> bool:
    if rule is None or rule.until is None:
        return False
    if rule.until.tzinfo is None:
        return local > rule.until
    return start_ms > (rule.until - _EPOCH) // _MS
