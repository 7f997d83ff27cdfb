"""The application: every route at one glance."""

from __future__ import annotations

from aiohttp import web

from camboard import api, assets, events, guard, handed, metrics, pages
from camboard.board import BOARD, Board
from camboard.cover import api as coverapi
from camboard.cover import page as mappage
from camboard.desk import api as deskapi
from camboard.desk import page as deskpage
from camboard.desk import phone as phonepage
from camboard.device import page as devicepage
from camboard.picture import api as pictureapi
from camboard.picture import tickets
from camboard.picture import views as viewspage
from camboard.settings import BoardSettings
from camboard.source import (
    CoverageSource,
    DeskSource,
    HasWork,
    PictureSource,
    StandingSource,
    WindowSource,
    WorkSource,
)
from camboard.windows import page as windowpage
from camboard.work import api as orderapi
from camboard.work import channels as settingspage
from camboard.work import page as orderpage
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
) -> web.Application:
    """Build the board over a source. It starts nothing; see `create_runner` or any aiohttp server.

    `coverage`, `desk` None: the source itself, where it is one; `work` None: what the source says.
    """
    app = web.Application(middlewares=[guard.guard], client_max_size=_MAX_BODY)
    if coverage is None and isinstance(source, CoverageSource):
        coverage = source
    if desk is None and isinstance(source, DeskSource):
        desk = source
    if work is None and isinstance(source, HasWork):
        work = source.work()
    board = Board(source=source, settings=settings, coverage=coverage, desk=desk, work=work)
    app[BOARD] = board
    app[upload.SLOTS] = upload.slots()
    app[pages.PAGES] = pages.Pages()
    app[coverapi.CHARTS] = coverapi.Charts(board)
    app[metrics.REGISTRY] = metrics.registry(board)
    app.on_response_prepare.append(guard.add_headers)
    app.cleanup_ctx.append(events.pump)
    app.on_shutdown.append(events.end_streams)
    app.add_routes(_work_routes())
    if isinstance(source, WindowSource):
        board.windows = source
    if isinstance(source, PictureSource):
        board.pictures = source
    app[tickets.TICKETS] = tickets.Tickets(settings.clock)
    app.add_routes(_device_routes())
    app[handed.HANDING] = handed.turns()
    app.add_routes(_desk_routes())
    app.add_routes(_window_routes())
    app.add_routes(
        [
            web.get("/", pages.home),
            web.get("/fragments/board", pages.fragment),
            web.get("/map", mappage.page),
            web.get("/fragments/map", mappage.fragment),
            web.get("/events", events.events, allow_head=False),
            web.get("/static/{name}", assets.static),
            web.get("/api/v1/standing", api.standing),
            web.get("/api/v1/sites", api.sites),
            web.get("/api/v1/sites/{id}", api.site),
            web.get("/api/v1/devices", api.devices),
            web.get("/api/v1/devices/{id}", api.device),
            web.get("/api/v1/sla", api.sla),
            web.get("/api/v1/coverage", coverapi.coverage),
            web.get("/api/v1/coverage/map.geojson", coverapi.chart),
            web.get("/api/v1/coverage/sites/{id}", coverapi.site),
            web.get("/api/v1/coverage/sites/{id}/darkness.geojson", coverapi.darkness),
            web.get("/healthz", api.healthz),
            web.get("/readyz", api.readyz),
            web.get("/metrics", metrics.metrics),
        ]
    )
    return app


def _desk_routes() -> list[web.RouteDef]:
    """Return the routes of the duty desk: the only ones that take a POST."""
    return [
        web.get("/incidents", deskpage.incidents),
        web.get("/fragments/incidents", deskpage.incidents_fragment),
        web.get("/incidents/{id}", deskpage.incident),
        web.post("/incidents/{id}", deskpage.act),
        web.get("/fragments/incidents/{id}", deskpage.incident_fragment),
        web.get("/orders", deskpage.orders),
        web.get("/fragments/orders", deskpage.orders_fragment),
        web.get("/i/{token}", phonepage.page),
        web.post("/i/{token}", phonepage.act),
        web.get("/api/v1/incidents", deskapi.incidents),
        web.get("/api/v1/incidents/{id}", deskapi.incident),
        web.post("/api/v1/incidents/{id}/ack", deskapi.acknowledge),
        web.get("/api/v1/orders", deskapi.orders),
        web.post("/api/v1/orders/{number}/{step}", deskapi.step),
    ]


def _work_routes() -> list[web.RouteDef]:
    """Return the routes of single orders, photos, the way to drive, and channels."""
    one, file = f"/orders/{orderpage.NUMBER}", "{digest:[0-9a-f]{64}}"
    return [
        web.get("/orders/route", orderpage.route),
        web.get("/fragments/orders/route", orderpage.route),
        web.get(one, orderpage.order),
        web.post(one, orderpage.act),
        web.get(f"/fragments{one}", orderpage.order_fragment),
        web.post(f"{one}/photo", orderpage.photo),
        web.get(f"{one}/photos/{file}", orderpage.photo_file),
        web.post("/i/{token}/photo", phonepage.photo),
        web.get(f"/i/{{token}}/photos/{file}", phonepage.photo_file),
        web.get("/settings", settingspage.settings),
        web.get("/fragments/settings", settingspage.settings),
        web.post("/settings/channels/{id}", settingspage.test),
        web.get("/api/v1/orders/route", orderapi.route),
        web.get(f"/api/v1{one}", orderapi.order),
        web.post(f"/api/v1{one}/photo", orderapi.photo),
        web.post(f"/api/v1{one}/assign", orderapi.assign),
        web.post(f"/api/v1{one}/sign", orderapi.sign),
        web.get(f"/api/v1{one}/photos/{file}", orderpage.photo_file),
    ]


def _device_routes() -> list[web.RouteDef]:
    """Return the routes of single devices, their pictures, and who looked at one."""
    one = "/devices/{id}"
    return [
        web.get(one, devicepage.page),
        web.get(f"/fragments{one}", devicepage.fragment),
        web.post(f"{one}/view", devicepage.view),
        web.post(f"{one}/relearn", devicepage.relearn),
        web.get(f"{one}/thumbnail/{{ticket}}", devicepage.thumbnail, allow_head=False),
        web.get("/views", viewspage.page),
        web.get("/fragments/views", viewspage.fragment),
        web.get("/api/v1/pictures", pictureapi.pictures),
        web.get("/api/v1/views", pictureapi.views),
        web.post(f"/api/v1{one}/relearn", pictureapi.relearn),
    ]


def _window_routes() -> list[web.RouteDef]:
    """Return the routes of agreed windows."""
    return [
        web.get("/windows", windowpage.page),
        web.get("/fragments/windows", windowpage.fragment),
        web.get("/windows.ics", windowpage.calendar),
        web.get("/windows/new", windowpage.new),
        web.get("/fragments/windows/new", windowpage.new_fragment),
        web.post("/windows/new", windowpage.add),
        web.get("/windows/evidence/{digest}", windowpage.evidence),
        web.post("/windows/{id}", windowpage.act),
        web.get("/api/v1/windows", windowpage.listed),
        web.post("/api/v1/windows", windowpage.added),
        web.post("/api/v1/windows/{id}/{step}", windowpage.stepped),
    ]


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
