"""`/devices/{id}/current`: a whole picture on request. On record first, the camera asked at once, shown once.

POST -> 303 -> a page that comes again by itself (no script) -> the picture, or why there is none
"""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from aiohttp import web

from camboard import form
from camboard.board import Board, board_of
from camboard.device import page as devicepage
from camboard.device.steps import device_of
from camboard.device.way import device_address
from camboard.i18n import Language
from camboard.live import at_words
from camboard.pages import PAGES, html_response, language_of, shell
from camboard.picture.wishes import WISHES, Wish
from camboard.source import PictureSource
from camboard.text import local, plain
from camboard.words import RUNG, VERDICT
from camkeeper.jpeg import JpegError, read_header
from camkeeper.standing.picture import FullPicture, Getting, ViewRequest, Wanted
from camkeeper.standing.view import DeviceStanding

TRIES = 10
EVERY_S = 2
_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentPage:
    """One step of getting a picture, for one reader."""

    state: str
    """waiting, taken, none, over."""
    name: str
    again: str = ""
    """Where the page goes by itself; empty: nowhere."""
    count: int = 0
    src: str = ""
    taken: str = ""
    ends: str = ""
    who: str = ""
    why: str = ""
    """In words why there is none."""


async def ask(request: web.Request) -> web.Response:
    """`POST /devices/{id}/current`: by, unit, why, which (`kept`: the one that is kept). 303 to the page that waits.

    403 where the site allows none, 409 where there is none, 429 too soon; each as a page that says so.
    """
    board, say = board_of(request), language_of(request)
    device, source = device_of(request), _source(board)
    sent = await form.read(request, board)
    asked = ViewRequest(
        who=sent.by,
        unit=devicepage.text_of(sent, "unit", devicepage.MAX_UNIT, "单位", "A unit"),
        why=devicepage.text_of(sent, "why", devicepage.MAX_WHY, "事由", "A reason"),
        device_id=device.id,
        incident_id=devicepage.incident_of(board, device.id, sent.fields.get("incident", "")),
    )
    try:
        since_ms = await _begin(source, asked, kept=sent.fields.get("which") == "kept", say=say)
    except PermissionError:
        raise form.Refused(403, "这里不开放原图", "No whole picture may be looked at here") from None
    except ValueError:
        raise form.Refused(400, "登记不完整，未显示", "The entry is not complete; nothing is shown") from None
    except LookupError:
        return await devicepage.told(request, say("现在取不了画面：没有登记上，或画面诊断没有运行"), 409, by=sent.by)
    except _TooSoonError as error:
        return await devicepage.told(request, str(error), 429, by=sent.by)
    ticket = request.app[WISHES].give(asked, session=board.principal.session_id, since_ms=since_ms)
    response = web.Response(status=303, headers={"Location": device_address(device.id, part=f"current/{ticket}")})
    form.remember(response, sent.by)
    return response


class _TooSoonError(Exception):
    """Another sentence for the page."""


async def _begin(source: PictureSource, asked: ViewRequest, *, kept: bool, say: Language) -> int:
    """Return since when the picture may be that is shown; the look at a kept one is put on record when it is shown."""
    if kept:
        source.wanted(asked.device_id, 0)
        return 0
    got = await source.ask(asked)
    if got.at_ms is None:
        raise _TooSoonError(got.en if say.code == "en" else got.zh)
    return got.at_ms


async def page(request: web.Request) -> web.Response:
    """`GET /devices/{id}/current/{ticket}?n=`: waiting, the picture, or why there is none."""
    board, say = board_of(request), language_of(request)
    device, source = device_of(request), _source(board)
    ticket = request.match_info["ticket"]
    wish = request.app[WISHES].look(ticket, device.id, board.principal.session_id)
    if wish is None:
        return _write(request, device, say, CurrentPage(state="over", name=plain(device.name)), status=404)
    try:
        wanted = source.wanted(device.id, wish.since_ms)
    except LookupError:
        wanted = Wanted(state=Getting.NONE)
    count = request.query.get("n", "1")
    values = _step(device, ticket, wish, wanted, int(count) if count.isdecimal() and len(count) < 3 else 1, board, say)
    if values.state == "taken" and wanted.kept is not None:
        request.app[WISHES].pin(ticket, wanted.kept.at_ms)
    return _write(request, device, say, values)


async def picture(request: web.Request) -> web.Response:
    """`GET /devices/{id}/current/{ticket}/picture`: the picture, once and after that look is on record; 404 after."""
    board = board_of(request)
    device, source = device_of(request), _source(board)
    wish = request.app[WISHES].take(request.match_info["ticket"], device.id, board.principal.session_id)
    if wish is None:
        raise web.HTTPNotFound
    try:
        got = await source.full(wish.request)
    except (LookupError, ValueError, PermissionError):
        raise web.HTTPNotFound from None
    if got.at_ms != wish.at_ms or not _is_jpeg(got):  # a newer one came meanwhile: the page's time would not be its
        raise web.HTTPNotFound
    return web.Response(
        body=got.jpeg,
        content_type="image/jpeg",
        headers={"Cache-Control": "no-store", "Content-Security-Policy": _POLICY},
    )


def _step(
    device: DeviceStanding, ticket: str, wish: Wish, wanted: Wanted, count: int, board: Board, say: Language
) -> CurrentPage:
    here, name = device_address(device.id, part=f"current/{ticket}"), plain(device.name)
    if wanted.state is Getting.TAKEN and wanted.kept is not None:
        zone = ZoneInfo(board.index().standing.timezone)
        return CurrentPage(
            state="taken",
            name=name,
            src=f"{here}/picture",
            taken=f"{local(wanted.kept.at_ms, zone):%Y-%m-%d %H:%M:%S}",
            ends=f"{local(wanted.kept.expires_ms, zone):%Y-%m-%d %H:%M}",
            who=f"{plain(wish.request.who)} · {plain(wish.request.unit)} · {plain(wish.request.why)}",
        )
    if wanted.state is Getting.WAITING and count < TRIES:
        return CurrentPage(state="waiting", name=name, again=f"{here}?n={count + 1}", count=count)
    return CurrentPage(state="none", name=name, why=_why(wanted, say))


def _why(wanted: Wanted, say: Language) -> str:
    if wanted.rung is None or wanted.verdict is None:
        return say("设备没有在限定时间内给出画面")
    return say("%(rung)s：%(verdict)s", rung=say(RUNG[wanted.rung]), verdict=say(VERDICT[wanted.verdict]))


def _write(
    request: web.Request, device: DeviceStanding, say: Language, values: CurrentPage, *, status: int = 200
) -> web.Response:
    board, pages = board_of(request), request.app[PAGES]
    index = board.index()
    back = device_address(device.id)
    outer = shell(
        board,
        index,
        say,
        body=pages.write("current.html", say, {"o": values, "back": back, "tries": TRIES}),
        here=request.path,
        fragment="",
        at=at_words(index),
        synthetic=index.standing.synthetic_geometry,
    )
    text = pages.write("currentpage.html", say, {"shell": outer, "again": values.again, "every_s": EVERY_S})
    response = html_response(text, status=status)
    response.headers["Vary"] = "Cookie"
    return response


def _source(board: Board) -> PictureSource:
    if board.pictures is None:
        raise web.HTTPNotFound
    return board.pictures


def _is_jpeg(got: FullPicture) -> bool:
    try:
        read_header(got.jpeg)
    except JpegError:
        return False
    return True
