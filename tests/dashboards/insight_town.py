"""A township whose past is in a real ledger: reasons are read from it by the monitor's own reader."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.dashboards.picture_town import PictureTown
from tests.dashboards.township import AT_MS, DAY_MS, HOUR_MS

from camkeeper.clock import SimulatedClock
from camkeeper.ledger import Batch, Boot, Ledger, LifeChange, snapshot_of
from camkeeper.model.change import Transition
from camkeeper.model.equipment import Address, Device
from camkeeper.model.place import Site
from camkeeper.model.policy import JudgePolicy
from camkeeper.model.registry import Registry
from camkeeper.model.status import Reason, Status
from camkeeper.run.past import PastReader
from camkeeper.run.why import why
from camkeeper.standing.past import Past
from camkeeper.standing.view import DeviceStanding, Standing
from camkeeper.standing.why import Why, WhyAsk

ZONE = "Asia/Shanghai"
BEGAN_MS = 1_780_848_000_000
"""2026-06-08 00:00 in Shanghai."""
JUDGE = JudgePolicy()
_REASONS = {
    Status.UP: (Reason.RECOVERED,),
    Status.DOWN: (Reason.NO_ANSWER, Reason.NO_ONVIF),
    Status.DEGRADED: (Reason.NO_PICTURE, Reason.IMAGE_BLUR, Reason.IMAGE_COVER),
    Status.UNKNOWN: (Reason.SILENCE, Reason.MONITOR_BLIND),
}


def registry_of(standing: Standing) -> Registry:
    """Return a register of the very devices and sites that a standing shows."""
    return Registry(
        name=standing.name,
        sites=tuple(
            Site(id=s.id, name=s.name, kind=s.kind, timezone=ZONE, target_bp=s.target_bp, parent_id=s.parent_id)
            for s in standing.sites
        ),
        devices=tuple(
            Device(id=d.id, name=d.name, kind=d.kind, site_id=d.site_id, address=Address(host="127.0.0.1"))
            for d in standing.devices
        ),
        judge=JUDGE,
    )


def history(device: DeviceStanding) -> Iterator[Transition]:
    """Yield what a device went through, always the same for the same device; it ends as the standing shows it."""
    dice = random.Random(device.id)
    at_ms, now = BEGAN_MS + dice.randrange(HOUR_MS), Status.UNKNOWN
    poor = dice.random() < 0.2
    end_ms = AT_MS if device.since_ms is None else device.since_ms
    while at_ms < end_ms - DAY_MS:
        wanted = Status.UP
        if now is Status.UP:
            wanted = dice.choice([Status.DOWN, Status.DOWN, Status.DOWN, Status.DEGRADED, Status.UNKNOWN])
        yield _change(device.id, at_ms, now, wanted, dice)
        now = wanted
        longest = (6 if poor else 20) * DAY_MS if now is Status.UP else (18 if poor else 5) * HOUR_MS
        at_ms += dice.randrange(HOUR_MS // 6, longest)
    if now is not device.status:
        yield _change(device.id, end_ms, now, device.status, dice)


def _change(device_id: str, at_ms: int, old: Status, new: Status, dice: random.Random) -> Transition:
    decided_ms = at_ms + (0 if new is Status.UP else dice.randrange(10_000, 90_000))
    return Transition(
        device_id=device_id, at_ms=at_ms, decided_ms=decided_ms, old=old, new=new, reason=dice.choice(_REASONS[new])
    )


def write(path: Path, standing: Standing) -> None:
    """Write a ledger of everybody's history."""
    clock = SimulatedClock(wall_ms=BEGAN_MS)
    changes = sorted((t for d in standing.devices for t in history(d)), key=lambda t: t.at_ms)
    lives = tuple(LifeChange(device_id=d.id, at_ms=BEGAN_MS, enrolled=True) for d in standing.devices)
    with Ledger.open(path, boot=Boot(boot_id="b", version="test"), clock=clock) as ledger:
        waiting = [ledger.append(Batch(config=snapshot_of(registry_of(standing)), at_ms=BEGAN_MS, lives=lives))]
        waiting += [ledger.append(Batch(transitions=tuple(changes[n : n + 400]))) for n in range(0, len(changes), 400)]
        waiting.append(ledger.append(Batch(tick_ms=AT_MS)))
        for future in waiting:
            future.result(30)


@dataclass(slots=True, kw_only=True)
class InsightTown(PictureTown):
    """A township with pictures, a desk, and a past."""

    ledger: Path
    probed: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    kept: Past | None = None

    def past(self) -> Past | None:
        return self.kept

    def read_past(self) -> None:
        self.kept = PastReader(path=self.ledger).read(AT_MS, ZONE)

    async def why(self, ask: WhyAsk) -> Why:
        return await asyncio.to_thread(why, self.ledger, ask, judge=JUDGE, now_ms=AT_MS + 1000)

    def probe_now(self, device_ids: Collection[str]) -> frozenset[str]:
        asked = frozenset(device_ids) - self.refused
        self.probed += sorted(asked)
        self.refused |= asked
        return asked


def town(folder: Path, **words: Any) -> InsightTown:
    """Return such a township; its ledger is in the folder."""
    made = InsightTown(ledger=folder / "town.ledger", **words)
    write(made.ledger, made.standing())
    made.read_past()
    return made
