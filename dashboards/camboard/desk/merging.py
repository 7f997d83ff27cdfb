"""Into which incidents a person may merge one: the other open ones, those of the same place first. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from camboard.desk.incidents import row
from camboard.i18n import Language
from camboard.index import Index
from camkeeper.model.incident import Cause, DomainKind, Incident, IncidentState
from camkeeper.standing.desk import IncidentView

CHOICES = 60
"""More are no choice; the desk still takes any."""


def merge_choices(
    view: IncidentView, opened: Iterable[IncidentView], index: Index, say: Language
) -> tuple[tuple[str, str], ...]:
    """Return (id, words) of the incidents that this one may go into, likeliest first; the desk has the last word."""
    if not _may_go(view.incident):
        return ()
    here, zone = set(view.site_ids), ZoneInfo(index.standing.timezone)
    others = [v for v in opened if v.incident.id != view.incident.id and _may_go(v.incident)]
    others.sort(key=lambda v: (here.isdisjoint(v.site_ids), abs(v.incident.began_ms - view.incident.began_ms)))
    out = []
    for other in others[:CHOICES]:
        shown = row(other, index, index.standing.at_ms, zone, say)
        words = " · ".join(filter(None, (shown.id, shown.cause, shown.name, shown.place, shown.since)))
        out.append((shown.id, words))
    return tuple(out)


def _may_go(incident: Incident) -> bool:
    """Tell whether an incident can be merged at all: it is open, and about devices that are out."""
    return (
        incident.state is IncidentState.OPEN
        and incident.domain.kind is not DomainKind.MONITOR
        and incident.cause not in {Cause.MONITOR, Cause.UNSTABLE}
    )
