"""`/` and the part of it that a live page asks for again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from camboard.access.words import ROLE
from camboard.assets import assets
from camboard.board import Board, board_of
from camboard.device.way import DEVICE
from camboard.history import way as historyway
from camboard.i18n import DEFAULT, Language, languages, span_words
from camboard.index import Index
from camboard.overview import Overview, board_name, overview
from camboard.picture.index import PictureIndex
from camboard.promise import promise_view
from camboard.query import Query
from camboard.register.way import may_import
from camboard.settings import BoardSettings
from camboard.text import plain
from camboard.ways import Way, gravest, ways
from camboard.why.link import WHY
from camkeeper.model.access import Via
from camkeeper.standing.coverage import CoverageStanding
from camkeeper.standing.desk import DeskStanding
from camkeeper.standing.past import Past

_TEMPLATES = Path(__file__).parent / "templates"
_COOKIE = "lang"
_YEAR_S = 365 * 86_400
_KEPT = 64
OTHER_LANGUAGE = {"zh": ("en", "English", "en"), "en": ("zh", "中文", "zh-CN")}
_LONGEST = 10_000
_PACKED_BESIDE = 256 * 1024
"""Smaller pages are compressed at once, in a millisecond or two: a thread's turn takes longer to come."""


def _harmless(value: object) -> object:
    """Pass every string that a template writes, ours too: a forgotten call is then no hole."""
    return plain(value, limit=_LONGEST) if type(value) is str else value


def _environment(language: Language) -> Environment:
    env = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
    )
    env.globals["_"] = language
    env.globals["signed"] = ""  # a page with a step says who takes it, where somebody is signed in
    env.globals["assets"] = {name: asset.address for name, asset in assets().items()}
    return env


class Pages:
    """Templates in both languages, and the boards already written of the newest Standing."""

    def __init__(self) -> None:
        self._env = {code: _environment(language) for code, language in languages().items()}
        self._of: tuple[object, ...] = ()
        self._written: dict[tuple[str, Query, bool], tuple[Overview, Markup]] = {}

    def board(
        self,
        index: Index,
        query: Query,
        settings: BoardSettings,
        say: Language,
        *,
        has_map: bool,
        desk: DeskStanding | None,
        pictures: PictureIndex | None = None,
        past: Past | None = None,
        has_why: bool = False,
        coverage: CoverageStanding | None = None,
        has_years: bool = False,
        has_devices: bool = True,
    ) -> tuple[Overview, Markup]:
        """Write the live part; the same choice of the same Standing, desk, pictures and past is written once."""
        of = (index.standing, desk, pictures, past, has_why, coverage, has_years)
        same = len(self._of) == len(of) and all(a is b for a, b in zip(self._of, of, strict=True))
        if not same or len(self._written) >= _KEPT:
            self._written.clear()
            self._of = of
        key = (say.code, query, has_devices)
        if key not in self._written:
            values = overview(index, query, settings, say, pictures)
            promise = promise_view(index, say, past=past, has_why=has_why, desk=desk, coverage=coverage)
            words = {"o": values, "has_map": has_map, "desk": gravest(desk, index, say), "promise": promise}
            words["has_devices"] = has_devices
            words["years"], words["site_years"] = _years(index, query, has_years=has_years)
            html = self.write("board.html", say, words)
            self._written[key] = values, html
        return self._written[key]

    def write(self, template: str, say: Language, values: Mapping[str, object]) -> Markup:
        """Write a template in a language."""
        html = self._env[say.code].get_template(template).render(values)
        return Markup(html)  # noqa: S704 - written by an escaping template

    def error(self, status: int, zh: str, en: str) -> str:
        """Write an error for people."""
        return self._env[DEFAULT].get_template("error.html").render(status=status, zh=zh, en=en)


PAGES = web.AppKey("pages", Pages)


def language_of(request: web.Request) -> Language:
    """Return the reader's language: the address, then the cookie, then Chinese."""
    known = languages()
    for wish in (request.query.get("lang"), request.cookies.get(_COOKIE)):
        if wish is not None and wish in known:
            return known[wish]
    return known[DEFAULT]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """What every live page has around its body."""

    html_lang: str
    name: str
    synthetic: bool
    at: str
    age_ms: int
    stale_ms: int
    stale: bool
    age_words: str
    fragment: str
    other_address: str
    other_word: str
    other_lang: str
    nav: tuple[Way, ...]
    body: Markup
    who: str = ""
    """Who is signed in; empty: nobody is asked, or a program or a screen shows the page."""
    role: str = ""
    out_key: str = ""
    is_open: bool = False
    """Nobody is asked who they are."""
    at_ms: int = -1
    """Of the Standing that is shown: a script that hears of the same one asks for nothing. -1: it asks at once."""


