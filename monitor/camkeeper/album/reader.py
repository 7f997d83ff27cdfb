"""The album's reading side: one read-only connection, a small cache of baselines. Thread-safe.

What cannot be read is not there: the monitor looks on without it, and the writer moves a damaged file aside.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import TypeVar

import structlog

from camkeeper.album import looks, shelf
from camkeeper.album.record import AlbumClosedError, AlbumError, Kept, Waiting
from camkeeper.album.schema import connect_reader, is_damage
from camkeeper.album.writer import Writer
from camkeeper.model.picture import BaselineInfo, Context, Look, PictureVerdict

T = TypeVar("T")
_log = structlog.get_logger(__name__)


class Cache:
    """Baselines by their digest, the least lately used go first. Not thread-safe by itself."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held: OrderedDict[str, bytes] = OrderedDict()
        self.bytes = 0

    def get(self, digest: str) -> bytes | None:
        """Return what is held, and remember that it was asked for."""
        body = self._held.get(digest)
        if body is not None:
            self._held.move_to_end(digest)
        return body

    def put(self, digest: str, body: bytes) -> None:
        """Hold it, and let go of others until all fit."""
        if len(body) > self._max_bytes or digest in self._held:
            return
        self._held[digest] = body
        self.bytes += len(body)
        while self.bytes > self._max_bytes:
            _, gone = self._held.popitem(last=False)
            self.bytes -= len(gone)


