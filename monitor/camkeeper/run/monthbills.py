"""What a month costs each contractor: rates of its own cameras, its devices and its late repairs, by its terms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from camkeeper.ledger import Snapshot
from camkeeper.model.access import Scope
from camkeeper.model.place import SiteKind
from camkeeper.model.registry import Registry
from camkeeper.model.service import WorkingHours
from camkeeper.model.span import Span, clipped, merged
from camkeeper.model.status import Status
from camkeeper.model.workorder import Cycle, OrderKind, OrderState, WorkOrder
from camkeeper.report.deduct import Bill, Lateness, Measured, bill, terms_of
from camkeeper.report.values import DeviceLine, IntervalLine
from camkeeper.run.desk.briefs import excluded_of
from camkeeper.run.monthfigures import Rates, of_contractor
from camkeeper.run.sla import Asked
from camkeeper.standing.report import Rated
from camkeeper.workorder.deadline import counted_ms, due_of

_PLACES = frozenset({SiteKind.VILLAGE, SiteKind.CAMPUS, SiteKind.CHECKPOINT})


def bills_of(
    asked: Asked,
    scope: Scope,
    registry: Registry,
    *,
    whole: Rates,
    devices: Sequence[DeviceLine],
    intervals: Sequence[IntervalLine],
    orders: Sequence[WorkOrder],
) -> tuple[Bill, ...] | None:
    """Return one bill for each contractor that has terms and devices here; None where no terms are configured.

    `whole`: the month's rates of the same scope.
    """
    if not registry.deductions:
        return None
    traces = _traces(asked, intervals)
    out = []
    for contractor in registry.contractors:
        terms = terms_of(contractor.id, registry.deductions)
        own = [d for d in devices if d.contractor_id == contractor.id]
        if terms is None or not own or (scope.contractor_id or contractor.id) != contractor.id:
            continue
        rated = of_contractor(whole, contractor.id, asked.config, registry)
        cameras = [d for d in own if d.kind.has_picture]
        total = replace(_measured(rated.total, cameras, traces), id=contractor.id, name=contractor.name)
        villages = [
            _measured(site, [d for d in cameras if d.site_id == site.id], traces)
            for site in rated.sites
            if site.kind in _PLACES and site.cameras
        ]
        late = list(_late(orders, contractor.id, asked.period, registry))
        out.append(bill(terms, total=total, villages=villages, devices=_each(own, traces), late=late))
    return tuple(out)


def deciding_only(asked: Asked, config: Snapshot) -> Asked:
    """Return the same question of `config`, without its further policies: nobody is paid by them."""
    return replace(asked, config=replace(config, policies=config.policies[:1]))


def _traces(asked: Asked, intervals: Iterable[IntervalLine]) -> dict[str, tuple[int, ...]]:
    """Return each device's intervals of being down that no agreed window covers whole."""
    config = asked.config
    excluded = config.excluded(config.policies[0].excludes, asked.period)
    out: dict[str, list[int]] = {}
    for line in intervals:
        if line.status is not Status.DOWN:
            continue
        left_out = sum(s.length_ms for s in merged(clipped(excluded.get(line.device_id, ()), line.span)))
        if left_out < line.span.length_ms:
            out.setdefault(line.device_id, []).append(line.number)
    return {device_id: tuple(numbers) for device_id, numbers in out.items()}


def _measured(rated: Rated, devices: Iterable[DeviceLine], traces: dict[str, tuple[int, ...]]) -> Measured:
    net = rated.net
    return Measured(
        id=rated.id,
        name=rated.name,
        lower=net.lower,
        upper=net.upper,
        down_ms=net.buckets.down_ms,
        trace=tuple(n for d in devices for n in traces.get(d.id, ())),
    )


def _each(devices: Iterable[DeviceLine], traces: dict[str, tuple[int, ...]]) -> list[Measured]:
    """Return each device's rate: by time, whatever rule decides the month."""
    return [
        Measured(
            id=d.id,
            name=d.name,
            kind=d.kind,
            lower=d.net.lower,
            upper=d.net.upper,
            down_ms=d.net.down_ms,
            trace=traces.get(d.id, ()),
        )
        for d in devices
    ]


def _late(orders: Iterable[WorkOrder], contractor_id: str, period: Span, registry: Registry) -> Iterator[Lateness]:
    """Yield how late each repair was whose fault began in the period, as `service_figures` counts them."""
    for order in orders:
        counts = order.kind is OrderKind.REPAIR and order.state not in {OrderState.MERGED, OrderState.CANCELLED}
        if not counts or order.contractor_id != contractor_id:
            continue
        for cycle in (*order.past, order.cycle):
            if cycle.began_ms in period:
                yield _lateness(order, cycle, period.end_ms, excluded_of(order, registry))


def _lateness(order: WorkOrder, cycle: Cycle, now_ms: int, excluded: Sequence[Span]) -> Lateness:
    by = due_of(cycle, excluded)
    current = order.restored_ms if cycle is order.cycle else None
    done_ms = cycle.restored_ms if cycle.restored_ms is not None else current
    ended_ms = now_ms if done_ms is None else done_ms
    answered_ms = min((t for t in (cycle.accepted_ms, done_ms) if t is not None), default=now_ms)
    hours = cycle.terms.hours
    return Lateness(
        order_id=order.id,
        response_ms=_past(by.respond_by_ms, answered_ms, hours, excluded),
        repair_ms=_past(by.repair_by_ms, ended_ms, hours, excluded),
    )


def _past(by_ms: int | None, at_ms: int, hours: WorkingHours | None, excluded: Sequence[Span]) -> int:
    """Return how much counting time lies between a deadline and an instant after it."""
    if by_ms is None or at_ms <= by_ms:
        return 0
    return counted_ms(Span(start_ms=by_ms, end_ms=at_ms), hours, excluded)
