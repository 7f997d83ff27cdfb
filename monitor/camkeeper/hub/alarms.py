"""What an edge cannot tell of itself: the hub's alarms. A fold: no clock, no await.

Signs come in from each look; those of one kind that begin together are one alarm, told once when they had time to
gather, and once more when all of it is over. Silence is no fault of a camera: nothing here ever says "down".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

HUB = ""
"""In the place of an edge's id: the hub's own machine."""


class Kind(StrEnum):
    """What can be wrong between a county and its townships."""

    SILENT = "silent"  # nothing is heard: the edge's uplink, its machine, or our own line
    REFUSED = "refused"  # what it sends is not what it sent before, or makes no sense
    GAP = "gap"  # something is missing and does not come
    LAGGING = "lagging"  # it is heard, and what it tells is old: its monitor stands still, or its clock is off
    UNWRITABLE = "unwritable"  # our disk does not take its records
    DISK = "disk"  # our disk is nearly full


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From when on something is an alarm."""

    silent_ms: int = 120_000
    lag_ms: int = 900_000
    gap_ms: int = 600_000
    disk_free_percent: int = 10
    gather_ms: int = 30_000
    """What begins within this of each other is one cause, and one message."""
    calm_ms: int = 60_000
    """Well for so long is well again: an edge that comes and goes is one story."""

    def __post_init__(self) -> None:
        if min(self.silent_ms, self.lag_ms, self.gap_ms, self.gather_ms, self.calm_ms) <= 0:
            raise ValueError("the limits of alarms are more than nothing")

    def dwell_ms(self, kind: Kind) -> int:
        """Return how long a sign must stand in our own eyes: after a cut, catching up looks like a lag."""
        return {Kind.LAGGING: 120_000, Kind.UNWRITABLE: 30_000}.get(kind, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """What one look says of one edge under one kind."""

    bad: bool
    since_ms: int
    """When it began; of a good sign when it was seen."""
    detail: str = ""


Key = tuple[Kind, str]
"""Kind and edge id, or `HUB`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One edge's part in an alarm."""

    edge_id: str
    since_ms: int
    back_ms: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Edges in the same trouble, with one cause as far as anybody can tell."""

    id: str
    kind: Kind
    found_ms: int
    members: tuple[Member, ...]
    told_ms: int | None = None
    partly_ms: int | None = None
    seq: int = 0
    """Messages made of it."""

    @property
    def began_ms(self) -> int:
        """When the first of them began."""
        return min(member.since_ms for member in self.members)

    @property
    def standing(self) -> tuple[Member, ...]:
        """Those that are not over."""
        return tuple(member for member in self.members if member.back_ms is None)

    @property
    def over_ms(self) -> int | None:
        """When the last of them was over; None while one stands."""
        return None if self.standing else max(member.back_ms or 0 for member in self.members)


class Happening(StrEnum):
    """Why a message is made."""

    OPENED = "opened"
    PARTLY = "partly"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing to tell people."""

    happening: Happening
    alarm: Alarm
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """All that the fold remembers; `alarms` outlive a restart, the rest is seen again."""

    alarms: tuple[Alarm, ...] = ()
    bad_since_ms: Mapping[Key, int] = field(default_factory=dict)
    well_since_ms: Mapping[Key, int] = field(default_factory=dict)


def look(
    memory: Memory, signs: Mapping[Key, Sign], enrolled: Iterable[str], now_ms: int, limits: Limits
) -> tuple[Memory, tuple[Event, ...]]:
    """Fold in one look. A key without a sign cannot be told now and stays as it is: unknown opens and ends nothing."""
    bad_since = {k: memory.bad_since_ms.get(k, now_ms) for k, sign in signs.items() if sign.bad}
    well_since = {k: memory.well_since_ms.get(k, now_ms) for k, sign in signs.items() if not sign.bad}
    alarms = [_left(alarm, frozenset(enrolled) | {HUB}, now_ms) for alarm in memory.alarms]
    alarms = [_recovered(alarm, well_since, now_ms, limits) for alarm in alarms]
    for key in sorted(bad_since):
        if now_ms - bad_since[key] >= limits.dwell_ms(key[0]):
            alarms = _joined(alarms, key, signs[key], now_ms, limits)
    kept: list[Alarm] = []
    events: list[Event] = []
    for alarm in alarms:
        now, happening = _told(alarm, bad_since, now_ms, limits)
        if happening is not None:
            events.append(Event(happening=happening, alarm=now, at_ms=now_ms))
        if now.standing:
            kept.append(now)
    return Memory(alarms=tuple(kept), bad_since_ms=bad_since, well_since_ms=well_since), tuple(events)


def _left(alarm: Alarm, enrolled: frozenset[str], now_ms: int) -> Alarm:
    """An edge that was dismissed is nobody's trouble any more."""
    members = tuple(
        replace(m, back_ms=now_ms) if m.back_ms is None and m.edge_id not in enrolled else m for m in alarm.members
    )
    return replace(alarm, members=members)


def _recovered(alarm: Alarm, well_since: Mapping[Key, int], now_ms: int, limits: Limits) -> Alarm:
    def member(one: Member) -> Member:
        since_ms = well_since.get((alarm.kind, one.edge_id))
        if one.back_ms is not None or since_ms is None or now_ms - since_ms < limits.calm_ms:
            return one
        return replace(one, back_ms=since_ms)

    return replace(alarm, members=tuple(member(one) for one in alarm.members))


def _joined(alarms: list[Alarm], key: Key, sign: Sign, now_ms: int, limits: Limits) -> list[Alarm]:
    """Give a standing sign to the alarm that it belongs to, or to one of its own."""
    kind, edge_id = key
    for place, alarm in enumerate(alarms):
        if alarm.kind is kind and any(m.edge_id == edge_id for m in alarm.members):
            return [*alarms[:place], _relapsed(alarm, edge_id), *alarms[place + 1 :]]
    fresh = Member(edge_id=edge_id, since_ms=sign.since_ms, detail=sign.detail)
    for place, alarm in enumerate(alarms):
        if alarm.kind is kind and alarm.standing and _together(alarm, sign, now_ms, limits):
            joined = replace(alarm, members=(*alarm.members, fresh))
            return [*alarms[:place], joined, *alarms[place + 1 :]]
    own = f"hub-{kind.value}-{sign.since_ms}-{edge_id or 'hub'}-{now_ms}"
    return [*alarms, Alarm(id=own, kind=kind, found_ms=now_ms, members=(fresh,))]


def _together(alarm: Alarm, sign: Sign, now_ms: int, limits: Limits) -> bool:
    begun = any(abs(m.since_ms - sign.since_ms) <= limits.gather_ms for m in alarm.members)
    return begun or (alarm.told_ms is None and now_ms - alarm.found_ms < limits.gather_ms)


def _relapsed(alarm: Alarm, edge_id: str) -> Alarm:
    """Back in trouble before the alarm was over: the same story, and nobody is told twice."""
    members = tuple(replace(m, back_ms=None) if m.edge_id == edge_id else m for m in alarm.members)
    return replace(alarm, members=members)


def _told(alarm: Alarm, bad_since: Mapping[Key, int], now_ms: int, limits: Limits) -> tuple[Alarm, Happening | None]:
    standing = alarm.standing
    if alarm.told_ms is None:
        still = any((alarm.kind, m.edge_id) in bad_since for m in standing)
        if not still or now_ms - alarm.found_ms < limits.gather_ms:
            return alarm, None  # what is over before it was told was nothing
        return replace(alarm, told_ms=now_ms, seq=alarm.seq + 1), Happening.OPENED
    if not standing:
        return replace(alarm, seq=alarm.seq + 1), Happening.RESOLVED
    newest_ms = max((m.back_ms for m in alarm.members if m.back_ms is not None), default=None)
    if newest_ms is not None and alarm.partly_ms is None and now_ms - newest_ms >= 2 * limits.calm_ms:
        return replace(alarm, partly_ms=now_ms, seq=alarm.seq + 1), Happening.PARTLY
    return alarm, None
