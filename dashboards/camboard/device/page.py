"""`/devices/{id}`, and the looks at its picture: registered first, shown once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web

from camboard import form
from camboard.api import history
from camboard.board import Board, board_of
from camboard.device.aim import aim_view, planned_azimuth
from camboard.device.more import more
from camboard.device.view import DevicePage, device_page
from camboard.device.way import device_address
from camboard.devices.page import probed_words
from camboard.history import way as historyway
from camboard.history.way import history_address
from camboard.i18n import Language
from camboard.index import Index
from camboard.live import Live, at_words, write_live
from camboard.pages import PAGES, fragment_response, html_response, language_of, page_response, shell
from camboard.picture.tickets import TICKETS
from camboard.picture.view import clock_view, picture_part
from camboard.picture.words import verdict_word
from camboard.source import PictureSource
from camboard.text import local
from camboard.why.link import WHY
from camkeeper.jpeg import JpegError, read_header
from camkeeper.message.clean import clean
from camkeeper.model.picture import Drift
from camkeeper.standing.desk import Acted
from camkeeper.standing.picture import Thumbnail, ViewRequest
from camkeeper.standing.view import DeviceStanding

MAX_UNIT = 60
MAX_WHY = 200
_LARGEST_PX = 160
_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A picture that somebody may look at now, once."""

    src: str
    """Empty: it was looked at already, or too late."""
    taken: str
    expires: str
    verdict: str


class Around(NamedTuple):
    """What stands around the live part: a picture, or why a step was refused."""

    seen: Seen | None = None
    told: str = ""
    done: str = ""
    status: int = 200


async def page(request: web.Request) -> web.Response:
    """`GET /devices/{id}?incident=&seen=TICKET`."""
    say = language_of(request)
    asked = request.query.get("seen", "")
    around = Around(seen=_seen(request, asked, say)) if asked else Around()
    if request.query.get("relearn") == "1":
        around = Around(done=say("已安排重新学习基线"))
    if (probed := request.query.get("probed")) in {"0", "1"}:
        around = Around(done=probed_words(int(probed == "1"), int(probed == "0"), say))
    return await _page(request, say, around)


async def fragment(request: web.Request) -> web.Response:
    """`GET /fragments/devices/{id}`."""
    made = await _live(request, language_of(request))
    return fragment_response(board_of(request), made.index, made.html)


async def view(request: web.Request) -> web.Response:
    """`POST /devices/{id}/view`: by, unit, why. 303 to the page with a ticket; 409 where there is no picture."""
    board, say = board_of(request), language_of(request)
    device, source = _device(request), _source(board)
    sent = await form.read(request, board)
    asked = ViewRequest(
        who=sent.by,
        unit=text_of(sent, "unit", MAX_UNIT, "单位", "A unit"),
        why=text_of(sent, "why", MAX_WHY, "事由", "A reason"),
        device_id=device.id,
        incident_id=incident_of(board, device.id, sent.fields.get("incident", "")),
    )
    try:
        picture = await source.view(asked)
    except LookupError:
        return await _page(request, say, Around(told=say("没有可看的告警画面"), status=409), by=sent.by)
    except ValueError:
        raise form.Refused(400, "登记不完整，未显示", "The entry is not complete; nothing is shown") from None
    if not _is_small(picture):
        return await _page(request, say, Around(told=say("画面不是模糊小图，不予显示"), status=409), by=sent.by)
    ticket = request.app[TICKETS].give(picture)
    there = device_address(device.id)
    response = web.Response(status=303, headers={"Location": f"{there}?{urlencode({'seen': ticket})}"})
    form.remember(response, sent.by)
    return response


async def thumbnail(request: web.Request) -> web.Response:
    """`GET /devices/{id}/thumbnail/{ticket}`: the blurred picture, once; 404 ever after."""
    _device(request)
    picture = request.app[TICKETS].take(request.match_info["ticket"], request.match_info["id"])
    if picture is None:
        raise web.HTTPNotFound
    return web.Response(
        body=picture.jpeg,
        content_type="image/jpeg",
        headers={"Cache-Control": "no-store", "Content-Security-Policy": _POLICY},
    )


async def relearn(request: web.Request) -> web.Response:
    """`POST /devices/{id}/relearn`: by, why. 303 back; 409 with the reason where it is refused."""
    board, say = board_of(request), language_of(request)
    device = _device(request)
    sent = await form.read(request, board)
    acted = await relearned(board, device, sent)
    if not acted.done:
        told = acted.en if say.code == "en" else acted.zh
        return await _page(request, say, Around(told=told, status=409), by=sent.by)
    response = web.Response(status=303, headers={"Location": f"{device_address(device.id)}?relearn=1"})
    form.remember(response, sent.by)
    return response


async def relearned(board: Board, device: DeviceStanding, sent: form.Sent) -> Acted:
    """Have a baseline learned anew; 404 for a device without pictures."""
    why = text_of(sent, "why", MAX_WHY, "事由", "A reason")
    try:
        return await _source(board).relearn(device.id, sent.by, why)
    except LookupError:
        raise web.HTTPNotFound from None


