"""The register of views: append-only, each entry sealed to the one before it.

hash = SHA-256(previous hash || number u64 || length of body u32 || body), integers big-endian; the first one's previous
hash is SHA-256("camkeeper views 1" || ledger_id). The chain's hourly seals name the newest entry, so that the end of
the list cannot be cut off either without a seal missing it.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import struct
from collections.abc import Iterable

from camkeeper.ledger.chain import JsonObject
from camkeeper.ledger.incidents import spelled
from camkeeper.ledger.record import LedgerDamagedError
from camkeeper.ledger.schema import has_pictures
from camkeeper.model.span import Span
from camkeeper.model.view import ViewRecord
from camkeeper.model.wire import WireError, from_json, to_json


def genesis(ledger_id: bytes) -> bytes:
    """Return what the first entry is sealed to."""
    return hashlib.sha256(b"camkeeper views 1" + ledger_id).digest()


def sealed(previous: bytes, number: int, body: bytes) -> bytes:
    """Return the hash of an entry."""
    return hashlib.sha256(previous + struct.pack(">QI", number, len(body)) + body).digest()


def store(db: sqlite3.Connection, views: Iterable[ViewRecord]) -> None:
    """Put views at the end of the register, in the open transaction."""
    end: tuple[int, bytes] | None = None
    for view in views:
        number, head = end or newest(db)
        body = spelled(to_json(view))
        end = number + 1, sealed(head, number + 1, body)
        db.execute(
            "INSERT INTO picture_view (number, at_ms, device_id, incident, body, hash) VALUES (?, ?, ?, ?, ?, ?)",
            (end[0], view.at_ms, text(view.device_id), text(view.incident_id), body, end[1]),
        )


def copy(db: sqlite3.Connection, number: int, body: bytes) -> None:
    """Put another ledger's entry `number` at the end of its copy, byte for byte; ValueError where it is no view."""
    view = from_json(ViewRecord, json.loads(body))
    _, head = newest(db)
    db.execute(
        "INSERT INTO picture_view (number, at_ms, device_id, incident, body, hash) VALUES (?, ?, ?, ?, ?, ?)",
        (number, view.at_ms, text(view.device_id), text(view.incident_id), body, sealed(head, number, body)),
    )


def text(value: str | None) -> str | None:
    """Return a text as a column takes it: half a character must not keep samples from being recorded."""
    return None if value is None else value.encode("utf-8", "replace").decode()


def newest(db: sqlite3.Connection) -> tuple[int, bytes]:
    """Return (number, hash) of the newest entry; 0 and the genesis hash where there is none."""
    row = db.execute("SELECT number, hash FROM picture_view ORDER BY number DESC LIMIT 1").fetchone()
    if row is not None:
        return row[0], row[1]
    (ledger_id,) = db.execute("SELECT ledger_id FROM ledger").fetchone()
    return 0, genesis(ledger_id)


def seal(db: sqlite3.Connection) -> JsonObject:
    """Return what a seal of the chain says of the register; nothing as long as it is empty."""
    number, head = newest(db)
    return {"views": number, "views_head": head.hex()} if number else {}


def read(
    db: sqlite3.Connection,
    *,
    period: Span | None = None,
    device_id: str | None = None,
    incident_id: str | None = None,
    limit: int | None = None,
) -> tuple[ViewRecord, ...]:
    """Return views, oldest first: all, those within a period, of one device, of one incident; the newest `limit`."""
    if not has_pictures(db):
        return ()
    start_ms, end_ms = (-(2**62), 2**62) if period is None else (period.start_ms, period.end_ms)
    rows = db.execute(
        """
        SELECT body FROM picture_view
        WHERE at_ms >= :start AND at_ms < :end AND (:device IS NULL OR device_id = :device)
          AND (:incident IS NULL OR incident = :incident)
        ORDER BY number DESC LIMIT :limit
        """,
        {
            "start": start_ms,
            "end": end_ms,
            "device": device_id,
            "incident": incident_id,
            "limit": -1 if limit is None else limit,
        },
    ).fetchall()
    try:
        return tuple(from_json(ViewRecord, json.loads(body)) for (body,) in reversed(rows))
    except (WireError, ValueError, TypeError) as error:
        raise LedgerDamagedError(f"查看登记读不出 / the register of views cannot be read: {error}") from error
