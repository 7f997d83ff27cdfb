"""Files to take away: tables that spreadsheets open as they are and run nothing of, and the headers of any file."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote

from aiohttp import web

from camboard.text import plain

BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Without it the usual spreadsheet program reads UTF-8 as the system's own code page."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Wide ones too: some programs read them alike."""
_LONGEST = 2_000
_PIECE_BYTES = 64 * 1024
_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")

Cell = str | int | float | None


def cell(value: Cell) -> str | int | float:
    """Return a cell that no program calculates: text that could begin a formula gets an apostrophe before it.

    >>> cell("=1+1"), cell("柳湾村"), cell(-3), cell(None)
    ("'=1+1", '柳湾村', -3, '')
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        return value
    text = plain(value, limit=_LONGEST)
    begins = value.lstrip(" \u00a0").startswith(_FORMULA) or text.lstrip().startswith(_FORMULA)
    return f"'{text}" if begins else text


def pieces(heading: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """Yield a table as RFC 4180 wants it, with its mark, in pieces of some tens of kilobytes."""
    out = io.StringIO()
    out.write(BOM)
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([cell(name) for name in heading])
    for row in rows:
        writer.writerow([cell(value) for value in row])
        if out.tell() >= _PIECE_BYTES:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def csv_text(heading: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Return a whole table."""
    return b"".join(pieces(heading, rows)).decode()


def disposition(name: str) -> str:
    """Return the header that makes a browser keep the answer as a file of this name (RFC 6266).

    >>> print(disposition("柳湾村.csv"))
    attachment; filename="___.csv"; filename*=UTF-8''%E6%9F%B3%E6%B9%BE%E6%9D%91.csv
    """
    known = plain(name)
    plainer = "".join(char if char in _SAFE else "_" for char in known)
    return f"attachment; filename=\"{plainer}\"; filename*=UTF-8''{quote(known, safe='')}"


async def csv_response(
    request: web.Request, heading: Sequence[str], rows: Iterable[Sequence[Cell]], name: str
) -> web.StreamResponse:
    """Send a table as a file, piece by piece: fifty thousand rows neither fill the memory nor hold up the others."""
    headers = {"Content-Disposition": disposition(name)}
    if request.method == "HEAD":  # a compressor's last bytes would be taken for the next answer
        return web.Response(content_type="text/csv", charset="utf-8", headers=headers)
    response = web.StreamResponse(headers=headers)
    response.content_type, response.charset = "text/csv", "utf-8"
    response.enable_compression()
    await response.prepare(request)
    for piece in pieces(heading, rows):
        await response.write(piece)
        await asyncio.sleep(0)
    await response.write_eof()
    return response


def file_response(body: str | bytes, content_type: str, name: str) -> web.Response:
    """Return a small file that is there already."""
    data = body.encode() if isinstance(body, str) else body
    response = web.Response(body=data, content_type=content_type, charset="utf-8")
    response.headers["Content-Disposition"] = disposition(name)
    response.enable_compression()
    return response
