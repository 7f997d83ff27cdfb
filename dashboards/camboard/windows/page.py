"""`/windows`: agreed windows, their form, their end and withdrawal; the calendar; the files that prove them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote
from zoneinfo import ZoneInfo

from aiohttp import web
from markupsafe import Markup

from camboard import form, handed
from camboard.api import answer
from camboard.board import Board, board_of
from camboard.download import file_response
from camboard.i18n import Language
from camboard.live import at_words
from camboard.pages import PAGES, fragment_response, html_response, language_of, page_response, shell
from camboard.query import BadQuery
from camboard.rows import site_name
from camboard.source import WindowSource
from camboard.text import local, plain
from camboard.windows import wire as windowwire
from camboard.windows.link import NEW
from camboard.windows.rows import window_list
from camkeeper.standing.windows import WindowAct, WindowActed, WindowAction, WindowsStanding
from camkeeper.window.request import FIELDS

_STEPS = {"end": WindowAction.END, "withdraw": WindowAction.WITHDRAW}
_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
_ENDS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/heic": "heic"}
_MAX_FIELD = 4_000
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What stands in the form."""

    fields: Mapping[str, str]
    sites: tuple[tuple[str, str, bool], ...]
    """(id, name, chosen)."""
    by: str
    key: str
    at: str
    summary: str


def windows_of(board: Board) -> tuple[WindowSource, WindowsStanding]:
    """Return the source and what is agreed; 404 where nobody keeps windows."""
    now = board.windows.windows() if board.windows is not None else None
    if board.windows is None or now is None:
        raise web.HTTPNotFound
    return board.windows, now


async def page(request: web.Request) -> web.Response:
    """`GET /windows`."""
    return _list_page(request, language_of(request))


async def fragment(request: web.Request) -> web.Response:
    """`GET /fragments/windows`."""
    board = board_of(request)
    return fragment_response(board, board.index(), _list(request, language_of(request)))


async def new(request: web.Request) -> web.Response:
    """`GET /windows/new?kind=&from=&to=&devices=...`: the form, filled with what the address says."""
    say = language_of(request)
    return _new_page(request, say, _wished(request))


async def new_fragment(request: web.Request) -> web.Response:
    """`GET /fragments/windows/new`."""
    board, say = board_of(request), language_of(request)
    return fragment_response(board, board.index(), _form(request, say, _wished(request), by=form.remembered(request)))


async def add(request: web.Request) -> web.Response:
    """`POST /windows/new`: 303 to the list; 409 with the form and every reason where it is refused."""
    say = language_of(request)
    acted, sent = await _add(request)
    if not acted.done:
        return _new_page(request, say, sent.fields, by=sent.by, told=acted.en if say.code == "en" else acted.zh)
    response = web.Response(status=303, headers={"Location": "/windows"})
    form.remember(response, sent.by)
    return response


async def act(request: web.Request) -> web.Response:
    """`POST /windows/{id}`: step (end, withdraw), by, text."""
    say, board = language_of(request), board_of(request)
    source, _ = windows_of(board)
    sent = await form.read(request, board)
    if sent.step not in _STEPS:
        raise BadQuery("step")
    plan_id = request.match_info["id"]
    acted = await source.act_window(WindowAct(action=_STEPS[sent.step], by=sent.by, plan_id=plan_id, text=sent.text))
    if not acted.done:
        return _list_page(request, say, told=acted.en if say.code == "en" else acted.zh)
    response = web.Response(status=303, headers={"Location": "/windows"})
    form.remember(response, sent.by)
    return response


async def evidence(request: web.Request) -> web.Response:
    """`GET /windows/evidence/{digest}`: the file, as an attachment that nothing opens in our name."""
    source, _ = windows_of(board_of(request))
    try:
        document, data = await source.evidence(request.match_info["digest"])
    except LookupError:
        raise web.HTTPNotFound from None
    except ValueError:
        raise form.Refused(
            500, "依据文件已被改动，不能交出", "The evidence file was changed; it is not given out"
        ) from None
    ending = _ENDS.get(document.media_type)
    plain_name = f"evidence-{document.digest[:8]}{'.' + ending if ending else ''}"
    return web.Response(
        body=data,
        content_type=document.media_type or "application/octet-stream",
        headers={
            "Content-Disposition": f"attachment; filename=\"{plain_name}\"; filename*=UTF-8''{quote(document.name)}",
            "Content-Security-Policy": _POLICY,
            "Cache-Control": "private, no-store",
        },
    )


async def calendar(request: web.Request) -> web.Response:
    """`GET /windows.ics`."""
    board = board_of(request)
    _, now = windows_of(board)
    body = windowwire.calendar(now, board.index(), language_of(request))
    return file_response(body, "text/calendar", "camkeeper-windows.ics")


