"""A township with everything a board can show: real ledger, desk, windows, coverage, reports, reasons; made-up faults.

The past is written as a monitor would have written it, the last hours are lived through by the real judge and desk.
Pictures alone are values made by hand. Nothing is random but by a device's id: every run makes the same township.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.dashboards.desk_town import DeskTown
from tests.dashboards.picture_town import PictureTown, finding, looked
from tests.dashboards.township import AT_MS, monitor, rungs
from tests.dashboards.whole_past import MINUTE_MS, Fault, demo_faults, demo_registry, write
from tests.monitor.register.messy import config
from tests.monitor.run.test_desk import Rig, rig
from tests.monitor.run.township import sample

from camboard.source import WorkSource
from camkeeper.clock import Clock, SimulatedClock
from camkeeper.config import load
from camkeeper.ledger import snapshot_of
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.outbox import ChannelPace
from camkeeper.model.picture import PictureVerdict
from camkeeper.model.registry import Registry
from camkeeper.model.status import Reason, Status
from camkeeper.notify import connect, http_session
from camkeeper.run.coverage.coverage import Coverage
from camkeeper.run.desk.windows import WindowRoom
from camkeeper.run.desk.workroom import WorkRoom
from camkeeper.run.doctor import DoctorRoom
from camkeeper.run.insight import Insight
from camkeeper.run.months import MonthRoom
from camkeeper.run.reading import read
from camkeeper.run.registers import RegisterRoom
from camkeeper.run.reports import ReportRoom
from camkeeper.run.sender import Sender
from camkeeper.standing.build import DeviceNow, Inputs, build, timezone_of
from camkeeper.standing.coverage import CoverageMap, CoverageStanding, Darkness
from camkeeper.standing.desk import Act, Acted, Action, DeskStanding, IncidentStory, IncidentView
from camkeeper.standing.month import MonthAct, MonthActed
from camkeeper.standing.past import Past
from camkeeper.standing.picture import PictureStanding
from camkeeper.standing.why import Why, WhyAsk
from camkeeper.standing.windows import WindowAct, WindowActed, WindowAction, WindowsStanding
from camkeeper.window.book import WindowBook
from camkeeper.window.plan import Document


@dataclass(slots=True, kw_only=True)
class WholeTown(PictureTown):
    """A source of everything. Its clock stands still but where the test moves it."""

    rig: Rig
    registry: Registry
    folder: Path
    rooms: WorkRoom | None = None
    agreed: WindowRoom | None = None
    insight: Insight | None = None
    cover: Coverage | None = None
    room: ReportRoom | None = None
    sealing: MonthRoom | None = None
    intake: RegisterRoom | None = None
    probed: list[str] = field(default_factory=list)
    ails: dict[str, tuple[Status, Reason]] = field(default_factory=dict)

    @property
    def months(self) -> MonthRoom:
        if self.sealing is None:
            self.sealing = MonthRoom(ledger=self.rig.ledger, registry=lambda: self.registry)
        return self.sealing

    @property
    def ledger(self) -> Path:
        return self.folder / "t.ledger"

    def desk(self) -> DeskStanding | None:
        return self.rig.room.desk()

    async def story(self, incident_id: str) -> IncidentStory:
        return await self.rig.room.story(incident_id)

    def by_token(self, token: str) -> IncidentView | None:
        return self.rig.room.by_token(token)

    async def act(self, act: Act) -> Acted:
        self.rig.clock.advance(1000)  # nobody does two things in one instant
        return await self.rig.room.act(act)

    def work(self) -> WorkSource | None:
        return self.rooms

    def doctor(self) -> DoctorRoom:
        return DoctorRoom(
            config=self.folder / "cameras.yaml",
            clock=self.rig.clock,
            registry=lambda: self.registry,
            facts=dict,
            reload=_nothing,
        )

    def registers(self) -> RegisterRoom | None:
        return self.intake

    def reports(self) -> ReportRoom | None:
        return self.room

    async def act_month(self, act: MonthAct) -> MonthActed:
        return await self.months.act(act)

    def windows(self) -> WindowsStanding | None:
        return self.agreed.windows() if self.agreed else None

    async def act_window(self, act: WindowAct) -> WindowActed:
        assert self.agreed is not None
        return await self.agreed.act(act)

    async def evidence(self, digest: str) -> tuple[Document, bytes]:
        assert self.agreed is not None
        return await self.agreed.evidence(digest)

    def past(self) -> Past | None:
        return self.insight.past() if self.insight else None

    async def why(self, ask: WhyAsk) -> Why:
        assert self.insight is not None
        return await self.insight.why(ask)

    def probe_now(self, device_ids: Collection[str]) -> frozenset[str]:
        assert self.insight is not None
        return self.insight.probe_now(device_ids)

    def coverage(self) -> CoverageStanding | None:
        return self.cover.coverage() if self.cover else None

    def coverage_map(self) -> CoverageMap | None:
        return self.cover.coverage_map() if self.cover else None

    async def darkness(self, site_id: str, *, night: bool, failed: frozenset[str]) -> Darkness:
        assert self.cover is not None
        return await self.cover.darkness(site_id, night=night, failed=failed)

    async def minute(self, *, seconds: int = 60) -> None:
        """Let time pass: every device that isn't silent is sampled as it fares, and all of it is stored."""
        self.rig.clock.advance(seconds * 1000)
        at_ms = self.rig.timeline.now_ms()
        for one in self.registry.devices:
            status, reason = self.ails.get(one.id, (Status.UP, Reason.RECOVERED))
            if status is not Status.UNKNOWN:
                self.rig.township.take(replace(sample(one.id, at_ms, status), reason=reason))
        await self.rig.recorder.flush()

    async def show(self, changed: frozenset[str] = frozenset()) -> None:
        """Build the Standing of this moment and tell."""
        recorder, tz = self.rig.recorder, timezone_of(self.registry)
        at_ms = recorder.last_tick_ms
        config = snapshot_of(self.registry)
        found = await asyncio.to_thread(read, self.ledger, config, at_ms=at_ms, tz=tz)
        now = {}
        for one in self.registry.devices:
            track = recorder.tracks.get(one.id)
            now[one.id] = DeviceNow(track=track, rungs=rungs(one.kind, track.status if track else Status.UNKNOWN))
        self.value = build(
            Inputs(
                at_ms=at_ms,
                registry=self.registry,
                now=now,
                today=found.today,
                month=found.month,
                strips=found.strips,
                retired=found.retired,
                monitor=monitor(last_tick_ms=at_ms, last_sample_ms=at_ms - 400),
            )
        )
        if self.cover is not None:
            self.cover.changed(changed)
        self.feed.publish(changed)

    async def fall(self, *ids: str, status: Status = Status.DOWN, reason: Reason = Reason.NO_ANSWER) -> None:
        """Let devices fail (or recover) for good, and show it."""
        self.ails.update(dict.fromkeys(ids, (status, reason)))
        for _ in range(4):
            await self.minute()
        await self.show(frozenset(ids))

    @property
    def incidents(self) -> tuple[IncidentView, ...]:
        """Return the open ones, gravest first."""
        now = self.desk()
        assert now is not None
        return now.open

    def of(self, device_id: str) -> IncidentView:
        """Return the open incident that a device belongs to."""
        return next(v for v in self.incidents if device_id in v.incident.members)


