"""Coverage inside the running monitor: built beside it, told like every other change, and never in its way.

All computing happens in threads. Whatever goes wrong here is logged and shown as a warning; monitoring goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterable, Mapping
from collections.abc import Set as AbstractSet
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from camkeeper.clock import Clock
from camkeeper.cover.aim import adrift, turns
from camkeeper.cover.board import Board
from camkeeper.cover.gain import gains
from camkeeper.cover.hours import HOUR_MS
from camkeeper.cover.sight import State
from camkeeper.cover.township import TownshipCover
from camkeeper.ledger import Ledger, LedgerReader
from camkeeper.model.picture import Finding, Turn
from camkeeper.model.registry import Registry
from camkeeper.model.span import Span
from camkeeper.run.coverage.hours import SETTLE_MS, day_and_month, hours_of, next_fill, passed, states_now
from camkeeper.run.coverage.obstacles import obstacles_of
from camkeeper.standing.build import timezone_of
from camkeeper.standing.coverage import CoverageMap, CoverageStanding, Darkness, HoursCover, SiteCover
from camkeeper.standing.work import Gain

LOOK_S = 1.0
"""How soon a new configuration is noticed."""
MOVES_ON_MS = 5_000
"""How old the instant of a standing may be in which nothing changed."""
GATHER_S = 0.1
"""Changes that come together are one."""
HOURS_EVERY_S = 30.0
"""How old today's and this month's hours may be."""
SHARE = 0.1
"""At the most this share of the time goes into them."""
KEEP_SHARE = 0.25
"""Of the time, while finished hours are put in store: after a change of the geometry a county has a month to redo."""
KEEP_FOR_S = 30.0
"""And then today's hours are due again."""
RETRY_S = 30.0
"""After a fault in the background work."""

_log = structlog.get_logger(__name__)


