"""Frozen values of the whole report, beside the month itself: devices, records, versions, amounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from camkeeper.availability.buckets import Buckets
from camkeeper.model.contract import Party
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.incident import Cause, Incident
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from camkeeper.model.workorder import OrderKind, OrderState
from camkeeper.report.deduct import Bill
from camkeeper.standing.report import MonthReport, Rated
from camkeeper.workorder.deadline import Overdue
from camkeeper.workorder.figures import RoundFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """How devices were asked, by the present configuration."""

    every_s: float
    retry_s: float
    confirm_down: int
    grace_polls: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLine:
    """One device's month, agreed windows left out."""

    id: str
    name: str
    kind: DeviceKind
    site_id: str
    site: str
    contractor_id: str
    contractor: str
    net: Buckets
    outages: int
    """Spans of being down that touch the month."""
    longest_ms: int
    """Of them, within the month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalLine:
    """A span in which a device was not known to be up; its number is what amounts refer to."""

    number: int
    device_id: str
    status: Status
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One repair or one round that touches the month."""

    id: str
    kind: OrderKind
    state: OrderState
    cause: Cause | None
    contractor: str
    device_ids: tuple[str, ...]
    opened_ms: int
    accepted_ms: int | None
    restored_ms: int | None
    closed_ms: int | None
    overdue: Overdue | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """The month as one closing or amending record fixed it, computed again from that record's configuration."""

    seq: int
    hash: str
    """Of the record, hexadecimal."""
    at_ms: int
    by: str
    why: str
    amends: bool
    figures: str
    """Digest that the record keeps."""
    agrees: bool
    """Whether what is computed now has that digest."""
    total: Rated
    sites: tuple[Rated, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Everything that is printed of one month, for one scope."""

    title: str
    """The township's name."""
    report: MonthReport
    method: Method | None
    """None: no configuration was at hand."""
    judge: str
    config_digest: str
    devices: tuple[DeviceLine, ...]
    """By site and id; cameras, and whatever else is monitored."""
    incidents: tuple[Incident, ...]
    orders: tuple[OrderLine, ...]
    rounds: RoundFigures
    intervals: tuple[IntervalLine, ...]
    versions: tuple[Version, ...]
    """Oldest first; empty: the month is not closed."""
    version_seq: int | None
    """Printed as this record fixed it; None: as it stands."""
    bills: tuple[Bill, ...] | None
    """None: no terms are configured."""
    parties: tuple[Party, ...]
    names_en: Mapping[str, str] = field(default_factory=dict)
    """Site id -> English name, of those that have one; under "" the township's."""

    @property
    def draft(self) -> bool:
        """Whether nobody has closed the month."""
        return not self.versions
