"""`/devices/{id}/history` and `/sites/{id}/history`: reading only, still pages."""

from __future__ import annotations

from aiohttp import web

from camboard.board import Board, board_of
from camboard.device.way import device_address
from camboard.history.view import history_page
from camboard.history.way import history_address
from camboard.i18n import Language
from camboard.index import Index
from camboard.live import Live, at_words, page_of_live, write_live
from camboard.pages import language_of
from camboard.query import Query
from camboard.rows import site_name
from camkeeper.standing.history import HistoryAsk


async def device(request: web.Request) -> web.Response:
    """`GET /devices/{id}/history?before=&month=`."""
    board, say = board_of(request), language_of(request)
    found = board.index().device_by_id.get(request.match_info["id"])
    if found is None:
        raise web.HTTPNotFound
    ask = _asked(request, device_id=found.id)
    return await _page(request, board, ask, (found.name, found.month.target_bp, device_address(found.id)), say)


async def site(request: web.Request) -> web.Response:
    """`GET /sites/{id}/history?before=&month=`."""
    board, say = board_of(request), language_of(request)
    found = board.index().site_by_id.get(request.match_info["id"])
    if found is None:
        raise web.HTTPNotFound
    ask = _asked(request, site_id=found.id)
    back = Query(site=found.id).address()
    return await _page(request, board, ask, (site_name(found, say), found.target_bp, back), say)


def _asked(request: web.Request, *, device_id: str = "", site_id: str = "") -> HistoryAsk:
    asked = request.query
    return HistoryAsk(
        device_id=device_id, site_id=site_id, before=asked.get("before", ""), month=asked.get("month", "")
    )


async def _page(
    request: web.Request, board: Board, ask: HistoryAsk, of: tuple[str, int, str], say: Language
) -> web.Response:
    if board.history is None:
        raise web.HTTPNotFound
    name, target_bp, back = of
    try:
        found = await board.history.history(ask)
    except (LookupError, ValueError):
        raise web.HTTPNotFound from None
    index: Index = board.index()
    standing = index.standing
    values = {
        "h": history_page(found, name, target_bp, standing.monitor.mirror, standing.timezone, say),
        "back": back,
        "at": at_words(index),
    }
    here = history_address(site_id=ask.site_id, device_id=ask.device_id, before=ask.before, month=ask.month)
    made: Live = write_live(request, say, "history.html", values, here, "")
    return page_of_live(request, "historypage.html", made, say)
