"""Incidents on record: each step with the incident as it was after it, and the newest state of each."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from camkeeper.ledger.chain import JsonObject, compact
from camkeeper.ledger.record import LedgerDamagedError
from camkeeper.ledger.schema import has_letters
from camkeeper.model.incident import (
    Cause,
    Confidence,
    Domain,
    DomainKind,
    Evidence,
    Happening,
    Incident,
    IncidentEvent,
    IncidentState,
    Member,
)
from camkeeper.model.span import Span
from camkeeper.model.status import Reason, Status

T = TypeVar("T")
Row = tuple[Any, ...]

PACK_OVER_BYTES = 4096
"""A town's whole membership at every step would be megabytes a day: it shrinks to a tenth."""
MAX_BODY_BYTES = 64 * 1024 * 1024


def spelled(value: object) -> bytes:
    """Return compact JSON, whatever a text holds: half a character must not keep samples from being recorded."""
    try:
        return compact(value)
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"), sort_keys=True, allow_nan=False).encode()


def to_json(incident: Incident) -> JsonObject:
    """Return an incident as JSON has it: names as in the model, members by device id."""
    return {
        "id": incident.id,
        "domain": {"kind": incident.domain.kind, "id": incident.domain.id},
        "cause": incident.cause,
        "confidence": incident.confidence,
        "evidence": [{"name": e.name, "facts": dict(e.facts)} for e in incident.evidence],
        "state": incident.state,
        "began_ms": incident.began_ms,
        "held_ms": incident.held_ms,
        "opened_ms": incident.opened_ms,
        "resolved_ms": incident.resolved_ms,
        "members": {
            key: {
                "device_id": m.device_id,
                "status": m.status,
                "reason": m.reason,
                "since_ms": m.since_ms,
                "recovered_ms": m.recovered_ms,
                **({} if m.merged_from is None else {"merged_from": m.merged_from}),
            }
            for key, m in incident.members.items()
        },
        "suppressed_by": incident.suppressed_by,
        "merged_into": incident.merged_into,
        "acknowledged_by": incident.acknowledged_by,
        "acknowledged_ms": incident.acknowledged_ms,
        **({"merged_why": incident.merged_why} if incident.merged_why else {}),
        **({"absorbed": list(incident.absorbed)} if incident.absorbed else {}),
    }


def from_json(body: bytes) -> Incident:
    """Return the incident that compact JSON has; ValueError, KeyError or TypeError for what nobody wrote."""
    value = json.loads(body)
    domain = value["domain"]
    return Incident(
        id=value["id"],
        domain=Domain(kind=DomainKind(domain["kind"]), id=domain["id"]),
        cause=Cause(value["cause"]),
        confidence=Confidence(value["confidence"]),
        evidence=tuple(Evidence(name=e["name"], facts=e["facts"]) for e in value["evidence"]),
        state=IncidentState(value["state"]),
        began_ms=value["began_ms"],
        held_ms=value["held_ms"],
        opened_ms=value["opened_ms"],
        resolved_ms=value["resolved_ms"],
        members={
            key: Member(
                device_id=m["device_id"],
                status=Status(m["status"]),
                reason=Reason(m["reason"]),
                since_ms=m["since_ms"],
                recovered_ms=m["recovered_ms"],
                merged_from=m.get("merged_from"),
            )
            for key, m in value["members"].items()
        },
        suppressed_by=value["suppressed_by"],
        merged_into=value["merged_into"],
        merged_why=value.get("merged_why", ""),
        absorbed=tuple(value.get("absorbed", ())),
        acknowledged_by=value["acknowledged_by"],
        acknowledged_ms=value["acknowledged_ms"],
    )


def store(db: sqlite3.Connection, events: Iterable[IncidentEvent]) -> None:
    """Put events at the end of the record, in the open transaction."""
    for event in events:
        incident = event.incident
        number = db.execute(
            "INSERT INTO incident_event (incident, at_ms, happening, tells, by_whom, devices, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                incident.id,
                event.at_ms,
                event.happening.value,
                int(event.tells),
                event.by.encode("utf-8", "replace").decode(),
                spelled(list(event.device_ids)),
                _packed(spelled(to_json(incident))),
            ),
        ).lastrowid
        db.execute(
            "INSERT OR REPLACE INTO incident (id, state, began_ms, end_ms, number) VALUES (?, ?, ?, ?, ?)",
            (incident.id, incident.state.value, incident.began_ms, _end_ms(event), number),
        )


