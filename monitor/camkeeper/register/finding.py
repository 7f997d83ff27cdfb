"""What is wrong in a register that somebody handed in: one cell, one sentence in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Weight(StrEnum):
    """What a finding does to its row."""

    ERROR = "error"
    """The row is left out."""
    DOUBT = "doubt"
    """The row is taken; somebody should look."""
    NOTE = "note"
    """Nothing is wrong: what was left out, or read otherwise than it stands."""


class What(StrEnum):
    """Named reasons, for programs."""

    UNREADABLE = "unreadable"
    MISSING = "missing"
    OUT_OF_RANGE = "out_of_range"
    UNKNOWN_WORD = "unknown_word"
    UNKNOWN_SITE = "unknown_site"
    AMBIGUOUS_SITE = "ambiguous_site"
    DUPLICATE = "duplicate"
    REPEATED_ROW = "repeated_row"
    SWAPPED = "swapped"
    HALF_POSITION = "half_position"
    GB_ID = "gb_id"
    GB_REGION = "gb_region"
    GB_TYPE = "gb_type"
    ADDRESS = "address"
    DATUM = "datum"
    DATUM_SUSPECTED = "datum_suspected"
    LEFT_OUT = "left_out"
    MAPPING = "mapping"
    CONFIGURATION = "configuration"


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFinding:
    """One finding; `row` counts from 1 as spreadsheets do, `column` from 0; None: the whole row or sheet."""

    sheet: str
    row: int | None
    column: int | None = None
    weight: Weight
    what: What
    zh: str
    en: str

    @property
    def where(self) -> str:
        """Return `Sheet1!C17`, `Sheet1!17` for a row, `Sheet1` for a sheet."""
        if self.row is None:
            return self.sheet if self.column is None else f"{self.sheet}!{letters(self.column)}"
        return f"{self.sheet}!{'' if self.column is None else letters(self.column)}{self.row}"


def letters(column: int) -> str:
    """Return the letters of a column that counts from 0.

    >>> letters(0), letters(25), letters(26), letters(701), letters(702)
    ('A', 'Z', 'AA', 'ZZ', 'AAA')
    """
    out = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        out = chr(65 + rest) + out
    return out
