"""What is held: accounts, sessions, tokens as rows, and the errors of this room."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from camkeeper.model.access import EVERYTHING, Principal, Role, Scope

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
MAX_NAME = 40


class AccessError(Exception):
    """The store cannot do what it was asked; the sentence is for people."""


class AccessBusyError(AccessError):
    """Another process has the store open for writing: the monitor runs."""


class AccessClosedError(AccessError):
    """The store was closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How long things last. Nothing else in this room decides about time."""

    session_ms: int = 12 * HOUR_MS
    """A session ends so long after it began, whatever happens: a working day."""
    idle_ms: int = 2 * HOUR_MS
    """A session ends when nobody asked for so long."""
    once_ms: int = DAY_MS
    """A link that signs in once."""
    known_ms: int = 30 * DAY_MS
    """How long a network counts as one of an account's own after a sign-in there."""
    sessions_an_account: int = 20
    """The oldest goes."""
    networks_an_account: int = 20
    seen_every_ms: int = MINUTE_MS
    """How far what the disk knows of a session's last use may lag behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """An account as it is stored. `password` is an Argon2id hash; None where an identity provider vouches."""

    name: str
    role: Role
    scope: Scope = EVERYTHING
    password: str | None = field(default=None, repr=False)
    must_change: bool = False
    disabled: bool = False
    created_ms: int
    changed_ms: int
    seen_ms: int | None = None
    outside: str = ""
    subject: str = ""

    @property
    def key(self) -> str:
        """The name as it is compared."""
        return key_of(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A session as it is stored, and whom it stands for."""

    digest: bytes
    account: str
    begun_ms: int
    seen_ms: int
    expires_ms: int
    principal: Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """A token as it is stored."""

    id: str
    digest: bytes
    name: str
    role: Role
    scope: Scope
    created_ms: int
    created_by: str
    expires_ms: int | None = None
    used_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Everything but the audit log, as it is on disk: what requests are answered from."""

    accounts: Mapping[str, AccountRow] = field(default_factory=dict)
    """By key."""
    sessions: Mapping[bytes, SessionRow] = field(default_factory=dict)
    """By digest."""
    tokens: Mapping[bytes, TokenRow] = field(default_factory=dict)
    """By digest."""
    known: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Networks by the account's key."""

    @property
    def untouched(self) -> bool:
        """Whether no admin has a password of their own yet."""
        admins = [a for a in self.accounts.values() if a.role is Role.ADMIN and not a.disabled]
        return not any(not a.must_change and (a.password or a.outside) for a in admins)


def key_of(name: str) -> str:
    """Return a name as names are compared: two that look alike to their owner are one."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def scope_text(scope: Scope) -> str:
    """Return a scope as it is stored: one value, one spelling."""
    sites = None if scope.site_ids is None else sorted(scope.site_ids)
    return json.dumps({"contractor": scope.contractor_id, "sites": sites}, ensure_ascii=False, separators=(",", ":"))


def read_scope(text: str) -> Scope:
    """Return a stored scope; ValueError for what nobody wrote."""
    value = json.loads(text)
    sites, contractor = value["sites"], value["contractor"]
    if not (sites is None or all(isinstance(s, str) for s in sites)) or not isinstance(contractor, str | None):
        raise ValueError(f"not a scope: {text[:80]}")
    return Scope(site_ids=None if sites is None else frozenset(sites), contractor_id=contractor)
