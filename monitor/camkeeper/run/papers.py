"""A month as a file for the board: read, printed, in a thread of its own."""

from __future__ import annotations

from pathlib import Path

from camkeeper.model.access import Scope
from camkeeper.model.registry import Registry
from camkeeper.report.paper import pdf
from camkeeper.report.words import Form, Lang
from camkeeper.report.workbook import workbook
from camkeeper.run.monthbook import Wanted, read_book
from camkeeper.standing.report import MonthReport


def make(
    path: Path, report: MonthReport, scope: Scope, now_ms: int, registry: Registry, form: Form, lang: Lang
) -> bytes:
    """Return the file; coverage is what the board shows of the month. Errors as of `read_book` and `pdf`."""
    wanted = Wanted(month=report.month, scope=scope)
    book = read_book(path, wanted, now_ms=now_ms, registry=registry, coverage=report.coverage)
    return pdf(book, lang) if form is Form.PDF else workbook(book, lang)
