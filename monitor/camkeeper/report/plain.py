"""The report as JSON: every table with the very cells of paper and workbook, and back, for comparing two versions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from camkeeper.report.compare import Difference, differences
from camkeeper.report.names import in_language
from camkeeper.report.parts import parts
from camkeeper.report.table import Cell, Column, Kind, Table
from camkeeper.report.values import Book
from camkeeper.report.words import Lang

FORMAT = "camkeeper-report/1"


def tables(book: Book, lang: Lang) -> tuple[Table, ...]:
    """Return every table of the report, in its order."""
    return tuple(table for part in parts(book, lang) for table in part.tables)


def document(book: Book, lang: Lang) -> dict[str, Any]:
    """Return the report as JSON values: percentages in hundredths of a per cent, times in ms, money in fen."""
    book = in_language(book, lang)
    report = book.report
    return {
        "format": FORMAT,
        "title": book.title,
        "month": report.month,
        "state": report.state.value,
        "from_ms": report.period.start_ms,
        "to_ms": report.period.end_ms,
        "timezone": report.timezone,
        "deciding_policy": report.policy.id,
        "version": book.version_seq,
        "ledger": {"seq": report.seq, "hash": report.head},
        "parts": [
            {
                "number": part.number,
                "title": list(part.title),
                "texts": list(part.texts),
                "tables": [_table(table) for table in part.tables],
            }
            for part in parts(book, lang)
        ],
    }


def text(book: Book, lang: Lang = Lang.ZH) -> str:
    """Return the report as a JSON file."""
    return json.dumps(document(book, lang), ensure_ascii=False, indent=1) + "\n"


def _table(table: Table) -> dict[str, Any]:
    return {
        "key": table.key,
        "title": list(table.title),
        "ids": table.ids,
        "columns": [{"key": c.key, "head": list(c.head), "kind": c.kind.value} for c in table.columns],
        "rows": [[_cell(cell) for cell in row] for row in table.rows],
    }


def _cell(cell: Cell) -> str | int | float | None:
    if isinstance(cell, StrEnum):
        return cell.value
    return cell.isoformat() if isinstance(cell, date) else cell


def read_tables(document: Mapping[str, Any]) -> tuple[Table, ...]:
    """Return the tables of a document; ValueError for what is none. Words and days stay text."""
    if document.get("format") != FORMAT:
        raise ValueError(f"format {document.get('format')!r}, not {FORMAT}")
    try:
        return tuple(_read(table) for part in document["parts"] for table in part["tables"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a report: {error!r}") from error


def _read(table: Mapping[str, Any]) -> Table:
    return Table(
        key=table["key"],
        title=(table["title"][0], table["title"][1]),
        columns=tuple(
            Column(key=c["key"], head=(c["head"][0], c["head"][1]), kind=Kind(c["kind"])) for c in table["columns"]
        ),
        rows=tuple(tuple(row) for row in table["rows"]),
        ids=table["ids"],
    )


def compared(old: Mapping[str, Any], new: Mapping[str, Any], lang: Lang) -> list[Difference]:
    """Return each changed row of two documents of one month; ValueError for different months or no reports."""
    if old.get("month") != new.get("month"):
        raise ValueError(f"{old.get('month')} / {new.get('month')}")
    return list(differences(read_tables(old), read_tables(new), lang, str(new.get("timezone"))))
