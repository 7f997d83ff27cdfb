"""Tables for spreadsheets: UTF-8 with a mark that Excel looks for, and no cell that it would run. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from camboard.text import plain

BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
_RUNS = ("=", "+", "-", "@", "\t", "\r")
_LONGEST = 2000


def cell(value: object) -> object:
    """Return a value as a cell: texts that a spreadsheet would take for a formula get an apostrophe before them.

    >>> cell("=1+1"), cell("柳湾村"), cell(-3), cell(None)
    ("'=1+1", '柳湾村', -3, '')
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        return value
    text = plain(value, limit=_LONGEST)
    return f"'{text}" if text.lstrip().startswith(_RUNS) else text


def table(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return the file's text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([cell(name) for name in heading])
    writer.writerows([cell(value) for value in row] for row in rows)
    return BOM + out.getvalue()
