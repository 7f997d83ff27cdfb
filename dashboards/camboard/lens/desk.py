"""The duty desk as one scope shows it. Pure.

A fault can reach beyond a scope: a line with two villages on it. Then the incident is shown with the devices that are
within, and without what speaks of the whole: its name, its evidence, its message, what people wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from camboard.lens.reach import OUTSIDE, Reach
from camkeeper.model.incident import Domain, Evidence, Incident, IncidentEvent
from camkeeper.model.workorder import Faulty, OrderEvent, OrderKind, Subject, WorkOrder
from camkeeper.standing.desk import DeskStanding, IncidentStory, IncidentView
from camkeeper.standing.work import OrderView


def desk(value: DeskStanding, seen: Reach) -> DeskStanding:
    """Return the desk within reach. How many letters wait is the whole desk's, so nobody else is told."""
    shown = {v.incident.id for v in (*value.open, *value.recent) if has(v, seen)}
    whole = {v.incident.id for v in (*value.open, *value.recent) if v.incident.id in shown and is_whole(v, seen)}
    return replace(
        value,
        open=tuple(view(v, seen, shown) for v in value.open if v.incident.id in shown),
        recent=tuple(view(v, seen, shown) for v in value.recent if v.incident.id in shown),
        orders=tuple(order(o, seen) for o in value.orders if has_order(o, seen)),
        dead_letters=tuple(
            letter for letter in value.dead_letters if letter.incident_id in whole and seen.contractor_id is None
        ),
        waiting_letters=0,
        names=_names(value.names, seen),
    )


def has(value: IncidentView, seen: Reach) -> bool:
    """Return whether the incident is about anything within reach, or its repair is this contractor's."""
    return bool(_members(value, seen))


def is_whole(value: IncidentView, seen: Reach) -> bool:
    """Return whether nothing of the incident lies beyond."""
    if value.order is not None and _mine(value.order, seen):
        return True
    return len(_members(value, seen)) == len(value.incident.members) and seen.shows_domain(value.incident.domain)


def has_order(value: WorkOrder, seen: Reach) -> bool:
    """Return whether the order is this contractor's, and about anything within reach."""
    if seen.contractor_id is not None and value.contractor_id != seen.contractor_id:
        return False
    return not seen.sited or bool(_places(value) & (seen.device_ids | seen.site_ids))


def view(value: IncidentView, seen: Reach, shown: frozenset[str] | set[str]) -> IncidentView:
    """Return an incident within reach; `shown`: the incidents that may be named."""
    whole, own = is_whole(value, seen), value.order is not None and has_order(value.order, seen)
    served = own or seen.contractor_id is None
    return replace(
        value,
        incident=incident(value.incident, seen, _members(value, seen), whole=whole, shown=shown),
        order=order(value.order, seen) if value.order is not None and own else None,
        site_ids=tuple(i for i in value.site_ids if i in seen.site_ids),
        respond_by_ms=value.respond_by_ms if own else None,
        repair_by_ms=value.repair_by_ms if own else None,
        overdue=value.overdue and own,
        children=tuple(i for i in value.children if i in shown),
        name=value.name if whole else OUTSIDE,
        position=value.position if whole else "",
        contractor=value.contractor if served else "",
        contact=value.contact if served else "",
        phone=value.phone if served else "",
        names=_names(value.names, seen),
    )


def incident(
    value: Incident, seen: Reach, kept: frozenset[str], *, whole: bool, shown: frozenset[str] | set[str]
) -> Incident:
    """Return an incident with the devices in `kept` alone."""
    return replace(
        value,
        domain=value.domain if whole else Domain(kind=value.domain.kind, id="-"),
        evidence=tuple(fact for fact in value.evidence if whole and _speaks_within(fact, seen)),
        members={i: m for i, m in value.members.items() if i in kept},
        suppressed_by=value.suppressed_by if value.suppressed_by in shown else None,
        merged_into=value.merged_into if value.merged_into in shown else None,
        merged_why=value.merged_why if whole else "",
        absorbed=value.absorbed if whole else (),
    )


def story(value: IncidentStory, seen: Reach, shown: frozenset[str] | set[str], *, acts: bool) -> IncidentStory:
    """Return an incident's story within reach; `acts`: whether the phone page's address may be handed out."""
    whole, kept = is_whole(value.view, seen), _members(value.view, seen)
    made = view(value.view, seen, shown)
    return IncidentStory(
        view=made,
        events=tuple(_event(e, seen, kept, whole=whole, shown=shown) for e in value.events if _within(e, kept)),
        steps=made.order.history if made.order is not None else (),
        message_zh=value.message_zh if whole else "",
        message_en=value.message_en if whole else "",
        phone_token=value.phone_token if whole and acts and (made.order is not None or not seen.contractor_id) else "",
    )


