"""Work orders on record: each step taken, what the probe last said of their devices, and the desk's memory."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Mapping

from camkeeper.ledger.incidents import spelled
from camkeeper.ledger.record import LedgerDamagedError
from camkeeper.ledger.schema import has_orders
from camkeeper.model.wire import WireError, from_json, to_json
from camkeeper.model.workorder import OrderEvent, Watched
from camkeeper.workorder.book import WorkOrderBook


def store(db: sqlite3.Connection, events: Iterable[OrderEvent], watched: Mapping[int, Mapping[str, Watched]]) -> None:
    """Put steps at the end of the record and replace what is known of their devices, in the open transaction."""
    for event in events:
        db.execute(
            "INSERT INTO order_event (order_number, at_ms, step, body) VALUES (?, ?, ?, ?)",
            (event.number, event.at_ms, event.step.value, spelled(to_json(event))),
        )
    for number, devices in watched.items():
        db.execute(
            "INSERT OR REPLACE INTO order_watch (order_number, body) VALUES (?, ?)",
            (number, zlib.compress(spelled(to_json(devices)))),
        )


def read_book(db: sqlite3.Connection) -> WorkOrderBook:
    """Return all orders as they were left; LedgerDamagedError where a step cannot be read or contradicts itself."""
    if not has_orders(db):
        return WorkOrderBook()
    histories: dict[int, list[object]] = {}
    try:
        for number, body in db.execute("SELECT order_number, body FROM order_event ORDER BY number"):
            histories.setdefault(number, []).append(json.loads(body))
        watched = {
            number: json.loads(zlib.decompress(body))
            for number, body in db.execute("SELECT order_number, body FROM order_watch")
        }
        orders = [
            {"history": history, "devices": watched.get(number, {})} for number, history in sorted(histories.items())
        ]
        return WorkOrderBook.from_json({"version": 1, "orders": orders})
    except (ValueError, zlib.error, TypeError) as error:
        raise LedgerDamagedError(f"工单记录读不出 / work orders on record cannot be read: {error}") from error


def events(db: sqlite3.Connection, number: int) -> tuple[OrderEvent, ...]:
    """Return the steps of one order, oldest first; LedgerDamagedError where one cannot be read."""
    if not has_orders(db):
        return ()
    rows = db.execute("SELECT body FROM order_event WHERE order_number = ? ORDER BY number", (number,))
    try:
        return tuple(from_json(OrderEvent, json.loads(body)) for (body,) in rows)
    except (WireError, ValueError) as error:
        raise LedgerDamagedError(f"工单记录读不出 / a work order on record cannot be read: {error}") from error


def store_memory(db: sqlite3.Connection, memory: str) -> None:
    """Replace what the desk remembers, in the open transaction."""
    db.execute("INSERT OR REPLACE INTO desk_state (id, body) VALUES (1, ?)", (zlib.compress(memory.encode()),))


def read_memory(db: sqlite3.Connection) -> str | None:
    """Return what the desk remembered; None where it never did. LedgerDamagedError where it cannot be read."""
    if not has_orders(db):
        return None
    row = db.execute("SELECT body FROM desk_state").fetchone()
    try:
        return None if row is None else zlib.decompress(row[0]).decode()
    except (zlib.error, UnicodeError, TypeError) as error:
        raise LedgerDamagedError(f"值班台状态读不出 / the desk's memory cannot be read: {error}") from error
