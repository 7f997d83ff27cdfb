"""`/api/v1/orders/...`: single orders, photos, another contractor, a round's signature, the way to drive."""

from __future__ import annotations

from aiohttp import web

from camboard import form
from camboard.api import answer
from camboard.board import board_of
from camboard.desk.page import desk_of, take
from camboard.work import photos
from camboard.work import wire as orderwire
from camboard.work.page import act_of, number_of, way_of
from camboard.work.photos import work_of
from camkeeper.standing.desk import Acted, Action
from camkeeper.standing.work import OrderView


async def order(request: web.Request) -> web.Response:
    """`GET /api/v1/orders/{number}`: live or finished, with all its steps."""
    return answer(orderwire.order(_view(request)))


async def route(request: web.Request) -> web.Response:
    """`GET /api/v1/orders/route?contractor=`."""
    found = await way_of(request)
    names = {site.id: site.name for site in board_of(request).source.standing().sites}
    return answer(orderwire.route(found, names))


async def photo(request: web.Request) -> web.Response:
    """`POST /api/v1/orders/{number}/photo`: multipart with `by` and, last, the file in `photo`."""
    _view(request)
    acted, _ = await photos.take(request, number_of(request))
    return _told(acted)


async def assign(request: web.Request) -> web.Response:
    """`POST /api/v1/orders/{number}/assign` with `by` and `contractor`."""
    return await _act(request, Action.ASSIGN)


async def sign(request: web.Request) -> web.Response:
    """`POST /api/v1/orders/{number}/sign` with `by`, `unit`, and for item N of the checklist `item.N` and `note.N`."""
    return await _act(request, Action.SIGN)


async def _act(request: web.Request, action: Action) -> web.Response:
    view = _view(request)
    sent = await form.read(request, board_of(request))
    desk, _ = desk_of(board_of(request))
    return _told(await take(desk, act_of(action, view, sent)))


def _told(acted: Acted) -> web.Response:
    if not acted.done:
        raise form.Refused(409, acted.zh, acted.en)
    return answer({"done": True})


def _view(request: web.Request) -> OrderView:
    found = work_of(request).order(number_of(request))
    if found is None:
        raise web.HTTPNotFound
    return found
