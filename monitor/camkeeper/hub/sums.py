"""Keeps every town's sums at hand: read one copy at a time, in a thread, never more than a part of a core.

A page never reads 700 copies: it adds integers that are here. While somebody looks, statuses are read again as soon
as a copy grew (a few milliseconds); months (15 ms) when they are old, the oldest first. While nobody does, a county of
700 towns would still have a quarter of a core read the same months round and round: then all of it goes slower.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import structlog

from camkeeper.availability.days import month_of
from camkeeper.clock import Clock
from camkeeper.hub.copies import Copies, Edge
from camkeeper.hub.duty import ZONE
from camkeeper.hub.reading import first_month, read_month, read_now
from camkeeper.hub.view import TownMonth, TownNow
from camkeeper.ledger import LedgerError

GROWN_MS = 5_000
"""A month of a copy that grew is read again after this."""
OLD_MS = 20_000
"""And one that did not grow after this: time passes there too."""
PAST_MS = 1_800_000
"""A month that is over changes by agreements and closing only."""
SHARE = 0.25
"""Of one core, at most, once all of them were read; before that as fast as goes."""
LOOKED_MS = 120_000
"""Somebody looks for so long after a page, a stream or a scrape asked."""
REST_FIRST, REST = 0.15, 0.05
"""Of one core while nobody looks: until all were read once (alarms want the towns' names), and after that."""
REST_STATUS_MS, REST_GROWN_MS, REST_OLD_MS = 30_000, 60_000, 300_000
"""What is old while nobody looks. Whoever comes sees of each town until when it is computed, and has it new soon."""
MOST_MONTHS = 6
IDLE_S = 0.5
LONGEST_S = 2.0
"""A machine that is busy with other things makes reading look dear: figures must not stand still for that."""
_FAULTS = (LedgerError, LookupError, OSError, sqlite3.Error, ValueError)
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Kept:
    at_ms: int
    """Elapsed time when it was read."""
    seq: int
    month: TownMonth | None


@dataclass(slots=True)
class _Now:
    at_ms: int
    seq: int
    value: TownNow | None


@dataclass(slots=True)
class Sums:
    """One owner, the event loop."""

    copies: Copies
    clock: Clock
    zone: str = ZONE
    looked_for_ms: int = LOOKED_MS
    months: OrderedDict[str, dict[str, _Kept]] = field(default_factory=OrderedDict)
    _now: dict[str, _Now] = field(default_factory=dict)
    _first: dict[str, str] = field(default_factory=dict)
    _looked_ms: int | None = None

    def look(self) -> None:
        """Note that somebody asks for figures."""
        self._looked_ms = self.clock.elapsed_ms()

    @property
    def looked_at(self) -> bool:
        """Whether somebody asked a moment ago."""
        return self._looked_ms is not None and self.clock.elapsed_ms() - self._looked_ms < self.looked_for_ms

    @property
    def this_month(self) -> str:
        """The month that it is now, in the county's zone."""
        return month_of(self.clock.wall_ms(), self.zone)

    def month(self, month: str) -> Mapping[str, TownMonth]:
        """Return what was read of a month so far; asking for one has it read."""
        kept = self.months.setdefault(month, {})
        self.months.move_to_end(month)
        while len(self.months) > MOST_MONTHS:
            oldest = next(m for m in self.months if m != self.this_month)
            del self.months[oldest]
        return {edge_id: one.month for edge_id, one in kept.items() if one.month is not None}

    def reading(self, month: str) -> int:
        """Return how many copies are still to be read for a month."""
        kept = self.months.get(month, {})
        return sum(e.place.seq > 0 and e.edge_id not in kept for e in self.copies.edges.values())

    def now(self, edge_id: str) -> TownNow | None:
        """Return an edge's statuses and day."""
        kept = self._now.get(edge_id)
        return None if kept is None else kept.value

    def first_month(self) -> str:
        """Return the earliest month that any copy has something of."""
        return min((*self._first.values(), self.this_month))

    def names(self) -> Mapping[str, str]:
        """Return the towns' names, by edge id."""
        out: dict[str, str] = {}
        for kept in self.months.values():
            out |= {edge_id: one.month.name for edge_id, one in kept.items() if one.month is not None}
        return out

    async def run(self) -> None:
        """Read on, for ever."""
        while True:
            self.month(self.this_month)
            began_s, worked, fresh = perf_counter(), False, False
            for edge in tuple(self.copies.edges.values()):
                worked |= await self._statuses(edge)
            due = self._due()
            if due is not None:
                month, edge = due
                fresh = edge.edge_id not in self.months[month]
                await self._month(edge, month)
                worked = True
            took_s, share = perf_counter() - began_s, self._share(fresh=fresh)
            pause_s = took_s * (1 / share - 1)
            await asyncio.sleep(min(pause_s, LONGEST_S) if worked else IDLE_S)

    def _share(self, *, fresh: bool) -> float:
        if self.looked_at:
            return 0.5 if fresh else SHARE
        return REST_FIRST if fresh else REST

    def _due(self) -> tuple[str, Edge] | None:
        """Return what is to be read next: never read first, the newest question before, then the oldest figure."""
        now_ms, best = self.clock.elapsed_ms(), None
        grown_ms, old_ms = (GROWN_MS, OLD_MS) if self.looked_at else (REST_GROWN_MS, REST_OLD_MS)
        for month in reversed(self.months):
            kept = self.months[month]
            for edge in self.copies.edges.values():
                if not edge.place.seq:
                    continue
                known = kept.get(edge.edge_id)
                if known is None:
                    return month, edge
                age_ms = now_ms - known.at_ms
                limit_ms = grown_ms if edge.place.seq != known.seq else old_ms
                if month != self.this_month and (known.month is None or known.month.complete):
                    limit_ms = PAST_MS
                if age_ms >= limit_ms and (best is None or age_ms > best[0]):
                    best = (age_ms, month, edge)
        return None if best is None else best[1:]

    async def _month(self, edge: Edge, month: str) -> None:
        seq, wall_ms, known = edge.place.seq, self.clock.wall_ms(), self.months[month].get(edge.edge_id)
        found = None if known is None else known.month
        try:
            found = await asyncio.to_thread(read_month, edge.path, edge.edge_id, month, wall_ms)
            if edge.edge_id not in self._first:
                first = await asyncio.to_thread(first_month, edge.path, self.zone)
                self._first[edge.edge_id] = first or month
        except _FAULTS as error:
            _log.warning("month_unread", edge=edge.edge_id, month=month, error=f"{type(error).__name__}: {error}")
        if month in self.months:  # it may have been let go meanwhile
            self.months[month][edge.edge_id] = _Kept(self.clock.elapsed_ms(), seq, found)

    async def _statuses(self, edge: Edge) -> bool:
        known, now_ms = self._now.get(edge.edge_id), self.clock.elapsed_ms()
        if not edge.place.seq:
            return False
        if known is not None:
            looked, age_ms = self.looked_at, now_ms - known.at_ms
            if age_ms < (OLD_MS if looked else REST_STATUS_MS) and (not looked or known.seq == edge.place.seq):
                return False
        seq, found = edge.place.seq, None if known is None else known.value  # better old than none
        try:
            found = await asyncio.to_thread(read_now, edge.path, self.clock.wall_ms())
        except _FAULTS as error:
            _log.warning("statuses_unread", edge=edge.edge_id, error=f"{type(error).__name__}: {error}")
        self._now[edge.edge_id] = _Now(self.clock.elapsed_ms(), seq, found)
        return True


def path_of(copies: Copies, edge_id: str) -> Path:
    """Return the copy of an edge that is enrolled and has told something; LookupError otherwise."""
    edge = copies.edges.get(edge_id)
    if edge is None or not edge.path.exists():
        raise LookupError(edge_id)
    return edge.path
