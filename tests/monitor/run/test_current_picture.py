"""Whole pictures on request: on record before the camera is asked, kept for a while, gone without a trace."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.album.prints import HOUR, T0, core, jpeg, open_album, somewhere
from tests.monitor.fleet import town as fleet_town
from tests.monitor.run.township import device, registry, result

from camfleet.fleet import Fleet
from camkeeper.album import Gate, album_beside
from camkeeper.clock import SimulatedClock, SystemClock, Timeline
from camkeeper.ledger import Batch, Boot, Ledger, LedgerReader, LifeChange, snapshot_of
from camkeeper.ledger.verify import verify
from camkeeper.model.dome import DomeReport
from camkeeper.model.equipment import Device
from camkeeper.model.place import SitePictures
from camkeeper.model.policy import ProbePolicy
from camkeeper.model.probing import Depth, Rung, Verdict
from camkeeper.model.registry import Registry
from camkeeper.model.view import Viewed, ViewRecord
from camkeeper.probe.latch import MemoryLatches
from camkeeper.probe.prober import Prober
from camkeeper.run.pictures.current import AGAIN_MS, RETRY_MS, SETTLED_MS, WAIT_MS, Current, allows
from camkeeper.run.pictures.room import PictureRoom
from camkeeper.run.recorder import Recorder
from camkeeper.run.township import Township
from camkeeper.schedule.wheel import Cadence, Wheel
from camkeeper.standing.picture import Getting, ViewRequest

RARELY = Cadence(every_ms=10**9, picture_every_ms=10**14, full_every_ms=10**15)
ON, OFF = SitePictures.ON_REQUEST, SitePictures.NEVER


def opened(value: Registry, site_id: str = "v1", to: SitePictures | None = ON) -> Registry:
    """Return the same with one site that says something of pictures."""
    return replace(value, sites=tuple(replace(s, pictures=to) if s.id == site_id else s for s in value.sites))


def wish(device_id: str = "a", **changes: str) -> ViewRequest:
    return replace(
        ViewRequest(who="李值班", unit="大郭镇综治中心", why="核实遮挡", device_id=device_id),
        **changes,
    )


@given(above=st.sampled_from([None, ON, OFF]), own=st.sampled_from([None, ON, OFF]))
def test_a_place_that_says_nothing_does_as_the_one_above_and_at_the_top_that_is_never(
    above: SitePictures | None, own: SitePictures | None
) -> None:
    town = opened(opened(registry([device("a")]), "town", above), "v1", own)
    assert allows(town, "a") == ((own or above or OFF) is ON)
    assert not allows(town, "nobody")


class Desk:
    """Requests over a real album and ledger, under a clock of our own."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.path = SimulatedClock(wall_ms=T0), folder / "l"
        self.timeline, self.wheel = Timeline(self.clock), Wheel()
        self.township = Township(opened(registry([device("a"), device("b", site="v2")])))
        for one in self.township.registry.devices:
            self.wheel.put(one.id, RARELY, 0)
        self.township.restore({})
        self.ledger = Ledger.open(self.path, boot=Boot(boot_id="b", version="1"), clock=self.clock)
        self.album = open_album(folder / "l.album", self.clock)
        self.gate = Gate(
            self.album,
            clock=self.timeline,
            register=self.register,
            allowed=lambda device_id: allows(self.township.registry, device_id),
        )
        self.current = Current(
            album=self.album, gate=self.gate, timeline=self.timeline, township=self.township, wheel=self.wheel
        )

    async def register(self, view: ViewRecord) -> None:
        await asyncio.wrap_future(self.ledger.append(Batch(views=(view,))))

    def views(self) -> list[Viewed]:
        with LedgerReader(self.path) as reader:
            return [view.what for view in reader.views()]

    def probes(self) -> list[tuple[str, Depth]]:
        return [(due.device_id, due.depth) for due in self.wheel.due(self.clock.elapsed_ms())]

    async def wait(self, ms: int) -> None:
        self.clock.advance(ms)
        await self.current.tick()

    def answered(self, *rungs: tuple[Rung, Verdict]) -> None:
        sample = self.township.assess(result("a", self.timeline.now_ms(), rungs))
        assert sample is not None
        self.township.take(sample)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    one = Desk(tmp_path)
    yield one
    one.album.close()
    one.ledger.close()


async def taken(desk: Desk, picture: bytes) -> int:
    """Ask, and let the camera give a picture; return when it was asked."""
    asked = await desk.current.ask(wish())
    assert asked.at_ms is not None
    desk.clock.advance(300)
    assert await desk.gate.take("a", at_ms=desk.timeline.now_ms(), jpeg=picture)
    await desk.wait(700)
    return asked.at_ms


