"""`/views`: the register of who looked at which picture, for whom and why. Reading only."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from aiohttp import web

from camboard.board import Board, board_of
from camboard.desk.incidents import address_of
from camboard.device.way import device_address
from camboard.i18n import Language
from camboard.index import Index
from camboard.live import Live, at_words, page_of_live, write_live
from camboard.pages import fragment_response, language_of
from camboard.picture.words import VIEWED
from camboard.text import local, plain
from camkeeper.model.view import ViewRecord

ROWS_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewRow:
    """One entry."""

    key: str
    at: str
    who: str
    unit: str
    why: str
    what: str
    device: str
    address: str
    """Empty: it is not in the register of devices any more."""
    incident: str
    incident_address: str


async def page(request: web.Request) -> web.Response:
    """`GET /views`."""
    say = language_of(request)
    return page_of_live(request, "viewspage.html", await _live(request, say), say)


async def fragment(request: web.Request) -> web.Response:
    """`GET /fragments/views`."""
    made = await _live(request, language_of(request))
    return fragment_response(board_of(request), made.index, made.html)


async def _live(request: web.Request, say: Language) -> Live:
    board = board_of(request)
    records = await records_of(board, ROWS_SHOWN + 1)
    index, desk = board.index(), board.desk_now()
    rows = tuple(_row(record, index, say, has_desk=desk is not None) for record in records[:ROWS_SHOWN])
    values = {
        "rows": rows,
        "more": len(records) > ROWS_SHOWN,
        "at": at_words(index),
        "open_count": None if desk is None else len(desk.open),
        "summary": say("看图登记 %(n)d 条", n=len(rows)),
    }
    return write_live(request, say, "views.html", values, "/views", "/fragments/views")


async def records_of(board: Board, limit: int) -> tuple[ViewRecord, ...]:
    """Return the newest entries of the register; 404 where nobody keeps one."""
    if board.pictures is None:
        raise web.HTTPNotFound
    try:
        return await board.pictures.views(limit)
    except LookupError:
        raise web.HTTPNotFound from None


def _row(record: ViewRecord, index: Index, say: Language, *, has_desk: bool) -> ViewRow:
    zone = ZoneInfo(index.standing.timezone)
    device = index.device_by_id.get(record.device_id)
    return ViewRow(
        key=f"{record.at_ms}-{record.device_id}-{record.who}"[:120],
        at=f"{local(record.at_ms, zone):%Y-%m-%d %H:%M:%S}",
        who=plain(record.who),
        unit=plain(record.unit),
        why=plain(record.why, limit=500),
        what=say(VIEWED[record.what]),
        device=plain(device.name if device else record.device_id),
        address=device_address(record.device_id) if device else "",
        incident=plain(record.incident_id or ""),
        incident_address=address_of(record.incident_id) if record.incident_id and has_desk else "",
    )
