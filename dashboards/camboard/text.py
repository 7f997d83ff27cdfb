"""Small writings: names made harmless, percents cut, spans and instants for people. Pure."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta, tzinfo
from fractions import Fraction
from functools import lru_cache

from camkeeper.availability.buckets import truncated_percent

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# Control, format (bidi overrides, zero width), surrogate, private use, line and paragraph separators: a device's
# name with U+202E in it can turn "离线" around, one with U+0000 stops log readers.
_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_MARKS = 2


@lru_cache(maxsize=8192)
def plain(text: str, *, limit: int = 120) -> str:
    """Return `text` with every invisible or direction-turning character made visible, and cut to `limit`.

    Stacked combining marks beyond two are dropped: they would paint over neighbouring rows. A page writes the same
    few hundred words thousands of times, so answers are kept.
    """
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    out: list[str] = []
    marks = 0
    for char in text[: limit + 1]:
        category = unicodedata.category(char)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks <= _MAX_MARKS:
            out.append(REPLACEMENT if category in _HARMFUL else char)
    return "".join(out[:limit]) + "…" if len(text) > limit else "".join(out)


def percent(ratio: Fraction | None, *, decimals: int = 2) -> str | None:
    """Return a ratio as `94.99%`, cut and never rounded up; None where nothing was measured."""
    cut = truncated_percent(ratio, decimals=decimals)
    return None if cut is None else f"{cut}%"


def target(target_bp: int) -> str:
    """Return a target of basis points as `95%` or `99.5%`.

    >>> target(9500), target(9950), target(9999)
    ('95%', '99.5%', '99.99%')
    """
    whole, rest = divmod(target_bp, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + "%"


def local(at_ms: int, zone: tzinfo) -> datetime:
    """Return the instant in a zone, exactly (no float between)."""
    return (_EPOCH + timedelta(milliseconds=at_ms)).astimezone(zone)


def utc_offset(at: datetime) -> str:
    """Return the offset of an aware datetime as `UTC+08:00`."""
    offset = at.utcoffset() or timedelta()
    minutes = int(offset.total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def clock_time(at_ms: int, now_ms: int, zone: tzinfo) -> str:
    """Return an instant as short as it can be without doubt: `14:05`, `11-20 14:05`, `2025-12-31 14:05`."""
    at, now = local(at_ms, zone), local(now_ms, zone)
    if at.date() == now.date():
        return at.strftime("%H:%M")
    return at.strftime("%m-%d %H:%M" if at.year == now.year else "%Y-%m-%d %H:%M")


def month_progress(now_ms: int, zone: tzinfo) -> tuple[Fraction, int, int]:
    """Return (share of the local month that has passed, day of the month, days in the month), by real time."""
    now = local(now_ms, zone)
    start = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    after = (start + timedelta(days=32)).replace(day=1)
    # Back to UTC first: between two times of one zone Python subtracts the clock's hands, and a DST month would be off.
    passed = now.astimezone(UTC) - start.astimezone(UTC)
    whole = after.astimezone(UTC) - start.astimezone(UTC)
    return (
        Fraction(passed // timedelta(milliseconds=1), whole // timedelta(milliseconds=1)),
        now.day,
        (after - start).days,
    )
