"""`/map` and the part of it that a live page asks for again."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from aiohttp import web

from camboard.board import board_of
from camboard.cover import api as coverapi
from camboard.cover.api import NotYet, Written, charts_of
from camboard.cover.query import MapQuery
from camboard.cover.view import MapView, Shown, default_site, find, map_view
from camboard.cover.words import BAND, PLACE, SIGHT, SIGHT_SHAPE
from camboard.device.way import DEVICE
from camboard.i18n import Language
from camboard.pages import PAGES, fragment_response, language_of, page_response, shell
from camboard.text import plain
from camboard.words import KIND, SHAPE, STATE
from camkeeper.standing.coverage import CoverageMap, CoverageStanding


class Lack(StrEnum):
    """Why there is no map to show."""

    COMPUTING = "computing"
    NO_GEOMETRY = "no_geometry"
    NO_BOUNDARY = "no_boundary"


async def page(request: web.Request) -> web.Response:
    """`GET /map?site=&night=&failed=ID,ID`."""
    board, say = board_of(request), language_of(request)
    made = await _write(request, say)
    around = shell(
        board,
        made.index,
        say,
        body=made.html,
        here=made.query.address(),
        fragment=made.query.address("/fragments/map"),
        at=made.at,
        synthetic=made.synthetic,
    )
    values = {"shell": around, "drawn_from": made.drawn_from}
    return page_response(request, request.app[PAGES].write("mappage.html", say, values), say)


async def fragment(request: web.Request) -> web.Response:
    """`GET /fragments/map`: the live part of `/map` for the same choice."""
    made = await _write(request, language_of(request))
    return fragment_response(board_of(request), made.index, made.html)


async def _write(request: web.Request, say: Language) -> Written:
    board, query = board_of(request), MapQuery.read(request.query)
    if board.coverage is None:
        raise web.HTTPNotFound
    shown, lack = await _find(request, query)
    # Only now, after waiting for what is dark: figures and statuses of one moment.
    index = board.index()
    if query.site is not None and shown is None and query.site not in index.site_by_id:
        raise web.HTTPNotFound
    kept = charts_of(request).pages
    desk = board.desk_now()
    open_count = None if desk is None else len(desk.open)
    pictures = board.pictures_now()
    weather = () if pictures is None else pictures.weather_site_ids
    key = (say.code, query, open_count, weather)
    made = None if shown is None else kept.get((shown.coverage, index.standing), key)
    if made is not None:
        return made
    view = None if shown is None else map_view(shown, index, query, say, weather=weather)
    if view is not None and not board.may("GET", DEVICE):
        view = _without_devices(view)
    values = {
        "o": view,
        "lack": lack,
        "words": _words(say),
        "site": query.site and plain(query.site),
        "open_count": open_count,
    }
    html = request.app[PAGES].write("map.html", say, values)
    made = Written(
        html=html,
        index=index,
        query=query,
        at=_at(view),
        synthetic=index.standing.synthetic_geometry if view is None else view.synthetic_geometry,
        drawn_from=() if view is None else (str(view.live["chart"]), str(view.live["dark"])),
    )
    if shown is not None:
        kept.put((shown.coverage, index.standing), key, made)
    return made


def _without_devices(view: MapView) -> MapView:
    """Return the map with the names of cameras, and no way to their pages."""
    return replace(
        view,
        dark=tuple((*row[:-1], "") for row in view.dark),
        aims=tuple(replace(aim, address="") for aim in view.aims),
        supposed=None if view.supposed is None else replace(view.supposed, devices=()),
    )


def _at(view: MapView | None) -> str:
    return "" if view is None else view.at


async def _find(request: web.Request, query: MapQuery) -> tuple[Shown | None, Lack | None]:
    """Return what was asked for, or why it isn't there."""
    board = board_of(request)
    try:
        coverage = coverapi.now(board)
    except NotYet:
        return None, Lack.COMPUTING
    chart = board.coverage.coverage_map() if board.coverage else None
    if chart is None:
        return None, Lack.COMPUTING
    if not coverage.sites:
        return None, Lack.NO_GEOMETRY
    return await _shown(request, query, coverage, chart)


async def _shown(
    request: web.Request, query: MapQuery, coverage: CoverageStanding, chart: CoverageMap
) -> tuple[Shown | None, Lack | None]:
    site_id = query.site or default_site(coverage)
    site = find(coverage, site_id, night=query.night)
    if site is None:
        return None, Lack.NO_BOUNDARY
    board, charts = board_of(request), charts_of(request)
    dark = await coverapi.dark(board, charts, site_id, night=query.night, failed=query.failed)
    return Shown(coverage=coverage, chart=chart, site=site, dark=dark), None


def _words(say: Language) -> dict[str, object]:
    """Return the words of the drawing script: it has none of its own."""
    return {
        "state": {state.value: [SHAPE[state], say(word)] for state, word in STATE.items()},
        "sight": {sight.value: [SIGHT_SHAPE[sight], say(word)] for sight, word in SIGHT.items()},
        "place": {kind.value: say(word) for kind, word in PLACE.items()},
        "band": {band: say(word) for band, word in BAND.items()},
        "kind": {kind.value: say(word) for kind, word in KIND.items()},
        "lost": say("失去的覆盖：设计看得到，现在看不到"),
        "would_lose": say("若此失效，这里也看不到"),
        "blind": say("盲区：设计即看不到"),
        "azimuth": say("方位 {n}°"),
        "aimed": say("设计方位 {planned}°，实测 {measured}° ±{error}°"),
        "noAzimuth": say("方位未知，不计入"),
        "dark": say("不计入覆盖"),
        "unknown": say("是否看得到不知道，只计入上限"),
        "inside": say("登记位置落在建筑物内"),
        "click": say("点击：看它失效会怎样"),
        "wants": say("须达到：{band}"),
        "in": say("放大"),
        "out": say("缩小"),
        "none": say("未测得"),
        "north": say("北"),
    }
