"""`/accounts`: who may come in, as what and to see what; tokens of programs and screens. For admins alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote
from zoneinfo import ZoneInfo

from aiohttp import web

from camboard import form
from camboard.access import openform
from camboard.access.openform import HERE, Kind, OpenForm
from camboard.access.who import access_of, address_of
from camboard.access.words import ROLE, scope_words
from camboard.api import answer
from camboard.board import Board, board_of
from camboard.i18n import Language
from camboard.live import at_words, page_of_live, write_live
from camboard.pages import language_of
from camboard.query import BadQuery
from camboard.rows import site_name
from camboard.source import JSON, AccessSource
from camboard.text import local, plain
from camkeeper.model.access import PEOPLE, Role, Scope
from camkeeper.standing.access import Account, ApiToken, Told

_MAX_SITES = 500
_DAYS = ("30", "90", "365", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """One account."""

    name: str
    shown: str
    address: str
    """The page with its form open."""
    role: str
    scope: str
    disabled: bool
    seen: str
    changed: str
    outside: str
    own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """One token, without its secret."""

    id: str
    name: str
    address: str
    key: str
    role: str
    scope: str
    by: str
    expires: str
    used: str


async def page(request: web.Request) -> web.Response:
    """`GET /accounts`; `edit`: the account whose form is open, `new`: `account` or `token`."""
    try:
        opened = openform.asked(request.query, _access(request).accounts(), board_of(request).form_key)
    except LookupError:
        raise web.HTTPNotFound from None
    return _page(request, language_of(request), opened=opened)


async def listed(request: web.Request) -> web.Response:
    """`GET /api/v1/accounts`: accounts and tokens, no secrets."""
    access = _access(request)
    accounts: list[JSON] = [
        {
            "name": a.name,
            "role": a.role.value,
            **_scope_json(a.scope),
            "disabled": a.disabled,
            "created_ms": a.created_ms,
            "changed_ms": a.changed_ms,
            "seen_ms": a.seen_ms,
            "outside": a.outside,
        }
        for a in access.accounts()
    ]
    tokens: list[JSON] = [
        {
            "id": t.id,
            "name": t.name,
            "role": t.role.value,
            **_scope_json(t.scope),
            "created_ms": t.created_ms,
            "created_by": t.created_by,
            "expires_ms": t.expires_ms,
            "used_ms": t.used_ms,
        }
        for t in access.tokens()
    ]
    return answer({"accounts": accounts, "tokens": tokens})


async def add(request: web.Request) -> web.Response:
    """`POST /accounts`: name, role, sites, contractor."""
    fields = await _sent(request)
    role = _role(fields, PEOPLE & board_of(request).table.roles)
    opened = openform.typed(Kind.ACCOUNT, fields, board_of(request).form_key)
    try:
        scope = _scope(request, fields, role)
    except form.Refused as why:
        return _again(request, why, opened)
    told = await _access(request).add_account(
        board_of(request).principal, opened.name, role, scope, address=address_of(request)
    )
    return _told(request, told, opened=opened)


async def act(request: web.Request) -> web.Response:
    """`POST /accounts/{name}`: step `change` (role, sites, contractor, disabled) or `reset`."""
    access, by, name = _access(request), board_of(request).principal, request.match_info["name"]
    fields = await _sent(request)
    opened = _opened(request, name)
    if fields.get("step") == "reset":
        told = await access.reset_password(by, name, address=address_of(request))
    elif fields.get("step") == "change":
        role = _role(fields, PEOPLE & board_of(request).table.roles)
        opened, disabled = opened and openform.filled(opened, fields), fields.get("disabled") == "1"
        try:
            scope = _scope(request, fields, role)
        except form.Refused as why:
            return _again(request, why, opened)
        told = await access.change_account(
            by, name, role=role, scope=scope, disabled=disabled, address=address_of(request)
        )
    else:
        raise BadQuery("step")
    return _told(request, told, opened=opened)


async def add_token(request: web.Request) -> web.Response:
    """`POST /tokens`: name, role, sites, contractor, days (empty: for good)."""
    fields = await _sent(request)
    role, days = _role(fields, board_of(request).table.roles), fields.get("days", "")
    if days and not (days.isascii() and days.isdigit() and 0 < int(days) <= 3650):
        raise BadQuery("days")
    opened = openform.typed(Kind.TOKEN, fields, board_of(request).form_key)
    try:
        scope = _scope(request, fields, role)
    except form.Refused as why:
        return _again(request, why, opened)
    told = await _access(request).add_token(
        board_of(request).principal,
        opened.name,
        role,
        scope,
        days=int(days) if days else None,
        address=address_of(request),
    )
    return _told(request, told, opened=opened)


async def revoke(request: web.Request) -> web.Response:
    """`POST /tokens/{id}`."""
    await _sent(request)
    told = await _access(request).revoke_token(
        board_of(request).principal, request.match_info["id"], address=address_of(request)
    )
    return _told(request, told)


def _access(request: web.Request) -> AccessSource:
    """Return who keeps the accounts; 404 where nobody does."""
    access = access_of(request)
    if access is None or not board_of(request).principal.scope.whole:
        raise web.HTTPNotFound
    return access


async def _sent(request: web.Request) -> Mapping[str, str]:
    _access(request)
    fields = await form.fields_of(request, lists=("sites",))
    form.check(request, board_of(request), fields)
    return fields


def _role(fields: Mapping[str, str], known: frozenset[Role]) -> Role:
    told = fields.get("role", "")
    if told not in {role.value for role in known}:
        raise BadQuery("role")
    return Role(told)


def _scope(request: web.Request, fields: Mapping[str, str], role: Role) -> Scope:
    """Return the part that was picked; BadQuery for a site or contractor that isn't there."""
    standing = board_of(request).index().standing
    sites = frozenset(fields.get("sites", "").split())
    if len(sites) > _MAX_SITES or not sites <= {site.id for site in standing.sites}:
        raise BadQuery("sites")
    contractor = fields.get("contractor", "")
    if contractor and contractor not in dict(standing.contractors):
        raise BadQuery("contractor")
    if role is Role.CONTRACTOR and not contractor:
        raise form.Refused(400, "维保单位账号须选定单位", "A contractor's account needs its contractor")
    return Scope(site_ids=sites or None, contractor_id=contractor or None)


