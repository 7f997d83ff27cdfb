"""The fold from transitions, sight and time to incidents."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping

from camkeeper.incident import byhand, cause, persist
from camkeeper.incident.books import Books, InWindow, Live, no_windows
from camkeeper.incident.census import Family
from camkeeper.incident.graph import Graph
from camkeeper.incident.intake import finish, recovered, settle, take
from camkeeper.incident.settling import look
from camkeeper.incident.telling import release_below
from camkeeper.model.change import Transition
from camkeeper.model.incident import (
    Domain,
    DomainKind,
    Happening,
    Incident,
    IncidentEvent,
    IncidentPolicy,
    MergeRefusal,
)

Events = tuple[IncidentEvent, ...]

UPLINK_PREFIX = "uplink:"


class Correlator:
    """One owner. Every call takes the ledger's time, which never goes back, and returns what happened, in order.

    What was due before `now_ms` happens first, dated when it was due: how often `tick` is called changes nothing but
    when people hear of it. Transitions of one device count in the order given; between devices the order is nothing.
    """

    def __init__(self, graph: Graph, policy: IncidentPolicy | None = None, *, in_window: InWindow = no_windows) -> None:
        self._books = Books(graph, policy or IncidentPolicy(), in_window)

    def fold(self, transitions: Iterable[Transition], now_ms: int) -> Events:
        """Take transitions as recorded; those of devices that are not enrolled are passed over."""
        now_ms = self._run(now_ms)
        take(self._books, tuple(transitions), now_ms)
        self._run(now_ms)
        return self._drain()

    def tick(self, now_ms: int) -> Events:
        """Do what is due until now: holds end, windows end, what was unstable is calm."""
        self._run(now_ms)
        return self._drain()

    def see(self, uplink_id: str, now_ms: int, *, sees: bool) -> Events:
        """Take what is known of one of our own uplinks: one incident while it is lost, told like any other."""
        now_ms = self._run(now_ms)
        domain = Domain(kind=DomainKind.MONITOR, id=uplink_id)
        live = next((v for _, v in sorted(self._books.lives.items()) if v.domain == domain), None)
        if not sees and live is None:
            self._lose(domain, now_ms)
        elif sees and live is not None:
            live.out.clear()
            finish(self._books, live, now_ms)
        return self._drain()

    def acknowledge(self, incident_id: str, by: str, now_ms: int) -> Events:
        """Note that somebody took it on; the first one stays. KeyError for an incident that is over or never was."""
        now_ms = self._run(now_ms)
        live = self._books.lives.get(incident_id) or self._books.unknown(incident_id)
        if live.acknowledged_by is None:
            live.acknowledged_by, live.acknowledged_ms = by, now_ms
            self._books.say(now_ms, Happening.ACKNOWLEDGED, live, by=by)
        return self._drain()

    def merge(
        self, incident_id: str, into_id: str, *, by: str, why: str, now_ms: int
    ) -> tuple[Events, MergeRefusal | None]:
        """Let an open incident go into another, because somebody knows that they are one. Nobody is told of it."""
        now_ms = self._run(now_ms)
        no = byhand.objection(self._books, incident_id, into_id)
        if no is None:
            byhand.merge(self._books, incident_id, into_id, by=by, why=why, at_ms=now_ms)
        return self._drain(), no

    def unmerge(self, incident_id: str, *, by: str, now_ms: int) -> tuple[Events, MergeRefusal | None]:
        """Take an incident out again, with what is left of it, while what it went into is open."""
        now_ms = self._run(now_ms)
        no = byhand.stays(self._books, incident_id)
        if no is None:
            byhand.unmerge(self._books, incident_id, by=by, at_ms=now_ms)
        return self._drain(), no

    def enrol(self, graph: Graph, now_ms: int) -> Events:
        """Take over another register. Devices that left it leave their incidents; what stays goes on."""
        self._run(now_ms)
        events = self._drain()
        old = self._books
        values, memory = self.incidents, persist.memory(old)
        self._books = persist.restored(graph, old.policy, old.in_window, values, memory)
        gone = {i for value in values for i in value.members} - set(graph.sites_of)
        for live in sorted(self._books.lives.values(), key=lambda v: v.id):
            if not gone.isdisjoint(live.members):
                self._retire(live, gone, now_ms)
        return events + self._drain()

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """Everything held or open now, by number."""
        return tuple(live.snapshot() for _, live in sorted(self._books.lives.items()))

    @property
    def next_due_ms(self) -> int | None:
        """When `tick` next has something to do of itself; windows that end are not in it."""
        return min((v.due_ms for v in self._books.lives.values() if v.due_ms is not None), default=None)

    @property
    def excused(self) -> frozenset[str]:
        """Devices that are out in an agreed window: no incident."""
        return frozenset(self._books.excused)

    def incident_of(self, device_id: str) -> str | None:
        """Return the id of the live incident that a device that is out belongs to."""
        return self._books.incident_of.get(device_id)

    def memory(self) -> Mapping[str, object]:
        """Return, as JSON values, what `restore` needs beside the live incidents."""
        return persist.memory(self._books)

    def to_json(self) -> str:
        """Return the whole state as canonical JSON: equal states give equal text."""
        whole = {"incidents": [persist.incident_to_json(i) for i in self.incidents], "memory": self.memory()}
        return json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(
        cls, text: str, graph: Graph, policy: IncidentPolicy | None = None, *, in_window: InWindow = no_windows
    ) -> Correlator:
        """Go on from `to_json`, just as if there had been no restart. ValueError or KeyError for anything else."""
        whole = json.loads(text)
        incidents = [persist.incident_from_json(value) for value in whole["incidents"]]
        return cls.restore(graph, incidents, whole["memory"], policy, in_window=in_window)

    @classmethod
    def restore(
        cls,
        graph: Graph,
        incidents: Collection[Incident],
        memory: Mapping[str, object],
        policy: IncidentPolicy | None = None,
        *,
        in_window: InWindow = no_windows,
    ) -> Correlator:
        """Go on from live incidents as kept elsewhere and `memory()`."""
        made = cls(graph, policy, in_window=in_window)
        made._books = persist.restored(graph, made._books.policy, in_window, incidents, memory)
        return made

    def _run(self, now_ms: int) -> int:
        """Do everything due until now, in the order of time; return now, which never goes back."""
        books = self._books
        books.now_ms = max(books.now_ms, now_ms)
        while (due := books.next_due(books.now_ms)) is not None:
            at_ms, live = due
            look(books, live, at_ms)
        over = [i for i in sorted(books.excused) if not books.in_window(i, books.now_ms)]
        if over:
            books.excused.difference_update(over)
            for device_id in over:
                books.census.conditions[device_id].noticed_ms = books.now_ms
            settle(books, {}, over, books.now_ms)
        return books.now_ms

    def _lose(self, domain: Domain, now_ms: int) -> None:
        books = self._books
        live = books.begin(family=Family.MONITOR, unstable=False, domain=domain, held_ms=now_ms, began_ms=now_ms)
        live.out.add(UPLINK_PREFIX + domain.id)
        live.take(cause.blind(domain.id))
        live.opens_ms = now_ms + books.policy.hold_ms
        books.queue(live)
        books.say(now_ms, Happening.HELD, live)

    def _retire(self, live: Live, gone: set[str], now_ms: int) -> None:
        books = self._books
        for device_id in sorted(gone & set(live.members)):
            if live.members[device_id].recovered_ms is None:
                live.members[device_id] = recovered(live.members[device_id], now_ms)
            live.out.discard(device_id)
            books.incident_of.pop(device_id, None)
            books.past_of.pop(device_id, None)
        if not live.out:
            release_below(books, live, now_ms)
            finish(books, live, now_ms)

    def _drain(self) -> Events:
        events, self._books.events = tuple(self._books.events), []
        return events
