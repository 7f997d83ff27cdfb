"""Whom a request comes from: a session's cookie, a wall's cookie, or a bearer token; and from what address."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import quote, urlsplit

from aiohttp import web

from camboard.board import BOARD, OPEN
from camboard.settings import BoardSettings
from camboard.source import AccessSource
from camkeeper.model.access import Principal, Role

SESSION, SCREEN, BEFORE, OUTSIDE = "camkeeper", "camkeeper-wall", "camkeeper-before", "camkeeper-outside"
"""Names of the cookies: who signed in, which screen this is, the form that is about to sign somebody in, and the way
to an identity provider and back."""
_LONGEST_SECRET = 512
_LONGEST_NEXT = 500
_PATH = re.compile(r"/(?![/\\])[!-~]*\Z", re.ASCII)


def access_of(request: web.Request) -> AccessSource | None:
    """Return who keeps the accounts; None where nobody is asked who they are."""
    return request.app[BOARD].access


def is_https(request: web.Request) -> bool:
    """Return whether the browser came by TLS, perhaps up to a proxy before us.

    Whoever writes that header by hand gets a cookie that their own browser won't send back: nobody else is harmed.
    """
    return request.secure or request.headers.get("X-Forwarded-Proto", "").strip().casefold() == "https"


def cookie_name(request: web.Request, name: str) -> str:
    """Return a cookie's name; by TLS one that no neighbouring name and no plain page can have planted."""
    return f"__Host-{name}" if is_https(request) else name


def set_cookie(
    request: web.Request, response: web.StreamResponse, name: str, value: str, *, lax: bool = False, max_age_s: int
) -> None:
    """Give the browser a secret that scripts don't see and other sites can't make it send."""
    response.set_cookie(
        cookie_name(request, name),
        value,
        max_age=max_age_s,
        path="/",
        httponly=True,
        secure=is_https(request),
        samesite="Lax" if lax else "Strict",
    )


def drop_cookie(request: web.Request, response: web.StreamResponse, name: str) -> None:
    """Take a cookie back."""
    set_cookie(request, response, name, "", max_age_s=0)


def cookie(request: web.Request, name: str) -> str:
    """Return a cookie's value; empty where there is none, or one that is none of ours."""
    value = request.cookies.get(cookie_name(request, name), "")
    return value if len(value) <= _LONGEST_SECRET else ""


def bearer(request: web.Request) -> str | None:
    """Return the token of the Authorization header; None where there is no such header."""
    told = request.headers.get("Authorization")
    if told is None:
        return None
    scheme, _, secret = told.partition(" ")
    return secret.strip() if scheme.casefold() == "bearer" and len(secret) <= _LONGEST_SECRET else ""


def principal_of(request: web.Request) -> Principal | None:
    """Return whom the request comes from; None where nobody is signed in. Cheap: asked again while a stream runs."""
    access = access_of(request)
    if access is None:
        return OPEN
    secret = bearer(request)
    if secret is not None:
        # A program that shows a wrong token is told so, whatever its cookies say.
        return access.by_token(secret) if secret else None
    session = cookie(request, SESSION)
    found = access.by_session(session) if session else None
    if found is not None:
        return found
    screen = cookie(request, SCREEN)
    shown = access.by_token(screen) if screen else None
    return shown if shown is not None and shown.role is Role.WALL else None


def address_of(request: web.Request) -> str:
    """Return where the request came from: what a proxy of ours says of it, else the other end of the connection."""
    settings = request.app[BOARD].settings
    near = request.remote or ""
    if near not in settings.proxies:
        return near
    told = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(told))
    except ValueError:
        return near


def after_login(path: str) -> str:
    """Return where to go after signing in: a path of this board and nothing else."""
    if len(path) > _LONGEST_NEXT or not _PATH.match(path):
        return "/"
    try:
        parts = urlsplit(path)
    except ValueError:
        return "/"
    own = not parts.scheme and not parts.netloc and not parts.path.startswith(("/login", "/logout", "/fragments/"))
    return path if own else "/"


def login_address(request: web.Request) -> str:
    """Return the address of the form, which leads back here."""
    here = after_login(request.path_qs if request.method in {"GET", "HEAD"} else request.path)
    return "/login" if here == "/" else f"/login?next={quote(here, safe='/')}"


def lives_on(settings: BoardSettings, expires_ms: int) -> int:
    """Return for how many seconds a session's cookie is kept."""
    return max(1, (expires_ms - settings.clock.wall_ms()) // 1000)
