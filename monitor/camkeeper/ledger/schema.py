"""Opening the file: schema, pragmas, and who may do what.

SQLite 3.7.0 to 3.51.2 can corrupt a WAL database when two connections checkpoint or write at the same instant (fixed in
3.51.3; Debian 12 has 3.40.1). So exactly one connection, behind a lock file, ever writes and checkpoints; every other
one is opened with mode=ro: SQLite then cannot checkpoint through it, not even when it closes.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

from camkeeper.ledger.record import LedgerFormatError
from camkeeper.upgrade import NewerError, UpgradeError, refuse_newer, statements, steps_of, upgrade, version_of

APPLICATION_ID = 0x434B4C31
"""'CKL1' in the file's header: `file` and backups can tell a ledger."""
LAYOUT = 1
PAGE_BYTES = 4096
STEPS = steps_of("camkeeper.ledger.steps")
VERSION = STEPS[-1].to
"""Of the tables, in the file's user_version; `layout` is of the chain, which no step changes."""
_MADE_BY = {
    2: ("coverage_series", "coverage_hour"),
    4: ("incident_event", "incident", "letter"),
    5: ("order_event", "order_watch", "desk_state"),
    6: ("picture_finding", "clock_drift", "picture_view"),
    7: ("window_event",),
}
"""What tells how far a file is that does not say so."""


def schema() -> str:
    """Return the commented schema."""
    return files("camkeeper.ledger").joinpath("schema.sql").read_text(encoding="utf-8")


def derived_schema() -> str:
    """Return the CREATE statements of the tables that follow from the chain record by record (not the rollups)."""
    wanted = ("device", "life", "interval", "open_interval")
    parts = schema().split("CREATE ")[1:]
    return "".join(f"CREATE {p}" for p in parts if p.startswith(tuple(f"TABLE {name} (" for name in wanted)))


def letter_schema() -> str:
    """Return the CREATE statements of letters and what they tell of: for a file of messages without a ledger."""
    wanted = ("TABLE letter ", "INDEX letter_", "TABLE incident ", "TABLE incident_event ")
    return "".join(f"CREATE {p}" for p in schema().split("CREATE ")[1:] if p.startswith(wanted))


