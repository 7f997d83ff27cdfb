"""A copy of another machine's ledger that grows only by what continues that ledger's own chain.

The file is a ledger like any other: every reader, `sla` and `verify` work on it, and it has the original's identity, so
that the hashes are the same. What arrives twice changes nothing; what is missing, cut, reordered or invented is refused
whole, with a named verdict. The tick (how far everything is told) moves only when the copy stands exactly where the
original stood: silence of the original leaves it where it was, and time after it is unknown, never down.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

from camkeeper.ledger import chain, views, windows
from camkeeper.ledger.chain import Entry, Kind
from camkeeper.ledger.excerpt import head_at, identity_of, place_of
from camkeeper.ledger.ledger import Lock
from camkeeper.ledger.parcel import Identity, Parcel, Place
from camkeeper.ledger.record import LedgerError
from camkeeper.ledger.rollup import roll_up
from camkeeper.ledger.schema import connect_writer
from camkeeper.ledger.session import Session
from camkeeper.ledger.snapshot import from_json

CACHE_KIB = 256
"""A hub has hundreds of copies open: the 16 MiB page cache of a monitor's own ledger would be 11 GB."""
WAL_PAGES = 256


class Verdict(StrEnum):
    """What became of a parcel."""

    TAKEN = "taken"  # on disk now
    KNOWN = "known"  # was here already: nothing changed
    GAP = "gap"  # something before it is missing here
    FORGED = "forged"  # its hashes do not follow from its contents, or these make no sense
    FORK = "fork"  # it continues another history than the one that is here
    FOREIGN = "foreign"  # it is of another ledger


