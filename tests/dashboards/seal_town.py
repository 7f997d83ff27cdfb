"""A township whose months are closed and amended through the board: real ledger, real rooms, terms of deduction."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.dashboards.report_town import TICK_MS, ReportTown, registered, shown, written
from tests.monitor.run.township import DAY_MS, OCTOBER_MS

from camkeeper.clock import SimulatedClock
from camkeeper.ledger import Batch, Boot, Ledger, snapshot_of
from camkeeper.model.contract import Party, Window, WindowKind
from camkeeper.model.deduction import DeductionTerms, Step
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.registry import Registry
from camkeeper.model.span import Span
from camkeeper.run.months import MonthRoom
from camkeeper.run.reports import ReportRoom
from camkeeper.standing.month import MonthAct, MonthActed

TERMS = DeductionTerms(
    name="standard",
    contractor_ids=frozenset({"k1"}),
    total=(Step(below_bp=9900, fen=123_450),),
    village=(Step(below_bp=9950, fen=10_005),),
    device={DeviceKind.CAMERA: (Step(below_bp=9900, fen=1_001), Step(below_bp=9000, fen=2_002))},
)


@dataclass(slots=True, kw_only=True)
class SealTown(ReportTown):
    """A source that closes months."""

    registry: Registry
    ledger: Ledger | None = field(default=None)
    month_room: MonthRoom | None = field(default=None)

    async def act_month(self, act: MonthAct) -> MonthActed:
        assert self.month_room is not None
        return await self.month_room.act(act)

    def agree(self) -> None:
        """Exclude two days of October that nobody had excluded when the month was closed."""
        late = Window(
            id="w-late",
            kind=WindowKind.EXCLUSION,
            span=Span(start_ms=OCTOBER_MS + 9 * DAY_MS, end_ms=OCTOBER_MS + 11 * DAY_MS),
            reason="电力检修，证明后补",
            evidence="供电所证明",
            approver="镇综治中心",
        )
        self.registry = replace(self.registry, windows=(*self.registry.windows, late), digest="b" * 64)
        assert self.ledger is not None
        self.ledger.append(Batch(config=snapshot_of(self.registry), at_ms=TICK_MS)).result(10)


@asynccontextmanager
async def seal_town(path: Path, *, parties: tuple[Party, ...] = (), terms: bool = True) -> AsyncIterator[SealTown]:
    """Open the ledger of a township of two months, both open."""
    registry = replace(registered(4, 12), parties=parties, deductions=(TERMS,) if terms else (), digest="a" * 64)
    written(path, registry)
    with Ledger.open(path, boot=Boot(boot_id="s", version="t"), clock=SimulatedClock(wall_ms=TICK_MS)) as ledger:
        town = SealTown(value=shown(registry), registry=registry, ledger=ledger)
        town.room = ReportRoom(ledger=path, now_ms=lambda: TICK_MS, registry=lambda: town.registry)
        town.month_room = MonthRoom(ledger=ledger, registry=lambda: town.registry)
        try:
            yield town
        finally:
            town.room.close()
