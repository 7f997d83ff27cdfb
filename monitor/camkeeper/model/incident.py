"""Incidents: outages with one cause, told as one. Frozen values; the fold that makes them is `camkeeper.incident`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from camkeeper.model.status import Reason, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentPolicy:
    """When outages belong together, and when people are told. Whole milliseconds and per cent."""

    hold_ms: int = 90_000
    """From first noticing an outage to telling of it: what else goes with it shows in this time."""
    window_ms: int = 120_000
    """Outages whose starts lie no further apart may have one cause."""
    share_percent: int = 90
    """Of a domain's devices whose status is known, so many must be out for the domain to be blamed."""
    own_share_percent: int = 50
    """The same where the device that embodies the domain (a switch) is itself out: strong evidence."""
    known_percent: int = 50
    """So many of a domain's devices must have a known status before it is blamed."""
    min_members: int = 2
    """Fewer outages than this never blame a domain."""
    same_instant_ms: int = 65_000
    """Starts this close are one instant: probes of one pole are spread over a whole polling interval."""
    unstable_changes: int = 6
    """So many changes within `unstable_window_ms` make a device unstable."""
    unstable_window_ms: int = 3_600_000
    calm_ms: int = 1_800_000
    """An unstable device without a change for this long is unstable no more."""
    realert_ms: int = 1_800_000
    """An alert must have something to say of a device of which people were not told within this time."""

    def __post_init__(self) -> None:
        lengths = (self.hold_ms, self.window_ms, self.unstable_window_ms, self.calm_ms, self.realert_ms)
        if min(lengths) <= 0 or self.same_instant_ms < 0:
            raise ValueError("an incident policy's times must be positive")
        if not all(1 <= p <= 100 for p in (self.share_percent, self.own_share_percent, self.known_percent)):
            raise ValueError("an incident policy's shares lie between 1 and 100 per cent")
        if self.min_members < 2 or self.unstable_changes < 2:
            raise ValueError("an incident policy needs at least two devices for a domain, two changes for unstable")


class DomainKind(StrEnum):
    """What an incident is about: one device, or the fault domain that its outages share."""

    DEVICE = "device"
    POLE = "pole"
    POWER = "power"
    SWITCH = "switch"
    TRANSCEIVER = "transceiver"
    OPERATOR_LINE = "operator_line"
    SITE = "site"
    MONITOR = "monitor"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Domain:
    """A fault domain: its kind, and the id of the device, link, site or uplink."""

    kind: DomainKind
    id: str


class Cause(StrEnum):
    """Probable cause 疑因."""

    POWER = "power"
    LINK = "link"
    SWITCH = "switch"
    OPERATOR_LINE = "operator_line"
    AUTH = "auth"
    IMAGE = "image"
    DEVICE = "device"
    UNSTABLE = "unstable"
    MONITOR = "monitor"


class Confidence(StrEnum):
    """How sure of the cause."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One fact for or against a cause: `name` is an i18n key, `facts` its numbers and ids."""

    name: str
    facts: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One device of an incident."""

    device_id: str
    status: Status
    reason: Reason
    since_ms: int
    """Start of its outage, back-dated as the record has it."""
    recovered_ms: int | None = None
    merged_from: str | None = None
    """Incident that a person merged into this one, and with it this device; None: its own."""


class IncidentState(StrEnum):
    """Life of an incident."""

    HELD = "held"  # waiting for what else goes with it; nobody was told
    OPEN = "open"
    RESOLVED = "resolved"
    MERGED = "merged"  # went into `merged_into`


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What is known of one incident now."""

    id: str
    """`I000123`: a number that is never given again."""
    domain: Domain
    cause: Cause
    confidence: Confidence
    evidence: tuple[Evidence, ...]
    state: IncidentState
    began_ms: int
    """The earliest start of an outage in it; what was merged into it by hand moves it not."""
    held_ms: int
    """When it was first noticed."""
    opened_ms: int | None = None
    resolved_ms: int | None = None
    members: Mapping[str, Member] = field(default_factory=dict)
    suppressed_by: str | None = None
    """Incident whose domain lies above: no alert of its own while that one is open."""
    merged_into: str | None = None
    merged_why: str = ""
    """The reason of whoever merged it by hand; empty: the correlator did."""
    absorbed: tuple[str, ...] = ()
    """Incidents that people merged into this one, and those that went into them."""
    acknowledged_by: str | None = None
    acknowledged_ms: int | None = None


class Happening(StrEnum):
    """What happened to an incident, and why a message was or wasn't made."""

    HELD = "held"
    OPENED = "opened"
    GREW = "grew"
    SPREAD = "spread"  # to a domain further up
    MERGED = "merged"
    SPLIT = "split"  # part of it recovered: what is left has a narrower domain
    CAUSE = "cause"  # better evidence
    MEMBER_RECOVERED = "member_recovered"
    RESOLVED = "resolved"
    RELAPSED = "relapsed"
    UNSTABLE = "unstable"
    SUPPRESSED = "suppressed"
    RELEASED = "released"  # the one above is resolved and this is still there
    WITHDRAWN = "withdrawn"  # over before the hold ended, or in agreed maintenance: nobody is told
    ACKNOWLEDGED = "acknowledged"
    UNMERGED = "unmerged"  # a person took a merger back: told of both


class MergeRefusal(StrEnum):
    """Why an incident is not merged into another, or not taken out of it again."""

    NOT_OPEN = "not_open"  # either is over, is held still, or never was
    ITSELF = "itself"
    OTHER_KIND = "other_kind"  # down, refused passwords, poor pictures: each recovers by another proof
    COMES_AND_GOES = "comes_and_goes"  # it ends when it is calm, not when it is back
    OF_MONITOR = "of_monitor"  # that we see nothing is no fault of devices
    NOT_MERGED = "not_merged"  # not by hand, or into one that is over
    RECOVERED = "recovered"  # nothing of it is out any more


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentEvent:
    """One dated step in an incident's history, with the incident as it is afterwards."""

    at_ms: int
    happening: Happening
    incident: Incident
    tells: bool
    """Whether people are to be told of this step (routing and rate limits come later)."""
    device_ids: tuple[str, ...] = ()
    """The devices that this step is about."""
    by: str = ""
    """Who did it, for what people do."""
