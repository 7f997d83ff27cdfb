"""Incidents and the correlator's memory as JSON values, and back: after a restart nothing is told again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from camkeeper.incident.books import Books, InWindow, Live
from camkeeper.incident.census import Condition, Family
from camkeeper.incident.graph import Graph
from camkeeper.model.incident import (
    Cause,
    Confidence,
    Domain,
    DomainKind,
    Evidence,
    Incident,
    IncidentPolicy,
    IncidentState,
    Member,
)
from camkeeper.model.status import Reason, Status

VERSION = 1


def incident_to_json(incident: Incident) -> dict[str, Any]:
    """Return an incident as JSON values."""
    return {
        "id": incident.id,
        "domain": [incident.domain.kind.value, incident.domain.id],
        "cause": incident.cause.value,
        "confidence": incident.confidence.value,
        "evidence": [[fact.name, dict(fact.facts)] for fact in incident.evidence],
        "state": incident.state.value,
        "began_ms": incident.began_ms,
        "held_ms": incident.held_ms,
        "opened_ms": incident.opened_ms,
        "resolved_ms": incident.resolved_ms,
        "members": {
            m.device_id: [m.status.value, m.reason.value, m.since_ms, m.recovered_ms]
            + ([] if m.merged_from is None else [m.merged_from])
            for m in incident.members.values()
        },
        "suppressed_by": incident.suppressed_by,
        "merged_into": incident.merged_into,
        "acknowledged_by": incident.acknowledged_by,
        "acknowledged_ms": incident.acknowledged_ms,
        **({"merged_why": incident.merged_why} if incident.merged_why else {}),
        **({"absorbed": list(incident.absorbed)} if incident.absorbed else {}),
    }


def incident_from_json(value: Mapping[str, Any]) -> Incident:
    """Return the incident that `incident_to_json` wrote; KeyError or ValueError for anything else."""
    kind, domain_id = value["domain"]
    members = {
        device_id: Member(
            device_id=device_id,
            status=Status(status),
            reason=Reason(reason),
            since_ms=since_ms,
            recovered_ms=back_ms,
            merged_from=merged_from[0] if merged_from else None,
        )
        for device_id, (status, reason, since_ms, back_ms, *merged_from) in value["members"].items()
    }
    return Incident(
        id=value["id"],
        domain=Domain(kind=DomainKind(kind), id=domain_id),
        cause=Cause(value["cause"]),
        confidence=Confidence(value["confidence"]),
        evidence=tuple(Evidence(name=name, facts=facts) for name, facts in value["evidence"]),
        state=IncidentState(value["state"]),
        began_ms=value["began_ms"],
        held_ms=value["held_ms"],
        opened_ms=value["opened_ms"],
        resolved_ms=value["resolved_ms"],
        members=members,
        suppressed_by=value["suppressed_by"],
        merged_into=value["merged_into"],
        merged_why=value.get("merged_why", ""),
        absorbed=tuple(value.get("absorbed", ())),
        acknowledged_by=value["acknowledged_by"],
        acknowledged_ms=value["acknowledged_ms"],
    )


def memory(books: Books) -> dict[str, Any]:
    """Return what is not in the incidents: conditions, deadlines, who was told of what. Canonical."""
    plain, rows = [], {}
    for device_id, c in sorted(books.census.conditions.items()):
        if c.status is Status.UP and not c.changes_ms:
            plain.append(device_id)
        elif c.known is not Status.UNKNOWN:
            rows[device_id] = _condition_to_json(c)
    still = books.now_ms - books.policy.realert_ms
    return {
        "version": VERSION,
        "now_ms": books.now_ms,
        "number": books.number,
        "up": plain,
        "conditions": rows,
        "excused": sorted(books.excused),
        "told_ms": {key: at for key, at in sorted(books.told_ms.items()) if at > still},
        "past_of": dict(sorted(books.past_of.items())),
        "dirty": sorted([family.value, unstable] for family, unstable in books.dirty),
        "lives": {live.id: beside(live) for live in books.lives.values()},
        **({"parked": dict(sorted(books.parked.items()))} if books.parked else {}),
    }


def restored(
    graph: Graph,
    policy: IncidentPolicy,
    in_window: InWindow,
    incidents: Collection[Incident],
    remembered: Mapping[str, Any],
) -> Books:
    """Return the books as they were. Conditions of devices that are no longer enrolled are left out."""
    if remembered["version"] != VERSION:
        raise ValueError(f"memory of incidents has version {remembered['version']}, this program reads {VERSION}")
    books = Books(graph, policy, in_window)
    books.now_ms, books.number = remembered["now_ms"], remembered["number"]
    for device_id in remembered["up"]:
        if graph.knows(device_id):
            books.census.put(device_id, Condition(status=Status.UP, known=Status.UP, reason=Reason.RECOVERED))
    for device_id, row in remembered["conditions"].items():
        if graph.knows(device_id):
            books.census.put(device_id, _condition_from_json(row))
    books.excused = {i for i in remembered["excused"] if graph.knows(i)}
    books.told_ms = dict(remembered["told_ms"])
    for incident in sorted(incidents, key=lambda i: i.id):
        revive(books, incident, remembered["lives"][incident.id])
    books.parked = dict(remembered.get("parked", {}))
    books.past_of = {i: at for i, at in remembered["past_of"].items() if at in books.lives}
    books.dirty = {(Family(family), unstable) for family, unstable in remembered["dirty"]}
    return books


def _condition_to_json(condition: Condition) -> list[Any]:
    changes = list(condition.changes_ms)
    if condition.family is None:  # reason and times are those of an outage
        return [condition.status.value, None, condition.known.value, Reason.RECOVERED.value, 0, 0, changes]
    return [
        condition.status.value,
        condition.family.value,
        condition.known.value,
        condition.reason.value,
        condition.since_ms,
        condition.noticed_ms,
        changes,
    ]


def _condition_from_json(row: list[Any]) -> Condition:
    status, family, known, reason, since_ms, noticed_ms, changes_ms = row
    return Condition(
        status=Status(status),
        family=None if family is None else Family(family),
        known=Status(known),
        reason=Reason(reason),
        since_ms=since_ms,
        noticed_ms=noticed_ms,
        changes_ms=tuple(changes_ms),
    )


def beside(live: Live) -> dict[str, Any]:
    """Return, as JSON values, what of a live incident is not in its frozen value."""
    return {
        "family": live.family.value,
        "unstable": live.unstable,
        "out": sorted(live.out),
        "told": live.told,
        "owed": sorted(live.owed),
        "opens_ms": live.opens_ms,
        "settle_ms": live.settle_ms,
        "retell_ms": live.retell_ms,
        "calm_ms": live.calm_ms,
        **({"also": {i: [d.kind.value, d.id] for i, d in sorted(live.also.items())}} if live.also else {}),
    }


def revive(books: Books, incident: Incident, extra: Mapping[str, Any]) -> Live:
    """Make a live incident of its frozen value and what `beside` wrote."""
    live = Live(
        id=incident.id,
        family=Family(extra["family"]),
        unstable=extra["unstable"],
        domain=incident.domain,
        held_ms=incident.held_ms,
        began_ms=incident.began_ms,
        cause=incident.cause,
        confidence=incident.confidence,
        evidence=incident.evidence,
        members=dict(incident.members),
        out=set(extra["out"]),
        suppressed_by=incident.suppressed_by,
        absorbed=incident.absorbed,
        also={i: Domain(kind=DomainKind(kind), id=at) for i, (kind, at) in extra.get("also", {}).items()},
        acknowledged_by=incident.acknowledged_by,
        acknowledged_ms=incident.acknowledged_ms,
        told=extra["told"],
        owed=set(extra["owed"]),
    )
    books.lives[live.id] = live
    books.incident_of.update(dict.fromkeys((i for i in live.out if i in live.members), live.id))
    if incident.state is IncidentState.OPEN and incident.opened_ms is not None:
        books.open_up(live, incident.opened_ms)
    else:
        books.held.add(live.id)
    live.opens_ms, live.settle_ms = extra["opens_ms"], extra["settle_ms"]
    live.retell_ms, live.calm_ms = extra["retell_ms"], extra["calm_ms"]
    books.queue(live)
    return live
