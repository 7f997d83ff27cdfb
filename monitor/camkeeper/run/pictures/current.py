"""A whole picture on request: on record, the camera asked at once, kept for a while, each look on record again.

    ask -> register (on disk) -> wish -> probe -> picture -> album -> full -> register (on disk) -> shown

Nobody's wish outlives their patience: a picture that comes by its own turn later is not kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import structlog

from camkeeper.album import Album, Gate, NotAllowedError
from camkeeper.clock import Timeline
from camkeeper.model.place import SitePictures
from camkeeper.model.probing import Depth, Rung, RungResult, Verdict
from camkeeper.model.registry import Registry
from camkeeper.run.township import Known, Township
from camkeeper.schedule.wheel import Wheel
from camkeeper.standing.picture import Asked, FullPicture, Getting, KeptAt, ViewRequest, Wanted

AGAIN_MS = 10_000
"""A camera is asked for a picture once in this time, however many people want one."""
WAIT_MS = 18_000
"""A camera that gives none for so long gives none; the ladder's own time limits are shorter."""
RETRY_MS = (4_000, 10_000)
"""A probe that was under way may have been too shallow, and the wheel does not start a second one beside it."""
SETTLED_MS = 8_000
"""From then on what the ladder says since the request is believed."""
WITHIN_S = 10.0
REFUSED = "本站点不开放原图 / this site lets no whole picture be looked at"
_log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class _Wish:
    asked_ms: int
    asked: int = 1
    """How often the camera was."""


class Current:
    """Requests under way. One owner, the event loop."""

    def __init__(self, *, album: Album, gate: Gate, timeline: Timeline, township: Township, wheel: Wheel) -> None:
        self._album, self._gate, self._timeline = album, gate, timeline
        self._township, self._wheel = township, wheel
        self._wishes: dict[str, _Wish] = {}
        self._last_ms: dict[str, int] = {}
        self.kept: Mapping[str, KeptAt] = {}
        """Whole pictures there are, as of a second ago."""

    async def ask(self, request: ViewRequest) -> Asked:
        """Have a camera asked for a picture once who asks, and why, is on disk.

        PermissionError where the site allows none; LookupError where the disk does not take the entry in time.
        """
        device_id, now_ms = request.device_id, self._timeline.now_ms()
        if not allows(self._township.registry, device_id):
            raise PermissionError(REFUSED)
        last_ms = self._last_ms.get(device_id)
        if last_ms is not None and 0 <= now_ms - last_ms < AGAIN_MS:
            return Asked(
                at_ms=None,
                zh="刚有人向这台设备取过画面，请 10 秒后再试",
                en="Somebody asked this camera a moment ago; try again in 10 seconds",
            )
        self._last_ms = {d: ms for d, ms in self._last_ms.items() if 0 <= now_ms - ms < AGAIN_MS} | {device_id: now_ms}
        try:
            async with asyncio.timeout(WITHIN_S):
                await self._gate.ask(
                    device_id, who=request.who, unit=request.unit, why=request.why, incident_id=request.incident_id
                )
        except NotAllowedError as error:
            raise PermissionError(str(error)) from error
        except TimeoutError:
            raise LookupError("申请未能登记，不去取画面 / not on record, so the camera is not asked") from None
        asked_ms = self._timeline.now_ms()
        self._wishes[device_id] = _Wish(asked_ms=asked_ms)
        self._probe(device_id, Depth.PICTURE)
        return Asked(at_ms=asked_ms)

    def wanted(self, device_id: str, asked_ms: int) -> Wanted:
        """Return what became of the request of this instant."""
        kept, wish = self.kept.get(device_id), self._wishes.get(device_id)
        if kept is not None and kept.at_ms >= asked_ms:
            return Wanted(state=Getting.TAKEN, kept=kept)
        now_ms = self._timeline.now_ms()
        why = _fault(self._township, device_id, since_ms=asked_ms)
        if wish is not None and (why is None or now_ms - asked_ms < SETTLED_MS):
            return Wanted(state=Getting.WAITING)
        if why is None:
            return Wanted(state=Getting.NONE)
        return Wanted(state=Getting.NONE, rung=why.rung, verdict=why.verdict)

    async def full(self, request: ViewRequest) -> FullPicture:
        """Return the picture that is kept once this look at it is on disk.

        PermissionError where the site allows none; LookupError where none is kept, or the entry is not on disk in time.
        """
        try:
            async with asyncio.timeout(WITHIN_S):
                kept = await self._gate.full(
                    request.device_id,
                    who=request.who,
                    unit=request.unit,
                    why=request.why,
                    incident_id=request.incident_id,
                )
        except NotAllowedError as error:
            raise PermissionError(str(error)) from error
        except TimeoutError:
            raise LookupError("查看未能登记，不予显示 / the view is not on record, so nothing is shown") from None
        if kept is None:
            raise LookupError("没有留存的原图 / no whole picture is kept")
        return FullPicture(device_id=kept.device_id, at_ms=kept.at_ms, expires_ms=kept.expires_ms, jpeg=kept.jpeg)

    async def tick(self) -> None:
        """Let a second pass: ask once more, give up, and remove what is past its time or not allowed any more."""
        now_ms = self._timeline.now_ms()
        found = await asyncio.to_thread(self._album.fulls)
        registry = self._township.registry
        gone = [d for d, (_, ends_ms) in found.items() if ends_ms <= now_ms or not allows(registry, d)]
        if gone:
            await asyncio.wrap_future(self._album.drop_full(gone))
            _log.info("full_pictures_removed", devices=len(gone))
        left = {d: times for d, times in found.items() if d not in gone}
        self.kept = {d: KeptAt(at_ms=at_ms, expires_ms=ends_ms) for d, (at_ms, ends_ms) in left.items()}
        for device_id, wish in tuple(self._wishes.items()):
            self._follow(device_id, wish, now_ms)

    def _follow(self, device_id: str, wish: _Wish, now_ms: int) -> None:
        past_ms, kept = now_ms - wish.asked_ms, self.kept.get(device_id)
        if (kept is not None and kept.at_ms >= wish.asked_ms) or not 0 <= past_ms < WAIT_MS:
            self._gate.forget(device_id)
            del self._wishes[device_id]
        elif self._gate.wants(device_id) and wish.asked <= len(RETRY_MS) and past_ms >= RETRY_MS[wish.asked - 1]:
            wish.asked += 1
            self._probe(device_id, Depth.FULL)  # it may be that nobody knows yet where its pictures are

    def _probe(self, device_id: str, depth: Depth) -> None:
        self._wheel.ask(device_id, self._timeline.elapsed_ms(), depth)


