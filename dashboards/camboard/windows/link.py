"""From an incident to the form that excludes it from the figure. Pure."""

from __future__ import annotations

from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from camboard.text import local
from camkeeper.model.incident import DomainKind, IncidentState
from camkeeper.standing.desk import IncidentView

NEW = "/windows/new"
_MINUTE_MS = 60_000
_LONGEST = 1_500
"""Of the ids in an address; past that the fault domain says it in one word."""


def exclude_address(view: IncidentView, now_ms: int, tz: str) -> str:
    """Return the form's address with the incident's devices and span, to the full minutes around it."""
    incident, zone = view.incident, ZoneInfo(tz)
    over = incident.state is not IncidentState.OPEN and incident.resolved_ms is not None
    end_ms = incident.resolved_ms if over and incident.resolved_ms is not None else now_ms
    begin_ms = incident.began_ms // _MINUTE_MS * _MINUTE_MS
    end_ms = max(-(-end_ms // _MINUTE_MS) * _MINUTE_MS, begin_ms + _MINUTE_MS)
    fields = {
        "kind": "exclusion",
        "from": local(begin_ms, zone).strftime("%Y-%m-%dT%H:%M"),
        "to": local(end_ms, zone).strftime("%Y-%m-%dT%H:%M"),
        "reason": incident.id,
    }
    ids = " ".join(sorted(incident.members))
    if len(ids) <= _LONGEST:
        fields["devices"] = ids
    else:
        fields["sites" if incident.domain.kind is DomainKind.SITE else "links"] = incident.domain.id
    return f"{NEW}?{urlencode(fields)}"
