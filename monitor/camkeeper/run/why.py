"""Why a figure is what it is, from the ledger alone: the same sums as `run.sla`, and the intervals behind them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from sqlite3 import Connection
from typing import NamedTuple

from camkeeper.availability.buckets import Buckets
from camkeeper.availability.days import day_span
from camkeeper.availability.figures import FigurePair, figure_pair
from camkeeper.ledger import LedgerReader
from camkeeper.ledger.chain import Record
from camkeeper.ledger.closing import SETTLE_MS
from camkeeper.ledger.configs import zone_of
from camkeeper.ledger.evidence import (
    ABSENT,
    Piece,
    filled,
    kept_samples,
    lives_of,
    newest_record,
    pieces,
    transitions,
)
from camkeeper.model.policy import JudgePolicy
from camkeeper.model.probing import Sample
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from camkeeper.run.sla import Asked, asked_month, cameras_of, subtree
from camkeeper.standing.why import Part, Stretch, Why, WhyAsk, WhyWindow

MAX_DAYS = 400
MAX_ROWS = 100_000
KEPT = 2
"""Answers kept: a county's month is some 60,000 stretches."""
SAME_MS = 60_000
"""While no record is added, an answer of a running period may be so old: only time has passed."""
TURNED_MS = 120_000
"""Whoever turns a page goes on in what the first one was shown of."""
_WINDOWS_SHOWN = 50
_SAMPLES_SHOWN = 60
_ALL = "all"
_ORDER = {code: rank for rank, code in enumerate((Status.DOWN.code, Status.UNKNOWN.code, Status.DEGRADED.code, ABSENT))}
"""Worst first; up comes last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    site_id: str
    device_id: str
    name: str
    target_bp: int
    devices: Mapping[str, str]
    """Device -> its site."""


class _Raw(NamedTuple):
    """A stretch before anybody asked for its record; sorts worst and longest first. A tuple: a county has many."""

    rank: int
    minus_counted_ms: int
    device_id: str
    piece: Piece
    excluded_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """All of an answer that does not depend on which rows are wanted, and what it was made of."""

    asked: Asked
    subject: _Subject
    pair: FigurePair
    ranked: Sequence[tuple[str, Buckets]]
    stretches: Sequence[_Raw]
    windows: Sequence[WhyWindow]
    known_ms: int
    head: Record | None
    basis: tuple[object, ...]
    settled: bool
    """Nothing can be dated back into the period any more."""
    made_ms: int


class WhyKept:
    """The newest answers, so that turning a page of a county's month does not add it up again. One caller at a time."""

    def __init__(self) -> None:
        self._kept: OrderedDict[WhyAsk, _Found] = OrderedDict()

    def of(self, ask: WhyAsk, basis: tuple[object, ...], head: Record | None, now_ms: int) -> _Found | None:
        """Return what stands still: of a settled period, of the same head, or what the first page was shown of."""
        found = self._kept.get(_whole(ask))
        if found is None or found.basis != basis:
            return None
        age_ms = now_ms - found.made_ms
        turned = bool(ask.parts_from or ask.stretches_from)
        same = found.head == head and age_ms < SAME_MS
        return found if found.settled or same or (turned and age_ms < TURNED_MS) else None

    def keep(self, ask: WhyAsk, found: _Found) -> None:
        """Keep an answer, and let the oldest go."""
        self._kept[_whole(ask)] = found
        self._kept.move_to_end(_whole(ask))
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)


def _whole(ask: WhyAsk) -> WhyAsk:
    """Return the question without the rows that are wanted."""
    return replace(ask, parts_from=0, stretches_from=0, count=0)


