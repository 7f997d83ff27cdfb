"""What is dark, asked for once: many browsers look at the same village at the same moment."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from shapely.geometry.base import BaseGeometry

from camboard.source import CoverageSource
from camkeeper.standing.coverage import CoverageStanding, Darkness

_KEPT = 64

Key = tuple[str, bool, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dark:
    """What a site has lost now, and what it would lose if more failed."""

    now: Darkness
    supposed: Darkness | None
    """None: nothing was supposed to fail."""
    more: BaseGeometry | None
    """The part of `supposed.lost` that isn't lost already, WGS-84."""


class DarknessCache:
    """Answers of one state of the coverage; another one empties it. One owner, the event loop."""

    def __init__(self, source: CoverageSource) -> None:
        self._source = source
        self._of: CoverageStanding | None = None
        self._asked: dict[Key, asyncio.Task[Darkness]] = {}
        self._made: dict[Key, Dark] = {}

    async def dark(self, coverage: CoverageStanding, site_id: str, *, night: bool, failed: frozenset[str]) -> Dark:
        """Return both answers; LookupError for ids that the source doesn't have."""
        if not _same(self._of, coverage) or len(self._asked) >= _KEPT:
            self._asked, self._made = {}, {}
        self._of = coverage
        key = (site_id, night, failed)
        made = self._made.get(key)
        if made is not None:
            return made
        now = await self._ask((site_id, night, frozenset()))
        supposed = await self._ask(key) if failed else None
        more = None
        if supposed is not None:
            # Tens of milliseconds for a lively town: not on the loop that serves everybody.
            more = await asyncio.to_thread(supposed.lost.difference, now.lost)
        dark = Dark(now=now, supposed=supposed, more=more)
        if _same(self._of, coverage):
            self._made[key] = dark
        return dark

    async def _ask(self, key: Key) -> Darkness:
        task = self._asked.get(key)
        if task is None:
            site_id, night, failed = key
            task = asyncio.create_task(self._source.darkness(site_id, night=night, failed=failed))
            self._asked[key] = task
        try:
            # A reader who goes away must not cancel what others wait for.
            return await asyncio.shield(task)
        except Exception:
            self._asked.pop(key, None)
            raise


def _same(one: CoverageStanding | None, other: CoverageStanding) -> bool:
    """Return whether no camera changed between the two: what none of them touched is handed on as the very value.

    A standing's instant moves on every few seconds; a county's darkness takes half a second.
    """
    if one is other:
        return True
    if one is None or len(one.sites) != len(other.sites):
        return False
    return all(a.layers is b.layers for a, b in zip(one.sites, other.sites, strict=True))