def shell(
    board: Board, index: Index, say: Language, *, body: Markup, here: str, fragment: str, at: str, synthetic: bool
) -> Shell:
    """Write what stands around `body`; `here` is the page's address without a language."""
    age_ms, stale_ms = board.age_ms(index.standing), board.settings.stale_after_ms
    stale = age_ms > stale_ms
    words = say("数据已过期 {span}") if stale else say("数据更新于 {span}前")
    other, other_word, other_lang = OTHER_LANGUAGE[say.code]
    return Shell(
        html_lang=say.html_lang,
        name=board_name(index, say),
        synthetic=synthetic,
        at=at,
        age_ms=age_ms,
        stale_ms=stale_ms,
        stale=stale,
        age_words=words.replace("{span}", span_words(age_ms, say)),
        fragment=fragment,
        other_address=f"{here}{'&' if '?' in here else '?'}{urlencode({'lang': other})}",
        other_word=other_word,
        other_lang=other_lang,
        nav=ways(board, here, say),
        body=body,
        at_ms=index.standing.at_ms,
        **signed_in(board, say),
    )


def signed_in(board: Board, say: Language) -> dict[str, Any]:
    """Return what the header says of who is signed in."""
    who = board.principal
    if who.via is not Via.SESSION:
        return {"is_open": who.via is Via.OPEN}
    return {"who": plain(who.name), "role": say(ROLE[who.role]), "out_key": board.form_key("/logout")}


def page_response(request: web.Request, text: str, say: Language) -> web.Response:
    """Return a page, and remember the language where the address asked for one."""
    response = html_response(text)
    response.headers["Vary"] = "Cookie"
    if request.query.get("lang") in languages():
        response.set_cookie(_COOKIE, say.code, max_age=_YEAR_S, path="/", httponly=True, samesite="Strict")
    return response


def fragment_response(board: Board, index: Index, html: str) -> web.Response:
    """Return the live part of a page, with the age of what it shows."""
    response = html_response(html)
    response.headers["Vary"] = "Cookie"
    response.headers["X-At-Ms"] = str(index.standing.at_ms)
    response.headers["X-Age-Ms"] = str(board.age_ms(index.standing))
    return response


async def home(request: web.Request) -> web.Response:
    """`GET /`."""
    board, pages, say = board_of(request), request.app[PAGES], language_of(request)
    query = Query.read(request.query)
    index = board.index()
    values, html = _board(pages, board, index, query, say)
    around = shell(
        board,
        index,
        say,
        body=html,
        here=query.address(),
        fragment=query.address("/fragments/board"),
        at=values.at,
        synthetic=values.synthetic_geometry,
    )
    begin = not index.standing.devices and may_import(board)
    words = {"shell": around, "query": query, "has_map": board.coverage is not None, "begin": begin}
    text = pages.write("page.html", say, words)
    return page_response(request, text, say)


async def fragment(request: web.Request) -> web.Response:
    """`GET /fragments/board`: the live part of `/` for the same choice."""
    board, say = board_of(request), language_of(request)
    index = board.index()
    _, html = _board(request.app[PAGES], board, index, Query.read(request.query), say)
    return fragment_response(board, index, html)


def _board(pages: Pages, board: Board, index: Index, query: Query, say: Language) -> tuple[Overview, Markup]:
    insight = board.insight if board.may("GET", WHY) else None
    # The past is of sites with all that is in them: who sees one contractor's devices alone is told of the present.
    past = insight.past() if insight is not None and board.principal.scope.contractor_id is None else None
    return pages.board(
        index,
        query,
        board.settings,
        say,
        has_map=board.coverage is not None,
        desk=board.desk_now(),
        pictures=board.picture_index(),
        past=past,
        has_why=insight is not None,
        coverage=board.coverage.coverage() if board.coverage is not None and board.may("GET", "/map") else None,
        has_years=board.history is not None
        and board.principal.scope.contractor_id is None
        and board.may("GET", historyway.SITE),
        has_devices=board.may("GET", DEVICE),
    )


def _years(index: Index, query: Query, *, has_years: bool) -> tuple[str, str]:
    """Return the addresses of the whole's long history and of the chosen site's; empty where there is none."""
    sites = (index.standing.total.id, query.site or "")
    whole, chosen = (site if has_years and site in index.site_by_id else "" for site in sites)
    return (
        historyway.history_address(site_id=whole) if whole else "",
        historyway.history_address(site_id=chosen) if chosen else "",
    )


def html_response(text: str, *, status: int = 200) -> web.Response:
    """Return a page that no cache keeps: old figures must not come back as new."""
    response = web.Response(
        text=text, status=status, content_type="text/html", charset="utf-8", zlib_executor_size=_PACKED_BESIDE
    )
    response.headers["Cache-Control"] = "no-store"
    response.enable_compression()
    return response
