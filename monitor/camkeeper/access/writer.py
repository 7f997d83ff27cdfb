"""The store's one writer thread: what people wait for shares a commit, and memory follows the disk, never leads it.

Locking: `_wake` guards the queue; only the thread touches the connection. After each commit that changed more than the
audit log the thread reads everything anew and swaps it in before anybody is answered: so no session outlives the
password that is on disk, whatever overtook what.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import structlog

from camkeeper.access import rows
from camkeeper.access.file import connect_writer, take_lock
from camkeeper.access.record import AccessClosedError, AccessError, Held

T = TypeVar("T")

MAX_QUEUE = 10_000
MAX_GROUP = 128
RETRY_S = (0.1, 0.5, 2.0)
CLOSE_WITHIN_S = 4.0
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Desk:
    """What work is done on, in an open transaction. The thread's."""

    db: sqlite3.Connection
    changed: bool = False
    """More than the audit log was written."""


@dataclass(frozen=True, slots=True)
class _Work:
    run: Callable[[Desk], object]
    future: Future[Any]


class Writer:
    """Runs work on the store, in order."""

    def __init__(self, path: Path, *, created_ms: int) -> None:
        self._wake = threading.Condition()
        self._queue: deque[_Work] = deque()
        self._closing = False
        self._give_up = threading.Event()
        self._fd = take_lock(path)
        try:
            self._desk = Desk(connect_writer(path, created_ms=created_ms))
            self.held: Held = rows.read_all(self._desk.db)
        except (sqlite3.Error, ValueError, KeyError) as error:
            os.close(self._fd)
            raise AccessError(f"{path}：账户库已损坏 / the store is damaged: {error}") from error
        except BaseException:
            os.close(self._fd)
            raise
        self._thread = threading.Thread(target=self._loop, name="access-writer", daemon=True)
        self._thread.start()

    def put(self, run: Callable[[Desk], T]) -> Future[T]:
        """Queue work; the future is resolved when it is on disk and in `held`. AccessClosedError after `close`."""
        future: Future[T] = Future()
        with self._wake:
            if self._closing:
                raise AccessClosedError("账户库已关闭 / the store of accounts is closed")
            if len(self._queue) >= MAX_QUEUE:
                raise AccessError("写入积压过多 / too much waits to be written")
            self._queue.append(_Work(run, future))
            self._wake.notify()
        return future

    def close(self) -> bool:
        """Write what waits and stop; False where the disk would not take it in time."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(CLOSE_WITHIN_S)
        self._give_up.set()
        self._thread.join(1.0)
        return not self._thread.is_alive()

    def _loop(self) -> None:
        try:
            while group := self._next():
                self._run([work for work in group if work.future.set_running_or_notify_cancel()])
        finally:
            self._finish()

    def _next(self) -> list[_Work]:
        """Return what waits; empty: the end."""
        with self._wake:
            self._wake.wait_for(lambda: self._queue or self._closing)
            if self._give_up.is_set():
                return []
            return [self._queue.popleft() for _ in range(min(MAX_GROUP, len(self._queue)))]

    def _run(self, group: list[_Work]) -> None:
        if not group:
            return
        for pause_s in (*RETRY_S, None):
            try:
                outcomes, held = _transaction(self._desk, group)
            except (sqlite3.Error, OSError, ValueError) as error:
                trouble: Exception = error
                if pause_s is None or self._give_up.wait(pause_s):
                    break
            else:
                self.held = held or self.held
                for work, outcome in zip(group, outcomes, strict=True):
                    _tell(work, outcome)
                return
        _log.error("access_not_written", pieces=len(group), error=str(trouble))
        for work in group:
            work.future.set_exception(AccessError(f"未写入账户库 / not written: {trouble}"))

    def _finish(self) -> None:
        with self._wake:
            self._closing = True
            rest = list(self._queue)
            self._queue.clear()
        for work in rest:
            work.future.set_exception(AccessClosedError("账户库已关闭 / closed before this was written"))
        try:
            self._desk.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._desk.db.close()
        except sqlite3.Error as error:
            _log.warning("access_close", error=str(error))
        os.close(self._fd)


def _tell(work: _Work, outcome: object) -> None:
    if isinstance(outcome, Exception):
        work.future.set_exception(outcome)
    else:
        work.future.set_result(outcome)


def _transaction(desk: Desk, group: list[_Work]) -> tuple[list[object], Held | None]:
    """Run the group in one transaction; what is refused fails alone. sqlite3.Error where the disk fails.

    The second is what is held now; None where that has not changed.
    """
    db = desk.db
    if db.in_transaction:
        db.execute("ROLLBACK")
    desk.changed = False
    db.execute("BEGIN IMMEDIATE")
    outcomes: list[object] = []
    for work in group:
        db.execute("SAVEPOINT work")
        try:
            outcomes.append(work.run(desk))
        except (sqlite3.OperationalError, OSError):
            raise
        except Exception as error:  # noqa: BLE001 - told to whoever asked for it
            db.execute("ROLLBACK TO work")
            outcomes.append(error)
        db.execute("RELEASE work")
    held = rows.read_all(db) if desk.changed else None
    db.execute("COMMIT")
    return outcomes, held
