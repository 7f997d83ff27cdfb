"""What people do at the desk, as steps; and what they are told of it."""

from __future__ import annotations

from dataclasses import dataclass

from camkeeper.incident import Correlator
from camkeeper.message.clean import clean
from camkeeper.model.incident import Incident, IncidentEvent
from camkeeper.model.workorder import OrderEvent, Refusal, Step, WorkOrder
from camkeeper.standing.desk import Act, Acted, Action
from camkeeper.workorder.book import WorkOrderBook, step

NAME_CHARACTERS, TEXT_CHARACTERS = 40, 500
_STEPS = {
    Action.ACCEPT: Step.ACCEPTED,
    Action.ON_SITE: Step.ON_SITE,
    Action.REPAIRED: Step.REPAIRED,
    Action.NOTE: Step.NOTED,
    Action.CANCEL: Step.CANCELLED,
}
_WORDS = {
    Refusal.NO_SUCH_ORDER: ("没有这张工单", "there is no such work order"),
    Refusal.OUT_OF_TURN: ("工单现在不能走这一步", "the order is not at this step"),
    Refusal.ALREADY_DONE: ("已经登记过了", "that was done already"),
    Refusal.FINISHED: ("工单已经结束", "the order is finished"),
    Refusal.WRONG_KIND: ("这类工单没有这一步", "an order of this kind has no such step"),
    Refusal.NOBODY: ("请写明姓名", "say who you are"),
    Refusal.NO_REASON: ("请写明原因", "say why"),
    Refusal.INCOMPLETE: ("内容没有写全", "something is missing"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What an act came to."""

    acted: Acted
    events: tuple[IncidentEvent, ...] = ()
    book: WorkOrderBook
    steps: tuple[OrderEvent, ...] = ()


def do(act: Act, correlator: Correlator, book: WorkOrderBook, now_ms: int) -> Done:
    """Take somebody's step. An acknowledged incident accepts its order by `react`, which is the caller's."""
    by = clean(act.by, limit=NAME_CHARACTERS)
    if not by:
        return Done(acted=_refused(Refusal.NOBODY), book=book)
    order = _order(act, book)
    if act.action is Action.ACKNOWLEDGE:
        return _acknowledge(act, by, order, correlator, book, now_ms)
    if order is None:
        return Done(acted=_refused(Refusal.NO_SUCH_ORDER), book=book)
    event = OrderEvent(
        number=order.number,
        at_ms=max(now_ms, order.last_ms),
        step=_STEPS[act.action],
        by=by,
        text=clean(act.text, limit=TEXT_CHARACTERS),
    )
    book, no = step(book, event)
    if no is not None:
        return Done(acted=_refused(no.reason), book=book)
    return Done(acted=Acted(done=True, zh="已登记", en="done"), book=book, steps=(event,))


def _order(act: Act, book: WorkOrderBook) -> WorkOrder | None:
    if act.order_number is not None:
        return book.orders.get(act.order_number)
    return book.of_incident(act.incident_id) if act.incident_id is not None else None


def _acknowledge(
    act: Act, by: str, order: WorkOrder | None, correlator: Correlator, book: WorkOrderBook, now_ms: int
) -> Done:
    wanted = {act.incident_id} if act.incident_id is not None else set(order.incident_ids if order is not None else ())
    live: Incident | None = next((i for i in correlator.incidents if i.id in wanted), None)
    if live is None:
        zh, en = "没有这个事件，或者它已经结束", "there is no such incident, or it is over"
        return Done(acted=Acted(done=False, zh=zh, en=en), book=book)
    if live.acknowledged_by is not None:
        zh, en = f"已由{live.acknowledged_by}确认", f"acknowledged already by {live.acknowledged_by}"
        return Done(acted=Acted(done=False, zh=zh, en=en), book=book)
    events = correlator.acknowledge(live.id, by, now_ms)
    return Done(acted=Acted(done=True, zh="已确认", en="acknowledged"), events=events, book=book)


def _refused(reason: Refusal) -> Acted:
    zh, en = _WORDS.get(reason, ("这一步没有被接受", "this step was not taken"))
    return Acted(done=False, zh=zh, en=en)
