"""The report as a workbook: a sheet a table, typed cells. Text is written as text, so no name is ever calculated."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import xlsxwriter

from camkeeper.report.names import in_language
from camkeeper.report.parts import Part, parts
from camkeeper.report.table import Column, Kind, Table, local
from camkeeper.report.values import Book
from camkeeper.report.words import YES_NO, Lang, words
from camkeeper.sheet.text import clean

MOST_ROWS = 1_048_000
"""A sheet ends at 1,048,576 rows; a table that is longer goes on in another."""
MOST_CHARACTERS = 32_000
_SHEET_NAME = 31
_DAY_ZERO, _MS, _DAY_MS = datetime.fromisoformat("1899-12-30"), timedelta(milliseconds=1), 86_400_000
_QUARTER_MS = 900_000
"""No zone changes its clocks within a quarter of an hour of UTC."""
_SCALES = {Kind.PERCENT: 10_000, Kind.HOURS: 3_600_000, Kind.MINUTES: 60_000, Kind.FEN: 100}
"""What the spreadsheet shows by its own format: per cent of one, hours, minutes, yuan."""
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
_FORMATS: dict[Kind, str] = {
    Kind.COUNT: "#,##0",
    Kind.PLAIN: "0",
    Kind.PERCENT: "0.00%",
    Kind.HOURS: "#,##0.00",
    Kind.MINUTES: "#,##0.0",
    Kind.INSTANT: "yyyy-mm-dd hh:mm:ss",
    Kind.DAY: "yyyy-mm-dd",
    Kind.FEN: "#,##0.00",
    Kind.NUMBER: "#,##0.0",
}
_WIDTHS: dict[Kind, int] = {Kind.INSTANT: 19, Kind.TEXT: 18, Kind.WORD: 14, Kind.DAY: 11, Kind.PLAIN: 16}


def workbook(book: Book, lang: Lang = Lang.ZH) -> bytes:
    """Return the whole report as XLSX; the same book gives the same bytes."""
    book, out = in_language(book, lang), io.BytesIO()
    made = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    made.set_properties(
        {
            "title": f"{book.title} {book.report.month}",
            "author": "camkeeper",
            "created": local(book.report.period.end_ms, "UTC"),
        }
    )
    writer = _Writer(made, book, lang)
    listed = parts(book, lang)
    writer.cover(listed)
    for part in listed:
        for table in part.tables:
            writer.table(part, table)
    made.close()
    return out.getvalue()


class _Writer:
    """Writes sheets of one workbook."""

    def __init__(self, made: Any, book: Book, lang: Lang) -> None:
        self._made, self._book, self._lang = made, book, lang
        self._bold = made.add_format({"bold": True})
        self._large = made.add_format({"bold": True, "font_size": 16})
        self._red = made.add_format({"bold": True, "font_color": "#B42318"})
        self._wrap = made.add_format({"text_wrap": True, "valign": "top"})
        self._head = made.add_format({"bold": True, "bg_color": "#F1F4F6", "bottom": 1, "text_wrap": True})
        self._of = {kind: made.add_format({"num_format": form}) for kind, form in _FORMATS.items()}
        self._names: set[str] = set()
        self._strings: dict[tuple[type, str], str] = {}
        self._ahead_ms: dict[int, int] = {}
        """Quarter of an hour -> how far the wall clock is ahead of UTC, counted from the spreadsheet's day zero."""

    def cover(self, listed: tuple[Part, ...]) -> None:
        """Write the first sheet: what this is, and what the report says in sentences."""
        report, pick = self._book.report, self._lang.pick
        sheet = self._sheet(pick(("封面", "Cover")))
        sheet.set_column(0, 0, 16)
        sheet.set_column(1, 1, 110)
        sheet.write_string(0, 0, clean(self._book.title, 80), self._large)
        start, end = (local(at, report.timezone) for at in (report.period.start_ms, report.period.end_ms))
        facts = (
            (pick(("月份", "Month")), report.month),
            (pick(("状态", "State")), pick(words(report.state))),
            (pick(("期间", "Period")), f"{start:%Y-%m-%d %H:%M:%S} – {end:%Y-%m-%d %H:%M:%S}"),
            (pick(("时区", "Time zone")), report.timezone),
            (pick(("口径", "Policy")), report.policy.id),
            (pick(("账本", "Ledger")), f"#{report.seq} {report.head}"),
            *((str(v.seq), f"{v.by} {v.why} {v.hash} {v.figures}") for v in self._book.versions),
        )
        row = 1
        for name, value in facts:
            sheet.write_string(row, 0, name, self._bold)
            sheet.write_string(row, 1, clean(value, 300), self._red if self._book.draft and row == 2 else None)
            row += 1
        for part in listed:
            for body in part.texts:
                sheet.write_string(row, 0, f"{part.number} {pick(part.title)}", self._bold)
                sheet.write_string(row, 1, clean(body, 1000), self._wrap)
                row += 1

    def table(self, part: Part, table: Table) -> None:
        """Write a table, on as many sheets as it needs."""
        title = f"{part.number} {self._lang.pick(table.title)}"
        for begin in range(0, max(1, len(table.rows)), MOST_ROWS):
            sheet = self._sheet(title)
            for place, column in enumerate(table.columns):
                sheet.set_column(place, place, _WIDTHS.get(column.kind, 12))
                sheet.write_string(0, place, self._heading(column), self._head)
            writes = [self._cell(sheet, place, column.kind) for place, column in enumerate(table.columns)]
            for number, row in enumerate(table.rows[begin : begin + MOST_ROWS], 1):
                for cell, write in zip(row, writes, strict=True):
                    if cell is not None:
                        write(number, cell)
            sheet.freeze_panes(1, 0)
            sheet.autofilter(0, 0, max(1, min(MOST_ROWS, len(table.rows) - begin)), len(table.columns) - 1)
            sheet.set_landscape()
            sheet.set_paper(9)
            sheet.fit_to_pages(1, 0)
            sheet.repeat_rows(0)

    def _heading(self, column: Column) -> str:
        head = self._lang.pick(column.head)
        return f"{head} ({self._book.report.timezone})" if column.kind is Kind.INSTANT else head

    def _sheet(self, title: str) -> Any:
        """Add a sheet; names are 31 characters at most, without what is forbidden, and never twice."""
        base = clean(title.translate(_FORBIDDEN), _SHEET_NAME)
        name, number = base, 1
        while name.lower() in self._names:
            number += 1
            name = f"{base[: _SHEET_NAME - 4]} {number}"
        self._names.add(name.lower())
        sheet = self._made.add_worksheet(name)
        if self._book.draft:
            sheet.set_header("&C&14&KB42318" + self._lang.pick(("草稿 未封账", "DRAFT - NOT CLOSED")))
        sheet.set_footer(f"&L{self._book.report.month} #{self._book.report.seq} {self._book.report.head[:16]}&R&P/&N")
        return sheet

    def _cell(self, sheet: Any, place: int, kind: Kind) -> Callable[[int, Any], None]:
        """Return what writes a column's cells, given the row and a value: a county's month has half a million."""
        text, number, of = sheet.write_string, sheet.write_number, self._of.get(kind)
        scale, instant = _SCALES.get(kind, 1), self._serial

        def words_or_day(row: int, cell: Any) -> None:
            if isinstance(cell, str):
                text(row, place, self._string(cell))
            elif isinstance(cell, date):
                sheet.write_datetime(row, place, cell, self._of[Kind.DAY])
            elif kind is Kind.FLAG:
                text(row, place, self._lang.pick(YES_NO[bool(cell)]))
            else:
                number(row, place, cell, of)

        if kind is Kind.INSTANT:
            return lambda row, cell: number(row, place, instant(cell), of)
        if kind in {Kind.TEXT, Kind.WORD, Kind.DAY, Kind.FLAG}:
            return words_or_day
        if scale == 1:
            return lambda row, cell: number(row, place, cell, of)
        return lambda row, cell: number(row, place, cell / scale, of)

    def _serial(self, at_ms: int) -> float:
        """Return a wall time as the spreadsheet counts it, in days since the end of 1899."""
        quarter = at_ms // _QUARTER_MS
        ahead_ms = self._ahead_ms.get(quarter)
        if ahead_ms is None:
            wall = local(quarter * _QUARTER_MS, self._book.report.timezone)
            ahead_ms = self._ahead_ms[quarter] = (wall - _DAY_ZERO) // _MS - quarter * _QUARTER_MS
        return (at_ms + ahead_ms) / _DAY_MS

    def _string(self, cell: str) -> str:
        """Return what is written of a text or a word; the same few thousand come again and again."""
        key = type(cell), cell
        known = self._strings.get(key)
        if known is None:
            told = self._lang.pick(words(cell)) if isinstance(cell, StrEnum) else clean(cell, MOST_CHARACTERS)
            known = self._strings[key] = told
        return known
