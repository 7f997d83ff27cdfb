"""Frozen values of a month's report and of the register, for showing. Built by `run.reports`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from camkeeper.availability.buckets import Buckets
from camkeeper.availability.daily import DaySum
from camkeeper.availability.figures import Figure
from camkeeper.model.contract import WindowKind
from camkeeper.model.incident import Cause
from camkeeper.model.place import SiteKind
from camkeeper.model.policy import AccountingPolicy
from camkeeper.model.span import Span
from camkeeper.workorder.figures import ServiceFigures


class MonthState(StrEnum):
    """How fast a month's figures stand."""

    RUNNING = "running"
    """Not over yet."""
    DRAFT = "draft"
    """Over, and nobody has closed it."""
    CLOSED = "closed"
    """Fixed by a record in the chain."""
    AMENDED = "amended"
    """Closed, and fixed anew with a name and a reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """A site with all below it, or a contractor, over a month under the deciding policy."""

    id: str
    name: str
    kind: SiteKind | None
    """None: a contractor."""
    parent_id: str | None
    target_bp: int
    cameras: int
    """In service at any time of the month."""
    net: Figure
    """Agreed windows left out: what is paid by."""
    gross: Figure
    """Windows counted like any time."""
    days: tuple[DaySum, ...]
    """The net sums of each local day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseLine:
    """Incidents of one cause that touch the month; spans in whole milliseconds, None where there are none."""

    cause: Cause
    count: int
    open: int
    """Of them not over at the end of what is told."""
    lasted_ms: int
    """Sum of their spans within the month, from the first outage to the last recovery."""
    answered: int
    answer_ms: int | None
    """MTTA: mean from telling people to somebody's answer."""
    recovered: int
    recover_ms: int | None
    """MTTR: mean from the first outage to the last recovery, also where it lies outside the month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcludedLine:
    """An agreed span within the month."""

    id: str
    kind: WindowKind
    span: Span
    """Cut to the month."""
    reason: str
    evidence: str
    approver: str
    devices: int | None
    """None: all of them."""
    counts: bool
    """Whether the deciding policy leaves it out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverLine:
    """How much of one site's open ground working cameras saw by day, over the month. Shares in [0, 1]."""

    site_id: str
    name: str
    target_bp: int | None
    design: float | None
    lower: float | None
    upper: float | None
    worst: float | None
    """The smallest upper share at any moment."""
    worst_ms: int | None
    lower_hours: float
    upper_hours: float
    """Coverage-hours: share seen times hours passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """By which record a month was closed."""

    seq: int
    at_ms: int
    by: str
    why: str
    """Of an amendment."""
    figures: str
    """SHA-256 of the figures, hexadecimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthReport:
    """One month, for one scope."""

    month: str
    period: Span
    """What has passed of it."""
    state: MonthState
    sealed: Sealed | None
    timezone: str
    policy: AccountingPolicy
    others: tuple[Figure, ...]
    """The whole under the further policies, agreed windows left out."""
    total: Rated
    sites: tuple[Rated, ...]
    """Parents first."""
    contractors: tuple[Rated, ...]
    """By the present register; an empty id: in nobody's care, or no longer registered."""
    causes: tuple[CauseLine, ...]
    """Most time first."""
    service: ServiceFigures
    excluded: tuple[ExcludedLine, ...]
    coverage: tuple[CoverLine, ...] | None
    """None: nobody computes it, or not yet."""
    seq: int
    """The newest record when this was made."""
    head: str
    """Its hash, hexadecimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthEntry:
    """A month of the list."""

    month: str
    state: MonthState


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPoint:
    """A day, or a month named by its first day."""

    day: date
    buckets: Buckets


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A rate over time."""

    id: str
    name: str
    target_bp: int
    month: str
    points: tuple[TrendPoint, ...]
    """The local days of the month, or months; those in which nothing was in service are there, too."""