async def test_asked_taken_shown_and_each_is_on_record_first(desk: Desk) -> None:
    large = jpeg(640, 360)
    asked = await desk.current.ask(wish())
    assert asked.at_ms is not None
    assert desk.views() == [Viewed.ASKED]
    assert desk.probes() == [("a", Depth.PICTURE)]
    assert desk.current.wanted("a", asked.at_ms).state is Getting.WAITING
    assert await desk.gate.take("a", at_ms=desk.timeline.now_ms() + 5, jpeg=large)
    assert desk.current.wanted("a", asked.at_ms).state is Getting.WAITING  # until it is known to be kept
    await desk.wait(1000)
    wanted = desk.current.wanted("a", asked.at_ms)
    assert wanted.state is Getting.TAKEN
    assert wanted.kept is not None
    assert wanted.kept.expires_ms - wanted.kept.at_ms == 72 * HOUR
    assert desk.views() == [Viewed.ASKED]
    shown = await desk.current.full(wish(who="王主任"))
    assert (shown.jpeg, shown.at_ms) == (large, wanted.kept.at_ms)
    assert desk.views() == [Viewed.ASKED, Viewed.SNAPSHOT]
    assert verify(desk.path).ok


async def test_closed_sites_and_haste_are_refused_and_nothing_is_asked(desk: Desk) -> None:
    for device_id in ("b", "nobody"):
        with pytest.raises(PermissionError):
            await desk.current.ask(wish(device_id))
    with pytest.raises(PermissionError):
        await desk.current.full(wish("b"))
    assert (desk.views(), desk.probes()) == ([], [])
    await desk.current.ask(wish())
    desk.clock.advance(AGAIN_MS - 1)
    refused = await desk.current.ask(wish())
    assert refused.at_ms is None
    assert "10" in refused.zh
    assert "10" in refused.en
    assert desk.views() == [Viewed.ASKED]
    desk.clock.advance(1)
    assert (await desk.current.ask(wish())).at_ms is not None


async def test_without_a_record_no_camera_is_asked(desk: Desk) -> None:
    desk.ledger.close()
    with pytest.raises(Exception, match="closed"):
        await desk.current.ask(wish())
    assert desk.probes() == []
    assert not desk.gate.wants("a")


async def test_it_asks_again_deeper_gives_up_and_keeps_nothing_that_comes_later(desk: Desk) -> None:
    asked = await desk.current.ask(wish())
    assert asked.at_ms is not None
    assert desk.probes() == [("a", Depth.PICTURE)]
    for at_ms in RETRY_MS:
        await desk.wait(asked.at_ms + at_ms - desk.timeline.now_ms())
        assert desk.probes() == [("a", Depth.FULL)]
    await desk.wait(asked.at_ms + WAIT_MS - desk.timeline.now_ms())
    assert desk.probes() == []
    wanted = desk.current.wanted("a", asked.at_ms)
    assert (wanted.state, wanted.rung) == (Getting.NONE, None)
    assert not await desk.gate.take("a", at_ms=desk.timeline.now_ms(), jpeg=jpeg(640, 360))
    assert desk.album.fulls() == {}
    assert desk.views() == [Viewed.ASKED]


async def test_the_lowest_rung_that_failed_says_why(desk: Desk) -> None:
    desk.answered((Rung.REACH, Verdict.TIMEOUT))  # before: it says nothing of this request
    desk.clock.advance(50)
    asked = await desk.current.ask(wish())
    assert asked.at_ms is not None
    await desk.wait(SETTLED_MS)
    assert desk.current.wanted("a", asked.at_ms).state is Getting.WAITING
    desk.answered((Rung.REACH, Verdict.OK), (Rung.AUTH, Verdict.AUTH_REFUSED), (Rung.SNAPSHOT, Verdict.SKIPPED))
    wanted = desk.current.wanted("a", asked.at_ms)
    assert (wanted.state, wanted.rung, wanted.verdict) == (Getting.NONE, Rung.AUTH, Verdict.AUTH_REFUSED)


async def gone(desk: Desk, needle: bytes) -> bool:
    for _ in range(60):
        if not somewhere(desk.path, needle):
            return True
        await asyncio.sleep(0.05)
    return False


@pytest.mark.parametrize("how", ["time", "configuration"])
async def test_after_its_time_or_the_sites_change_of_mind_no_byte_of_it_is_left(desk: Desk, how: str) -> None:
    large = jpeg(640, 360, seed=9)
    await taken(desk, large)
    await desk.current.full(wish())
    assert somewhere(desk.path, core(large))
    if how == "time":
        await desk.wait(72 * HOUR - 10_000)
        assert desk.current.kept
        await desk.wait(10_000)
    else:
        desk.township.registry = opened(desk.township.registry, to=None)
        await desk.wait(1000)
    assert desk.current.kept == {}
    assert desk.album.fulls() == {}
    assert await gone(desk, core(large))
    assert desk.views() == [Viewed.ASKED, Viewed.SNAPSHOT]  # who looked stays


