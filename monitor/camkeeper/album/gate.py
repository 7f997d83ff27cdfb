"""The only way out for pictures: registered first, shown afterwards.

Decree 799 asks for who, which unit, why and what. A view whose entry the ledger did not acknowledge is not shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from camkeeper.album.album import Album
from camkeeper.album.record import AlbumError, Kept
from camkeeper.clock import Clock
from camkeeper.model.view import Viewed, ViewRecord

MAX_ASKED = 64
"""Cameras whose next picture somebody waits for: a full picture is for one place at a time, never for a sweep."""
ASKED_MS = 15 * 60_000
"""A wish is forgotten after this: who asked is gone."""


class NotAllowedError(AlbumError):
    """The site keeps no full pictures."""


class Gate:
    """Shows pictures, and takes full ones that were asked for. One owner, the event loop."""

    def __init__(
        self,
        album: Album,
        *,
        clock: Clock,
        register: Callable[[ViewRecord], Awaitable[object]],
        allowed: Callable[[str], bool],
    ) -> None:
        self._album, self._clock, self._register, self._allowed = album, clock, register, allowed
        self._asked: dict[str, int] = {}

    async def thumbnail(
        self, device_id: str, *, who: str, unit: str, why: str, incident_id: str | None = None
    ) -> Kept | None:
        """Return the thumbnail of a camera's alarm once the view is on record; None where there is none.

        ValueError where a name or a reason lacks; whatever `register` raises, and then nothing is shown.
        """
        view = self._view(device_id, who, unit, why, Viewed.THUMBNAIL, incident_id)
        kept = await asyncio.to_thread(self._album.thumbnail, device_id)
        if kept is not None:
            await self._register(view)
        return kept

    async def ask(self, device_id: str, *, who: str, unit: str, why: str, incident_id: str | None = None) -> None:
        """Ask for the next full picture of a camera: on record at once. NotAllowedError where the site keeps none."""
        if not self._allowed(device_id):
            raise NotAllowedError("本站点不保存原图 / this site keeps no full pictures")
        self._forget_old()
        if device_id not in self._asked and len(self._asked) >= MAX_ASKED:
            raise NotAllowedError("同时申请的原图过多 / too many full pictures are asked for at once")
        await self._register(self._view(device_id, who, unit, why, Viewed.ASKED, incident_id))
        self._asked[device_id] = self._clock.wall_ms()

    def wants(self, device_id: str) -> bool:
        """Tell whether the next picture of this camera was asked for."""
        self._forget_old()
        return device_id in self._asked

    def forget(self, device_id: str) -> None:
        """Nobody waits for this camera's picture any more: none is kept."""
        self._asked.pop(device_id, None)

    async def take(self, device_id: str, *, at_ms: int, jpeg: bytes) -> bool:
        """Keep a picture that was asked for; every other one is left where it is, in memory, and False."""
        if not self.wants(device_id) or not self._allowed(device_id):
            return False
        await asyncio.wrap_future(self._album.put_full(device_id, at_ms=at_ms, jpeg=jpeg))
        self._asked.pop(device_id, None)
        return True

    async def full(
        self, device_id: str, *, who: str, unit: str, why: str, incident_id: str | None = None
    ) -> Kept | None:
        """Return the full picture that was taken on request, once the view is on record; None where there is none."""
        if not self._allowed(device_id):
            raise NotAllowedError("本站点不保存原图 / this site keeps no full pictures")
        view = self._view(device_id, who, unit, why, Viewed.SNAPSHOT, incident_id)
        kept = await asyncio.to_thread(self._album.full, device_id)
        if kept is not None:
            await self._register(view)
        return kept

    def _view(self, device_id: str, who: str, unit: str, why: str, what: Viewed, incident_id: str | None) -> ViewRecord:
        return ViewRecord(
            at_ms=self._clock.wall_ms(),
            who=who,
            unit=unit,
            why=why,
            device_id=device_id,
            what=what,
            incident_id=incident_id,
        )

    def _forget_old(self) -> None:
        now_ms = self._clock.wall_ms()
        self._asked = {d: at for d, at in self._asked.items() if now_ms - at < ASKED_MS}
