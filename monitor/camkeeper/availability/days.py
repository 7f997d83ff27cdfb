"""The local calendar in UTC milliseconds: days of 23, 24 or 25 hours, months, and the hour of a patrol.

A local time that the clocks skip stands for the instant at which they skip it; one that they show twice for the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from camkeeper.model.span import Span

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_ONE_DAY = timedelta(days=1)
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_HOUR = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def local_ms(day: date, at: time, tz: str) -> int:
    """Return the instant at which `tz` shows `at` on `day`."""
    naive = datetime.combine(day, at)
    there = naive.replace(tzinfo=ZoneInfo(tz))
    instant = there.astimezone(UTC)
    if instant.astimezone(ZoneInfo(tz)).replace(tzinfo=None) != naive:
        # Skipped: with the offset from before the jump, `instant` lies as far behind the jump as the reading does.
        instant = _jump_before(instant, naive, ZoneInfo(tz))
    return (instant - _EPOCH) // _MS


def _jump_before(instant: datetime, naive: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant of the jump that skips the reading `naive`, found by halving."""
    low, high = instant - _ONE_DAY * 2, instant
    while high - low > _MS:
        middle = low + (high - low) // 2
        if middle.astimezone(zone).replace(tzinfo=None) < naive:
            low = middle
        else:
            high = middle
    return high


@lru_cache(maxsize=4096)
def day_span(day: date, tz: str) -> Span:
    """Return one local day. Empty for a day that the zone left out (Samoa, 2011-12-30)."""
    start_ms = local_ms(day, time.min, tz)
    return Span(start_ms=start_ms, end_ms=max(start_ms, local_ms(day + _ONE_DAY, time.min, tz)))


def local_date(at_ms: int, tz: str) -> date:
    """Return the local date at an instant."""
    return (_EPOCH + at_ms * _MS).astimezone(ZoneInfo(tz)).date()


def days_of(period: Span, tz: str) -> Iterator[tuple[date, Span]]:
    """Yield each local day that the period touches, with the part of it inside the period, in order."""
    if not period.length_ms:
        return
    day, last = local_date(period.start_ms, tz), local_date(period.end_ms - 1, tz)
    while day <= last:
        part = day_span(day, tz).clip(period)
        if part is not None:
            yield day, part
        day += _ONE_DAY


def month_span(month: str, tz: str) -> Span:
    """Return a local calendar month, written "2026-10"; ValueError for anything else."""
    match = _MONTH.fullmatch(month)
    if match is None:
        raise ValueError(f"not a month, such as 2026-10: {month!r}")
    try:
        first = date(int(match[1]), int(match[2]), 1)
        after = (first + timedelta(days=31)).replace(day=1)
        return Span(start_ms=local_ms(first, time.min, tz), end_ms=local_ms(after, time.min, tz))
    except OverflowError as error:
        raise ValueError(f"outside the calendar: {month!r}") from error


def month_of(at_ms: int, tz: str) -> str:
    """Return the local month of an instant, as `month_span` reads it."""
    return local_date(at_ms, tz).strftime("%Y-%m")


def patrol_ms(day: date, patrol_at: str, tz: str) -> int:
    """Return the instant of the daily look at local time `patrol_at`, "09:00"; ValueError for anything else."""
    match = _HOUR.fullmatch(patrol_at)
    if match is None:
        raise ValueError(f"not an hour of the day, such as 09:00: {patrol_at!r}")
    return local_ms(day, time(int(match[1]), int(match[2])), tz)
