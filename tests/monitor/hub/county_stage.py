"""A county with copies that were proved, and no network: the hub's rooms behind the board."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.monitor.ledger.stories import Story, snapshot_of_stories

from camkeeper.clock import SimulatedClock
from camkeeper.hub.copies import Copies, Edge
from camkeeper.hub.county import CountyView
from camkeeper.hub.sums import Sums
from camkeeper.hub.watch import HubWatch
from camkeeper.ledger import Batch, Boot, Ledger, LedgerReader, LifeChange
from camkeeper.ledger.excerpt import excerpt
from camkeeper.ledger.parcel import Parcel, Place, pack
from camkeeper.ledger.snapshot import DeviceEntry, SiteEntry
from camkeeper.model.change import Transition
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.place import SiteKind
from camkeeper.model.span import Span
from camkeeper.model.status import Reason, Status

HOUR = 3_600_000
T0 = 1_790_000_000_000
TICK = T0 + 20 * HOUR
ZONE = "Asia/Shanghai"
_REASON = {Status.UP: Reason.RECOVERED, Status.DOWN: Reason.NO_ANSWER, Status.UNKNOWN: Reason.SILENCE}


async def town_parcel(path: Path, name: str, *, down: tuple[str, ...], cameras: int = 2) -> Parcel:
    """A town with two villages and a camera in each (or more); those named fell at half time and stay down."""
    ids = tuple(f"{path.stem}-CAM-{n}" for n in range(1, cameras + 1))
    sites = (
        SiteEntry(id="town", name=name, kind=SiteKind.TOWN, timezone=ZONE, target_bp=9500),
        SiteEntry(id="v1", name="一村", kind=SiteKind.VILLAGE, timezone=ZONE, target_bp=9500, parent_id="town"),
        SiteEntry(id="v2", name="二村", kind=SiteKind.VILLAGE, timezone=ZONE, target_bp=9500, parent_id="town"),
    )
    devices = tuple(
        DeviceEntry(id=i, site_id="v1" if n % 2 == 0 else "v2", kind=DeviceKind.CAMERA) for n, i in enumerate(ids)
    )
    stories = [Story(device_id=i, lives=(Span(start_ms=T0, end_ms=T0),), changes=()) for i in ids]
    config = replace(snapshot_of_stories(stories, ZONE), sites=sites, devices=devices)
    clock = SimulatedClock(wall_ms=T0)
    with Ledger.open(path, boot=Boot(boot_id="boot", version="test"), clock=clock) as ledger:
        ledger.recover()
        lives = tuple(LifeChange(device_id=i, at_ms=T0, enrolled=True) for i in ids)
        await asyncio.wrap_future(ledger.append(Batch(config=config, lives=lives, tick_ms=T0)))
        ups = tuple(_change(i, T0, Status.UNKNOWN, Status.UP) for i in ids)
        await asyncio.wrap_future(ledger.append(Batch(transitions=ups, tick_ms=T0 + HOUR)))
        fallen = tuple(_change(i, T0 + 10 * HOUR, Status.UP, Status.DOWN) for i in down)
        await asyncio.wrap_future(ledger.append(Batch(transitions=fallen, tick_ms=TICK)))
    with LedgerReader(path) as reader:
        return excerpt(reader, Place())


def _change(device_id: str, at_ms: int, old: Status, new: Status) -> Transition:
    return Transition(device_id=device_id, at_ms=at_ms, decided_ms=at_ms, old=old, new=new, reason=_REASON[new])


@dataclass
class CountyStage:
    clock: SimulatedClock
    copies: Copies
    sums: Sums
    watch: HubWatch
    view: CountyView
    parcels: dict[str, Parcel]

    async def hear(self, edge_id: str) -> None:
        """A sign of life, now."""
        whole = self.parcels[edge_id]
        beat = replace(whole, start=whole.end, start_head=whole.head, records=(), tick_ms=self.clock.wall_ms())
        await self.copies.hear(edge_id, pack(beat))

    async def settle(self) -> None:
        """Read whatever is due, as the hub does all the time."""
        self.clock.advance(1)
        self.sums.months.clear()
        self.sums._now.clear()
        self.sums.month(self.sums.this_month)
        for edge in self.copies.edges.values():
            await self.sums._statuses(edge)
        while (due := self.sums._due()) is not None:
            await self.sums._month(due[1], due[0])
        self.clock.advance(1_000)

    def multiply(self, count: int) -> None:
        """Let the first town stand for many; their sums are those of the first."""
        first, month = self.copies.edges["e1"], self.sums.this_month
        kept, now = self.sums.months[month]["e1"], self.sums._now["e1"]
        assert kept.month is not None
        self.copies.edges.clear()
        self.sums.months[month].clear()
        for n in range(count):
            edge_id = f"e{n:04}"
            self.copies.edges[edge_id] = Edge(
                edge_id, first.path, place=first.place, tick_ms=first.tick_ms, heard_ms=first.heard_ms, head=first.head
            )
            self.sums.months[month][edge_id] = replace(
                kept, month=replace(kept.month, edge_id=edge_id, name=f"第{n:04}镇")
            )
            self.sums._now[edge_id] = now


@asynccontextmanager
async def county_stage(folder: Path) -> AsyncIterator[CountyStage]:
    """e1 and e2 told all until now, e2 has a camera down; e3 was never heard."""
    clock = SimulatedClock(wall_ms=TICK, elapsed_ms=10**6)
    copies = Copies(folder / "edges", clock)
    await copies.open(["e1", "e2", "e3"])
    try:
        parcels = {
            "e1": await town_parcel(folder / "e1.ledger", "甲镇", down=(), cameras=1),
            "e2": await town_parcel(folder / "e2.ledger", "乙镇", down=("e2-CAM-2",)),
        }
        for edge_id, parcel in parcels.items():
            await copies.take(edge_id, pack(parcel))
        sums = Sums(copies=copies, clock=clock)
        (folder / "hub.yaml").write_text("name: 临颍县\n", encoding="utf-8")
        watch = HubWatch(folder, copies, clock, sums.names, look_s=3600)
        async with watch.running():
            view = CountyView(copies, watch, sums, clock)
            stage = CountyStage(clock=clock, copies=copies, sums=sums, watch=watch, view=view, parcels=parcels)
            for edge_id in parcels:
                await stage.hear(edge_id)
            await stage.settle()
            yield stage
    finally:
        await copies.close()
