"""A board over a real desk: real ledger, recorder, sender and files; a township whose figures a test made by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from tests.dashboards.township import AT_MS, Township
from tests.monitor.run.test_desk import DARK, Rig, rig, town

from camboard.source import WorkSource
from camcover.optics import Mount
from camkeeper.clock import SimulatedClock
from camkeeper.model.channel import BotSetting, ChannelKind
from camkeeper.model.contract import Contractor
from camkeeper.model.inspection import Inspection
from camkeeper.model.outbox import ChannelPace
from camkeeper.model.registry import Registry
from camkeeper.notify import connect, http_session
from camkeeper.run.desk.workroom import WorkRoom
from camkeeper.run.sender import Sender
from camkeeper.standing.desk import Act, Acted, DeskStanding, IncidentStory, IncidentView
from camkeeper.standing.work import Gain

ITEMS = ("箱体完好", "接地", "标识牌")


def registry(url: str = "http://127.0.0.1:9/") -> Registry:
    """Return the desk's town with a second contractor, a depot, a round, and one WeCom robot at `url`."""
    plain = town()
    mount = Mount(lon_deg=113.84, lat_deg=33.79, height_m=6.0, azimuth_deg=0.0, tilt_deg=15.0)
    devices = tuple(replace(d, mount=mount) if d.id == "cam-1" else d for d in plain.devices)
    return replace(
        plain,
        devices=devices,
        contractors=(
            Contractor(id="weibao", name="甲维保单位", depot=(113.80, 33.79)),
            Contractor(id="other", name="乙维保单位"),
        ),
        channels=(BotSetting(id="hook", name="值班群", kind=ChannelKind.WECOM, url=url),),
        inspections=(
            Inspection(
                id="poles",
                name="立杆箱体巡检",
                site_ids=("v1",),
                contractor_id="other",
                first=datetime(2026, 11, 21, 8, 0),  # noqa: DTZ001 (local)
                tz="Asia/Shanghai",
                rule="FREQ=DAILY;INTERVAL=30",
                within_ms=3 * 86_400_000,
                items=ITEMS,
            ),
        ),
    )


async def gains(groups: Mapping[int, frozenset[str]]) -> Mapping[int, Gain]:
    """Return a fixed worth for every order."""
    return {n: Gain(area_m2=1234.5, places=1.5, place_ids=("gate",)) for n in groups}


@dataclass(slots=True, kw_only=True)
class OrderTown(Township):
    """A source whose desk and orders are the real ones."""

    rig: Rig
    room: WorkRoom
    ledger: Path

    def desk(self) -> DeskStanding | None:
        return self.rig.room.desk()

    async def story(self, incident_id: str) -> IncidentStory:
        return await self.rig.room.story(incident_id)

    def by_token(self, token: str) -> IncidentView | None:
        return self.rig.room.by_token(token)

    async def act(self, act: Act) -> Acted:
        return await self.rig.room.act(act)

    def work(self) -> WorkSource:
        return self.room

    @property
    def token(self) -> str:
        """Of the phone page of the switch's incident."""
        return self.rig.desk.url_of("I000001").rpartition("/")[2]


@asynccontextmanager
async def order_town(folder: Path, *, url: str = "http://127.0.0.1:9/") -> AsyncIterator[OrderTown]:
    """A switch has failed (WO-0002, after the round WO-0001), and the recorder runs."""
    path, known = folder / "t.ledger", registry(url)
    with rig(path, SimulatedClock(wall_ms=AT_MS), known=known) as one:
        await one.round(times=2)
        await one.round(DARK, times=5)
        async with http_session() as session:
            sender = Sender(ledger=one.ledger, clock=one.timeline)
            made = connect(known.channels, session=session, secrets=lambda ref: ref, clock=one.clock)
            sender.enrol(made, {"hook": ChannelPace()})
            room = WorkRoom(
                desk=one.desk,
                sender=sender,
                ledger=path,
                township=one.township,
                timeline=one.timeline,
                gains=gains,
            )
            running = asyncio.create_task(one.recorder.run())
            try:
                yield OrderTown(rig=one, room=room, ledger=path)
            finally:
                running.cancel()
