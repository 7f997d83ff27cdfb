"""Who may pass: the one place that asks who somebody is, what their role may, and what they did."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from camboard.access.who import (
    SCREEN,
    access_of,
    address_of,
    bearer,
    login_address,
    principal_of,
    set_cookie,
)
from camboard.board import BOARD, SCOPED
from camboard.form import TAKEN, Refused
from camboard.lens.scopes import Scopes
from camboard.route import PUBLIC, Route
from camkeeper.model.access import Deed, Principal, Role, Via
from camkeeper.standing.desk import Action

SCOPES = web.AppKey("scopes", Scopes)
ROUTE = web.AppKey("route_of", dict[web.AbstractRoute, Route])

_FIRST = frozenset({"/account", "/logout"})
"""All that is open while a one-time password stands."""
_OWN = frozenset(deed.value for deed in Deed)
"""Deeds that whoever keeps the accounts enters itself."""
_REFUSED, _STEP = "refused", "step"
_SCREEN_S = 400 * 86_400
_STEP_DEED = {
    Action.ACKNOWLEDGE.value: "acknowledge",
    Action.ASSIGN.value: "assign",
    Action.PHOTO.value: "photo",
    Action.SIGN.value: "round",
}
"""Steps that have words of their own in the audit log."""


class NotSignedInError(Exception):
    """Nobody is signed in. The guard answers it: a way to the form for people, 401 for programs."""


def admit(request: web.Request) -> web.Response | None:
    """Let a request pass and give it the board that is its sender's; else the answer that it gets instead.

    Raises NotSignedInError, Refused. An address that isn't declared belongs to nobody; the router says 404 or 405.
    """
    route = route_of(request)
    if route is None or route.may is PUBLIC:
        return None
    found = _screen(request)
    if found is not None:
        return found
    principal = principal_of(request)
    if principal is None:
        raise NotSignedInError
    if principal.must_change and request.path not in _FIRST:
        if wants_page(request):
            return web.Response(status=303, headers={"Location": "/account"})
        raise Refused(403, "请先设置自己的密码", "Set a password of your own first")
    if not route.open_to(principal.role):
        raise Refused(403, "您的角色不能使用这一页或这一步", "Your role does not have this page or step")
    request[SCOPED] = request.app[SCOPES].board_for(principal)
    return None


def route_of(request: web.Request) -> Route | None:
    """Return the line of the table that the request is for; None for an address that isn't ours."""
    return request.app[ROUTE].get(request.match_info.route)


def wants_page(request: web.Request) -> bool:
    """Return whether a browser wants to show the answer as a page of its own."""
    apart = request.path.startswith(("/api/", "/fragments/", "/events", "/metrics"))
    return not apart and "text/html" in request.headers.get("Accept", "") and bearer(request) is None


def sign_in_first(request: web.Request) -> web.Response | None:
    """Return the way to the form for people; None for programs, which get 401."""
    if not wants_page(request):
        return None
    return web.Response(status=303, headers={"Location": login_address(request)})


def _screen(request: web.Request) -> web.Response | None:
    """Put the secret of a screen's address into a cookie, so that it does not stay in the address bar."""
    access, secret = access_of(request), request.query.get("token", "")
    if access is None or not secret or request.path != "/wall" or request.method not in {"GET", "HEAD"}:
        return None
    principal = access.by_token(secret)
    if principal is None or principal.role is not Role.WALL:
        raise Refused(403, "大屏令牌无效或已撤销", "The wall's token is not valid, or was revoked")
    response = web.Response(status=303, headers={"Location": "/wall"})
    # Lax: a screen's browser is often sent here by another page, and it only reads.
    set_cookie(request, response, SCREEN, secret, lax=True, max_age_s=_SCREEN_S)
    return response


async def note(request: web.Request, status: int) -> None:
    """Enter into the audit log what was done here, or that it was not allowed."""
    route, access = route_of(request), access_of(request)
    if access is None or route is None or not route.note:
        return
    board = request.get(SCOPED)
    if route.note in _OWN and (board is not None or route.may is PUBLIC or status != HTTPStatus.FORBIDDEN):
        return  # whoever keeps the accounts was asked, and entered it; who was stopped here never got that far
    if status == HTTPStatus.FORBIDDEN and route.writes:
        await access.note(_who(request), _REFUSED, _target(request), address=address_of(request), detail=route.note)
    elif status < HTTPStatus.BAD_REQUEST and request.method != "HEAD":
        taken = request.get(TAKEN)
        step = taken.step if taken is not None else ""
        word = _STEP_DEED.get(step, _STEP) if route.note == _STEP else route.note
        by = taken.by if taken is not None and (board is None or not board.signed) else ""
        detail = " ".join(part for part in (step, by) if part)
        await access.note(_who(request), word, _target(request), address=address_of(request), detail=detail)


def _who(request: web.Request) -> Principal | None:
    board = request.get(SCOPED)
    principal = principal_of(request) if board is None else board.principal
    return None if principal is None or principal.via is Via.OPEN else principal


def _target(request: web.Request) -> str:
    """Return what the request was about, without any secret of an address."""
    parts = [value for name, value in request.match_info.items() if name not in {"token", "ticket"}]
    return " ".join(parts) or request.path.partition("/i/")[0] or "/i"


def still(request: web.Request) -> bool:
    """Return whether whoever asked still may: a stream asks this again and again."""
    route, board = route_of(request), request.get(SCOPED)
    if route is None or board is None:
        return request.app[BOARD].access is None
    now = principal_of(request)
    return now is not None and now == board.principal and route.open_to(now.role)
