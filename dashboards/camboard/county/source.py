"""What the county's pages ask of a hub, and what every handler works with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from aiohttp import web

from camboard.settings import BoardSettings
from camkeeper.feed import Feed
from camkeeper.hub.view import County, TownDetail
from camkeeper.outbox.view import ChannelView
from camkeeper.standing.why import Why, WhyAsk


class CountySource(Protocol):
    """A hub. Its answers are values; nothing here changes anything."""

    def county(self, month: str | None = None) -> County:
        """Return all towns and their sums of a month (None: this one), as far as they were read; ValueError."""
        ...

    def this_month(self) -> str:
        """Return the month that it is in the county's zone."""
        ...

    def months(self) -> tuple[str, ...]:
        """Return the months that there is something of, newest first."""
        ...

    async def town(self, edge_id: str, month: str) -> TownDetail:
        """Read a town's month from its copy. LookupError where there is nothing, ValueError for no month."""
        ...

    async def why(self, edge_id: str, ask: WhyAsk) -> Why:
        """Say why a figure of a town is what it is; errors as `town`."""
        ...

    def channels(self) -> tuple[ChannelView, ...]:
        """Return how the channels of messages fare."""
        ...


@dataclass(slots=True, kw_only=True)
class CountyBoard:
    """The source, the settings, and who listens."""

    source: CountySource
    settings: BoardSettings
    feed: Feed = field(default_factory=Feed)

    def age_ms(self, county: County) -> int:
        """Return how long ago the hub looked; never negative."""
        return max(0, self.settings.clock.wall_ms() - county.at_ms)


COUNTY = web.AppKey("county", CountyBoard)
