"""What the desk puts into one batch, and how a step of an incident becomes letters."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from camkeeper.message import Brief, style_of, words
from camkeeper.model.channel import AnyChannel
from camkeeper.model.incident import Incident, IncidentEvent, IncidentState
from camkeeper.model.letter import Letter
from camkeeper.model.registry import Registry
from camkeeper.model.workorder import OrderEvent, Watched, WorkOrder
from camkeeper.outbox.address import letter_id
from camkeeper.outbox.routing import Target
from camkeeper.outbox.view import ChannelView
from camkeeper.standing.desk import Acted
from camkeeper.workorder.book import WorkOrderBook

Seqs = Mapping[str, Mapping[str, int]]
"""Incident id -> channel id -> number of the newest letter."""


class Posts(Protocol):
    """What the desk needs of a sender."""

    def post(self, letters: Iterable[Letter], quiet_until: Mapping[str, int] | None = None) -> None:
        """Send letters whose batch is on disk."""

    def views(self) -> tuple[ChannelView, ...]:
        """Return how each channel fares."""
        ...


class Mails(Protocol):
    """What the desk needs of a mail room."""

    @property
    def sender(self) -> Posts:
        """Who sends."""
        ...

    def enrol(self, registry: Registry) -> None:
        """Take over a configuration's channels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The desk as some batch leaves it: what may be shown once that batch is on disk."""

    at_ms: int
    incidents: tuple[Incident, ...] = ()
    """Held or open."""
    recent: Mapping[str, Incident] = field(default_factory=dict)
    """Those that ended lately, by id."""
    book: WorkOrderBook = field(default_factory=WorkOrderBook)
    seqs: Seqs = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What somebody who acted will be told once it is on disk."""

    future: asyncio.Future[Acted]
    acted: Acted


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A letter for somebody, not before an instant."""

    letter: Letter
    not_before_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """Letters of one step, and the numbers afterwards."""

    posts: tuple[Post, ...]
    seqs: Seqs


@dataclass(slots=True, kw_only=True)
class Work:
    """What goes into one batch."""

    incidents: list[IncidentEvent] = field(default_factory=list)
    orders: list[OrderEvent] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    quiet_until: dict[str, int] = field(default_factory=dict)
    watched: dict[int, Mapping[str, Watched]] = field(default_factory=dict)
    memory: str | None = None
    shown: Shown
    answers: list[Answer] = field(default_factory=list)


def posting(
    brief: Brief, targets: Sequence[Target], channels: Mapping[str, AnyChannel], seqs: Seqs, *, now_ms: int
) -> Posting:
    """Word one step for each of its targets; a channel that is not configured gets none."""
    incident = brief.event.incident
    known = dict(seqs.get(incident.id, {}))
    out: list[Post] = []
    for target in targets:
        setting = channels.get(target.channel_id)
        if setting is None:
            continue
        said = words(brief, style_of(setting))
        seq = known[target.channel_id] = known.get(target.channel_id, 0) + 1
        letter = Letter(
            id=letter_id(incident.id, target.channel_id, seq),
            incident_id=incident.id,
            seq=seq,
            channel_id=target.channel_id,
            subject=said.subject,
            text=said.text,
            markdown=said.markdown,
            facts=said.facts,
            created_ms=now_ms,
            recovery=incident.state is IncidentState.RESOLVED,
        )
        out.append(Post(letter=letter, not_before_ms=target.not_before_ms))
    return Posting(posts=tuple(out), seqs={**seqs, incident.id: known} if out else seqs)


def own_part(incident: Incident) -> Incident:
    """Return the incident as its routes know it: what was merged into it by hand was told by routes of its own."""
    if not incident.absorbed:
        return incident
    own = {i: m for i, m in incident.members.items() if m.merged_from is None}
    return replace(incident, members=own or incident.members)


def told_of(incident: Incident, seqs: Seqs, *, ended: bool) -> frozenset[str]:
    """Return the channels that have heard of it; of its end also those that heard of what was merged into it."""
    known = (incident.id, *incident.absorbed) if ended else (incident.id,)
    return frozenset(channel for i in known for channel in seqs.get(i, {}))


def watched_since(
    before: WorkOrderBook, after: WorkOrderBook, steps: Sequence[OrderEvent]
) -> dict[int, Mapping[str, Watched]]:
    """Return the devices of each order in which something of them changed."""
    touched = {*before.live_numbers, *after.live_numbers, *(step.number for step in steps)}
    return {
        number: after.orders[number].devices
        for number in sorted(touched)
        if number in after.orders and _devices(before.orders.get(number)) is not after.orders[number].devices
    }


def _devices(order: WorkOrder | None) -> Mapping[str, Watched] | None:
    return order.devices if order is not None else None
