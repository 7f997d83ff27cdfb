"""The canary town with a ledger behind it: months, reports, trends and reasons, each with the words of its village."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.dashboards.canary_town import CONTRACTORS, CanaryTown, cameras, town_value
from tests.dashboards.insight_town import BEGAN_MS, JUDGE, ZONE, history, registry_of
from tests.dashboards.township import AT_MS

from camkeeper.clock import SimulatedClock
from camkeeper.ledger import Batch, Boot, Ledger, LifeChange, snapshot_of
from camkeeper.model.contract import Contractor
from camkeeper.model.registry import Registry
from camkeeper.run.past import PastReader
from camkeeper.run.reports import ReportRoom
from camkeeper.run.why import why
from camkeeper.standing.past import Past
from camkeeper.standing.why import Why, WhyAsk


def canary_registry() -> Registry:
    """Return the register of the town, each camera in its contractor's care."""
    known = registry_of(town_value())
    care = {camera: contractor for camera, _, contractor in cameras()}
    return replace(
        known,
        devices=tuple(replace(d, contractor_id=care[d.id]) for d in known.devices),
        contractors=tuple(Contractor(id=c, name=f"{c}维保") for c in CONTRACTORS),
    )


def write_past(path: Path) -> Past:
    """Write what the town went through, and return what a monitor reads of it."""
    known, value = canary_registry(), town_value()
    changes = sorted((t for d in value.devices for t in history(d)), key=lambda t: t.at_ms)
    lives = tuple(LifeChange(device_id=d.id, at_ms=BEGAN_MS, enrolled=True) for d in value.devices)
    boot = Boot(boot_id="b", version="test")
    with Ledger.open(path, boot=boot, clock=SimulatedClock(wall_ms=BEGAN_MS)) as ledger:
        ledger.append(Batch(config=snapshot_of(known), at_ms=BEGAN_MS, lives=lives)).result(30)
        ledger.append(Batch(transitions=tuple(changes))).result(30)
        ledger.append(Batch(tick_ms=AT_MS)).result(30)
        while ledger.roll_up().result(30):
            pass
    return PastReader(path=path).read(AT_MS, ZONE)


@dataclass(slots=True, kw_only=True)
class PastCanaryTown(CanaryTown):
    """The town, and everything that is read from its ledger."""

    path: Path
    kept: Past
    probed: list[str] = field(default_factory=list)

    def past(self) -> Past | None:
        return self.kept

    async def why(self, ask: WhyAsk) -> Why:
        return await asyncio.to_thread(why, self.path, ask, judge=JUDGE, now_ms=AT_MS + 1000)

    def probe_now(self, device_ids: Collection[str]) -> frozenset[str]:
        self.probed += sorted(device_ids)
        return frozenset(device_ids)

    def reports(self) -> ReportRoom:
        known = canary_registry()
        return ReportRoom(ledger=self.path, now_ms=lambda: AT_MS, registry=lambda: known)
