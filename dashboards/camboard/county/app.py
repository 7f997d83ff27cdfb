"""The county's application: every route at one glance."""

from __future__ import annotations

import logging
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from camboard import assets, guard, pages
from camboard.county import api, live, metrics, page
from camboard.county.source import COUNTY, CountyBoard, CountySource
from camboard.query import BadQuery
from camboard.settings import BoardSettings

log = logging.getLogger(__name__)
_MAX_BODY = 4096


def create_county_app(source: CountySource, *, settings: BoardSettings) -> web.Application:
    """Build the county's board over a hub. It starts nothing; reads only."""
    app = web.Application(middlewares=[_guard], client_max_size=_MAX_BODY)
    board = CountyBoard(source=source, settings=settings)
    app[COUNTY] = board
    app[pages.PAGES] = pages.Pages()
    app[metrics.REGISTRY] = metrics.registry(board)
    app.on_response_prepare.append(guard.add_headers)
    app.on_shutdown.append(live.end_streams)
    app.add_routes(
        [
            web.get("/", page.home),
            web.get("/fragments/county", page.home_fragment),
            web.get("/towns/{id}", page.town),
            web.get("/fragments/towns/{id}", page.town_fragment),
            web.get("/towns/{id}/why", page.why),
            web.get("/fragments/towns/{id}/why", page.why_fragment),
            web.get("/events", live.events, allow_head=False),
            web.get("/static/{name}", assets.static),
            web.get("/api/v1/county", api.county),
            web.get("/api/v1/edges", api.edges),
            web.get("/api/v1/towns/{id}", api.town),
            web.get("/api/v1/towns/{id}/why", api.why),
            web.get("/healthz", api.healthz),
            web.get("/metrics", metrics.metrics),
        ]
    )
    return app


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Check the host, run the handler, and turn every error into one that both people and machines can read."""
    if not guard.host_is_ours(request.headers.get("Host", ""), request.app[COUNTY].settings):
        return guard.error(request, 421)
    try:
        return await handler(request)
    except BadQuery as told:
        return guard.error(request, 400, zh=f"参数 {told.name} 无法解读", en=f"cannot read parameter {told.name}")
    except LookupError:
        return guard.error(request, 404)
    except web.HTTPException as exc:
        if exc.status < HTTPStatus.BAD_REQUEST:
            raise
        kept = {name: exc.headers[name] for name in ("Allow", "Retry-After") if name in exc.headers}
        return guard.error(request, exc.status, headers=kept)
    except Exception:  # a bug: logged with its trace, and told without it
        log.exception("handler failed", extra={"path": request.path})
        return guard.error(request, 500)
