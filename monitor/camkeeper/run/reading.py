"""What the ledger says of today, of this month and of the last 24 hours: the slow half of a Standing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from camkeeper.availability.days import day_span, local_date, month_of, month_span
from camkeeper.ledger import LedgerReader, Snapshot
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from camkeeper.standing.build import PeriodBuckets
from camkeeper.standing.view import StripSegment

STRIP_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Everything a Standing takes from the ledger."""

    today: PeriodBuckets
    month: PeriodBuckets
    strips: Mapping[str, tuple[StripSegment, ...]]
    retired: Mapping[str, str]
    """Cameras that left the register this month -> their site, or the root where that left too: their life counts."""


def read(path: Path, config: Snapshot, *, at_ms: int, tz: str) -> Reading:
    """Read one consistent picture up to `at_ms`; opens the ledger for the time of the call, in any thread."""
    month = _until(month_span(month_of(at_ms, tz), tz), at_ms)
    with LedgerReader(path) as reader, reader.reading():
        newest = reader.config_at()
        config = config if newest is None else config.after(newest.config)
        lives = reader.lives(month)
        gone = {life.device_id for life in lives} - config.device_by_id.keys()
        entries = reader.entries(gone)
        root = next(site.id for site in config.sites if site.parent_id is None)
        devices = [*config.device_by_id, *gone]
        return Reading(
            today=_buckets(reader, config, _until(day_span(local_date(at_ms, tz), tz), at_ms), devices),
            month=_buckets(reader, config, month, devices),
            strips=_strips(reader, Span(start_ms=at_ms - STRIP_MS, end_ms=at_ms)),
            retired={
                i: entry.site_id if entry.site_id in config.site_by_id else root
                for i, entry in entries.items()
                if entry.kind.has_picture
            },
        )


def _until(span: Span, at_ms: int) -> Span:
    return Span(start_ms=span.start_ms, end_ms=max(span.start_ms, min(span.end_ms, at_ms)))


def _buckets(reader: LedgerReader, config: Snapshot, period: Span, devices: list[str]) -> PeriodBuckets:
    kinds = config.policies[0].excludes
    return PeriodBuckets(
        period=period,
        buckets=reader.buckets(period, excluded=config.excluded(kinds, period), device_ids=devices),
    )


def _strips(reader: LedgerReader, period: Span) -> dict[str, tuple[StripSegment, ...]]:
    """Return each device's last day, its gaps filled: unknown within its life, None outside."""
    lives: dict[str, list[Span]] = {}
    for life in reader.lives(period):
        end_ms = period.end_ms if life.end_ms is None else life.end_ms
        part = Span(start_ms=life.start_ms, end_ms=max(life.start_ms, end_ms)).clip(period)
        if part is not None:
            lives.setdefault(life.device_id, []).append(part)
    found: dict[str, list[StripSegment]] = {}
    for interval in reader.intervals(period):
        found.setdefault(interval.device_id, []).append(StripSegment(span=interval.span, status=interval.status))
    return {device_id: _filled(spans, found.get(device_id, []), period) for device_id, spans in lives.items()}


def _filled(lives: list[Span], known: list[StripSegment], period: Span) -> tuple[StripSegment, ...]:
    """Return segments without gaps: what is not known is unknown within a life, and None outside."""
    spans = [period, *lives, *(segment.span for segment in known)]
    edges = sorted({edge for span in spans for edge in (span.start_ms, span.end_ms)})
    begins = {segment.span.start_ms: segment for segment in known}
    out: list[StripSegment] = []
    newest: StripSegment | None = None
    for start_ms, end_ms in pairwise(edges):
        newest = begins.get(start_ms, newest)
        if newest is not None and start_ms < newest.span.end_ms:
            status = newest.status
        else:
            status = Status.UNKNOWN if any(start_ms in life for life in lives) else None
        if out and out[-1].status is status:
            start_ms = out.pop().span.start_ms  # noqa: PLW2901
        out.append(StripSegment(span=Span(start_ms=start_ms, end_ms=end_ms), status=status))
    return tuple(out)
