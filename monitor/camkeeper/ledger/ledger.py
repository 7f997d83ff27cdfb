"""The writing side, as the monitor sees it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Self, TypeVar

from camkeeper.clock import Clock
from camkeeper.judge.track import Track
from camkeeper.ledger import amending, closing, incidents, letters, orders, pictures, rollup, windows
from camkeeper.ledger.coverage import CoverageHour, CoverageSeries
from camkeeper.ledger.record import (
    Ack,
    Batch,
    Boot,
    Health,
    LedgerBusyError,
    LedgerDamagedError,
    Life,
    Recorded,
    Recovery,
)
from camkeeper.ledger.replay import pack_tracks, read_checkpoint, read_journal
from camkeeper.ledger.session import Session
from camkeeper.ledger.writer import MAX_PENDING_SAMPLES, Writer
from camkeeper.model.letter import Letter, Receipt
from camkeeper.model.post import WAITING, LetterState
from camkeeper.model.status import Status

CLOSE_WITHIN_S = 4.0
T = TypeVar("T")


class Lock:
    """The exclusive right to write a ledger, on a side file: a kill releases it, a copy of the ledger has none."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = Path(f"{path}.lock")
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = self._path.read_text(encoding="utf-8").strip() or "?"
            os.close(self._fd)
            raise LedgerBusyError(f"{path} is being written by process {holder}") from error
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Give the right back."""
        os.close(self._fd)


class Ledger:
    """Append-only, hash-chained; what is acknowledged is on disk. Thread-safe."""

    def __init__(self, path: Path, boot: Boot, clock: Clock, max_pending_samples: int) -> None:
        self.path = path
        self._clock = clock
        self._lock = Lock(path)
        try:
            session = Session(path, created_ms=clock.wall_ms())
            self._recovery = _recovery(session)
        except BaseException:
            self._lock.release()
            raise
        self._writer = Writer(session, clock, max_pending_samples=max_pending_samples)
        self.booted = self._writer.put(lambda s: s.boot(boot, clock.wall_ms()))
        """Resolved when the boot record is on disk."""
        self._closed = False

    @classmethod
    def open(
        cls, path: str | Path, *, boot: Boot, clock: Clock, max_pending_samples: int = MAX_PENDING_SAMPLES
    ) -> Self:
        """Open for writing, creating the ledger where there is none.

        LedgerBusyError where another monitor has it, LedgerFormatError where the file is something else.
        """
        return cls(Path(path), boot, clock, max_pending_samples)

    def append(self, batch: Batch) -> Future[Ack]:
        """Queue a batch; the future is resolved once it is fsynced.

        LedgerFullError: not taken, keep the tracks from before it. The future raises InconsistentBatchError where the
        batch contradicts the record, and LedgerClosedError where `close` gave up on a broken disk.
        """
        wall_ms = self._clock.wall_ms()
        return self._writer.put(lambda s: s.write(batch, wall_ms), samples=len(batch.samples))

    def checkpoint(self, tracks: Iterable[Track]) -> Future[int]:
        """Keep the tracks as they are after all batches appended so far; resolves to the journal rows pruned."""
        blob = pack_tracks(tracks)
        return self._writer.put(lambda s: s.checkpoint(blob))

    def roll_up(self, *, days: int = 40) -> Future[int]:
        """Roll up the finished local days of the newest `days` whose figures are missing or out of date.

        Resolves to the number of (day, zone) pairs computed. Cheap where nothing changed: call it hourly, and after an
        edit of the windows.
        """
        return self._writer.put(lambda s: rollup.roll_up(s, days=days))

    def store_coverage(
        self, series: Sequence[CoverageSeries], hours: Sequence[CoverageHour], *, seen_seq: int
    ) -> Future[int]:
        """Keep finished hours of coverage, computed from what a reader saw up to record `seen_seq`.

        `series` are all there are now: the hours of every other one, and of one whose basis changed, go. Resolves to
        the number of hours kept. A few ten thousand at a time: samples wait meanwhile.
        """
        return self._writer.put(lambda s: s.store_coverage(series, hours, seen_seq))

    def mark(
        self,
        letter_id: str,
        state: LetterState,
        receipt: Receipt | None,
        at_ms: int,
        *,
        due_ms: int = 0,
    ) -> Future[None]:
        """Note where a letter is now; `sending` counts an attempt, and a digest takes its letters along.

        `due_ms`: not again before. The future raises KeyError for a letter that is not on record.
        """
        return self._writer.put(lambda s: letters.mark(s.db, letter_id, state, receipt, at_ms, due_ms))

    def bundle(self, digest: Letter, letter_ids: Sequence[str], at_ms: int) -> Future[None]:
        """Queue one letter that stands for others: they share its fate. On disk together or not at all."""
        return self._writer.put(lambda s: letters.bundle(s.db, digest, letter_ids, at_ms))

    def sweep_letters(self, before_ms: int, *, limit: int = 500) -> Future[int]:
        """Drop the words of delivered letters from before an instant, at most `limit`; resolves to how many it were."""
        return self._writer.put(lambda s: letters.sweep(s.db, before_ms, limit=limit))

    def close_month(
        self, month: str, *, zone: str, by: str, settle_ms: int = closing.SETTLE_MS
    ) -> Future[closing.Closed]:
        """Fix a month's figures ("2026-10", in `zone`) in the chain; ValueError where it is not settled, or closed.

        Settled: an hour, or `settle_ms` where that is longer, was observed after its end.
        """
        wall_ms = self._clock.wall_ms()
        return self._writer.put(
            lambda s: closing.close_month(s, month, zone=zone, by=by, at_ms=wall_ms, settle_ms=settle_ms)
        )

    def amend(
        self,
        month: str,
        *,
        by: str,
        why: str,
        signatures: Sequence[Mapping[str, str]] = (),
        expected: tuple[str, str] | None = None,
    ) -> Future[closing.Closed]:
        """Fix a closed month's figures anew, with the windows of today, beside what they were.

        ValueError where it is not closed, or where the new digests of (figures, windows) are not the `expected` ones:
        something changed since they were signed. Whose signatures these are the caller has judged.
        """
        wall_ms = self._clock.wall_ms()

        def make(session: Session) -> closing.Closed:
            session.flush()
            found = amending.preview(session.db, month)
            if expected is not None and expected != (found.figures, found.windows):
                raise ValueError(f"{month} has changed since the amendment was signed")
            return closing.amend(session, month, by=by, why=why, at_ms=wall_ms, note=amending.note(found, signatures))

        return self._writer.put(make)

    def recover(self) -> Recovery:
        """Return what was on record when the ledger was opened."""
        return self._recovery

    @property
    def health(self) -> Health:
        """How writing goes now."""
        return self._writer.health

    def close(self) -> bool:
        """Write what waits, fold the write-ahead log into the file, release the lock: within 5 s.

        False where the disk would not take what waited; the futures of that have failed.
        """
        if self._closed:
            return True
        self._closed = True
        clean = self._writer.close(CLOSE_WITHIN_S)
        self._lock.release()
        return clean

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _recovery(session: Session) -> Recovery:
    books = session.books
    journal_id, tracks, damaged = read_checkpoint(session.db)
    batches, faults = read_journal(session.db, journal_id, books.ids)
    unread: list[str] = []
    return Recovery(
        tracks=tracks,
        batches=tuple(batches),
        last_tick_ms=session.last_tick_ms,
        samples=session.samples,
        lives=tuple(Life(device_id=books.ids[d], start_ms=t0) for d, t0 in sorted(books.since.items())),
        standing=tuple(
            Recorded(device_id=books.ids[d], status=Status.from_code(status), since_ms=t0)
            for d, (t0, status, _) in sorted(books.open.items())
        ),
        config_digest=None if session.config is None else session.config.digest,
        previous_boot_id=session.previous_boot_id,
        incidents=incidents.read(session.db, open_only=True, damaged=unread),
        posts=letters.read(session.db, states=WAITING, damaged=unread),
        book=_readable(lambda: orders.read_book(session.db), unread),
        desk=_readable(lambda: orders.read_memory(session.db), unread),
        newest_incident_id=incidents.newest_id(session.db),
        windows=_readable(lambda: windows.read_book(session.db), unread),
        findings=_readable(lambda: pictures.newest(session.db), unread) or (),
        damaged=(*damaged, *faults, *unread),
    )


def _readable(read: Callable[[], T], damaged: list[str]) -> T | None:
    """Return what is read, or None and tell why not: a monitor must start all the same."""
    try:
        return read()
    except LedgerDamagedError as error:
        damaged.append(str(error))
        return None
