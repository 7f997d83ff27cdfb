"""What a county's pages, API and metrics show. Frozen values, nothing here asks anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from camkeeper.availability.buckets import Buckets, Promise
from camkeeper.hub.alarms import Kind
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.place import SiteKind
from camkeeper.model.span import Span
from camkeeper.model.status import Reason, Status

FRESH_MS = 90_000
"""A town's statuses count as known for so long after the last instant that it told of: nine signs of life."""


class TownState(StrEnum):
    """How it stands with an edge. Screens: 正常 / 停滞 / 失联 / 拒收 / 从未上报."""

    LIVE = "live"
    LAGGING = "lagging"
    SILENT = "silent"
    REFUSED = "refused"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A month or day under a town's own policy: percents as `sla` tells them, cut, without the sign."""

    net: Buckets
    gross: Buckets
    verdict: Promise
    policy: str
    target_bp: int
    ratio: str | None
    lower: str | None
    upper: str | None
    completeness: str | None
    good: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TownMonth:
    """One edge's month, as its copy says."""

    edge_id: str
    month: str
    name: str
    rate: Rate
    until_ms: int
    """Computed up to here."""
    complete: bool
    closed: bool
    seq: int
    """Of the copy's last record when it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TownNow:
    """What an edge's cameras do and did today, as of its last tick."""

    counts: Mapping[Status, int]
    """Cameras in service."""
    villages: int
    villages_seen: int
    """Villages with at least one camera up."""
    today: Buckets
    today_until_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """A row of the county."""

    edge_id: str
    name: str
    state: TownState
    since_ms: int | None
    """Since when it is silent, refused or lags; None where it is live or never was heard."""
    tick_ms: int | None
    """Until when all is told."""
    lag_ms: int | None
    behind: int
    seq: int
    head: str
    refusals: int
    refused: str
    alarms: frozenset[Kind]
    last: TownNow | None
    """As of the last tick, however old."""
    month: TownMonth | None

    @property
    def cameras(self) -> int:
        """Cameras in service, as last told."""
        return 0 if self.last is None else sum(self.last.counts.values())

    @property
    def now(self) -> Mapping[Status, int]:
        """What the county knows of this instant: of an edge that does not tell, nothing. Never down."""
        if self.last is None:
            return {}
        if self.state is TownState.SILENT or self.lag_ms is None or self.lag_ms > FRESH_MS:
            return {Status.UNKNOWN: self.cameras}
        return self.last.counts


@dataclass(frozen=True, slots=True, kw_only=True)
class County:
    """Everything of one instant, for one month."""

    at_ms: int
    name: str
    timezone: str
    target_bp: int
    month: str
    towns: tuple[Town, ...] = ()
    reading: int = 0
    """Towns whose sums of this month are still to be read."""
    faults: tuple[str, ...] = ()
    """What is wrong with the hub's configuration."""

    @property
    def net(self) -> Buckets:
        """The month's device time of all towns, agreed windows left out."""
        return sum((t.month.rate.net for t in self.towns if t.month is not None), Buckets())

    @property
    def gross(self) -> Buckets:
        """The same with agreed windows counted like any time."""
        return sum((t.month.rate.gross for t in self.towns if t.month is not None), Buckets())

    @property
    def today(self) -> Buckets:
        """Today's device time of all towns."""
        return sum((t.last.today for t in self.towns if t.last is not None), Buckets())

    @property
    def now(self) -> Buckets:
        """What is known of this instant: a camera is a millisecond."""
        counts: dict[Status, int] = dict.fromkeys(Status, 0)
        for town in self.towns:
            for status, n in town.now.items():
                counts[status] += n
        return Buckets(
            up_ms=counts[Status.UP] + counts[Status.DEGRADED],
            degraded_ms=counts[Status.DEGRADED],
            down_ms=counts[Status.DOWN],
            unknown_ms=counts[Status.UNKNOWN],
        )

    @property
    def missing(self) -> tuple[str, ...]:
        """Edges whose time is in no sum."""
        return tuple(t.edge_id for t in self.towns if t.month is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRow:
    """A site of a town, with all below it."""

    id: str
    name: str
    kind: SiteKind
    depth: int
    cameras: int
    rate: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """A camera's month, straight from its intervals."""

    id: str
    site_id: str
    kind: DeviceKind
    status: Status | None
    """As of the last tick; None: not in service."""
    since_ms: int | None
    reason: Reason | None
    net: Buckets


@dataclass(frozen=True, slots=True, kw_only=True)
class TownDetail:
    """A town's month, read from its copy."""

    month: TownMonth
    timezone: str
    period: Span
    sites: tuple[SiteRow, ...]
    devices: tuple[DeviceRow, ...]
    """Worst first."""
