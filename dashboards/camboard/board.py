"""What every handler works with, under one typed key."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from aiohttp import web

from camboard.index import Index, IndexCache
from camboard.picture.index import PictureCache, PictureIndex
from camboard.route import Table
from camboard.settings import BoardSettings
from camboard.source import (
    AccessSource,
    CoverageSource,
    DeskSource,
    DoctorSource,
    HistorySource,
    InsightSource,
    OutsideSource,
    PictureSource,
    RegisterSource,
    ReportSource,
    StandingSource,
    WindowSource,
    WorkSource,
)
from camkeeper.feed import Feed
from camkeeper.model.access import Principal, Role, Via
from camkeeper.standing.desk import DeskStanding
from camkeeper.standing.picture import PictureStanding
from camkeeper.standing.view import Standing

OPEN = Principal(name="", role=Role.ADMIN, via=Via.OPEN)
"""Whoever asks where nobody is asked who they are."""


@dataclass(slots=True, kw_only=True)
class Board:
    """The source, the settings, and the two caches between them and the browsers."""

    source: StandingSource
    settings: BoardSettings
    coverage: CoverageSource | None = None
    """None: this monitor computes no coverage, so no page speaks of it."""
    desk: DeskSource | None = None
    """None: this monitor has no duty desk, so no page speaks of one."""
    work: WorkSource | None = None
    """None: no page of an order, no photos, no way to drive, no settings."""
    windows: WindowSource | None = None
    """None: nobody keeps agreed windows, so no page speaks of them."""
    pictures: PictureSource | None = None
    """None: this monitor looks at no pictures, so no page speaks of them."""
    table: Table = field(default_factory=lambda: Table(()))
    """Who may do what."""
    reports: ReportSource | None = None
    """None: nobody makes reports of months, so no page speaks of them."""
    insight: InsightSource | None = None
    """None: nothing is known but the present, so no page asks for reasons."""
    doctor: DoctorSource | None = None
    """None: nobody examines the register, or it isn't the whole that is shown."""
    history: HistorySource | None = None
    """None: nobody reads years, so no page asks for them."""
    registers: RegisterSource | None = None
    """None: nobody hands in registers here, so no page speaks of it."""
    access: AccessSource | None = None
    """Accounts and the audit log. None: nobody is asked who they are, or it isn't this principal's to see."""
    outside: OutsideSource | None = None
    """An identity provider; None: passwords of ours alone."""
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    """For the keys in forms; gone with the process."""
    feed: Feed = field(default_factory=Feed)
    indexes: IndexCache = field(default_factory=IndexCache)
    picture_indexes: PictureCache = field(default_factory=PictureCache)
    principal: Principal = OPEN
    """Who asks: the board of a request knows, the application's own is everybody's."""
    kept: dict[str, object] = field(default_factory=dict)
    """What pages keep between requests: of one role and scope, never of another."""
    changes_end: str | None = None
    """Why no more changes arrive from the source; None while they do."""

    def index(self) -> Index:
        """Return the newest Standing, indexed."""
        return self.indexes.of(self.source.standing())

    def desk_now(self) -> DeskStanding | None:
        """Return the newest desk; None where there is none (yet)."""
        return None if self.desk is None else self.desk.desk()

    def pictures_now(self) -> PictureStanding | None:
        """Return what the pictures amount to; None where none are looked at."""
        return None if self.pictures is None else self.pictures.pictures()

    def picture_index(self) -> PictureIndex | None:
        """Return the newest pictures, indexed; None where none are looked at."""
        return self.picture_indexes.of(self.pictures_now(), self.index())

    def may(self, method: str, path: str) -> bool:
        """Return whether whoever asks may do this; `path` as the table has it, `/devices/{id}/view`."""
        return self.table.may(self.principal.role, method, path)

    def form_key(self, path: str) -> str:
        """Return what only a page of ours can have put into the form that is sent to `path`, in this session."""
        told = f"{path}\n{self.principal.session_id}"
        return hmac.new(self.secret, told.encode(), hashlib.sha256).hexdigest()[:32]

    @property
    def signed(self) -> str:
        """The name under which steps are put on record; empty: whoever takes one says it."""
        return "" if self.principal.via in {Via.OPEN, Via.LOCAL} else self.principal.name

    def age_ms(self, standing: Standing) -> int:
        """Return how long ago the monitor last ticked; never negative."""
        return max(0, self.settings.clock.wall_ms() - standing.monitor.last_tick_ms)


BOARD = web.AppKey("board", Board)
"""The whole township. Handlers ask `board_of`: what they get may be less."""
SCOPED = web.RequestKey("scoped", Board)


def board_of(request: web.Request) -> Board:
    """Return the board as whoever asks may see it: what is outside their scope isn't there."""
    return request.get(SCOPED) or request.app[BOARD]