async def _live(town: WholeTown, faults: Sequence[Fault], minutes: int) -> None:
    for minute in range(minutes, 0, -1):
        town.ails = {i: (f.status, f.reason) for f in faults if f.from_min >= minute > f.until_min for i in f.devices}
        await town.minute()
        await asyncio.sleep(0)


def _pictures(registry: Registry, at_ms: int) -> PictureStanding:
    """Return looks at every camera: one is covered, one is blurred, one has no picture to look at."""
    cameras = [d.id for d in registry.devices if d.kind.has_picture]
    seen = {i: looked(i, looked_ms=at_ms - 4 * MINUTE_MS) for i in cameras}
    for i, verdict in (
        (cameras[20 % len(cameras)], PictureVerdict.COVER),
        (cameras[31 % len(cameras)], PictureVerdict.BLUR),
    ):
        seen[i] = looked(i, verdict, finding=finding(i, verdict), has_thumbnail=True)
    return PictureStanding(at_ms=at_ms, cameras=seen, learn_frames=5, diagnosed=len(cameras), weather_site_ids=())


async def _agree(town: WholeTown) -> None:
    """Enter a window that is under way, and one of tomorrow."""
    camera = next(d for d in town.registry.devices if d.kind is DeviceKind.CAMERA)
    for fields in (
        {"from": "now", "length": "2h", "reason": "更换镜头", "devices": camera.id},
        {"from": "2026-11-22 09:00", "length": "3h", "reason": "光缆迁改", "sites": town.registry.sites[-1].id},
    ):
        asked: Mapping[str, str] = {"kind": "maintenance", **fields}
        acted = await town.act_window(WindowAct(action=WindowAction.ADD, by="张敏", fields=asked))
        assert acted.done, acted
    await town.minute()


