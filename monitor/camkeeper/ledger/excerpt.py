"""The next parcel of a ledger, read from its file while the monitor writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import replace

from camkeeper.ledger.chain import Entry, Kind, genesis
from camkeeper.ledger.parcel import MOST_BYTES, Identity, Parcel, Place
from camkeeper.ledger.reader import LedgerReader
from camkeeper.ledger.record import LedgerDamagedError
from camkeeper.ledger.schema import has_pictures, has_windows

MOST_RECORDS = 4_096


def identity_of(db: sqlite3.Connection) -> Identity:
    """Return which ledger this is."""
    ledger_id, created_ms = db.execute("SELECT ledger_id, created_ms FROM ledger").fetchone()
    return Identity(ledger_id=ledger_id, created_ms=created_ms)


def head_at(db: sqlite3.Connection, seq: int) -> bytes | None:
    """Return the hash at a place of the chain, the genesis hash at 0; None where the chain is shorter."""
    if seq == 0:
        known = identity_of(db)
        return genesis(known.ledger_id, known.created_ms)
    row = db.execute("SELECT hash FROM chain WHERE seq = ?", (seq,)).fetchone()
    return None if row is None else bytes(row[0])


def place_of(db: sqlite3.Connection) -> Place:
    """Return the end of the record."""
    (seq,) = db.execute("SELECT coalesce(max(seq), 0) FROM chain").fetchone()
    return Place(
        seq=seq,
        windows=_newest(db, "window_event") if has_windows(db) else 0,
        views=_newest(db, "picture_view") if has_pictures(db) else 0,
    )


def _newest(db: sqlite3.Connection, table: str) -> int:
    (number,) = db.execute(f"SELECT coalesce(max(number), 0) FROM {table}").fetchone()  # noqa: S608 - constants
    return int(number)


def excerpt(
    reader: LedgerReader, start: Place, *, most_bytes: int = MOST_BYTES, most_records: int = MOST_RECORDS
) -> Parcel:
    """Return what follows `start`: one consistent picture, empty where nothing does.

    It carries the tick when it reaches the end of the record: only then everything until the tick is told by it.
    LedgerDamagedError where the record does not reach `start`.
    """
    with reader.reading() as db:
        end = place_of(db)
        start_head = head_at(db, start.seq)
        if start_head is None or start.windows > end.windows or start.views > end.views:
            raise LedgerDamagedError(
                f"账本到不了 {start}，只到 {end} / the record does not reach {start}, it ends at {end}"
            )
        budget = _Budget(most_bytes)
        rows = db.execute(
            "SELECT kind, at_ms, body, hash FROM chain WHERE seq > ? ORDER BY seq LIMIT ?", (start.seq, most_records)
        )
        records, head = [], start_head
        for kind, at_ms, body, digest in rows:
            if not budget.takes(13 + len(body)):
                break
            records.append(Entry(kind=Kind(kind), at_ms=at_ms, body=body))
            head = digest
        windows = tuple(budget.fill(_bodies(db, "window_event", start.windows, end.windows)))
        views = tuple(budget.fill(_bodies(db, "picture_view", start.views, end.views)))
        row = db.execute("SELECT last_tick_ms, samples FROM poller").fetchone() or (None, 0)
        found = Parcel(
            identity=identity_of(db),
            start=start,
            start_head=start_head,
            records=tuple(records),
            windows=windows,
            views=views,
            head=head,
            tick_ms=row[0],
            samples=row[1],
        )
    return found if found.end == end else replace(found, tick_ms=None)


def _bodies(db: sqlite3.Connection, table: str, after: int, until: int) -> Iterator[bytes]:
    if after >= until:
        return
    query = f"SELECT body FROM {table} WHERE number > ? ORDER BY number"  # noqa: S608 - constants
    for (body,) in db.execute(query, (after,)):
        yield body


class _Budget:
    """Bytes that a parcel may still take; the first piece always fits."""

    def __init__(self, most: int) -> None:
        self._left, self._first, self._open = most, True, True

    def takes(self, size: int) -> bool:
        """Tell whether a piece fits; after the first that does not, none does: nothing is sent out of its order."""
        self._open = self._open and (self._first or size <= self._left)
        self._first = False
        self._left -= size
        return self._open

    def fill(self, bodies: Iterable[bytes]) -> Iterator[bytes]:
        for body in bodies:
            if not self.takes(4 + len(body)):
                return
            yield body
