"""`/i/{token}`: one incident on one screen of a phone, without script. Who has the address may act."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web

from camboard import form
from camboard.board import board_of
from camboard.desk.incidents import IncidentRow, row
from camboard.desk.page import act_of, action_of, desk_of, take
from camboard.desk.story import Button, buttons, checked, device_names, phone_digits
from camboard.desk.words import evidence_words
from camboard.i18n import Language, span_words
from camboard.index import Index
from camboard.live import at_words
from camboard.pages import OTHER_LANGUAGE, PAGES, html_response, language_of, page_response
from camboard.picture.incident import PictureLine, picture_lines
from camboard.source import DeskSource
from camboard.text import plain
from camboard.work import photos
from camboard.work.photos import PhotoRow, photo_possible, photo_rows
from camkeeper.standing.desk import Action, IncidentView

_LONGEST_TOKEN = 128
_PICTURES_SHOWN = 2
_STEPS = frozenset({Action.ACKNOWLEDGE, Action.ACCEPT, Action.ON_SITE, Action.REPAIRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """The page as one value."""

    html_lang: str
    at: str
    old: str
    """Why not to rely on it: how old the data are; empty while they are fresh."""
    row: IncidentRow
    devices: str
    evidence: tuple[str, ...]
    checked: tuple[tuple[str, bool], ...]
    position: str
    code: str
    contact: str
    phone: str
    buttons: tuple[Button, ...]
    here: str
    """Where steps go: a refused photo leaves the browser at another address."""
    pictures: tuple[PictureLine, ...]
    photo_address: str
    """Where a photo goes; empty where none is taken now."""
    photos: tuple[PhotoRow, ...]
    other_address: str
    other_word: str
    other_lang: str


async def page(request: web.Request) -> web.Response:
    """`GET /i/{token}`."""
    _, view = _find(request)
    say = language_of(request)
    response = page_response(request, _write(request, view, say), say)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


async def act(request: web.Request) -> web.Response:
    """`POST /i/{token}`: step, by. 303 back; 409 with the page and the reason where it is refused."""
    desk, view = _find(request)
    say = language_of(request)
    sent = await form.read(request, board_of(request), secret_address=True)
    acted = await take(desk, act_of(action_of(sent.step, known=_STEPS), view, sent))
    if not acted.done:
        told = acted.en if say.code == "en" else acted.zh
        _, newest = _find(request)
        response = html_response(_write(request, newest, say, told=told, by=sent.by), status=409)
    else:
        response = web.Response(status=303, headers={"Location": request.path})
        form.remember(response, sent.by)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


async def photo(request: web.Request) -> web.Response:
    """`POST /i/{token}/photo`: multipart, the file in `photo`. 303 back; 409 with the reason where it is refused."""
    _, view = _find(request)
    say = language_of(request)
    if view.order is None:
        raise web.HTTPNotFound
    acted, by = await photos.take(request, view.order.number, secret_address=True)
    if not acted.done:
        told = acted.en if say.code == "en" else acted.zh
        _, newest = _find(request)
        response = html_response(_write(request, newest, say, told=told, by=by), status=409)
    else:
        response = web.Response(status=303, headers={"Location": _here(request)})
        form.remember(response, by)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


async def photo_file(request: web.Request) -> web.Response:
    """`GET /i/{token}/photos/{digest}`: an attachment."""
    _, view = _find(request)
    if view.order is None:
        raise web.HTTPNotFound
    return await photos.give(request, view.order.number)


def _here(request: web.Request) -> str:
    return f"/i/{request.match_info['token']}"


def _find(request: web.Request) -> tuple[DeskSource, IncidentView]:
    """Return the incident that the token opens; for every other text the 404 that any wrong address gets."""
    token = request.match_info["token"]
    desk, _ = desk_of(board_of(request))
    view = desk.by_token(token) if token.isascii() and len(token) <= _LONGEST_TOKEN else None
    if view is None:
        raise web.HTTPNotFound
    return desk, view


def _write(request: web.Request, view: IncidentView, say: Language, *, told: str = "", by: str = "") -> str:
    board = board_of(request)
    index = board.index()
    age_ms = board.age_ms(index.standing)
    old = say("数据已过期 {span}").replace("{span}", span_words(age_ms, say))
    values = {
        "o": _phone(request, view, index, say, old=old if age_ms > board.settings.stale_after_ms else ""),
        "told": told,
        "by": by or form.remembered(request),
    }
    return request.app[PAGES].write("phone.html", say, values)


def _phone(request: web.Request, view: IncidentView, index: Index, say: Language, *, old: str) -> Phone:
    zone = ZoneInfo(index.standing.timezone)
    still = [m.device_id for m in view.incident.members.values() if m.recovered_ms is None]
    steps = [b for b in buttons(view, zone, say) if b.action in _STEPS]
    of_order = [b for b in steps if b.action != Action.ACKNOWLEDGE]
    may_photo = board_of(request).work is not None and view.order is not None and photo_possible(view.order)
    other, word, lang = OTHER_LANGUAGE[say.code]
    return Phone(
        html_lang=say.html_lang,
        at=at_words(index),
        old=old,
        row=row(view, index, index.standing.at_ms, zone, say),
        devices=device_names(still, index, say),
        evidence=evidence_words(view.incident.evidence, say, view.names)[:2],
        checked=checked(view, index, say),
        position=plain(view.position, limit=240),
        code=view.order.code if view.order else "",
        contact=plain(view.contact),
        phone=phone_digits(view.phone),
        buttons=tuple(of_order or steps),
        here=_here(request),
        pictures=picture_lines(view, board_of(request).pictures_now(), index, say)[:_PICTURES_SHOWN],
        photo_address=f"{_here(request)}/photo" if may_photo else "",
        photos=photo_rows(view.order, f"{_here(request)}/photos", zone, say),
        other_address=f"{_here(request)}?{urlencode({'lang': other})}",
        other_word=word,
        other_lang=lang,
    )
