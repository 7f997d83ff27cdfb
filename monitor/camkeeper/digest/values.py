"""What a letter is made of: a day's or a week's figures as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from camkeeper.availability.figures import Figure
from camkeeper.model.incident import Cause
from camkeeper.model.span import Span
from camkeeper.workorder.deadline import Overdue


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A village, or the whole."""

    id: str
    name: str
    target_bp: int
    cameras: int
    figure: Figure
    """Agreed windows left out."""
    name_en: str = ""
    """Empty: it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """An order that is past its time at the end of the period."""

    id: str
    what: Overdue


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The open ground that working cameras saw by day, over the hours that are on record."""

    lower: Fraction
    upper: Fraction
    """Shares: what nobody knows counted as not seen, or as seen."""
    hours: int
    of_hours: int
    """Hours of the period; fewer on record than these is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A day or a week of a township."""

    name: str
    total: Place
    places: tuple[Place, ...]
    """Villages and what ranks with them, worst first."""
    incidents: int
    incidents_open: int
    causes: tuple[tuple[Cause, int], ...]
    """By number, most first."""
    opened: int
    closed: int
    late: tuple[Late, ...]
    """Oldest first."""
    gaps: tuple[Span, ...]
    """Time in which nothing at all was known of any device: ours, not theirs."""
    seen: Seen | None
    """None: nobody computes coverage, or nothing of it is on record."""
    seen_before: Seen | None
    name_en: str = ""
    """Empty: it has none."""

    @property
    def measured(self) -> bool:
        """Whether there was anything to measure."""
        return self.total.figure.buckets.accountable_ms > 0

    @property
    def says_something(self) -> bool:
        """Whether anything wants to be told: a day on which all was well and all was known is none."""
        time = self.total.figure.buckets
        told = time.down_ms or time.unknown_ms or time.degraded_ms
        work = self.incidents or self.opened or self.closed or self.late or self.gaps
        return self.measured and bool(told or work or self._coverage_moved)

    @property
    def _coverage_moved(self) -> bool:
        now, before = self.seen, self.seen_before
        return now is not None and before is not None and (now.lower, now.upper) != (before.lower, before.upper)
