"""The desk for showing: incidents with their orders and deadlines, gravest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from camkeeper.model.incident import DomainKind, Incident, IncidentState
from camkeeper.model.post import Post
from camkeeper.model.registry import Registry
from camkeeper.outbox.routing import severity_of
from camkeeper.run.desk.briefs import excluded_of, name_of, names_in, position_of, still_out
from camkeeper.run.desk.work import Shown
from camkeeper.standing.desk import DeadLetter, DeskStanding, IncidentView
from camkeeper.workorder.contract import sites_of
from camkeeper.workorder.deadline import due, overdue

DEAD_SHOWN = 50


def desk_of(shown: Shown, registry: Registry, dead: Sequence[Post], *, waiting: int) -> DeskStanding:
    """Return the desk as of the newest batch on disk."""
    failed = Counter(post.letter.incident_id for post in dead)
    views = [view_of(i, shown, registry, undelivered=failed[i.id]) for i in shown.incidents]
    open_ = [v for v in views if v.incident.state is IncidentState.OPEN]
    open_.sort(key=lambda v: (-severity_of(v.incident), v.incident.began_ms, v.incident.id))
    recent = [view_of(i, shown, registry, undelivered=failed[i.id]) for i in shown.recent.values()]
    recent.sort(key=lambda v: (-(v.incident.resolved_ms or 0), v.incident.id))
    orders = sorted(
        shown.book.live(),
        key=lambda o: (overdue(o, shown.at_ms, excluded_of(o, registry)) is None, o.number),
    )
    return DeskStanding(
        at_ms=shown.at_ms,
        open=tuple(open_),
        recent=tuple(recent),
        orders=tuple(orders),
        dead_letters=tuple(_dead(post) for post in reversed(dead)),
        waiting_letters=waiting,
        checked_ms=shown.at_ms,
        names=_contractors(registry)
        | {o.subject.domain.id: name_of(o.subject.domain, registry) for o in orders if o.subject.domain is not None},
    )


def view_of(incident: Incident, shown: Shown, registry: Registry, *, undelivered: int = 0) -> IncidentView:
    """Return one incident with what belongs to it."""
    order = shown.book.of_incident(incident.id)
    excluded = excluded_of(order, registry) if order is not None else ()
    by = due(order, excluded) if order is not None else None
    sites = sites_of(incident.members, registry)
    if not sites and incident.domain.kind is DomainKind.SITE:
        sites = (incident.domain.id,)
    contractor = next((c for c in registry.contractors if order is not None and c.id == order.contractor_id), None)
    person = next((c for c in registry.contacts if contractor is not None and c.id in contractor.contact_ids), None)
    return IncidentView(
        incident=incident,
        order=order,
        site_ids=sites,
        respond_by_ms=by.respond_by_ms if by is not None else None,
        repair_by_ms=by.repair_by_ms if by is not None else None,
        overdue=order is not None and overdue(order, shown.at_ms, excluded) is not None,
        children=tuple(i.id for i in shown.incidents if i.suppressed_by == incident.id),
        letters=sum(shown.seqs.get(incident.id, {}).values()),
        undelivered=undelivered,
        name=name_of(incident.domain, registry),
        position=position_of(still_out(incident, registry)),
        contractor=contractor.name if contractor is not None else "",
        contact=person.name if person is not None else "",
        phone=person.phone if person is not None else "",
        names={**_contractors(registry), **names_in(incident, registry)},
    )


def _contractors(registry: Registry) -> dict[str, str]:
    return {c.id: c.name for c in registry.contractors}


def _dead(post: Post) -> DeadLetter:
    letter = post.letter
    return DeadLetter(
        id=letter.id,
        incident_id=letter.incident_id,
        channel_id=letter.channel_id,
        subject=letter.subject,
        created_ms=letter.created_ms,
        code=post.code,
        detail=post.detail,
    )
