"""What stands in a ledger after a fault: samples stored, gaps, statuses."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from camkeeper.ledger import LedgerReader
from camkeeper.ledger.chain import Kind
from camkeeper.ledger.schema import connect_reader
from camkeeper.ledger.verify import verify
from camkeeper.model.span import Span
from camkeeper.model.status import Status


def stored(ledger: Path) -> int:
    """Return the samples on record since the ledger began."""
    with closing(connect_reader(ledger)) as db:
        row = db.execute("SELECT samples FROM poller").fetchone()
    return 0 if row is None else int(row[0])


def last_tick_ms(ledger: Path) -> int:
    """Return through when the record says that it observed; 0 where it says nothing."""
    with LedgerReader(ledger) as reader:
        return reader.last_tick_ms() or 0


def faults(ledger: Path) -> list[str]:
    """Return what `camkeeper verify` names."""
    return [fault.en for fault in verify(ledger).faults]


def boots(ledger: Path) -> list[int]:
    """Return when monitors began to write, UTC milliseconds of the wall."""
    with closing(connect_reader(ledger)) as db:
        rows = db.execute("SELECT at_ms FROM chain WHERE kind = ? ORDER BY seq", (int(Kind.BOOT),)).fetchall()
    return [int(at_ms) for (at_ms,) in rows]


def known_ms(ledger: Path, period: Span) -> dict[str, int]:
    """Return the milliseconds of all devices within a period by status."""
    out = dict.fromkeys((str(status) for status in Status), 0)
    with LedgerReader(ledger) as reader:
        for interval in reader.intervals(period):
            part = interval.span.clip(period)
            out[str(interval.status)] += part.length_ms if part else 0
    return out


def doubled(ledger: Path) -> int:
    """Return how many samples of the journal are there twice: one device, one instant."""
    with closing(connect_reader(ledger)) as db:
        rows: Iterable[tuple[bytes]] = db.execute("SELECT samples FROM journal").fetchall()
    instants = [blob[at : at + 12] for (blob,) in rows for at in range(0, len(blob), 14)]
    return len(instants) - len(set(instants))


def statuses(ledger: Path) -> set[int]:
    """Return the codes of all statuses that any device ever had."""
    query = "SELECT DISTINCT status FROM interval UNION SELECT DISTINCT status FROM open_interval"
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as db:
        return {int(row[0]) for row in db.execute(query)}
