"""Tables of typed cells: the same rows go on paper, into the workbook and into JSON, so that they cannot differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from zoneinfo import ZoneInfo

from camkeeper.report.words import YES_NO, Lang, Words, words
from camkeeper.sheet.text import clean

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Kind(StrEnum):
    """What a column holds. None in a cell: nothing was measured."""

    TEXT = "text"
    WORD = "word"
    """A value of an enumeration; its words are in `words`."""
    FLAG = "flag"
    COUNT = "count"
    PLAIN = "plain"
    """A whole number that is never grouped: a record's, or milliseconds since 1970."""
    PERCENT = "percent"
    """Hundredths of a per cent, cut: 9499 is 94.99%."""
    HOURS = "hours"
    """Milliseconds, shown as hours."""
    MINUTES = "minutes"
    """Milliseconds, shown as minutes."""
    INSTANT = "instant"
    """UTC milliseconds, shown in the report's zone."""
    DAY = "day"
    FEN = "fen"
    NUMBER = "number"
    """A float for reading."""


Cell = str | int | float | date | StrEnum | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column; `width` is its share of a page's width, 0: only in the workbook."""

    key: str
    head: Words
    kind: Kind = Kind.TEXT
    width: float = 1.0
    limit: int = 120
    """Characters on paper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under columns. The first `ids` columns name a row."""

    key: str
    title: Words
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    ids: int = 1
    note: Words = ("", "")
    paper_rows: int | None = None
    """So many on paper; None: all, 0: none."""

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"{self.key}: a row has not one cell a column")

    def named(self) -> Iterator[tuple[str, dict[str, Cell]]]:
        """Yield each row as its name and its cells by key."""
        for row in self.rows:
            cells = dict(zip((c.key for c in self.columns), row, strict=True))
            yield "/".join(str(cell) for cell in row[: self.ids]), cells


def cut_percent(share: Fraction | None) -> int | None:
    """Return hundredths of a per cent, cut and never rounded up.

    >>> cut_percent(Fraction(94996, 100000)), cut_percent(None)
    (9499, None)
    """
    return None if share is None else share.numerator * 10_000 // share.denominator


def local(at_ms: int, tz: str) -> datetime:
    """Return the wall time of an instant, without its zone."""
    return (_EPOCH + timedelta(milliseconds=at_ms)).astimezone(ZoneInfo(tz)).replace(tzinfo=None)


def money(fen: int) -> str:
    """Write an amount in yuan.

    >>> money(123456), money(-5), money(0)
    ('1,234.56', '-0.05', '0.00')
    """
    yuan, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{yuan:,}.{rest:02d}"


def percent(bp: int) -> str:
    """Write hundredths of a per cent with all of their digits.

    >>> percent(9499), percent(10000), percent(5)
    ('94.99%', '100.00%', '0.05%')
    """
    return f"{bp // 100}.{bp % 100:02d}%"


def shown(cell: Cell, kind: Kind, lang: Lang, tz: str, *, limit: int = 120) -> str:
    """Write a cell for people. Hours and minutes are cut to a tenth."""
    if cell is None:
        return "–"
    if isinstance(cell, StrEnum):
        return lang.pick(words(cell))
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, str):
        return clean(cell, limit)
    return _number(cell, kind, lang, tz)


def _number(cell: float, kind: Kind, lang: Lang, tz: str) -> str:
    whole = int(cell)
    if kind is Kind.FLAG:
        return lang.pick(YES_NO[bool(cell)])
    if kind is Kind.INSTANT:
        return f"{local(whole, tz):%m-%d %H:%M}"
    written = {
        Kind.PERCENT: lambda: percent(whole),
        Kind.HOURS: lambda: _tenths(whole, 3_600_000),
        Kind.MINUTES: lambda: _tenths(whole, 60_000),
        Kind.FEN: lambda: money(whole),
        Kind.COUNT: lambda: f"{whole:,}",
        Kind.PLAIN: lambda: f"{whole}",
    }
    return written.get(kind, lambda: f"{cell:,.1f}")()


def _tenths(ms: int, unit_ms: int) -> str:
    tenths = ms * 10 // unit_ms
    return f"{tenths // 10:,}.{tenths % 10}"