def _end_ms(event: IncidentEvent) -> int | None:
    incident = event.incident
    if incident.state in {IncidentState.HELD, IncidentState.OPEN} and event.happening is not Happening.WITHDRAWN:
        return None
    return event.at_ms if incident.resolved_ms is None else incident.resolved_ms


_NEWEST = "SELECT e.body FROM incident i JOIN incident_event e USING (number)"


def read(
    db: sqlite3.Connection,
    *,
    open_only: bool = False,
    period: Span | None = None,
    damaged: list[str] | None = None,
) -> tuple[Incident, ...]:
    """Return incidents as they are now, oldest first: all, those held or open, or those that touch a period.

    Where `damaged` is given, one that cannot be read is left out and told there; LedgerDamagedError otherwise.
    """
    if not has_letters(db):
        return ()
    if open_only:
        rows = db.execute(f"{_NEWEST} WHERE i.end_ms IS NULL ORDER BY i.began_ms, i.id")
    elif period is None:
        rows = db.execute(f"{_NEWEST} ORDER BY i.began_ms, i.id")
    else:
        rows = db.execute(
            f"{_NEWEST} WHERE i.began_ms < ? AND (i.end_ms IS NULL OR i.end_ms >= ?) ORDER BY i.began_ms, i.id",
            (period.end_ms, period.start_ms),
        )
    return tuple(readable(rows, lambda row: _read(row[0]), damaged))


def readable(rows: Iterable[Row], read_one: Callable[[Row], T], damaged: list[str] | None) -> Iterator[T]:
    """Yield what rows say; a monitor must start even where one of them cannot be read any more."""
    for row in rows:
        try:
            yield read_one(row)
        except LedgerDamagedError as error:
            if damaged is None:
                raise
            damaged.append(str(error))


def find(db: sqlite3.Connection, incident_id: str) -> Incident | None:
    """Return an incident as it is now."""
    if not has_letters(db):
        return None
    row = db.execute(f"{_NEWEST} WHERE i.id = ?", (incident_id,)).fetchone()
    return None if row is None else _read(row[0])


def events(db: sqlite3.Connection, incident_id: str) -> tuple[IncidentEvent, ...]:
    """Return an incident's history, oldest first."""
    if not has_letters(db):
        return ()
    rows = db.execute(
        "SELECT at_ms, happening, tells, by_whom, devices, body FROM incident_event WHERE incident = ? ORDER BY number",
        (incident_id,),
    )
    return tuple(
        IncidentEvent(
            at_ms=at_ms,
            happening=Happening(happening),
            incident=_read(body),
            tells=bool(tells),
            device_ids=tuple(json.loads(devices)),
            by=by,
        )
        for at_ms, happening, tells, by, devices, body in rows
    )


def newest_id(db: sqlite3.Connection) -> str | None:
    """Return the highest id ever given: by length first, so that I1000000 comes after I999999."""
    if not has_letters(db):
        return None
    row = db.execute("SELECT id FROM incident ORDER BY length(id) DESC, id DESC LIMIT 1").fetchone()
    return None if row is None else str(row[0])


def _packed(body: bytes) -> bytes:
    return zlib.compress(body) if len(body) > PACK_OVER_BYTES else body


def _read(body: bytes) -> Incident:
    try:
        return from_json(body if body[:1] == b"{" else _unpacked(body))
    except (ValueError, KeyError, TypeError, AttributeError, zlib.error) as error:
        raise LedgerDamagedError(f"事件记录读不出 / an incident on record cannot be read: {error}") from error


def _unpacked(body: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    raw = unpacker.decompress(body, MAX_BODY_BYTES)
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise ValueError("incident is cut off or too large")
    return raw
