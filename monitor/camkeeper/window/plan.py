"""Agreed spans, one-off or recurring, as both parties signed them; the windows that they come to in a period."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from camkeeper.availability.days import local_ms
from camkeeper.model.contract import Window, WindowKind
from camkeeper.model.span import Span, merged
from camkeeper.window.occur import EndlessError, Expansion, expand
from camkeeper.window.rule import Rule

MIN_LENGTH_MS = 60_000
MAX_LENGTH_MS = 31 * 86_400_000
_LOOKED_AT_MS = 400 * 86_400_000
_MOST = 1_500
"""In that time: so a plan can be expanded for forty years (`occur.MAX_WALKED`)."""
_BLOCK_MS = 32 * 86_400_000
"""An instant is looked up among the windows of its block, which are expanded once."""
_KEPT = 4
"""Periods, and blocks: the month, the one before, and what a page shows."""


class PlanFault(StrEnum):
    """Why a plan is not taken."""

    NO_REASON = "no_reason"
    NO_EVIDENCE = "no_evidence"  # an exclusion wants a file
    NO_APPROVER = "no_approver"
    NO_LIMIT = "no_limit"  # an exclusion that comes again for ever
    NO_SCOPE = "no_scope"  # nothing named: "everything" has to be said in so many words
    TWO_SCOPES = "two_scopes"  # something named, and everything as well
    LENGTH = "length"
    OVERLAPS = "overlaps"  # it would begin again before it is over
    TOO_MANY = "too_many"  # more in a year than anybody agrees to
    BAD_TIME = "bad_time"
    BAD_ZONE = "bad_zone"


class PlanError(ValueError):
    """A plan that is not taken, with every reason at once."""

    def __init__(self, plan_id: str, faults: tuple[PlanFault, ...]) -> None:
        super().__init__(f"{plan_id}: {', '.join(faults)}")
        self.faults = faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Evidence: a file that was handed in. The file lies elsewhere; this says which it was."""

    name: str
    digest: str
    """SHA-256 of its bytes, hexadecimal."""
    size_bytes: int
    media_type: str = ""
    """As its first bytes tell."""


