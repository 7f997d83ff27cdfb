"""How long answers and repairs took: MTTA and MTTR, and what was not counted, said beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from camkeeper.model.service import FaultClass
from camkeeper.model.span import Span
from camkeeper.model.workorder import Cycle, OrderKind, OrderState, Step, Why, WorkOrder
from camkeeper.workorder.deadline import Overdue, counted_ms, due_of, late, overdue

ExcludedOf = Callable[[WorkOrder], Sequence[Span]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Durations of one kind, in whole milliseconds, rounded down; None where there are none."""

    count: int = 0
    mean_ms: int | None = None
    median_ms: int | None = None
    longest_ms: int | None = None
    excluded_ms: int = 0
    """Taken out of all of them together, because both parties had excluded it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFigures:
    """Of the repairs whose fault began in a period. Inspections and merged orders are not among them."""

    period: Span
    faults: int
    """Cycles: an order that relapsed after closing counts again."""
    open: int
    """Not restored yet."""
    recovered_alone: int
    cancelled: int
    reopened: int
    """Relapses, and repairs that were none."""
    late_response: int
    late_repair: int
    acceptance: Spread
    """MTTA: from opened to accepted, elapsed time less what is excluded."""
    repair: Spread
    """MTTR: from opened to up again by the probe (not to when somebody says so), for proven repairs."""
    by_class: dict[FaultClass, Spread] = field(default_factory=dict)
    """`repair` by class."""


def service_figures(
    orders: Iterable[WorkOrder], period: Span, *, now_ms: int, excluded_of: ExcludedOf = lambda _: ()
) -> ServiceFigures:
    """Add up the repairs whose cycle began in the period, as known at `now_ms`.

    `excluded_of`: what does not count for an order (`deadline.excluded_for`).
    """
    counted = [
        o
        for o in orders
        if o.kind is OrderKind.REPAIR
        and o.state is not OrderState.MERGED
        and any(c.began_ms in period for c in (*o.past, o.cycle))
    ]
    done = [o for o in counted if o.state is not OrderState.CANCELLED]
    cycles = [(o, c) for o in done for c in (*o.past, o.cycle) if c.began_ms in period]
    lateness = [_late(o, c, now_ms, excluded_of(o)) for o, c in cycles]
    steps = [e for o in counted for e in o.history if e.at_ms in period]
    cancelled = [o for o in counted if o.state is OrderState.CANCELLED]
    alone = sum(1 for o in cancelled if o.why is Why.RECOVERED_ALONE)
    return ServiceFigures(
        period=period,
        faults=len(cycles),
        open=sum(1 for _, c in cycles if c.restored_ms is None),
        recovered_alone=alone,
        cancelled=len(cancelled) - alone,
        reopened=sum(1 for e in steps if e.step is Step.REOPENED),
        late_response=lateness.count(Overdue.RESPONSE),
        late_repair=lateness.count(Overdue.REPAIR),
        acceptance=_spread(_durations(cycles, lambda c: c.accepted_ms, excluded_of)),
        repair=_spread(_durations(cycles, lambda c: c.restored_ms, excluded_of)),
        by_class={
            k: _spread(_durations(some, lambda c: c.restored_ms, excluded_of))
            for k in FaultClass
            if (some := [(o, c) for o, c in cycles if c.terms.fault_class is k])
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundFigures:
    """Of the inspection rounds that were opened in a period; apart from repairs."""

    period: Span
    due: int
    """Opened, less those that were cancelled."""
    signed: int
    open: int
    late: int
    """Signed after their time, or past it and not signed."""
    cancelled: int
    bad_items: int
    """Items of signed rounds that were found bad."""


def round_figures(orders: Iterable[WorkOrder], period: Span, *, now_ms: int) -> RoundFigures:
    """Add up the rounds that were opened in the period, as known at `now_ms`."""
    opened = [o for o in orders if o.kind is OrderKind.INSPECTION and o.opened_ms in period]
    counted = [o for o in opened if o.state is not OrderState.CANCELLED]
    return RoundFigures(
        period=period,
        due=len(counted),
        signed=sum(1 for o in counted if o.signature is not None),
        open=sum(1 for o in counted if o.signature is None),
        late=sum(1 for o in counted if overdue(o, now_ms) is not None),
        cancelled=len(opened) - len(counted),
        bad_items=sum(not f.good for o in counted if o.signature is not None for f in o.signature.findings),
    )


def _late(order: WorkOrder, cycle: Cycle, now_ms: int, excluded: Sequence[Span]) -> Overdue | None:
    if cycle is order.cycle:
        return overdue(order, now_ms, excluded)
    return late(cycle, due_of(cycle, excluded), done_ms=cycle.restored_ms, now_ms=now_ms)


def _durations(
    cycles: Iterable[tuple[WorkOrder, Cycle]], end: Callable[[Cycle], int | None], excluded_of: ExcludedOf
) -> list[tuple[int, int]]:
    """Return (counted, excluded) milliseconds of each cycle that has this end."""
    out: list[tuple[int, int]] = []
    for order, cycle in cycles:
        end_ms = end(cycle)
        if end_ms is not None:
            # Up again before the order was written (it waits for what goes with it): a repair of no time.
            span = Span(start_ms=cycle.began_ms, end_ms=max(cycle.began_ms, end_ms))
            counts_ms = counted_ms(span, excluded=excluded_of(order))
            out.append((counts_ms, span.length_ms - counts_ms))
    return out


def _spread(durations: Sequence[tuple[int, int]]) -> Spread:
    if not durations:
        return Spread()
    counted = sorted(ms for ms, _ in durations)
    middle = len(counted) // 2
    median_ms = counted[middle] if len(counted) % 2 else (counted[middle - 1] + counted[middle]) // 2
    return Spread(
        count=len(counted),
        mean_ms=sum(counted) // len(counted),
        median_ms=median_ms,
        longest_ms=counted[-1],
        excluded_ms=sum(ms for _, ms in durations),
    )
