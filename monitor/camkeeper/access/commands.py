"""What `camkeeper access` asks for: the same steps, sent to the running monitor or done on the file itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from camkeeper.access import changes
from camkeeper.access.record import key_of
from camkeeper.model.access import Principal, Role, Scope
from camkeeper.standing.access import Account, Told

if TYPE_CHECKING:
    from camkeeper.access.access import Access


async def perform(access: Access, by: Principal, command: str, fields: Mapping[str, str], *, address: str) -> Told:
    """Do one, asked from `address`. LookupError for an unknown command, ValueError for a field that cannot be read."""
    return await _COMMANDS[command](access, by, fields, address)


async def _first(access: Access, by: Principal, _: Mapping[str, str], address: str) -> Told:
    return await access.first_link(by, address=address)


async def _add(access: Access, by: Principal, fields: Mapping[str, str], address: str) -> Told:
    return await access.add_account(by, _name(fields), _role(fields), scope_of(fields), address=address)


async def _passwd(access: Access, by: Principal, fields: Mapping[str, str], address: str) -> Told:
    return await access.set_password(by, _name(fields), fields.get("password", ""), address=address)


async def _reset(access: Access, by: Principal, fields: Mapping[str, str], address: str) -> Told:
    return await access.reset_password(by, _name(fields), address=address)


async def _disable(access: Access, by: Principal, fields: Mapping[str, str], address: str) -> Told:
    return await _able(access, by, _name(fields), disabled=True, address=address)


async def _enable(access: Access, by: Principal, fields: Mapping[str, str], address: str) -> Told:
    return await _able(access, by, _name(fields), disabled=False, address=address)


async def _token_add(access: Access, by: Principal, fields: Mapping[str, str], address: str) -> Told:
    days = fields.get("days", "")
    return await access.add_token(
        by, _name(fields), _role(fields), scope_of(fields), days=int(days) if days else None, address=address
    )


async def _token_revoke(access: Access, by: Principal, fields: Mapping[str, str], address: str) -> Told:
    return await access.revoke_token(by, fields.get("id", ""), address=address)


_COMMANDS: Mapping[str, Callable[[Access, Principal, Mapping[str, str], str], Awaitable[Told]]] = {
    "first": _first,
    "add": _add,
    "passwd": _passwd,
    "reset": _reset,
    "disable": _disable,
    "enable": _enable,
    "token_add": _token_add,
    "token_revoke": _token_revoke,
}


async def _able(access: Access, by: Principal, name: str, *, disabled: bool, address: str) -> Told:
    found: Account | None = next((a for a in access.accounts() if key_of(a.name) == key_of(name)), None)
    if found is None:
        return changes.NO_ACCOUNT
    return await access.change_account(by, name, role=found.role, scope=found.scope, disabled=disabled, address=address)


def _name(fields: Mapping[str, str]) -> str:
    return fields.get("name", "")


def _role(fields: Mapping[str, str]) -> Role:
    return Role(fields.get("role", ""))


def scope_of(fields: Mapping[str, str]) -> Scope:
    """Return the scope of `sites` (ids, with spaces between) and `contractor`; what is empty leaves nothing out."""
    sites = frozenset(fields.get("sites", "").split())
    return Scope(site_ids=sites or None, contractor_id=fields.get("contractor") or None)
