"""Opening the album's file, and moving a damaged one aside.

The rules of WAL are the ledger's: SQLite 3.7.0 to 3.51.2 can corrupt a file that two connections write or checkpoint at
one instant, so one connection, behind a lock file, does both, and readers are opened with mode=ro.

secure_delete: what is removed is overwritten. The write-ahead log may still hold it, so the writer empties the log
whenever pictures were removed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from functools import cache
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

from camkeeper.album.record import AlbumBusyError, AlbumError
from camkeeper.upgrade import UpgradeError, refuse_newer, shape, steps_of, upgrade, version_of

APPLICATION_ID = 0x434B4131
"""'CKA1' in the file's header."""
LAYOUT = 1
STEPS = steps_of("camkeeper.album.steps")
VERSION = STEPS[-1].to
"""Of the tables, in the file's user_version."""
BUSY_S = 0.1
"""Nobody else writes; emptying the log waits this long for a reader, and tries again later."""
_SIDES = ("", "-wal", "-shm")
_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})


class NotAnAlbumError(AlbumError):
    """The bytes there are no album of this version."""


def album_beside(ledger: Path) -> Path:
    """Return where the album of a ledger is."""
    return ledger.with_suffix(".album")


def is_damage(error: Exception) -> bool:
    """Tell whether an error says that the file's bytes are wrong, and not that the disk is full or away."""
    if isinstance(error, NotAnAlbumError | UnicodeDecodeError):
        return True  # SQLite's message about a damaged schema quotes it, and that need not be text
    if not isinstance(error, sqlite3.DatabaseError):
        return False
    # All our SQL is constant: if a table is not there, it is the file's schema that is wrong.
    code = getattr(error, "sqlite_errorcode", None) or 0
    return code & 0xFF in _DAMAGE or str(error).startswith(("no such ", "Could not decode"))


def take_lock(path: Path) -> int:
    """Return the descriptor that holds the right to write; closing it gives the right back. AlbumBusyError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fd = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(fd)
        raise AlbumBusyError(f"{path}：另一进程正在写 / another process writes it") from error
    return fd


def connect_writer(path: Path, *, created_ms: int) -> sqlite3.Connection:
    """Open for writing, creating the album where there is none. NotAnAlbumError or a sqlite3.Error otherwise.

    synchronous=NORMAL: a power cut may take the last seconds of looks, never the file; no figure hangs on them.
    """
    with contextlib.suppress(FileExistsError):  # pictures are nobody else's business: the mode is set before SQLite
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_S)
    try:
        (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if not tables:
            db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute("PRAGMA secure_delete = ON")
        db.execute("PRAGMA trusted_schema = OFF")
        db.execute("PRAGMA temp_store = MEMORY")
        db.execute("PRAGMA cache_size = -4096")
        if not tables:
            _create(db, created_ms)
        else:
            _upgrade(db, path)
        _check(db, path)
    except BaseException:
        db.close()
        raise
    return db


def _script() -> str:
    return files("camkeeper.album").joinpath("schema.sql").read_text(encoding="utf-8")


def _create(db: sqlite3.Connection, created_ms: int) -> None:
    db.executescript(
        f"BEGIN IMMEDIATE;\n{_script()}\nPRAGMA application_id = {APPLICATION_ID};PRAGMA user_version = {VERSION};"
    )
    db.execute("INSERT INTO album VALUES (1, ?, ?)", (LAYOUT, created_ms))
    db.execute("COMMIT")


def _upgrade(db: sqlite3.Connection, path: Path) -> None:
    """Bring an earlier file to today's schema. AlbumError; what is no album is found out afterwards."""
    (application,) = db.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        return
    try:
        refuse_newer(db, path, VERSION)
        upgrade(db, path, STEPS, found=_found(db))
    except UpgradeError as error:
        if isinstance(error.__cause__, Exception) and is_damage(error.__cause__):
            raise NotAnAlbumError(str(error)) from error
        raise AlbumError(str(error)) from error


def _found(db: sqlite3.Connection) -> int:
    columns = {row[1] for row in db.execute("PRAGMA table_info(baseline)")}
    return version_of(db) or (2 if "retired" in columns or not columns else 1)


def _check(db: sqlite3.Connection, path: Path) -> None:
    (application,) = db.execute("PRAGMA application_id").fetchone()
    row = db.execute("SELECT layout FROM album").fetchone() if application == APPLICATION_ID else None
    if row is None or row[0] != LAYOUT:
        raise NotAnAlbumError(f"{path}: not an album of layout {LAYOUT}")
    if shape(db) != _wanted():
        raise NotAnAlbumError(f"{path}: its tables are not those of an album")


@cache
def _wanted() -> frozenset[tuple[str, str]]:
    db = sqlite3.connect(":memory:")
    try:
        db.executescript(_script())
        return shape(db)
    finally:
        db.close()


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open read-only; a sqlite3.Error where that cannot be."""
    db = sqlite3.connect(
        f"file:{quote(str(path.resolve()))}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
    )
    db.execute("PRAGMA trusted_schema = OFF")
    db.execute("PRAGMA cache_size = -1024")
    return db


def move_aside(path: Path, *, now_ms: int) -> Path:
    """Rename a damaged album with its log; an older damaged one goes. OSError where it cannot be."""
    for old in aside(path):
        old.unlink(missing_ok=True)
    target = Path(f"{path}.damaged-{now_ms}")
    for side in _SIDES:
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{side}").rename(f"{target}{side}")
    return target


def aside(path: Path) -> tuple[Path, ...]:
    """Return the files of damaged albums."""
    return tuple(sorted(path.parent.glob(f"{path.name}.damaged-*")))
