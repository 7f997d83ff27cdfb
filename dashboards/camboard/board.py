"""What every handler works with, under one typed key."""

from __future__ import annotations

from dataclasses import dataclass, field

from aiohttp import web

from camboard.index import Index, IndexCache
from camboard.settings import BoardSettings
from camboard.source import CoverageSource, StandingSource
from camkeeper.feed import Feed
from camkeeper.standing.view import Standing


@dataclass(slots=True, kw_only=True)
class Board:
    """The source, the settings, and the two caches between them and the browsers."""

    source: StandingSource
    settings: BoardSettings
    coverage: CoverageSource | None = None
    """None: this monitor computes no coverage, so no page speaks of it."""
    feed: Feed = field(default_factory=Feed)
    indexes: IndexCache = field(default_factory=IndexCache)
    changes_end: str | None = None
    """Why no more changes arrive from the source; None while they do."""

    def index(self) -> Index:
        """Return the newest Standing, indexed."""
        return self.indexes.of(self.source.standing())

    def age_ms(self, standing: Standing) -> int:
        """Return how long ago the monitor last ticked; never negative."""
        return max(0, self.settings.clock.wall_ms() - standing.monitor.last_tick_ms)


BOARD = web.AppKey("board", Board)
