"""What the correlator keeps: conditions, live incidents, and who was told of what. One owner; changed in place.

An incident is live while held or open. A device that is out is in exactly one of them (`incident_of`), or excused by
an agreed window. A device that recovered stays a member until its incident ends (`past_of`), so that it comes back
into the same one.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from camkeeper.incident.cause import Finding
from camkeeper.incident.census import Census, Family
from camkeeper.incident.graph import Graph
from camkeeper.model.incident import (
    Cause,
    Confidence,
    Domain,
    DomainKind,
    Evidence,
    Happening,
    Incident,
    IncidentEvent,
    IncidentPolicy,
    IncidentState,
    Member,
)

InWindow = Callable[[str, int], bool]
"""Whether a device has an agreed window at an instant: (device id, UTC ms)."""

Pool = tuple[Family, bool]
"""What is compared with one another while held: a family, and whether it is of unstable devices."""


def no_windows(device_id: str, at_ms: int) -> bool:  # noqa: ARG001
    """Return False: nothing was agreed."""
    return False


@dataclass(slots=True, kw_only=True, eq=False)
class Live:
    """One incident that is not over."""

    id: str
    family: Family
    unstable: bool
    domain: Domain
    held_ms: int
    began_ms: int
    state: IncidentState = IncidentState.HELD
    cause: Cause = Cause.DEVICE
    confidence: Confidence = Confidence.LOW
    evidence: tuple[Evidence, ...] = ()
    opened_ms: int | None = None
    members: dict[str, Member] = field(default_factory=dict)
    out: set[str] = field(default_factory=set)
    """Members that are out now; the uplink's id for one about the monitor."""
    suppressed_by: str | None = None
    absorbed: tuple[str, ...] = ()
    """Incidents that people merged into this one."""
    also: dict[str, Domain] = field(default_factory=dict)
    """Their domains, by their ids, while anything of them is out: what fails below is no news."""
    acknowledged_by: str | None = None
    acknowledged_ms: int | None = None
    told: bool = False
    owed: set[str] = field(default_factory=set)
    """Devices of whose outage people were told and of whose recovery not yet."""
    opens_ms: int | None = None
    """When the hold ends."""
    settle_ms: int | None = None
    """When to look again, after part of it recovered or the one above ended."""
    retell_ms: int | None = None
    """When people may be told of it, who were told of its devices only just now."""
    calm_ms: int | None = None
    """When an unstable one ends unless there is another change."""
    queued_ms: int | None = None
    """Its place in the queue of deadlines."""

    @property
    def pool(self) -> Pool:
        """What it is compared with."""
        return self.family, self.unstable

    @property
    def due_ms(self) -> int | None:
        """The next instant at which it is looked at."""
        times = [at for at in (self.opens_ms, self.settle_ms, self.retell_ms, self.calm_ms) if at is not None]
        return min(times) if times else None

    @property
    def own(self) -> list[str]:
        """Members that nobody brought by hand, in order."""
        return sorted(i for i, m in self.members.items() if m.merged_from is None)

    @property
    def own_out(self) -> list[str]:
        """Own members that are out: what cause, domain and letters are about."""
        return sorted(i for i in self.out if i not in self.members or self.members[i].merged_from is None)

    def of_merged(self, incident_id: str) -> list[str]:
        """Members that came with an incident merged by hand, in order."""
        return sorted(i for i, m in self.members.items() if m.merged_from == incident_id)

    def explains(self, domain: Domain) -> bool:
        """Return whether what fails below a domain is no news while this is open."""
        if not self.absorbed:
            return domain == self.domain
        return any(domain == reached for reached, _ in self.reach())

    def reach(self) -> Iterator[tuple[Domain, str | None]]:
        """Yield the domains whose outages it explains now, and the merged incident that each was of."""
        if self.own_out:
            yield self.domain, None
        for incident_id, domain in sorted(self.also.items()):
            if not self.out.isdisjoint(self.of_merged(incident_id)):
                yield domain, incident_id

    def take(self, finding: Finding) -> bool:
        """Take over cause and evidence; return whether the cause is another one."""
        changed = (self.cause, self.confidence) != (finding.cause, finding.confidence)
        self.cause, self.confidence, self.evidence = finding.cause, finding.confidence, finding.evidence
        return changed

    def snapshot(
        self, *, resolved_ms: int | None = None, merged_into: str | None = None, merged_why: str = ""
    ) -> Incident:
        """Return the frozen value."""
        return Incident(
            id=self.id,
            domain=self.domain,
            cause=self.cause,
            confidence=self.confidence,
            evidence=self.evidence,
            state=self.state,
            began_ms=self.began_ms,
            held_ms=self.held_ms,
            opened_ms=self.opened_ms,
            resolved_ms=resolved_ms,
            members=dict(self.members),
            suppressed_by=self.suppressed_by,
            merged_into=merged_into,
            merged_why=merged_why,
            absorbed=self.absorbed,
            acknowledged_by=self.acknowledged_by,
            acknowledged_ms=self.acknowledged_ms,
        )


