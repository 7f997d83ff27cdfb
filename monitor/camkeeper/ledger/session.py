"""One writing connection and what it knows of the record's end. No thread, no queue: `writer` has those.

Everything here happens between `begin` and `commit`; after a failure `reload` brings memory back to what is on disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from camkeeper.ledger import chain, coverage, incidents, journal, letters, orders, pictures, views, windows
from camkeeper.ledger.chain import Entry, Kind
from camkeeper.ledger.coverage import CoverageHour, CoverageSeries
from camkeeper.ledger.derive import Books
from camkeeper.ledger.opening import ConfigMark, config_mark, newest_config, opening_of
from camkeeper.ledger.record import Ack, Batch, Boot, InconsistentBatchError, LifeChange
from camkeeper.ledger.schema import connect_writer
from camkeeper.ledger.snapshot import Snapshot, from_json, to_json
from camkeeper.model.change import Transition

SEAL_EVERY_MS = 3_600_000
STATE_EVERY_MS = 86_400_000
"""The first seal of a UTC day says what stood before it: 5,000 devices take ten milliseconds."""
KEEP_JOURNAL_MS = 3_600_000
"""Samples older than this, and folded into a checkpoint, are pruned."""

_ChainRow = tuple[int, int, int, bytes, bytes]


class Session:
    """The ledger's writing end. Used by one thread at a time."""

    def __init__(self, path: Path, *, created_ms: int) -> None:
        self.path = path
        self._created_ms = created_ms
        self.db = connect_writer(path, created_ms=created_ms)
        self.boot_id = ""
        self._rows: list[_ChainRow] = []
        self.reload()

    def reload(self) -> None:
        """Forget what was not committed and read the end of the record."""
        db = self.db
        if db.in_transaction:
            db.execute("ROLLBACK")
        self._rows.clear()
        self.books = Books.load(db)
        ledger_id, created_ms = db.execute("SELECT ledger_id, created_ms FROM ledger").fetchone()
        last = db.execute("SELECT seq, hash FROM chain ORDER BY seq DESC LIMIT 1").fetchone()
        self.seq: int
        self.head: bytes
        self.seq, self.head = last or (0, chain.genesis(ledger_id, created_ms))
        poller = db.execute("SELECT last_tick_ms, boot_id, samples, sealed_ms FROM poller").fetchone()
        self.last_tick_ms: int | None
        self.previous_boot_id: str | None
        self.samples: int
        self.sealed_ms: int | None
        self.last_tick_ms, self.previous_boot_id, self.samples, self.sealed_ms = poller or (None, None, 0, None)
        row = db.execute(
            "SELECT body FROM chain WHERE kind = ? AND kind <> 4 ORDER BY seq DESC LIMIT 1", (int(Kind.CONFIG),)
        ).fetchone()
        self.config = from_json(chain.read_config(row[0])) if row else None
        (until,) = db.execute("SELECT max(end_ms) FROM rollup_day").fetchone()
        self.rolled_until_ms: int | None = until
        self.covered_until_ms = coverage.stored_until(db)

    def reopen(self) -> None:
        """Replace a connection whose file gave an I/O error: what SQLite cached of it is not to be trusted."""
        self.db.close()
        self.db = connect_writer(self.path, created_ms=self._created_ms)
        self.reload()

    def begin(self) -> None:
        """Take the write lock."""
        self.db.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Write what was gathered and put it on disk: when this returns, it is fsynced."""
        self.flush()
        self.db.execute("COMMIT")

    def flush(self) -> None:
        """Write what was gathered into the open transaction."""
        db = self.db
        db.executemany("INSERT INTO chain (seq, kind, at_ms, body, hash) VALUES (?, ?, ?, ?, ?)", self._rows)
        self._rows.clear()
        self._forget_rollups(self.books.earliest_ms)
        self._forget_coverage(self.books.earliest_ms)
        self.books.flush(db)

    def _forget_rollups(self, from_ms: int | None) -> None:
        """Drop rollups of days that a late change reaches back into; they are computed again."""
        if from_ms is None or self.rolled_until_ms is None or from_ms >= self.rolled_until_ms:
            return
        self.db.execute("DELETE FROM rollup_day WHERE end_ms > ?", (from_ms,))
        (self.rolled_until_ms,) = self.db.execute("SELECT max(end_ms) FROM rollup_day").fetchone()

    def _forget_coverage(self, from_ms: int | None) -> None:
        """Drop the hours of coverage that a late change reaches back into; they are computed again."""
        if from_ms is None or self.covered_until_ms is None or from_ms >= self.covered_until_ms:
            return
        coverage.forget(self.db, from_ms)
        self.covered_until_ms = coverage.stored_until(self.db)

    def store_coverage(self, series: Sequence[CoverageSeries], hours: Sequence[CoverageHour], seen_seq: int) -> int:
        """Keep finished hours that were computed from the record as of `seen_seq`; returns how many were kept.

        An hour that something recorded since then reaches back into is left out: it will be computed again.
        """
        self.flush()
        kept = coverage.store(self.db, series, hours, seen_seq)
        self.covered_until_ms = coverage.stored_until(self.db)
        return kept

    def add(self, entry: Entry) -> int:
        """Put one record at the end of the chain; returns its number."""
        return self._link(entry.kind, entry.at_ms, entry.body)

    def _link(self, kind: int, at_ms: int, body: bytes) -> int:
        self.seq += 1
        self.head = chain.sealed(self.head, self.seq, kind, at_ms, body)
        self._rows.append((self.seq, int(kind), at_ms, body, self.head))
        return self.seq

    def boot(self, boot: Boot, at_ms: int) -> None:
        """Record that a monitor begins to write."""
        self.boot_id = boot.boot_id
        self.add(
            chain.entry(
                Kind.BOOT,
                at_ms,
                {
                    "boot": boot.boot_id,
                    "version": boot.version,
                    "sqlite": sqlite3.sqlite_version,
                    "last_tick_ms": self.last_tick_ms,
                },
            )
        )
        self._store_poller()

    def write(self, batch: Batch, wall_ms: int) -> Ack:
        """Take in a batch; InconsistentBatchError where it contradicts the record (then `reload`)."""
        if batch.tick_ms is not None and batch.tick_ms < (self.last_tick_ms or batch.tick_ms):
            raise InconsistentBatchError(f"the tick goes back, from {self.last_tick_ms} to {batch.tick_ms}")
        at_ms = batch.at_ms if batch.at_ms is not None else batch.tick_ms if batch.tick_ms is not None else wall_ms
        from_seq = self.seq
        windows.store(self.db, batch.windows)
        if batch.config is not None:
            self._write_config(batch.config, at_ms)
        for step in batch.clock_steps:
            self.add(
                chain.entry(
                    Kind.CLOCK_STEP,
                    step.at_ms,
                    {"by_ms": step.by_ms, "skew_ms": step.skew_ms, "adopted": step.adopted},
                )
            )
        self._write_lives(c for c in batch.lives if c.enrolled)
        self._write_transitions(batch.transitions)
        self._write_lives(c for c in batch.lives if not c.enrolled)
        self._write_samples(batch, from_seq)
        incidents.store(self.db, batch.incidents)
        letters.store(self.db, batch.letters, batch.quiet_until)
        orders.store(self.db, batch.orders, batch.watched)
        if batch.desk is not None:
            orders.store_memory(self.db, batch.desk)
        pictures.store(self.db, batch.findings, batch.drifts, self.books.numbers)
        views.store(self.db, batch.views)
        self._seal_if_due()
        return Ack(seq=self.seq, head=self.head, samples=self.samples)

    def _write_config(self, config: Snapshot, at_ms: int) -> None:
        config = replace(config, windows_head=windows.newest_head(self.db))
        if self.config is not None:
            config = config.after(self.config)
            if config.digest == self.config.digest:
                return
        self.add(Entry(kind=Kind.CONFIG, at_ms=at_ms, body=chain.config_body(to_json(config))))
        self.config = config

    def _write_lives(self, changes: Iterable[LifeChange]) -> None:
        for change in changes:
            move = self.books.enrol if change.enrolled else self.books.retire
            device = move(change.device_id, change.at_ms)
            body: chain.JsonObject = {"id": change.device_id, "device": device, "enrolled": change.enrolled}
            self.add(chain.entry(Kind.LIFE, change.at_ms, body))

    def _write_transitions(self, transitions: Iterable[Transition]) -> None:
        for t in transitions:
            device = self.books.in_service(t.device_id)
            self.books.change(device, t.at_ms, t.old.code, t.new.code, self.seq + 1)
            self._link(Kind.TRANSITION, t.at_ms, chain.transition_body(device, t))

    def _write_samples(self, batch: Batch, from_seq: int) -> None:
        try:
            blob = journal.pack(batch.samples, self.books.numbers)
        except KeyError as error:
            raise InconsistentBatchError(f"{error.args[0]}: a sample of a device that was never enrolled") from error
        if not blob and batch.tick_ms is None and self.seq == from_seq:
            return
        crc = journal.row_crc(from_seq, self.seq, batch.tick_ms, blob)
        self.db.execute(
            "INSERT INTO journal (from_seq, to_seq, tick_ms, samples, crc) VALUES (?, ?, ?, ?, ?)",
            (from_seq, self.seq, batch.tick_ms, blob, crc),
        )
        self.samples += len(batch.samples)
        if batch.tick_ms is not None:
            self.last_tick_ms = batch.tick_ms
        self._store_poller()

    def _seal_if_due(self) -> None:
        """Seal at the first tick of each hour: how far we saw, and how many samples stand behind it."""
        tick, sealed = self.last_tick_ms, self.sealed_ms
        if tick is None or (sealed is not None and tick // SEAL_EVERY_MS == sealed // SEAL_EVERY_MS):
            return
        state: chain.JsonObject = {}
        if sealed is not None and tick // STATE_EVERY_MS != sealed // STATE_EVERY_MS:
            state["state"] = opening_of(self.books, self._config_mark()).digest
        note = {"through_ms": tick, "samples": self.samples, **views.seal(self.db), **state}
        self.add(chain.entry(Kind.SEAL, tick, note))
        self.sealed_ms = tick
        self._store_poller()

    def _config_mark(self) -> ConfigMark | None:
        stored = newest_config(self.db, self.seq)
        waiting = ((seq, body) for seq, kind, _, body, _ in self._rows if kind == Kind.CONFIG)
        return config_mark((*(() if stored is None else (stored,)), *waiting))

    def _store_poller(self) -> None:
        values = (self.last_tick_ms, self.boot_id, self.samples, self.sealed_ms)
        self.db.execute(
            """
            INSERT OR REPLACE INTO poller (id, last_tick_ms, boot_id, samples, sealed_ms, crc) VALUES (1, ?, ?, ?, ?, ?)
            """,
            (*values, journal.values_crc(*values)),
        )

    def checkpoint(self, tracks: bytes) -> int:
        """Keep the tracks as they are after everything written so far, prune old samples; returns rows pruned."""
        (journal_id,) = self.db.execute("SELECT coalesce(max(id), 0) FROM journal").fetchone()
        self.db.execute(
            "INSERT OR REPLACE INTO track_checkpoint (id, journal_id, tracks, crc) VALUES (1, ?, ?, ?)",
            (journal_id, tracks, journal.values_crc(journal_id, tracks)),
        )
        # The newest row stays, whatever its age: were `max(id)` to fall, a later row would hide behind the bookmark.
        pruned = self.db.execute(
            "DELETE FROM journal WHERE id < ? AND coalesce(tick_ms, 0) < ?",
            (journal_id, (self.last_tick_ms or 0) - KEEP_JOURNAL_MS),
        )
        return pruned.rowcount
