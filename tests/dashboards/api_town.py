"""A township of which every address of the API has something to say: villages, desk, pictures, coverage, a ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from tests.dashboards.canary_town import CanaryTown
from tests.dashboards.insight_town import JUDGE, ZONE, registry_of, write
from tests.dashboards.township import AT_MS

from camboard.source import JSON
from camcover.optics import Mount
from camkeeper.clock import SimulatedClock
from camkeeper.model.registry import Registry
from camkeeper.run.doctor import DoctorRoom
from camkeeper.run.past import PastReader
from camkeeper.run.reports import ReportRoom
from camkeeper.run.sla import sla
from camkeeper.run.why import why
from camkeeper.standing.past import Past
from camkeeper.standing.why import Why, WhyAsk


@dataclass(slots=True, kw_only=True)
class ApiTown(CanaryTown):
    """Everything there is, the figures from a real ledger."""

    ledger: Path
    kept: Past | None = None
    room: ReportRoom | None = None
    doctors: DoctorRoom | None = None

    def past(self) -> Past | None:
        return self.kept

    async def why(self, ask: WhyAsk) -> Why:
        return await asyncio.to_thread(why, self.ledger, ask, judge=JUDGE, now_ms=AT_MS + 1000)

    def probe_now(self, device_ids: Collection[str]) -> frozenset[str]:
        return frozenset(device_ids)

    async def sla(self, month: str | None, site_id: str | None, policy: str | None) -> Mapping[str, JSON]:  # type: ignore[override]
        return await asyncio.to_thread(
            partial(sla, self.ledger, month=month, site_id=site_id, policy=policy, now_ms=AT_MS + 1000)
        )

    def reports(self) -> ReportRoom | None:
        return self.room

    def doctor(self) -> DoctorRoom | None:
        return self.doctors


def api_town(folder: Path) -> ApiTown:
    """Return such a township; its ledger is in the folder."""
    town = ApiTown(ledger=folder / "api.ledger")
    write(town.ledger, town.standing())
    town.kept = PastReader(path=town.ledger).read(AT_MS, ZONE)
    registry = registry_of(town.standing())
    odd = _hung_high(registry)
    town.room = ReportRoom(ledger=town.ledger, now_ms=lambda: AT_MS, registry=lambda: registry)
    town.doctors = DoctorRoom(
        config=folder / "cameras.yaml",
        clock=SimulatedClock(wall_ms=AT_MS),
        registry=lambda: odd,
        facts=dict,
        reload=_nothing,
    )
    return town


def _hung_high(registry: Registry) -> Registry:
    """Return the register with centimetres where metres belong, so that there is something to find and to mend."""
    first, *others = registry.devices
    high = replace(first, mount=Mount(lon_deg=113.85, lat_deg=33.8, height_m=550.0, azimuth_deg=90.0))
    return replace(registry, devices=(high, *others))


async def _nothing() -> None:
    """Take over what was written: nobody runs here."""
