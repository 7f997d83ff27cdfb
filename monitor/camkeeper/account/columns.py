"""Instants of many rows at once.

Rows of one length are laid out as a matrix of bytes and read column by column, many times faster than row by row. Only
the plainest spellings are read here (`2026-10-01T08:00:00[.fff](Z|+08:00)`, epoch milliseconds); whatever looks unusual
in any way is left to `moment.instant_ms`, so that both give the same and only one place says what is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from camkeeper.account.moment import LATEST_MS

Integers = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_ZERO = ord("0")
_DAY_MS = 86_400_000
_DAYS_IN_MONTH = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], dtype=np.int64)
_LONGEST_EPOCH = 15
_SHORTEST_ISO = 20


def instants(texts: Sequence[str]) -> tuple[Integers, Mask]:
    """Return the instants in milliseconds, and which of them were read; the others are to be read one by one."""
    at_ms = np.zeros(len(texts), dtype=np.int64)
    read = np.zeros(len(texts), dtype=np.bool_)
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    for length in np.unique(lengths).tolist():
        whole = length == lengths[0] and (lengths == length).all()
        index = np.arange(len(texts)) if whole else np.flatnonzero(lengths == length)
        cells = _matrix(texts if whole else [texts[i] for i in index.tolist()], length)
        if cells is None:
            continue
        if length <= _LONGEST_EPOCH:
            at_ms[index], read[index] = _epoch(cells)
        elif length >= _SHORTEST_ISO:
            at_ms[index], read[index] = _iso(cells)
    return at_ms, read


def _matrix(texts: Sequence[str], length: int) -> Bytes | None:
    """Return the characters as (rows, length), or None where some are not ASCII or the length is out of question."""
    if not 0 < length <= 40:
        return None
    joined = "".join(texts)
    if not joined.isascii():
        return None
    return np.frombuffer(joined.encode("ascii"), dtype=np.uint8).reshape(len(texts), length)


def _number(cells: Bytes, start: int, stop: int) -> tuple[Integers, Mask]:
    """Return the number written in columns `start` to `stop`, and where all of them are digits."""
    value = np.zeros(len(cells), dtype=np.int64)
    digits = np.ones(len(cells), dtype=np.bool_)
    for column in range(start, stop):
        digit = cells[:, column] - np.uint8(_ZERO)  # wraps around below "0": above 9 then
        digits &= digit <= 9
        value = value * 10 + digit
    return value, digits


def _epoch(cells: Bytes) -> tuple[Integers, Mask]:
    value, digits = _number(cells, 0, cells.shape[1])
    return value, digits & (value <= LATEST_MS)


def _iso(cells: Bytes) -> tuple[Integers, Mask]:
    """Read `YYYY-MM-DDThh:mm:ss`, a fraction if there is one, and the offset."""
    date_ms, date_good = _date(cells)
    clock_ms, clock_good = _clock(cells)
    good = date_good & clock_good & ((cells[:, 10] == ord("T")) | (cells[:, 10] == ord(" ")))
    zulu = bool((cells[0, -1]) == ord("Z"))
    offset_ms, offset_good = _zulu(cells) if zulu else _offset(cells)
    tail = cells.shape[1] - (1 if zulu else 6)
    if tail < 19:
        return date_ms, np.zeros(len(cells), dtype=np.bool_)
    fraction_ms, fraction_good = _fraction(cells, tail)
    return date_ms + clock_ms + fraction_ms - offset_ms, good & offset_good & fraction_good


def _date(cells: Bytes) -> tuple[Integers, Mask]:
    year, year_good = _number(cells, 0, 4)
    month, month_good = _number(cells, 5, 7)
    day, day_good = _number(cells, 8, 10)
    dashes = (cells[:, 4] == ord("-")) & (cells[:, 7] == ord("-"))
    good = year_good & month_good & day_good & dashes & (year >= 1) & (month >= 1) & (month <= 12)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    days = _DAYS_IN_MONTH[np.where(good, month, 0)] + (leap & (month == 2))
    good &= (day >= 1) & (day <= days)
    # Days since 1970 in the proleptic Gregorian calendar, with years that begin in March: February's length is last.
    shifted = year - (month <= 2)
    since_march = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return (365 * shifted + shifted // 4 - shifted // 100 + shifted // 400 + since_march - 719_468) * _DAY_MS, good


def _clock(cells: Bytes) -> tuple[Integers, Mask]:
    hour, hour_good = _number(cells, 11, 13)
    minute, minute_good = _number(cells, 14, 16)
    second, second_good = _number(cells, 17, 19)
    colons = (cells[:, 13] == ord(":")) & (cells[:, 16] == ord(":"))
    good = hour_good & minute_good & second_good & colons & (hour < 24) & (minute < 60) & (second < 60)
    return (hour * 3600 + minute * 60 + second) * 1000, good


def _fraction(cells: Bytes, tail: int) -> tuple[Integers, Mask]:
    """Read `.fff` between the seconds and the offset, cut to the millisecond."""
    if tail == 19:
        return np.zeros(len(cells), dtype=np.int64), np.ones(len(cells), dtype=np.bool_)
    _, digits = _number(cells, 20, min(tail, 26))
    value, _ = _number(cells, 20, min(tail, 23))
    good = digits & (cells[:, 19] == ord(".")) & (20 < tail <= 26)
    return value * 10 ** max(0, 23 - tail), good


def _zulu(cells: Bytes) -> tuple[Integers, Mask]:
    return np.zeros(len(cells), dtype=np.int64), cells[:, -1] == ord("Z")


def _offset(cells: Bytes) -> tuple[Integers, Mask]:
    width = cells.shape[1]
    hour, hour_good = _number(cells, width - 5, width - 3)
    minute, minute_good = _number(cells, width - 2, width)
    ahead, behind = cells[:, width - 6] == ord("+"), cells[:, width - 6] == ord("-")
    good = hour_good & minute_good & (cells[:, width - 3] == ord(":")) & (hour < 24) & (minute < 60) & (ahead | behind)
    return np.where(ahead, 1, -1) * (hour * 60 + minute) * 60_000, good
