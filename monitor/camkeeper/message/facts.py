"""The values behind the words, for machines: webhooks and gateways' templates."""

from __future__ import annotations

from camkeeper.message.brief import Brief
from camkeeper.message.clean import clean, digits
from camkeeper.model.incident import IncidentState
from camkeeper.model.letter import JSON

DEVICES_LISTED = 200


def facts(brief: Brief) -> dict[str, JSON]:
    """Return a mapping that JSON has; instants are UTC milliseconds, names are cleaned."""
    event, incident = brief.event, brief.event.incident
    ids = [m.device_id for m in incident.members.values()]
    out: dict[str, JSON] = {
        "incident": incident.id,
        "status": "resolved" if incident.state in {IncidentState.RESOLVED, IncidentState.MERGED} else "firing",
        "happening": str(event.happening),
        "at_ms": event.at_ms,
        "began_ms": incident.began_ms,
        "resolved_ms": incident.resolved_ms,
        "domain_kind": str(incident.domain.kind),
        "domain_id": incident.domain.id,
        "domain": clean(brief.domain),
        "site": clean(brief.site),
        "cause": str(incident.cause),
        "confidence": str(incident.confidence),
        "evidence": [fact.name for fact in incident.evidence],
        "device_count": len(ids),
        "devices": ids[:DEVICES_LISTED],
        "work_order": digits(brief.work_order, limit=24),
        "code": digits(brief.code, limit=8),
        "respond_by_ms": brief.respond_by_ms,
        "repair_by_ms": brief.repair_by_ms,
        "budget_ms": brief.budget_ms,
        "escalation": brief.escalation,
    }
    if brief.effect is not None:
        out["rate_without_bp"] = brief.effect.without_bp
        out["rate_with_bp"] = brief.effect.with_bp
        out["target_bp"] = brief.effect.target_bp
    return out
