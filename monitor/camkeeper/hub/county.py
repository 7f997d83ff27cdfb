"""What the county's pages ask: the newest picture of everything, a town, a camera. Nothing here reads 700 copies."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from camkeeper.clock import Clock
from camkeeper.hub.alarms import Kind
from camkeeper.hub.copies import Copies, Edge
from camkeeper.hub.duty import Duty
from camkeeper.hub.reading import is_month, read_town
from camkeeper.hub.sums import Sums, path_of
from camkeeper.hub.view import County, Town, TownDetail, TownState
from camkeeper.hub.watch import HubWatch
from camkeeper.ledger import LedgerError
from camkeeper.outbox.view import ChannelView
from camkeeper.run.why import why
from camkeeper.standing.why import Why, WhyAsk

FRESH_MS = 5_000
"""A town that was just read is not read again for the next reader."""
COUNTY_MS = 1_000
"""Readers within a second see the same county."""
MOST_KEPT = 64
AT_ONCE = 2
T = TypeVar("T")


@dataclass(slots=True)
class _Read:
    at_ms: int
    value: Any


class CountyView:
    """The source of the county's board. One owner, the event loop."""

    def __init__(self, copies: Copies, watch: HubWatch, sums: Sums, clock: Clock) -> None:
        self._copies, self._watch, self._sums, self._clock = copies, watch, sums, clock
        self._read: OrderedDict[tuple[str, ...], _Read] = OrderedDict()
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._county: dict[str, tuple[int, County]] = {}

    @property
    def duty(self) -> Duty:
        """The hub's configuration as it is in force."""
        return self._watch.duty

    def this_month(self) -> str:
        """Return the month that it is now."""
        return self._sums.this_month

    def months(self) -> tuple[str, ...]:
        """Return the months that there is something of, newest first; two years at most."""
        first, month = self._sums.first_month(), self.this_month()
        out = [month]
        while month > first and len(out) < 24:
            year, number = int(month[:4]), int(month[5:])
            month = f"{year - (number == 1)}-{(number - 2) % 12 + 1:02d}"
            out.append(month)
        return tuple(out)

    def county(self, month: str | None = None) -> County:
        """Return everything for a month (None: this one); ValueError for a text that is no month."""
        wanted = month or self.this_month()
        if not is_month(wanted):
            raise ValueError(wanted)
        self._sums.look()
        known = self._county.get(wanted)
        if known is not None and self._clock.elapsed_ms() - known[0] < COUNTY_MS:
            self._sums.month(wanted)  # still asked for
            return known[1]
        found = self._gathered(wanted)
        self._county = {wanted: (self._clock.elapsed_ms(), found)}
        return found

    def _gathered(self, wanted: str) -> County:
        sums, alarms = self._sums.month(wanted), self._watch.troubled()
        names = self._sums.names()
        now_ms, elapsed_ms = self._clock.wall_ms(), self._clock.elapsed_ms()
        limit_ms = self.duty.limits.lag_ms
        towns = tuple(
            self._town(edge, sums, names, alarms.get(edge_id, frozenset()), now_ms, elapsed_ms, limit_ms)
            for edge_id, edge in sorted(self._copies.edges.items())
        )
        return County(
            at_ms=now_ms,
            name=self.duty.name,
            timezone=self.duty.timezone,
            target_bp=self.duty.target_bp,
            month=wanted,
            towns=towns,
            reading=self._sums.reading(wanted),
            faults=self._watch.faults,
        )

    def _town(
        self,
        edge: Edge,
        sums: Mapping[str, Any],
        names: Mapping[str, str],
        alarms: frozenset[Kind],
        now_ms: int,
        elapsed_ms: int,
        limit_ms: int,
    ) -> Town:
        lag_ms = None if edge.tick_ms is None else max(0, now_ms - edge.tick_ms)
        state, since_ms = _state(edge, lag_ms, now_ms, elapsed_ms, limit_ms)
        return Town(
            edge_id=edge.edge_id,
            name=names.get(edge.edge_id, ""),
            state=state,
            since_ms=since_ms,
            tick_ms=edge.tick_ms,
            lag_ms=lag_ms,
            behind=edge.behind,
            seq=edge.place.seq,
            head=edge.head.hex(),
            refusals=edge.refusals,
            refused="" if edge.refused is None else f"{edge.refused.verdict}: {edge.refused.detail}",
            alarms=alarms,
            last=self._sums.now(edge.edge_id),
            month=sums.get(edge.edge_id),
        )

    async def town(self, edge_id: str, month: str) -> TownDetail:
        """Read a town's month from its copy. LookupError where there is nothing, ValueError for no month."""
        path = self._path(edge_id, month)
        return await self._once(("t", edge_id, month), lambda: read_town(path, edge_id, month, self._clock.wall_ms()))

    async def why(self, edge_id: str, ask: WhyAsk) -> Why:
        """Say why a town's, site's or camera's figure is what it is; errors as `town`."""
        path = self._path(edge_id, ask.month)
        return await self._once(
            ("w", edge_id, repr(ask)), lambda: why(path, ask, judge=None, now_ms=self._clock.wall_ms())
        )

    def channels(self) -> tuple[ChannelView, ...]:
        """Return how the channels fare."""
        return self._watch.views()

    def _path(self, edge_id: str, month: str) -> Any:
        if not is_month(month):
            raise ValueError(month)
        return path_of(self._copies, edge_id)

    async def _once(self, key: tuple[str, ...], read: Callable[[], T]) -> T:
        async with self._turns:
            known = self._read.get(key)
            if known is not None and self._clock.elapsed_ms() - known.at_ms < FRESH_MS:
                return known.value  # type: ignore[no-any-return]
            try:
                value = await asyncio.to_thread(read)
            except (LedgerError, OSError, sqlite3.Error) as error:
                raise LookupError(f"{key[1]}: {error}") from error
            self._read[key] = _Read(self._clock.elapsed_ms(), value)
            while len(self._read) > MOST_KEPT:
                self._read.popitem(last=False)
            return value


def _state(edge: Edge, lag_ms: int | None, now_ms: int, elapsed_ms: int, limit_ms: int) -> tuple[TownState, int | None]:
    """Return how it stands with an edge, and since when where that is no good."""
    if edge.refused is not None:
        return TownState.REFUSED, now_ms - (elapsed_ms - (edge.refused_ms or elapsed_ms))
    if edge.place.seq == 0 and edge.heard_ms is None:
        return TownState.NEVER, None
    if edge.silent(elapsed_ms):
        heard_ms = None if edge.heard_ms is None else now_ms - (elapsed_ms - edge.heard_ms)
        return TownState.SILENT, heard_ms or edge.tick_ms
    if lag_ms is not None and lag_ms > limit_ms:
        return TownState.LAGGING, edge.tick_ms
    return TownState.LIVE, None
