"""`/wall` and `/wall/data`: read-only, light, and asked for by a screen that nobody touches for months."""

from __future__ import annotations

import hashlib
import json
from zoneinfo import ZoneInfo

from aiohttp import web

from camboard.assets import assets
from camboard.board import Board, board_of
from camboard.i18n import Language, span_words
from camboard.index import Index
from camboard.pages import PAGES, language_of, page_response
from camboard.text import local
from camboard.wall.view import Wall, tiles_a_page, wall, wire
from camkeeper.standing.desk import DeskStanding

_FILES = ("wall.js", "wall.css")
_KEPT = 16


class Walls:
    """The screen of the newest Standing, written once for each scope and language."""

    def __init__(self) -> None:
        self._made: dict[tuple[int, str], tuple[Index, DeskStanding | None, Wall, bytes, str]] = {}

    def of(self, board: Board, say: Language) -> tuple[Wall, bytes, str]:
        """Return the screen, its JSON and the digest of that."""
        index, desk = board.index(), board.desk_now()
        key = (id(board.kept), say.code)  # of one role and scope, while requests come and go
        known = self._made.get(key)
        if known is None or known[0] is not index or known[1] is not desk:
            shown = wall(index, desk, say)
            body = json.dumps(wire(shown, version=version()), ensure_ascii=False, separators=(",", ":")).encode()
            if len(self._made) >= _KEPT:
                self._made.clear()
            known = self._made[key] = (index, desk, shown, body, hashlib.sha256(body).hexdigest()[:24])
        return known[2], known[3], known[4]


WALLS = web.AppKey("walls", Walls)


def version() -> str:
    """Return what changes when the screen's own files do: it then loads itself anew."""
    return "-".join(assets()[name].digest for name in _FILES)


async def page(request: web.Request) -> web.Response:
    """`GET /wall`."""
    board, say = board_of(request), language_of(request)
    shown, _, _ = request.app[WALLS].of(board, say)
    index = board.index()
    a_page = tiles_a_page(say)
    pages = max(1, -(-len(shown.tiles) // a_page))
    wanted = request.query.get("page", "1")
    number = min(int(wanted), pages) if wanted.isdecimal() and len(wanted) < 4 and int(wanted) else 1
    age_ms, stale_ms = board.age_ms(index.standing), board.settings.stale_after_ms
    zone = ZoneInfo(index.standing.timezone)
    now_ms = board.settings.clock.wall_ms()
    values = {
        "w": shown,
        "tiles": shown.tiles[(number - 1) * a_page : number * a_page],
        "page": number,
        "pages": pages,
        "next": number % pages + 1,
        "a_page": a_page,
        "html_lang": say.html_lang,
        "now": f"{local(now_ms, zone):%H:%M}",
        "date": f"{local(now_ms, zone):%Y-%m-%d}",
        "stale": age_ms > stale_ms,
        "age": span_words(age_ms, say),
        "age_ms": age_ms,
        "stale_ms": stale_ms,
        "refresh_ms": round(board.settings.refresh_s * 1000),
    }
    return page_response(request, request.app[PAGES].write("wall.html", say, values), say)


async def data(request: web.Request) -> web.Response:
    """`GET /wall/data`: all that the screen shows; 304 where it shows that already.

    Ages and clocks are in the headers, so that the body changes only when something did.
    """
    board, say = board_of(request), language_of(request)
    _, body, digest = request.app[WALLS].of(board, say)
    standing = board.index().standing
    now_ms = board.settings.clock.wall_ms()
    offset = local(now_ms, ZoneInfo(standing.timezone)).utcoffset()
    headers = {
        "ETag": f'"{digest}"',
        "Cache-Control": "no-cache",
        "Vary": "Cookie",
        "X-At-Ms": str(standing.at_ms),
        "X-Age-Ms": str(board.age_ms(standing)),
        "X-Local-Ms": str(now_ms + (0 if offset is None else round(offset.total_seconds() * 1000))),
    }
    if request.headers.get("If-None-Match", "").removeprefix("W/") == headers["ETag"]:
        return web.Response(status=304, headers=headers)
    response = web.Response(body=body, content_type="application/json", charset="utf-8", headers=headers)
    response.enable_compression()
    return response
