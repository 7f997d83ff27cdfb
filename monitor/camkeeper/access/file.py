"""Opening the store's file. As with the ledger one connection, behind a lock file, writes and checkpoints.

A damaged store is never replaced by an empty one: whoever can damage a file would be let in by that as the first admin.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from camkeeper.access.chain import Verified, genesis, walk
from camkeeper.access.record import AccessBusyError, AccessError
from camkeeper.standing.access import AuditRecord
from camkeeper.upgrade import Step, UpgradeError, refuse_newer, shape, upgrade, version_of

T = TypeVar("T")

APPLICATION_ID = 0x434B5531
"""'CKU1' in the file's header."""
LAYOUT = 1
STEPS: tuple[Step, ...] = ()
"""None yet: the first schema is today's."""
VERSION = max((step.to for step in STEPS), default=1)
"""Of the tables, in the file's user_version."""
AUDIT = "number, at_ms, by, role, address, what, target, detail, head"
_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "secure_delete = ON",
    "trusted_schema = OFF",
    "foreign_keys = ON",
)


def access_beside(ledger: Path) -> Path:
    """Return where the store of a ledger is."""
    return ledger.with_suffix(".access")


def anchor(place: Path) -> Path:
    """Return what a board's private files stand beside: the ledger itself, or in a county hub's folder `hub`."""
    return place / "hub" if place.is_dir() else place


def take_lock(path: Path) -> int:
    """Return the descriptor that holds the right to write; closing it gives the right back. AccessBusyError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fd = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(fd)
        raise AccessBusyError(f"{path}：另一进程正在使用（监测在运行）/ another process has it open") from error
    return fd


def connect_writer(path: Path, *, created_ms: int) -> sqlite3.Connection:
    """Open for writing, creating the store where there is none. AccessError or OSError otherwise."""
    with contextlib.suppress(FileExistsError):  # the mode is set before SQLite writes a byte
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    _private(path)
    try:
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0.5)
        try:
            empty = not db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
            if not empty:
                _ours(db, path)  # before a byte of somebody else's file is changed
                upgrade(db, path, STEPS, found=version_of(db) or 1)
                _check(db, path)
            for pragma in _PRAGMAS:
                db.execute(f"PRAGMA {pragma}")
            if empty:
                _create(db, created_ms)
        except BaseException:
            db.close()
            raise
    except UpgradeError as error:
        raise AccessError(str(error)) from error
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise AccessError(
            f"{path}：账户库打不开（{error}）；请从备份恢复，或移走它后运行 camkeeper access first 重新开始"
            " / cannot be opened; restore it, or move it away and begin anew by camkeeper access first"
        ) from error
    return db


def _private(path: Path) -> None:
    """Take rights away that others may have been given; they hold hashes, but hashes can be guessed at."""
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)


def _script() -> str:
    return files("camkeeper.access").joinpath("schema.sql").read_text(encoding="utf-8")


def _create(db: sqlite3.Connection, created_ms: int) -> None:
    db.executescript(
        f"BEGIN IMMEDIATE;\n{_script()}\nPRAGMA application_id = {APPLICATION_ID};PRAGMA user_version = {VERSION};"
    )
    db.execute("INSERT INTO access VALUES (1, ?, ?, ?)", (LAYOUT, secrets.token_bytes(16), created_ms))
    db.execute("COMMIT")


def _ours(db: sqlite3.Connection, path: Path) -> None:
    (application,) = db.execute("PRAGMA application_id").fetchone()
    if application == APPLICATION_ID:
        try:
            refuse_newer(db, path, VERSION)
        except UpgradeError as error:
            raise AccessError(str(error)) from error
    else:
        raise AccessError(f"{path}：不是账户库 / not a store of accounts")


def _check(db: sqlite3.Connection, path: Path) -> None:
    _ours(db, path)
    if shape(db) != _wanted():
        raise AccessError(f"{path}：不是本版本的账户库 / not a store of accounts of this version")


@cache
def _wanted() -> frozenset[tuple[str, str]]:
    db = sqlite3.connect(":memory:")
    try:
        db.executescript(_script())
        return shape(db)
    finally:
        db.close()


def genesis_of(db: sqlite3.Connection) -> bytes:
    """Return the head before this store's first entry."""
    store, created_ms = db.execute("SELECT store, created_ms FROM access").fetchone()
    return genesis(store, created_ms)


def audit_record(row: tuple[int, int, str, str, str, str, str, str, bytes]) -> AuditRecord:
    """Return what `AUDIT` selects."""
    number, at_ms, by, role, address, what, target, detail, head = row
    return AuditRecord(
        number=number,
        at_ms=at_ms,
        by=by,
        role=role,
        address=address,
        what=what,
        target=target,
        detail=detail,
        head=head.hex(),
    )


def verify(path: Path, *, looked_for: frozenset[str] = frozenset()) -> Verified:
    """Follow the audit log's chain, also while the monitor writes it. AccessError where the file cannot be read."""
    try:
        with _reader(path) as db:
            _check(db, path)
            rows = db.execute(f"SELECT {AUDIT} FROM audit ORDER BY number")  # noqa: S608 - a constant
            return walk(genesis_of(db), map(audit_record, rows), looked_for=looked_for)
    except (sqlite3.Error, UnicodeDecodeError, AttributeError, TypeError, ValueError) as error:
        raise AccessError(f"{path}：账户库已损坏 / the store is damaged: {error}") from error


def newest(path: Path, *, before: int | None, count: int) -> tuple[AuditRecord, ...]:
    """Return entries of the audit log, newest first. AccessError where the file cannot be read."""
    return read(path, lambda db: page(db, before=before, count=count))


def page(db: sqlite3.Connection, *, before: int | None, count: int) -> tuple[AuditRecord, ...]:
    """Return entries from below number `before`, newest first."""
    limit = 2**62 if before is None else before
    rows = db.execute(
        f"SELECT {AUDIT} FROM audit WHERE number < ? ORDER BY number DESC LIMIT ?",  # noqa: S608 - a constant
        (limit, count),
    )
    return tuple(map(audit_record, rows))


def read(path: Path, what: Callable[[sqlite3.Connection], T]) -> T:
    """Return what is read on a connection that can write nothing. AccessError where the file cannot be read."""
    try:
        with _reader(path) as db:
            _check(db, path)
            return what(db)
    except (sqlite3.Error, UnicodeDecodeError, ValueError) as error:
        raise AccessError(f"{path}：读不了 / cannot be read: {error}") from error


@contextlib.contextmanager
def _reader(path: Path) -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True, isolation_level=None)
    try:
        db.execute("PRAGMA trusted_schema = OFF")
        yield db
    finally:
        db.close()
