"""`/login`, `/logout`, `/account`: coming in, going out, and one's own password. No script, no figures."""

from __future__ import annotations

import hmac
import secrets

from aiohttp import web

from camboard import form
from camboard.access.who import (
    BEFORE,
    SCREEN,
    SESSION,
    access_of,
    address_of,
    after_login,
    cookie,
    drop_cookie,
    lives_on,
    principal_of,
    set_cookie,
)
from camboard.access.words import ROLE
from camboard.board import BOARD, board_of
from camboard.i18n import Language
from camboard.pages import OTHER_LANGUAGE, PAGES, html_response, language_of, page_response
from camboard.source import AccessSource
from camboard.text import plain
from camkeeper.standing.access import NotSignedIn, SignedIn

_LOGIN = "/login"
_BEFORE_S = 3600
_LONGEST_CODE = 256
LONGEST_PASSWORD = 128


def _access(request: web.Request) -> AccessSource:
    """Return who keeps the accounts; 404 where nobody does."""
    access = access_of(request)
    if access is None:
        raise web.HTTPNotFound
    return access


async def page(request: web.Request) -> web.Response:
    """`GET /login?next=&once=`: the form; with a one-time code a button, so that a preview of the link uses nothing."""
    _access(request)
    there = after_login(request.query.get("next", "/"))
    once = request.query.get("once", "")[:_LONGEST_CODE]
    if principal_of(request) is not None and not once:
        return web.Response(status=303, headers={"Location": there})
    return login_page(request, language_of(request), there=there, once=once)


async def enter(request: web.Request) -> web.Response:
    """`POST /login`: name and password, or a one-time code. 303 to where somebody wanted to go; 403 with the reason."""
    access, say = _access(request), language_of(request)
    fields = await form.fields_of(request)
    there = after_login(fields.get("next", "/"))
    name, once = fields.get("name", "").strip()[: form.MAX_TEXT], fields.get("once", "")[:_LONGEST_CODE]
    # Whoever sends this has seen the form: otherwise another site could sign a browser in as somebody else.
    before = cookie(request, BEFORE)
    if not before or not hmac.compare_digest(fields.get("key", "").encode(errors="replace"), _key(request, before)):
        return login_page(request, say, there=there, once=once, name=name, told=say("表单已过时，请再试一次"))
    form.check_sender(request, vouched=True)
    if once:
        made = await access.sign_in_once(once, address=address_of(request))
    else:
        made = await access.sign_in(name, fields.get("password", ""), address=address_of(request))
    if isinstance(made, NotSignedIn):
        return login_page(
            request, say, there=there, name=name, told=made.en if say.code == "en" else made.zh, made=made
        )
    return _in(request, made, "/account" if made.principal.must_change else there)


async def leave(request: web.Request) -> web.Response:
    """`POST /logout`."""
    access, board = _access(request), board_of(request)
    form.check(request, board, await form.fields_of(request))
    await access.sign_out(board.principal, address=address_of(request))
    response = web.Response(status=303, headers={"Location": _LOGIN})
    drop_cookie(request, response, SESSION)
    drop_cookie(request, response, SCREEN)
    return response


async def account(request: web.Request) -> web.Response:
    """`GET /account`: who is signed in, and the form for another password."""
    _access(request)
    return _account(request, language_of(request))


async def change(request: web.Request) -> web.Response:
    """`POST /account`: old, new, again. All other sessions of the account end."""
    access, board, say = _access(request), board_of(request), language_of(request)
    fields = await form.fields_of(request)
    form.check(request, board, fields)
    new = fields.get("new", "")
    if new != fields.get("again", ""):
        return _account(request, say, told=say("两次输入的新密码不同"))
    made = await access.change_password(board.principal, fields.get("old", ""), new, address=address_of(request))
    if isinstance(made, NotSignedIn):
        return _account(request, say, told=made.en if say.code == "en" else made.zh)
    return _in(request, made, "/account?done=1" if not board.principal.must_change else "/")


def _in(request: web.Request, made: SignedIn, there: str) -> web.Response:
    """Return the way in, with the session's secret in the browser alone."""
    response = web.Response(status=303, headers={"Location": there})
    signed_in(request, response, made)
    return response


def signed_in(request: web.Request, response: web.Response, made: SignedIn) -> None:
    """Put a session's secret into the answer's cookies."""
    max_age_s = lives_on(request.app[BOARD].settings, made.expires_ms)
    set_cookie(request, response, SESSION, made.secret, max_age_s=max_age_s)
    drop_cookie(request, response, BEFORE)


def _key(request: web.Request, before: str) -> bytes:
    return request.app[BOARD].form_key(f"{_LOGIN}\n{before}").encode()


def login_page(
    request: web.Request,
    say: Language,
    *,
    there: str,
    once: str = "",
    name: str = "",
    told: str = "",
    made: NotSignedIn | None = None,
) -> web.Response:
    """Return the form; `told` and `made`: why somebody is not in."""
    before = cookie(request, BEFORE) or secrets.token_urlsafe(24)
    outside = request.app[BOARD].outside
    other, word, lang = OTHER_LANGUAGE[say.code]
    values = {
        "html_lang": say.html_lang,
        "here": _LOGIN,
        "there": there,
        "once": once,
        "name": plain(name),
        "told": told,
        "key": _key(request, before).decode(),
        "outside": "" if outside is None else plain(outside.name),
        "most": LONGEST_PASSWORD,
        "other": (other, word, lang),
    }
    text = request.app[PAGES].write("login.html", say, values)
    if not told:
        response = page_response(request, text, say)
    else:
        waits = made.retry_after_s if made is not None else 0
        response = html_response(text, status=429 if waits else 403)
        if waits:
            response.headers["Retry-After"] = str(waits)
    set_cookie(request, response, BEFORE, before, max_age_s=_BEFORE_S)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _account(request: web.Request, say: Language, *, told: str = "") -> web.Response:
    board = board_of(request)
    who = board.principal
    other, word, lang = OTHER_LANGUAGE[say.code]
    values = {
        "html_lang": say.html_lang,
        "name": plain(who.name),
        "role": say(ROLE[who.role]),
        "must": who.must_change,
        "told": told,
        "done": request.query.get("done") == "1" and not told,
        "key": board.form_key("/account"),
        "out_key": board.form_key("/logout"),
        "most": LONGEST_PASSWORD,
        "other": (other, word, lang),
    }
    text = request.app[PAGES].write("account.html", say, values)
    return html_response(text, status=409) if told else page_response(request, text, say)