@asynccontextmanager
async def whole_town(
    folder: Path,
    *,
    registry: Registry | None = None,
    faults: Sequence[Fault] | None = None,
    minutes: int = 110,
) -> AsyncIterator[WholeTown]:
    """Live through the last minutes of a township; everything ends with the block."""
    known = registry or demo_registry()
    given = demo_faults(known) if faults is None else faults
    start_ms = AT_MS - (minutes + 1) * MINUTE_MS
    path = folder / "t.ledger"
    await asyncio.to_thread(write, path, known, start_ms)
    with rig(path, SimulatedClock(wall_ms=start_ms), known=known) as one:
        town = WholeTown(rig=one, registry=known, folder=folder, now=DeskTown().now)
        await _live(town, given, minutes)
        async with http_session() as session:
            sender = Sender(ledger=one.ledger, clock=one.timeline)
            made = connect(known.channels, session=session, secrets=lambda ref: ref, clock=one.clock)
            sender.enrol(made, {c.id: ChannelPace() for c in known.channels})
            cover = Coverage(
                ledger=one.ledger,
                clock=one.clock,
                registry=lambda: known,
                last_tick_ms=lambda: one.recorder.last_tick_ms,
                publish=lambda: town.feed.publish(frozenset()),
            )
            room = WorkRoom(
                desk=one.desk,
                sender=sender,
                ledger=path,
                township=one.township,
                timeline=one.timeline,
                gains=cover.gains,
            )
            town.rooms, town.cover = room, cover
            town.agreed = WindowRoom(
                book=WindowBook(), township=one.township, recorder=one.recorder, timeline=one.timeline, ledger=path
            )
            town.insight = Insight(
                ledger=path, clock=one.clock, timeline=one.timeline, township=one.township, ask=town.probed.append
            )
            town.room = ReportRoom(ledger=path, now_ms=one.timeline.now_ms, registry=lambda: known, coverage=cover)
            town.intake = register_room(folder, one.clock)
            tasks = [asyncio.create_task(one.recorder.run()), asyncio.create_task(cover.run())]
            try:
                await _agree(town)
                town.seen = _pictures(known, one.recorder.last_tick_ms)
                await town.show()
                await _settled(town)
                yield town
            finally:
                town.insight.close()
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)


def register_room(folder: Path, clock: Clock) -> RegisterRoom:
    """Return a room over a configuration of 27 villages; nobody takes it over."""
    path = folder / "cameras.yaml"
    path.write_text(config(3), encoding="utf-8")

    async def reload() -> None:
        load(path)

    return RegisterRoom(config=path, clock=clock, reload=reload, warning=lambda: None)


async def _nothing() -> None:
    """Take over what was written: nobody runs here."""


async def _settled(town: WholeTown) -> None:
    """Wait for the past and for coverage."""
    assert town.insight is not None
    town.insight.refresh()
    async with asyncio.timeout(120):
        while town.past() is None or town.coverage() is None:  # noqa: ASYNC110 - neither tells
            await asyncio.sleep(0.05)


async def acknowledged(town: WholeTown, device_id: str, by: str) -> None:
    """Let somebody answer for the incident of a device."""
    acted = await town.act(Act(action=Action.ACKNOWLEDGE, by=by, incident_id=town.of(device_id).incident.id))
    assert acted.done, acted
