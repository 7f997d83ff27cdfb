"""The first line: what, where, how many, and the number to quote."""

from __future__ import annotations

from camkeeper.message.brief import Brief
from camkeeper.message.clean import clean, digits
from camkeeper.message.phrases import knows, say
from camkeeper.model.channel import Language
from camkeeper.model.incident import Cause, DomainKind, Happening, IncidentState
from camkeeper.model.status import Status

_HEADLINES = {
    Happening.GREW: "headline.grew",
    Happening.SPREAD: "headline.grew",
    Happening.SPLIT: "headline.partly",
    Happening.MEMBER_RECOVERED: "headline.partly",
    Happening.CAUSE: "headline.cause_changed",
    Happening.RELAPSED: "headline.relapsed",
    Happening.RELEASED: "headline.released",
    Happening.MERGED: "headline.merged",
    Happening.UNMERGED: "headline.unmerged",
    Happening.ACKNOWLEDGED: "headline.acknowledged",
    Happening.UNSTABLE: "headline.unstable",
}


def headline(brief: Brief, language: Language) -> str:
    """Return what stands between the brackets."""
    incident = brief.event.incident
    over = incident.state is IncidentState.RESOLVED
    if incident.domain.kind is DomainKind.MONITOR:
        return say(language, "headline.monitor_resolved" if over else "headline.monitor")
    if over:
        return say(language, "headline.resolved")
    key = _HEADLINES.get(brief.event.happening, "headline.cause")
    if key == "headline.cause" and incident.cause is Cause.UNSTABLE:
        key = "headline.unstable"
    text = say(language, key, word=say(language, _worst(brief)), suspect=_suspect(brief, language))
    return (say(language, "escalated", n=brief.escalation) if brief.escalation else "") + text


def title(brief: Brief, language: Language) -> str:
    """Return the first line; at most 240 bytes or so, whatever the names are."""
    count = affected(brief)
    text = say(
        language,
        "title" if count else "title.none",
        headline=headline(brief, language),
        site=clean(brief.site),
        n=count,
    )
    tail = [say(language, "number", number=number(brief))] if number(brief) else []
    if code(brief):
        tail.append(say(language, "code", code=code(brief)))
    return " ".join([text, *tail])


def affected(brief: Brief) -> int:
    """Return how many devices this is about: those not recovered yet, or all of them when it is over."""
    incident = brief.event.incident
    if incident.domain.kind is DomainKind.MONITOR:
        return 0
    if incident.state is IncidentState.RESOLVED:
        return len(incident.members)
    return sum(member.recovered_ms is None for member in incident.members.values())


def number(brief: Brief) -> str:
    """Return the work order's number as people read it out."""
    return digits(brief.work_order, limit=24)


def code(brief: Brief) -> str:
    """Return the duty desk's code."""
    return digits(brief.code, limit=8)


def _suspect(brief: Brief, language: Language) -> str:
    """Return what is suspected; of pictures what they show, for whoever reads no further."""
    incident = brief.event.incident
    shown = f"suspect.{incident.evidence[0].name}" if incident.cause is Cause.IMAGE and incident.evidence else ""
    return say(language, shown if knows(language, shown) else f"suspect.{incident.cause}")


def _worst(brief: Brief) -> str:
    statuses = [m.status for m in brief.event.incident.members.values() if m.recovered_ms is None]
    return str(max(statuses, key=lambda status: status.severity, default=Status.DOWN))
