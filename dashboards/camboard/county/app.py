"""The county's application, put together. Its routes are in `county.routes`, one line each."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from camboard import guard, pages
from camboard.access import gate
from camboard.board import BOARD, Board
from camboard.county import live, metrics, routes
from camboard.county.places import Places
from camboard.county.source import COUNTY, CountyBoard, CountySource
from camboard.lens.scopes import Scopes
from camboard.routes import enrol
from camboard.settings import BoardSettings
from camboard.source import AccessSource

_MAX_BODY = 16 * 1024


def create_county_app(
    source: CountySource, *, settings: BoardSettings, access: AccessSource | None = None
) -> web.Application:
    """Build the county's board over a hub. It starts nothing.

    `access` None: nobody is asked who they are, and everybody may everything; for a loopback address alone.
    """
    app = web.Application(middlewares=[guard.guard, _nothing_there], client_max_size=_MAX_BODY)
    county = CountyBoard(source=source, settings=settings)
    board = Board(source=Places(source), settings=settings, table=routes.table(), access=access)
    app[COUNTY], app[BOARD] = county, board
    app[gate.SCOPES] = Scopes(board)
    app[pages.PAGES] = pages.Pages()
    app[metrics.REGISTRY] = metrics.registry(county)
    app.on_response_prepare.append(guard.add_headers)
    app.on_shutdown.append(live.end_streams)
    app[gate.ROUTE] = enrol(app.router, board.table)
    return app


@web.middleware
async def _nothing_there(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 404 for a town, site or camera that isn't there, or isn't there for whoever asks."""
    try:
        return await handler(request)
    except LookupError:
        raise web.HTTPNotFound from None
