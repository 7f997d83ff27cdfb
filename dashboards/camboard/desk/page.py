"""`/incidents`, `/incidents/{id}`, `/orders`, the parts that live pages ask for again, and steps by form."""

from __future__ import annotations

from aiohttp import web

from camboard import form
from camboard.board import Board, board_of
from camboard.desk.incidents import address_of, incident_list
from camboard.desk.merging import merge_choices
from camboard.desk.query import DeskQuery
from camboard.desk.story import STEP_OF, story_page
from camboard.i18n import Language
from camboard.live import Live, at_words, page_of_live, write_kept, write_live
from camboard.pages import fragment_response, language_of
from camboard.picture.incident import picture_lines
from camboard.query import BadQuery
from camboard.source import DeskSource
from camboard.text import plain
from camboard.windows.link import exclude_address
from camboard.work.orders import order_list
from camboard.work.view import figure_rows, round_rows
from camkeeper.model.workorder import Step
from camkeeper.standing.desk import Act, Acted, Action, DeskStanding, IncidentStory, IncidentView
from camkeeper.workorder.law import LEGAL

LONGEST_ID = 64
_ASSIGN = "/api/v1/orders/{number:[1-9][0-9]{0,8}}/assign"
_ON_INCIDENT = frozenset({Action.ACKNOWLEDGE, Action.MERGE, Action.UNMERGE})
_MERGE = "/api/v1/incidents/{id}/merge"


def desk_of(board: Board) -> tuple[DeskSource, DeskStanding]:
    """Return the desk and its newest value; 404 where there is none, 503 where it isn't there yet."""
    if board.desk is None:
        raise web.HTTPNotFound
    now = board.desk.desk()
    if now is None:
        raise web.HTTPServiceUnavailable(headers={"Retry-After": "5"})
    return board.desk, now


async def story_of(desk: DeskSource, incident_id: str) -> IncidentStory:
    """Return an incident's story; 404 for one that never was."""
    try:
        return await desk.story(incident_id)
    except LookupError:
        raise web.HTTPNotFound from None


def act_of(action: Action, view: IncidentView, sent: form.Sent) -> Act:
    """Return a step on an incident's page as the desk takes it: on the order where it is the order's."""
    on_order = action not in _ON_INCIDENT and view.order is not None
    return Act(
        action=action,
        by=sent.by,
        incident_id=view.incident.id,
        order_number=view.order.number if on_order and view.order else None,
        text=sent.text,
        contractor_id=sent.fields.get("contractor", "")[:LONGEST_ID] if action is Action.ASSIGN else "",
        into_id=sent.fields.get("into", "")[:LONGEST_ID] if action is Action.MERGE else "",
    )


def action_of(name: str, *, known: frozenset[Action] = frozenset(Action)) -> Action:
    """Return the step of this name; BadQuery for another."""
    if name not in {action.value for action in known}:
        raise BadQuery("step")
    return Action(name)


async def take(desk: DeskSource, step: Act) -> Acted:
    """Have the desk take a step; 404 where it knows nothing of what the step is about."""
    try:
        return await desk.act(step)
    except LookupError:
        raise web.HTTPNotFound from None


async def incidents(request: web.Request) -> web.Response:
    """`GET /incidents?site=&cause=&page=`."""
    say = language_of(request)
    return page_of_live(request, "incidentspage.html", _incidents(request, say), say)


async def incidents_fragment(request: web.Request) -> web.Response:
    """`GET /fragments/incidents`."""
    return _fragment(request, _incidents(request, language_of(request)))


async def incident(request: web.Request) -> web.Response:
    """`GET /incidents/{id}`."""
    say = language_of(request)
    return page_of_live(request, "incidentpage.html", await _incident(request, say), say)


async def incident_fragment(request: web.Request) -> web.Response:
    """`GET /fragments/incidents/{id}`."""
    return _fragment(request, await _incident(request, language_of(request)))


async def orders(request: web.Request) -> web.Response:
    """`GET /orders`."""
    say = language_of(request)
    return page_of_live(request, "orderspage.html", _orders(request, say), say)


async def orders_fragment(request: web.Request) -> web.Response:
    """`GET /fragments/orders`."""
    return _fragment(request, _orders(request, language_of(request)))


