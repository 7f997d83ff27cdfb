"""Intervals as people see them: one status from here to there, whatever month edges lie between."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from camkeeper.ledger.chain import read_transition
from camkeeper.ledger.months import month_of
from camkeeper.model.span import Span
from camkeeper.model.status import Reason, Status

_SPANS = """
SELECT device, t0, t1, status FROM interval
WHERE month BETWEEN :first AND :last AND t0 < :end AND t1 > :start
AND (:devices IS NULL OR device IN (SELECT value FROM json_each(:devices)))
UNION ALL
SELECT device, t0, :end, status FROM open_interval
WHERE t0 < :end AND (:devices IS NULL OR device IN (SELECT value FROM json_each(:devices)))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """One device in one status, cut to what was asked for."""

    device_id: str
    span: Span
    status: Status


Row = tuple[str, int, int, int]
"""Device id, start and end in ms, `Status.code`."""


def read_intervals(
    db: sqlite3.Connection, period: Span, device_ids: Collection[str] | None, known_until_ms: int
) -> tuple[Interval, ...]:
    """Return what is known of each device, cut to the period, sorted by device id and time."""
    return tuple(
        Interval(device_id=i, span=Span(start_ms=a, end_ms=b), status=Status.from_code(s))
        for i, a, b, s in read_rows(db, period, device_ids, known_until_ms)
    )


def read_rows(
    db: sqlite3.Connection, period: Span, device_ids: Collection[str] | None, known_until_ms: int
) -> Iterator[Row]:
    """Yield `read_intervals` as bare rows: of a county's month half the time goes into making values."""
    numbers = db.execute("SELECT device, id FROM device")
    ids = {n: device_id for n, device_id in numbers if device_ids is None or device_id in device_ids}
    end_ms = min(period.end_ms, max(known_until_ms, period.start_ms))
    among = None if device_ids is None else list(ids)
    rows = db.execute(_SPANS, _span_values(period.start_ms, end_ms, among)).fetchall()
    found = [(ids[d], max(t0, period.start_ms), min(t1, end_ms), s) for d, t0, t1, s in rows if d in ids]
    found.sort()
    return _joined(found)


def _span_values(start_ms: int, end_ms: int, devices: list[int] | None) -> dict[str, object]:
    return {
        "start": start_ms,
        "end": end_ms,
        "first": month_of(start_ms),
        "last": month_of(end_ms),
        "devices": None if devices is None else json.dumps(devices),
    }


def _joined(rows: list[Row]) -> Iterator[Row]:
    before: Row | None = None
    for row in rows:
        if before is not None and (before[0], before[2], before[3]) == (row[0], row[1], row[3]):
            before = (before[0], before[1], row[2], before[3])
            continue
        if before is not None:
            yield before
        before = row
    if before is not None:
        yield before


_TOLD = """
SELECT device, t0, t1, status, seq FROM interval
WHERE month BETWEEN :first AND :last AND t0 < :end AND t1 > :start
UNION ALL SELECT device, t0, :end, status, seq FROM open_interval WHERE t0 < :end
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldInterval:
    """One device in one status; `reason` where it is degraded."""

    device_id: str
    span: Span
    status: Status
    reason: Reason | None = None


ToldRow = tuple[str, int, int, Status, Reason | None]
"""Device id, start and end in ms, status, and the reason where it is degraded."""


def read_told_intervals(db: sqlite3.Connection, period: Span, known_until_ms: int) -> tuple[ToldInterval, ...]:
    """Return what is known of each device with reasons, cut to the period, by device id and time.

    Pieces cut at month edges stay pieces.
    """
    return tuple(
        ToldInterval(device_id=i, span=Span(start_ms=a, end_ms=b), status=status, reason=reason)
        for i, a, b, status, reason in read_told_rows(db, period, known_until_ms)
    )


def read_told_rows(db: sqlite3.Connection, period: Span, known_until_ms: int) -> list[ToldRow]:
    """Return `read_told_intervals` as bare rows."""
    ids = dict(db.execute("SELECT device, id FROM device"))
    end_ms = min(period.end_ms, max(known_until_ms, period.start_ms))
    values = _span_values(period.start_ms, end_ms, None)
    del values["devices"]
    rows = db.execute(_TOLD, values).fetchall()
    reasons = _reasons(db, sorted({seq for _, _, _, status, seq in rows if status == Status.DEGRADED.code}))
    found = [(ids[d], t0, t1, status, seq) for d, t0, t1, status, seq in rows]
    found.sort()
    start_ms, of_code, degraded = period.start_ms, Status.from_code, Status.DEGRADED.code
    return [
        (
            device_id,
            max(t0, start_ms),
            min(t1, end_ms),
            of_code(status),
            reasons.get(seq) if status == degraded else None,
        )
        for device_id, t0, t1, status, seq in found
    ]


def _reasons(db: sqlite3.Connection, seqs: list[int]) -> dict[int, Reason]:
    query = "SELECT seq, body FROM chain WHERE seq IN (SELECT value FROM json_each(?))"
    return {seq: read_transition("", 0, body).reason for seq, body in db.execute(query, (json.dumps(seqs),))}
