"""What happens to incidents, as steps of work orders: opened, assigned, grown, merged, reopened, accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from camkeeper.model.incident import Cause, DomainKind, Happening, Incident, IncidentEvent, IncidentState
from camkeeper.model.registry import Registry
from camkeeper.model.service import ServicePolicy
from camkeeper.model.status import Status
from camkeeper.model.workorder import PROBE, Faulty, OrderEvent, OrderState, Step, Subject, Why, WorkOrder
from camkeeper.workorder.book import Refused, WorkOrderBook, opening, step
from camkeeper.workorder.code import order_code
from camkeeper.workorder.contract import contractor_of, fault_class, sites_of
from camkeeper.workorder.deadline import after


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the duty desk knows: the register, the contracts, and the secret that codes are drawn from."""

    registry: Registry
    policy: ServicePolicy
    policy_of: Mapping[str, ServicePolicy] = field(default_factory=dict)
    """Contractor id -> its own contract; others have `policy`."""
    secret: bytes = field(repr=False)

    def contract(self, contractor_id: str) -> ServicePolicy:
        """Return the contract of a contractor."""
        return self.policy_of.get(contractor_id, self.policy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """The book afterwards, the steps that were taken (for the ledger), and those that were not."""

    book: WorkOrderBook
    steps: tuple[OrderEvent, ...] = ()
    refused: tuple[Refused, ...] = ()


_OPENS = frozenset({Happening.OPENED, Happening.RELEASED, Happening.RELAPSED, Happening.UNSTABLE, Happening.SPLIT})
_GROWS = frozenset({Happening.GREW, Happening.SPREAD, Happening.CAUSE, Happening.SPLIT})


def react(book: WorkOrderBook, event: IncidentEvent, desk: Desk) -> Reaction:
    """Fold in one step of an incident. Recovery is not told here: the probe proves it (`proof`)."""
    incident = event.incident
    if not _ours(incident):
        return Reaction(book=book)
    order = book.of_incident(incident.id)
    if event.happening in _BY_STEP:
        return _BY_STEP[event.happening](book, event, order, desk)
    if order is not None and order.state.live:
        return _grow(book, event, order, desk) if event.happening in _OPENS | _GROWS else Reaction(book=book)
    if event.happening in _OPENS and incident.suppressed_by is None and incident.state is IncidentState.OPEN:
        return _open(book, event, desk)
    return Reaction(book=book)


def take(book: WorkOrderBook, events: Iterable[OrderEvent]) -> Reaction:
    """Fold in steps that belong together: after one that is refused the rest is not tried."""
    taken: list[OrderEvent] = []
    for one in events:
        book, no = step(book, one)
        if no is not None:
            return Reaction(book=book, steps=tuple(taken), refused=(no,))
        taken.append(one)
    return Reaction(book=book, steps=tuple(taken))


def _ours(incident: Incident) -> bool:
    """Tell whether a contractor can repair it: that the monitor itself sees nothing is not a contractor's to mend."""
    return incident.domain.kind is not DomainKind.MONITOR and incident.cause is not Cause.MONITOR


def _faulty(incident: Incident, book: WorkOrderBook) -> tuple[Faulty, ...]:
    """Return what is to be repaired; of an unstable incident also what happens to be up at this moment.

    What came with an incident merged by hand, and is on that one's own live order, stays there.
    """
    own = book.of_incident(incident.id)
    brought = {m.merged_from for m in incident.members.values() if m.merged_from is not None}
    others = [o for i in sorted(brought) if (o := book.of_incident(i)) is not None and o.state.live]
    elsewhere = {i for o in others if own is None or o.number != own.number for i in o.devices}
    out: list[Faulty] = []
    for m in sorted(incident.members.values(), key=lambda m: m.device_id):
        if m.device_id in elsewhere:
            continue
        if m.recovered_ms is None:
            out.append(Faulty(device_id=m.device_id, status=m.status, since_ms=m.since_ms))
        elif incident.cause is Cause.UNSTABLE:
            out.append(Faulty(device_id=m.device_id, status=Status.UP, since_ms=m.recovered_ms))
    return tuple(out)


def _subject(incident: Incident, desk: Desk) -> Subject:
    return Subject(
        domain=incident.domain, cause=incident.cause, site_ids=sites_of(incident.members.keys(), desk.registry)
    )


def _open(book: WorkOrderBook, event: IncidentEvent, desk: Desk) -> Reaction:
    incident = event.incident
    devices = _faulty(incident, book)
    if not devices:
        return Reaction(book=book)
    contractor_id = contractor_of(incident, desk.registry)
    terms = desk.contract(contractor_id).terms(fault_class(incident, desk.registry))
    before = _warranted(book, event)
    if before is not None:
        code = order_code(desk.secret, before.number, book.codes())
        again = OrderEvent(
            number=before.number,
            at_ms=max(event.at_ms, before.last_ms),
            step=Step.REOPENED,
            by=PROBE,
            why=Why.RELAPSED_LATER,
            code=code or "",
            terms=terms,
            incident_id=incident.id,
            devices=devices,
        )
        return take(book, (again,))
    opened = opening(
        book, at_ms=event.at_ms, by=PROBE, subject=_subject(incident, desk), terms=terms, secret=desk.secret
    )
    if not isinstance(opened, OrderEvent):
        nothing = OrderEvent(number=book.next_number, at_ms=event.at_ms, step=Step.OPENED, by=PROBE)
        return Reaction(book=book, refused=(Refused(event=nothing, reason=opened),))
    opened = replace(opened, incident_id=incident.id, devices=devices)
    if not contractor_id:
        return take(book, (opened,))
    assigned = OrderEvent(
        number=opened.number, at_ms=event.at_ms, step=Step.ASSIGNED, by=PROBE, contractor_id=contractor_id
    )
    return take(book, (opened, assigned))


def _warranted(book: WorkOrderBook, event: IncidentEvent) -> WorkOrder | None:
    """Return the newest order of the same domain that was closed so lately that this is its relapse."""
    for number in range(len(book.orders), 0, -1):
        order = book.orders[number]
        if order.subject.domain == event.incident.domain and order.state is OrderState.CLOSED:
            age_ms = event.at_ms - (order.closed_ms or 0)
            return order if age_ms <= order.terms.relapse_ms else None
    return None


def _grow(book: WorkOrderBook, event: IncidentEvent, order: WorkOrder, desk: Desk) -> Reaction:
    """Take in what is new: devices, a domain further up, a class with a faster answer (which counts from now)."""
    incident = event.incident
    fresh = tuple(d for d in _faulty(incident, book) if d.device_id not in order.devices)
    subject = _subject(incident, desk)
    terms = desk.contract(order.contractor_id).terms(fault_class(incident, desk.registry))
    at_ms = max(event.at_ms, order.last_ms)
    old_by = after(order.cycle.terms_ms, order.terms.repair_ms, order.terms.hours)
    new_by = after(at_ms, terms.repair_ms, terms.hours)
    faster = new_by is not None and (old_by is None or new_by < old_by)
    left = _left(order, incident, at_ms)
    if not fresh and subject == order.subject and not faster:
        return take(book, left)
    grew = OrderEvent(
        number=order.number,
        at_ms=at_ms,
        step=Step.GREW,
        by=PROBE,
        subject=subject if subject != order.subject else None,
        terms=terms if faster else None,
        incident_id=incident.id,
        devices=fresh,
    )
    return take(book, (grew, *left))


def _left(order: WorkOrder, incident: Incident, at_ms: int) -> tuple[OrderEvent, ...]:
    """Let go of devices that are out and no longer in the incident: another fault's, or retired."""
    gone = tuple(
        Faulty(device_id=i, status=w.status, since_ms=w.since_ms)
        for i, w in order.devices.items()
        if i not in incident.members and w.restored_ms is None
    )
    stays = len(gone) < len(order.devices) or any(i not in order.devices for i in incident.members)
    if not gone or not stays:
        return ()
    return (OrderEvent(number=order.number, at_ms=at_ms, step=Step.LEFT, by=PROBE, devices=gone),)


def _merge(book: WorkOrderBook, event: IncidentEvent, order: WorkOrder | None, desk: Desk) -> Reaction:
    del desk
    incident = event.incident
    into = book.of_incident(incident.merged_into) if incident.merged_into is not None else None
    if event.by and order is not None and order.state.live and not _goes_along(order, into):
        text = f"{incident.id} → {incident.merged_into}: {incident.merged_why}"
        at_ms = max(event.at_ms, order.last_ms)
        return take(book, (OrderEvent(number=order.number, at_ms=at_ms, step=Step.NOTED, by=event.by, text=text),))
    if order is None or into is None or order.number == into.number or not order.state.live or not into.state.live:
        return Reaction(book=book)
    at_ms = max(event.at_ms, order.last_ms, into.last_ms)
    devices = tuple(
        Faulty(device_id=i, status=w.status, since_ms=w.since_ms)
        for i, w in order.devices.items()
        if i not in into.devices
    )
    merged = OrderEvent(
        number=order.number,
        at_ms=at_ms,
        step=Step.MERGED,
        by=event.by or PROBE,
        into=into.number,
        text=incident.merged_why,
    )
    grew = OrderEvent(
        number=into.number, at_ms=at_ms, step=Step.GREW, by=PROBE, incident_id=incident.id, devices=devices
    )
    return take(book, (grew, merged))


def _goes_along(order: WorkOrder, into: WorkOrder | None) -> bool:
    """Tell whether the order of an incident merged by hand goes into the other's.

    Whoever accepted it is on the way and is paid for it; another contractor does not answer for it. Then it stays.
    """
    if into is None or not into.state.live:
        return False
    return order.state in {OrderState.OPENED, OrderState.ASSIGNED} and order.contractor_id == into.contractor_id


def _unmerge(book: WorkOrderBook, event: IncidentEvent, order: WorkOrder | None, desk: Desk) -> Reaction:
    """Let the devices leave the survivor's order; then the incident that is apart again has one of its own."""
    incident = event.incident
    if not set(event.device_ids) <= set(incident.members):
        if order is None or not order.state.live:
            return Reaction(book=book)
        return take(book, _left(order, incident, max(event.at_ms, order.last_ms)))
    there = order is not None and order.state.live and not set(order.devices).isdisjoint(incident.members)
    if there or incident.suppressed_by is not None:
        return Reaction(book=book)
    return _open(book, event, desk)


def _acknowledge(book: WorkOrderBook, event: IncidentEvent, order: WorkOrder | None, desk: Desk) -> Reaction:
    del desk
    if order is None or order.state not in {OrderState.OPENED, OrderState.ASSIGNED}:
        return Reaction(book=book)
    at_ms = max(event.at_ms, order.last_ms)
    by = event.by or event.incident.acknowledged_by or PROBE
    return take(book, (OrderEvent(number=order.number, at_ms=at_ms, step=Step.ACCEPTED, by=by),))


_BY_STEP: Mapping[Happening, Callable[[WorkOrderBook, IncidentEvent, WorkOrder | None, Desk], Reaction]] = {
    Happening.MERGED: _merge,
    Happening.UNMERGED: _unmerge,
    Happening.ACKNOWLEDGED: _acknowledge,
}