def allows(registry: Registry, device_id: str) -> bool:
    """Return whether whole pictures of a camera may be looked at: its site says so, or the nearest above that says."""
    device = registry.device_by_id.get(device_id)
    if device is None or not device.kind.has_picture:
        return False
    said = (registry.site_by_id[site_id].pictures for site_id in registry.ancestry(device.site_id))
    return next((one for one in said if one is not None), SitePictures.NEVER) is SitePictures.ON_REQUEST


def allowed(registry: Registry) -> Collection[str]:
    """Return the cameras of which whole pictures may be looked at."""
    return frozenset(d.id for d in registry.devices if allows(registry, d.id))


def _fault(township: Township, device_id: str, *, since_ms: int) -> RungResult | None:
    """Return the lowest rung of an answer since then that says why there is no picture; None: nothing says so."""
    device, known = township.registry.device_by_id.get(device_id), township.known(device_id)
    if device is None or known is None or known.track is None or known.track.last_ms < since_ms:
        return None
    return next((r for r in _rungs(device.ladder, known) if r.verdict.is_failure), None) or _unasked(known)


def _rungs(ladder: Collection[Rung], known: Known) -> tuple[RungResult, ...]:
    return tuple(known.rungs[rung] for rung in ladder if rung in known.rungs)


def _unasked(known: Known) -> RungResult | None:
    """Return the picture's own rung where it says, without fault, that there is none."""
    own = known.rungs.get(Rung.SNAPSHOT)
    return own if own is not None and own.verdict is Verdict.NOT_OFFERED else None
