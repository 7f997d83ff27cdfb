"""What a message is made of: an incident's step and the names and numbers around it, handed in as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from camkeeper.model.incident import IncidentEvent
from camkeeper.model.letter import JSON
from camkeeper.model.picture import Finding
from camkeeper.model.probing import Rung
from camkeeper.model.status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One rung that was asked of the devices in trouble, and whether any answered."""

    rung: Rung
    ok: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """What the domain hangs on, and how that is."""

    name: str
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """The other devices of the place."""

    total: int
    up: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """The month's online rate without this incident and with it, basis points, truncated; None: not measured."""

    without_bp: int | None
    with_bp: int | None
    target_bp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """Everything one message may say. Names come as others wrote them: they are cleaned here, not before."""

    event: IncidentEvent
    timezone: str
    """IANA name; times are told in it."""
    site: str
    domain: str
    """The fault domain's name: the pole, the switch, the device."""
    device_names: tuple[str, ...] = ()
    """Of those still affected, most important first."""
    domain_total: int | None = None
    """How many devices hang on the domain; as many as are affected: all of them."""
    checked: tuple[Checked, ...] = ()
    rounds: int = 0
    upstream: Upstream | None = None
    neighbours: Neighbours | None = None
    position: str = ""
    respond_by_ms: int | None = None
    repair_by_ms: int | None = None
    budget_ms: int | None = None
    """How long the site's devices may still be down this month, all together; negative: the promise is broken."""
    effect: Effect | None = None
    work_order: str = ""
    code: str = ""
    """Four digits for the duty desk."""
    contact: str = ""
    url: str = ""
    """Of the phone page, where phones can reach it."""
    escalation: int = 0
    """How often nobody acknowledged in time."""
    findings: tuple[Finding, ...] = ()
    """What pictures prove of devices still affected, in the order of `device_names`."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Of devices, links and sites that the evidence speaks of, by id."""
    merged_into: str = ""
    """Work order or name of the incident that this one went into."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a `Letter` takes over."""

    subject: str
    text: str
    markdown: str = ""
    facts: Mapping[str, JSON] = field(default_factory=dict)
