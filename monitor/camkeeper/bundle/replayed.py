"""A segment made into a ledger in memory again: every reader and every figure works on it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from camkeeper.ledger import LedgerError, LedgerReader, windows
from camkeeper.ledger.chain import Kind, genesis, read_config, read_object, sealed
from camkeeper.ledger.derive import Books
from camkeeper.ledger.journal import values_crc
from camkeeper.ledger.opening import ConfigMark, read_opening
from camkeeper.ledger.parcel import Parcel
from camkeeper.ledger.schema import APPLICATION_ID, LAYOUT, schema
from camkeeper.ledger.snapshot import from_json

Told = Callable[[str, str, str, "int | None"], None]
"""Takes (where, Chinese, English, record): what does not hold."""
_FLUSH_ROWS = 20_000


class Replayed(LedgerReader):
    """Reads a segment. Use as a context manager, or `close` it."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.path = Path(":memory:")
        self._db = db


def replayed(parcel: Parcel, opening: bytes, opening_config: bytes, told: Told) -> Replayed:
    """Derive everything from a segment, telling what does not hold; the caller closes what is returned.

    ValueError where the opening cannot be read at all.
    """
    books, mark = read_opening(opening)
    db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    try:
        db.executescript(schema())
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute("PRAGMA temp_store = MEMORY")
        out = Replayed(db)
        db.execute("BEGIN")
        identity = parcel.identity
        db.execute("INSERT INTO ledger VALUES (1, ?, ?, ?)", (identity.ledger_id, LAYOUT, identity.created_ms))
        _open(db, books, mark, opening_config)
        _walk(db, parcel, books, told)
        for number, body in enumerate(parcel.windows, 1):
            windows.copy(db, number, body)
        values = (parcel.tick_ms, "", parcel.samples, None)
        db.execute(
            "INSERT INTO poller (id, last_tick_ms, boot_id, samples, sealed_ms, crc) VALUES (1, ?, ?, ?, ?, ?)",
            (*values, values_crc(*values)),
        )
        db.execute("COMMIT")
    except BaseException:
        db.close()
        raise
    return out


def _open(db: sqlite3.Connection, books: Books, mark: ConfigMark | None, config: bytes) -> None:
    db.executemany("INSERT INTO device (device, id) VALUES (?, ?)", sorted(books.ids.items()))
    db.executemany("INSERT INTO life (device, t0, t1) VALUES (?, ?, NULL)", sorted(books.since.items()))
    db.executemany(
        "INSERT INTO open_interval (device, t0, status, seq) VALUES (?, ?, ?, ?)",
        [(device, *span) for device, span in sorted(books.open.items())],
    )
    if mark is not None:
        # Its place in the chain is known, its hash is not: it stands before the segment. Nothing reads that hash.
        db.execute(
            "INSERT INTO chain (seq, kind, at_ms, body, hash) VALUES (?, ?, ?, ?, ?)",
            (mark.seq, int(Kind.CONFIG), -(2**62), config, bytes(32)),
        )


def _walk(db: sqlite3.Connection, parcel: Parcel, books: Books, told: Told) -> None:
    head, rows = parcel.start_head, []
    if parcel.start.seq == 0 and head != genesis(parcel.identity.ledger_id, parcel.identity.created_ms):
        told("chain", "起点不是这本账的起点", "it does not begin where this ledger began", 1)
    for seq, record in enumerate(parcel.records, parcel.start.seq + 1):
        kind, at_ms, body = record.kind, record.at_ms, record.body
        head = sealed(head, seq, kind, at_ms, body)
        try:
            books.apply(seq, kind, at_ms, body)
            if kind is Kind.CONFIG:
                from_json(read_config(body))
            elif kind is not Kind.TRANSITION:
                read_object(body)
        except (LedgerError, ValueError, TypeError, KeyError, OverflowError) as error:
            told("chain", f"第 {seq} 条不成立：{error}", f"record {seq} makes no sense: {error}", seq)
        rows.append((seq, int(kind), at_ms, body, head))
        if len(rows) >= _FLUSH_ROWS:
            _flush(db, books, rows)
    _flush(db, books, rows)
    if head != parcel.head:
        told("chain", "由记录重算的链头不是所附的链头", "the records do not amount to the head that is stated", None)


def _flush(db: sqlite3.Connection, books: Books, rows: list[tuple[int, int, int, bytes, bytes]]) -> None:
    db.executemany("INSERT INTO chain (seq, kind, at_ms, body, hash) VALUES (?, ?, ?, ?, ?)", rows)
    rows.clear()
    books.flush(db)
