"""A village of cameras under watch: a real album, a real ledger, and pictures that say what they show."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from tests.monitor.album.prints import jpeg

from camcover.optics import Lens, Mount
from camkeeper.album import Album, Limits
from camkeeper.clock import SimulatedClock, Timeline
from camkeeper.ledger import Batch, Boot, Ledger, LedgerReader, LifeChange
from camkeeper.model.equipment import Address, Device, DeviceKind
from camkeeper.model.picture import Context, Diagnosis, Finding, PicturePolicy, PictureVerdict
from camkeeper.model.place import Site, SiteKind
from camkeeper.model.registry import Registry
from camkeeper.picture.examined import Examined
from camkeeper.picture.worker import Job, WorkerError
from camkeeper.run.pictures.pictures import Examines, Pictures

NOON_MS = 1_781_928_000_000
"""2026-06-20 04:00 UTC: about noon in Henan."""
MINUTE, HOUR = 60_000, 3_600_000
THUMBNAIL = jpeg(160, 90, seed=4)


def camera(number: int, kind: DeviceKind = DeviceKind.CAMERA) -> Device:
    mount = Mount(lon_deg=113.95 + number / 1000, lat_deg=33.81)
    return Device(
        id=f"c{number}",
        name=f"摄像机{number}",
        kind=kind,
        site_id="v",
        address=Address(host="127.0.0.1"),
        mount=mount,
        lens=Lens(hfov_deg=80.0),
    )


def village(cameras: int, policy: PicturePolicy | None = None, *domes: int) -> Registry:
    town = Site(id="t", name="镇", kind=SiteKind.TOWN, timezone="Asia/Shanghai", target_bp=9500)
    site = Site(id="v", name="村", kind=SiteKind.VILLAGE, timezone="Asia/Shanghai", target_bp=9500, parent_id="t")
    return Registry(
        name="镇",
        sites=(town, site),
        devices=tuple(camera(n, DeviceKind.PTZ if n in domes else DeviceKind.CAMERA) for n in range(1, cameras + 1)),
        picture=policy or PicturePolicy(),
    )


class SaysWhatItShows:
    """Examines pictures that consist of the name of their verdict; keeps the jobs."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.learned: list[tuple[int, Context]] = []

    async def examine(self, job: Job) -> Examined:
        self.jobs.append(job)
        await asyncio.sleep(0)
        if job.data == b"bug":
            raise WorkerError("the decoder does not start")
        verdict = PictureVerdict(job.data.decode())
        fault = verdict.is_fault
        return Examined(
            diagnosis=Diagnosis(verdict=verdict, alarms=(verdict,) if fault else (), features={"edge": 0.5}),
            trace=b"trace of " + job.data,
            sheet=b"sheet of " + job.data if job.learn else None,
            thumbnail=THUMBNAIL if fault and job.thumbnail else None,
        )

    async def learn(self, sheets: Sequence[bytes], *, context: Context) -> bytes:
        self.learned.append((len(sheets), context))
        return b"baseline of " + b",".join(sheets)


class Watch:
    """Looks at a village, minute by minute, and writes what is told into a ledger."""

    def __init__(
        self, folder: Path, registry: Registry, worker: Examines | None = None, *, at_ms: int = NOON_MS
    ) -> None:
        self.folder, self.registry = folder, registry
        self.worker = worker or SaysWhatItShows()
        self.clock = SimulatedClock(wall_ms=at_ms)
        self.told: list[Finding] = []

    async def __aenter__(self) -> Self:
        self.ledger = Ledger.open(self.folder / "l", boot=Boot(boot_id="b", version="1"), clock=self.clock)
        known = {life.device_id for life in self.ledger.recover().lives}
        now_ms = self.clock.wall_ms()
        lives = [LifeChange(device_id=d.id, at_ms=now_ms, enrolled=True) for d in self.registry.devices]
        self.ledger.append(Batch(lives=tuple(x for x in lives if x.device_id not in known), tick_ms=now_ms)).result(9)
        self.album = Album.open(self.folder / "a", clock=self.clock, limits=Limits())
        self.pictures = Pictures(
            registry=self.registry,
            album=self.album,
            worker=self.worker,
            timeline=Timeline(self.clock),
            told=self.record,
        )
        await self.pictures.restore(self.ledger.recover().findings)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.pictures.close()
        self.album.close()
        self.ledger.close()

    def record(self, findings: tuple[Finding, ...]) -> None:
        self.told.extend(findings)
        self.ledger.append(Batch(findings=findings)).result(9)

    def recorded(self) -> tuple[Finding, ...]:
        with LedgerReader(self.folder / "l") as reader:
            return reader.standing_findings()

    async def see(self, shown: dict[str, str], *, minutes: int = 0) -> None:
        """Give each camera a picture, after some minutes."""
        self.clock.advance(minutes * MINUTE)
        for device_id, what in shown.items():
            self.pictures.on_picture(device_id, what.encode())
        self.pictures.tick()
        while self.pictures._tasks:
            self.album.vacuum(max_pages=0)  # what lingers goes along
            await asyncio.sleep(0.002)
        self.pictures.tick()

    def taught(self, device_id: str, context: Context = Context.DAY) -> None:
        """Give a camera its baseline at once."""
        self.album.put_baseline(device_id, context, b"baseline", frames=20, learned_ms=NOON_MS).result(9)


def without_mounts(registry: Registry) -> Registry:
    return replace(registry, devices=tuple(replace(d, mount=None) for d in registry.devices))
