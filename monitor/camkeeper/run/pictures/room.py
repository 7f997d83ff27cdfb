"""Pictures in the running monitor: opened beside it, looked at, kept up, shown. Never in its way.

An album that cannot be opened, a decoder that does not start, a bug: each is a warning on the board and tried again;
devices are polled all the same, and what was proved before stands until somebody looks again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

import structlog

from camkeeper.album import Album, AlbumClosedError, AlbumError, Gate, Limits, album_beside
from camkeeper.clock import Timeline
from camkeeper.judge.repair import Claim
from camkeeper.ledger import LedgerReader
from camkeeper.model.dome import DomeReport
from camkeeper.model.equipment import Device
from camkeeper.model.picture import Drift, Finding, Look, PicturePolicy
from camkeeper.model.probing import Depth
from camkeeper.model.registry import Registry
from camkeeper.model.span import Span
from camkeeper.model.status import Reason, Status
from camkeeper.model.view import ViewRecord
from camkeeper.picture.worker import PictureWorker
from camkeeper.run.pictures.current import Current, allows
from camkeeper.run.pictures.pictures import Pictures
from camkeeper.run.pictures.view import Open, standing_of
from camkeeper.run.recorder import Recorder
from camkeeper.run.township import Township
from camkeeper.schedule.wheel import Wheel
from camkeeper.standing.desk import Acted
from camkeeper.standing.picture import Asked, FullPicture, PictureStanding, Thumbnail, ViewRequest, Wanted

TICK_S = 1.0
RETRY_S = 30.0
"""After an album that would not open, or a bug."""
SHOWN_EVERY_MS = 1_000
DAY_MS = 86_400_000
FAILS = 3
"""Pictures in a row that no worker could examine, before the board says so."""
WITHIN_S = 10.0
_SHOWS_NOTHING = frozenset({Reason.NO_PICTURE, Reason.AUTH_REFUSED, Reason.CLOCK_SKEW, Reason.NO_ANSWER_AUTHED})
"""A camera that answers and gives us no picture."""
_log = structlog.get_logger(__name__)


class GivesNone:
    """The devices that give no picture at all now. Asked one by one: a county's list takes a core's hundredth."""

    def __init__(self, township: Township) -> None:
        self._township = township

    def __contains__(self, device_id: object) -> bool:
        known = self._township.known(str(device_id))
        track = None if known is None else known.track
        if track is None or track.status in {Status.DOWN, Status.UNKNOWN}:
            return True
        return track.status is Status.DEGRADED and track.reason in _SHOWS_NOTHING


class PictureRoom:
    """One owner, the event loop; album and ledger are read in threads, pictures decoded in a process of their own."""

    def __init__(
        self,
        *,
        ledger: Path,
        timeline: Timeline,
        township: Township,
        recorder: Recorder,
        wheel: Wheel,
        recorded: Iterable[Finding],
        claims: Callable[[], Mapping[str, Claim]] = dict,
    ) -> None:
        """`recorded`: the newest finding of each camera that is on record, good ones too.

        `claims`: what work orders say now of cameras whose picture was at fault.
        """
        self._ledger, self._timeline = ledger, timeline
        self._township, self._recorder, self._wheel = township, recorder, wheel
        self._recorded = {finding.device_id: finding for finding in recorded}
        self._claims = claims
        self._open: Open | None = None
        self._registry: Registry | None = None
        self._shown: tuple[int, PictureStanding] | None = None
        self._fault: str | None = None

    # What comes in

    def on_picture(self, device: Device, data: bytes, report: DomeReport | None = None) -> None:
        """Take a snapshot that a camera just gave, and where a dome said that it points; returns at once."""
        if self._open is not None:
            self._open.pictures.on_picture(device.id, data, report=report)

    def newest_look(self, device_id: str) -> Look | None:
        """Return what the newest picture of a camera was found to be; None where none was looked at."""
        return self._open.pictures.looks.get(device_id) if self._open is not None else None

    async def run(self) -> None:
        """Look at pictures until cancelled; whatever fails is told, and tried again."""
        while True:
            try:
                await self._watch()
            except AlbumError as error:
                self._fault = str(error)
                _log.error("pictures_not_kept", error=str(error))
            except Exception as error:  # noqa: BLE001 - a bug in here must never end monitoring
                self._fault = f"{type(error).__name__}: {error}"
                _log.error("pictures_failed", exc_info=error)
            await asyncio.sleep(RETRY_S)

    async def _watch(self) -> None:
        self._registry = registry = self._township.registry
        limits, where = limits_of(registry.picture), album_beside(self._ledger)
        album = await asyncio.to_thread(partial(Album.open, where, clock=self._timeline, limits=limits))
        try:
            async with PictureWorker() as worker:
                gate = Gate(album, clock=self._timeline, register=self._recorder.note_view, allowed=self._allows)
                pictures = Pictures(
                    registry=registry,
                    album=album,
                    worker=worker,
                    timeline=self._timeline,
                    told=self._told,
                    blind=GivesNone(self._township),
                    gate=gate,
                )
                await pictures.restore(tuple(self._recorded.values()))
                current = Current(
                    album=album, gate=gate, timeline=self._timeline, township=self._township, wheel=self._wheel
                )
                self._open = Open(album=album, worker=worker, pictures=pictures, gate=gate, current=current)
                self._fault = None
                try:
                    await self._keep_up(self._open)
                finally:
                    self._open = None
                    await pictures.close()
        finally:
            await asyncio.to_thread(album.close)

    async def _keep_up(self, now: Open) -> None:
        while True:
            self._follow(now.pictures)
            now.pictures.tick()
            await now.pictures.follow_repairs(self._claims())
            now.thumbnailed = await asyncio.to_thread(now.album.thumbnailed)
            await now.current.tick()
            await asyncio.sleep(TICK_S)

    def _follow(self, pictures: Pictures) -> None:
        """Take over another configuration; what people agreed on changes nothing here."""
        old, new = self._registry, self._township.registry
        if old is new:
            return
        self._registry = new
        if old is None or (old.devices, old.sites, old.picture) != (new.devices, new.sites, new.picture):
            pictures.enrol(new)

    def _told(self, findings: tuple[Finding, ...]) -> None:
        """Let findings stand from the next sample on, and ask for that one now."""
        self._recorded |= {finding.device_id: finding for finding in findings}
        self._township.prove(findings)
        for finding in findings:
            self._wheel.ask(finding.device_id, self._timeline.elapsed_ms(), Depth.QUICK)

    # What goes out

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for the board."""
        out = []
        if self._fault is not None:
            out.append(f"画面诊断停止，监测不受影响：{self._fault} / no pictures are looked at: {self._fault}")
        if self._open is not None:
            kept = self._open.album.health.warning
            out += [] if kept is None else [kept]
            failed = self._open.pictures.counts.failed_in_a_row
            if failed >= FAILS:
                out.append(
                    f"连续 {failed} 张画面没能诊断，不计任何摄像机 / {failed} pictures in a row could not be examined"
                    " by our fault; no camera is accused"
                )
        return tuple(out)

    def pictures(self) -> PictureStanding | None:
        """Return what the pictures amount to, as of this second; None where none are looked at."""
        if self._open is None:
            return None
        now_ms = self._timeline.elapsed_ms()
        if self._shown is None or now_ms - self._shown[0] >= SHOWN_EVERY_MS:
            self._shown = now_ms, standing_of(self._open, self._township, self._recorder)
        return self._shown[1]

    async def view(self, request: ViewRequest) -> Thumbnail:
        """Return a thumbnail after who looks, and why, is on disk; LookupError where there is none.

        ValueError for a request without a name, a unit or a reason. One that finds nothing is on record too.
        """
        kept = await self._for(request).seen(request, self._recorder, self._timeline.now_ms(), within_s=WITHIN_S)
        if kept is None:
            raise LookupError("没有留存的缩略图 / there is no thumbnail")
        return kept

    async def ask(self, request: ViewRequest) -> Asked:
        """Have a camera asked for a whole picture, once that is on disk; refused with a sentence if it is too soon.

        ValueError as for `view`; PermissionError where its site allows none; LookupError where nobody could.
        """
        return await self._for(request).current.ask(request)

    def wanted(self, device_id: str, asked_ms: int) -> Wanted:
        """Return what became of a request; LookupError where no pictures are looked at."""
        self._known(device_id)
        return self._now().current.wanted(device_id, asked_ms)

    async def full(self, request: ViewRequest) -> FullPicture:
        """Return the whole picture that is kept after who looks, and why, is on disk; errors as of `ask`."""
        return await self._for(request).current.full(request)

    def _for(self, request: ViewRequest) -> Open:
        if not (request.who.strip() and request.unit.strip() and request.why.strip()):
            raise ValueError("请写明姓名、单位和事由 / say who you are, of which unit, and why")
        self._known(request.device_id)
        return self._now()

    def _now(self) -> Open:
        if self._open is None:
            raise LookupError("画面诊断没有运行 / no pictures are looked at")
        return self._open

    def _allows(self, device_id: str) -> bool:
        return allows(self._township.registry, device_id)

    async def relearn(self, device_id: str, by: str, why: str) -> Acted:
        """Begin a camera's baseline anew because somebody says that it is meant to look as it does."""
        self._known(device_id)
        if not (by.strip() and why.strip()):
            return Acted(done=False, zh="请写明姓名和事由", en="say who you are, and why")
        if self._open is None:
            return Acted(done=False, zh="画面诊断没有运行，请稍后再试", en="no pictures are looked at; try again later")
        try:
            await self._open.pictures.relearn(device_id)
        except AlbumError as error:
            return Acted(done=False, zh=f"画面库没有写下：{error}", en=f"not kept: {error}")
        _log.info("picture_relearn", device=device_id, by=by, why=why)
        frames = self._township.registry.picture.learn_frames
        return Acted(
            done=True,
            zh=f"已重新学习，需 {frames} 张正常画面；若方位已改，请同时更正登记的方位角",
            en=f"learning anew, of {frames} healthy pictures; if it was turned on purpose, correct the register too",
        )

    async def drifts(self, device_id: str) -> tuple[Drift, ...]:
        """Return the history of a device's clock, oldest first; LookupError for an unknown device."""
        self._known(device_id)
        return await asyncio.to_thread(_drifts, self._ledger, device_id)

    async def views(self, limit: int) -> tuple[ViewRecord, ...]:
        """Return the newest entries of the register of views, newest first."""
        return await asyncio.to_thread(_views, self._ledger, limit)

    async def sweep(self) -> None:
        """Remove what is past its time, and give the room back; for the calendar."""
        if self._open is None:
            return
        album = self._open.album
        try:
            await asyncio.wrap_future(album.sweep(self._timeline.now_ms()))
            free, before = await asyncio.wrap_future(album.vacuum()), None
            while free and (before is None or free < before):
                free, before = await asyncio.wrap_future(album.vacuum()), free
        except AlbumClosedError:
            return
        except AlbumError as error:
            _log.warning("album_sweep", error=str(error))

    def _known(self, device_id: str) -> None:
        if self._township.known(device_id) is None:
            raise LookupError(f"没有设备 {device_id} / there is no device {device_id}")


def limits_of(policy: PicturePolicy) -> Limits:
    """Return what the album keeps by a policy."""
    return Limits(
        sheets=policy.learn_until,
        enough=policy.learn_frames,
        thumbnail_ms=max(1, policy.thumbnail_days * DAY_MS),
    )


def _drifts(ledger: Path, device_id: str) -> tuple[Drift, ...]:
    with LedgerReader(ledger) as reader:
        return reader.drifts(device_id, Span(start_ms=-(2**62), end_ms=2**62))


def _views(ledger: Path, limit: int) -> tuple[ViewRecord, ...]:
    with LedgerReader(ledger) as reader:
        return tuple(reversed(reader.views(limit=limit)))