def connect_writer(path: Path, *, created_ms: int, ledger_id: bytes | None = None) -> sqlite3.Connection:
    """Open for writing, creating the ledger where there is none. The caller holds the lock file.

    A new ledger gets `ledger_id`, 16 bytes: random ones (None), or those of the ledger that it is to be a copy of.

    synchronous=FULL: in WAL mode every commit is fsynced before it returns. Checkpoints are made by hand, so that no
    commit pays for one at an unlucky moment. LedgerFormatError where the file is something else.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    db = _connect(str(path), path, uri=False)
    try:
        _set_up(db, path, created_ms, ledger_id or secrets.token_bytes(16))
    except BaseException:
        db.close()
        raise
    return db


def _connect(name: str, path: Path, *, uri: bool) -> sqlite3.Connection:
    try:
        return sqlite3.connect(name, uri=uri, isolation_level=None, check_same_thread=False, timeout=5.0)
    except sqlite3.OperationalError as error:  # a folder, or one that we may not look into
        raise LedgerFormatError(f"{path}: cannot be opened: {error}") from error


def _set_up(db: sqlite3.Connection, path: Path, created_ms: int, ledger_id: bytes) -> None:
    try:
        (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        (application,) = db.execute("PRAGMA application_id").fetchone()
    except (sqlite3.DatabaseError, UnicodeError) as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        raise LedgerFormatError(f"{path}: not a database: {error}") from error
    if tables and application != APPLICATION_ID:
        raise LedgerFormatError(f"{path}: not a camkeeper ledger (application id {application:#x})")
    _refuse_newer(db, path)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA wal_autocheckpoint = 0")
    db.execute("PRAGMA trusted_schema = OFF")
    db.execute("PRAGMA temp_store = MEMORY")
    db.execute("PRAGMA cache_size = -16384")
    if not tables:
        _create(db, created_ms, ledger_id)
    (layout,) = db.execute("SELECT layout FROM ledger").fetchone()
    if layout != LAYOUT:
        raise LedgerFormatError(f"{path}: layout {layout}, this version reads {LAYOUT}")
    try:
        upgrade(db, path, STEPS, found=found_version(db))
    except UpgradeError as error:
        raise LedgerFormatError(str(error)) from error


def _refuse_newer(db: sqlite3.Connection, path: Path) -> None:
    try:
        refuse_newer(db, path, VERSION)
    except NewerError as error:
        raise LedgerFormatError(str(error)) from error


def has_coverage(db: sqlite3.Connection) -> bool:
    """Tell whether the tables of coverage are there: a ledger from before there was any gets them when written."""
    query = "SELECT count(*) FROM sqlite_schema WHERE name IN ('coverage_series', 'coverage_hour')"
    return bool(db.execute(query).fetchone()[0] == 2)


def has_letters(db: sqlite3.Connection) -> bool:
    """Tell whether the tables of incidents and letters are there; as with those of coverage."""
    query = "SELECT count(*) FROM sqlite_schema WHERE name IN ('incident_event', 'incident', 'letter')"
    return bool(db.execute(query).fetchone()[0] == 3)


def has_orders(db: sqlite3.Connection) -> bool:
    """Tell whether the tables of work orders are there; as with those of coverage."""
    query = "SELECT count(*) FROM sqlite_schema WHERE name IN ('order_event', 'order_watch', 'desk_state')"
    return bool(db.execute(query).fetchone()[0] == 3)


def has_pictures(db: sqlite3.Connection, schema: str = "main") -> bool:
    """Tell whether the tables of findings, clocks and views are there; as with those of coverage."""
    tables = "('picture_finding', 'clock_drift', 'picture_view')"
    query = f"SELECT count(*) FROM {schema}.sqlite_schema WHERE name IN {tables}"  # noqa: S608 - constants
    return bool(db.execute(query).fetchone()[0] == 3)


def has_windows(db: sqlite3.Connection, schema: str = "main") -> bool:
    """Tell whether the table of agreed windows is there; as with those of coverage."""
    query = f"SELECT count(*) FROM {schema}.sqlite_schema WHERE name = 'window_event'"  # noqa: S608 - a constant
    return bool(db.execute(query).fetchone()[0])


def found_version(db: sqlite3.Connection) -> int:
    """Return the schema of a file, also of one from before files said so."""
    said = version_of(db)
    if said:
        return said
    there = {name: sql or "" for name, sql in db.execute("SELECT name, sql FROM sqlite_schema")}
    for to, tables in sorted({**_MADE_BY, 3: ()}.items()):
        missing = any(table not in there for table in tables)
        if missing or (to == 3 and "PRIMARY KEY (series, start_ms)" not in there["coverage_hour"]):
            return to - 1
    return max(_MADE_BY)


def _create(db: sqlite3.Connection, created_ms: int, ledger_id: bytes) -> None:
    """One transaction: a kill in the middle leaves an empty file, which the next start fills."""
    db.execute("BEGIN IMMEDIATE")
    for statement in statements(schema()):
        db.execute(statement)
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute(f"PRAGMA user_version = {VERSION}")
    db.execute("INSERT INTO ledger VALUES (1, ?, ?, ?)", (ledger_id, LAYOUT, created_ms))
    db.execute("COMMIT")


def reader_uri(path: Path) -> str:
    """Return the URI that opens the ledger without the right to write.

    A copy in a folder where nothing can be created (a disc, another party's share) has no write-ahead log and cannot
    get its index file: it is opened as a file that does not change.
    """
    path = path.resolve()
    settled = not Path(f"{path}-wal").exists() and not os.access(path.parent, os.W_OK)
    return f"file:{quote(str(path))}?mode=ro{'&immutable=1' if settled else ''}"


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open read-only; LedgerFormatError where it is no ledger, FileNotFoundError where it is not there."""
    if not path.exists():
        raise FileNotFoundError(path)
    db = _connect(reader_uri(path), path, uri=True)
    try:
        db.execute("PRAGMA trusted_schema = OFF")
        db.execute("PRAGMA temp_store = MEMORY")
        db.execute("PRAGMA cache_size = -65536")
        (application,) = db.execute("PRAGMA application_id").fetchone()
        found = db.execute("SELECT layout FROM ledger").fetchone() if application == APPLICATION_ID else None
    except (sqlite3.DatabaseError, UnicodeError) as error:  # a damaged schema may not even be text
        db.close()
        raise LedgerFormatError(f"{path}: cannot be read as a ledger: {error}") from error
    if found is None or found[0] != LAYOUT:
        db.close()
        raise LedgerFormatError(f"{path}: not a camkeeper ledger of layout {LAYOUT}")
    try:
        _refuse_newer(db, path)
    except LedgerFormatError:
        db.close()
        raise
    return db
