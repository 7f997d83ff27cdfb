"""A letter as Alertmanager's webhook payload, version 4: what receivers of many kinds already read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from camkeeper.message.times import rfc3339
from camkeeper.model.letter import JSON, Letter

_NEVER = "0001-01-01T00:00:00Z"  # Go's zero time: an alert that has not ended
_LABELS = ("site", "domain_kind", "domain_id", "cause", "confidence")
_ANNOTATIONS = ("domain", "happening", "work_order", "code", "repair_by_ms", "device_count", "escalation")


def payload(letter: Letter) -> dict[str, JSON]:
    """Return the payload: one alert an incident, because one fault is one alert; all values of labels are text."""
    nested = letter.facts.get("incidents")
    several = nested if isinstance(nested, Sequence) and not isinstance(nested, str) else [letter.facts]
    alerts = [_alert(letter, values) for values in several if isinstance(values, Mapping)]
    firing = any(alert["status"] == "firing" for alert in alerts)
    group = {"incident": letter.incident_id}
    labels = [alert["labels"] for alert in alerts if isinstance(alert["labels"], Mapping)]
    return {
        "version": "4",
        "groupKey": f'{{}}:{{incident="{letter.incident_id}"}}',
        "truncatedAlerts": 0,
        "status": "firing" if firing else "resolved",
        "receiver": letter.channel_id,
        "groupLabels": group,
        "commonLabels": _common(labels),
        "commonAnnotations": {"summary": letter.subject, "description": letter.text},
        "externalURL": "",
        "alerts": alerts,
        # Not Alertmanager's: unknown keys are left alone by its receivers.
        "camkeeper": {"id": letter.id, "seq": letter.seq, "facts": letter.facts},
    }


def _alert(letter: Letter, values: Mapping[str, JSON]) -> dict[str, JSON]:
    over = letter.recovery if values.get("status") is None else values["status"] == "resolved"
    status = "resolved" if over else "firing"
    began, ended = _int(values.get("began_ms")), _int(values.get("resolved_ms"))
    if ended is None and status == "resolved":
        ended = _int(values.get("at_ms"))
    incident = str(values.get("incident") or letter.incident_id or _joined(values.get("incident_ids")))
    labels: dict[str, JSON] = {"alertname": "CamkeeperTest" if values.get("test") else "CamkeeperIncident"}
    labels["incident"] = incident
    labels |= {key: str(values[key]) for key in _LABELS if values.get(key) not in {None, ""}}
    annotations: dict[str, JSON] = {"summary": letter.subject, "description": letter.text}
    annotations |= {key: str(values[key]) for key in _ANNOTATIONS if values.get(key) not in {None, ""}}
    if values.get("devices"):
        annotations["devices"] = _joined(values["devices"])
    return {
        "status": status,
        "labels": labels,
        "annotations": annotations,
        "startsAt": rfc3339(letter.created_ms if began is None else began),
        "endsAt": _NEVER if status == "firing" or ended is None else rfc3339(ended),
        "generatorURL": "",
        "fingerprint": incident,
    }


def _joined(value: JSON) -> str:
    """Return ids as one text."""
    return ",".join(str(one) for one in value) if isinstance(value, Sequence) and not isinstance(value, str) else ""


def _common(labels: Sequence[Mapping[str, JSON]]) -> dict[str, JSON]:
    first = labels[0] if labels else {}
    return {key: value for key, value in first.items() if all(other.get(key) == value for other in labels)}


def _int(value: JSON) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