async def listed(request: web.Request) -> web.Response:
    """`GET /api/v1/windows`."""
    _, now = windows_of(board_of(request))
    return answer(windowwire.standing(now))


async def added(request: web.Request) -> web.Response:
    """`POST /api/v1/windows`: the fields of a request as JSON, a form, or multipart with the file `evidence`."""
    acted, _ = await _add(request)
    return _told(acted)


async def stepped(request: web.Request) -> web.Response:
    """`POST /api/v1/windows/{id}/{end|withdraw}` with `by` and, where wanted, `text`."""
    board, name = board_of(request), request.match_info["step"]
    source, _ = windows_of(board)
    if name not in _STEPS:
        raise web.HTTPNotFound
    sent = await form.read(request, board)
    return _told(
        await source.act_window(
            WindowAct(action=_STEPS[name], by=sent.by, plan_id=request.match_info["id"], text=sent.text)
        )
    )


def _told(acted: WindowActed) -> web.Response:
    if not acted.done:
        raise form.Refused(409, acted.zh, acted.en)
    return answer({"done": True, "id": acted.plan_id})


async def _add(request: web.Request) -> tuple[WindowActed, form.Sent]:
    board = board_of(request)
    source, _ = windows_of(board)
    got = await handed.read(request, board)
    fields = {name: got.sent.fields[name] for name in FIELDS if name in got.sent.fields}
    step = WindowAct(action=WindowAction.ADD, by=got.sent.by, fields=fields, file_name=got.name, file=got.data or None)
    return await source.act_window(step), got.sent


def _wished(request: web.Request) -> dict[str, str]:
    found = {name: request.query.get(name, "")[:_MAX_FIELD] for name in FIELDS}
    return {**found, "kind": found["kind"] or "maintenance"}


def _list(request: web.Request, say: Language) -> Markup:
    board = board_of(request)
    _, now = windows_of(board)
    index = board.index()
    values = window_list(now, index, at_words(index), say)
    rows = (*values.now, *values.coming, *values.past)
    keys = {row.address: board.form_key(row.address) for row in rows if row.may_end or row.may_withdraw}
    open_count = len(desk.open) if (desk := board.desk_now()) is not None else 0
    return request.app[PAGES].write(
        "windows.html",
        say,
        {
            "o": values,
            "keys": keys,
            "by": form.remembered(request),
            "open_count": open_count,
            "signed": board.signed,
        },
    )


def _form(request: web.Request, say: Language, fields: Mapping[str, str], *, by: str) -> Markup:
    board = board_of(request)
    _, now = windows_of(board)
    index, zone = board.index(), ZoneInfo(now.tz)
    chosen = set(fields.get("sites", "").split())
    shown = {name: plain(fields.get(name, ""), limit=_MAX_FIELD) for name in FIELDS}
    if not shown["from"]:
        begin_ms = now.at_ms // _HOUR_MS * _HOUR_MS + _HOUR_MS
        shown["from"] = local(begin_ms, zone).strftime("%Y-%m-%dT%H:%M")
        shown["to"] = shown["to"] or local(begin_ms + 2 * _HOUR_MS, zone).strftime("%Y-%m-%dT%H:%M")
    draft = Draft(
        fields=shown,
        sites=tuple((s.id, site_name(s, say), s.id in chosen) for s in index.standing.sites),
        by=by,
        key=board.form_key(NEW),
        at=at_words(index),
        summary=say("登记检修或剔除"),
    )
    return request.app[PAGES].write("windowform.html", say, {"o": draft, "signed": board.signed})


def _list_page(request: web.Request, say: Language, *, told: str = "") -> web.Response:
    return _page(request, "windowspage.html", _list(request, say), say, here="/windows", told=told)


def _new_page(
    request: web.Request, say: Language, fields: Mapping[str, str], *, by: str = "", told: str = ""
) -> web.Response:
    html = _form(request, say, fields, by=by or form.remembered(request))
    return _page(request, "windowformpage.html", html, say, here=NEW, told=told)


def _page(request: web.Request, template: str, html: Markup, say: Language, *, here: str, told: str) -> web.Response:
    board = board_of(request)
    index = board.index()
    asked = request.query_string if request.method in {"GET", "HEAD"} else ""
    around = shell(
        board,
        index,
        say,
        body=html,
        here=here,
        fragment=f"/fragments{here}{'?' + asked if asked else ''}",
        at=at_words(index),
        synthetic=index.standing.synthetic_geometry,
    )
    text = request.app[PAGES].write(template, say, {"shell": around, "told": told})
    return html_response(text, status=409) if told else page_response(request, text, say)
