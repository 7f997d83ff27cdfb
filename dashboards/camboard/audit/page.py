"""`/audit`: who did what, from the audit log and the ledger's register. Reading only; admin and technician."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web
from markupsafe import Markup

from camboard.audit.view import (
    ACCESS,
    SOURCE,
    Entry,
    Filter,
    chosen,
    cursor,
    gap,
    merged,
    of_audit,
    of_register,
    place_of,
    read_cursor,
    row,
    what_word,
)
from camboard.board import Board, board_of
from camboard.download import csv_response
from camboard.i18n import Language
from camboard.live import Live, at_words, kept_each, page_of_live
from camboard.pages import PAGES, language_of
from camboard.text import local
from camkeeper.model.register import RegisterEntry
from camkeeper.standing.access import AuditRecord

ROWS = 100
CSV_ROWS = 10_000
_AT_ONCE = ROWS + 20
"""Read at a time from each register: one page's worth."""
_MOST_READ = 20_000
"""Entries that one page looks through for a filter; it then offers to go on."""
HEADING = ("time", "utc_ms", "register", "number", "by", "role", "address", "what", "target", "detail", "hash")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page of entries."""

    entries: tuple[Entry, ...]
    more: str
    """Where it goes on; empty: that was all."""
    missing: int | None
    """A number of the audit log that isn't there."""


async def page(request: web.Request) -> web.Response:
    """`GET /audit?who=&what=&day=&source=&before=`."""
    board, say = board_of(request), language_of(request)
    asked = Filter.read(request.query)
    before = request.query.get("before", "")
    # Read at once: each is a turn of a thread, and on a busy machine one waits for turns, not for the disk.
    found, newest = await asyncio.gather(_found(board, asked, before, say, ROWS), _newest(board))
    zone = ZoneInfo(board.index().standing.timezone)
    sources = [key for key in SOURCE if key != ACCESS or board.access is not None]

    def write() -> Markup:
        values = {
            "rows": tuple(row(entry, zone, say) for entry in found.entries),
            "asked": asked,
            "day": asked.asked.get("day", ""),
            "sources": tuple((key, say(SOURCE[key])) for key in sources),
            "csv": f"/audit.csv?{urlencode(asked.asked)}",
            "more": f"/audit?{urlencode({**asked.asked, 'before': found.more})}" if found.more else "",
            "missing": found.missing,
            "head": newest[0].head[:16] if newest else "",
            "number": newest[0].number if newest else 0,
            "kept": board.access is not None,
        }
        return request.app[PAGES].write("audit.html", say, values)

    # Everything that is shown, told of it: an entry that was changed by hand behind our back is another one.
    key = (say.code, zone.key, asked, newest, found, tuple(sources))
    html = kept_each(board, "audit").of(key, (), write)
    here = f"/audit?{urlencode({**asked.asked, **({'before': before} if before else {})})}".rstrip("?")
    index = board.index()
    made = Live(html=html, index=index, here=here, fragment="", at=at_words(index))
    return page_of_live(request, "auditpage.html", made, say)


async def _newest(board: Board) -> tuple[AuditRecord, ...]:
    return await board.access.audit(before=None, count=1) if board.access is not None else ()


async def csv(request: web.Request) -> web.StreamResponse:
    """`GET /audit.csv`: the same choice, at most ten thousand entries."""
    board, say = board_of(request), language_of(request)
    found = await _found(board, Filter.read(request.query), request.query.get("before", ""), say, CSV_ROWS)
    zone = ZoneInfo(board.index().standing.timezone)
    lines = (
        (
            f"{local(e.at_ms, zone):%Y-%m-%d %H:%M:%S}",
            e.at_ms,
            e.source,
            e.number,
            e.by,
            e.role,
            e.address,
            what_word(e.what, say),
            e.target,
            e.detail,
            e.head,
        )
        for e in found.entries
    )
    return await csv_response(request, HEADING, lines, "camkeeper-audit.csv")


async def _found(board: Board, asked: Filter, before: str, say: Language, rows: int) -> Found:
    """Read both registers downwards until there are enough entries that the filter lets through."""
    zone = ZoneInfo(board.index().standing.timezone)
    out: list[Entry] = []
    missing: int | None = None
    at, read = read_cursor(before), 0
    while read < _MOST_READ:
        batch, gone = await _batch(board, asked, at)
        missing = missing if missing is not None else gone
        if not batch:
            return Found(entries=tuple(out), more="", missing=missing)
        for entry in batch:
            if chosen(entry, asked, zone, say):
                out.append(entry)
            if len(out) > rows:
                return Found(entries=tuple(out[:rows]), more=cursor(out[rows - 1]), missing=missing)
        if asked.day is not None and local(batch[-1].at_ms, zone).date() < asked.day:
            return Found(entries=tuple(out), more="", missing=missing)
        read += len(batch)
        at = batch[-1].order
    more = "" if at is None else f"{at[0]}.{at[1]}.{at[2]}"
    return Found(entries=tuple(out), more=more, missing=missing)


async def _batch(board: Board, asked: Filter, at: tuple[int, str, int] | None) -> tuple[list[Entry], int | None]:
    """Return the next entries of both registers that lie surely together, newest first."""
    records, found = await asyncio.gather(_audit_below(board, asked, at), _register_below(board, asked, at))
    lists = [[of_audit(record) for record in records], [of_register(entry) for entry in found]]
    missing = gap(records)
    # Below the last entry of a list that was not read to its end, another list's entries may not be all there is.
    ends = [each[-1].order for each in lists if len(each) == _AT_ONCE]
    floor = max(ends, default=None)
    return [e for e in merged(lists) if floor is None or e.order >= floor], missing


async def _register_below(board: Board, asked: Filter, at: tuple[int, str, int] | None) -> tuple[RegisterEntry, ...]:
    """Return the entries of the ledger's register below a place: for who sees the whole township alone."""
    if board.reports is None or asked.source == ACCESS or not board.principal.scope.whole:
        return ()
    return await board.reports.register(before=place_of(at), count=_AT_ONCE)


async def _audit_below(board: Board, asked: Filter, at: tuple[int, str, int] | None) -> list[AuditRecord]:
    """Return the audit log's entries below a place. Its clock may have been set back, its numbers never are."""
    if board.access is None or asked.source not in {"", ACCESS}:
        return []
    if at is not None and at[1] == ACCESS:
        return list(await board.access.audit(before=at[2], count=_AT_ONCE))
    before: int | None = None
    while True:
        records = await board.access.audit(before=before, count=_AT_ONCE)
        below = [r for r in records if at is None or (r.at_ms, ACCESS, r.number) < at]
        if below or not records:
            return below
        before = records[-1].number
