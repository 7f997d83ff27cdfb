"""Closing a month: its figures get a digest in the chain. Only an amendment, with a name and a reason, changes it then.

The digest is SHA-256 over one line per device that was in service, sorted by device id, each
`id,up,down,unknown,excluded,absent,degraded` in milliseconds and ended by a newline: the other party can make the
same lines from its own copy of the transitions.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from camkeeper.availability.buckets import Buckets
from camkeeper.availability.days import month_span
from camkeeper.ledger import chain
from camkeeper.ledger.chain import Kind
from camkeeper.ledger.configs import config_of, deciding
from camkeeper.ledger.record import LedgerDamagedError
from camkeeper.ledger.session import Session
from camkeeper.ledger.snapshot import Snapshot
from camkeeper.ledger.sums import sums
from camkeeper.model.span import Span

SETTLE_MS = 3_600_000
"""A month is closed no sooner than this after its end: until then a change may still be dated back into it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A month whose figures are fixed: by the newest closing or amending record of it."""

    month: str
    zone: str
    span: Span
    seq: int
    at_ms: int
    config_seq: int | None
    """The configuration whose windows and policy made the figures; None: there was none."""
    devices: int
    figures: str
    """Digest of the figures, hexadecimal."""
    windows: str
    """Digest of the excluded spans."""
    by: str
    why: str = ""
    """Of an amendment."""


def figures_digest(buckets: Mapping[str, Buckets]) -> str:
    """Return the digest of a month's figures."""
    lines = (
        f"{i},{b.up_ms},{b.down_ms},{b.unknown_ms},{b.excluded_ms},{b.absent_ms},{b.degraded_ms}\n"
        for i, b in sorted(buckets.items())
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def windows_digest(config: Snapshot | None, span: Span) -> str:
    """Return the digest of the excluded spans, `id,start,end` a line, sorted."""
    excluded = {} if config is None else config.excluded(deciding(config).excludes, span)
    lines = (f"{i},{s.start_ms},{s.end_ms}\n" for i, spans in sorted(excluded.items()) for s in spans)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def month_buckets(db: sqlite3.Connection, config: Snapshot | None, span: Span) -> dict[str, Buckets]:
    """Return the buckets of every device in service within a finished span, windows of the deciding policy left out."""
    numbers = {device_id: device for device, device_id in db.execute("SELECT device, id FROM device")}
    windows = {} if config is None else config.excluded(deciding(config).excludes, span)
    found = sums(
        db,
        keys={device: device for device in numbers.values()},
        slots=[span],
        known_until_ms=span.end_ms,
        excluded={numbers[i]: spans for i, spans in windows.items() if i in numbers},
    )
    ids = {device: device_id for device_id, device in numbers.items()}
    return {ids[device]: one.buckets(span.length_ms) for (device, _), one in found.items()}


def close_month(session: Session, month: str, *, zone: str, by: str, at_ms: int, settle_ms: int = SETTLE_MS) -> Closed:
    """Fix a month's figures; ValueError where it is not over and settled, or is closed already."""
    span = month_span(month, zone)
    settle_ms = max(SETTLE_MS, settle_ms)
    if (session.last_tick_ms or 0) < span.end_ms + settle_ms:
        minutes = -(-settle_ms // 60_000)
        raise ValueError(f"{month} is not over: it can be closed {minutes} minutes after its end was observed")
    session.flush()
    if closed_months(session.db).get(month):
        raise ValueError(f"{month} is closed: amend it")
    return _fix(session, Kind.CLOSE, month, zone, by=by, why="", at_ms=at_ms)


def amend(
    session: Session, month: str, *, by: str, why: str, at_ms: int, note: chain.JsonObject | None = None
) -> Closed:
    """Fix a closed month's figures anew; ValueError where it is not closed, or nobody and no reason is named.

    `note`: what else the record says, as `amending.note` puts it.
    """
    session.flush()
    before = closed_months(session.db).get(month)
    if before is None:
        raise ValueError(f"{month} is not closed")
    if not by.strip() or not why.strip():
        raise ValueError("an amendment names who makes it and why")
    return _fix(session, Kind.AMEND, month, before.zone, by=by, why=why, at_ms=at_ms, note=note)


def _fix(
    session: Session,
    kind: Kind,
    month: str,
    zone: str,
    *,
    by: str,
    why: str,
    at_ms: int,
    note: chain.JsonObject | None = None,
) -> Closed:
    span = month_span(month, zone)
    row = session.db.execute("SELECT max(seq) FROM chain WHERE kind = ? AND kind <> 4", (int(Kind.CONFIG),)).fetchone()
    buckets = month_buckets(session.db, session.config, span)
    body: chain.JsonObject = {
        "month": month,
        "zone": zone,
        "start_ms": span.start_ms,
        "end_ms": span.end_ms,
        "config": row[0],
        "devices": len(buckets),
        "figures": figures_digest(buckets),
        "windows": windows_digest(session.config, span),
        "by": by,
        "why": why,
    } | (note or {})
    seq = session.add(chain.entry(kind, at_ms, body))
    session.flush()
    return _closed(seq, at_ms, body)


def _closed(seq: int, at_ms: int, body: chain.JsonObject) -> Closed:
    config = body["config"]
    return Closed(
        month=str(body["month"]),
        zone=str(body["zone"]),
        span=Span(start_ms=int(str(body["start_ms"])), end_ms=int(str(body["end_ms"]))),
        seq=seq,
        at_ms=at_ms,
        config_seq=None if config is None else int(str(config)),
        devices=int(str(body["devices"])),
        figures=str(body["figures"]),
        windows=str(body["windows"]),
        by=str(body["by"]),
        why=str(body["why"]),
    )


def all_closings(db: sqlite3.Connection) -> Iterable[Closed]:
    """Yield every closing and amending record, oldest first; KeyError or ValueError for one that nobody wrote."""
    rows = db.execute(
        "SELECT seq, at_ms, body FROM chain WHERE kind IN (?, ?) AND kind <> 4 ORDER BY seq",
        (int(Kind.CLOSE), int(Kind.AMEND)),
    ).fetchall()
    for seq, at_ms, body in rows:
        yield _closed(seq, at_ms, chain.read_object(body))


def closed_months(db: sqlite3.Connection) -> dict[str, Closed]:
    """Return the closed months, each as its newest record fixes it. LedgerDamagedError where one cannot be read."""
    try:
        return {c.month: c for c in all_closings(db)}
    except (ValueError, KeyError) as error:
        raise LedgerDamagedError(f"封账记录读不出 / a closing on record cannot be read: {error}") from error


def closing_config(db: sqlite3.Connection, closed: Closed) -> Snapshot | None:
    """Return the configuration that made a closed month's figures."""
    return None if closed.config_seq is None else config_of(db, closed.config_seq)
