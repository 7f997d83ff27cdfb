"""One work order as a page, the rounds under way, and the figures of the month. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from camboard.desk.incidents import address_of, place_of
from camboard.desk.story import STEP_OF, Button, Entry, order_entry, phone_digits, step_button
from camboard.desk.words import ORDER_SHAPE, ORDER_STATE, cause_word
from camboard.i18n import Language, span_words
from camboard.index import Index
from camboard.text import clock_time, plain
from camboard.work.photos import PhotoRow, photo_possible, photo_rows
from camkeeper.model.workorder import OrderKind, Step, WorkOrder
from camkeeper.standing.work import OrderView, WorkFigures
from camkeeper.workorder.figures import Spread
from camkeeper.workorder.law import LEGAL

_ROUND_STEPS = ("accept", "on_site")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item of a round's checklist, to be answered or answered."""

    n: int
    word: str
    good: bool | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPage:
    """The page of one order."""

    at: str
    summary: str
    id: str
    number: int
    round: bool
    kind: str
    tone: str
    shape: str
    state: str
    name: str
    cause: str
    place: str
    position: str
    devices: tuple[str, ...]
    since: str
    lasting: str
    respond_by: str
    repair_by: str
    overdue: bool
    contractor: str
    contractor_id: str
    contact: str
    phone: str
    code: str
    terms: str
    incidents: tuple[tuple[str, str], ...]
    buttons: tuple[Button, ...]
    live: bool
    assignable: tuple[tuple[str, str], ...]
    photos: tuple[PhotoRow, ...]
    photo_address: str
    may_photo: bool
    may_sign: bool
    items: tuple[Item, ...]
    signed: str
    entries: tuple[Entry, ...]


def order_page(
    view: OrderView, index: Index, contractors: tuple[tuple[str, str], ...], at: str, say: Language
) -> OrderPage:
    """Write one order for one reader."""
    order, zone, now_ms = view.order, ZoneInfo(index.standing.timezone), index.standing.at_ms
    tone, shape = ORDER_SHAPE[order.state]
    legal, is_round = LEGAL[order.kind], order.kind is OrderKind.INSPECTION
    return OrderPage(
        at=at,
        summary=f"{order.id} · {say(ORDER_STATE[order.state])} · {plain(view.name)}",
        id=order.id,
        number=order.number,
        round=is_round,
        kind=say("巡检") if is_round else say("维修"),
        tone=tone,
        shape=shape,
        state=say(ORDER_STATE[order.state]),
        name=plain(view.name),
        cause=cause_word(order.subject.cause, say) if order.subject.cause is not None else "",
        place=place_of(order.subject.site_ids, index, say, most=6),
        position=plain(view.position, limit=240),
        devices=tuple(plain(name) for name in view.devices),
        since=clock_time(order.cycle.began_ms, now_ms, zone),
        lasting=span_words((order.closed_ms or now_ms) - order.cycle.began_ms, say),
        respond_by="" if view.respond_by_ms is None else clock_time(view.respond_by_ms, now_ms, zone),
        repair_by="" if view.repair_by_ms is None else clock_time(view.repair_by_ms, now_ms, zone),
        overdue=view.overdue,
        contractor=plain(view.contractor),
        contractor_id=order.contractor_id,
        contact=plain(view.contact),
        phone=phone_digits(view.phone),
        code=order.code if order.state.live else "",
        terms=order.terms.policy,
        incidents=tuple((i, address_of(i)) for i in order.incident_ids),
        buttons=_buttons(order, zone, say),
        live=order.state.live,
        assignable=tuple((i, plain(name)) for i, name in contractors if i != order.contractor_id)
        if order.state in legal[Step.ASSIGNED]
        else (),
        photos=photo_rows(order, f"/orders/{order.number}/photos", zone, say),
        photo_address=f"/orders/{order.number}/photo",
        may_photo=photo_possible(order),
        may_sign=order.state in legal[Step.SIGNED],
        items=_items(order),
        signed=""
        if order.signature is None
        else f"{plain(order.signature.name)} {plain(order.signature.unit)}".strip(),
        entries=tuple(order_entry(e, index, zone, say, names=dict(contractors)) for e in reversed(order.history)),
    )


