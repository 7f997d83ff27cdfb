"""Instants, durations and shares as people write them. Exact: no float takes part."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from camkeeper.account.fault import WrittenWrongError, quoted

EARLIEST_MS = -62_135_596_800_000
LATEST_MS = 253_402_300_799_999
"""The years 1 to 9999, as ISO 8601 can write them."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_INTEGER = re.compile(r"-?[0-9]+")
_ISO = re.compile(r"[0-9]{4}-?(?:[0-9]{2}-?[0-9]{2}|W[0-9]{2}-?[1-7]|[0-9]{3})[T ][0-9:.,]+(?:Z|[+-][0-9:.]+)?")
_DECIMAL = re.compile(r"[0-9]+(?:\.[0-9]+)?|\.[0-9]+")
_DURATION = re.compile(r"([0-9.]+) ?(ms|s|m|h|d|)")
_UNIT_MS = {"ms": 1, "s": 1000, "": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def instant_ms(text: str) -> int:
    """Read ISO 8601 with an offset, or epoch milliseconds, as UTC milliseconds.

    A finer fraction is cut to the millisecond it lies in. Raises WrittenWrongError.
    """
    if _INTEGER.fullmatch(text):
        return _epoch_ms(text)
    written = text.upper()
    if not _ISO.fullmatch(written):
        raise WrittenWrongError(
            f"时间 {quoted(text)} 无法识别：请写 ISO 8601 加时区（2026-10-01T08:00:00+08:00）或毫秒时间戳",
            f"at {quoted(text)} cannot be read: write ISO 8601 with an offset (2026-10-01T08:00:00+08:00) "
            "or epoch milliseconds",
        )
    try:
        there = datetime.fromisoformat(written)
    except ValueError as error:
        raise WrittenWrongError(
            f"时间 {quoted(text)} 不存在或写法不对，请改正", f"at {quoted(text)} is no such time ({error}): correct it"
        ) from error
    if there.utcoffset() is None:
        raise WrittenWrongError(
            f"时间 {quoted(text)} 没有时区：请在末尾加上，如 +08:00 或 Z",
            f"at {quoted(text)} has no offset: add it at the end, such as +08:00 or Z",
        )
    return (there - _EPOCH) // _MS


def _epoch_ms(text: str) -> int:
    if len(text) > 16 or not EARLIEST_MS <= int(text) <= LATEST_MS:
        raise WrittenWrongError(
            f"时间戳 {quoted(text)} 超出公元 1 至 9999 年：应为毫秒，不是微秒或纳秒",
            f"at {quoted(text)} lies outside the years 1 to 9999: milliseconds are wanted, not micro- or nanoseconds",
        )
    return int(text)


def duration_ms(text: str) -> Fraction:
    """Read 500ms, 60s, 5m, 1h, 1d or bare seconds as exact milliseconds above zero. Raises WrittenWrongError."""
    match = _DURATION.fullmatch(text.strip().lower())
    if match is None or not _DECIMAL.fullmatch(match[1]) or not Fraction(match[1]):
        raise WrittenWrongError(
            f"{quoted(text)} 不是时长：请写 60s、5m、1h、500ms，或只写秒数",
            f"{quoted(text)} is no duration: write 60s, 5m, 1h, 500ms or bare seconds",
        )
    return Fraction(match[1]) * _UNIT_MS[match[2]]


def decimal(text: str) -> Fraction:
    """Read a plain decimal number, not negative, exactly. Raises WrittenWrongError."""
    written = text.strip()
    if not _DECIMAL.fullmatch(written):
        raise WrittenWrongError(
            f"{quoted(text)} 不是数字：请写如 2.5", f"{quoted(text)} is no plain number: write such as 2.5"
        )
    return Fraction(written)


def share(text: str) -> Fraction:
    """Read a percentage from 0 to 100 ("95", "99.5", "95%") as an exact share of 1. Raises WrittenWrongError."""
    percent = decimal(text.strip().removesuffix("%"))
    if percent > 100:
        raise WrittenWrongError(
            f"目标 {quoted(text)} 大于 100%：请写 0 到 100", f"the target {quoted(text)} is above 100%: write 0 to 100"
        )
    return percent / 100
