"""The album's one writer thread: group commit, a damaged file moved aside, removed pictures scrubbed.

Locking: `_lock` guards the queue and the health; only the thread touches the connection. Looks come many a second and
nobody waits for them, so they linger and share a commit; whatever somebody waits for takes them along.

Unlike the ledger, the album does not hold on to what a broken disk will not take: after a few attempts the work fails.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import structlog

from camkeeper.album import shelf
from camkeeper.album.record import AlbumClosedError, AlbumError, AlbumHealth, Limits
from camkeeper.album.schema import NotAnAlbumError, connect_writer, is_damage, move_aside, take_lock
from camkeeper.clock import Clock

T = TypeVar("T")

LINGER_S = 2.0
"""Looks wait this long for others: 17 of them at 5,000 cameras every ten minutes."""
MAX_QUEUE = 5_000
MAX_GROUP = 256
WAL_PAGES = 4_000
"""Checkpoint when the write-ahead log has grown to 16 MB."""
RETRY_S = (0.1, 0.5, 2.0)
SCRUB_AGAIN_S = 1.0
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Desk:
    """What work is done on. The thread's."""

    db: sqlite3.Connection
    path: Path
    limits: Limits
    material: shelf.Held
    scrub: bool = False
    """Pictures were removed: the log must not go on holding them."""


@dataclass(frozen=True, slots=True)
class _Work:
    run: Callable[[Desk], object]
    future: Future[Any]
    lazy: bool


