"""Who promised what, and the spans both agreed not to count."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

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
