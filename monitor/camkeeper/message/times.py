"""Instants and durations in words. Times of day are the place's own."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from camkeeper.model.channel import Language

_MINUTE_MS = 60_000


def instant(at_ms: int, seen_from_ms: int, timezone: str) -> str:
    """Return `14:05`, with month and day where the reader's day is another."""
    zone = ZoneInfo(timezone)
    at = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)
    today = datetime.fromtimestamp(seen_from_ms / 1000, UTC).astimezone(zone)
    if at.date() == today.date():
        return f"{at:%H:%M}"
    return f"{at:%m-%d %H:%M}" if at.year == today.year else f"{at:%Y-%m-%d %H:%M}"


def rfc3339(at_ms: int) -> str:
    """Return UTC as machines write it."""
    at = datetime.fromtimestamp(at_ms // 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"


def duration(ms: int, language: Language) -> str:
    """Return whole minutes, truncated, in at most two units.

    >>> duration(8_100_000, Language.ZH), duration(59_999, Language.ZH), duration(90_000_000, Language.EN)
    ('2小时15分', '不到1分钟', '1 d 1 h')
    """
    minutes = max(0, ms) // _MINUTE_MS
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if language is Language.EN:
        if days:
            return f"{days} d {hours} h" if hours else f"{days} d"
        if hours:
            return f"{hours} h {rest} min" if rest else f"{hours} h"
        return f"{rest} min" if rest else "less than a minute"
    if days:
        return f"{days}天{hours}小时" if hours else f"{days}天"
    if hours:
        return f"{hours}小时{rest}分" if rest else f"{hours}小时"
    return f"{rest}分钟" if rest else "不到1分钟"


def tenths_of_hours(ms: int) -> str:
    """Return hours with one decimal, truncated towards zero: `2.1`."""
    tenths = abs(ms) // 360_000
    return f"{tenths // 10}.{tenths % 10}"


def percent(bp: int) -> str:
    """Return basis points as percent, never rounded: 9499 is `94.99`."""
    return f"{bp // 100}.{bp % 100:02d}".removesuffix(".00")
