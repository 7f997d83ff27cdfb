"""How far the mirror is: `LEDGER.mirror`, a small SQLite file beside the ledger. Losing it costs writing again.

What it says was taken by the server, for it moves only afterwards. It may lag (a kill between the server's answer and
our commit): the same points are then written twice, and the second time changes nothing.

The monitor's mirror and `camkeeper mirror rebuild` may open it at once; both only write in short transactions, and who
moves a cursor that somebody wound back meanwhile is told by the epoch.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Self

_TABLES = """
CREATE TABLE IF NOT EXISTS mirror (
    id INTEGER PRIMARY KEY CHECK (id = 1), ledger_id BLOB NOT NULL, target BLOB NOT NULL, epoch INTEGER NOT NULL,
    seq INTEGER NOT NULL, day_ms INTEGER NOT NULL, hour_ms INTEGER NOT NULL, coverage_ms INTEGER NOT NULL,
    coverage_basis BLOB NOT NULL, rejected INTEGER NOT NULL, last_ok_ms INTEGER);
CREATE TABLE IF NOT EXISTS day (
    day INTEGER NOT NULL, zone TEXT NOT NULL, end_ms INTEGER NOT NULL, basis BLOB NOT NULL,
    PRIMARY KEY (day, zone)) WITHOUT ROWID;
"""
NEVER_MS = -(2**62)
DayKey = tuple[int, str]
"""Local date as days since 1970-01-01, and zone."""


class CursorError(Exception):
    """The sidecar file cannot be used."""


class HeldError(CursorError):
    """Another mirror of this ledger runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """The cursors. Everything before a mark is with the server."""

    epoch: int = 0
    """Counts how often the marks were wound back from outside."""
    seq: int = 0
    """Newest record of the chain that was read."""
    day_ms: int = NEVER_MS
    """Days that end before were compared with what is written."""
    hour_ms: int = NEVER_MS
    coverage_ms: int = NEVER_MS
    coverage_basis: bytes = b""
    """Digest of what the coverage written so far was computed from."""
    rejected: int = 0
    last_ok_ms: int | None = None

    def not_after(self, at_ms: int) -> Marks:
        """Return the marks after a change that reaches back to an instant: what it touches is written again."""
        hour_ms = max(NEVER_MS, at_ms // 3_600_000 * 3_600_000)
        return replace(
            self,
            day_ms=min(self.day_ms, at_ms),
            hour_ms=min(self.hour_ms, hour_ms),
            coverage_ms=min(self.coverage_ms, hour_ms),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What a page that the server took changes: the marks, and the days in it."""

    marks: Marks
    days: Mapping[DayKey, tuple[int, bytes]] | None = None
    """Day -> (its end, what its figures follow from)."""
    forget_from_ms: int | None = None
    """Days that end later are as if never written."""


class Cursor:
    """The sidecar of one ledger and one target."""

    def __init__(self, path: Path, *, ledger_id: bytes, target: str) -> None:
        """Open or begin it. CursorError where the file is something else."""
        self.path = path
        self._identity = (ledger_id, hashlib.sha256(target.encode()).digest())
        try:
            self._db = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
            for statement in _TABLES.split(";")[:2]:
                self._db.execute(statement)
            self._begin()
        except sqlite3.Error as error:
            raise CursorError(f"{path}: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def _begin(self) -> None:
        """Make sure of the one row; another ledger or another target begins from nothing."""
        with self._writing() as db:
            row = db.execute("SELECT ledger_id, target, epoch FROM mirror").fetchone()
            if row is None or (row[0], row[1]) != self._identity:
                db.execute("DELETE FROM day")
                self._put(db, Marks(epoch=0 if row is None else row[2] + 1))

    def _put(self, db: sqlite3.Connection, marks: Marks) -> None:
        names = [f.name for f in fields(Marks)]
        db.execute(
            f"INSERT OR REPLACE INTO mirror (id, ledger_id, target, {', '.join(names)})"  # noqa: S608 - our own names
            f" VALUES (1, ?, ?{', ?' * len(names)})",
            (*self._identity, *(getattr(marks, name) for name in names)),
        )

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def marks(self) -> Marks:
        """Return the cursors now."""
        names = [f.name for f in fields(Marks)]
        try:
            row = self._db.execute(f"SELECT {', '.join(names)} FROM mirror").fetchone()  # noqa: S608 - our own names
        except sqlite3.Error as error:
            raise CursorError(f"{self.path}: {error}") from error
        return Marks(**dict(zip(names, row, strict=True)))

    def days(self) -> dict[DayKey, bytes]:
        """Return what each written day follows from."""
        return {(day, zone): basis for day, zone, basis in self._db.execute("SELECT day, zone, basis FROM day")}

    def move(self, moved: Moved) -> bool:
        """Keep what the server took; False where somebody wound the marks back meanwhile, and nothing changes."""
        try:
            with self._writing() as db:
                if db.execute("SELECT epoch FROM mirror").fetchone() != (moved.marks.epoch,):
                    return False
                if moved.forget_from_ms is not None:
                    db.execute("DELETE FROM day WHERE end_ms > ?", (moved.forget_from_ms,))
                db.executemany(
                    "INSERT OR REPLACE INTO day (day, zone, end_ms, basis) VALUES (?, ?, ?, ?)",
                    ((*key, end_ms, basis) for key, (end_ms, basis) in (moved.days or {}).items()),
                )
                self._put(db, moved.marks)
        except sqlite3.Error as error:
            raise CursorError(f"{self.path}: {error}") from error
        return True

    def wind_back(self, *, seq: int, from_ms: int) -> None:
        """Have everything from a record and an instant on written again; a mirror that runs takes note."""
        with self._writing() as db:
            now = self.marks()
            db.execute("DELETE FROM day WHERE end_ms > ?", (from_ms,))
            back = now.not_after(from_ms)
            self._put(db, replace(back, epoch=now.epoch + 1, seq=min(now.seq, seq)))


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Be the one mirror of this ledger until the block ends; HeldError where another is."""
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise HeldError(str(path)) from error
        yield
    finally:
        os.close(lock)


def sidecar(ledger: Path) -> Path:
    """Return where the cursors of a ledger's mirror lie."""
    return ledger.with_name(f"{ledger.name}.mirror")


def rejected_file(ledger: Path) -> Path:
    """Return where lines lie that the server refused for good."""
    return ledger.with_name(f"{ledger.name}.mirror.rejected")


def append_rejected(path: Path, lines: Sequence[bytes], why: str, *, most_bytes: int = 64 * 1024 * 1024) -> None:
    """Keep lines with the server's words before them; past `most_bytes` only their number."""
    reason = " ".join(why.split())[:500]
    full = path.exists() and path.stat().st_size > most_bytes
    with path.open("ab") as file:
        if not full:
            file.write(f"# {len(lines)} lines: {reason}\n".encode())
            file.write(b"\n".join(lines) + b"\n")