class Coverage:
    """What the cameras see, now and over time. Owned by the event loop; the ledger is read in threads."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        clock: Clock,
        registry: Callable[[], Registry],
        last_tick_ms: Callable[[], int],
        publish: Callable[[], None],
        findings: Callable[[], Mapping[str, Finding]] = dict,
    ) -> None:
        """`findings`: what pictures prove of cameras now; turned ones see what they see from their new aim."""
        self._ledger, self._clock, self._findings = ledger, clock, findings
        self._registry, self._last_tick_ms, self._publish = registry, last_tick_ms, publish
        self._changed = asyncio.Event()
        self._built = asyncio.Event()
        self._lock = asyncio.Lock()
        self._tried: Registry | None = None
        self._plan: TownshipCover | None = None
        """By the registered aims: hours of the past, which a turn of today doesn't change, and survey bands."""
        self._turns: dict[str, Turn] = {}
        self._board: Board | None = None
        """By the aims of now."""
        self._states: dict[str, State] = {}
        self._standing: CoverageStanding | None = None
        self._map: CoverageMap | None = None
        self._filled: tuple[TownshipCover, int] | None = None
        self._faults: dict[str, str] = {}

    @property
    def warning(self) -> str | None:
        """Why there is no coverage, or none that is up to date; None: there is."""
        if not self._faults:
            return None
        fault = "; ".join(self._faults.values())
        return f"覆盖计算失败，监测不受影响：{fault} / coverage cannot be computed, monitoring goes on: {fault}"

    @property
    def settled(self) -> bool:
        """Whether all finished hours are in store, as they are a while after a start."""
        return self._filled is not None and self._filled[0] is self._plan

    def changed(self, device_ids: AbstractSet[str]) -> None:
        """Note that these devices' changes are on disk."""
        if device_ids:
            self._changed.set()

    def coverage(self) -> CoverageStanding | None:
        """Return the newest coverage; None while it is being computed."""
        return self._standing

    def coverage_map(self) -> CoverageMap | None:
        """Return what doesn't change while the configuration stands; None while it is being computed."""
        return self._map

    async def darkness(self, site_id: str, *, night: bool, failed: frozenset[str]) -> Darkness:
        """Return what the site loses, or would lose; LookupError for ids that aren't there, or not yet."""
        board = self._board
        if board is None:
            raise LookupError("覆盖仍在计算 / coverage is still being computed")
        at_ms = self._last_tick_ms()
        return await asyncio.to_thread(
            partial(board.cover.darkness, dict(self._states), site_id, night=night, failed=failed, at_ms=at_ms)
        )

    async def gains(self, groups: Mapping[int, frozenset[str]]) -> Mapping[int, Gain] | None:
        """Return what repairing each group of devices gives back; None while coverage is being computed."""
        board = self._board
        if board is None:
            return None
        return await asyncio.to_thread(gains, board.cover.panels[0], dict(self._states), groups)

    async def over(self, period: Span) -> tuple[tuple[SiteCover, ...], Mapping[str, tuple[HoursCover, ...]]] | None:
        """Return the sites as they are now, and each one's hours of a past period by day; None while computing."""
        plan, standing = self._plan, self._standing
        if plan is None or standing is None:
            return None
        return standing.sites, await asyncio.to_thread(_over, self._ledger.path, plan, period)

    async def run(self) -> None:
        """Keep coverage up to date until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_up(), name="coverage-now")
            group.create_task(self._look_back(), name="coverage-hours")

    async def _keep_up(self) -> None:
        while True:
            if not await self._guarded("now", self._once()):
                self._changed.set()
                await asyncio.sleep(RETRY_S)
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._changed.wait()
            await asyncio.sleep(GATHER_S)

    async def _guarded(self, what: str, work: Coroutine[Any, Any, None]) -> bool:
        """Do a piece of work; where it fails, tell, and let everything else go on."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 - a bug in coverage must never end monitoring
            self._faults[what] = f"{type(error).__name__}: {error}"
            _log.error("coverage", what=what, exc_info=error)
            return False
        self._faults.pop(what, None)
        return True

    async def _once(self) -> None:
        """Build where the configuration is another; take in what changed; move the standing's instant on."""
        registry, news = self._registry(), self._changed.is_set()
        self._changed.clear()
        if registry is not self._tried:
            self._tried = registry
            news |= await self._guarded("build", self._build(registry))
        if self._board is None or self._plan is None:
            return
        at_ms, findings = self._last_tick_ms(), self._findings()
        if turns(self._plan.registry, findings) != self._turns:
            news |= await self._guarded("aims", self._turn(self._plan, turns(self._plan.registry, findings)))
        if news:
            states = await asyncio.to_thread(_states, self._ledger.path)
            unsure = {i: State.UNKNOWN for i in adrift(findings) if states.get(i) is State.WORKING}
            self._states = {**states, **unsure}
            async with self._lock:
                await asyncio.to_thread(self._board.update, self._states)
        if news or self._standing is None or at_ms - self._standing.at_ms >= MOVES_ON_MS:
            await self._show(at_ms, tell=news)

    async def _build(self, registry: Registry) -> None:
        began_ms = self._clock.elapsed_ms()
        plan = await asyncio.to_thread(_build, registry, self._plan)
        measured = turns(registry, self._findings())
        board = await asyncio.to_thread(lambda: Board(plan.with_turns(measured)))
        chart = await asyncio.to_thread(lambda: board.cover.map)
        self._plan, self._turns, self._board, self._map = plan, measured, board, chart
        self._built.set()
        _log.info("coverage_built", cameras=len(plan.eyes.cameras), ms=self._clock.elapsed_ms() - began_ms)

    async def _turn(self, plan: TownshipCover, measured: dict[str, Turn]) -> None:
        """Let cameras see what they see from where their pictures show that they point now."""
        board = await asyncio.to_thread(lambda: Board(plan.with_turns(measured)))
        chart = await asyncio.to_thread(lambda: board.cover.map)
        async with self._lock:
            if self._board is not None:
                board.go_on_from(self._board)
            self._turns, self._board, self._map = measured, board, chart
        _log.info("coverage_aims", measured=len(measured))

    async def _show(self, at_ms: int, *, tell: bool) -> None:
        if self._board is None:
            return
        async with self._lock:
            self._standing = await asyncio.to_thread(self._board.standing, at_ms)
        if tell:
            self._publish()

    async def _look_back(self) -> None:
        """Hours first, then blind ground, survey bands, then what is to be kept of finished hours; again and again."""
        await self._built.wait()
        while True:
            plan, began_ms = self._plan, self._clock.elapsed_ms()
            if plan is not None:
                await self._guarded("hours", self._read_hours(plan))
                took_s = (self._clock.elapsed_ms() - began_ms) / 1000
                await self._guarded("blind", self._blind())
                await self._guarded("survey", self._survey(plan))
                await self._guarded("keep", self._fill(plan))
                await self._rest(plan, max(HOURS_EVERY_S, took_s / SHARE))

    async def _rest(self, plan: TownshipCover, rest_s: float) -> None:
        """Wait so long, or until another configuration's coverage is there: its hours are wanted at once."""
        self._built.clear()
        if self._plan is plan:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rest_s):
                    await self._built.wait()

    async def _read_hours(self, plan: TownshipCover) -> None:
        at_ms, tz = self._last_tick_ms(), timezone_of(plan.registry)
        hours = await asyncio.to_thread(partial(day_and_month, self._ledger.path, plan, at_ms=at_ms, tz=tz))
        async with self._lock:
            if self._plan is not plan or self._board is None:
                return
            await asyncio.to_thread(self._board.take_hours, hours)
        await self._show(self._last_tick_ms(), tell=True)

    async def _blind(self) -> None:
        if self._board is not None:
            await asyncio.to_thread(self._board.cover.know_blind)

    async def _survey(self, plan: TownshipCover) -> None:
        for site_id in self._board.unsurveyed() if self._board is not None else ():
            if self._plan is not plan:
                return
            band = await asyncio.to_thread(plan.survey, site_id)
            async with self._lock:
                if self._plan is plan and self._board is not None:
                    self._board.take_survey([band])

    async def _fill(self, plan: TownshipCover) -> None:
        """Keep finished hours, a part at a time: what was computed of an hour that changed meanwhile is left out."""
        hour, started_ms = (self._last_tick_ms() - SETTLE_MS) // HOUR_MS, self._clock.elapsed_ms()
        while self._plan is plan and self._filled != (plan, hour):
            began_ms = self._clock.elapsed_ms()
            if began_ms - started_ms > KEEP_FOR_S * 1000:
                return  # the rest with the next round
            fill = await asyncio.to_thread(next_fill, self._ledger.path, plan)
            if fill is None:
                self._filled = (plan, hour)
                return
            stored = self._ledger.store_coverage(fill.series, fill.hours, seen_seq=fill.seen_seq)
            if await asyncio.wrap_future(stored) < len(fill.hours):
                return  # something reached back meanwhile: tried again with the next round
            await asyncio.sleep((self._clock.elapsed_ms() - began_ms) / 1000 * (1 / KEEP_SHARE - 1))


def _over(path: Path, cover: TownshipCover, whole: Span) -> dict[str, tuple[HoursCover, ...]]:
    with LedgerReader(path) as reader, reader.reading():
        period = passed(reader, whole, whole.end_ms)
        return dict(hours_of(reader, cover.panels[0], period))


def _states(path: Path) -> dict[str, State]:
    with LedgerReader(path) as reader, reader.reading():
        return states_now(reader)


def _build(registry: Registry, previous: TownshipCover | None) -> TownshipCover:
    obstacles, told = obstacles_of(registry)
    return TownshipCover.build(registry, obstacles, previous=previous, warnings=_few(told))


def _few(told: Iterable[str], *, most: int = 20) -> list[str]:
    """Return the first warnings, and how many more there are: a bad file has thousands."""
    lines = list(told)
    if len(lines) <= most:
        return lines
    more = len(lines) - most
    return [*lines[:most], f"另有 {more} 条 / and {more} more"]
