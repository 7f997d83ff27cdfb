"""Proof: is the chain whole, and do the stored figures follow from it? Reads only; the monitor may run meanwhile.

What is proved, in this order: every record's hash; that transitions and lives are consistent; that intervals, lives and
devices are what the chain says; rollups; closed months; and the checksums of the bookmarks. A cut-off end of the chain
is not visible from inside: for that both parties keep the daily heads, and `heads` asks whether they are still in it.
"""

from __future__ import annotations

import sqlite3
import struct
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from camkeeper.availability.days import month_span
from camkeeper.ledger.chain import Kind, genesis, read_config, read_object, sealed
from camkeeper.ledger.configs import config_at, zone_of
from camkeeper.ledger.months import month_of
from camkeeper.ledger.proofs import Fault, Findings, check_bookmarks, check_closings, check_rollups, check_windows
from camkeeper.ledger.rebuild import ChainRow, replay
from camkeeper.ledger.record import LedgerError
from camkeeper.ledger.schema import connect_reader, derived_schema, reader_uri, schema
from camkeeper.ledger.snapshot import from_json
from camkeeper.ledger.viewproof import check as check_views
from camkeeper.model.span import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What `verify` found."""

    faults: tuple[Fault, ...]
    head: str
    """Hash of the newest record, hexadecimal."""
    records: int
    counts: dict[str, int]
    """Rows compared, by table; days and months recomputed."""
    last_tick_ms: int | None = None

    @property
    def ok(self) -> bool:
        """True where everything holds."""
        return not self.faults


def verify(path: str | Path, *, month: str | None = None, heads: Collection[str] = ()) -> Verification:
    """Recompute everything from the chain and compare.

    `month` ("2026-10", in the ledger's zone) limits what is compared to that month; the chain is always read whole.
    `heads`: hashes that the other party kept; each must be in the chain. LedgerFormatError, FileNotFoundError and
    ValueError (a month that is none) as when reading; damage of any kind is a fault, not an error.
    """
    path = Path(path)
    if month is not None:
        month_span(month, "UTC")
    connect_reader(path).close()
    db = sqlite3.connect("", isolation_level=None, uri=True)
    try:
        db.executescript(derived_schema())
        db.execute("ATTACH ? AS ledger", (reader_uri(path),))
        db.execute("PRAGMA temp_store = MEMORY")
        return _verify(db, month, {h.lower() for h in heads})
    finally:
        db.close()


_DAMAGE = (
    *(sqlite3.Error, LedgerError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError),
    *(RecursionError, struct.error, zlib.error),
)
"""What reading raises where a damaged file gives a value of another type or length than anybody wrote."""


def _verify(db: sqlite3.Connection, month: str | None, heads: set[str]) -> Verification:
    out = Findings()
    head, records, tick_ms = "", 0, None
    db.execute("BEGIN")
    try:
        row = db.execute("SELECT last_tick_ms FROM ledger.poller").fetchone()
        tick_ms = row[0] if row else None
        head, records = _walk(db, out, heads)
        config = config_at(db, None)
        span = None if month is None else month_span(month, zone_of(config.config if config else None))
        _compare(db, out, span)
        check_rollups(db, out, span)
        check_closings(db, out, month)
        check_windows(db, out)
        check_bookmarks(db, out, records)
        check_views(db, out)
        for (message,) in db.execute("PRAGMA ledger.quick_check(10)").fetchall():
            if message != "ok":
                out.add("file", f"文件结构：{message}", f"structure of the file: {message}")
        _check_names(db, out)
    except _DAMAGE as error:
        out.add("file", f"无法继续读取：{error}", f"cannot be read further: {type(error).__name__}: {error}")
    return Verification(faults=tuple(out.faults), head=head, records=records, counts=out.counts, last_tick_ms=tick_ms)


_NAMES = "SELECT type, name FROM {0}.sqlite_schema WHERE name NOT LIKE 'sqlite_%'"


def _check_names(db: sqlite3.Connection, out: Findings) -> None:
    """Name tables, indexes and columns that no version has: the words of a schema are bytes of the file too."""
    ours = sqlite3.connect(":memory:")
    try:
        ours.executescript(schema())
        known = set(ours.execute(_NAMES.format("main")))
        for kind, name in sorted(set(db.execute(_NAMES.format("ledger"))) - known):
            out.add("file", f"未知的 {kind} {name}", f"an unknown {kind} {name}")
        for table in sorted(name for kind, name in known if kind == "table"):
            columns = {row[1] for row in ours.execute(f"PRAGMA table_info({table})")}
            for column in {row[1] for row in db.execute(f"PRAGMA ledger.table_info({table})")} - columns:
                out.add(table, f"表 {table} 有未知的列 {column}", f"table {table} has an unknown column {column}")
    finally:
        ours.close()


def _walk(db: sqlite3.Connection, out: Findings, heads: set[str]) -> tuple[str, int]:
    ledger_id, created_ms = db.execute("SELECT ledger_id, created_ms FROM ledger.ledger").fetchone()
    head, count = genesis(ledger_id, created_ms), 0
    missing = set(heads)
    rows: Iterator[ChainRow] = db.execute("SELECT seq, kind, at_ms, body, hash FROM ledger.chain ORDER BY seq")
    for (seq, kind, at_ms, body, digest), fault in replay(db, rows):
        count += 1
        if seq != count:
            out.add("chain", f"第 {count} 条缺失", f"record {count} is missing", count)
            count = seq
        if not _is_sealed(head, seq, kind, at_ms, body, digest):
            out.add("chain", f"第 {seq} 条的哈希不符", f"record {seq} does not have its hash", seq)
        elif fault is not None:
            out.add("chain", f"第 {seq} 条自相矛盾：{fault}", f"record {seq} contradicts: {fault}", seq)
        elif kind != Kind.TRANSITION:
            _read_note(seq, kind, body, out)
        head = digest if isinstance(digest, bytes) else b""
        if missing:
            missing.discard(head.hex())
    for lost in sorted(missing):
        out.add("chain", f"链中没有留存的链头 {lost}", f"the head {lost} is not in the chain")
    out.counts["chain"] = count
    return head.hex(), count


def _is_sealed(head: bytes, seq: int, kind: object, at_ms: object, body: object, digest: object) -> bool:
    """Tell whether a row has its hash; a value of another type, which only damage can make, has not."""
    return (
        isinstance(kind, int)
        and isinstance(at_ms, int)
        and isinstance(body, bytes)
        and 0 <= kind < 256
        and sealed(head, seq, kind, at_ms, body) == digest
    )


def _read_note(seq: int, kind: int, body: bytes, out: Findings) -> None:
    try:
        if kind == Kind.CONFIG:
            from_json(read_config(body))
        else:
            read_object(body)
    except (ValueError, KeyError, TypeError) as error:
        out.add("chain", f"第 {seq} 条无法读取：{error}", f"record {seq} cannot be read: {error}", seq)


_COMPARED = {
    "device": ("SELECT device, id FROM {db}.device", ""),
    "life": ("SELECT device, t0, t1 FROM {db}.life", ""),
    "open_interval": ("SELECT device, t0, status, seq FROM {db}.open_interval", ""),
    "interval": (
        "SELECT month, device, t0, t1, status, seq FROM {db}.interval",
        " WHERE month BETWEEN :first AND :last",
    ),
}


def _compare(db: sqlite3.Connection, out: Findings, span: Span | None) -> None:
    """Compare the tables that were just derived (main) with the stored ones (ledger), both ways."""
    bounds = {} if span is None else {"first": month_of(span.start_ms), "last": month_of(span.end_ms)}
    for table, (select, where) in _COMPARED.items():
        query = select + (where if span is not None else "")
        derived, stored_rows = query.format(db="main"), query.format(db="ledger")
        out.counts[table] = sum(1 for _ in db.execute(stored_rows, bounds))
        for one, other, zh, en in (
            (derived, stored_rows, "缺少", "lacks"),
            (stored_rows, derived, "多出", "has, and the chain does not say so,"),
        ):
            for row in db.execute(f"{one} EXCEPT {other} LIMIT 10", bounds).fetchall():
                seq = row[-1] if table.endswith("interval") and isinstance(row[-1], int) else None
                out.add(table, f"派生表 {table} {zh} {row}", f"the derived table {table} {en} {row}", seq)
