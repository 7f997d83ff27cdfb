"""The county's pages, each with a live part."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import web
from markupsafe import Markup

from camboard.board import board_of
from camboard.county.lens import county_of
from camboard.county.query import CountyQuery, TownQuery, town_address, why_address
from camboard.county.town import ROWS_A_PAGE, town_page
from camboard.county.view import Choice, county_page
from camboard.county.why import why_page
from camboard.i18n import Language, span_words
from camboard.pages import OTHER_LANGUAGE, PAGES, Shell, html_response, language_of, page_response, signed_in
from camboard.query import BadQuery
from camboard.text import plain
from camboard.ways import ways
from camkeeper.hub.view import County, Town
from camkeeper.standing.why import WhyAsk


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    html: Markup
    name: str
    at: str
    here: str
    fragment: str


async def home(request: web.Request) -> web.Response:
    """`GET /`."""
    say, made, county = _home(request)
    board, query = county_of(request), CountyQuery.read(request.query)
    months = tuple(
        Choice(word=month, address=query.address(month=month), selected=month == county.month)
        for month in board.source.months()
    )
    values = {"shell": _shell(request, county, made, say), "months": months, "query": query}
    return page_response(request, request.app[PAGES].write("countypage.html", say, values), say)


async def home_fragment(request: web.Request) -> web.Response:
    """`GET /fragments/county`: the live part of `/` for the same choice."""
    _, made, county = _home(request)
    return _fragment(request, county, made)


def _home(request: web.Request) -> tuple[Language, _Made, County]:
    board, say = county_of(request), language_of(request)
    query = CountyQuery.read(request.query)
    county = _county(request, query.month)
    page = county_page(county, query, board.source.channels(), board.source.this_month(), say)
    html = request.app[PAGES].write("county.html", say, {"o": page})
    here, fragment = query.address(), query.address("/fragments/county")
    return say, _Made(html=html, name=page.name, at=page.at, here=here, fragment=fragment), county


async def town(request: web.Request) -> web.Response:
    """`GET /towns/{id}`."""
    return await _whole(request, *await _town(request), template="townpage.html")


async def town_fragment(request: web.Request) -> web.Response:
    """`GET /fragments/towns/{id}`."""
    made, county = await _town(request)
    return _fragment(request, county, made)


async def _town(request: web.Request) -> tuple[_Made, County]:
    say, query = language_of(request), TownQuery.read(request.query)
    county, found = _one(request, query)
    detail = await county_of(request).source.town(found.edge_id, county.month)
    page = town_page(found, detail, query, county.at_ms, say)
    html = request.app[PAGES].write("town.html", say, {"o": page})
    shown = query.page if query.page > 1 else None
    here = town_address(found.edge_id, month=query.month, site=query.site, page=shown)
    return _Made(html=html, name=page.name, at=page.at, here=here, fragment=f"/fragments{here}"), county


async def why(request: web.Request) -> web.Response:
    """`GET /towns/{id}/why`: what is behind a figure, down to the records."""
    return await _whole(request, *await _why(request), template="townwhypage.html")


async def why_fragment(request: web.Request) -> web.Response:
    """`GET /fragments/towns/{id}/why`."""
    made, county = await _why(request)
    return _fragment(request, county, made)


async def _why(request: web.Request) -> tuple[_Made, County]:
    say, query = language_of(request), TownQuery.read(request.query)
    county, found = _one(request, query)
    ask = WhyAsk(
        site_id=query.site,
        device_id=query.device,
        month=county.month,
        stretches_from=(query.page - 1) * ROWS_A_PAGE,
        count=ROWS_A_PAGE,
    )
    page = why_page(found, await county_of(request).source.why(found.edge_id, ask), query, county.at_ms, say)
    html = request.app[PAGES].write("townwhy.html", say, {"o": page})
    shown = query.page if query.page > 1 else None
    here = why_address(found.edge_id, month=query.month, site=query.site, device=query.device, page=shown)
    return _Made(html=html, name=page.name, at=page.at, here=here, fragment=f"/fragments{here}"), county


def _county(request: web.Request, month: str | None) -> County:
    try:
        return county_of(request).source.county(month)
    except ValueError:
        raise BadQuery("month") from None


def _one(request: web.Request, query: TownQuery) -> tuple[County, Town]:
    county = _county(request, query.month)
    found = next((t for t in county.towns if t.edge_id == request.match_info["id"]), None)
    if found is None:
        raise web.HTTPNotFound
    return county, found


async def _whole(request: web.Request, made: _Made, county: County, *, template: str) -> web.Response:
    say = language_of(request)
    text = request.app[PAGES].write(template, say, {"shell": _shell(request, county, made, say)})
    return page_response(request, text, say)


def _fragment(request: web.Request, county: County, made: _Made) -> web.Response:
    response = html_response(made.html)
    response.headers["Vary"] = "Cookie"
    response.headers["X-At-Ms"] = str(county.at_ms)
    response.headers["X-Age-Ms"] = str(county_of(request).age_ms(county))
    return response


def _shell(request: web.Request, county: County, made: _Made, say: Language) -> Shell:
    board = county_of(request)
    age_ms, stale_ms = board.age_ms(county), board.settings.stale_after_ms
    stale = age_ms > stale_ms
    words = say("数据已过期 {span}") if stale else say("数据更新于 {span}前")
    other, other_word, other_lang = OTHER_LANGUAGE[say.code]
    nav = ways(board_of(request), made.here, say)
    return Shell(
        html_lang=say.html_lang,
        name=plain(county.name),
        synthetic=False,
        at=made.at,
        age_ms=age_ms,
        stale_ms=stale_ms,
        stale=stale,
        age_words=words.replace("{span}", span_words(age_ms, say)),
        fragment=made.fragment,
        other_address=f"{made.here}{'&' if '?' in made.here else '?'}{urlencode({'lang': other})}",
        other_word=other_word,
        other_lang=other_lang,
        nav=nav if len(nav) > 1 else (),
        body=made.html,
        **signed_in(board_of(request), say),
    )
