"""The county as one scope shows it: an account of some towns sees those alone, and sums of those alone."""

from __future__ import annotations

from dataclasses import replace

from aiohttp import web

from camboard.board import board_of
from camboard.county.source import COUNTY, CountyBoard, CountySource
from camkeeper.hub.view import County, TownDetail
from camkeeper.model.access import Scope
from camkeeper.outbox.view import ChannelView
from camkeeper.standing.why import Why, WhyAsk


class ScopedCounty:
    """A `CountySource` of some towns. A contractor's part of a town is the town's own board to show: here nothing."""

    def __init__(self, source: CountySource, scope: Scope) -> None:
        self._source = source
        self._ids = frozenset[str]() if scope.contractor_id is not None else scope.site_ids

    def _has(self, edge_id: str) -> bool:
        return self._ids is None or edge_id in self._ids

    def county(self, month: str | None = None) -> County:
        """Return the towns within the scope; what is wrong with the hub is for who sees all of it."""
        found = self._source.county(month)
        towns = tuple(town for town in found.towns if self._has(town.edge_id))
        unread = sum(town.month is None and town.seq > 0 for town in towns)
        return replace(found, towns=towns, reading=min(found.reading, unread), faults=())

    def this_month(self) -> str:
        """Return the month that it is."""
        return self._source.this_month()

    def months(self) -> tuple[str, ...]:
        """Return the months that there is something of."""
        return self._source.months()

    async def town(self, edge_id: str, month: str) -> TownDetail:
        """Read a town's month; LookupError for one outside, as for one that isn't there."""
        return await self._source.town(self._within(edge_id), month)

    async def why(self, edge_id: str, ask: WhyAsk) -> Why:
        """Say why; errors as `town`."""
        return await self._source.why(self._within(edge_id), ask)

    def channels(self) -> tuple[ChannelView, ...]:
        """Return none: they are the whole county's."""
        return ()

    def _within(self, edge_id: str) -> str:
        if not self._has(edge_id):
            raise LookupError(edge_id)
        return edge_id


def county_of(request: web.Request) -> CountyBoard:
    """Return the county as whoever asks may see it: what is outside their scope isn't there."""
    board, scope = request.app[COUNTY], board_of(request).principal.scope
    if scope.whole:
        return board
    return replace(board, source=ScopedCounty(board.source, scope))