def text_of(sent: form.Sent, name: str, most: int, zh: str, en: str) -> str:
    """Return a field that has to be there; Refused where it is empty or too long."""
    text = clean(sent.fields.get(name, ""), limit=form.MAX_TEXT)
    if not 1 <= len(text) <= most:
        raise form.Refused(400, f"请填写{zh}（1 至 {most} 个字）", f"{en} is wanted, of 1 to {most} characters")
    return text


def _device(request: web.Request) -> DeviceStanding:
    device = board_of(request).index().device_by_id.get(request.match_info["id"])
    if device is None:
        raise web.HTTPNotFound
    return device


def _source(board: Board) -> PictureSource:
    if board.pictures is None:
        raise web.HTTPNotFound
    return board.pictures


def incident_of(board: Board, device_id: str, asked: str) -> str | None:
    """Return the incident that a look is for, if it is one of this device."""
    desk = board.desk_now()
    known = () if desk is None else (*desk.open, *desk.recent)
    return asked if any(v.incident.id == asked and device_id in v.incident.members for v in known) else None


def _is_small(picture: Thumbnail) -> bool:
    """Return whether it is what it is said to be: whatever came here by mistake is not shown."""
    try:
        header = read_header(picture.jpeg)
    except JpegError:
        return False
    return max(header.width, header.height) <= _LARGEST_PX


def _seen(request: web.Request, ticket: str, say: Language) -> Seen:
    device_id = request.match_info["id"]
    picture = request.app[TICKETS].look(ticket, device_id)
    if picture is None:
        return Seen(src="", taken="", expires="", verdict="")
    zone = ZoneInfo(board_of(request).index().standing.timezone)
    return Seen(
        src=device_address(device_id, part=f"thumbnail/{ticket}"),
        taken=f"{local(picture.at_ms, zone):%Y-%m-%d %H:%M:%S}",
        expires=f"{local(picture.expires_ms, zone):%Y-%m-%d %H:%M}",
        verdict=verdict_word(picture.verdict, say),
    )


async def told(request: web.Request, sentence: str, status: int, *, by: str) -> web.Response:
    """Return the page with why a step was refused."""
    return await _page(request, language_of(request), Around(told=sentence, status=status), by=by)


async def _live(request: web.Request, say: Language, *, by: str = "") -> Live:
    board, device_id = board_of(request), _device(request).id
    points = await history(board, device_id)
    device, index = _device(request), board.index()  # only now, after waiting
    incident = incident_of(board, device_id, request.query.get("incident", ""))
    here = device_address(device_id, incident_id=incident)
    values = {
        "o": _values(board, device, index, points, say),
        "by": by or form.remembered(request),
        "incident": incident or "",
        "open_count": len(desk.open) if (desk := board.desk_now()) is not None else None,
        "has_map": board.coverage is not None,
        "look_address": device_address(device_id, part="view"),
        "relearn_address": device_address(device_id, part="relearn"),
        "current_address": device_address(device_id, part="current"),
        "may": {part: board.may("POST", f"/devices/{{id}}/{part}") for part in ("view", "relearn", "current")},
        "keys": {
            part: board.form_key(f"/devices/{device_id}/{part}") for part in ("view", "relearn", "probe", "current")
        },
        "more": more(device, index, board.insight.past() if board.insight is not None else None, say),
        "has_why": board.insight is not None and board.may("GET", WHY),
        "may_probe": board.insight is not None and board.may("POST", "/devices/{id}/probe"),
        "history_address": history_address(device_id=device_id)
        if board.history is not None and board.may("GET", historyway.DEVICE)
        else "",
        "may_label": board.may("GET", "/devices/{id}/label"),
        "probe_address": device_address(device_id, part="probe"),
        "label_address": device_address(device_id, part="label"),
        "most": {"unit": MAX_UNIT, "why": MAX_WHY},
        "trend": urlencode({"device": device_id}) if board.reports is not None and board.may("GET", "/trend") else "",
    }
    return write_live(request, say, "device.html", values, here, f"/fragments{here}")


def _values(
    board: Board, device: DeviceStanding, index: Index, history: tuple[Drift, ...], say: Language
) -> DevicePage:
    pictures = board.pictures_now() if device.kind.has_picture else None
    own = None if pictures is None else pictures.cameras.get(device.id)
    chart = None if board.coverage is None else board.coverage.coverage_map()
    zone = ZoneInfo(index.standing.timezone)
    return device_page(
        device,
        index,
        board.desk_now(),
        at_words(index),
        say,
        picture=None if pictures is None else picture_part(pictures, device, index, say),
        aim=aim_view(own.aimed if own else None, planned_azimuth(chart, device.id), zone, say),
        clock=clock_view(own.drift if own else None, device.facts.clock_offset_s, history, index, say),
        has_orders=board.work is not None,
    )


async def _page(request: web.Request, say: Language, around: Around, *, by: str = "") -> web.Response:
    board = board_of(request)
    made = await _live(request, say, by=by)
    outer = shell(
        board,
        made.index,
        say,
        body=made.html,
        here=made.here,
        fragment=made.fragment,
        at=made.at,
        synthetic=made.index.standing.synthetic_geometry,
    )
    device = _device(request)
    values = {
        "shell": outer,
        "seen": around.seen,
        "told": around.told,
        "done": around.done,
        "name": device.name,
        "here": made.here,
    }
    text = request.app[PAGES].write("devicepage.html", say, values)
    return page_response(request, text, say) if around.status == 200 else html_response(text, status=around.status)
