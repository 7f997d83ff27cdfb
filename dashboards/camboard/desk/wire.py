"""The JSON of incidents and work orders: instants in milliseconds, names as they are. Pure."""

from __future__ import annotations

from camboard.source import JSON
from camkeeper.model.incident import Incident, IncidentEvent
from camkeeper.model.workorder import OrderEvent, WorkOrder
from camkeeper.standing.desk import DeskStanding, IncidentStory, IncidentView


def incident(value: Incident) -> dict[str, JSON]:
    """Write an incident alone."""
    return {
        "id": value.id,
        "state": value.state.value,
        "domain": {"kind": value.domain.kind.value, "id": value.domain.id},
        "cause": value.cause.value,
        "confidence": value.confidence.value,
        "evidence": [{"name": fact.name, "facts": dict(fact.facts)} for fact in value.evidence],
        "began_ms": value.began_ms,
        "opened_ms": value.opened_ms,
        "resolved_ms": value.resolved_ms,
        "acknowledged_by": value.acknowledged_by,
        "acknowledged_ms": value.acknowledged_ms,
        "suppressed_by": value.suppressed_by,
        "merged_into": value.merged_into,
        "merged_why": value.merged_why,
        "absorbed": list(value.absorbed),
        "members": [
            {
                "device_id": m.device_id,
                "status": m.status.value,
                "reason": m.reason.value,
                "since_ms": m.since_ms,
                "recovered_ms": m.recovered_ms,
            }
            for m in value.members.values()
        ],
    }


def view(value: IncidentView) -> dict[str, JSON]:
    """Write an incident with what stands beside it; the order by its number."""
    return {
        **incident(value.incident),
        "name": value.name,
        "position": value.position,
        "site_ids": list(value.site_ids),
        "order_number": None if value.order is None else value.order.number,
        "respond_by_ms": value.respond_by_ms,
        "repair_by_ms": value.repair_by_ms,
        "overdue": value.overdue,
        "children": list(value.children),
        "letters": value.letters,
        "undelivered": value.undelivered,
    }


def desk(value: DeskStanding) -> dict[str, JSON]:
    """Write the incidents of the desk and its letters that were not delivered."""
    return {
        "at_ms": value.at_ms,
        "checked_ms": value.checked_ms,
        "open": [view(each) for each in value.open],
        "recent": [view(each) for each in value.recent],
        "waiting_letters": value.waiting_letters,
        "dead_letters": [
            {
                "id": letter.id,
                "incident_id": letter.incident_id,
                "channel_id": letter.channel_id,
                "subject": letter.subject,
                "created_ms": letter.created_ms,
                "code": letter.code,
                "detail": letter.detail,
            }
            for letter in value.dead_letters
        ],
    }


def story(value: IncidentStory) -> dict[str, JSON]:
    """Write everything that happened to one incident."""
    return {
        **view(value.view),
        "events": [_event(event) for event in value.events],
        "steps": [step(each) for each in value.steps],
        "message": {"zh": value.message_zh, "en": value.message_en},
    }


def order(value: WorkOrder, *, respond_by_ms: int | None, repair_by_ms: int | None, overdue: bool) -> dict[str, JSON]:
    """Write a work order."""
    subject = value.subject
    domain: JSON = None if subject.domain is None else {"kind": subject.domain.kind.value, "id": subject.domain.id}
    return {
        "number": value.number,
        "id": value.id,
        "kind": value.kind.value,
        "state": value.state.value,
        "domain": domain,
        "cause": None if subject.cause is None else subject.cause.value,
        "site_ids": list(subject.site_ids),
        "contractor_id": value.contractor_id,
        "incident_ids": list(value.incident_ids),
        "device_ids": list(value.devices),
        "opened_ms": value.opened_ms,
        "began_ms": value.cycle.began_ms,
        "accepted_ms": value.cycle.accepted_ms,
        "restored_ms": value.restored_ms,
        "closed_ms": value.closed_ms,
        "respond_by_ms": respond_by_ms,
        "repair_by_ms": repair_by_ms,
        "overdue": overdue,
        "name": subject.name,
        "photos": [
            {"digest": photo.digest, "size_bytes": photo.size_bytes, "media_type": photo.media_type}
            for photo in value.photos
        ],
    }


def _event(event: IncidentEvent) -> JSON:
    return {
        "at_ms": event.at_ms,
        "happening": event.happening.value,
        "tells": event.tells,
        "device_ids": list(event.device_ids),
        "by": event.by,
    }


def step(event: OrderEvent) -> JSON:
    """Write one step of an order."""
    return {
        "at_ms": event.at_ms,
        "number": event.number,
        "step": event.step.value,
        "by": event.by,
        "text": event.text,
        "why": None if event.why is None else event.why.value,
        "device_ids": [device.device_id for device in event.devices],
        "contractor_id": event.contractor_id,
        "photo": None if event.photo is None else event.photo.digest,
    }
