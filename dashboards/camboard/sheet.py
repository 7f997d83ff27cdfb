"""Tables for spreadsheet programs: CSV whose cells are never taken for formulas. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Wide ones too: some programs read them alike."""
BOM = "\ufeff"
"""Without it the usual spreadsheet program reads UTF-8 as the system's own code page."""

Cell = str | int | None


def safe(cell: Cell) -> str | int:
    """Return a cell that no program calculates: text that could begin a formula gets an apostrophe before it."""
    if cell is None:
        return ""
    if isinstance(cell, str) and cell.lstrip(" \u00a0").startswith(_FORMULA):
        return f"'{cell}"
    return cell


def csv_text(heading: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Return a table as CSV with a byte-order mark and CRLF, as RFC 4180 and spreadsheets want it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(heading)
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return BOM + out.getvalue()