def why(path: Path, ask: WhyAsk, *, judge: JudgePolicy | None, now_ms: int, kept: WhyKept | None = None) -> Why:
    """Answer one question; opens the ledger for the time of the call, in any thread.

    LookupError for a site or device that there is none of, ValueError for an unreadable period, LedgerError where there
    is nothing to read. `judge`: the one in force, for its numbers. `kept`: answers that may be shown again.
    """
    with LedgerReader(path) as reader, reader.reading() as db:
        asked, head = _period(reader, ask, now_ms), newest_record(db)
        closed = reader.closed().get(asked.month)
        basis = (asked.month, asked.period.start_ms, asked.config.digest, None if closed is None else closed.seq)
        found = None if kept is None else kept.of(ask, basis, head, now_ms)
        if found is None:
            found = _found(db, reader, ask, asked, head, basis, now_ms)
            if kept is not None:
                kept.keep(ask, found)
        own, oldest_ms = kept_samples(db, ask.device_id, found.asked.period) if ask.device_id else ((), None)
        return _told_all(db, ask, found, judge, own, oldest_ms, closed="" if closed is None else closed.by)


def _found(
    db: Connection,
    reader: LedgerReader,
    ask: WhyAsk,
    asked: Asked,
    head: Record | None,
    basis: tuple[object, ...],
    now_ms: int,
) -> _Found:
    """Add it all up."""
    subject, known_ms = _subject(reader, asked, ask), reader.last_tick_ms() or 0
    excluded = asked.config.excluded(asked.config.policies[0].excludes, asked.period)
    parts = reader.buckets(asked.period, excluded=excluded, device_ids=subject.devices)
    return _Found(
        asked=asked,
        subject=subject,
        pair=_figures(reader, asked, subject),
        ranked=sorted(parts.items(), key=lambda each: _worst(each[1], each[0])),
        stretches=sorted(_stretches(db, reader, asked.period, subject, excluded, known_ms)),
        windows=tuple(_windows(asked, subject)),
        known_ms=known_ms,
        head=head,
        basis=basis,
        settled=asked.complete and known_ms >= asked.period.end_ms + SETTLE_MS,
        made_ms=now_ms,
    )


def _told_all(
    db: Connection,
    ask: WhyAsk,
    found: _Found,
    judge: JudgePolicy | None,
    own: tuple[Sample, ...],
    oldest_ms: int | None,
    *,
    closed: str,
) -> Why:
    """Write the rows that are wanted, and what stands above them."""
    asked, subject, config = found.asked, found.subject, found.asked.config
    count = min(max(1, ask.count), MAX_ROWS)
    return Why(
        site_id=subject.site_id,
        device_id=subject.device_id,
        name=subject.name,
        month=asked.month,
        period=asked.period,
        complete=asked.complete,
        closed=closed,
        timezone=asked.tz,
        policy=config.policies[0],
        judge_id=config.judge,
        judge=judge if judge is not None and f"{judge.name}/{judge.version}" == config.judge else None,
        target_bp=subject.target_bp,
        net=found.pair.net,
        gross=found.pair.gross,
        parts=tuple(
            Part(device_id=i, site_id=subject.devices[i], buckets=b)
            for i, b in found.ranked[ask.parts_from : ask.parts_from + count]
        ),
        parts_total=len(found.ranked),
        stretches=tuple(_told(db, found.stretches[ask.stretches_from : ask.stretches_from + count])),
        stretches_total=len(found.stretches),
        windows=tuple(found.windows[:_WINDOWS_SHOWN]),
        windows_total=len(found.windows),
        samples=own[:_SAMPLES_SHOWN],
        samples_from_ms=oldest_ms,
        known_until_ms=found.known_ms,
        head_seq=0 if found.head is None else found.head.seq,
        head_hash="" if found.head is None else found.head.hash.hex(),
    )


def _period(reader: LedgerReader, ask: WhyAsk, now_ms: int) -> Asked:
    if not ask.first_day and not ask.last_day:
        return asked_month(reader, ask.month or None, now_ms)
    first, last = date.fromisoformat(ask.first_day), date.fromisoformat(ask.last_day or ask.first_day)
    if last < first or last - first > timedelta(days=MAX_DAYS):
        raise ValueError(f"{ask.first_day}..{ask.last_day}")
    newest = asked_month(reader, None, now_ms)  # an empty ledger is told here
    month = asked_month(reader, f"{first:%Y-%m}", now_ms)
    tz = zone_of(month.config)
    start_ms, whole_ms = day_span(first, tz).start_ms, day_span(last, tz).end_ms
    end_ms = max(start_ms, min(whole_ms, max(newest.period.end_ms, month.period.end_ms)))
    period = Span(start_ms=start_ms, end_ms=end_ms)
    return Asked(month="", period=period, complete=end_ms == whole_ms, tz=tz, config=month.config)


