"""What a figure is made of: intervals with the records that began them, and the raw samples that are still kept."""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from camkeeper.ledger import journal
from camkeeper.ledger.chain import Record, read_transition
from camkeeper.ledger.months import month_of
from camkeeper.ledger.record import Life
from camkeeper.model.change import Transition
from camkeeper.model.probing import Sample
from camkeeper.model.span import Span
from camkeeper.model.status import Status

ABSENT = 0
"""Not in service."""
_UNKNOWN = Status.UNKNOWN.code
_PIECES = """
SELECT device, t0, min(t1, :end), status, seq FROM interval
WHERE month BETWEEN :first AND :last AND t0 < :end AND t1 > :start
AND device IN (SELECT value FROM json_each(:devices))
UNION ALL
SELECT device, t0, :end, status, seq FROM open_interval
WHERE t0 < :end AND device IN (SELECT value FROM json_each(:devices))
ORDER BY 1, 2
"""


class Piece(NamedTuple):
    """One device in one status, from here to there, since record `seq`. A tuple: a county has many."""

    start_ms: int
    end_ms: int
    status: int
    """Status.code, or ABSENT."""
    seq: int
    """0: there is no record."""


def pieces(
    db: sqlite3.Connection, period: Span, device_ids: Collection[str], known_until_ms: int
) -> dict[str, list[Piece]]:
    """Return what is known of each device, cut to the period and to what is known, by time.

    Pieces cut at month edges are joined again. Devices that were never enrolled are left out.
    """
    ids = {n: device_id for n, device_id in db.execute("SELECT device, id FROM device") if device_id in device_ids}
    out: dict[str, list[Piece]] = {device_id: [] for device_id in ids.values()}
    end_ms = min(period.end_ms, known_until_ms)
    if end_ms <= period.start_ms:
        return out
    values = {
        "start": period.start_ms,
        "end": end_ms,
        "first": month_of(period.start_ms),
        "last": month_of(end_ms),
        "devices": json.dumps(list(ids)),
    }
    for device, t0, t1, status, seq in db.execute(_PIECES, values):
        own = out[ids[device]]
        start_ms = max(t0, period.start_ms)
        if own and own[-1].seq == seq and own[-1].end_ms == start_ms:
            start_ms = own.pop().start_ms
        if t1 > start_ms:
            own.append(Piece(start_ms, t1, status, seq))
    return out


def lives_of(lives: Iterable[Life], period: Span) -> dict[str, list[Span]]:
    """Return the spans in which each device is in service, cut to the period, by time."""
    out: dict[str, list[Span]] = {}
    for life in lives:
        end_ms = period.end_ms if life.end_ms is None else min(life.end_ms, period.end_ms)
        start_ms = max(life.start_ms, period.start_ms)
        if end_ms > start_ms:
            out.setdefault(life.device_id, []).append(Span(start_ms=start_ms, end_ms=end_ms))
    return out


def filled(lives: Sequence[Span], known: Sequence[Piece], period: Span) -> Iterator[Piece]:
    """Yield pieces without a gap: unknown where no record is, within a life; not in service outside."""
    at_ms, starts = period.start_ms, [piece.start_ms for piece in known]
    for life in lives:
        if life.start_ms > at_ms:
            yield Piece(at_ms, life.start_ms, ABSENT, 0)
        at_ms = life.start_ms
        for piece in islice(known, max(0, bisect_right(starts, life.start_ms) - 1), None):
            start_ms, end_ms = max(piece.start_ms, at_ms), min(piece.end_ms, life.end_ms)
            if piece.start_ms >= life.end_ms:
                break
            if end_ms <= start_ms:
                continue
            if start_ms > at_ms:
                yield Piece(at_ms, start_ms, _UNKNOWN, 0)
            yield Piece(start_ms, end_ms, piece.status, piece.seq)
            at_ms = end_ms
        if life.end_ms > at_ms:
            yield Piece(at_ms, life.end_ms, _UNKNOWN, 0)
        at_ms = life.end_ms
    if period.end_ms > at_ms:
        yield Piece(at_ms, period.end_ms, ABSENT, 0)


def transitions(db: sqlite3.Connection, seqs: Iterable[int]) -> dict[int, tuple[Transition, str]]:
    """Return the transitions of these records, each with the record's hash in hexadecimal."""
    ids = dict(db.execute("SELECT device, id FROM device"))
    rows = db.execute(
        "SELECT seq, at_ms, body, hash FROM chain WHERE seq IN (SELECT value FROM json_each(?))",
        (json.dumps(list(seqs)),),
    )
    return {
        seq: (read_transition(ids[json.loads(body)[0]], at_ms, body), digest.hex()) for seq, at_ms, body, digest in rows
    }


def newest_record(db: sqlite3.Connection) -> Record | None:
    """Return the head of the chain; None for an empty one."""
    row = db.execute("SELECT seq, kind, at_ms, body, hash FROM chain ORDER BY seq DESC LIMIT 1").fetchone()
    return None if row is None else Record(seq=row[0], kind=row[1], at_ms=row[2], body=row[3], hash=row[4])


def kept_samples(db: sqlite3.Connection, device_id: str, period: Span) -> tuple[tuple[Sample, ...], int | None]:
    """Return (the device's samples in the period, newest first; the instant of the oldest kept of any device)."""
    ids = dict(db.execute("SELECT device, id FROM device"))
    found: list[Sample] = []
    oldest_ms: int | None = None
    for (blob,) in db.execute("SELECT samples FROM journal ORDER BY id"):
        for sample in journal.unpack(blob, ids):
            oldest_ms = sample.at_ms if oldest_ms is None else min(oldest_ms, sample.at_ms)
            if sample.device_id == device_id and sample.at_ms in period:
                found.append(sample)
    return tuple(sorted(found, key=lambda s: -s.at_ms)), oldest_ms
