"""UTC months: the partition of the interval table. Pure arithmetic, proleptic Gregorian, UTC milliseconds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_MS = 86_400_000
_MS = timedelta(milliseconds=1)


@lru_cache(maxsize=4096)
def _month_of_day(day: int) -> int:
    date = _EPOCH + timedelta(days=day)
    return date.year * 12 + date.month - 1


def month_of(at_ms: int) -> int:
    """Return the number of the UTC month that has the instant: year * 12 + month - 1."""
    return _month_of_day(at_ms // _DAY_MS)


@lru_cache(maxsize=1024)
def month_start_ms(month: int) -> int:
    """Return the first millisecond of a UTC month."""
    return (datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC) - _EPOCH) // _MS


def split(t0: int, t1: int) -> Iterator[tuple[int, int, int]]:
    """Yield (month, start, end) of the pieces of [t0, t1), cut at UTC month edges; nothing for an empty span."""
    month = month_of(t0)
    while t0 < t1:
        end = min(t1, month_start_ms(month + 1))
        yield month, t0, end
        t0, month = end, month + 1