def _buttons(order: WorkOrder, zone: ZoneInfo, say: Language) -> tuple[Button, ...]:
    if not order.state.live:
        return ()
    steps = [a for a in STEP_OF if order.kind is OrderKind.REPAIR or a.value in _ROUND_STEPS]
    return tuple(step_button(action, order, zone, say) for action in steps)


def _items(order: WorkOrder) -> tuple[Item, ...]:
    found = {f.item: f for f in order.signature.findings} if order.signature is not None else {}
    return tuple(
        Item(
            n=n,
            word=plain(item),
            good=None if f is None else f.good,
            note="" if f is None else plain(f.note, limit=500),
        )
        for n, item in enumerate(order.subject.checklist, 1)
        for f in [found.get(item)]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureRow:
    """One figure of the month."""

    word: str
    value: str
    more: str = ""
    late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundRow:
    """One inspection round under way."""

    id: str
    address: str
    tone: str
    shape: str
    state: str
    name: str
    place: str
    contractor: str
    sign_by: str
    overdue: bool


def figure_rows(figures: WorkFigures, say: Language) -> tuple[FigureRow, ...]:
    """Write the month's repairs and, apart from them, its rounds."""
    repairs, rounds = figures.repairs, figures.rounds
    late = repairs.late_response + repairs.late_repair
    return (
        FigureRow(word=say("本月故障"), value=str(repairs.faults), more=say("未恢复 %(n)d", n=repairs.open)),
        _time(say("平均接单用时 MTTA"), repairs.acceptance, say),
        _time(say("平均修复用时 MTTR"), repairs.repair, say),
        FigureRow(
            word=say("本月超时"),
            value=str(late),
            more=say("接单 %(a)d · 修复 %(b)d", a=repairs.late_response, b=repairs.late_repair),
            late=late > 0,
        ),
        FigureRow(
            word=say("现在超时"),
            value=str(figures.overdue_repairs),
            more=say("重开 %(n)d", n=repairs.reopened),
            late=figures.overdue_repairs > 0,
        ),
        FigureRow(
            word=say("本月巡检"),
            value=f"{rounds.signed} / {rounds.due}",
            more=say("逾期 %(n)d · 不合格 %(bad)d 项", n=rounds.late, bad=rounds.bad_items),
            late=figures.overdue_rounds > 0,
        ),
    )


def _time(word: str, spread: Spread, say: Language) -> FigureRow:
    if spread.mean_ms is None or spread.longest_ms is None:
        return FigureRow(word=word, value="–")
    more = say("%(n)d 次，最长 %(span)s", n=spread.count, span=span_words(spread.longest_ms, say))
    return FigureRow(word=word, value=span_words(spread.mean_ms, say), more=more)


def round_rows(rounds: tuple[OrderView, ...], index: Index, say: Language) -> tuple[RoundRow, ...]:
    """Write the rounds under way."""
    zone, now_ms = ZoneInfo(index.standing.timezone), index.standing.at_ms
    out = []
    for view in rounds:
        order = view.order
        tone, shape = ORDER_SHAPE[order.state]
        out.append(
            RoundRow(
                id=order.id,
                address=f"/orders/{order.number}",
                tone=tone,
                shape=shape,
                state=say(ORDER_STATE[order.state]),
                name=plain(view.name),
                place=place_of(order.subject.site_ids, index, say),
                contractor=plain(view.contractor),
                sign_by="" if view.repair_by_ms is None else clock_time(view.repair_by_ms, now_ms, zone),
                overdue=view.overdue,
            )
        )
    return tuple(out)
