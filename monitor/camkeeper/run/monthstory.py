"""What else a month's report tells beside its rates: incidents by cause, agreed spans, work orders, coverage."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from camkeeper.ledger import LedgerReader, Snapshot
from camkeeper.model.access import Scope
from camkeeper.model.incident import Cause, Incident
from camkeeper.model.place import Site
from camkeeper.model.registry import Registry
from camkeeper.model.span import Span
from camkeeper.model.workorder import WorkOrder
from camkeeper.run.desk.briefs import excluded_of
from camkeeper.standing.coverage import HoursCover, SiteCover
from camkeeper.standing.report import CauseLine, CoverLine, ExcludedLine
from camkeeper.workorder.figures import ServiceFigures, service_figures

AREA = "area"


def cause_lines(incidents: Iterable[Incident], period: Span, shown: Collection[str] | None) -> tuple[CauseLine, ...]:
    """Add incidents up by cause, most time first. `shown`: ids of the devices that count; None: all.

    Those that people were never told of are left out, and so are those that another one stands for.
    """
    by_cause: dict[Cause, list[tuple[Incident, Span, bool]]] = {}
    for one in incidents:
        if one.opened_ms is None or one.merged_into is not None or one.suppressed_by is not None:
            continue
        members = [m for m in one.members.values() if shown is None or m.device_id in shown]
        if not members:
            continue
        over = one.resolved_ms is not None and one.resolved_ms <= period.end_ms
        began_ms = min(m.since_ms for m in members)
        ends = [m.recovered_ms for m in members if m.recovered_ms is not None]
        whole_end_ms = max(ends) if over and ends else one.resolved_ms if over else period.end_ms
        end_ms = max(began_ms, whole_end_ms or period.end_ms)
        span = Span(start_ms=began_ms, end_ms=end_ms)
        if span.clip(period) is not None or began_ms in period:
            by_cause.setdefault(one.cause, []).append((one, span, over))
    lines = [_cause_line(cause, found, period) for cause, found in by_cause.items()]
    return tuple(sorted(lines, key=lambda line: (-line.lasted_ms, line.cause)))


def _cause_line(cause: Cause, found: Sequence[tuple[Incident, Span, bool]], period: Span) -> CauseLine:
    answers = [
        max(0, one.acknowledged_ms - one.opened_ms)
        for one, _, _ in found
        if one.acknowledged_ms is not None and one.opened_ms is not None and one.acknowledged_ms <= period.end_ms
    ]
    spans = [span.length_ms for _, span, over in found if over]
    parts = [span.clip(period) for _, span, _ in found]
    return CauseLine(
        cause=cause,
        count=len(found),
        open=sum(not over for _, _, over in found),
        lasted_ms=sum(part.length_ms for part in parts if part is not None),
        answered=len(answers),
        answer_ms=sum(answers) // len(answers) if answers else None,
        recovered=len(spans),
        recover_ms=sum(spans) // len(spans) if spans else None,
    )


def excluded_lines(config: Snapshot, period: Span, shown: Collection[str] | None) -> tuple[ExcludedLine, ...]:
    """Return the agreed spans of the period by start, of those devices only."""
    excludes = config.policies[0].excludes
    out = []
    for window in config.windows_in(period):
        part = window.span.clip(period)
        of = window.device_ids if shown is None or window.device_ids is None else window.device_ids & set(shown)
        if part is None or (of is not None and not of):
            continue
        out.append(
            ExcludedLine(
                id=window.id,
                kind=window.kind,
                span=part,
                reason=window.reason,
                evidence=window.evidence,
                approver=window.approver,
                devices=None if of is None else len(of),
                counts=window.kind in excludes,
            )
        )
    return tuple(sorted(out, key=lambda line: (line.span.start_ms, line.id)))


def service_of(
    reader: LedgerReader, period: Span, registry: Registry, scope: Scope, shown: Collection[str] | None
) -> ServiceFigures:
    """Add up the repairs that began in the period, of those devices only."""
    orders = [o for o in reader.orders().orders.values() if _ours(o, scope, shown)]
    known: dict[int, tuple[Span, ...]] = {}

    def excluded(order: WorkOrder) -> tuple[Span, ...]:
        if order.number not in known:
            known[order.number] = excluded_of(order, registry)
        return known[order.number]

    return service_figures(orders, period, now_ms=period.end_ms, excluded_of=excluded)


def _ours(order: WorkOrder, scope: Scope, shown: Collection[str] | None) -> bool:
    if scope.contractor_id is not None and order.contractor_id != scope.contractor_id:
        return False
    return shown is None or any(device_id in shown for device_id in order.devices)


def cover_line(site: Site | SiteCover, target_bp: int | None, hours: HoursCover) -> CoverLine:
    """Return one site's open ground over a month."""
    return CoverLine(
        site_id=site.id if isinstance(site, Site) else site.site_id,
        name=site.name,
        target_bp=target_bp,
        design=hours.design,
        lower=hours.lower,
        upper=hours.upper,
        worst=hours.worst,
        worst_ms=hours.worst_ms,
        lower_hours=hours.lower_hours,
        upper_hours=hours.upper_hours,
    )


def cover_lines(
    sites: Iterable[SiteCover], months: Mapping[str, Sequence[HoursCover]], shown: Collection[str]
) -> tuple[CoverLine, ...]:
    """Return the open ground of each of these sites by day, over the month."""
    return tuple(
        cover_line(site, next((layer.target_bp for layer in site.layers if layer.layer == AREA), None), hours)
        for site in sites
        if not site.night and site.site_id in shown
        for hours in months.get(site.site_id, ())
        if hours.layer == AREA
    )
