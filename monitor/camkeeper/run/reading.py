"""What the ledger says of today, of this month and of the last 24 hours: the slow half of a Standing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from camkeeper.availability.days import day_span, local_date, month_of, month_span
from camkeeper.ledger import LedgerReader, Life, Snapshot
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from camkeeper.standing.build import PeriodBuckets
from camkeeper.standing.view import StripSegment

STRIP_MS = 86_400_000

Edges = tuple[int, int]
"""Start and end, ms: a county has tens of thousands of these at each beat, and as values they cost three times more."""
Known = tuple[int, int, Status]


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
        day = Span(start_ms=at_ms - STRIP_MS, end_ms=at_ms)
        lives = reader.lives(Span(start_ms=min(month.start_ms, day.start_ms), end_ms=at_ms))
        gone = {life.device_id for life in lives if life.touches(month)} - config.device_by_id.keys()
        entries = reader.entries(gone)
        root = next(site.id for site in config.sites if site.parent_id is None)
        devices = [*config.device_by_id, *gone]
        return Reading(
            today=_buckets(reader, config, _until(day_span(local_date(at_ms, tz), tz), at_ms), devices),
            month=_buckets(reader, config, month, devices),
            strips=_strips(reader, lives, day),
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


def _strips(reader: LedgerReader, lives: Iterable[Life], period: Span) -> dict[str, tuple[StripSegment, ...]]:
    """Return each device's last day, its gaps filled: unknown within its life, None outside."""
    within: dict[str, list[Edges]] = {}
    for life in lives:
        start_ms = max(life.start_ms, period.start_ms)
        end_ms = period.end_ms if life.end_ms is None else min(life.end_ms, period.end_ms)
        if start_ms < end_ms:
            within.setdefault(life.device_id, []).append((start_ms, end_ms))
    known: dict[str, list[Known]] = {}
    for device_id, start_ms, end_ms, code in reader.interval_rows(period):
        known.setdefault(device_id, []).append((start_ms, end_ms, Status.from_code(code)))
    return {device_id: _filled(spans, known.get(device_id, []), period) for device_id, spans in within.items()}


def _filled(lives: Sequence[Edges], known: Sequence[Known], period: Span) -> tuple[StripSegment, ...]:
    """Return segments without gaps: what is not known is unknown within a life, and None outside.

    Both sorted and disjoint, within the period.
    """
    pieces: list[tuple[int, int, Status | None]] = []
    at_ms = period.start_ms
    for start_ms, end_ms, status in known:
        pieces += _gap(lives, at_ms, start_ms)
        pieces.append((start_ms, end_ms, status))
        at_ms = end_ms
    pieces += _gap(lives, at_ms, period.end_ms)
    out: list[StripSegment] = []
    for status, alike in groupby(pieces, key=itemgetter(2)):
        first, *rest = alike
        end_ms = rest[-1][1] if rest else first[1]
        out.append(StripSegment(span=Span(start_ms=first[0], end_ms=end_ms), status=status))
    return tuple(out)


def _gap(lives: Sequence[Edges], from_ms: int, to_ms: int) -> Iterator[tuple[int, int, Status | None]]:
    """Yield what is to be said of a stretch of which nothing is known."""
    for start_ms, end_ms in lives:
        if max(start_ms, from_ms) >= min(end_ms, to_ms):
            continue
        if start_ms > from_ms:
            yield from_ms, start_ms, None
        yield max(start_ms, from_ms), min(end_ms, to_ms), Status.UNKNOWN
        from_ms = end_ms
    if from_ms < to_ms:
        yield from_ms, to_ms, None
