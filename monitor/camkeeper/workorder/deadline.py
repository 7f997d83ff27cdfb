"""By when, in the contract's time: working hours where it says so, and without what both parties excluded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum

from camkeeper.availability.days import local_date, local_ms
from camkeeper.model.service import WorkingHours
from camkeeper.model.span import Span, clipped, merged
from camkeeper.model.workorder import Cycle, OrderKind, OrderState, WorkOrder

_FAR_DAYS = 1830
"""Where five years of holidays and exclusions leave no time to count, there is no deadline."""
_DAY_MS = 86_400_000


class Overdue(StrEnum):
    """What is late."""

    RESPONSE = "response"
    REPAIR = "repair"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """UTC milliseconds; None: never, because no time counts."""

    respond_by_ms: int | None
    repair_by_ms: int | None


def due(order: WorkOrder, excluded: Sequence[Span] = ()) -> Due:
    """Return the order's deadlines. `excluded`: what does not count for it (`excluded_for`)."""
    if order.kind is OrderKind.INSPECTION:
        return Due(respond_by_ms=None, repair_by_ms=order.subject.due_ms)
    return due_of(order.cycle, excluded)


def due_of(cycle: Cycle, excluded: Sequence[Span] = ()) -> Due:
    """Return the deadlines of one cycle of a repair."""
    terms = cycle.terms
    return Due(
        respond_by_ms=after(cycle.terms_ms, terms.respond_ms, terms.hours, excluded),
        repair_by_ms=after(cycle.terms_ms, terms.repair_ms, terms.hours, excluded),
    )


def overdue(order: WorkOrder, now_ms: int, excluded: Sequence[Span] = ()) -> Overdue | None:
    """Return what is, or at the end was, late of the running cycle; merged and cancelled orders are never late.

    What works again is not late, whoever forgot to say so.
    """
    if order.state in {OrderState.MERGED, OrderState.CANCELLED}:
        return None
    cycle = order.cycle
    done_ms = cycle.restored_ms if cycle.restored_ms is not None else order.restored_ms
    return late(cycle, due(order, excluded), done_ms=done_ms, now_ms=now_ms)


def late(cycle: Cycle, by: Due, *, done_ms: int | None, now_ms: int) -> Overdue | None:
    """Return what was late of a cycle that ended at `done_ms`, or is late now."""
    if by.repair_by_ms is not None and (now_ms if done_ms is None else done_ms) > by.repair_by_ms:
        return Overdue.REPAIR
    answered_ms = min((t for t in (cycle.accepted_ms, done_ms) if t is not None), default=now_ms)
    return Overdue.RESPONSE if by.respond_by_ms is not None and answered_ms > by.respond_by_ms else None


def after(
    start_ms: int, allowed_ms: int, hours: WorkingHours | None = None, excluded: Sequence[Span] = ()
) -> int | None:
    """Return the first instant by which `allowed_ms` have counted since `start_ms`; None where that is never."""
    left_ms = allowed_ms
    far_ms = start_ms + allowed_ms + _FAR_DAYS * _DAY_MS
    for span in _counting(Span(start_ms=start_ms, end_ms=far_ms), hours, excluded):
        if span.length_ms >= left_ms:
            return span.start_ms + left_ms
        left_ms -= span.length_ms
    return None


def counted_ms(span: Span, hours: WorkingHours | None = None, excluded: Sequence[Span] = ()) -> int:
    """Return how much of a span counts."""
    return sum(s.length_ms for s in _counting(span, hours, excluded))


def excluded_for(order: WorkOrder, excluded_of: Mapping[str, Sequence[Span]]) -> tuple[Span, ...]:
    """Return when nothing of the order counts: when *all* its devices are excluded.

    `excluded_of`: device id -> its agreed spans. With one device of three in a window, the other two are still owed.
    """
    common: tuple[Span, ...] | None = None
    for device_id in order.devices:
        spans = merged(excluded_of.get(device_id, ()))
        common = spans if common is None else tuple(p for s in spans for p in clipped(common, s))
        if not common:
            return ()
    return common or ()


def _counting(span: Span, hours: WorkingHours | None, excluded: Sequence[Span]) -> Iterator[Span]:
    """Yield the counting parts of a span in order."""
    out = merged(excluded)
    for part in _working(span, hours):
        start_ms = part.start_ms
        for hole in clipped(out, part):
            if hole.start_ms > start_ms:
                yield Span(start_ms=start_ms, end_ms=hole.start_ms)
            start_ms = hole.end_ms
        if part.end_ms > start_ms:
            yield Span(start_ms=start_ms, end_ms=part.end_ms)


def _working(span: Span, hours: WorkingHours | None) -> Iterator[Span]:
    if hours is None:
        yield span
        return
    day = local_date(span.start_ms, hours.tz)
    last = local_date(span.end_ms, hours.tz)
    while day <= last:
        if _works(day, hours):
            yield from clipped((_shift(day, hours),), span)
        day += timedelta(days=1)


def _works(day: date, hours: WorkingHours) -> bool:
    return day in hours.workdays or (day.weekday() in hours.days and day not in hours.holidays)


def _shift(day: date, hours: WorkingHours) -> Span:
    start_ms, end_ms = _at(day, hours.start_min, hours.tz), _at(day, hours.end_min, hours.tz)
    return Span(start_ms=start_ms, end_ms=max(start_ms, end_ms))


def _at(day: date, minute: int, tz: str) -> int:
    if minute == 24 * 60:
        return local_ms(day + timedelta(days=1), time.min, tz)
    return local_ms(day, time(minute // 60, minute % 60), tz)
