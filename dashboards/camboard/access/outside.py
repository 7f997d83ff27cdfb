"""`/login/outside`, `/login/return`: to an identity provider and back. Links and answers alone, no form, no script.

It begins by a link: browsers hold the redirects of a form against `form-action`, which names this board alone.
"""

from __future__ import annotations

from aiohttp import web

from camboard.access.signin import login_page, signed_in
from camboard.access.who import (
    OUTSIDE,
    access_of,
    address_of,
    after_login,
    cookie,
    drop_cookie,
    is_https,
    set_cookie,
)
from camboard.board import BOARD
from camboard.i18n import Language, languages
from camboard.pages import PAGES, html_response, language_of
from camboard.source import AccessSource, OutsideSource
from camkeeper.model.access import Deed
from camkeeper.standing.access import NotSignedIn, Vouched

_BACK = "/login/return"
_MAX_FIELDS = 20


def _source(request: web.Request) -> tuple[AccessSource, OutsideSource]:
    """Return who keeps the accounts and who vouches for people; 404 where one of them is not there."""
    access, outside = access_of(request), request.app[BOARD].outside
    if access is None or outside is None or not outside.name:
        raise web.HTTPNotFound
    return access, outside


async def leave(request: web.Request) -> web.Response:
    """`GET /login/outside?next=`: 303 to the provider, with a cookie that its answer must find here again."""
    access, outside = _source(request)
    there, say = after_login(request.query.get("next", "/")), language_of(request)
    sent = await outside.begin(there=there, back=_back(request))
    if isinstance(sent, NotSignedIn):
        return await _refused(request, access, sent, say, there=there)
    response = web.Response(status=303, headers={"Location": sent.url})
    # Lax: the way back is a link from the provider's page, on which a stricter one would stay at home; so does the
    # language's own.
    set_cookie(request, response, OUTSIDE, f"{say.code}~{sent.secret}", lax=True, max_age_s=sent.lasts_s)
    return response


async def enter(request: web.Request) -> web.Response:
    """`GET /login/return?code=&state=`: a session, and a page that leads on.

    Not a redirect: the browser would take it for a part of the provider's link and keep the session's strict cookie
    to itself. A page of ours leads on by itself, with the cookie.
    """
    access, outside = _source(request)
    fields = request.query
    once = len(fields) == len(set(fields)) <= _MAX_FIELDS  # a field that comes twice says two things (RFC 6749, 3.1)
    code, _, secret = cookie(request, OUTSIDE).partition("~")
    say = languages().get(code, language_of(request))
    made = await outside.finish(secret, fields if once else {}, back=_back(request))
    if isinstance(made, NotSignedIn):
        return await _refused(request, access, made, say, there="/")
    return await _enter(request, access, made, say)


async def _enter(request: web.Request, access: AccessSource, made: Vouched, say: Language) -> web.Response:
    signed = await access.sign_in_outside(
        made.issuer, made.subject, made.name, made.role, made.scope, address=address_of(request)
    )
    there = after_login(made.there)
    if isinstance(signed, NotSignedIn):
        return await _refused(request, access, signed, say, there=there)
    values = {"html_lang": say.html_lang, "there": there}
    response = html_response(request.app[PAGES].write("come.html", say, values))
    signed_in(request, response, signed)
    drop_cookie(request, response, OUTSIDE)
    return response


async def _refused(
    request: web.Request, access: AccessSource, why: NotSignedIn, say: Language, *, there: str
) -> web.Response:
    """Return the form with the reason; the log gets the word for it, and nothing that came from elsewhere."""
    if why.why:
        await access.note(None, Deed.LOGIN_REFUSED.value, "oidc", address=address_of(request), detail=f"oidc {why.why}")
    told = why.en if say.code == "en" else why.zh
    response = login_page(request, say, there=there, told=told, made=why)
    drop_cookie(request, response, OUTSIDE)
    return response


def _back(request: web.Request) -> str:
    """Return the address that the provider sends people back to: where this browser sees the board now.

    The guard has looked at the Host; and the provider takes only what was entered there.
    """
    return f"{'https' if is_https(request) else 'http'}://{request.host}{_BACK}"
