"""One step of one order: whether it may be taken, and the order afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from camkeeper.model.status import Status
from camkeeper.model.workorder import (
    PROBE,
    Cycle,
    Faulty,
    OrderEvent,
    OrderKind,
    OrderState,
    Refusal,
    Signature,
    Step,
    Watched,
    Why,
    WorkOrder,
)
from camkeeper.workorder.law import LEADS_TO, LEGAL
from camkeeper.workorder.photo import MAX_PHOTOS

_CODE = re.compile(r"[0-9]{4}")


def begin(event: OrderEvent) -> WorkOrder:
    """Return the order that an `OPENED` makes, to which `objection(None, event)` had nothing to say."""
    if event.subject is None or event.terms is None:
        raise ValueError(f"an order {event.number} without subject or terms")
    return WorkOrder(
        number=event.number,
        code=event.code,
        state=OrderState.OPENED,
        subject=event.subject,
        cycle=Cycle(began_ms=event.at_ms, terms=event.terms, terms_ms=event.at_ms),
        incident_ids=(event.incident_id,) if event.incident_id else (),
        devices=_watched({}, event.devices),
        history=(event,),
    )


def objection(order: WorkOrder | None, event: OrderEvent) -> Refusal | None:
    """Return why the step may not be taken, or None. `order` is None for `OPENED`."""
    if not event.by.strip():
        return Refusal.NOBODY
    if order is None:
        return _cannot_open(event)
    reason = _wrong_turn(order, event)
    check = _CHECKS.get(event.step)
    return check(order, event) if reason is None and check is not None else reason


def taken(order: WorkOrder, event: OrderEvent) -> WorkOrder:
    """Return the order after a step to which there was no objection."""
    state = LEADS_TO.get(event.step, order.state)
    changed = _CHANGES.get(event.step)
    fields: dict[str, Any] = {"state": state, "history": (*order.history, event)}
    if changed is not None:
        fields |= changed(order, event)
    return replace(order, **fields)


def _cannot_open(event: OrderEvent) -> Refusal | None:
    if event.step is not Step.OPENED:
        return Refusal.NO_SUCH_ORDER
    subject = event.subject
    if subject is None or event.terms is None or _CODE.fullmatch(event.code) is None:
        return Refusal.INCOMPLETE
    repair = subject.kind is OrderKind.REPAIR
    if repair and (subject.domain is None or not event.devices):
        return Refusal.INCOMPLETE
    if not repair and (not subject.round_key or subject.due_ms is None):
        return Refusal.INCOMPLETE
    return None


def _wrong_turn(order: WorkOrder, event: OrderEvent) -> Refusal | None:
    if event.step is Step.OPENED:
        return Refusal.WRONG_NUMBER
    allowed = LEGAL[order.kind][event.step]
    if not allowed:
        return Refusal.WRONG_KIND
    if order.state in allowed:
        return Refusal.OUT_OF_TIME if event.at_ms < order.last_ms else None
    if LEADS_TO.get(event.step) is order.state:
        return Refusal.ALREADY_DONE
    return Refusal.OUT_OF_TURN if order.state.live else Refusal.FINISHED


def _verify(order: WorkOrder, event: OrderEvent) -> Refusal | None:
    del order
    if event.by != PROBE:
        return Refusal.NOT_THE_PROBE
    return Refusal.INCOMPLETE if event.restored_ms is None else None


def _reopen(order: WorkOrder, event: OrderEvent) -> Refusal | None:
    if event.why is None or (event.why is Why.BY_HAND and not event.text.strip()):
        return Refusal.NO_REASON
    if _CODE.fullmatch(event.code) is None:
        return Refusal.INCOMPLETE
    late = order.closed_ms is not None and event.at_ms - order.closed_ms > order.terms.relapse_ms
    return Refusal.TOO_LATE if late else None


def _cancel(order: WorkOrder, event: OrderEvent) -> Refusal | None:
    del order
    if event.why is Why.RECOVERED_ALONE and event.by == PROBE:
        return None
    return None if event.text.strip() else Refusal.NO_REASON


def _leave(order: WorkOrder, event: OrderEvent) -> Refusal | None:
    leaving = {d.device_id for d in event.devices}
    return None if leaving and leaving < order.devices.keys() else Refusal.INCOMPLETE


def _photo(order: WorkOrder, event: OrderEvent) -> Refusal | None:
    if event.photo is None:
        return Refusal.INCOMPLETE
    if any(p.digest == event.photo.digest for p in order.photos):
        return Refusal.ALREADY_DONE
    return Refusal.TOO_MANY_PHOTOS if len(order.photos) >= MAX_PHOTOS else None


def _sign(order: WorkOrder, event: OrderEvent) -> Refusal | None:
    if event.signature is None or not event.signature.name.strip():
        return Refusal.UNSIGNED
    return None if _answered(order.subject.checklist, event.signature) else Refusal.UNANSWERED


def _answered(checklist: tuple[str, ...], signature: Signature) -> bool:
    items = [f.item for f in signature.findings]
    complete = sorted(items) == sorted(checklist)
    return complete and all(f.good or f.note.strip() for f in signature.findings)


def _merge(order: WorkOrder, event: OrderEvent) -> Refusal | None:
    if event.into is None:
        return Refusal.INCOMPLETE
    return Refusal.INTO_ITSELF if event.into == order.number else None


_CHECKS: Mapping[Step, Callable[[WorkOrder, OrderEvent], Refusal | None]] = {
    Step.ASSIGNED: lambda _, e: None if e.contractor_id else Refusal.INCOMPLETE,
    Step.VERIFIED: _verify,
    Step.REOPENED: _reopen,
    Step.GREW: lambda _, e: None if e.devices or e.incident_id or e.subject else Refusal.INCOMPLETE,
    Step.LEFT: _leave,
    Step.NOTED: lambda _, e: None if e.text.strip() else Refusal.INCOMPLETE,
    Step.PHOTO: _photo,
    Step.SIGNED: _sign,
    Step.MERGED: _merge,
    Step.CANCELLED: _cancel,
}


def _accepted(order: WorkOrder, event: OrderEvent) -> dict[str, Any]:
    # A second acceptance (after a reassignment or a relapse) does not make the first answer later.
    if order.cycle.accepted_ms is not None:
        return {}
    return {"cycle": replace(order.cycle, accepted_ms=event.at_ms)}


def _repaired(order: WorkOrder, event: OrderEvent) -> dict[str, Any]:
    del order
    return {"claimed_ms": None if event.by == PROBE else event.at_ms}


def _reopened(order: WorkOrder, event: OrderEvent) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "state": OrderState.ASSIGNED if order.contractor_id else OrderState.OPENED,
        "code": event.code,
        "why": event.why,
        "claimed_ms": None,
        "closed_ms": None,
        **_grown(order, event),
    }
    if order.state is OrderState.CLOSED:
        fields |= {
            "past": (*order.past, order.cycle),
            "cycle": Cycle(began_ms=event.at_ms, terms=event.terms or order.terms, terms_ms=event.at_ms),
        }
    else:
        # Never proven, so never repaired: the first clock still runs.
        fields["cycle"] = replace(order.cycle, restored_ms=None)
    return fields


def _left(order: WorkOrder, event: OrderEvent) -> dict[str, Any]:
    leaving = {d.device_id for d in event.devices}
    return {"devices": MappingProxyType({i: w for i, w in order.devices.items() if i not in leaving})}


def _grown(order: WorkOrder, event: OrderEvent) -> dict[str, Any]:
    incidents = order.incident_ids
    if event.incident_id and event.incident_id not in incidents:
        incidents = (*incidents, event.incident_id)
    fields: dict[str, Any] = {"incident_ids": incidents, "devices": _watched(order.devices, event.devices)}
    if event.step is Step.GREW and event.subject is not None:
        fields["subject"] = event.subject
    if event.step is Step.GREW and event.terms is not None:
        fields["cycle"] = replace(order.cycle, terms=event.terms, terms_ms=event.at_ms)
    return fields


_CHANGES: Mapping[Step, Callable[[WorkOrder, OrderEvent], dict[str, Any]]] = {
    Step.ASSIGNED: lambda _, e: {"contractor_id": e.contractor_id},
    Step.ACCEPTED: _accepted,
    Step.REPAIRED: _repaired,
    Step.VERIFIED: lambda o, e: {"cycle": replace(o.cycle, restored_ms=e.restored_ms)},
    Step.CLOSED: lambda _, e: {"closed_ms": e.at_ms},
    Step.REOPENED: _reopened,
    Step.GREW: _grown,
    Step.LEFT: _left,
    Step.PHOTO: lambda o, e: {"photos": (*o.photos, e.photo)},
    Step.SIGNED: lambda o, e: {"signature": e.signature, "cycle": replace(o.cycle, restored_ms=e.at_ms)},
    Step.MERGED: lambda _, e: {"merged_into": e.into, "closed_ms": e.at_ms},
    Step.CANCELLED: lambda _, e: {"closed_ms": e.at_ms, "why": e.why or Why.BY_HAND},
}


def _watched(known: Mapping[str, Watched], devices: tuple[Faulty, ...]) -> Mapping[str, Watched]:
    """Take devices in, or in anew where they are down again: what counts as relapse follows from what they had."""
    out = dict(known)
    for d in devices:
        fault = d.status if d.status in {Status.DOWN, Status.DEGRADED} else Status.DOWN
        restored_ms = d.since_ms if d.status is Status.UP else None
        out[d.device_id] = Watched(status=d.status, since_ms=d.since_ms, fault=fault, restored_ms=restored_ms)
    return MappingProxyType(out)
