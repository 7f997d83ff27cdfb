"""`/api/v1/openapi.json` and `/api/v1/docs`: the same declarations for programs and for people."""

from __future__ import annotations

from functools import lru_cache

from aiohttp import web
from markupsafe import Markup

from camboard.api import answer
from camboard.board import board_of
from camboard.i18n import Language, languages
from camboard.live import at_words
from camboard.openapi import document as made
from camboard.openapi.view import Chapter, chapters
from camboard.pages import PAGES, language_of, page_response, shell
from camboard.route import Table

HERE = "/api/v1/docs"


async def document(request: web.Request) -> web.Response:
    """`GET /api/v1/openapi.json?lang=`."""
    return answer(made.document(board_of(request).table.routes, language_of(request)))


async def docs(request: web.Request) -> web.Response:
    """`GET /api/v1/docs?chapter=`: a list of all addresses, or one chapter in full."""
    board, say = board_of(request), language_of(request)
    found = written(board.table, say.code)
    wanted = request.query.get("chapter", "")
    chapter = next((each for each in found if each.key == wanted), None)
    if wanted and chapter is None:
        raise web.HTTPNotFound
    html = _body(request, found, chapter, say)
    index = board.index()
    here = f"{HERE}?chapter={chapter.key}" if chapter is not None else HERE
    around = shell(
        board,
        index,
        say,
        body=html,
        here=here,
        fragment="",
        at=at_words(index),
        synthetic=index.standing.synthetic_geometry,
    )
    text = request.app[PAGES].write("apidocspage.html", say, {"shell": around, "chapter": chapter})
    return page_response(request, text, say)


def _body(request: web.Request, found: tuple[Chapter, ...], chapter: Chapter | None, say: Language) -> Markup:
    values = {"chapters": found, "chapter": chapter, "here": HERE, "intro": say(made.INTRO), "lang": say.code}
    return request.app[PAGES].write("apidocs.html", say, values)


@lru_cache(maxsize=8)
def written(table: Table, code: str) -> tuple[Chapter, ...]:
    """Return the chapters of a table: they change with the program alone."""
    return chapters(table.routes, languages()[code])
