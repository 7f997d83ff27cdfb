"""What months cost, for the board: made behind the pages, kept while the month stands, renewed while it runs."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from camkeeper.model.access import Scope
from camkeeper.model.registry import Registry
from camkeeper.report.settlement import Settlement
from camkeeper.run.behind import Behind
from camkeeper.run.monthbook import Wanted, read_settlement
from camkeeper.standing.report import MonthReport, MonthState

WAIT_S = 0.5
"""A page waits so long for amounts that were never made; those of a county come with its next renewal."""
FRESH_MS = 60_000
KEPT = 8
_NO_BILLS = Settlement(bills=None)
"""One value: pages keep what they wrote while they are given the same one."""
_Basis = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    basis: _Basis
    made_ms: int
    running: bool
    settlement: Settlement


class Settlements:
    """Answers `ReportSource.settlement`. Owned by the event loop; the ledger is read in threads."""

    def __init__(
        self, *, ledger: Path, now_ms: Callable[[], int], registry: Callable[[], Registry], behind: Behind
    ) -> None:
        self._path, self._now_ms, self._registry, self._behind = ledger, now_ms, registry, behind
        self._kept: OrderedDict[tuple[str, Scope], _Kept] = OrderedDict()
        self._turn = asyncio.Lock()

    async def of(self, report: MonthReport, scope: Scope) -> Settlement | None:
        """Return the amounts of a month as `report` has it; None while they are being made."""
        registry = self._registry()
        if not registry.deductions:
            return _NO_BILLS
        basis = (report.sealed, report.state, registry.digest, registry.deductions)
        kept = self._kept.get((report.month, scope))
        if kept is None or kept.basis != basis:
            made = self._behind.begin(("settlement", report.month, scope), self._make(report, scope, basis))
            await asyncio.wait({made}, timeout=WAIT_S)
            kept = self._kept.get((report.month, scope))
        elif kept.running and self._now_ms() - kept.made_ms >= FRESH_MS:
            self._behind.begin(("settlement", report.month, scope), self._make(report, scope, basis))
        return kept.settlement if kept is not None and kept.basis == basis else None

    async def _make(self, report: MonthReport, scope: Scope, basis: _Basis) -> None:
        wanted = Wanted(month=report.month, scope=scope)
        async with self._turn:
            now_ms, registry = self._now_ms(), self._registry()
            made = await asyncio.to_thread(read_settlement, self._path, wanted, now_ms=now_ms, registry=registry)
        # A month that is over and open may still change within the hour, and by what people agree on.
        running = report.state in {MonthState.RUNNING, MonthState.DRAFT}
        self._kept[report.month, scope] = _Kept(basis=basis, made_ms=now_ms, running=running, settlement=made)
        self._kept.move_to_end((report.month, scope))
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
