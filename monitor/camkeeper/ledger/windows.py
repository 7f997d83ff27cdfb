"""Agreements on record: each deed in a row that is sealed to the one before it, so that none is changed or left out.

hash_0 = SHA-256("camkeeper windows 1" || ledger_id), hash_n = SHA-256(hash_(n-1) || number u64 || length u32 || body),
big-endian. The newest hash is in every configuration record of the main chain, together with the plans themselves:
what was agreed is as safe as the figures that follow from it.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import struct
from collections.abc import Iterable, Iterator

from camkeeper.ledger.chain import compact
from camkeeper.ledger.record import LedgerDamagedError
from camkeeper.ledger.schema import has_windows
from camkeeper.model.wire import from_json, to_json
from camkeeper.window.book import WindowBook, WindowEvent

_HEAD = struct.Struct(">QI")


def store(db: sqlite3.Connection, events: Iterable[WindowEvent]) -> None:
    """Put deeds at the end of the record, in the open transaction."""
    for event in events:
        row = db.execute("SELECT number, hash FROM window_event ORDER BY number DESC LIMIT 1").fetchone()
        number, head = (row[0] + 1, row[1]) if row is not None else (1, _genesis(db))
        body = compact(to_json(event))
        db.execute(
            "INSERT INTO window_event (number, plan_id, at_ms, deed, body, hash) VALUES (?, ?, ?, ?, ?, ?)",
            (number, event.plan_id, event.at_ms, event.deed.value, body, _sealed(head, number, body)),
        )


def copy(db: sqlite3.Connection, number: int, body: bytes) -> None:
    """Put another ledger's row `number` at the end of its copy, byte for byte; ValueError where it is no deed."""
    from_json(WindowEvent, told := json.loads(body))
    row = db.execute("SELECT hash FROM window_event WHERE number = ?", (number - 1,)).fetchone()
    head = _genesis(db) if row is None else row[0]
    db.execute(
        "INSERT INTO window_event (number, plan_id, at_ms, deed, body, hash) VALUES (?, ?, ?, ?, ?, ?)",
        (number, told["plan_id"], told["at_ms"], told["deed"], body, _sealed(head, number, body)),
    )


def newest_head(db: sqlite3.Connection) -> str:
    """Return the newest hash in hexadecimal; empty where nothing was agreed yet."""
    row = db.execute("SELECT hash FROM window_event ORDER BY number DESC LIMIT 1").fetchone()
    return "" if row is None else bytes(row[0]).hex()


def read_book(db: sqlite3.Connection) -> WindowBook:
    """Return everything agreed; LedgerDamagedError where a deed cannot be read or contradicts those before."""
    if not has_windows(db):
        return WindowBook()
    try:
        rows = db.execute("SELECT body FROM window_event ORDER BY number")
        return WindowBook.of(from_json(WindowEvent, json.loads(body)) for (body,) in rows)
    except (ValueError, TypeError, KeyError) as error:
        raise LedgerDamagedError(f"检修与剔除记录读不出 / agreed windows on record cannot be read: {error}") from error


def broken(db: sqlite3.Connection) -> Iterator[int]:
    """Yield the numbers of rows that do not have their hash, or that follow a gap."""
    head, wanted = _genesis(db), 1
    for number, plan_id, at_ms, deed, body, digest in db.execute(
        "SELECT number, plan_id, at_ms, deed, body, hash FROM window_event ORDER BY number"
    ):
        # Damage makes values of other types, too.
        whole = isinstance(body, bytes) and isinstance(digest, bytes)
        if (
            not whole
            or number != wanted
            or _sealed(head, number, body) != digest
            or not _says(body, plan_id, at_ms, deed)
        ):
            yield number
        head, wanted = digest if isinstance(digest, bytes) else b"", number + 1


def _says(body: bytes, plan_id: object, at_ms: object, deed: object) -> bool:
    """Tell whether the columns beside the sealed body say what it says."""
    try:
        value = json.loads(body)
    except ValueError:
        return False
    return isinstance(value, dict) and [value.get(k) for k in ("plan_id", "at_ms", "deed")] == [plan_id, at_ms, deed]


def _genesis(db: sqlite3.Connection) -> bytes:
    (ledger_id,) = db.execute("SELECT ledger_id FROM ledger").fetchone()
    return hashlib.sha256(b"camkeeper windows 1" + ledger_id).digest()


def _sealed(head: bytes, number: int, body: bytes) -> bytes:
    return hashlib.sha256(head + _HEAD.pack(number, len(body)) + body).digest()
