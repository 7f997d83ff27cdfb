"""What stood at one record: each device's number, life and open span, and the configuration in force.

The first seal of a UTC day carries the SHA-256 of this, so that the chain can be continued from there without all that
came before it: a month goes to the other party without the years before it, and what it begins with is still proved.
The ledger's own beginning needs no such digest: nothing stood then.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from camkeeper.ledger.chain import Kind, compact, read_object
from camkeeper.ledger.derive import Books
from camkeeper.ledger.record import LedgerDamagedError

_OPEN_AT = """
SELECT device, seq, min(t0), status FROM (
    SELECT device, seq, t0, status FROM interval WHERE seq <= :seq
    UNION ALL SELECT device, seq, t0, status FROM open_interval WHERE seq <= :seq)
GROUP BY device, seq ORDER BY device, seq
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigMark:
    """Which configuration was in force."""

    seq: int
    sha256: str
    """Of its record's body, hexadecimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A state to go on from, as bytes: compact JSON, one spelling only."""

    body: bytes

    @property
    def digest(self) -> str:
        """SHA-256, hexadecimal."""
        return hashlib.sha256(self.body).hexdigest()


def opening_of(books: Books, config: ConfigMark | None) -> Opening:
    """Return the state that books are in: `devices` one row each, `[number, id, since, ended, t0, status, seq]`."""
    rows = [
        [number, device_id, books.since.get(number), books.ended.get(number), *(books.open.get(number) or (None,) * 3)]
        for number, device_id in sorted(books.ids.items())
    ]
    mark = None if config is None else [config.seq, config.sha256]
    return Opening(body=compact({"config": mark, "devices": rows}))


def read_opening(body: bytes) -> tuple[Books, ConfigMark | None]:
    """Return the books of a state; ValueError for bytes that `opening_of` does not write."""
    try:
        value = json.loads(body)
        if compact(value) != body:
            raise ValueError("not in its one spelling")  # noqa: TRY301 - told as every other fault of the bytes
        books = Books()
        for number, device_id, since, ended, t0, status, seq in value["devices"]:
            if type(number) is not int or not isinstance(device_id, str) or number in books.ids:
                raise ValueError(f"no such device: {number!r}")  # noqa: TRY301
            books.numbers[device_id], books.ids[number] = number, device_id
            if since is not None:
                books.since[number] = int(since)
            if ended is not None:
                books.ended[number] = int(ended)
            if t0 is not None:
                books.open[number] = (int(t0), int(status), int(seq))
        mark = value["config"]
        return books, None if mark is None else ConfigMark(seq=int(mark[0]), sha256=str(mark[1]))
    except (KeyError, TypeError, IndexError, ValueError, RecursionError) as error:
        raise ValueError(f"not an opening state: {error}") from error


def config_mark(rows: Iterable[tuple[int, bytes]]) -> ConfigMark | None:
    """Return the mark of the newest (seq, body) of configurations; None where there is none."""
    newest = max(rows, key=lambda row: row[0], default=None)
    return None if newest is None else ConfigMark(seq=newest[0], sha256=hashlib.sha256(newest[1]).hexdigest())


def newest_config(db: sqlite3.Connection, seq: int) -> tuple[int, bytes] | None:
    """Return (seq, body) of the newest configuration at or before a record."""
    row = db.execute(
        "SELECT seq, body FROM chain WHERE kind = ? AND kind <> 4 AND seq <= ? ORDER BY seq DESC LIMIT 1",
        (int(Kind.CONFIG), seq),
    ).fetchone()
    return None if row is None else (row[0], row[1])


def opening_at(db: sqlite3.Connection, seq: int, digest: str) -> Opening:
    """Return the state before record `seq`, whose digest the record has; LedgerDamagedError where there is no such one.

    From the derived tables, in a second; where two changes of one instant hide one another there, from the chain.
    """
    config = newest_config(db, seq - 1)
    mark = config_mark(() if config is None else (config,))
    for books in (_from_tables, _from_chain):
        found = opening_of(books(db, seq - 1), mark)
        if found.digest == digest:
            return found
    raise LedgerDamagedError(f"第 {seq} 条之前的状态与封记不符 / the state before record {seq} is not that of its seal")


def _from_tables(db: sqlite3.Connection, seq: int) -> Books:
    books = Books()
    rows = db.execute("SELECT at_ms, body FROM chain WHERE kind = 3 AND kind <> 4 AND seq <= ? ORDER BY seq", (seq,))
    for at_ms, body in rows.fetchall():
        books.apply(0, Kind.LIFE, at_ms, body)
    for device, began, t0, status in db.execute(_OPEN_AT, {"seq": seq}):
        if device in books.since and t0 >= books.since[device]:
            books.open[device] = (t0, status, began)
    return books


def _from_chain(db: sqlite3.Connection, seq: int) -> Books:
    books = Books()
    for number, kind, at_ms, body in db.execute(
        "SELECT seq, kind, at_ms, body FROM chain WHERE seq <= ? ORDER BY seq", (seq,)
    ):
        books.apply(number, kind, at_ms, body)
    return books


def sealed_states(db: sqlite3.Connection) -> list[tuple[int, int, str]]:
    """Return (seq, at_ms, digest) of the seals that carry a state, oldest first."""
    rows = db.execute("SELECT seq, at_ms, body FROM chain WHERE kind = 6 AND kind <> 4 ORDER BY seq")
    told = ((seq, at_ms, read_object(body).get("state")) for seq, at_ms, body in rows)
    return [(seq, at_ms, digest) for seq, at_ms, digest in told if isinstance(digest, str)]
