"""A page whose middle part is live: written whole at first, asked for again when something changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from aiohttp import web
from markupsafe import Markup

from camboard.board import board_of
from camboard.i18n import Language
from camboard.index import Index
from camboard.pages import PAGES, html_response, page_response, shell
from camboard.text import local, utc_offset


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """The live part of a page, and where it is asked for again."""

    html: Markup
    index: Index
    here: str
    fragment: str
    at: str


def at_words(index: Index) -> str:
    """Return the instant of what is shown."""
    at = local(index.standing.at_ms, ZoneInfo(index.standing.timezone))
    return f"{at:%Y-%m-%d %H:%M:%S} {utc_offset(at)}"


def write_live(
    request: web.Request, say: Language, template: str, values: Mapping[str, object], here: str, fragment: str
) -> Live:
    """Write the live part of a page."""
    board = board_of(request)
    index = board.index()
    html = request.app[PAGES].write(template, say, {"signed": board.signed, **values})
    return Live(html=html, index=index, here=here, fragment=fragment, at=at_words(index))


def page_of_live(
    request: web.Request, template: str, made: Live, say: Language, *, told: str = "", done: str = ""
) -> web.Response:
    """Return the page around a live part; 409 with the reason where a step was refused, `done` where one was taken."""
    board = board_of(request)
    around = shell(
        board,
        made.index,
        say,
        body=made.html,
        here=made.here,
        fragment=made.fragment,
        at=made.at,
        synthetic=made.index.standing.synthetic_geometry,
    )
    text = request.app[PAGES].write(template, say, {"shell": around, "told": told, "done": done})
    return html_response(text, status=409) if told else page_response(request, text, say)