def order(value: WorkOrder, seen: Reach) -> WorkOrder:
    """Return an order within reach: whole where it is, otherwise without what people wrote of the rest."""
    if _is_whole_order(value, seen):
        return replace(value, history=tuple(_step(e, seen) for e in value.history))
    return replace(
        value,
        subject=_subject(value.subject, seen),
        incident_ids=value.incident_ids,
        devices={i: w for i, w in value.devices.items() if i in _shown(value, seen)},
        photos=(),
        signature=None,
        history=tuple(_bare(_step(e, seen), seen) for e in value.history),
    )


def order_view(value: OrderView, seen: Reach, names: Mapping[str, str]) -> OrderView:
    """Return one order with what stands beside it; `names` of the devices within reach."""
    if _is_whole_order(value.order, seen):
        return replace(value, order=order(value.order, seen))
    made = order(value.order, seen)
    ids = made.devices or made.subject.device_ids
    return replace(value, order=made, name=OUTSIDE, position="", devices=tuple(names[i] for i in ids if i in names))


def _members(value: IncidentView, seen: Reach) -> frozenset[str]:
    """Return the devices of the incident that are shown: those within, and all of an order that is one's own."""
    ids = frozenset(value.incident.members)
    if value.order is not None and _mine(value.order, seen):
        return ids
    return ids & seen.device_ids


def _mine(value: WorkOrder, seen: Reach) -> bool:
    """Return whether it is this contractor's to repair, wherever that is."""
    return seen.contractor_id is not None and value.contractor_id == seen.contractor_id and not seen.sited


def _shown(value: WorkOrder, seen: Reach) -> frozenset[str]:
    return frozenset(value.devices) if _mine(value, seen) else frozenset(value.devices) & seen.device_ids


def _is_whole_order(value: WorkOrder, seen: Reach) -> bool:
    if _mine(value, seen):
        return True
    if value.kind is OrderKind.INSPECTION:
        return _places(value) <= seen.device_ids | seen.site_ids
    touched = set(value.devices) | {f.device_id for event in value.history for f in event.devices}
    return touched <= seen.device_ids and seen.shows_domain(value.subject.domain)


def _places(value: WorkOrder) -> set[str]:
    subject = value.subject
    if value.kind is OrderKind.INSPECTION:
        return set(subject.device_ids) or set(subject.site_ids)
    return set(value.devices) or set(subject.site_ids)


def _subject(value: Subject, seen: Reach) -> Subject:
    named = seen.shows_domain(value.domain)
    domain = value.domain if named or value.domain is None else Domain(kind=value.domain.kind, id="-")
    return replace(
        value,
        domain=domain,
        site_ids=tuple(i for i in value.site_ids if i in seen.site_ids),
        device_ids=tuple(i for i in value.device_ids if i in seen.device_ids),
        checklist=(),
        name=OUTSIDE if value.name else "",
        round_key="",
    )


def _step(event: OrderEvent, seen: Reach) -> OrderEvent:
    """Return a step without the name of another contractor who had the order before."""
    return event if seen.shows_contractor(event.contractor_id) else replace(event, contractor_id="")


def _bare(event: OrderEvent, seen: Reach) -> OrderEvent:
    """Return a step without what was written: it may be about the rest."""
    devices: tuple[Faulty, ...] = tuple(f for f in event.devices if f.device_id in seen.device_ids)
    subject = None if event.subject is None else _subject(event.subject, seen)
    return replace(event, text="", devices=devices, subject=subject, photo=None, signature=None)


def _event(
    event: IncidentEvent, seen: Reach, kept: frozenset[str], *, whole: bool, shown: frozenset[str] | set[str]
) -> IncidentEvent:
    return replace(
        event,
        incident=incident(event.incident, seen, kept, whole=whole, shown=shown),
        device_ids=tuple(i for i in event.device_ids if i in kept),
    )


def _within(event: IncidentEvent, kept: frozenset[str]) -> bool:
    return not event.device_ids or not kept.isdisjoint(event.device_ids)


def _speaks_within(fact: Evidence, seen: Reach) -> bool:
    named: Iterable[str] = (str(v) for k, v in fact.facts.items() if k.endswith("_id"))
    return all(seen.shows(each) for each in named)


def _names(names: Mapping[str, str], seen: Reach) -> dict[str, str]:
    return {i: name for i, name in names.items() if seen.shows(i) or i in seen.contractor_ids}
