"""The derived tables from the chain alone: into an empty database for comparing, or into the ledger itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from camkeeper.ledger.chain import genesis, sealed
from camkeeper.ledger.configs import config_at
from camkeeper.ledger.derive import Books
from camkeeper.ledger.ledger import Lock
from camkeeper.ledger.record import LedgerError
from camkeeper.ledger.rollup import DAY_MS, due, store, stored
from camkeeper.ledger.schema import connect_writer
from camkeeper.model.span import Span

ChainRow = tuple[int, Any, Any, Any, Any]
"""seq, kind, at_ms, body, hash: after damage a column may have any type."""
FLUSH_ROWS = 50_000
_EMPTY = (
    "DELETE FROM coverage_hour",  # the monitor fills it again: geometry is the configuration's to know
    "DELETE FROM coverage_series",
    "DELETE FROM day_rollup",
    "DELETE FROM rollup_day",
    "DELETE FROM open_interval",
    "DELETE FROM interval",
    "DELETE FROM life",
    "DELETE FROM device",
)


def replay(db: sqlite3.Connection, rows: Iterable[ChainRow]) -> Iterator[tuple[ChainRow, Exception | None]]:
    """Derive from chain rows into the empty tables of `db`; yields each row with what is wrong with it, or None."""
    books = Books()
    for row in rows:
        seq, kind, at_ms, body, _ = row
        fault: Exception | None = None
        try:
            books.apply(seq, kind, at_ms, body)
        except (LedgerError, ValueError, TypeError, OverflowError) as error:
            fault = error
        if books.gathered >= FLUSH_ROWS:
            books.flush(db)
        yield row, fault
    books.flush(db)


def rebuild(path: Path) -> int:
    """Write the derived tables anew from the chain, in one transaction; returns the number of records.

    Takes the lock: LedgerBusyError while a monitor runs. LedgerError where the chain itself is not sound: then nothing
    is changed, because figures made from it would look better than they are.
    """
    lock = Lock(path)
    try:
        db = connect_writer(path, created_ms=0)
        try:
            return _rebuild(db)
        finally:
            db.close()
    finally:
        lock.release()


def _rebuild(db: sqlite3.Connection) -> int:
    db.execute("BEGIN IMMEDIATE")
    days = stored(db)
    for statement in _EMPTY:
        db.execute(statement)
    ledger_id, created_ms = db.execute("SELECT ledger_id, created_ms FROM ledger").fetchone()
    head, count = genesis(ledger_id, created_ms), 0
    rows = db.execute("SELECT seq, kind, at_ms, body, hash FROM chain ORDER BY seq")
    for (seq, kind, at_ms, body, digest), fault in replay(db, rows):
        count += 1
        head = sealed(head, count, kind, at_ms, body)
        if seq != count or head != digest or fault is not None:
            db.execute("ROLLBACK")
            raise LedgerError(f"record {seq} of the chain is not sound: nothing was rebuilt")
    _roll_up_again(db, days)
    db.execute("COMMIT")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return count


def _roll_up_again(db: sqlite3.Connection, days: Iterable[tuple[int, str]]) -> None:
    """Roll up again the days that were rolled up before, a month of days at a time."""
    wanted = sorted(days)
    found = config_at(db, None)
    while wanted:
        part = [(day, zone) for day, zone in wanted if day < wanted[0][0] + 31]
        period = Span(start_ms=(part[0][0] - 1) * DAY_MS, end_ms=(part[-1][0] + 3) * DAY_MS)
        outdated = [d for d in due(db, found.config if found else None, period) if (d.number, d.zone) in part]
        for zone in sorted({d.zone for d in outdated}):
            store(db, [d for d in outdated if d.zone == zone])
        wanted = wanted[len(part) :]
