"""What people send: small bodies of a few fields, from our own pages or from programs, never from other sites."""

from __future__ import annotations

import hmac
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from aiohttp import web

from camboard.board import Board, board_of
from camkeeper.message.clean import clean
from camkeeper.model.access import Via

MAX_NAME = 40
MAX_TEXT = 500
_MAX_FIELDS = 64
"""A round of thirty items has two fields each."""
_MAX_LISTED = 600
_FORM = "application/x-www-form-urlencoded"
_COOKIE = "by"
_YEAR_S = 365 * 86_400


class Refused(Exception):  # noqa: N818 - it reads as what it is
    """A body that we don't take; both sentences are for people."""

    def __init__(self, status: int, zh: str, en: str) -> None:
        super().__init__(en)
        self.status, self.zh, self.en = status, zh, en


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The fields that a step has."""

    by: str
    text: str = ""
    step: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    """All of them, as they came."""


TAKEN = web.RequestKey("taken", Sent)
"""The step that somebody took, for the audit log."""


async def read(request: web.Request, board: Board, *, secret_address: bool = False) -> Sent:
    """Return what was sent; Refused where it is foreign, unreadable or nobody's.

    `secret_address`: nobody can have this address who wasn't given it, so that it vouches for the sender.
    """
    fields = await fields_of(request)
    check(request, board, fields, secret_address=secret_address)
    sent = sent_of(fields, board)
    request[TAKEN] = sent
    return sent


async def fields_of(request: web.Request, *, lists: Collection[str] = ()) -> Mapping[str, str]:
    """Return the fields of a form or of a JSON object; Refused where it is neither.

    `lists`: what is chosen from a list comes once for each, and is joined by blanks.
    """
    return _fields(await request.read(), request.content_type, lists)


def check(request: web.Request, board: Board, fields: Mapping[str, str], *, secret_address: bool = False) -> None:
    """Refuse what does not come from a page of ours, or from a program."""
    key = fields.get("key", "")
    vouched = secret_address or hmac.compare_digest(key.encode(errors="replace"), board.form_key(request.path).encode())
    check_sender(request, vouched=vouched, signed=board.principal.via is Via.SESSION)


def sent_of(fields: Mapping[str, str], board: Board) -> Sent:
    """Return the fields that a step has; Refused where nobody's name is among them.

    Who is signed in takes their steps under the account's name, whatever the form says.
    """
    by = board.signed or clean(fields.get("by", "") or board.principal.name, limit=MAX_TEXT)
    if not 1 <= len(by) <= MAX_NAME:
        raise Refused(400, f"请填写姓名（1 至 {MAX_NAME} 个字）", f"A name is wanted, of 1 to {MAX_NAME} characters")
    text = clean(fields.get("text", ""), limit=MAX_TEXT)
    return Sent(by=by, text=text, step=fields.get("step", ""), fields=fields)


def check_sender(request: web.Request, *, vouched: bool, signed: bool = False) -> None:
    """Refuse what a page elsewhere made a browser send. `signed`: a cookie came with it, so that silence won't do.

    Our pages say `no-referrer`, so that browsers write `Origin: null` on their forms; where the address isn't HTTPS or
    loopback they say no `Sec-Fetch-Site` either. Then the form's own key has to vouch for it.
    """
    foreign = Refused(403, "请求不是从本系统的页面发出的", "The request does not come from a page of ours")
    where, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if where is not None and where != "same-origin":
        raise foreign
    if origin in {None, "null"} and (where == "same-origin" or vouched):
        return
    if origin is None and not signed:
        return
    if origin is None:
        raise foreign
    try:
        sender = urlsplit(origin)
    except ValueError:
        raise foreign from None
    # The scheme may differ: a proxy before us ends TLS.
    if sender.scheme not in {"http", "https"} or sender.netloc.casefold() != request.headers.get("Host", "").casefold():
        raise foreign


def _fields(body: bytes, content_type: str, lists: Collection[str] = ()) -> Mapping[str, str]:
    unreadable = Refused(400, "请求无法解读", "The request cannot be read")
    try:
        text = body.decode("utf-8")
        if content_type == _FORM:
            most = _MAX_LISTED if lists else _MAX_FIELDS
            pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=most, errors="strict")
            joined = {name: " ".join(v for n, v in pairs if n == name) for name in lists}
            return dict(pairs) | {name: text for name, text in joined.items() if text}
        if content_type != "application/json":
            raise Refused(415, "只接受表单或 JSON", "Only forms and JSON are taken")
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise unreadable from None
    if not isinstance(value, dict) or len(value) > _MAX_FIELDS:
        raise unreadable
    if not all(isinstance(field, str) for field in value.values()):
        raise unreadable
    return value


def remembered(request: web.Request) -> str:
    """Return the name of who is signed in, else the one that was sent last from this browser."""
    signed = board_of(request).signed
    if signed:
        return signed
    name = clean(unquote(request.cookies.get(_COOKIE, ""), errors="replace"), limit=MAX_TEXT)
    return name if len(name) <= MAX_NAME else ""


def remember(response: web.StreamResponse, by: str) -> None:
    """Keep the name for the next time. Lax: the phone page is opened from a chat."""
    response.set_cookie(_COOKIE, quote(by, safe=""), max_age=_YEAR_S, path="/", httponly=True, samesite="Lax")
