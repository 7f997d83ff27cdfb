"""`/api/v1/incidents` and `/api/v1/orders`: the same desk for machines, and the steps that they may take."""

from __future__ import annotations

from aiohttp import web

from camboard import form
from camboard.api import answer
from camboard.board import board_of
from camboard.desk import wire as deskwire
from camboard.desk.page import LONGEST_ID, desk_of, story_of, take
from camboard.work import wire as orderwire
from camboard.work.orders import by_when, is_late
from camkeeper.standing.desk import Act, Action

_STEPS = {
    "accept": Action.ACCEPT,
    "onsite": Action.ON_SITE,
    "repaired": Action.REPAIRED,
    "note": Action.NOTE,
    "cancel": Action.CANCEL,
}


async def incidents(request: web.Request) -> web.Response:
    """`GET /api/v1/incidents`: open ones, and those of the last seven days."""
    _, now = desk_of(board_of(request))
    return answer(deskwire.desk(now))


async def incident(request: web.Request) -> web.Response:
    """`GET /api/v1/incidents/{id}`: its whole story."""
    desk, _ = desk_of(board_of(request))
    return answer(deskwire.story(await story_of(desk, request.match_info["id"])))


async def orders(request: web.Request) -> web.Response:
    """`GET /api/v1/orders`: live ones, overdue first."""
    board = board_of(request)
    _, now = desk_of(board)
    views = {v.order.number: v for v in (*now.recent, *now.open) if v.order is not None}
    at_ms = board.source.standing().at_ms
    listed = []
    for order in now.orders:
        view = views.get(order.number)
        respond, repair = by_when(order, view)
        late = is_late(order, view, at_ms)
        listed.append(deskwire.order(order, respond_by_ms=respond, repair_by_ms=repair, overdue=late))
    work = board.work
    figures = {} if work is None else {"month": orderwire.figures(work.figures())}
    return answer({"at_ms": now.at_ms, "orders": list(listed), **figures})


async def acknowledge(request: web.Request) -> web.Response:
    """`POST /api/v1/incidents/{id}/ack` with `by`."""
    sent = await form.read(request, board_of(request))
    return await _take(request, Act(action=Action.ACKNOWLEDGE, by=sent.by, incident_id=request.match_info["id"]))


async def merge(request: web.Request) -> web.Response:
    """`POST /api/v1/incidents/{id}/merge` with `by`, `into` and `text`, the reason."""
    sent = await form.read(request, board_of(request))
    into_id = sent.fields.get("into", "")[:LONGEST_ID]
    act = Act(action=Action.MERGE, by=sent.by, incident_id=request.match_info["id"], into_id=into_id, text=sent.text)
    return await _take(request, act)


async def unmerge(request: web.Request) -> web.Response:
    """`POST /api/v1/incidents/{id}/unmerge` with `by`."""
    sent = await form.read(request, board_of(request))
    return await _take(request, Act(action=Action.UNMERGE, by=sent.by, incident_id=request.match_info["id"]))


async def step(request: web.Request) -> web.Response:
    """`POST /api/v1/orders/{number}/{accept|onsite|repaired|note|cancel}` with `by` and, where wanted, `text`."""
    action, number = _STEPS.get(request.match_info["step"]), request.match_info["number"]
    if action is None or not (number.isascii() and number.isdigit() and len(number) < 10):
        raise web.HTTPNotFound
    sent = await form.read(request, board_of(request))
    return await _take(request, Act(action=action, by=sent.by, order_number=int(number), text=sent.text))


async def _take(request: web.Request, act: Act) -> web.Response:
    desk, _ = desk_of(board_of(request))
    acted = await take(desk, act)
    if not acted.done:
        raise form.Refused(409, acted.zh, acted.en)
    return answer({"done": True})
