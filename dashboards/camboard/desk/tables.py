"""`/incidents.csv` and `/orders.csv`: the duty desk as tables, every row of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo

from aiohttp import web

from camboard.board import Board, board_of
from camboard.desk.incidents import name_of, place_of
from camboard.desk.page import desk_of
from camboard.desk.words import DOMAIN, ORDER_STATE, cause_word, confidence_word
from camboard.download import Cell, csv_response
from camboard.i18n import Language
from camboard.pages import language_of
from camboard.text import local
from camboard.words import mark
from camboard.work.orders import by_when, is_late
from camkeeper.model.incident import IncidentState
from camkeeper.model.workorder import OrderKind, WorkOrder
from camkeeper.standing.desk import DeskStanding, IncidentView

INCIDENTS = (
    "id", "state", "name", "domain_kind", "domain_id", "place", "site_ids", "cause", "confidence", "began", "opened",
    "acknowledged", "acknowledged_by", "resolved", "devices", "still_out", "order", "respond_by", "repair_by",
    "overdue", "position", "contractor",
)  # fmt: skip
ORDERS = (
    "number", "kind", "state", "name", "domain_kind", "domain_id", "place", "site_ids", "cause", "contractor_id",
    "devices", "opened", "accepted", "restored", "closed", "respond_by", "repair_by", "overdue", "incidents", "photos",
)  # fmt: skip
STATE = {
    IncidentState.HELD: mark("暂缓"),
    IncidentState.OPEN: mark("未恢复"),
    IncidentState.RESOLVED: mark("已恢复"),
    IncidentState.MERGED: mark("已并入"),
}
KIND = {OrderKind.REPAIR: mark("维修"), OrderKind.INSPECTION: mark("巡检")}
When = Callable[[int | None], str]


async def incidents(request: web.Request) -> web.StreamResponse:
    """`GET /incidents.csv`: open ones, gravest first, then those of the last seven days."""
    board, say = board_of(request), language_of(request)
    _, now = desk_of(board)
    when, at = _clock(board)
    rows = (_incident(view, board, when, say) for view in (*now.open, *now.recent))
    return await csv_response(request, INCIDENTS, rows, f"incidents-{at}.csv")


async def orders(request: web.Request) -> web.StreamResponse:
    """`GET /orders.csv`: live ones, overdue first."""
    board, say = board_of(request), language_of(request)
    _, now = desk_of(board)
    when, at = _clock(board)
    return await csv_response(request, ORDERS, _orders(now, board, when, say), f"orders-{at}.csv")


def _clock(board: Board) -> tuple[When, str]:
    """Return how instants are written, and the moment for a file's name; in the township's time."""
    standing = board.index().standing
    zone = ZoneInfo(standing.timezone)

    def when(at_ms: int | None) -> str:
        return "" if at_ms is None else f"{local(at_ms, zone):%Y-%m-%d %H:%M:%S}"

    return when, f"{local(standing.at_ms, zone):%Y%m%d-%H%M}"


def _incident(view: IncidentView, board: Board, when: When, say: Language) -> tuple[Cell, ...]:
    of, index = view.incident, board.index()
    return (
        of.id,
        say(STATE[of.state]),
        name_of(view, index, say),
        say(DOMAIN[of.domain.kind]),
        of.domain.id,
        place_of(view.site_ids, index, say, most=20),
        " ".join(view.site_ids),
        cause_word(of.cause, say),
        confidence_word(of.confidence, say),
        when(of.began_ms),
        when(of.opened_ms),
        when(of.acknowledged_ms),
        of.acknowledged_by,
        when(of.resolved_ms),
        len(of.members),
        sum(member.recovered_ms is None for member in of.members.values()),
        None if view.order is None else view.order.number,
        when(view.respond_by_ms),
        when(view.repair_by_ms),
        int(view.overdue),
        view.position,
        view.contractor,
    )


def _orders(now: DeskStanding, board: Board, when: When, say: Language) -> Iterator[tuple[Cell, ...]]:
    views = {view.order.number: view for view in (*now.recent, *now.open) if view.order is not None}
    for order in now.orders:
        yield _order(order, views.get(order.number), board, when, say)


def _order(order: WorkOrder, view: IncidentView | None, board: Board, when: When, say: Language) -> tuple[Cell, ...]:
    subject, index = order.subject, board.index()
    respond_ms, repair_ms = by_when(order, view)
    return (
        order.number,
        say(KIND[order.kind]),
        say(ORDER_STATE[order.state]),
        name_of(view, index, say) if view is not None else subject.name,
        say(DOMAIN[subject.domain.kind]) if subject.domain else "",
        subject.domain.id if subject.domain else "",
        place_of(subject.site_ids, index, say, most=20),
        " ".join(subject.site_ids),
        cause_word(subject.cause, say) if subject.cause else "",
        order.contractor_id,
        " ".join(order.devices),
        when(order.opened_ms),
        when(order.cycle.accepted_ms),
        when(order.restored_ms),
        when(order.closed_ms),
        when(respond_ms),
        when(repair_ms),
        int(is_late(order, view, index.standing.at_ms)),
        " ".join(order.incident_ids),
        len(order.photos),
    )
