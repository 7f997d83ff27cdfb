"""The part of a ledger that a month follows from: from the newest proved state before it to what closes it."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass

from camkeeper.availability.days import month_span
from camkeeper.ledger import LedgerError
from camkeeper.ledger.chain import Entry, Kind, read_object
from camkeeper.ledger.closing import all_closings
from camkeeper.ledger.configs import config_at, zone_of
from camkeeper.ledger.derive import Books
from camkeeper.ledger.excerpt import head_at, identity_of
from camkeeper.ledger.opening import newest_config, opening_at, opening_of, sealed_states
from camkeeper.ledger.parcel import Parcel, Place
from camkeeper.ledger.schema import has_windows
from camkeeper.model.span import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Records in a row, and what stood before the first."""

    month: str
    zone: str
    whole: Span
    """The month in its zone."""
    through_ms: int
    """Told until here: the end of a closed month, else where the newest seal stands."""
    parcel: Parcel
    """`views` stay at home: who looked at a picture is no part of a figure."""
    opening: bytes
    opening_config: bytes
    """Body of the configuration in force at the opening; empty where there was none."""
    closed: bool

    @property
    def period(self) -> Span:
        """What of the month is told."""
        end_ms = max(self.whole.start_ms, min(self.whole.end_ms, self.through_ms))
        return Span(start_ms=self.whole.start_ms, end_ms=end_ms)


def segment_of(db: sqlite3.Connection, month: str) -> Segment:
    """Return a month's segment. ValueError for an unreadable month, LedgerError where there is nothing of it."""
    closings = [c for c in all_closings(db) if c.month == month]
    newest = config_at(db, None)
    zone = closings[-1].zone if closings else zone_of(newest.config if newest else None)
    whole = month_span(month, zone)
    end, through_ms = _end(db, closings[-1].seq if closings else None, whole)
    first, opening, config = _beginning(db, whole.start_ms)
    rows = db.execute(
        "SELECT kind, at_ms, body FROM chain WHERE seq BETWEEN ? AND ? ORDER BY seq", (first, end)
    ).fetchall()
    head, start_head = head_at(db, end), head_at(db, first - 1)
    if head is None or start_head is None or not rows:
        raise LedgerError(f"{month} 没有记录 / nothing is on record of {month}")
    agreed: tuple[bytes, ...] = ()
    if has_windows(db):
        agreed = _agreed(db, rows, config)
    parcel = Parcel(
        identity=identity_of(db),
        start=Place(seq=first - 1),
        start_head=start_head,
        records=tuple(Entry(kind=Kind(kind), at_ms=at_ms, body=body) for kind, at_ms, body in rows),
        windows=agreed,
        head=head,
        tick_ms=through_ms,
    )
    return Segment(
        month=month,
        zone=zone,
        whole=whole,
        through_ms=through_ms,
        parcel=parcel,
        opening=opening,
        opening_config=config,
        closed=bool(closings),
    )


def _end(db: sqlite3.Connection, closing: int | None, whole: Span) -> tuple[int, int]:
    """Return (last record, told until). A month that is not closed ends at a seal: the chain itself says how far."""
    if closing is not None:
        return closing, whole.end_ms
    row = db.execute("SELECT seq, body FROM chain WHERE kind = 6 AND kind <> 4 ORDER BY seq DESC LIMIT 1").fetchone()
    if row is None:
        raise LedgerError("账本还没有封记，监测满一小时后再试 / the ledger has no seal yet: try again in an hour")
    through_ms = int(str(read_object(row[1])["through_ms"]))
    if through_ms <= whole.start_ms:
        raise LedgerError("这个月还没有开始 / the month has not begun on record")
    return row[0], through_ms


def _beginning(db: sqlite3.Connection, start_ms: int) -> tuple[int, bytes, bytes]:
    """Return (first record, state before it, configuration in force), from the newest sealed state or the beginning.

    The first record then is the seal that has the state's digest.
    """
    for seq, at_ms, digest in reversed(sealed_states(db)):
        if at_ms <= start_ms:
            config = newest_config(db, seq - 1)
            return seq, opening_at(db, seq, digest).body, b"" if config is None else config[1]
    return 1, opening_of(Books(), None).body, b""


def _agreed(db: sqlite3.Connection, rows: list[tuple[int, int, bytes]], opening_config: bytes) -> tuple[bytes, ...]:
    """Return the agreements on record up to the newest one that a configuration of the segment names."""
    from camkeeper.ledger.chain import read_config

    bodies = [body for kind, _, body in rows if kind == Kind.CONFIG]
    newest = bodies[-1] if bodies else opening_config
    if not newest:
        return ()
    head = str(read_config(newest).get("windows_head", ""))
    row = db.execute("SELECT number FROM window_event WHERE hash = ?", (bytes.fromhex(head),)).fetchone()
    number = 0 if row is None else row[0]
    found = db.execute("SELECT body FROM window_event WHERE number <= ? ORDER BY number", (number,))
    return tuple(body for (body,) in found)


def sha256(data: bytes) -> str:
    """Return the digest in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
