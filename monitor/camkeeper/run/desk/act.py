"""What people do at the desk, as steps; and what they are told of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from camkeeper.incident import Correlator
from camkeeper.message.clean import clean
from camkeeper.model.contract import Contractor
from camkeeper.model.incident import Incident, IncidentEvent, MergeRefusal
from camkeeper.model.workorder import Finding, OrderEvent, Refusal, Signature, Step, WorkOrder
from camkeeper.standing.desk import Act, Acted, Action
from camkeeper.workorder.book import WorkOrderBook, step

NAME_CHARACTERS, TEXT_CHARACTERS = 40, 500
_STEPS = {
    Action.ACCEPT: Step.ACCEPTED,
    Action.ON_SITE: Step.ON_SITE,
    Action.REPAIRED: Step.REPAIRED,
    Action.NOTE: Step.NOTED,
    Action.ASSIGN: Step.ASSIGNED,
    Action.PHOTO: Step.PHOTO,
    Action.SIGN: Step.SIGNED,
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
    Refusal.UNSIGNED: ("请签名", "sign it"),
    Refusal.UNANSWERED: ("每一项都要填，不合格的写明问题", "answer every item; a bad one wants a note"),
    Refusal.TOO_MANY_PHOTOS: ("这张工单的照片已满 12 张", "this order has its 12 photos"),
    Refusal.PHOTO_TOO_LARGE: ("照片不能超过 5 MB", "a photo has 5 MB at most"),
    Refusal.PHOTO_EMPTY: ("请先选择照片", "choose a photo first"),
    Refusal.NOT_A_PHOTO: (
        "不是照片：只收 JPEG、PNG、WebP、HEIC",
        "not a photo: JPEG, PNG, WebP and HEIC are taken",
    ),
}
_ON_INCIDENTS = frozenset({Action.ACKNOWLEDGE, Action.MERGE, Action.UNMERGE})
_UNMERGED = {
    MergeRefusal.NOT_OPEN: ("两起事件都要未恢复才能合并", "both incidents must be open to be merged"),
    MergeRefusal.ITSELF: ("不能并入自己", "an incident cannot go into itself"),
    MergeRefusal.OTHER_KIND: (
        "只能并入同类事件：离线、认证、画面各自按不同的证据恢复",
        "only into one of its kind: down, refused and poor pictures recover by different proof",
    ),
    MergeRefusal.COMES_AND_GOES: (
        "反复通断的事件不能合并：它平静以后才结束",
        "one that comes and goes is not merged: it ends when it is calm",
    ),
    MergeRefusal.OF_MONITOR: ("监测端断网的事件不能合并", "the monitor's own blindness is not merged"),
    MergeRefusal.NOT_MERGED: (
        "它没有被人并入未恢复的事件，无可撤销",
        "nobody merged it into an incident that is still open; there is nothing to take back",
    ),
    MergeRefusal.RECOVERED: (
        "它的设备都已恢复，不必再分开",
        "all of its devices are back; there is nothing to take apart",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What an act came to."""

    acted: Acted
    events: tuple[IncidentEvent, ...] = ()
    book: WorkOrderBook
    steps: tuple[OrderEvent, ...] = ()


def do(
    act: Act, correlator: Correlator, book: WorkOrderBook, now_ms: int, *, contractors: Iterable[Contractor] = ()
) -> Done:
    """Take somebody's step. An acknowledged incident accepts its order by `react`, which is the caller's."""
    by = clean(act.by, limit=NAME_CHARACTERS)
    if not by:
        return Done(acted=refused(Refusal.NOBODY), book=book)
    order = _order(act, book)
    if act.action in _ON_INCIDENTS:
        acknowledges = act.action is Action.ACKNOWLEDGE
        return (
            _acknowledge(act, by, order, correlator, book, now_ms)
            if acknowledges
            else _merge(act, by, correlator, book, now_ms)
        )
    if order is None:
        return Done(acted=refused(Refusal.NO_SUCH_ORDER), book=book)
    if act.action is Action.ASSIGN:
        no_one = _unassignable(act, order, contractors)
        if no_one is not None:
            return Done(acted=no_one, book=book)
    event = OrderEvent(
        number=order.number,
        at_ms=max(now_ms, order.last_ms),
        step=_STEPS[act.action],
        by=by,
        text=clean(act.text, limit=TEXT_CHARACTERS),
        contractor_id=act.contractor_id if act.action is Action.ASSIGN else "",
        photo=act.photo if act.action is Action.PHOTO else None,
        signature=_signed(act.signature) if act.action is Action.SIGN else None,
    )
    book, no = step(book, event)
    if no is not None:
        return Done(acted=refused(no.reason), book=book)
    return Done(acted=Acted(done=True, zh="已登记", en="done"), book=book, steps=(event,))


def objection_to(act: Act, book: WorkOrderBook, now_ms: int) -> Acted | None:
    """Return why a step that needs nobody else would be refused now; None where it would be taken.

    Asked before a file is kept for it.
    """
    order, by = _order(act, book), clean(act.by, limit=NAME_CHARACTERS)
    if order is None or not by:
        return refused(Refusal.NO_SUCH_ORDER if by else Refusal.NOBODY)
    event = OrderEvent(
        number=order.number, at_ms=max(now_ms, order.last_ms), step=_STEPS[act.action], by=by, photo=act.photo
    )
    _, no = step(book, event)
    return None if no is None else refused(no.reason)


def _unassignable(act: Act, order: WorkOrder, contractors: Iterable[Contractor]) -> Acted | None:
    if act.contractor_id not in {c.id for c in contractors}:
        zh, en = "没有这家维保单位", "there is no such contractor"
        return Acted(done=False, zh=zh, en=en)
    return refused(Refusal.ALREADY_DONE) if act.contractor_id == order.contractor_id else None


def _signed(signature: Signature | None) -> Signature | None:
    """Return the signature with cleaned words; items stay as the checklist has them."""
    if signature is None:
        return None
    findings = tuple(
        Finding(item=f.item, good=f.good, note=clean(f.note, limit=TEXT_CHARACTERS)) for f in signature.findings
    )
    name, unit = clean(signature.name, limit=NAME_CHARACTERS), clean(signature.unit, limit=NAME_CHARACTERS)
    return replace(signature, name=name, unit=unit, findings=findings)


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


def _merge(act: Act, by: str, correlator: Correlator, book: WorkOrderBook, now_ms: int) -> Done:
    """Merge an incident into another, or take that back; its order follows by `react`, which is the caller's."""
    why, one = clean(act.text, limit=TEXT_CHARACTERS), act.incident_id or ""
    if act.action is Action.UNMERGE:
        events, no = correlator.unmerge(one, by=by, now_ms=now_ms)
    elif not why:
        return Done(acted=refused(Refusal.NO_REASON), book=book)
    else:
        events, no = correlator.merge(one, act.into_id, by=by, why=why, now_ms=now_ms)
    zh, en = ("已登记", "done") if no is None else _UNMERGED[no]
    return Done(acted=Acted(done=no is None, zh=zh, en=en), events=events, book=book)


def refused(reason: Refusal) -> Acted:
    """Return a refusal in words."""
    zh, en = _WORDS.get(reason, ("这一步没有被接受", "this step was not taken"))
    return Acted(done=False, zh=zh, en=en)
