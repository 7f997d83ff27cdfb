"""Sums of local days: what every rule of `figures` reads, from one device up to a county."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from camkeeper.availability.buckets import Buckets, total
from camkeeper.availability.days import days_of, patrol_ms
from camkeeper.availability.tally import Change, status_at, tally
from camkeeper.model.span import Span
from camkeeper.model.status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTally:
    """One device on one local day."""

    device_id: str
    day: date
    buckets: Buckets
    look: Status | None
    """What the daily look found; None where it does not count: absent, excluded, or outside the period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """Daily looks by what they found; degraded is online."""

    online: int = 0
    offline: int = 0
    unknown: int = 0

    def __add__(self, other: Looks) -> Looks:
        return Looks(
            online=self.online + other.online,
            offline=self.offline + other.offline,
            unknown=self.unknown + other.unknown,
        )

    @property
    def total(self) -> int:
        """Looks that count."""
        return self.online + self.offline + self.unknown


_LOOK = {
    None: Looks(),
    Status.UP: Looks(online=1),
    Status.DEGRADED: Looks(online=1),
    Status.DOWN: Looks(offline=1),
    Status.UNKNOWN: Looks(unknown=1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySum:
    """Any number of devices on one local day, added up."""

    day: date
    buckets: Buckets
    looks: Looks = field(default_factory=Looks)

    def __add__(self, other: DaySum) -> DaySum:
        if self.day != other.day:
            raise ValueError(f"sums of different days: {self.day}, {other.day}")
        return DaySum(day=self.day, buckets=self.buckets + other.buckets, looks=self.looks + other.looks)


def day_tallies(
    device_id: str,
    *,
    changes: Sequence[Change],
    life: Sequence[Span],
    excluded: Sequence[Span],
    period: Span,
    known_until_ms: int,
    tz: str,
    patrol_at: str,
) -> tuple[DayTally, ...]:
    """Return the device's local days of the period, straight from its changes."""
    out: list[DayTally] = []
    for day, part in days_of(period, tz):
        at_ms = patrol_ms(day, patrol_at, tz)
        look = (
            status_at(at_ms, changes=changes, life=life, excluded=excluded, known_until_ms=known_until_ms)
            if at_ms in part
            else None
        )
        buckets = tally(changes=changes, life=life, excluded=excluded, period=part, known_until_ms=known_until_ms)
        out.append(DayTally(device_id=device_id, day=day, buckets=buckets, look=look))
    return tuple(out)


def day_sums(tallies: Iterable[DayTally]) -> tuple[DaySum, ...]:
    """Add the devices up, day by day; sorted by day."""
    return added(DaySum(day=t.day, buckets=t.buckets, looks=_LOOK[t.look]) for t in tallies)


def added(sums: Iterable[DaySum]) -> tuple[DaySum, ...]:
    """Add sums of equal days; sorted by day."""
    by_day: defaultdict[date, list[DaySum]] = defaultdict(list)
    for one in sums:
        by_day[one.day].append(one)
    return tuple(_total(by_day[day]) for day in sorted(by_day))


def _total(sums: Sequence[DaySum]) -> DaySum:
    """Add sums of one day, at least one."""
    if len(sums) == 1:
        return sums[0]
    return DaySum(day=sums[0].day, buckets=total(s.buckets for s in sums), looks=looks_of(sums))


def looks_of(sums: Iterable[DaySum]) -> Looks:
    """Add the looks up, in one pass."""
    online = offline = unknown = 0
    for one in sums:
        online += one.looks.online
        offline += one.looks.offline
        unknown += one.looks.unknown
    return Looks(online=online, offline=offline, unknown=unknown)
