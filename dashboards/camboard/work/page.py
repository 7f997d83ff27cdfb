"""`/orders/{number}`: one order, its steps, photos and signature; `/orders/route`: the way to drive."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from camboard import form
from camboard.board import board_of
from camboard.desk.page import action_of, desk_of, take
from camboard.i18n import Language
from camboard.live import Live, at_words, page_of_live, write_kept, write_live
from camboard.pages import fragment_response, language_of
from camboard.query import BadQuery
from camboard.work import photos
from camboard.work.photos import work_of
from camboard.work.route import route_page
from camboard.work.view import order_page
from camkeeper.model.workorder import Finding, Signature
from camkeeper.standing.coverage import CoverageStanding
from camkeeper.standing.desk import Act, Action
from camkeeper.standing.work import OrderView, RouteStanding

NUMBER = r"{number:[1-9][0-9]{0,8}}"
_LONGEST_ID = 64


def number_of(request: web.Request) -> int:
    """Return the number in the address."""
    return int(request.match_info["number"])


async def order(request: web.Request) -> web.Response:
    """`GET /orders/{number}`."""
    say = language_of(request)
    return page_of_live(request, "orderpage.html", _order(request, say), say)


async def order_fragment(request: web.Request) -> web.Response:
    """`GET /fragments/orders/{number}`."""
    made = _order(request, language_of(request))
    return fragment_response(board_of(request), made.index, made.html)


async def act(request: web.Request) -> web.Response:
    """`POST /orders/{number}`: step, by, text; contractor for `assign`, findings for `sign`. 303 back, or 409."""
    board, say = board_of(request), language_of(request)
    desk, _ = desk_of(board)
    view = _view(request)
    sent = await form.read(request, board)
    acted = await take(desk, act_of(action_of(sent.step), view, sent))
    if not acted.done:
        told = acted.en if say.code == "en" else acted.zh
        return page_of_live(request, "orderpage.html", _order(request, say, by=sent.by), say, told=told)
    return _back(f"/orders/{number_of(request)}", sent.by)


def act_of(action: Action, view: OrderView, sent: form.Sent) -> Act:
    """Return a step on an order as the desk takes it."""
    return Act(
        action=action,
        by=sent.by,
        order_number=view.order.number,
        text=sent.text,
        contractor_id=sent.fields.get("contractor", "")[:_LONGEST_ID] if action is Action.ASSIGN else "",
        signature=signature_of(view, sent) if action is Action.SIGN else None,
    )


def signature_of(view: OrderView, sent: form.Sent) -> Signature:
    """Return who signs a round and what was found: `item.N` is good or bad, `note.N` says what is wrong.

    An item that is not answered is left out: the desk refuses that.
    """
    findings = tuple(
        Finding(item=item, good=answer == "good", note=sent.fields.get(f"note.{n}", "")[: form.MAX_TEXT])
        for n, item in enumerate(view.order.subject.checklist, 1)
        if (answer := sent.fields.get(f"item.{n}", "")) in {"good", "bad"}
    )
    return Signature(name=sent.by, unit=sent.fields.get("unit", "")[: form.MAX_NAME], findings=findings)


async def photo(request: web.Request) -> web.Response:
    """`POST /orders/{number}/photo`: multipart, the file in `photo`. 303 back, or 409 with the reason."""
    say, number = language_of(request), number_of(request)
    _view(request)
    acted, by = await photos.take(request, number)
    if not acted.done:
        told = acted.en if say.code == "en" else acted.zh
        return page_of_live(request, "orderpage.html", _order(request, say, by=by), say, told=told)
    return _back(f"/orders/{number}", by)


async def photo_file(request: web.Request) -> web.Response:
    """`GET /orders/{number}/photos/{digest}`: an attachment."""
    return await photos.give(request, number_of(request))


async def route(request: web.Request) -> web.Response:
    """`GET /orders/route?contractor=`."""
    board, say = board_of(request), language_of(request)
    desk_of(board)
    work = work_of(request)
    found = await way_of(request)
    index = board.index()
    coverage = board.coverage.coverage() if board.coverage is not None else None
    tail = f"?contractor={found.contractor_id}" if found.contractor_id else ""

    def values() -> dict[str, object]:
        return {"o": route_page(found, index, work.contractors(), place_names(coverage), at_words(index), say)}

    made = write_kept(
        request,
        say,
        "route.html",
        values,
        moment=(found, index.standing, coverage),
        asked=None,
        here=f"/orders/route{tail}",
        fragment=f"/fragments/orders/route{tail}",
    )
    if request.path.startswith("/fragments/"):
        return fragment_response(board, made.index, made.html)
    return page_of_live(request, "routepage.html", made, say)


async def way_of(request: web.Request) -> RouteStanding:
    """Return the way that is asked for; 404 for an unknown contractor."""
    contractor_id = request.query.get("contractor", "")
    if len(contractor_id) > _LONGEST_ID:
        raise BadQuery("contractor")
    try:
        return await work_of(request).route(contractor_id)
    except LookupError:
        raise web.HTTPNotFound from None


def place_names(coverage: CoverageStanding | None) -> Mapping[str, str]:
    """Return the names of key places by id, as far as there is coverage."""
    return {p.id: p.name for site in coverage.sites for p in site.places} if coverage is not None else {}


def _view(request: web.Request) -> OrderView:
    found = work_of(request).order(number_of(request))
    if found is None:
        raise web.HTTPNotFound
    return found


def _order(request: web.Request, say: Language, *, by: str = "") -> Live:
    board = board_of(request)
    _, now = desk_of(board)
    view, index = _view(request), board.index()
    here = f"/orders/{view.order.number}"
    values = {
        "o": order_page(view, index, work_of(request).contractors(), at_words(index), say),
        "open_count": len(now.open),
        "by": by or form.remembered(request),
        "key": board.form_key(here),
        "decides": board.may("POST", f"/api/v1/orders/{NUMBER}/assign"),
        "photo_key": board.form_key(f"{here}/photo"),
    }
    return write_live(request, say, "order.html", values, here, f"/fragments{here}")


def _back(where: str, by: str) -> web.Response:
    response = web.Response(status=303, headers={"Location": where})
    form.remember(response, by)
    return response