class Reader:
    """Answers from the album's file as it was last committed."""

    def __init__(self, writer: Writer, *, cache_bytes: int) -> None:
        self._writer = writer
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None
        self._generation = -1
        self._closed = False
        self._cache = Cache(cache_bytes)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._closed = True
            if self._db is not None:
                self._db.close()
                self._db = None

    def ask(self, question: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """Return the answer, or `otherwise` where the file is damaged. AlbumError where it is closed or away."""
        with self._lock:
            try:
                return question(self._connected())
            except (sqlite3.Error, OSError, ValueError, TypeError) as error:
                # A value that is none of ours (a context, a verdict), or of another type, is damage too.
                if not is_damage(error) and not isinstance(error, ValueError | TypeError):
                    raise AlbumError(f"画面库读不出 / the album cannot be read: {error}") from error
                _log.warning("album_read", error=str(error))
                generation = self._generation
        self._writer.found_damaged(generation)
        return otherwise

    def _connected(self) -> sqlite3.Connection:
        if self._closed:
            raise AlbumClosedError("画面库已关闭 / the album is closed")
        if self._db is None or self._writer.generation != self._generation:
            if self._db is not None:
                self._db.close()
            with self._writer.replacing:
                self._generation = self._writer.generation
                self._db = connect_reader(self._writer.path)
        return self._db

    def baseline(
        self, device_id: str, context: Context, *, version: int | None, accepted: bool
    ) -> tuple[BaselineInfo, bytes] | None:
        """Return a baseline whose bytes have their digest, or None."""
        return self.ask(lambda db: self._baseline(db, device_id, context, version, accepted=accepted), None)

    def _baseline(
        self, db: sqlite3.Connection, device_id: str, context: Context, version: int | None, *, accepted: bool
    ) -> tuple[BaselineInfo, bytes] | None:
        row = db.execute(
            f"SELECT {shelf.INFO} FROM baseline WHERE device = ? AND context = ?"  # noqa: S608 - constants
            " AND version = coalesce(?, version) AND accepted >= ? AND retired <= ? ORDER BY version DESC LIMIT 1",
            (device_id, context.value, version, int(accepted), int(accepted or version is not None)),
        ).fetchone()
        if row is None:
            return None
        info = shelf.info(row)
        body = self._cache.get(info.digest)
        if body is None:
            found = db.execute(
                "SELECT body FROM baseline WHERE device = ? AND context = ? AND version = ?",
                (device_id, context.value, info.version),
            ).fetchone()
            if found is None or hashlib.sha256(found[0]).hexdigest() != info.digest:
                _log.warning("album_baseline", device=device_id, version=info.version, error="wrong digest")
                return None
            body = bytes(found[0])
            self._cache.put(info.digest, body)
        return info, body

    def baselines(self, device_id: str | None) -> tuple[BaselineInfo, ...]:
        """Return what is known of all baselines, or of one camera's, by device, context and version."""
        query = f"SELECT {shelf.INFO} FROM baseline WHERE ? IS NULL OR device = ? ORDER BY device, context, version"  # noqa: S608
        return self.ask(lambda db: tuple(shelf.info(row) for row in db.execute(query, (device_id, device_id))), ())

    def in_use(self) -> dict[tuple[str, Context], BaselineInfo]:
        """Return what pictures are held against now, by camera and context."""
        query = f"SELECT {shelf.INFO} FROM baseline WHERE retired = 0 ORDER BY device, context, version"  # noqa: S608
        nothing: tuple[BaselineInfo, ...] = ()
        infos = self.ask(lambda db: tuple(shelf.info(row) for row in db.execute(query)), nothing)
        return {(i.device_id, i.context): i for i in infos}

    def material(self, device_id: str, context: Context) -> tuple[bytes, ...]:
        """Return the sheets that wait, oldest first."""
        query = "SELECT sheet FROM material WHERE device = ? AND context = ? ORDER BY number"
        return self.ask(lambda db: tuple(s for (s,) in db.execute(query, (device_id, context.value))), ())

    def waiting(self) -> dict[tuple[str, Context], Waiting]:
        """Return how much material waits, by camera and context."""
        query = "SELECT device, context, count(*), max(at_ms) FROM material GROUP BY device, context"
        return self.ask(
            lambda db: {(d, Context(c)): Waiting(sheets=n, newest_ms=at) for d, c, n, at in db.execute(query)}, {}
        )

    def looks(self) -> dict[str, Look]:
        """Return the newest look at every camera; one that cannot be read is left out."""
        return self._packed("SELECT device, look FROM camera", looks.unpack_look)

    def look(self, device_id: str) -> Look | None:
        """Return the newest look at a camera."""
        return self._packed("SELECT device, look FROM camera WHERE device = ?", looks.unpack_look, device_id).get(
            device_id
        )

    def tracks(self) -> dict[str, str]:
        """Return what the rules remember of every camera."""
        return self._packed("SELECT device, track FROM camera", looks.unpack)

    def fleet(self) -> str | None:
        """Return what the rules remember of the fleet."""
        return self._packed("SELECT '', body FROM fleet", looks.unpack).get("")

    def _packed(self, query: str, read: Callable[[bytes], T], *values: str) -> dict[str, T]:
        out: dict[str, T] = {}
        empty: list[tuple[str, bytes]] = []
        for device_id, body in self.ask(lambda db: db.execute(query, values).fetchall(), empty):
            try:
                out[device_id] = read(body)
            except (ValueError, TypeError) as error:
                _log.warning("album_row", device=device_id, error=str(error))
        return out

    def thumbnail(self, device_id: str, now_ms: int) -> Kept | None:
        """Return the thumbnail of the finding that stands, if its time is not over."""
        query = "SELECT at_ms, expires_ms, jpeg, verdict, since_ms FROM thumbnail WHERE device = ? AND expires_ms > ?"
        row = self.ask(lambda db: db.execute(query, (device_id, now_ms)).fetchone(), None)
        if row is None:
            return None
        at_ms, expires_ms, jpeg, verdict, since_ms = row
        return Kept(
            device_id=device_id,
            at_ms=at_ms,
            expires_ms=expires_ms,
            jpeg=jpeg,
            verdict=PictureVerdict(verdict),
            since_ms=since_ms,
        )

    def thumbnailed(self, now_ms: int) -> frozenset[str]:
        """Return the cameras that have a thumbnail."""
        query = "SELECT device FROM thumbnail WHERE expires_ms > ?"
        return self.ask(lambda db: frozenset(d for (d,) in db.execute(query, (now_ms,))), frozenset())

    def fulls(self) -> Mapping[str, tuple[int, int]]:
        """Return (when taken, when it goes) of every full picture there is, those past their time too."""
        query = "SELECT device, at_ms, expires_ms FROM full_picture"
        return self.ask(lambda db: {d: (at_ms, ends_ms) for d, at_ms, ends_ms in db.execute(query)}, {})

    def full(self, device_id: str, now_ms: int) -> Kept | None:
        """Return the full picture that was asked for, if its time is not over."""
        query = "SELECT at_ms, expires_ms, jpeg FROM full_picture WHERE device = ? AND expires_ms > ?"
        row = self.ask(lambda db: db.execute(query, (device_id, now_ms)).fetchone(), None)
        return None if row is None else Kept(device_id=device_id, at_ms=row[0], expires_ms=row[1], jpeg=row[2])
