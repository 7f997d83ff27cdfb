"""`/` and the part of it that a live page asks for again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from camboard.assets import assets
from camboard.board import BOARD
from camboard.i18n import DEFAULT, Language, languages, span_words
from camboard.index import Index
from camboard.overview import Overview, overview
from camboard.query import Query
from camboard.settings import BoardSettings
from camboard.text import plain

_TEMPLATES = Path(__file__).parent / "templates"
_COOKIE = "lang"
_YEAR_S = 365 * 86_400
_KEPT = 64
_OTHER = {"zh": ("en", "English", "en"), "en": ("zh", "中文", "zh-CN")}
_LONGEST = 10_000


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
    env.globals["assets"] = {name: asset.address for name, asset in assets().items()}
    return env


class Pages:
    """Templates in both languages, and the boards already written of the newest Standing."""

    def __init__(self) -> None:
        self._env = {code: _environment(language) for code, language in languages().items()}
        self._of: object = None
        self._written: dict[tuple[str, Query], tuple[Overview, Markup]] = {}

    def board(self, index: Index, query: Query, settings: BoardSettings, say: Language) -> tuple[Overview, Markup]:
        """Write the live part; the same choice of the same Standing is written once."""
        if self._of is not index.standing or len(self._written) >= _KEPT:
            self._written.clear()
            self._of = index.standing
        key = (say.code, query)
        if key not in self._written:
            values = overview(index, query, settings, say)
            html = self._env[say.code].get_template("board.html").render(o=values)
            self._written[key] = values, Markup(html)  # noqa: S704 - written by an escaping template
        return self._written[key]

    def page(self, say: Language, values: Mapping[str, object]) -> str:
        """Write the whole page around a board."""
        return self._env[say.code].get_template("page.html").render(values)

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


async def home(request: web.Request) -> web.Response:
    """`GET /`."""
    board, pages, say = request.app[BOARD], request.app[PAGES], language_of(request)
    query = Query.read(request.query)
    index = board.index()
    values, html = pages.board(index, query, board.settings, say)
    age_ms, stale_ms = board.age_ms(index.standing), board.settings.stale_after_ms
    stale = age_ms > stale_ms
    age = span_words(age_ms, say)
    other, other_word, other_lang = _OTHER[say.code]
    text = pages.page(
        say,
        {
            "o": values,
            "board": html,
            "query": query,
            "html_lang": say.html_lang,
            "age_ms": age_ms,
            "stale_ms": stale_ms,
            "stale": stale,
            "age_words": (say("数据已过期 {span}") if stale else say("数据更新于 {span}前")).replace("{span}", age),
            "fragment": query.address("/fragments/board"),
            "other_address": _with_language(query, other),
            "other_word": other_word,
            "other_lang": other_lang,
        },
    )
    response = html_response(text)
    response.headers["Vary"] = "Cookie"
    if request.query.get("lang") in languages():
        response.set_cookie(_COOKIE, say.code, max_age=_YEAR_S, path="/", httponly=True, samesite="Strict")
    return response


async def fragment(request: web.Request) -> web.Response:
    """`GET /fragments/board`: the live part of `/` for the same choice."""
    board, say = request.app[BOARD], language_of(request)
    index = board.index()
    _, html = request.app[PAGES].board(index, Query.read(request.query), board.settings, say)
    response = html_response(html)
    response.headers["Vary"] = "Cookie"
    response.headers["X-At-Ms"] = str(index.standing.at_ms)
    response.headers["X-Age-Ms"] = str(board.age_ms(index.standing))
    return response


def html_response(text: str, *, status: int = 200) -> web.Response:
    """Return a page that no cache keeps: old figures must not come back as new."""
    response = web.Response(text=text, status=status, content_type="text/html", charset="utf-8")
    response.headers["Cache-Control"] = "no-store"
    response.enable_compression()
    return response


def _with_language(query: Query, code: str) -> str:
    address = query.address()
    return f"{address}{'&' if '?' in address else '?'}{urlencode({'lang': code})}"
