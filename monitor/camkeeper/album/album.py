"""The album as the monitor sees it: futures for what is written, plain answers for what is read. Thread-safe."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Self

from camkeeper.album import frames, looks, shelf
from camkeeper.album.reader import Reader
from camkeeper.album.record import AlbumHealth, Kept, Limits, Swept, Waiting
from camkeeper.album.writer import Desk, Writer
from camkeeper.clock import Clock
from camkeeper.model.picture import BaselineInfo, Context, Finding, Look

CLOSE_WITHIN_S = 4.0
VACUUM_PAGES = 2_000
"""8 MB: a fraction of a second."""


class Album:
    """What is kept of pictures. Futures fail with AlbumError where something is refused or the disk will not."""

    def __init__(self, path: Path, clock: Clock, limits: Limits) -> None:
        self.path, self.limits = path, limits
        self._clock = clock
        self._writer = Writer(path, clock, limits)
        self._reader = Reader(self._writer, cache_bytes=limits.cache_bytes)
        self._closed = False

    @classmethod
    def open(cls, path: str | Path, *, clock: Clock, limits: Limits | None = None) -> Self:
        """Open for writing, creating the album where there is none; a damaged one is moved aside.

        AlbumBusyError where another process writes it, AlbumError where the place cannot be written at all.
        """
        return cls(Path(path), clock, limits or Limits())

    # Baselines

    def put_baseline(
        self, device_id: str, context: Context, body: bytes, *, frames: int, learned_ms: int, accepted: bool = False
    ) -> Future[BaselineInfo]:
        """Keep the next version; learning material goes once as many frames went into it as are gathered at all."""
        of = (device_id, context)

        def run(desk: Desk) -> BaselineInfo:
            info = shelf.put_baseline(
                desk.db, of, body, frames=frames, learned_ms=learned_ms, accepted=accepted, limits=desk.limits
            )
            if frames >= desk.limits.sheets:
                desk.material.bytes = shelf.material_bytes(desk.db)
            return info

        return self._writer.put(run)

    def accept(self, device_id: str, context: Context, version: int) -> Future[BaselineInfo]:
        """Mark a version as that of commissioning; once there is one, it stays."""
        return self._writer.put(lambda desk: shelf.accept(desk.db, device_id, context, version))

    def relearn(self, device_id: str, context: Context | None = None) -> Future[int]:
        """Begin anew, on command or after a repair: the newest baseline is used no more, old material goes.

        What was accepted stays and can be asked for. Resolves to how many baselines were set aside.
        """

        def run(desk: Desk) -> int:
            shelf.drop_material(desk.db, device_id, context)
            desk.material.bytes = shelf.material_bytes(desk.db)
            return shelf.retire(desk.db, device_id, context)

        return self._writer.put(run)

    def baseline(
        self, device_id: str, context: Context, *, version: int | None = None, accepted: bool = False
    ) -> tuple[BaselineInfo, bytes] | None:
        """Return the baseline in use, the one of that version, or the accepted one; None where there is none."""
        return self._reader.baseline(device_id, context, version=version, accepted=accepted)

    def baselines(self, device_id: str | None = None) -> tuple[BaselineInfo, ...]:
        """Return what is known of all baselines, or of one camera's."""
        return self._reader.baselines(device_id)

    def in_use(self) -> dict[tuple[str, Context], BaselineInfo]:
        """Return what pictures are held against now, by camera and context."""
        return self._reader.in_use()

    # Learning

    def add_material(self, device_id: str, context: Context, *, at_ms: int, sheet: bytes) -> Future[bool]:
        """Keep a healthy look for learning (the caller knows that it is one); False where there is no room."""

        def run(desk: Desk) -> bool:
            of = (device_id, context)
            grown = shelf.add_material(desk.db, of, at_ms, sheet, held=desk.material, limits=desk.limits)
            desk.material.bytes += grown or 0
            return grown is not None

        return self._writer.put(run, lazy=True)

    def material(self, device_id: str, context: Context) -> tuple[bytes, ...]:
        """Return the sheets that wait, oldest first."""
        return self._reader.material(device_id, context)

    def waiting(self) -> dict[tuple[str, Context], Waiting]:
        """Return how much material waits, by camera and context."""
        return self._reader.waiting()

    def drop_material(self, device_id: str, context: Context | None = None) -> Future[int]:
        """Forget learning material, such as of a camera that was turned meanwhile."""

        def run(desk: Desk) -> int:
            gone = shelf.drop_material(desk.db, device_id, context)
            desk.material.bytes = shelf.material_bytes(desk.db)
            return gone

        return self._writer.put(run)

    # Looks

    def note(self, look: Look, track: str) -> Future[None]:
        """Keep the newest look at a camera, and what the rules remember of it. Nobody need wait."""
        body, packed = looks.pack_look(look), looks.pack(track)
        return self._writer.put(lambda desk: looks.note(desk.db, look, body, packed), lazy=True)

    def note_fleet(self, text: str) -> Future[None]:
        """Keep what the rules remember of the fleet. Nobody need wait."""
        body = looks.pack(text)
        return self._writer.put(lambda desk: looks.note_fleet(desk.db, body), lazy=True)

    def looks(self) -> dict[str, Look]:
        """Return the newest look at every camera."""
        return self._reader.looks()

    def look(self, device_id: str) -> Look | None:
        """Return the newest look at one camera."""
        return self._reader.look(device_id)

    def tracks(self) -> dict[str, str]:
        """Return what the rules remember of every camera."""
        return self._reader.tracks()

    def fleet(self) -> str | None:
        """Return what the rules remember of the fleet."""
        return self._reader.fleet()

    # Pictures

    def put_thumbnail(self, finding: Finding, *, at_ms: int, jpeg: bytes) -> Future[bool]:
        """Keep the blurred thumbnail of an alarm; False where this finding has one already."""
        frames.check_thumbnail(jpeg)
        kept = Kept(
            device_id=finding.device_id,
            at_ms=at_ms,
            expires_ms=at_ms + self.limits.thumbnail_ms,
            jpeg=jpeg,
            verdict=finding.verdict,
            since_ms=finding.since_ms,
        )

        def run(desk: Desk) -> bool:
            desk.scrub = True  # what it replaces is to go
            return frames.put_thumbnail(desk.db, kept)

        return self._writer.put(run)

    def thumbnail(self, device_id: str) -> Kept | None:
        """Return the thumbnail of the finding that stands; None once its time is over. Show it by `Gate` only."""
        return self._reader.thumbnail(device_id, self._clock.wall_ms())

    def thumbnailed(self) -> frozenset[str]:
        """Return the cameras that have a thumbnail."""
        return self._reader.thumbnailed(self._clock.wall_ms())

    def drop_thumbnails(self, device_ids: Collection[str]) -> Future[int]:
        """Remove thumbnails: their finding ended, or the incident was closed."""
        return self._drop("thumbnail", tuple(device_ids))

    def put_full(self, device_id: str, *, at_ms: int, jpeg: bytes) -> Future[None]:
        """Keep a whole picture that somebody asked for, for 72 h at most. By `Gate` only."""
        frames.check_full(jpeg)
        kept = Kept(device_id=device_id, at_ms=at_ms, expires_ms=at_ms + self.limits.full_ms, jpeg=jpeg)

        def run(desk: Desk) -> None:
            desk.scrub = True
            frames.put_full(desk.db, kept)

        return self._writer.put(run)

    def full(self, device_id: str) -> Kept | None:
        """Return the whole picture that was asked for; None once its time is over. Show it by `Gate` only."""
        return self._reader.full(device_id, self._clock.wall_ms())

    def fulls(self) -> Mapping[str, tuple[int, int]]:
        """Return (when taken, when it goes) of every full picture there is, those past their time too."""
        return self._reader.fulls()

    def drop_full(self, device_ids: Collection[str]) -> Future[int]:
        """Remove whole pictures."""
        return self._drop("full_picture", tuple(device_ids))

    def _drop(self, table: str, device_ids: tuple[str, ...]) -> Future[int]:
        def run(desk: Desk) -> int:
            gone = frames.drop(desk.db, table, device_ids)
            desk.scrub = desk.scrub or gone > 0
            return gone

        return self._writer.put(run)

    # Housekeeping

    def forget(self, device_id: str) -> Future[None]:
        """Remove all there is of a device that left the register."""

        def run(desk: Desk) -> None:
            for table in ("baseline", "material", "camera", "thumbnail", "full_picture"):
                desk.db.execute(f"DELETE FROM {table} WHERE device = ?", (device_id,))  # noqa: S608 - a constant
            desk.material.bytes = shelf.material_bytes(desk.db)
            desk.scrub = True

        return self._writer.put(run)

    def sweep(self, now_ms: int) -> Future[Swept]:
        """Remove what is past its time; the calendar calls it."""

        def run(desk: Desk) -> Swept:
            swept = frames.sweep(desk.db, desk.path, now_ms, desk.limits)
            desk.material.bytes = shelf.material_bytes(desk.db) if swept.sheets else desk.material.bytes
            desk.scrub = desk.scrub or swept.thumbnails + swept.full_pictures > 0
            return swept

        return self._writer.put(run)

    def vacuum(self, *, max_pages: int = VACUUM_PAGES) -> Future[int]:
        """Give free pages back to the disk, so many at most; resolves to how many are still free."""

        def run(desk: Desk) -> int:
            (free,) = desk.db.execute("PRAGMA freelist_count").fetchone()
            for _ in range(min(free, max_pages)):  # sqlite3 steps this statement once: one page each
                desk.db.execute("PRAGMA incremental_vacuum(1)")
            return int(desk.db.execute("PRAGMA freelist_count").fetchone()[0])

        return self._writer.put(run)

    @property
    def health(self) -> AlbumHealth:
        """How keeping goes now."""
        return self._writer.health

    def close(self) -> bool:
        """Write what waits and let go of the file; False where the disk would not take it."""
        if self._closed:
            return True
        self._closed = True
        self._reader.close()
        return self._writer.close(CLOSE_WITHIN_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
