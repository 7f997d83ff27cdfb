"""`POST /api/v1/access/{command}`: what `camkeeper access` asks of a running monitor."""

from __future__ import annotations

from aiohttp import web

from camboard import form
from camboard.access.who import access_of, address_of
from camboard.api import answer
from camboard.board import board_of
from camboard.query import BadQuery
from camboard.source import CommandSource


async def act(request: web.Request) -> web.Response:
    """Do one; a secret that comes of it is in the answer, once. 409 with a sentence where it is refused."""
    access, board = access_of(request), board_of(request)
    if not isinstance(access, CommandSource):
        raise web.HTTPNotFound
    fields = await form.fields_of(request)
    form.check(request, board, fields)
    try:
        told = await access.command(board.principal, request.match_info["command"], fields, address=address_of(request))
    except LookupError:
        raise web.HTTPNotFound from None
    except ValueError:
        raise BadQuery("role, days") from None
    if not told.done:
        raise form.Refused(409, told.zh, told.en)
    return answer({"done": True, "zh": told.zh, "en": told.en, "secret": told.secret})
