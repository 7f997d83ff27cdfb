"""From a snapshot to a finding: context, examination, evidence, album. One owner, the event loop.

    on_picture -> sun -> worker -> Look -> judge -> told (into the record) and the album

A picture is in memory until it was examined, and gone then. What no worker could examine accuses no camera.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import structlog

from camkeeper.album import Album, AlbumError, Gate
from camkeeper.clock import Timeline
from camkeeper.judge.fleetlooks import FleetLooks
from camkeeper.judge.repair import Claim, Stage, tolerated
from camkeeper.judge.sun import Light, light_at
from camkeeper.model.dome import DomeReport, Place
from camkeeper.model.picture import BaselineInfo, Context, Finding, Look, PictureVerdict, Scope
from camkeeper.model.registry import Registry
from camkeeper.picture.examined import Examined
from camkeeper.picture.worker import DroppedError, Job, WorkerError
from camkeeper.run.pictures.learning import Learning, Learns
from camkeeper.run.pictures.optics import hfov_deg, places, tilt_deg
from camkeeper.run.pictures.proof import PictureProof

MAX_UNDER_WAY = 48
"""Pictures in memory: 8 MB, some twice. More come only where the worker is too slow: older ones are as good."""
MAX_FACES = 256
FLEET_EVERY_MS = 10_000
"""A county in fog is a megabyte of text: not at every look. What lacks after a kill follows from the tracks."""
_log = structlog.get_logger(__name__)


class Examines(Learns, Protocol):
    """What is needed of a picture worker."""

    async def examine(self, job: Job) -> Examined:
        """Return what a picture shows. WorkerError where it could not be examined, and that is not its fault."""


@dataclass(slots=True)
class Counts:
    """Since the start."""

    diagnosed: int = 0
    dropped: int = 0
    """Overtaken by a newer picture, or too many were under way."""
    failed: int = 0
    """The worker could not."""
    failed_in_a_row: int = 0
    verdicts: Counter[PictureVerdict] = field(default_factory=Counter)


class Pictures:
    """Everything known of the cameras' pictures."""

    def __init__(
        self,
        *,
        registry: Registry,
        album: Album,
        worker: Examines,
        timeline: Timeline,
        told: Callable[[tuple[Finding, ...]], None],
        blind: Container[str] = frozenset(),
        gate: Gate | None = None,
    ) -> None:
        """`told` takes findings to the record, in order; `blind`: cameras that give no picture at all now."""
        self._album, self._worker, self._timeline = album, worker, timeline
        self._told, self._blind, self._gate = told, blind, gate
        self._tasks: set[asyncio.Task[None]] = set()
        self._traces: dict[str, bytes] = {}
        self._faces: OrderedDict[str, tuple[int, bytes]] = OrderedDict()
        self._fleet_kept = FleetLooks()
        self._fleet_kept_ms = 0
        self.looks: dict[str, Look] = {}
        """The newest of each camera."""
        self.good_ms: dict[str, int] = {}
        """When a picture of each was last found healthy."""
        self.counts = Counts()
        self.proof = PictureProof(registry, registry.picture)
        self.learning = Learning(album, worker, registry.picture)
        self._take_over(registry)

    def _take_over(self, registry: Registry) -> None:
        self._policy = registry.picture
        self._cameras = {d.id: d for d in registry.devices if d.kind.has_picture}
        self._places = places(registry)

    async def restore(self, recorded: Iterable[Finding]) -> None:
        """Go on from before a restart. `recorded`: what stands on record (`Recovery.findings`)."""
        looks = await asyncio.to_thread(self._album.looks)
        self.looks = {i: one for i, one in looks.items() if i in self._cameras}
        self.good_ms = {i: one.at_ms for i, one in self.looks.items() if _is_good(one)}
        tracks, fleet = await asyncio.to_thread(self._album.tracks), await asyncio.to_thread(self._album.fleet)
        untold = self.proof.restore(tracks, fleet, recorded, self._timeline.now_ms(), self._blind)
        await self.learning.restore()
        if untold:
            self._told(untold)

    def enrol(self, registry: Registry) -> None:
        """Take over a configuration; all there is of a camera that left goes."""
        before = set(self._cameras)
        self._take_over(registry)
        self.proof.enrol(registry, registry.picture)
        self.learning.adopt(registry.picture)
        for device_id in before - set(self._cameras):
            self.looks.pop(device_id, None)
            self.good_ms.pop(device_id, None)
            self._traces.pop(device_id, None)
            self._faces.pop(device_id, None)
            self.learning.forget(device_id)
            self._album.forget(device_id)

    def on_picture(
        self, device_id: str, data: bytes, at_ms: int | None = None, report: DomeReport | None = None
    ) -> None:
        """Take a snapshot that a camera just gave; returns at once. `report`: what a dome said of where it points."""
        if device_id not in self._cameras:
            return
        if len(self._tasks) >= MAX_UNDER_WAY:
            self.counts.dropped += 1
            return
        at_ms = self._timeline.now_ms() if at_ms is None else at_ms
        task = asyncio.create_task(self._picture(device_id, data, at_ms, report), name=f"picture {device_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _picture(self, device_id: str, data: bytes, at_ms: int, report: DomeReport | None) -> None:
        if device_id not in self._cameras:
            return
        try:
            if self._gate is not None and self._gate.wants(device_id):
                await self._gate.take(device_id, at_ms=at_ms, jpeg=data)
        except AlbumError as error:
            _log.warning("full_picture", device=device_id, error=str(error))
        try:
            await self.look(device_id, data, at_ms, report)
        except DroppedError:
            self.counts.dropped += 1
        except (WorkerError, AlbumError) as error:
            self.counts.failed += 1
            self.counts.failed_in_a_row += 1
            _log.warning("picture_not_examined", device=device_id, error=str(error))
        except Exception:  # noqa: BLE001 - a bug: no reason to stop looking at the others
            self.counts.failed += 1
            _log.exception("picture_bug", device=device_id)

    async def look(self, device_id: str, data: bytes, at_ms: int, report: DomeReport | None = None) -> Look:
        """Examine a snapshot and fold it in. WorkerError, AlbumError where that cannot be."""
        camera, (context, twilight) = self._cameras[device_id], self.light(device_id, at_ms)
        place, elsewhere_before = self.proof.place(device_id, report)
        if elsewhere_before:
            await self._other_home(device_id)
        compared = not twilight and place is not Place.ELSEWHERE
        learn = compared and self._may_learn(device_id, place) and self.learning.wants(device_id, context, at_ms)
        found, repaired = await self._baseline(device_id, context) if compared else (None, False)
        examined = await self._worker.examine(
            Job(
                device_id=device_id,
                data=data,
                baseline=None if found is None else found[1],
                hfov_deg=hfov_deg(camera),
                tilt_deg=tilt_deg(camera),
                before=self._traces.get(device_id),
                thumbnail=True,
                learn=learn,
            )
        )
        look = Look(
            device_id=device_id,
            at_ms=at_ms,
            context=context,
            diagnosis=examined.diagnosis,
            baseline=None if found is None else found[0].version,
            place=place,
        )
        if repaired:
            look = tolerated(look, self._policy)
        self.counts.diagnosed += 1
        self.counts.failed_in_a_row = 0
        self.counts.verdicts[look.diagnosis.verdict] += 1
        if device_id in self._cameras:  # it may have left the register meanwhile
            self._fold(look, examined)
            if examined.sheet is not None and self._teaches(look):
                await self.learning.take(device_id, context, at_ms=at_ms, sheet=examined.sheet)
        return look

    def _may_learn(self, device_id: str, place: Place) -> bool:
        """Tell whether a picture taken there is of the baseline's view, and no repair of it waits to be proved."""
        repair = self.proof.repair(device_id)
        known = place is Place.HOME or not self.proof.has_home(device_id)
        return known and (repair is None or repair.stage is not Stage.CLAIMED)

    async def _baseline(self, device_id: str, context: Context) -> tuple[tuple[BaselineInfo, bytes] | None, bool]:
        """Return what a picture is held against, and whether that is the accepted one after a repair."""
        repair = self.proof.repair(device_id)
        if repair is None or (repair.stage is Stage.LEARNING and (device_id, context) in self.learning.in_use):
            return await asyncio.to_thread(self._album.baseline, device_id, context), False
        accepted = await asyncio.to_thread(partial(self._album.baseline, device_id, context, accepted=True))
        if accepted is not None:
            return accepted, True
        return await asyncio.to_thread(self._album.baseline, device_id, context), False

    async def _other_home(self, device_id: str) -> None:
        """Begin anew with a dome: what was learned is of another position, or of nobody knows which."""
        _log.info("dome_home", device=device_id)
        await self.learning.relearn(device_id)
        self._traces.pop(device_id, None)
        self._tell(self.proof.begin_anew(device_id, self._timeline.now_ms()))

    async def follow_repairs(self, claims: Mapping[str, Claim]) -> None:
        """Follow what the work orders say of cameras whose picture was at fault; learn anew where the view changed."""
        for device_id in self.proof.claims(claims):
            _log.info("picture_learned_after_repair", device=device_id)
            try:
                await self.learning.relearn(device_id)
            except AlbumError as error:
                _log.warning("picture_learn", device=device_id, error=str(error))

    def _fold(self, look: Look, examined: Examined) -> None:
        device_id = look.device_id
        newest = self.looks.get(device_id)
        if newest is not None and newest.at_ms >= look.at_ms:
            return  # a newer one came first
        self.looks[device_id] = look
        if _is_good(look):
            self.good_ms[device_id] = look.at_ms
        if examined.trace:
            self._traces[device_id] = examined.trace
        self._face(look, examined.thumbnail)
        told = self.proof.look(look, self._blind)
        self._album.note(look, self.proof.track_text(device_id))
        self._tell(told)

    def _face(self, look: Look, thumbnail: bytes | None) -> None:
        """Hold the blurred thumbnail of a fault that is not proved yet; in memory, and of few cameras."""
        self._faces.pop(look.device_id, None)
        if thumbnail is not None and look.diagnosis.verdict.is_fault:
            self._faces[look.device_id] = (look.at_ms, thumbnail)
            if len(self._faces) > MAX_FACES:
                self._faces.popitem(last=False)

    def _teaches(self, look: Look) -> bool:
        """Tell whether a look is of a camera in good health: only then a baseline learns from it."""
        device_id = look.device_id
        return _is_good(look) and self.proof.is_calm(device_id) and device_id not in self._blind

    async def relearn(self, device_id: str) -> None:
        """Begin anew with a camera, because somebody says that it is meant to look as it does now.

        What its baselines proved ends with them: nothing could ever disprove it. LookupError for what is no camera.
        """
        if device_id not in self._cameras:
            raise LookupError(device_id)
        await self.learning.relearn(device_id)
        now_ms = self._timeline.now_ms()
        self.proof.forget_home(device_id, now_ms)
        ended = self.proof.begin_anew(device_id, now_ms)
        look = self.looks.get(device_id)
        if look is not None:
            self._album.note(look, self.proof.track_text(device_id))
        self._tell(ended)

    def tick(self) -> None:
        """Let time pass: what waited for company is decided. Called each second or so."""
        now_ms = self._timeline.now_ms()
        self._tell(self.proof.settle(now_ms, self._blind))
        if now_ms - self._fleet_kept_ms >= FLEET_EVERY_MS:
            self._keep_fleet(now_ms)

    def _keep_fleet(self, now_ms: int) -> None:
        if self.proof.fleet != self._fleet_kept:
            self._fleet_kept, self._fleet_kept_ms = self.proof.fleet, now_ms
            self._album.note_fleet(self._fleet_kept.to_json())

    def _tell(self, findings: tuple[Finding, ...]) -> None:
        for finding in findings:
            face = self._faces.get(finding.device_id)
            if not finding.verdict.is_fault or finding.scope is Scope.WEATHER:
                self._album.drop_thumbnails((finding.device_id,))
            elif face is not None:
                self._keep_face(finding, *face)
        if findings:
            self._told(findings)

    def _keep_face(self, finding: Finding, at_ms: int, jpeg: bytes) -> None:
        try:
            self._album.put_thumbnail(finding, at_ms=at_ms, jpeg=jpeg)
        except AlbumError as error:  # one that is too large is not kept; the finding stands without it
            _log.warning("thumbnail", device=finding.device_id, error=str(error))

    def light(self, device_id: str, at_ms: int) -> Light:
        """Return whether it is day or night to a camera, or twilight, when it is held against no baseline."""
        lon_deg, lat_deg = self._places[device_id]
        return light_at(at_ms, lon_deg=lon_deg, lat_deg=lat_deg, policy=self._policy)

    async def settled(self) -> None:
        """Wait until what is under way is done."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        """Let go of what is under way."""
        self._keep_fleet(self._timeline.now_ms())
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _is_good(look: Look) -> bool:
    return look.diagnosis.verdict is PictureVerdict.OK and not look.diagnosis.alarms