class _Memory:
    """What a plan came to, kept with the plan: every device of a county asks for the same, and a plan's hash costs more
    than the answer. No field, so neither compared nor written. Threads that ask at once do the same work twice.
    """

    __slots__ = ("_blocks", "_periods")
    _periods: dict[Span, tuple[Window, ...]]
    _blocks: dict[int, tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowPlan(_Memory):
    """An agreement on a span or on many. Raises PlanError where it is none.

    An exclusion takes time out of what is paid for: it wants a reason, an evidence file, an approver and an end.
    """

    id: str
    kind: WindowKind
    first: datetime
    """Local start of the first one, naive, to the minute."""
    tz: str
    length_ms: int
    """Elapsed time of each."""
    rule: Rule | None = None
    but: frozenset[date] = frozenset()
    """Local dates left out."""
    until_ms: int | None = None
    """The time limit: nothing of it counts from here on."""
    reason: str
    evidence: Document | None = None
    approver: str = ""
    agreed_ms: int
    """When it was put on record."""
    site_ids: frozenset[str] = frozenset()
    device_ids: frozenset[str] = frozenset()
    link_ids: frozenset[str] = frozenset()
    everything: bool = False
    """Of every device; otherwise something is named."""

    def __post_init__(self) -> None:
        faults = _faults(self)
        if faults:
            raise PlanError(self.id, faults)

    def windows(self, period: Span) -> tuple[Window, ...]:
        """Return what the accounting takes: every window that touches the period, uncut by it.

        The id of one of many is `PLAN@LOCAL-START`, the same in every period. Raises EndlessError as `expand` does.
        """
        try:
            return self._periods[period]
        except AttributeError:  # the first question, or a copy of another process: those bring their fields only
            object.__setattr__(self, "_periods", {})
        except KeyError:
            _forget(self._periods)
        found = self._periods[period] = _windows(self, period)
        return found

    @property
    def start_ms(self) -> int:
        """Start of the first one."""
        return local_ms(self.first.date(), self.first.time(), self.tz)

    def holds(self, at_ms: int) -> bool:
        """Return whether one of the windows has the instant."""
        number = at_ms // _BLOCK_MS
        try:
            edges = self._blocks[number]
        except AttributeError:
            object.__setattr__(self, "_blocks", {})
            edges = self._blocks[number] = _edges(self, number)
        except KeyError:
            _forget(self._blocks)
            edges = self._blocks[number] = _edges(self, number)
        return bisect_right(edges, at_ms) % 2 == 1

    def expansion(self, period: Span) -> Expansion:
        """Return the occurrences of the period, and the local times that the zone leaves out."""
        return expand(
            first=self.first,
            tz=self.tz,
            length_ms=self.length_ms,
            period=period,
            rule=self.rule,
            but=self.but,
            until_ms=self.until_ms,
        )

    def ended(self, at_ms: int) -> WindowPlan:
        """Return the plan as it is when revoked at an instant; what lies before stays agreed."""
        return replace(self, until_ms=at_ms if self.until_ms is None else min(at_ms, self.until_ms))


def _forget(kept: dict[Any, Any]) -> None:
    if len(kept) >= _KEPT:
        kept.clear()


def _windows(plan: WindowPlan, period: Span) -> tuple[Window, ...]:
    out: list[Window] = []
    for one in plan.expansion(period).occurrences:
        end_ms = one.span.end_ms if plan.until_ms is None else min(one.span.end_ms, plan.until_ms)
        span = Span(start_ms=one.span.start_ms, end_ms=end_ms)
        if span.end_ms > period.start_ms:
            out.append(_window(plan, f"{plan.id}@{one.key}" if plan.rule is not None else plan.id, span))
    return tuple(out)


def _window(plan: WindowPlan, window_id: str, span: Span) -> Window:
    told = plan.evidence
    return Window(
        id=window_id,
        kind=plan.kind,
        span=span,
        reason=plan.reason,
        evidence=f"{told.name} sha256:{told.digest}" if told is not None else "",
        approver=plan.approver,
        site_ids=plan.site_ids,
        device_ids=plan.device_ids,
        link_ids=plan.link_ids,
    )


def _edges(plan: WindowPlan, number: int) -> tuple[int, ...]:
    """Return starts and ends in turn, of the windows that touch a block: an instant after a start is in one."""
    period = Span(start_ms=number * _BLOCK_MS, end_ms=(number + 1) * _BLOCK_MS)
    spans = merged(one.span for one in _windows(plan, period))
    return tuple(edge for span in spans for edge in (span.start_ms, span.end_ms))


def _faults(plan: WindowPlan) -> tuple[PlanFault, ...]:
    exclusion = plan.kind is WindowKind.EXCLUSION
    rule = plan.rule
    endless = rule is not None and rule.count is None and rule.until is None and plan.until_ms is None
    named = bool(plan.site_ids or plan.device_ids or plan.link_ids)
    wrong = {
        PlanFault.NO_REASON: not plan.reason.strip(),
        PlanFault.NO_EVIDENCE: exclusion and (plan.evidence is None or not plan.evidence.digest),
        PlanFault.NO_APPROVER: exclusion and not plan.approver.strip(),
        PlanFault.NO_LIMIT: exclusion and endless,
        PlanFault.NO_SCOPE: not (plan.everything or named),
        PlanFault.TWO_SCOPES: plan.everything and named,
        PlanFault.LENGTH: not MIN_LENGTH_MS <= plan.length_ms <= MAX_LENGTH_MS,
        PlanFault.BAD_ZONE: not _is_zone(plan.tz),
        PlanFault.BAD_TIME: not _to_the_minute(plan.first),
    }
    faults = tuple(fault for fault, is_so in wrong.items() if is_so)
    return faults or _overlaps(plan)


def _is_zone(tz: str) -> bool:
    try:
        return ZoneInfo(tz).key == tz
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def _to_the_minute(first: datetime) -> bool:
    return first.tzinfo is None and first.second == first.microsecond == 0 and 1970 <= first.year <= 9000


def _overlaps(plan: WindowPlan) -> tuple[PlanFault, ...]:
    """Look at the first year: windows that begin again before they end are a slip of the pen."""
    if plan.rule is None:
        return ()
    begin_ms = plan.start_ms
    try:
        found = plan.expansion(Span(start_ms=begin_ms, end_ms=begin_ms + _LOOKED_AT_MS))
    except EndlessError:
        return (PlanFault.TOO_MANY,)
    spans = [o.span for o in found.occurrences]
    if len(spans) > _MOST:
        return (PlanFault.TOO_MANY,)
    clash = any(a.end_ms > b.start_ms for a, b in pairwise(spans))
    return (PlanFault.OVERLAPS,) if clash else ()
