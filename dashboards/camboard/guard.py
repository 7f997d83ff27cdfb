"""What stands before and around every handler: who may ask, what every answer says, and errors for people."""

from __future__ import annotations

import ipaddress
import json
import logging
from http import HTTPStatus
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from camboard.access import gate
from camboard.board import BOARD
from camboard.cover.api import NotYet
from camboard.form import Refused
from camboard.pages import PAGES, html_response
from camboard.query import BadQuery
from camboard.settings import BoardSettings

log = logging.getLogger(__name__)

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Server": "camkeeper",
}

HSTS = "max-age=31536000"
"""A year, for this name alone: what else lives below it is not ours to decide."""

_SAID = {
    400: ("请求无法解读", "The request cannot be read"),
    401: ("请先登录，或出示令牌", "Sign in first, or show a token"),
    403: ("您的角色不能使用这一页或这一步", "Your role does not have this page or step"),
    404: ("没有这一页或这个对象", "There is no such page or thing"),
    405: ("只能读取（GET、HEAD）", "Reading only (GET, HEAD)"),
    413: ("请求过大", "The request is too large"),
    421: ("这个主机名不是本机的", "This host name is not ours"),
    500: ("服务器内部错误，已记入日志", "Internal error; it has been logged"),
    503: ("暂时不能服务，请稍后再试", "Not available now; try again later"),
}
_WRITING = ("这个地址不接受这种请求方法", "This address does not take this method")
COMPUTING = ("正在计算覆盖，请稍候再试", "Coverage is being computed; try again shortly")


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Put the security headers on every answer, streams and errors too."""
    for name, value in HEADERS.items():
        if name != "Content-Security-Policy" or name not in response.headers:  # what people handed in has a tighter one
            response.headers[name] = value
    response.headers.setdefault("Cache-Control", "no-store")
    if request.secure:  # our own TLS; behind a proxy it is the proxy's to promise
        response.headers["Strict-Transport-Security"] = HSTS


def host_is_ours(host: str, settings: BoardSettings) -> bool:
    """Return whether a Host header names us.

    A page elsewhere can let its own name resolve to 127.0.0.1 and then read the board as its own origin (DNS
    rebinding). A bare address can't be rebound, so addresses pass: loopback ones when we listen on loopback only.
    """
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    if not name:
        return False
    if name == "localhost" or name in settings.allowed_hosts:
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or not _is_loopback(settings.host)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Check the host, and what the handler makes of the request; enter into the audit log what was done."""
    if not host_is_ours(request.headers.get("Host", ""), request.app[BOARD].settings):
        return error(request, 421)
    try:
        response = await _answered(request, handler)
        await gate.note(request, response.status)
    except Exception:  # a bug, or a log that cannot be written: told without its trace
        log.exception("handler failed", extra={"path": request.path})
        return error(request, 500)
    return response


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Ask who may, run the handler, and turn every refusal into one that both people and machines can read."""
    try:
        stopped = gate.admit(request)
        return await handler(request) if stopped is None else stopped
    except gate.NotSignedInError:
        there = gate.sign_in_first(request)
        return error(request, 401, headers={"WWW-Authenticate": "Bearer"}) if there is None else there
    except (BadQuery, NotYet, Refused) as told:
        return _told(request, told)
    except web.HTTPException as exc:
        if exc.status < HTTPStatus.BAD_REQUEST:
            raise
        zh, en = _WRITING if "POST" in exc.headers.get("Allow", "") else ("", "")
        kept = {name: exc.headers[name] for name in ("Allow", "Retry-After") if name in exc.headers}
        return error(request, exc.status, zh=zh, en=en, headers=kept)


def _told(request: web.Request, told: BadQuery | NotYet | Refused) -> web.Response:
    if isinstance(told, BadQuery):
        return error(request, 400, zh=f"参数 {told.name} 无法解读", en=f"cannot read parameter {told.name}")
    if isinstance(told, Refused):
        return error(request, told.status, zh=told.zh, en=told.en)
    return error(request, 503, zh=COMPUTING[0], en=COMPUTING[1], headers={"Retry-After": "5"})


def error(
    request: web.Request, status: int, *, zh: str = "", en: str = "", headers: dict[str, str] | None = None
) -> web.Response:
    """Return an error in both languages: a page for who asks for one, JSON for all others and below /api."""
    said_zh, said_en = _SAID.get(status, ("请求未完成", HTTPStatus(status).phrase))
    zh, en = zh or said_zh, en or said_en
    for_people = "text/html" in request.headers.get("Accept", "") and not request.path.startswith("/api/")
    if for_people:
        response = html_response(request.app[PAGES].error(status, zh, en), status=status)
    else:
        text = json.dumps({"error": {"status": status, "zh": zh, "en": en}}, ensure_ascii=False)  # our own words only
        response = web.json_response(text=text, status=status)
    response.headers.update(headers or {})
    return response
