"""Work orders as rows, overdue first. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from camboard.desk.incidents import Deadline, address_of, deadline, name_of, place_of
from camboard.desk.words import DOMAIN, ORDER_SHAPE, ORDER_STATE, cause_word
from camboard.i18n import Language, span_words
from camboard.index import Index
from camboard.text import clock_time, plain
from camkeeper.model.workorder import OrderKind, WorkOrder
from camkeeper.standing.desk import DeskStanding, IncidentView
from camkeeper.workorder.deadline import due, overdue

ROWS_SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """One work order."""

    id: str
    number: int
    address: str
    """Of its incident; empty where there is none."""
    tone: str
    shape: str
    state: str
    what: str
    name: str
    place: str
    contractor: str
    devices: int
    since: str
    lasting: str
    deadline: Deadline | None
    respond_by: str
    repair_by: str
    overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderList:
    """The page of work orders."""

    at: str
    summary: str
    open_count: int
    rows: tuple[OrderRow, ...]
    total: int
    late: int
    checked: str


def order_list(desk: DeskStanding, index: Index, at: str, say: Language) -> OrderList:
    """Write the page; the desk has orders overdue first."""
    zone, now_ms = ZoneInfo(index.standing.timezone), index.standing.at_ms
    views = {v.order.number: v for v in (*desk.recent, *desk.open) if v.order is not None}
    # Rounds have a table of their own.
    repairs = [order for order in desk.orders if order.kind is OrderKind.REPAIR]
    late = sum(is_late(order, views.get(order.number), now_ms) for order in repairs)
    shown = repairs[:ROWS_SHOWN]
    return OrderList(
        at=at,
        summary=say("未完工单 %(n)d 张，超时 %(late)d 张", n=len(repairs), late=late),
        open_count=len(desk.open),
        rows=tuple(_row(order, views.get(order.number), desk.names, index, say) for order in shown),
        total=len(repairs),
        late=late,
        checked=say("最近检查 %(at)s", at=clock_time(desk.checked_ms, now_ms, zone)),
    )


def is_late(order: WorkOrder, view: IncidentView | None, now_ms: int) -> bool:
    """Return whether anything of an order is late; without its incident nobody knows of excluded time."""
    return view.overdue if view is not None else overdue(order, now_ms) is not None


def by_when(order: WorkOrder, view: IncidentView | None) -> tuple[int | None, int | None]:
    """Return (answer by, repair by)."""
    if view is not None:
        return view.respond_by_ms, view.repair_by_ms
    own = due(order)
    return own.respond_by_ms, own.repair_by_ms


def _row(
    order: WorkOrder, view: IncidentView | None, names: Mapping[str, str], index: Index, say: Language
) -> OrderRow:
    now_ms, zone, subject = index.standing.at_ms, ZoneInfo(index.standing.timezone), order.subject
    tone, shape = ORDER_SHAPE[order.state]
    respond, repair = by_when(order, view)
    incident_id = view.incident.id if view else (order.incident_ids[-1] if order.incident_ids else "")
    what = (
        say("巡检") if order.kind is OrderKind.INSPECTION else cause_word(subject.cause, say) if subject.cause else ""
    )
    kind = f"{say(DOMAIN[subject.domain.kind])} {plain(subject.domain.id)}" if subject.domain else ""
    known = plain(names.get(subject.domain.id, "")) if subject.domain else ""
    return OrderRow(
        id=order.id,
        number=order.number,
        address=address_of(incident_id) if incident_id else "",
        tone=tone,
        shape=shape,
        state=say(ORDER_STATE[order.state]),
        what=what,
        name=name_of(view, index, say) if view else known or kind,
        place=place_of(view.site_ids if view else subject.site_ids, index, say),
        contractor=plain((view.contractor if view else "") or names.get(order.contractor_id, order.contractor_id)),
        devices=len(order.devices),
        since=clock_time(order.cycle.began_ms, now_ms, zone),
        lasting=span_words(now_ms - order.cycle.began_ms, say),
        deadline=deadline(view, now_ms, zone, say) if view else None,
        respond_by="" if respond is None else clock_time(respond, now_ms, zone),
        repair_by="" if repair is None else clock_time(repair, now_ms, zone),
        overdue=is_late(order, view, now_ms),
    )
