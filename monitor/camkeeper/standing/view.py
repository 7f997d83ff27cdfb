"""Frozen values for showing. Built by `standing.build`, shown by camboard and the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from camkeeper.availability.buckets import Buckets, Promise
from camkeeper.model.crew import CrewStanding
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.mirror import MirrorStanding
from camkeeper.model.place import SiteKind
from camkeeper.model.probing import DeviceFacts, RungResult
from camkeeper.model.span import Span
from camkeeper.model.status import Reason, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class RateView:
    """A rate over one period, with its bounds and verdict."""

    period: Span
    buckets: Buckets
    target_bp: int
    verdict: Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class StripSegment:
    """A stretch of one status on a device's strip, oldest first; status None: not in service."""

    span: Span
    status: Status | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceStanding:
    """One device now."""

    id: str
    name: str
    kind: DeviceKind
    site_id: str
    status: Status
    reason: Reason
    since_ms: int | None
    last_sample_ms: int | None
    unstable: bool
    in_window: bool
    """In a maintenance window or exclusion now (维护 ◆)."""
    today: RateView
    month: RateView
    strip: tuple[StripSegment, ...]
    rungs: tuple[RungResult, ...] = ()
    """The newest answer of each rung."""
    facts: DeviceFacts = field(default_factory=DeviceFacts)
    host: str = ""
    contractor_id: str = ""
    """Who repairs it; empty: nobody is named."""
    link_ids: tuple[str, ...] = ()
    """What it hangs on, nearest first."""
    maker: str = ""
    """As registered; what it says of itself is in `facts`."""
    model: str = ""
    tags: tuple[str, ...] = ()
    """Labels that people put on it, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteStanding:
    """One site with all below it. Rates are of its cameras (摄像机), summed in time, never a mean of percentages."""

    id: str
    name: str
    name_en: str
    kind: SiteKind
    code: str | None
    parent_id: str | None
    target_bp: int
    cameras: Mapping[Status, int]
    """Cameras by status now."""
    others: Mapping[Status, int]
    """All other devices by status now."""
    today: RateView
    month: RateView

    @property
    def cameras_total(self) -> int:
        """Number of cameras enrolled."""
        return sum(self.cameras.values())

    @property
    def cameras_online(self) -> int:
        """Cameras that answer now (up or degraded)."""
        return self.cameras.get(Status.UP, 0) + self.cameras.get(Status.DEGRADED, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkStanding:
    """One of the monitor's own ways out."""

    id: str
    name: str
    sees: bool
    since_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneStanding:
    """One budget of probes: how late they began since the monitor started."""

    name: str
    """`healthy` or `dead`."""
    busy: int
    waiting: int
    bounds_s: tuple[float, ...]
    """Upper bounds of the buckets; the last bucket has none."""
    counts: tuple[int, ...]
    """Starts per bucket, one more than bounds, not cumulative."""
    worst_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorStanding:
    """The monitor's judgement of itself."""

    boot_id: str
    started_ms: int
    last_tick_ms: int
    """Everything up to here is acknowledged on disk."""
    last_sample_ms: int | None
    lag_ms: float
    """Worst lateness of the event loop in the last minute."""
    uplinks: tuple[UplinkStanding, ...]
    warnings: tuple[str, ...]
    """Sentences to show: a rejected configuration, a stepped clock, a lost uplink."""
    probes_total: int
    probes_missed: int
    policy: str
    """`name/version` of the deciding accounting policy."""
    probes_discarded: int = 0
    """Failures not counted because our own loop stood still."""
    probe_bugs: int = 0
    """Probes that ended in a fault of ours."""
    samples_stored: int = 0
    """Acknowledged on disk since the ledger began."""
    lanes: tuple[LaneStanding, ...] = ()
    mirror: MirrorStanding | None = None
    """None where nothing is mirrored."""
    crew: CrewStanding | None = None
    """None where this process asks alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The whole township at one instant."""

    at_ms: int
    name: str
    synthetic_geometry: bool
    timezone: str
    total: SiteStanding
    """The root of the tree (the town); where there are several roots, all of them together."""
    sites: tuple[SiteStanding, ...]
    """Every site, parents before children."""
    devices: tuple[DeviceStanding, ...]
    villages_total: int
    villages_with_camera: int
    """Villages with any working camera now (S3)."""
    monitor: MonitorStanding
    contractors: tuple[tuple[str, str], ...] = ()
    """(id, name) of who repairs devices here."""
    unknown_limit_bp: int = 200
    """Of the deciding policy: with more unknown than this nothing is judged kept."""
    links: tuple[tuple[str, str], ...] = ()
    """(id, name) of what devices hang on."""
