"""Why a figure is what it is: the rule, the buckets, every stretch of time behind it. Frozen values, for showing."""

from __future__ import annotations

from dataclasses import dataclass

from camkeeper.availability.buckets import Buckets
from camkeeper.availability.figures import Figure
from camkeeper.model.contract import WindowKind
from camkeeper.model.policy import AccountingPolicy, JudgePolicy
from camkeeper.model.probing import Sample
from camkeeper.model.span import Span
from camkeeper.model.status import Reason, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyAsk:
    """One question: of a site with all below it, or of one device; of a month, or from one local day to another."""

    site_id: str = ""
    device_id: str = ""
    """One of both is given."""
    month: str = ""
    """`YYYY-MM`; empty, with no days either: the newest."""
    first_day: str = ""
    last_day: str = ""
    """`YYYY-MM-DD`, both included."""
    among: frozenset[str] | None = None
    """Devices that may be spoken of; None: all. A figure of fewer devices is theirs, not the site's."""
    parts_from: int = 0
    stretches_from: int = 0
    count: int = 50
    """Rows of each kind that are wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One camera's share in a site's figure."""

    device_id: str
    site_id: str
    buckets: Buckets


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """One device in one status, cut to the period.

    All stretches of a device fill the period without gap or overlap, and so add up to its buckets.
    """

    device_id: str
    span: Span
    status: Status | None
    """None: not in service."""
    excluded_ms: int
    """The part that agreed windows leave out."""
    seq: int | None
    """The record in the chain that it began with; None: there is no record, which is why it is unknown."""
    hash: str = ""
    """Of that record, hexadecimal."""
    began_ms: int | None = None
    """When it really began, maybe before the period."""
    decided_ms: int | None = None
    reason: Reason | None = None

    @property
    def counted_ms(self) -> int:
        """What it weighs in the figure."""
        return self.span.length_ms - self.excluded_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyWindow:
    """An agreed window that touches the period."""

    id: str
    kind: WindowKind
    span: Span
    reason: str
    approver: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Everything behind one figure."""

    site_id: str
    device_id: str
    name: str
    """The site's; empty for a device: the ledger keeps no names of those."""
    month: str
    """Empty where days were asked for."""
    period: Span
    complete: bool
    """False: it has not ended yet."""
    closed: str
    """Who closed the month; empty: nobody yet."""
    timezone: str
    policy: AccountingPolicy
    judge_id: str
    judge: JudgePolicy | None
    """None: another one is in force by now, and only its name was kept."""
    target_bp: int
    net: Figure
    """Agreed windows left out: the figure."""
    gross: Figure
    """The same with them counted."""
    parts: tuple[Part, ...]
    """A site's cameras, worst first: those asked for."""
    parts_total: int
    stretches: tuple[Stretch, ...]
    """Longest down first, then unknown, degraded, not in service, up: those asked for."""
    stretches_total: int
    windows: tuple[WhyWindow, ...]
    windows_total: int
    samples: tuple[Sample, ...]
    """A device's raw samples that are still kept, newest first."""
    samples_from_ms: int | None
    """Older ones were dropped once what they amounted to was on disk; None: none are kept."""
    known_until_ms: int
    """Nothing is known from here on."""
    head_seq: int
    head_hash: str
    """Newest record of the chain when this was read."""