def _subject(reader: LedgerReader, asked: Asked, ask: WhyAsk) -> _Subject:
    config = asked.config
    if ask.device_id:
        entry = reader.entries([ask.device_id]).get(ask.device_id)
        if entry is None or (ask.among is not None and ask.device_id not in ask.among):
            raise LookupError(f"device {ask.device_id!r}")
        site = config.site_by_id.get(entry.site_id) or subtree(config, None)[0]
        return _Subject(
            site_id=site.id, device_id=entry.id, name="", target_bp=site.target_bp, devices={entry.id: site.id}
        )
    sites = subtree(config, ask.site_id or None)
    top, below = sites[0], {site.id for site in sites}
    devices = {
        device_id: site_id
        for device_id, site_id in cameras_of(reader, asked).items()
        if site_id in below and (ask.among is None or device_id in ask.among)
    }
    return _Subject(site_id=top.id, device_id="", name=top.name, target_bp=top.target_bp, devices=devices)


def _figures(reader: LedgerReader, asked: Asked, subject: _Subject) -> FigurePair:
    policy, groups = asked.config.policies[0], dict.fromkeys(subject.devices, _ALL)
    net, gross = reader.day_sum_pairs(asked.period, groups, tz=asked.tz, policy=policy, config=asked.config)
    return figure_pair(policy, net=net.get(_ALL, ()), gross=gross.get(_ALL, ()), target_bp=subject.target_bp)


def _worst(buckets: Buckets, device_id: str) -> tuple[int, int, int, str]:
    """Sort by what costs most: time down, then time unknown, then time without a usable picture."""
    return -buckets.down_ms, -buckets.unknown_ms, -buckets.degraded_ms, device_id


def _stretches(
    db: Connection,
    reader: LedgerReader,
    period: Span,
    subject: _Subject,
    excluded: Mapping[str, Sequence[Span]],
    known_ms: int,
) -> Iterator[_Raw]:
    """Yield every stretch of every device; those of a site without what is up or not in service."""
    found = pieces(db, period, subject.devices.keys(), known_ms)
    lives = lives_of(reader.lives(period), period)
    everything = bool(subject.device_id)
    for device_id in subject.devices:
        spans = excluded.get(device_id, ())
        for piece in filled(lives.get(device_id, []), found.get(device_id, []), period):
            if everything or piece.status not in {Status.UP.code, ABSENT}:
                out = _excluded_ms(piece, spans) if piece.status != ABSENT else 0
                rank = _ORDER.get(piece.status, len(_ORDER))
                yield _Raw(rank, piece.start_ms - piece.end_ms + out, device_id, piece, out)


def _excluded_ms(piece: Piece, spans: Sequence[Span]) -> int:
    if not spans:
        return 0
    own = Span(start_ms=piece.start_ms, end_ms=piece.end_ms)
    return sum(part.length_ms for part in (span.clip(own) for span in spans) if part is not None)


def _told(db: Connection, raws: Sequence[_Raw]) -> Iterator[Stretch]:
    """Yield the stretches that are shown, each with its record."""
    records = transitions(db, {raw.piece.seq for raw in raws if raw.piece.seq})
    for raw in raws:
        start, end, status, seq = raw.piece
        change, digest = records.get(seq, (None, ""))
        yield Stretch(
            device_id=raw.device_id,
            span=Span(start_ms=start, end_ms=end),
            status=None if status == ABSENT else Status.from_code(status),
            excluded_ms=raw.excluded_ms,
            seq=seq or None,
            hash=digest,
            began_ms=None if change is None else change.at_ms,
            decided_ms=None if change is None else change.decided_ms,
            reason=None if change is None else change.reason,
        )


def _windows(asked: Asked, subject: _Subject) -> Iterator[WhyWindow]:
    for window in asked.config.windows_in(asked.period):
        if window.device_ids is None or not window.device_ids.isdisjoint(subject.devices):
            yield WhyWindow(
                id=window.id, kind=window.kind, span=window.span, reason=window.reason, approver=window.approver
            )