ACCEPTED = frozenset({Verdict.TAKEN, Verdict.KNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The answer to a parcel."""

    verdict: Verdict
    place: Place
    """Where the copy stands now: what follows this is wanted next."""
    head: str = ""
    """Its hash, hexadecimal; empty where there is no copy yet."""
    tick_ms: int | None = None
    detail: str = ""
    """Of a refusal."""


class _RefusedError(Exception):
    def __init__(self, verdict: Verdict, detail: str) -> None:
        super().__init__(detail)
        self.verdict = verdict


class _Copy(Session):
    """The writing end of a copy."""

    def open_up(self) -> None:
        self.db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        self.boot_id = self.previous_boot_id or ""

    def extend(self, records: Sequence[Entry]) -> None:
        """Put the original's records at the end of the chain, each judged before it is taken."""
        for record in records:
            self.books.apply(self.seq + 1, record.kind, record.at_ms, record.body)
            if record.kind is Kind.CONFIG:
                self.config = from_json(chain.read_config(record.body))
            elif record.kind is not Kind.TRANSITION:
                note = chain.read_object(record.body)
                if record.kind is Kind.BOOT:
                    self.boot_id = str(note.get("boot", ""))
                elif record.kind is Kind.SEAL:
                    self.sealed_ms = record.at_ms
            self.add(record)

    def stand(self, tick_ms: int | None, samples: int) -> None:
        """Note how far everything is told."""
        if tick_ms is not None:
            self.last_tick_ms = max(tick_ms, self.last_tick_ms or tick_ms)
            self.samples = samples
        self._store_poller()


class Replica:
    """The copy of one ledger. Used by one thread at a time."""

    def __init__(self, path: Path, identity: Identity | None) -> None:
        self.path = path
        self._lock = Lock(path)
        try:
            if identity is not None:
                connect_writer(path, created_ms=identity.created_ms, ledger_id=identity.ledger_id).close()
            self._copy = _Copy(path, created_ms=0)
            self._copy.open_up()
            self.identity = identity_of(self._copy.db)
            self._place = place_of(self._copy.db)
        except BaseException:
            self._lock.release()
            raise

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a copy that is there; FileNotFoundError, LedgerBusyError, LedgerFormatError as with a ledger."""
        if not path.exists():
            raise FileNotFoundError(path)
        return cls(path, None)

    @classmethod
    def found(cls, path: Path, identity: Identity) -> Self:
        """Open a copy, beginning one where there is none yet."""
        return cls(path, identity)

    @property
    def place(self) -> Place:
        """How far the copy has come."""
        return self._place

    @property
    def head(self) -> bytes:
        """Hash of the newest record."""
        return self._copy.head

    @property
    def tick_ms(self) -> int | None:
        """Until when everything is told, on disk."""
        return self._copy.last_tick_ms

    def offer(self, parcel: Parcel) -> Receipt:
        """Take what is new of a parcel: on disk when this returns. sqlite3.Error or OSError: try again later.

        After such an error the copy is as it was before, and is to be closed and opened again.
        """
        try:
            verdict, detail = self._taken(parcel), ""
        except _RefusedError as refusal:
            verdict, detail = refusal.verdict, str(refusal)
        return Receipt(verdict=verdict, place=self._place, head=self.head.hex(), tick_ms=self.tick_ms, detail=detail)

    def _taken(self, parcel: Parcel) -> Verdict:
        fresh = self._fresh(parcel)
        place, end = self._place, parcel.end
        after = Place(
            seq=max(place.seq, end.seq), windows=max(place.windows, end.windows), views=max(place.views, end.views)
        )
        # A tick says "everything until here is told": true of the very place where it was read, and of no other.
        tick_ms = parcel.tick_ms if end == after else None
        if after == place and (tick_ms is None or tick_ms <= (self.tick_ms or tick_ms - 1)):
            return Verdict.KNOWN
        self._copy.begin()
        try:
            self._copy.extend(fresh)
            self._extend_rows(parcel)
            self._copy.stand(tick_ms, parcel.samples)
            self._copy.commit()
        except _RefusedError:
            self._undo()
            raise
        except (LedgerError, ValueError, TypeError, KeyError, OverflowError, sqlite3.IntegrityError) as error:
            self._undo()
            raise _RefusedError(Verdict.FORGED, f"{type(error).__name__}: {error}") from error
        self._place = after
        self._fold_log()
        return Verdict.TAKEN

    def _undo(self) -> None:
        self._copy.reload()
        self._copy.open_up()

    def _fresh(self, parcel: Parcel) -> tuple[Entry, ...]:
        """Return the records that are not here yet, all hashes proved; `_RefusedError` where one does not fit."""
        if parcel.identity != self.identity:
            raise _RefusedError(Verdict.FOREIGN, f"ledger {parcel.identity.ledger_id.hex()}")
        heads = [parcel.start_head, *parcel.heads()]
        if heads[-1] != parcel.head:
            raise _RefusedError(Verdict.FORGED, "the hashes do not follow from the records")
        start, place = parcel.start, self._place
        if start.seq > place.seq or start.windows > place.windows or start.views > place.views:
            raise _RefusedError(Verdict.GAP, f"it begins after {start}, the copy ends at {place}")
        joint = min(parcel.end.seq, place.seq)
        for seq in {start.seq, joint}:
            if heads[seq - start.seq] != head_at(self._copy.db, seq):
                raise _RefusedError(Verdict.FORK, f"another record {seq} is here")
        return parcel.records[joint - start.seq :]

    def _extend_rows(self, parcel: Parcel) -> None:
        for table, copy, bodies, start, have in (
            ("window_event", windows.copy, parcel.windows, parcel.start.windows, self._place.windows),
            ("picture_view", views.copy, parcel.views, parcel.start.views, self._place.views),
        ):
            for number, body in enumerate(bodies, start + 1):
                if number > have:
                    copy(self._copy.db, number, body)
                elif self._body(table, number) != body:
                    raise _RefusedError(Verdict.FORK, f"another {table} {number} is here")

    def _body(self, table: str, number: int) -> object:
        query = f"SELECT body FROM {table} WHERE number = ?"  # noqa: S608 - constants
        return self._copy.db.execute(query, (number,)).fetchone()[0]

    def roll_up(self, *, days: int = 40) -> int:
        """Roll up finished local days, a few a call; returns how many (day, zone) were done, 0: all are."""
        self._copy.begin()
        try:
            done = roll_up(self._copy, days=days)
            self._copy.commit()
        except BaseException:
            self._undo()
            raise
        self._fold_log()
        return done

    def _fold_log(self) -> None:
        try:
            large = Path(f"{self.path}-wal").stat().st_size > WAL_PAGES * 4096
        except OSError:
            return
        if large:
            self._copy.db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def close(self) -> None:
        """Let go of the file."""
        try:
            self._copy.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error:
            pass  # the log stays, and is read again
        finally:
            self._copy.db.close()
            self._lock.release()
