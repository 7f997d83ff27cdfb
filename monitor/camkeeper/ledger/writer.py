"""The one writer thread: group commit, retry, and what happens when the disk says no.

Locking: `_lock` guards the queue and the counters; only the thread touches the session. Whatever is queued when a
transaction begins goes into it, so the cost of an fsync is shared by all who wait. A future is resolved after COMMIT
returned, never before.

When writing fails (disk full, I/O error) nothing is dropped: the transaction is rolled back, the same batches are tried
again with growing pauses, and their futures stay pending. The queue is bounded by samples; past the bound `put` raises.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from camkeeper.clock import Clock
from camkeeper.ledger.record import (
    Health,
    InconsistentBatchError,
    LedgerClosedError,
    LedgerError,
    LedgerFullError,
)
from camkeeper.ledger.schema import connect_reader
from camkeeper.ledger.session import Session

T = TypeVar("T")

MAX_PENDING_SAMPLES = 300_000
"""An hour of 5,000 devices at one sample a minute, about 100 MB of memory."""
MAX_GROUP = 512
"""Batches in one transaction."""
WAL_PAGES = 4_000
"""Checkpoint when the write-ahead log has grown to 16 MB."""
RETRY_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    run: Callable[[Session], object]
    future: Future[Any]
    samples: int


class Writer:
    """Runs work on the session, in order, many pieces to a transaction."""

    def __init__(self, session: Session, clock: Clock, *, max_pending_samples: int = MAX_PENDING_SAMPLES) -> None:
        self._session = session
        self._clock = clock
        self._max_pending_samples = max_pending_samples
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._queue: deque[_Work] = deque()
        self._health = Health()
        self._closing = False
        self._give_up = threading.Event()
        self._wal = Path(f"{session.path}-wal")
        # A commit whose fsync failed left its frames in the log, and SQLite's index of the log is what says that they
        # don't count. It goes with the last connection: a reopened one would then recover them as committed, and what
        # is tried again would be on record twice. This one never writes, and keeps the index.
        self._guard = connect_reader(session.path)
        self._thread = threading.Thread(target=self._loop, name="ledger-writer", daemon=True)
        self._thread.start()

    def put(self, run: Callable[[Session], T], *, samples: int = 0) -> Future[T]:
        """Queue work; LedgerFullError where too much waits already, LedgerClosedError after `close`."""
        future: Future[T] = Future()
        # Once queued it is written: who stops waiting (a cancelled task) must not end the writer for everybody else.
        future.set_running_or_notify_cancel()
        with self._wake:
            if self._closing:
                raise LedgerClosedError("the ledger is closed")
            waiting = self._health.pending_samples
            if self._queue and (waiting + samples > self._max_pending_samples or len(self._queue) >= 100_000):
                self._health = replace(self._health, refused_batches=self._health.refused_batches + 1)
                raise LedgerFullError(f"{waiting} samples wait to be written: {self._health.error or 'slow disk'}")
            self._queue.append(_Work(run=run, future=future, samples=samples))
            self._count(1, samples)
            self._wake.notify()
        return future

    def _count(self, batches: int, samples: int) -> None:
        health = self._health
        self._health = replace(
            health,
            pending_batches=health.pending_batches + batches,
            pending_samples=health.pending_samples + samples,
        )

    @property
    def health(self) -> Health:
        """How writing goes now."""
        with self._lock:
            return self._health

    def close(self, timeout_s: float) -> bool:
        """Write what waits and stop; False where the disk would not take it in time (its futures then fail)."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(timeout_s)
        self._give_up.set()
        self._thread.join(2.0)
        return not self._queue and not self._thread.is_alive()

    def _loop(self) -> None:
        try:
            while True:
                with self._wake:
                    while not self._queue and not self._closing:
                        self._wake.wait()
                    group = [self._queue[i] for i in range(min(len(self._queue), MAX_GROUP))]
                if not group:
                    break
                if not self._write(group):
                    break
            self._checkpoint_wal("TRUNCATE")
        finally:
            self._fail_the_rest()

    def _write(self, group: list[_Work]) -> bool:
        """Commit the group, trying until it is on disk; False where the ledger was closed meanwhile."""
        attempt = 0
        while True:
            try:
                done = self._transaction(group)
            except (sqlite3.Error, OSError) as error:
                self._trouble(error)
                if self._give_up.wait(RETRY_S[min(attempt, len(RETRY_S) - 1)]):
                    return False
                attempt += 1
                self._recover_connection()
                continue
            break
        with self._lock:
            for _ in done:
                self._queue.popleft()
            self._count(-len(done), -sum(w.samples for w, _ in done))
            self._health = replace(self._health, error=None, failing_since_ms=None, retries=0)
        for work, outcome in done:
            if isinstance(outcome, Exception):
                work.future.set_exception(outcome)
            else:
                work.future.set_result(outcome)
        if self._wal_pages() > WAL_PAGES:
            self._checkpoint_wal("PASSIVE")
        return True

    def _transaction(self, group: list[_Work]) -> list[tuple[_Work, object]]:
        """Run the group in one transaction. Work that contradicts the record fails alone, the others are run again."""
        try:
            return self._attempt(group)
        except (sqlite3.IntegrityError, sqlite3.DataError, OverflowError) as error:
            # A row that the schema refuses: trying again would be in vain. Find whose it is, one by one.
            self._session.reload()
            if len(group) == 1:
                return [(group[0], InconsistentBatchError(f"refused by the schema: {error}"))]
        return [outcome for work in group for outcome in self._transaction([work])]

    def _attempt(self, group: list[_Work]) -> list[tuple[_Work, object]]:
        failed: dict[int, Exception] = {}
        while True:
            outcomes: list[tuple[_Work, object]] = []
            self._session.begin()
            for i, work in enumerate(group):
                if i in failed:
                    outcomes.append((work, failed[i]))
                    continue
                try:
                    outcomes.append((work, work.run(self._session)))
                except (sqlite3.Error, OSError):
                    raise
                except Exception as error:  # noqa: BLE001 - the caller's, told to the caller; the thread must live
                    failed[i] = error
                    break
            else:
                self._session.commit()
                return outcomes
            self._session.reload()

    def _trouble(self, error: Exception) -> None:
        with self._lock:
            since = self._health.failing_since_ms
            self._health = replace(
                self._health,
                error=f"{type(error).__name__}: {error}",
                failing_since_ms=self._clock.elapsed_ms() if since is None else since,
                retries=self._health.retries + 1,
            )

    def _recover_connection(self) -> None:
        """Begin again from what is on disk; where even that fails, the next attempt tells."""
        try:
            self._session.reopen()
        except (sqlite3.Error, OSError, LedgerError) as error:
            self._trouble(error)

    def _wal_pages(self) -> int:
        try:
            return self._wal.stat().st_size // 4096
        except OSError:
            return 0

    def _checkpoint_wal(self, mode: str) -> None:
        """Move the log into the database. A failure loses nothing: the log stays and is tried again later."""
        try:
            self._session.db.execute(f"PRAGMA wal_checkpoint({mode})").fetchall()
        except sqlite3.Error as error:
            self._trouble(error)

    def _fail_the_rest(self) -> None:
        with self._lock:
            self._closing = True
            rest = list(self._queue)
        for work in rest:
            if not work.future.done():
                work.future.set_exception(LedgerClosedError("closed before this was on disk"))
        try:
            self._guard.close()
            self._session.db.close()
        except sqlite3.Error as error:
            self._trouble(error)
