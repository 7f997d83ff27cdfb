"""`/api/v1/pictures`, `/api/v1/views`, and a baseline to be learned anew."""

from __future__ import annotations

from aiohttp import web

from camboard import form
from camboard.api import answer
from camboard.board import board_of
from camboard.device.page import relearned
from camboard.picture import wire as picturewire
from camboard.picture.views import records_of
from camboard.query import number

_MOST = 1000


async def pictures(request: web.Request) -> web.Response:
    """`GET /api/v1/pictures`: what every camera's picture amounts to; 404 where none are looked at."""
    now = board_of(request).pictures_now()
    if now is None:
        raise web.HTTPNotFound
    return answer(picturewire.pictures(now))


async def views(request: web.Request) -> web.Response:
    """`GET /api/v1/views?limit=`: the register of views, newest first."""
    limit = number(request.query, "limit", default=200, most=_MOST)
    records = await records_of(board_of(request), limit)
    return answer({"views": [picturewire.view_record(record) for record in records]})


async def relearn(request: web.Request) -> web.Response:
    """`POST /api/v1/devices/{id}/relearn` with `by` and `why`."""
    board = board_of(request)
    device = board.index().device_by_id.get(request.match_info["id"])
    if device is None:
        raise web.HTTPNotFound
    acted = await relearned(board, device, await form.read(request, board))
    if not acted.done:
        raise form.Refused(409, acted.zh, acted.en)
    return answer({"done": True})
