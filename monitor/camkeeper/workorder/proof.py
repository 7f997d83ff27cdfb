"""The probe's word on repairs: transitions and the passing of time, folded into steps that nobody takes by hand.

- Said to be repaired, and everything up for `stable_ms` since: verified, and closed where no hand is wanted on it.
- Up and as bad again as the fault was, before that: reopened. Never up within `restore_within_ms`: reopened.
- Everything up for as long although nobody said so: the order of somebody who had accepted counts as repaired, any
  other is cancelled, because the fault went by itself.
- Unknown is neither: the proof waits, and counts anew from the next up. A device that answers without a picture is not
  up; it is no relapse of having been down either.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType

from camkeeper.model.change import Transition
from camkeeper.model.status import Status
from camkeeper.model.workorder import PROBE, OrderEvent, OrderState, Step, Watched, Why, WorkOrder
from camkeeper.workorder.book import WorkOrderBook, step, with_order

_HANDS_OFF = frozenset({OrderState.OPENED, OrderState.ASSIGNED})
_HANDS_ON = frozenset({OrderState.ACCEPTED, OrderState.ON_SITE})

Steps = tuple[OrderEvent, ...]


def told(book: WorkOrderBook, transition: Transition) -> tuple[WorkOrderBook, Steps]:
    """Fold in one change of status; return the book and the steps that it took (a relapse reopens at once)."""
    return told_all(book, (transition,))


def told_all(book: WorkOrderBook, transitions: Iterable[Transition]) -> tuple[WorkOrderBook, Steps]:
    """Fold in changes of status one after the other, copying each order once: a line brings back thousands together."""
    steps: list[OrderEvent] = []
    changed: dict[int, dict[str, Watched]] = {}
    holders = _holders(book)
    for transition in transitions:
        for number in holders.get(transition.device_id, ()):
            order = book.orders[number]
            devices = changed.setdefault(number, dict(order.devices))
            before = devices.get(transition.device_id)
            if before is None:
                continue
            devices[transition.device_id] = _seen(before, transition)
            if order.state in {OrderState.REPAIRED, OrderState.VERIFIED} and _relapsed(before, transition):
                book = _with_devices(book, number, changed.pop(number))
                order = book.orders[number]
                book, took = _took(book, _reopening(order, max(transition.decided_ms, order.last_ms), Why.RELAPSED))
                steps.extend(took)
    for number, devices in changed.items():
        book = _with_devices(book, number, devices)
    return book, tuple(steps)


def _holders(book: WorkOrderBook) -> dict[str, list[int]]:
    """Return the live orders that watch each device, in the order of their numbers."""
    found: dict[str, list[int]] = {}
    for order in book.live():
        for device_id in order.devices:
            found.setdefault(device_id, []).append(order.number)
    return found


def _with_devices(book: WorkOrderBook, number: int, devices: dict[str, Watched]) -> WorkOrderBook:
    return with_order(book, replace(book.orders[number], devices=MappingProxyType(devices)))


def settle(book: WorkOrderBook, now_ms: int) -> tuple[WorkOrderBook, Steps]:
    """Let time pass: take every step that is due by `now_ms`; idempotent."""
    steps: list[OrderEvent] = []
    for order in tuple(book.live()):
        for event in _due(order, now_ms):
            book, took = _took(book, event)
            steps.extend(took)
    return book, tuple(steps)


def proof_due_ms(order: WorkOrder) -> int | None:
    """Return when a repair will be proven if everything stays up; None where it isn't up or not said to be repaired."""
    since_ms = order.all_up_since_ms
    if order.state is not OrderState.REPAIRED or since_ms is None:
        return None
    return max(since_ms, order.claimed_ms or 0) + order.terms.stable_ms


def _took(book: WorkOrderBook, event: OrderEvent) -> tuple[WorkOrderBook, Steps]:
    book, refused = step(book, event)
    return book, () if refused is not None else (event,)


def _seen(before: Watched, transition: Transition) -> Watched:
    restored_ms = before.restored_ms
    if transition.new is Status.UP and restored_ms is None:
        restored_ms = transition.at_ms
    elif transition.new.severity >= before.fault.severity:
        restored_ms = None
    return replace(before, status=transition.new, since_ms=transition.at_ms, restored_ms=restored_ms)


def _relapsed(before: Watched, transition: Transition) -> bool:
    return before.restored_ms is not None and transition.new.severity >= before.fault.severity


def _due(order: WorkOrder, now_ms: int) -> Steps:
    at_ms = max(now_ms, order.last_ms)
    if order.state is OrderState.SIGNED:
        return (_by_probe(order, Step.CLOSED, at_ms),)
    if order.state is OrderState.REPAIRED:
        return _judged(order, at_ms)
    up_since_ms = order.all_up_since_ms
    if order.why is Why.BY_HAND or up_since_ms is None or at_ms - up_since_ms < order.terms.stable_ms:
        return ()  # what was reopened by hand is not the probe's to see
    if order.state in _HANDS_ON:
        return (_by_probe(order, Step.REPAIRED, at_ms), *_proven(order, at_ms))
    if order.state in _HANDS_OFF:
        return (replace(_by_probe(order, Step.CANCELLED, at_ms), why=Why.RECOVERED_ALONE),)
    return ()


def _judged(order: WorkOrder, at_ms: int) -> Steps:
    due_ms = proof_due_ms(order)
    if due_ms is None:
        return _not_restored(order, at_ms)
    return _proven(order, at_ms) if at_ms >= due_ms else ()


def _proven(order: WorkOrder, at_ms: int) -> Steps:
    verified = replace(_by_probe(order, Step.VERIFIED, at_ms), restored_ms=order.restored_ms)
    return (verified, _by_probe(order, Step.CLOSED, at_ms)) if order.terms.auto_close else (verified,)


def _not_restored(order: WorkOrder, at_ms: int) -> Steps:
    """Reopen what was said to be repaired and never came up; that we see nothing is nobody's fault."""
    late = order.claimed_ms is not None and at_ms - order.claimed_ms >= order.terms.restore_within_ms
    never_up = any(w.restored_ms is None and w.status is not Status.UNKNOWN for w in order.devices.values())
    return (_reopening(order, at_ms, Why.NOT_RESTORED),) if late and never_up else ()


def _reopening(order: WorkOrder, at_ms: int, why: Why) -> OrderEvent:
    return replace(_by_probe(order, Step.REOPENED, at_ms), why=why, code=order.code)


def _by_probe(order: WorkOrder, what: Step, at_ms: int) -> OrderEvent:
    return OrderEvent(number=order.number, at_ms=at_ms, step=what, by=PROBE)