def _opened(request: web.Request, name: str) -> OpenForm | None:
    """Return an account's form as the account is; None where there is none of that name."""
    key = board_of(request).form_key
    return next((openform.change(a, key) for a in _access(request).accounts() if a.name == name), None)


def _told(request: web.Request, told: Told, *, opened: OpenForm | None = None) -> web.Response:
    """Return what became of it: JSON for programs; for people the page, where a secret is shown this once."""
    if not told.done:
        return _again(request, form.Refused(409, told.zh, told.en), opened)
    if not _by_people(request):
        return answer({"done": True, "secret": told.secret})
    if not told.secret:
        return web.Response(status=303, headers={"Location": HERE})
    shown = "" if opened is None else opened.shown
    return _page(request, language_of(request), secret=told.secret, secret_of=shown)


def _again(request: web.Request, why: form.Refused, opened: OpenForm | None) -> web.Response:
    """Return the page with what was refused in its form again; programs are told."""
    if not _by_people(request):
        raise why
    say = language_of(request)
    told = why.en if say.code == "en" else why.zh
    return _page(request, say, opened=None if opened is None else replace(opened, told=told), told=told)


def _by_people(request: web.Request) -> bool:
    return "text/html" in request.headers.get("Accept", "")


def _page(
    request: web.Request,
    say: Language,
    *,
    opened: OpenForm | None = None,
    told: str = "",
    secret: str = "",
    secret_of: str = "",
) -> web.Response:
    access, board = _access(request), board_of(request)
    standing = board.index().standing
    names = {s.id: site_name(s, say) for s in standing.sites} | dict(standing.contractors)
    roles = board.table.roles if opened is not None and opened.kind is Kind.TOKEN else PEOPLE & board.table.roles
    values = {
        "accounts": [_account(a, board, names, say) for a in access.accounts()],
        "tokens": [_token(t, board, names, say) for t in access.tokens()],
        "form": opened,
        "new": {kind.value: openform.new_address(kind) + openform.AT for kind in (Kind.ACCOUNT, Kind.TOKEN)},
        "sites": [(s.id, site_name(s, say)) for s in standing.sites],
        "contractors": [(i, plain(n)) for i, n in standing.contractors],
        "roles": [(role.value, say(ROLE[role])) for role in Role if role in roles],
        "days": _DAYS,
        "secret": secret,
        "secret_of": secret_of,
        "at": at_words(board.index()),
        "open_count": len(desk.open) if (desk := board.desk_now()) is not None else 0,
    }
    made = write_live(request, say, "accounts.html", values, HERE if opened is None else opened.address, "")
    return page_of_live(request, "accountspage.html", made, say, told=told, more={"form": opened})


def _account(a: Account, board: Board, names: Mapping[str, str], say: Language) -> AccountRow:
    return AccountRow(
        name=a.name,
        shown=plain(a.name),
        address=openform.change_address(a.name) + openform.AT,
        role=say(ROLE[a.role]),
        scope=scope_words(a.scope, names, say),
        disabled=a.disabled,
        seen=_day(a.seen_ms, board) or say("从未"),
        changed=_day(a.changed_ms, board),
        outside=plain(a.outside),
        own=a.name == board.principal.name,
    )


def _token(t: ApiToken, board: Board, names: Mapping[str, str], say: Language) -> TokenRow:
    return TokenRow(
        id=plain(t.id),
        name=plain(t.name),
        address=f"/tokens/{quote(t.id, safe='')}",
        key=board.form_key(f"/tokens/{t.id}"),
        role=say(ROLE[t.role]),
        scope=scope_words(t.scope, names, say),
        by=plain(t.created_by),
        expires=_day(t.expires_ms, board) or say("不过期"),
        used=_day(t.used_ms, board) or say("从未"),
    )


def _day(at_ms: int | None, board: Board) -> str:
    zone = ZoneInfo(board.index().standing.timezone)
    return "" if at_ms is None else f"{local(at_ms, zone):%Y-%m-%d %H:%M}"


def _scope_json(scope: Scope) -> dict[str, JSON]:
    sites: list[JSON] = [*sorted(scope.site_ids or ())]
    return {"sites": None if scope.site_ids is None else sites, "contractor": scope.contractor_id}
