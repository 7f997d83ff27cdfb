"""From a book to a PDF or to its pages as PNG: the template is fixed, everything else goes in as data."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import typst

from camkeeper.report.content import content
from camkeeper.report.values import Book
from camkeeper.report.words import Lang

HERE = Path(__file__).parent
FONTS = HERE.parent / "sheet" / "fonts"
"""The one Chinese font of the project; typst's own for what it lacks, never the machine's."""


class PaperError(RuntimeError):
    """The report could not be printed."""


def pdf(book: Book, lang: Lang = Lang.ZH) -> bytes:
    """Return the report as one PDF; the same book gives the same bytes. PaperError where typst fails."""
    return b"".join(_printed(book, lang, None))


def pages(book: Book, lang: Lang = Lang.ZH, *, dpi: int = 96) -> list[bytes]:
    """Return the report's pages as PNG."""
    return _printed(book, lang, dpi)


def _printed(book: Book, lang: Lang, dpi: int | None) -> list[bytes]:
    values = json.dumps(content(book, lang), ensure_ascii=False)
    try:
        # A PDF is bytes, a PNG of one page too; pages are a list of them.
        made: bytes | list[bytes] = typst.compile(
            (HERE / "month.typ").read_bytes(),
            format="pdf" if dpi is None else "png",
            ppi=None if dpi is None else float(dpi),
            font_paths=_fonts(),
            sys_inputs={"data": values},
            timestamp=book.report.period.end_ms // 1000,
        )
    except typst.TypstError as error:
        raise PaperError(str(error)) from error
    return [made] if isinstance(made, bytes) else made


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(FONTS)])
