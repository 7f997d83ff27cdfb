"""Agreed windows for showing, from the configuration on record and what people agreed on. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from camkeeper.ledger.snapshot import PlanEntry, Snapshot, WindowEntry
from camkeeper.model.contract import WindowKind
from camkeeper.model.span import Span
from camkeeper.standing.windows import WindowsStanding, WindowView
from camkeeper.window.book import Agreement, WindowBook

AROUND_MS = 62 * 86_400_000
SHOWN = 100


def windows_standing(
    config: Snapshot, book: WindowBook, *, tz: str, at_ms: int, around_ms: int = AROUND_MS, unreadable: bool = False
) -> WindowsStanding:
    """Return what is agreed now, and in the time before and after; `config` has the plans of people, too."""
    period = Span(start_ms=at_ms - around_ms, end_ms=at_ms + around_ms)
    found = sorted(_views(config, book, period, at_ms), key=lambda v: (v.span, v.id))
    past = [v for v in found if v.span.end_ms <= at_ms]
    return WindowsStanding(
        at_ms=at_ms,
        tz=tz,
        policy=config.policies[0].id if config.policies else "",
        now=tuple(v for v in found if at_ms in v.span),
        coming=tuple(v for v in found if v.span.start_ms > at_ms)[:SHOWN],
        past=tuple(reversed(past))[:SHOWN],
        audit=tuple(reversed(book.events)),
        unreadable=unreadable,
    )


def _views(config: Snapshot, book: WindowBook, period: Span, at_ms: int) -> Iterator[WindowView]:
    for window in config.windows:
        if window.span.clip(period) is not None:
            yield _single(window, config)
    for entry in config.plans:
        known = book.agreements.get(entry.plan.id)
        for one in entry.plan.windows(period):
            yield _of_plan(entry, one.id, one.span, known, config, at_ms)


def _single(window: WindowEntry, config: Snapshot) -> WindowView:
    devices, cameras = _covered(window.device_ids, config)
    return WindowView(
        id=window.id,
        plan_id=window.id,
        kind=window.kind,
        span=window.span,
        reason=window.reason,
        approver=window.approver,
        evidence_text=window.evidence,
        device_ids=tuple(sorted(window.device_ids or ())),
        everything=window.device_ids is None,
        devices=devices,
        cameras=cameras,
        counted_out_ms=_counted_out_ms(window.kind, window.span, cameras, config),
    )


def _of_plan(
    entry: PlanEntry, window_id: str, span: Span, known: Agreement | None, config: Snapshot, at_ms: int
) -> WindowView:
    plan = entry.plan
    devices, cameras = _covered(entry.device_ids, config)
    begun, over = plan.start_ms < at_ms, known is None or known.over(at_ms)
    return WindowView(
        id=window_id,
        plan_id=plan.id,
        kind=plan.kind,
        span=span,
        reason=plan.reason,
        approver=plan.approver,
        evidence=plan.evidence,
        by=known.by if known is not None else "",
        entered_ms=plan.agreed_ms if known is not None else None,
        late=known is not None and known.late,
        rule=str(plan.rule) if plan.rule is not None else "",
        site_ids=tuple(sorted(plan.site_ids)),
        device_ids=tuple(sorted(plan.device_ids)),
        link_ids=tuple(sorted(plan.link_ids)),
        everything=plan.everything,
        devices=devices,
        cameras=cameras,
        counted_out_ms=_counted_out_ms(plan.kind, span, cameras, config),
        may_end=begun and not over,
        may_withdraw=known is not None and (not begun or plan.kind is WindowKind.EXCLUSION),
    )


def _covered(device_ids: frozenset[str] | None, config: Snapshot) -> tuple[int, int]:
    """Return how many devices and cameras of the register are covered."""
    found = [d for d in config.devices if device_ids is None or d.id in device_ids]
    return len(found), sum(d.kind.has_picture for d in found)


def _counted_out_ms(kind: WindowKind, span: Span, cameras: int, config: Snapshot) -> int:
    excludes = config.policies[0].excludes if config.policies else frozenset()
    return span.length_ms * cameras if kind in excludes else 0