async def act(request: web.Request) -> web.Response:
    """`POST /incidents/{id}`: step, by, text. 303 back; 409 with the page and the reason where it is refused."""
    board, say = board_of(request), language_of(request)
    desk, _ = desk_of(board)
    sent = await form.read(request, board)
    action = action_of(sent.step)
    story = await story_of(desk, request.match_info["id"])
    acted = await take(desk, act_of(action, story.view, sent))
    if not acted.done:
        told = acted.en if say.code == "en" else acted.zh
        return page_of_live(request, "incidentpage.html", await _incident(request, say, by=sent.by), say, told=told)
    response = web.Response(status=303, headers={"Location": address_of(story.view.incident.id)})
    form.remember(response, sent.by)
    return response


def _incidents(request: web.Request, say: Language) -> Live:
    board, query = board_of(request), DeskQuery.read(request.query)
    _, now = desk_of(board)
    index = board.index()
    if query.site is not None and query.site not in index.site_by_id:
        raise web.HTTPNotFound
    return write_kept(
        request,
        say,
        "incidents.html",
        lambda: {"o": incident_list(now, index, query, at_words(index), say)},
        moment=(now, index.standing),
        asked=query,
        here=query.address(),
        fragment=query.address("/fragments/incidents"),
    )


async def _incident(request: web.Request, say: Language, *, by: str = "") -> Live:
    board = board_of(request)
    desk, now = desk_of(board)
    story = await story_of(desk, request.match_info["id"])
    index = board.index()  # only now, after waiting
    here = address_of(story.view.incident.id)
    values = {
        "o": story_page(story, index, at_words(index), say),
        "open_count": len(now.open),
        "by": by or form.remembered(request),
        "key": board.form_key(request.path.removeprefix("/fragments")),
        "exclude": _exclude(board, story.view),
        "pictures": picture_lines(story.view, board.pictures_now(), index, say),
        "steps": [action.value for action in STEP_OF],
        "mergeable": merge_choices(story.view, now.open, index, say) if board.may("POST", _MERGE) else (),
        "may_unmerge": bool(story.view.incident.merged_why) and board.may("POST", _MERGE),
        "assignable": _assignable(board, story.view),
        "phone_address": f"/i/{story.phone_token}" if story.phone_token else "",
        "order_address": f"/orders/{story.view.order.number}" if board.work and story.view.order else "",
    }
    return write_live(request, say, "incident.html", values, here, f"/fragments{here}")


def _exclude(board: Board, view: IncidentView) -> str:
    """Return the address of the form that excludes an incident; empty where nobody keeps exclusions."""
    now = board.windows.windows() if board.windows is not None else None
    return "" if now is None else exclude_address(view, now.at_ms, now.tz)


def _orders(request: web.Request, say: Language) -> Live:
    board = board_of(request)
    _, now = desk_of(board)
    index = board.index()
    work = board.work
    figures = work.figures() if work is not None else None
    has_channels = board.may("GET", "/settings") and board.principal.scope.whole

    def values() -> dict[str, object]:
        return {
            "o": order_list(now, index, at_words(index), say),
            "figures": figure_rows(figures, say) if figures is not None else (),
            "rounds": round_rows(work.rounds(), index, say) if work is not None else (),
            "has_work": work is not None,
            "has_channels": has_channels,
        }

    return write_kept(
        request,
        say,
        "orders.html",
        values,
        moment=(now, index.standing, figures),
        asked=has_channels,
        here="/orders",
        fragment="/fragments/orders",
    )


def _assignable(board: Board, view: IncidentView) -> tuple[tuple[str, str], ...]:
    """Return (id, name) of the other contractors that the order may be given to now."""
    order = view.order
    if (
        order is None
        or board.work is None
        or not board.may("POST", _ASSIGN)
        or order.state not in LEGAL[order.kind][Step.ASSIGNED]
    ):
        return ()
    return tuple((i, plain(name)) for i, name in board.work.contractors() if i != order.contractor_id)


def _fragment(request: web.Request, made: Live) -> web.Response:
    return fragment_response(board_of(request), made.index, made.html)
