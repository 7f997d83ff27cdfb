"""`/why`: from a figure to the records behind it, as a page and as tables for spreadsheets."""

from __future__ import annotations

from dataclasses import replace

from aiohttp import web

from camboard.board import Board, board_of
from camboard.download import csv_response
from camboard.live import at_words
from camboard.pages import PAGES, language_of, page_response, shell
from camboard.query import BadQuery
from camboard.text import plain
from camboard.why.query import WhyQuery
from camboard.why.view import WhyPage, why_page
from camkeeper.standing.why import Why

ROWS = 25
"""Of cameras and of stretches: both are on one page."""
CSV_ROWS = 50_000


async def page(request: web.Request) -> web.Response:
    """`GET /why?site=|device=&month=|from=&to=&page=&cameras=`."""
    board, say = board_of(request), language_of(request)
    query = WhyQuery.read(request.query)
    found = await _found(board, query, ROWS)
    index = board.index()
    values: WhyPage = why_page(found, query, index, say, rows_a_page=ROWS)
    body = request.app[PAGES].write("why.html", say, {"o": values})
    around = shell(
        board,
        index,
        say,
        body=body,
        here=query.address(),
        fragment="",
        at=at_words(index),
        synthetic=index.standing.synthetic_geometry,
    )
    text = request.app[PAGES].write("whypage.html", say, {"shell": around, "o": values})
    return page_response(request, text, say)


async def stretches_csv(request: web.Request) -> web.StreamResponse:
    """`GET /why.csv`: every stretch of time, longest down first."""
    board, query = board_of(request), WhyQuery.read(request.query)
    found = await _found(board, replace(query, page=1), CSV_ROWS)
    names = board.index().device_by_id
    heading = (
        "device_id", "device", "status", "start_ms", "end_ms", "length_ms", "excluded_ms", "began_ms", "decided_ms",
        "reason", "seq", "hash",
    )  # fmt: skip
    rows = (
        (
            each.device_id,
            plain(names[each.device_id].name) if each.device_id in names else "",
            "absent" if each.status is None else each.status.value,
            each.span.start_ms,
            each.span.end_ms,
            each.span.length_ms,
            each.excluded_ms,
            each.began_ms,
            each.decided_ms,
            None if each.reason is None else each.reason.value,
            each.seq,
            each.hash,
        )
        for each in found.stretches
    )
    return await csv_response(request, heading, rows, f"why-{_file_name(found)}.csv")


async def cameras_csv(request: web.Request) -> web.StreamResponse:
    """`GET /why/cameras.csv`: the buckets of every camera of a site, worst first."""
    board, query = board_of(request), WhyQuery.read(request.query)
    found = await _found(board, replace(query, cameras=1), CSV_ROWS)
    names = board.index().device_by_id
    heading = (
        "device_id",
        "device",
        "site_id",
        "up_ms",
        "degraded_ms",
        "down_ms",
        "unknown_ms",
        "excluded_ms",
        "absent_ms",
    )
    rows = (
        (
            part.device_id,
            plain(names[part.device_id].name) if part.device_id in names else "",
            part.site_id,
            part.buckets.up_ms,
            part.buckets.degraded_ms,
            part.buckets.down_ms,
            part.buckets.unknown_ms,
            part.buckets.excluded_ms,
            part.buckets.absent_ms,
        )
        for part in found.parts
    )
    return await csv_response(request, heading, rows, f"why-cameras-{_file_name(found)}.csv")


def _file_name(found: Why) -> str:
    subject = "".join(c for c in found.device_id or found.site_id if c.isascii() and (c.isalnum() or c in "-_"))
    return f"{subject or 'all'}-{found.month or found.period.start_ms}"


async def _found(board: Board, query: WhyQuery, count: int) -> Why:
    """Ask, within what the reader may see; 404 for what there is none of."""
    index = board.index()
    if board.insight is None:
        raise web.HTTPNotFound
    scope = board.principal.scope
    if query.device and query.device not in index.device_by_id and not scope.whole:
        raise web.HTTPNotFound
    site = query.site or ("" if query.device or scope.site_ids is None else _root(board))
    if site and site not in index.site_by_id:
        raise web.HTTPNotFound
    among = None if scope.contractor_id is None else frozenset(index.device_by_id)
    try:
        return await board.insight.why(replace(query, site=site).ask(among=among, count=count))
    except LookupError:
        raise web.HTTPNotFound from None
    except ValueError:
        raise BadQuery("month") from None


def _root(board: Board) -> str:
    """Return the site that stands for all that the reader sees."""
    standing = board.index().standing
    return standing.total.id or standing.sites[0].id