def copied(folder: Path) -> Path:
    left = folder / "left"
    left.mkdir()
    for file in folder.glob("l*"):
        if file.is_file():
            shutil.copy(file, left / file.name)
    return left


async def test_a_kill_between_the_record_and_the_picture_leaves_the_record(desk: Desk, tmp_path: Path) -> None:
    """What is on disk at this instant is what a killed process leaves."""
    await desk.current.ask(wish())
    left = await asyncio.to_thread(copied, tmp_path)
    with LedgerReader(left / "l") as reader:
        [view] = reader.views()
    assert (view.what, view.who, view.why) == (Viewed.ASKED, "李值班", "核实遮挡")


class Street:
    """The room itself with a virtual camera, asked by the monitor's own prober."""

    def __init__(self, ledger: Ledger, town: Registry, prober: Prober) -> None:
        self.timeline, self.wheel, self.township = Timeline(SystemClock()), Wheel(), Township(town)
        self.prober, recovery = prober, ledger.recover()
        self.township.restore({})
        self.recorder = Recorder(ledger=ledger, township=self.township, timeline=self.timeline, stored=lambda _: None)
        now_ms = self.timeline.now_ms()
        self.recorder.note_config(
            snapshot_of(town), tuple(LifeChange(device_id=d.id, at_ms=now_ms, enrolled=True) for d in town.devices)
        )
        for one in town.devices:
            self.wheel.put(one.id, RARELY, self.timeline.elapsed_ms())
        self.room = PictureRoom(
            ledger=ledger.path,
            timeline=self.timeline,
            township=self.township,
            recorder=self.recorder,
            wheel=self.wheel,
            recorded=recovery.findings,
        )

    async def turn(self) -> None:
        """Probe what is due, as the poller does, and let the disk have what waits."""
        while True:
            for due in self.wheel.due(self.timeline.elapsed_ms()):
                town = self.township.registry
                asked = town.device_by_id[due.device_id]
                found = await self.prober.probe(asked, town.credentials[0], Depth.FULL)
                self.township.assess(found)
            await self.recorder.flush()
            await asyncio.sleep(0.05)


@asynccontextmanager
async def living(*tasks: Awaitable[None]) -> AsyncIterator[None]:
    running = [asyncio.ensure_future(task) for task in tasks]
    try:
        yield
    finally:
        for one in running:
            one.cancel()
        for one in running:
            with suppress(asyncio.CancelledError):
                await one


async def soon(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not what():  # noqa: ASYNC110 - told by nobody
            await asyncio.sleep(0.02)


async def test_a_real_camera_gives_its_picture_to_who_is_on_record(tmp_path: Path) -> None:
    town = opened(fleet_town.town([fleet_town.camera("cam")]))
    given: list[bytes] = []
    street: Street

    def seen(of: Device, data: bytes, dome: DomeReport | None) -> None:
        given.append(data)
        street.room.on_picture(of, data, dome)

    prober = Prober(
        clock=SystemClock(),
        password_of=lambda _: fleet_town.PASSWORD,
        policy=ProbePolicy(timeout_s=1.5),
        latches=MemoryLatches(),
        on_picture=seen,
    )
    async with Fleet(town, fleet_town.PASSWORDS, pictures="light"), prober:
        with Ledger.open(tmp_path / "t.ledger", boot=Boot(boot_id="b", version="t"), clock=SystemClock()) as ledger:
            street = Street(ledger, town, prober)
            await street.recorder.flush()
            room = street.room
            async with living(room.run(), street.turn()):
                await soon(lambda: room.pictures() is not None)
                shown = room.pictures()
                assert shown is not None
                assert shown.cameras["cam"].may_ask
                asked = await room.ask(wish("cam"))
                assert asked.at_ms is not None
                since_ms = asked.at_ms
                await soon(lambda: room.wanted("cam", since_ms).state is Getting.TAKEN)
                full = await room.full(wish("cam", why="再看"))
                assert full.jpeg in given
                assert [view.why for view in await room.views(9)] == ["再看", "核实遮挡"]
                for lacks in ("who", "unit", "why"):
                    with pytest.raises(ValueError, match="姓名"):
                        await room.ask(wish("cam", **{lacks: " "}))
                with pytest.raises(LookupError):
                    await room.ask(wish("nobody"))
                street.township.registry = opened(town, to=OFF)
                await soon(lambda: not somewhere(album_beside(ledger.path), core(full.jpeg)))
                with pytest.raises(PermissionError):
                    await room.full(wish("cam"))
