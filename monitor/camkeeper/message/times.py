"""Instants and durations in words. Times of day are the place's own."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from camkeeper.model.channel import Language

_MINUTE_MS = 60_000
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


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


def clock_off(offset_s: float, at_ms: int, seen_from_ms: int, timezone: str, language: Language) -> str:
    """Return how far a device's clock was off on a day of the place, with the year where the reader's is another.

    >>> clock_off(252, 1_777_780_800_000, 1_777_780_800_000, "Asia/Shanghai", Language.ZH)
    '5月3日快 4 分 12 秒'
    >>> clock_off(252, 1_777_780_800_000, 1_777_780_800_000, "Asia/Shanghai", Language.EN)
    '4 min 12 s fast on 3 May'
    """
    zone, off_s = ZoneInfo(timezone), round(abs(offset_s))
    at = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)
    same_year = at.year == datetime.fromtimestamp(seen_from_ms / 1000, UTC).astimezone(zone).year
    parts = zip((off_s // 86_400, off_s // 3600 % 24, off_s // 60 % 60, off_s % 60), range(4), strict=True)
    units = ("d", "h", "min", "s") if language is Language.EN else ("天", "小时", "分", "秒")
    amount = " ".join(f"{n} {units[place]}" for n, place in parts if n)
    if language is Language.EN:
        day = f"on {at.day} {_MONTHS[at.month - 1]}" + ("" if same_year else f" {at.year}")
        return f"{amount} {'fast' if offset_s > 0 else 'slow'} {day}" if amount else f"right {day}"
    day = ("" if same_year else f"{at.year}年") + f"{at.month}月{at.day}日"
    return f"{day}{'快' if offset_s > 0 else '慢'} {amount}" if amount else f"{day}准"


def tenths_of_hours(ms: int) -> str:
    """Return hours with one decimal, truncated towards zero: `2.1`."""
    tenths = abs(ms) // 360_000
    return f"{tenths // 10}.{tenths % 10}"


def percent(bp: int) -> str:
    """Return basis points as percent, never rounded: 9499 is `94.99`."""
    return f"{bp // 100}.{bp % 100:02d}".removesuffix(".00")
