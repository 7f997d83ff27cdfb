"""Whether people are told: once per device and `realert_ms`, not while the domain above is told of, never in a window.

An alert must have at least one device that is fresh: of which nobody was told for `realert_ms`. Fresh devices are the
alert's `device_ids`. What is not fresh is told when it becomes so, if it is still there. A recovery is told where the
outage was. So a device is told of at most once in `realert_ms`, and recoveries are no more than alerts and splits.
"""

from __future__ import annotations

from camkeeper.incident.books import Books, Live
from camkeeper.incident.census import Family
from camkeeper.model.incident import DomainKind, Evidence, Happening, IncidentState

MAX_DARK = 8
"""No more dark sites than this are named in one incident."""


def tell(books: Books, live: Live, at_ms: int) -> tuple[str, ...] | None:
    """Return the fresh devices of an alert that goes out now, or None where it has to wait."""
    if live.suppressed_by is not None:
        live.retell_ms = None
        return None
    people_know, wait_ms = books.told_ms, books.policy.realert_ms
    about = [i for i in _about(live) if not books.in_window(i, at_ms)]
    fresh = [i for i in about if i not in people_know or at_ms - people_know[i] >= wait_ms]
    dark = newly_dark(books, live, at_ms)
    if not fresh and not dark:
        live.retell_ms = min((people_know[i] + wait_ms for i in about), default=at_ms + wait_ms)
        return None
    for key in (*fresh, *dark):
        people_know[key] = at_ms
    live.told, live.retell_ms = True, None
    live.owed.update(_about(live))
    return tuple(sorted(fresh))


def newly_dark(books: Books, live: Live, at_ms: int) -> tuple[str, ...]:
    """Return `site:ID` of each site of the incident that is wholly out and was not told to be; note it as evidence."""
    facts = tuple(fact for fact in live.evidence if fact.name != "site_dark")
    names = _dark_sites(books, live)
    live.evidence = facts + tuple(Evidence(name="site_dark", facts={"site_id": name}) for name in names)
    keys = (f"site:{name}" for name in names)
    return tuple(k for k in keys if at_ms - books.told_ms.get(k, -books.policy.realert_ms) >= books.policy.realert_ms)


def suppress(books: Books, live: Live) -> bool:
    """Let an open incident be silent under the nearest open one above it; return whether there is one."""
    live.suppressed_by = None
    for domain in books.graph.above(live.domain):
        for incident_id in sorted(books.open_at.get(domain, ())):
            above = books.lives[incident_id]
            if incident_id != live.id and covers(above) and above.explains(domain):
                live.suppressed_by = incident_id
                return True
    return False


def suppress_below(books: Books, live: Live, at_ms: int) -> None:
    """Silence what is open below an incident that opened or moved up."""
    if not covers(live) or live.domain.kind is DomainKind.DEVICE:
        return
    inside = set(books.graph.below(live.domain))
    for incident_id in sorted(books.open):
        other = books.lives[incident_id]
        if other is live or other.suppressed_by is not None or inside.isdisjoint(other.members):
            continue
        if live.domain in books.graph.above(other.domain):
            other.suppressed_by, other.retell_ms = live.id, None
            books.say(at_ms, Happening.SUPPRESSED, other)


def release_below(books: Books, live: Live, at_ms: int) -> None:
    """Look again, after a hold, at what was silent because of an incident that ended or got narrower."""
    if (live.domain.kind is DomainKind.DEVICE and not live.also) or live.unstable:
        return
    for incident_id in sorted(books.open):
        other = books.lives[incident_id]
        if other.suppressed_by == live.id:
            other.settle_ms = at_ms + books.policy.hold_ms
            books.queue(other)


def covers(live: Live) -> bool:
    """Return whether an incident explains outages below it: a domain that is down, not one that comes and goes."""
    return live.family is Family.DOWN and not live.unstable and live.state is IncidentState.OPEN


def _about(live: Live) -> list[str]:
    """Return whom its letters are about; what a person merged into it was told of under its own number."""
    return live.own if live.unstable else live.own_out


def _dark_sites(books: Books, live: Live) -> tuple[str, ...]:
    if live.family is not Family.DOWN or live.unstable:
        return ()
    census, graph = books.census, books.graph
    seen: dict[int, bool] = {}
    names: dict[str, None] = {}
    for device_id in live.own_out:
        for node in reversed(graph.sites_of.get(device_id, ())):
            if node not in seen:
                seen[node] = census.is_dark(node, books.policy.min_members)
            if seen[node]:  # the largest one; what lies in it is dark too
                names[graph.nodes[node].id] = None
                break
    return tuple(sorted(names)[:MAX_DARK])