class Books:
    """All state of one correlator."""

    def __init__(self, graph: Graph, policy: IncidentPolicy, in_window: InWindow) -> None:
        self.graph, self.policy, self.in_window = graph, policy, in_window
        self.census = Census(graph)
        self.now_ms = 0
        self.number = 0
        self.lives: dict[str, Live] = {}
        self.held: set[str] = set()
        self.open: set[str] = set()
        self.open_at: dict[Domain, set[str]] = {}
        """Open incidents by domain, those of single devices aside."""
        self.incident_of: dict[str, str] = {}
        self.past_of: dict[str, str] = {}
        self.excused: set[str] = set()
        self.told_ms: dict[str, int] = {}
        """When people were last told of a device (or `site:ID`, wholly dark; or `uplink:ID`)."""
        self.dirty: set[Pool] = set()
        """Pools whose grouping may be another since it was last made."""
        self.parked: dict[str, Mapping[str, Any]] = {}
        """Incidents merged by hand, as they were, while what they went into is live: to take it back."""
        self.events: list[IncidentEvent] = []
        self._queue: list[tuple[int, str]] = []

    def begin(self, *, family: Family, unstable: bool, domain: Domain, held_ms: int, began_ms: int) -> Live:
        """Return a new held incident, with a number that was never given."""
        self.number += 1
        live = Live(
            id=f"I{self.number:06d}",
            family=family,
            unstable=unstable,
            domain=domain,
            held_ms=held_ms,
            began_ms=began_ms,
        )
        self.lives[live.id] = live
        self.held.add(live.id)
        return live

    def join(self, live: Live, device_id: str, *, merged_from: str | None = None) -> None:
        """Make a device that is out a member; one that was brought by hand stays so."""
        condition = self.census.conditions[device_id]
        known = live.members.get(device_id)
        live.members[device_id] = Member(
            device_id=device_id, status=condition.known, reason=condition.reason, since_ms=condition.since_ms,
            merged_from=merged_from if known is None else known.merged_from,
        )  # fmt: skip
        live.out.add(device_id)
        live.began_ms = min(live.began_ms, condition.since_ms)
        self.incident_of[device_id] = live.id
        self.past_of.pop(device_id, None)

    def leave(self, live: Live, device_id: str) -> None:
        """Take a member out as if it had never been one."""
        live.members.pop(device_id, None)
        live.out.discard(device_id)
        live.owed.discard(device_id)
        if self.incident_of.get(device_id) == live.id:
            del self.incident_of[device_id]
        if self.past_of.get(device_id) == live.id:
            del self.past_of[device_id]

    def open_up(self, live: Live, at_ms: int) -> None:
        """Make a held incident an open one."""
        live.state, live.opened_ms, live.opens_ms = IncidentState.OPEN, at_ms, None
        self.held.discard(live.id)
        self.open.add(live.id)
        self._place(live)

    def move(self, live: Live, domain: Domain) -> None:
        """Give an incident another domain."""
        self._displace(live)
        live.domain = domain
        if live.id in self.open:
            self._place(live)

    def explain(self, live: Live, also: dict[str, Domain]) -> None:
        """Give an open incident other domains of what was merged into it."""
        self._displace(live)
        live.also = also
        self._place(live)

    def end(self, live: Live, state: IncidentState) -> None:
        """Strike a live incident; devices that are still out must have gone elsewhere before."""
        live.state = state
        live.opens_ms = live.settle_ms = live.retell_ms = live.calm_ms = None
        del self.lives[live.id]
        self._displace(live)
        self.parked = {i: kept for i, kept in self.parked.items() if kept["into"] != live.id}
        self.held.discard(live.id)
        self.open.discard(live.id)
        for device_id in live.members:
            if self.past_of.get(device_id) == live.id:
                del self.past_of[device_id]

    def _place(self, live: Live) -> None:
        for domain in (live.domain, *live.also.values()):
            if domain.kind is not DomainKind.DEVICE:
                self.open_at.setdefault(domain, set()).add(live.id)

    def _displace(self, live: Live) -> None:
        if live.id in self.open:
            for domain in (live.domain, *live.also.values()):
                self.open_at.get(domain, set()).discard(live.id)

    def queue(self, live: Live) -> None:
        """See to it that the incident is looked at when it is due."""
        due_ms = live.due_ms
        if due_ms is not None and (live.queued_ms is None or due_ms < live.queued_ms):
            live.queued_ms = due_ms
            heapq.heappush(self._queue, (due_ms, live.id))

    def next_due(self, now_ms: int) -> tuple[int, Live] | None:
        """Take the earliest incident that is due until `now_ms` off the queue, with its time."""
        while self._queue and self._queue[0][0] <= now_ms:
            at_ms, incident_id = heapq.heappop(self._queue)
            live = self.lives.get(incident_id)
            if live is None or live.queued_ms != at_ms:
                continue
            live.queued_ms = None
            if live.due_ms is not None and live.due_ms <= at_ms:
                return at_ms, live
            self.queue(live)
        return None

    def say(
        self,
        at_ms: int,
        happening: Happening,
        live: Live,
        *,
        tells: bool = False,
        device_ids: Iterable[str] = (),
        by: str = "",
        resolved_ms: int | None = None,
        merged_into: str | None = None,
        merged_why: str = "",
    ) -> None:
        """Note one step in an incident's history."""
        self.events.append(
            IncidentEvent(
                at_ms=at_ms,
                happening=happening,
                incident=live.snapshot(resolved_ms=resolved_ms, merged_into=merged_into, merged_why=merged_why),
                tells=tells,
                device_ids=tuple(sorted(device_ids)),
                by=by,
            )
        )

    def unknown(self, incident_id: str) -> NoReturn:
        """Raise for an incident that is not live."""
        raise KeyError(f"no live incident {incident_id}")
