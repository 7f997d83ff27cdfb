"""Which form of `/accounts` is open, and what stands in it. Pure.

At most one is: every form has the list of all places, and a county's villages many times over make a page that a
browser works on for a second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import quote, urlencode

from camboard.query import BadQuery
from camboard.text import plain
from camkeeper.model.access import Role
from camkeeper.standing.access import Account

HERE = "/accounts"
TOKENS = "/tokens"
MAX_NAME = 64
AT = "#form"
"""A form's place on the page: links and answers lead there."""


class Kind(StrEnum):
    """What a form makes or changes; new ones are asked for by this word."""

    CHANGE = "change"
    ACCOUNT = "account"
    TOKEN = "token"  # noqa: S105 - no secret: what is made


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenForm:
    """The one form that is open, filled in."""

    kind: Kind
    action: str
    key: str
    name: str = ""
    """Of the account that is changed, or as it was typed."""
    shown: str = ""
    role: str = ""
    sites: frozenset[str] = frozenset()
    contractor: str = ""
    disabled: bool = False
    days: str = "365"
    outside: bool = False
    told: str = ""
    """Why it was refused."""

    @property
    def address(self) -> str:
        """Return the page's address with this form open."""
        return change_address(self.name) if self.kind is Kind.CHANGE else new_address(self.kind)


def change_address(name: str) -> str:
    """Return where an account's form is open."""
    return f"{HERE}?{urlencode({'edit': name})}"


def new_address(kind: Kind) -> str:
    """Return where the form of a new one is open."""
    return f"{HERE}?{urlencode({'new': kind.value})}"


def asked(params: Mapping[str, str], accounts: Iterable[Account], form_key: Callable[[str], str]) -> OpenForm | None:
    """Return the form that an address asks for; LookupError for an account that isn't there, BadQuery for a word.

    `form_key`: path -> key, as `Board.form_key`. Where there is no account yet, the first one's form is open.
    """
    known = {account.name: account for account in accounts}
    if "edit" in params:
        return change(known[params["edit"]], form_key)
    new = params.get("new", "" if known else Kind.ACCOUNT.value)
    if not new:
        return None
    if new not in {Kind.ACCOUNT.value, Kind.TOKEN.value}:
        raise BadQuery("new")
    return empty(Kind(new), form_key)


def change(account: Account, form_key: Callable[[str], str]) -> OpenForm:
    """Return the form of an account as it is."""
    return OpenForm(
        kind=Kind.CHANGE,
        action=f"{HERE}/{quote(account.name, safe='')}",
        key=form_key(f"{HERE}/{account.name}"),
        name=account.name,
        shown=plain(account.name),
        role=account.role.value,
        sites=account.scope.site_ids or frozenset(),
        contractor=account.scope.contractor_id or "",
        disabled=account.disabled,
        outside=bool(account.outside),
    )


def empty(kind: Kind, form_key: Callable[[str], str]) -> OpenForm:
    """Return the form of a new account or token."""
    action = TOKENS if kind is Kind.TOKEN else HERE
    role = Role.WALL if kind is Kind.TOKEN else Role.TECHNICIAN
    return OpenForm(kind=kind, action=action, key=form_key(action), role=role.value)


def typed(kind: Kind, fields: Mapping[str, str], form_key: Callable[[str], str]) -> OpenForm:
    """Return a new one's form with what was typed into it."""
    name = fields.get("name", "").strip()[:MAX_NAME]
    made = replace(empty(kind, form_key), name=name, shown=plain(name), days=fields.get("days", ""))
    return filled(made, fields)


def filled(opened: OpenForm, fields: Mapping[str, str]) -> OpenForm:
    """Return a form with the role and the part that were sent."""
    return replace(
        opened,
        role=fields.get("role", ""),
        sites=frozenset(fields.get("sites", "").split()),
        contractor=fields.get("contractor", ""),
        disabled=fields.get("disabled") == "1",
    )
