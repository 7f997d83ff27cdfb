"""Alarms and letters of a hub on disk: one small SQLite file, written by one thread, fsynced before it answers.

An alarm's new state and the letters that tell of it are one transaction: a kill never leaves one without the other,
so after a restart nothing is told twice and nothing is forgotten.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import structlog

from camkeeper.hub.alarms import Alarm
from camkeeper.ledger import letters as mail
from camkeeper.ledger.schema import letter_schema
from camkeeper.model.letter import Letter, Receipt
from camkeeper.model.post import WAITING, LetterState, Post
from camkeeper.model.wire import WireError, from_json, to_json

FILE = "alarms.db"
KEEP_MS = 90 * 86_400_000
"""Delivered letters lose their words after this; that they went stays."""
_ALARMS = """
CREATE TABLE alarm (
    id   TEXT PRIMARY KEY,
    body TEXT NOT NULL       -- hub.alarms.Alarm as JSON; alarms that are over are not here
)
"""
_log = structlog.get_logger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What a start finds."""

    alarms: tuple[Alarm, ...]
    posts: tuple[Post, ...]
    tried_ms: Mapping[str, tuple[int, ...]]


class AlarmBook:
    """The file. Futures are of `concurrent.futures`: `run.sender` waits for them as for a ledger's."""

    def __init__(self, path: Path | None) -> None:
        """Open or create the file; sqlite3.Error or OSError where it cannot be. None: in memory only."""
        if path is not None:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        if not self._db.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'alarm'").fetchone()[0]:
            self._db.executescript(f"BEGIN;\n{letter_schema()}{_ALARMS};\nCOMMIT;")
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="alarms")

    def recall(self, since_ms: int) -> Future[Remembered]:
        """Return open alarms, letters that wait, and attempts since an instant."""
        return self._pool.submit(lambda: self._recall(since_ms))

    def settle(self, alarms: Sequence[Alarm], letters: Sequence[Letter]) -> Future[None]:
        """Store all open alarms and queue letters, in one transaction."""

        def work() -> None:
            self._db.execute("DELETE FROM alarm")
            rows = [(alarm.id, json.dumps(to_json(alarm), ensure_ascii=False)) for alarm in alarms]
            self._db.executemany("INSERT INTO alarm VALUES (?, ?)", rows)
            mail.store(self._db, letters, {})
            if letters:
                mail.sweep(self._db, max(letter.created_ms for letter in letters) - KEEP_MS, limit=100)

        return self._transaction(work)

    def mark(
        self, letter_id: str, state: LetterState, receipt: Receipt | None, at_ms: int, *, due_ms: int = 0
    ) -> Future[None]:
        """Note where a letter is now."""
        return self._transaction(lambda: mail.mark(self._db, letter_id, state, receipt, at_ms, due_ms))

    def bundle(self, digest: Letter, letter_ids: Sequence[str], at_ms: int) -> Future[None]:
        """Queue one letter that stands for others."""
        return self._transaction(lambda: mail.bundle(self._db, digest, letter_ids, at_ms))

    def close(self) -> None:
        """Finish what was begun, and let go of the file."""
        self._pool.shutdown()
        self._db.close()

    def _transaction(self, work: Callable[[], T]) -> Future[T]:
        def run() -> T:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                out = work()
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # a full disk may have ended it already
                    self._db.execute("ROLLBACK")
                raise
            return out

        return self._pool.submit(run)

    def _recall(self, since_ms: int) -> Remembered:
        alarms = []
        for alarm_id, body in self._db.execute("SELECT id, body FROM alarm ORDER BY id"):
            try:
                alarms.append(from_json(Alarm, json.loads(body)))
            except (ValueError, WireError) as error:  # told anew, if it still stands
                _log.error("alarm_unreadable", id=alarm_id, error=str(error))
        damaged: list[str] = []
        posts = mail.read(self._db, states=WAITING, damaged=damaged)
        for fault in damaged:
            _log.error("letter_unreadable", error=fault)
        return Remembered(alarms=tuple(alarms), posts=posts, tried_ms=mail.tried_since(self._db, since_ms))
