"""The application, put together. Its routes are in `routes`, one line each."""

from __future__ import annotations

from aiohttp import web

from camboard import events, guard, handed, pages, routes
from camboard.access import gate
from camboard.board import BOARD, Board
from camboard.lens.scopes import Scopes
from camboard.picture import tickets, wishes
from camboard.settings import BoardSettings
from camboard.source import (
    AccessSource,
    CoverageSource,
    DeskSource,
    HasDoctor,
    HasHistory,
    HasOutside,
    HasRegisters,
    HasReports,
    HasWork,
    InsightSource,
    PictureSource,
    StandingSource,
    WindowSource,
    WorkSource,
)
from camboard.wall import page as wallpage
from camboard.work import upload

_MAX_BODY = 16 * 1024
_MAX_LINE = 4096
_MAX_HEADERS = 64
_STOP_S = 2.0
_KEEP_ALIVE_S = 75.0


def create_app(
    source: StandingSource,
    *,
    settings: BoardSettings,
    coverage: CoverageSource | None = None,
    desk: DeskSource | None = None,
    work: WorkSource | None = None,
    access: AccessSource | None = None,
) -> web.Application:
    """Build the board over a source. It starts nothing; see `create_runner` or any aiohttp server.

    `coverage`, `desk` None: the source itself, where it is one; `work` None: what the source says. `access` None:
    nobody is asked who they are, and everybody may everything; for a loopback address alone.
    """
    app = web.Application(middlewares=[guard.guard], client_max_size=_MAX_BODY)
    if coverage is None and isinstance(source, CoverageSource):
        coverage = source
    if desk is None and isinstance(source, DeskSource):
        desk = source
    if work is None and isinstance(source, HasWork):
        work = source.work()
    board = Board(source=source, settings=settings, coverage=coverage, desk=desk, work=work, table=routes.table())
    board.access = access
    app[BOARD] = board
    app[gate.SCOPES] = Scopes(board)
    app[upload.SLOTS] = upload.slots()
    app[pages.PAGES] = pages.Pages()
    app.on_response_prepare.append(guard.add_headers)
    app.cleanup_ctx.append(events.pump)
    app.on_shutdown.append(events.end_streams)
    if isinstance(source, WindowSource):
        board.windows = source
    if isinstance(source, PictureSource):
        board.pictures = source
    if isinstance(source, HasReports):
        board.reports = source.reports()
    if isinstance(source, HasRegisters):
        board.registers = source.registers()
    if isinstance(source, HasDoctor):
        board.doctor = source.doctor()
    if isinstance(source, HasOutside):
        board.outside = source.outside()
    if isinstance(source, HasHistory):
        board.history = source.long_history()
    if isinstance(source, InsightSource):
        board.insight = source
    app[wallpage.WALLS] = wallpage.Walls()
    app[tickets.TICKETS] = tickets.Tickets(settings.clock)
    app[wishes.WISHES] = wishes.Wishes(settings.clock)
    app[handed.HANDING] = handed.turns()
    app[gate.ROUTE] = routes.enrol(app.router, board.table)
    return app


def create_runner(app: web.Application) -> web.AppRunner:
    """Return a runner with tight limits on what a client may send, and a quick, clean stop."""
    return web.AppRunner(
        app,
        access_log=None,
        handle_signals=False,
        max_line_size=_MAX_LINE,
        max_field_size=_MAX_LINE,
        max_headers=_MAX_HEADERS,
        keepalive_timeout=_KEEP_ALIVE_S,
        shutdown_timeout=_STOP_S,
    )
