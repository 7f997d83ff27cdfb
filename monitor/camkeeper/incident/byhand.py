"""Incidents that a person merges, and takes apart again. The correlator leaves what people decided as it is.

The survivor keeps its own domain, cause, letters and deadlines; the devices that come with the other are marked with
its id. They never make news of the survivor: people were told of them under the other's number. What the other's
domain explained, the survivor explains while any of it is out: so merging makes no letter that would not have been.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from camkeeper.incident import persist
from camkeeper.incident.books import Books, Live
from camkeeper.incident.census import Family
from camkeeper.incident.telling import release_below
from camkeeper.model.incident import Happening, IncidentState, MergeRefusal


def objection(books: Books, incident_id: str, into_id: str) -> MergeRefusal | None:
    """Return why one incident cannot go into another now; None where it can."""
    live, into = books.lives.get(incident_id), books.lives.get(into_id)
    if live is None or into is None or not {live.id, into.id} <= books.open:
        return MergeRefusal.NOT_OPEN
    if live is into:
        return MergeRefusal.ITSELF
    if Family.MONITOR in {live.family, into.family}:
        return MergeRefusal.OF_MONITOR
    if live.unstable or into.unstable:
        return MergeRefusal.COMES_AND_GOES
    return None if live.family is into.family else MergeRefusal.OTHER_KIND


def merge(books: Books, incident_id: str, into_id: str, *, by: str, why: str, at_ms: int) -> None:
    """Let one open incident go into another; `objection` must have none."""
    live, into = books.lives[incident_id], books.lives[into_id]
    kept = {"into": into.id, "incident": persist.incident_to_json(live.snapshot()), "extra": persist.beside(live)}
    nested = {i: known for i, known in books.parked.items() if known["into"] == live.id}
    out, moved = sorted(live.out), sorted(live.members)
    for device_id in moved:
        _bring(books, live, into, device_id)
    into.owed |= live.owed
    into.absorbed = (*into.absorbed, live.id, *live.absorbed)
    for other in books.lives.values():
        if other.suppressed_by == live.id:
            other.suppressed_by = None if other is into else into.id
    also = {**into.also, live.id: live.domain, **live.also}
    books.end(live, IncidentState.MERGED)
    books.explain(into, also)
    books.parked |= {**nested, live.id: kept}
    books.say(at_ms, Happening.MERGED, live, device_ids=moved, by=by, merged_into=into.id, merged_why=why)
    books.say(at_ms, Happening.GREW, into, device_ids=out, by=by)
    books.queue(into)


def stays(books: Books, incident_id: str) -> MergeRefusal | None:
    """Return why a merged incident cannot be taken out again; None where it can."""
    kept = books.parked.get(incident_id)
    into = None if kept is None else books.lives.get(kept["into"])
    if kept is None or into is None:
        return MergeRefusal.NOT_MERGED
    return None if any(i in into.out for i in _part(into, incident_id, kept)) else MergeRefusal.RECOVERED


def unmerge(books: Books, incident_id: str, *, by: str, at_ms: int) -> None:
    """Make a merged incident an open one again, under its own number; `stays` must have nothing against it."""
    kept = books.parked.pop(incident_id)
    into = books.lives[kept["into"]]
    live = persist.revive(books, persist.incident_from_json(kept["incident"]), kept["extra"])
    live.members, live.out = {}, set()
    moved = _part(into, incident_id, kept)
    for device_id in moved:
        _take_back(books, live, into, device_id)
    live.owed = into.owed.intersection(moved)
    into.owed -= live.owed
    gone = {live.id, *live.absorbed}
    into.absorbed = tuple(i for i in into.absorbed if i not in gone)
    books.explain(into, {i: domain for i, domain in into.also.items() if i not in gone})
    live.settle_ms = at_ms + books.policy.hold_ms  # what is above it, and what is left of it, may be otherwise now
    live.suppressed_by = live.suppressed_by if live.suppressed_by in books.lives else None
    books.queue(live)
    release_below(books, into, at_ms)
    books.say(at_ms, Happening.UNMERGED, into, device_ids=moved, by=by)
    books.say(at_ms, Happening.UNMERGED, live, device_ids=moved, by=by)


def _part(into: Live, incident_id: str, kept: Mapping[str, Any]) -> list[str]:
    """Return the devices that would leave: those that came with the incident, or with what had gone into it."""
    absorbed = kept["incident"].get("absorbed", ())
    return sorted(i for part in (incident_id, *absorbed) for i in into.of_merged(part))


def _bring(books: Books, live: Live, into: Live, device_id: str) -> None:
    member, there = live.members[device_id], into.members.get(device_id)
    if there is None:
        into.members[device_id] = replace(member, merged_from=member.merged_from or live.id)
    elif device_id in live.out:
        into.members[device_id] = replace(member, merged_from=there.merged_from)
    if device_id in live.out:
        into.out.add(device_id)
        books.incident_of[device_id] = into.id
        books.past_of.pop(device_id, None)
    elif books.past_of.get(device_id) == live.id:
        books.past_of[device_id] = into.id


def _take_back(books: Books, live: Live, into: Live, device_id: str) -> None:
    member = into.members.pop(device_id)
    live.members[device_id] = replace(member, merged_from=None if member.merged_from == live.id else member.merged_from)
    if device_id in into.out:
        into.out.discard(device_id)
        live.out.add(device_id)
        books.incident_of[device_id] = live.id
    elif books.past_of.get(device_id) == into.id:
        books.past_of[device_id] = live.id