class Writer:
    """Runs work on the album, in order, many pieces to a transaction."""

    def __init__(self, path: Path, clock: Clock, limits: Limits) -> None:
        self.path, self._clock, self._limits = path, clock, limits
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._queue: deque[_Work] = deque()
        self._health = AlbumHealth()
        self._closing = False
        self._give_up = threading.Event()
        self.generation = 0
        """Grows when another file takes the place of a damaged one: readers open anew."""
        self.replacing = threading.Lock()
        """Held while there is no whole file: readers wait with opening."""
        self._fd = take_lock(path)
        try:
            self._desk = self._open()
        except BaseException:
            os.close(self._fd)
            raise
        self._thread = threading.Thread(target=self._loop, name="album-writer", daemon=True)
        self._thread.start()

    def put(self, run: Callable[[Desk], T], *, lazy: bool = False) -> Future[T]:
        """Queue work. AlbumClosedError after `close`; where too much waits, the future fails at once."""
        future: Future[T] = Future()
        with self._wake:
            if self._closing:
                raise AlbumClosedError("画面库已关闭 / the album is closed")
            if len(self._queue) >= MAX_QUEUE:
                self._health = replace(self._health, lost=self._health.lost + 1)
                future.set_exception(AlbumError("写入积压过多 / too much waits to be written"))
                return future
            self._queue.append(_Work(run, future, lazy))
            if not lazy or len(self._queue) == 1:
                self._wake.notify()
        return future

    @property
    def health(self) -> AlbumHealth:
        """How keeping goes now."""
        with self._lock:
            return replace(self._health, waiting=len(self._queue))

    def found_damaged(self, generation: int) -> None:
        """Let the thread move the file aside that a reader of this generation could not read."""

        def run(_: Desk) -> None:
            if self.generation == generation:
                raise NotAnAlbumError("a reader found it damaged")

        with self._lock:
            if self._closing:
                return
        self.put(run)

    def close(self, timeout_s: float) -> bool:
        """Write what waits and stop; False where the disk would not take it in time."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(timeout_s)
        self._give_up.set()
        self._thread.join(2.0)
        return not self._queue and not self._thread.is_alive()

    def _open(self) -> Desk:
        try:
            return self._connect()
        except (sqlite3.Error, OSError, AlbumError, UnicodeDecodeError) as error:
            if not is_damage(error):
                raise AlbumError(f"{self.path}：打不开 / cannot be opened: {error}") from error
            return self._replaced(error)

    def _connect(self) -> Desk:
        db = connect_writer(self.path, created_ms=self._clock.wall_ms())
        try:
            return Desk(db, self.path, self._limits, shelf.held(db))
        except BaseException:
            db.close()
            raise

    def _replaced(self, error: Exception) -> Desk:
        """Move the damaged file aside and begin an empty one."""
        with self.replacing:
            target = move_aside(self.path, now_ms=self._clock.wall_ms())
            desk = self._connect()
            self.generation += 1
        _log.warning("album_damaged", moved_to=target.name, error=str(error))
        with self._lock:
            self._health = replace(self._health, moved_aside=target.name)
        return desk

    def _loop(self) -> None:
        try:
            while True:
                group = self._next()
                if group:
                    self._run(group)
                self._tidy()
                with self._lock:
                    if self._closing and not self._queue:
                        return
                    if self._give_up.is_set():
                        return
        finally:
            self._finish()

    def _next(self) -> list[_Work]:
        with self._wake:
            self._wake.wait_for(
                lambda: self._queue or self._closing, timeout=SCRUB_AGAIN_S if self._desk.scrub else None
            )
            if not self._queue:
                return []
            self._wake.wait_for(lambda: self._closing or any(not w.lazy for w in self._queue), timeout=LINGER_S)
            group = [self._queue.popleft() for _ in range(min(MAX_GROUP, len(self._queue)))]
        # From here on it will be written: who stops waiting for it no longer cancels it.
        return [work for work in group if work.future.set_running_or_notify_cancel()]

    def _run(self, group: list[_Work]) -> None:
        for pause_s in (*RETRY_S, None):
            try:
                outcomes = _transaction(self._desk, group)
            except (sqlite3.Error, OSError, NotAnAlbumError, UnicodeDecodeError) as error:
                trouble: Exception = error
            else:
                self._told(group, outcomes)
                return
            if not self._reopened(trouble) or pause_s is None or self._give_up.wait(pause_s):
                break
        with self._lock:
            self._health = replace(
                self._health,
                error=f"{type(trouble).__name__}: {trouble}",
                lost=self._health.lost + len(group),
            )
        _log.warning("album_not_written", pieces=len(group), error=str(trouble))
        for work in group:
            work.future.set_exception(AlbumError(f"未写入画面库 / not written: {trouble}"))

    def _told(self, group: list[_Work], outcomes: list[object]) -> None:
        with self._lock:
            self._health = replace(self._health, error=None)
        for work, outcome in zip(group, outcomes, strict=True):
            if isinstance(outcome, Exception):
                work.future.set_exception(outcome)
            else:
                work.future.set_result(outcome)

    def _reopened(self, trouble: Exception) -> bool:
        """Begin again from what is on disk; False where even that cannot be, and the next group tries."""
        scrub = self._desk.scrub
        self._desk.db.close()
        try:
            self._desk = self._replaced(trouble) if is_damage(trouble) else self._connect()
        except (sqlite3.Error, OSError, AlbumError, UnicodeDecodeError) as error:
            _log.warning("album_not_opened", error=str(error))
            return not is_damage(trouble)
        self._desk.scrub = scrub
        return True

    def _tidy(self) -> None:
        """Fold the log into the file where it grew, and empty it where it still holds removed pictures."""
        desk = self._desk
        try:
            if desk.scrub:
                (busy, _, _) = desk.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                desk.scrub = bool(busy)  # a reader is in the way: again in a second
            elif _wal_pages(self.path) > WAL_PAGES:
                desk.db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlite3.Error as error:
            _log.warning("album_checkpoint", error=str(error))

    def _finish(self) -> None:
        with self._lock:
            self._closing = True
            rest = list(self._queue)
        for work in rest:
            work.future.set_exception(AlbumClosedError("画面库已关闭 / closed before this was written"))
        try:
            self._desk.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._desk.db.close()
        except sqlite3.Error as error:
            _log.warning("album_close", error=str(error))
        os.close(self._fd)


def _transaction(desk: Desk, group: list[_Work]) -> list[object]:
    """Run the group in one transaction; what is refused fails alone. sqlite3.Error where the disk or the file fails."""
    db = desk.db
    if db.in_transaction:
        db.execute("ROLLBACK")
    db.execute("BEGIN IMMEDIATE")
    outcomes: list[object] = []
    for work in group:
        db.execute("SAVEPOINT work")
        try:
            outcomes.append(work.run(desk))
        except (NotAnAlbumError, UnicodeDecodeError):
            raise
        except Exception as error:
            if type(error) in {sqlite3.OperationalError, sqlite3.DatabaseError} or isinstance(error, OSError):
                raise
            db.execute("ROLLBACK TO work")
            outcomes.append(error)
        db.execute("RELEASE work")
    db.execute("COMMIT")
    return outcomes


def _wal_pages(path: Path) -> int:
    try:
        return Path(f"{path}-wal").stat().st_size // 4096
    except OSError:
        return 0
