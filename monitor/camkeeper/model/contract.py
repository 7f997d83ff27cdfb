"""Who promised what, and the spans both agreed not to count."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from camkeeper.model.place import LonLat
from camkeeper.model.service import ServicePolicy
from camkeeper.model.span import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person or a duty desk."""

    id: str
    name: str
    role: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contractor:
    """维保单位."""

    id: str
    name: str
    contact_ids: tuple[str, ...] = ()
    service: ServicePolicy | None = None
    """Its own contract; None: the township's usual one."""
    depot: LonLat | None = None
    """Where its van stands, WGS-84 degrees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who signs for one side of the contract."""

    id: str
    name: str
    role: str = ""
    """`owner`, `contractor` or whatever the contract says."""
    public_key: str
    """Ed25519, 64 hexadecimal digits in lower case."""


class WindowKind(StrEnum):
    """Maintenance is planned work; an exclusion (免责) is a span that the contract does not count."""

    MAINTENANCE = "maintenance"
    EXCLUSION = "exclusion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """An agreed span for some devices. An exclusion always has evidence and an approver.

    Scope is the union of the ids named; all empty means every device.
    """

    id: str
    kind: WindowKind
    span: Span
    reason: str
    evidence: str = ""
    approver: str = ""
    site_ids: frozenset[str] = frozenset()
    device_ids: frozenset[str] = frozenset()
    link_ids: frozenset[str] = frozenset()


class Plan(Protocol):
    """An agreement that comes to windows in a period (`camkeeper.window.plan.WindowPlan`). Scope as of `Window`."""

    @property
    def id(self) -> str:
        """Its own, not that of a window of it."""

    @property
    def kind(self) -> WindowKind:
        """What its windows are."""

    @property
    def site_ids(self) -> frozenset[str]:
        """Sites with all below them."""

    @property
    def device_ids(self) -> frozenset[str]:
        """Devices by name."""

    @property
    def link_ids(self) -> frozenset[str]:
        """Links with all behind them."""

    def windows(self, period: Span) -> tuple[Window, ...]:
        """Return every window that touches the period, uncut by it, in order of start."""

    def holds(self, at_ms: int) -> bool:
        """Return whether one of its windows has the instant. Cheap: asked for every device at every change."""
