"""Accounts, sessions, tokens and the audit log, as the board shows them. No secret is in any of these."""

from __future__ import annotations

from dataclasses import dataclass

from camkeeper.model.access import EVERYTHING, Principal, Role, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One person's account."""

    name: str
    role: Role
    scope: Scope = EVERYTHING
    disabled: bool = False
    created_ms: int
    changed_ms: int
    """When the password was set last."""
    seen_ms: int | None = None
    """Last request; None: never."""
    outside: str = ""
    """Issuer, where an identity provider vouches for this account; empty: a password of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """A program's key, without the key."""

    id: str
    name: str
    role: Role
    scope: Scope = EVERYTHING
    created_ms: int
    created_by: str
    expires_ms: int | None = None
    used_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One entry of the audit log; each names the one before by its hash."""

    number: int
    at_ms: int
    by: str
    role: str
    address: str
    """Where the request came from."""
    what: str
    """A word of the fixed list, for instance `login`, `login_refused`, `acknowledge`, `window_add`, `token_new`."""
    target: str
    detail: str
    head: str
    """Hash over this entry and the one before, hex."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A session begun: the secret goes into the browser's cookie and is kept nowhere else."""

    secret: str
    principal: Principal
    expires_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSignedIn:
    """Why not, for people; the same words for a wrong name and a wrong password."""

    zh: str
    en: str
    retry_after_s: int = 0
    """More than 0: too many attempts from this address or for this account."""
    why: str = ""
    """A word for the audit log, where whoever keeps the accounts has not entered it: what an identity provider got
    wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """On the way to an identity provider."""

    url: str
    """Where the browser goes."""
    secret: str
    """Into a cookie that comes back with the answer: without it nobody's answer counts."""
    lasts_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """Whom an identity provider vouches for, and what its words mean here."""

    issuer: str
    subject: str
    """Its own name for the person: never another's, and never given again."""
    name: str
    role: Role
    scope: Scope = EVERYTHING
    there: str
    """Where they wanted to go, as it was said when they were sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A change of accounts or tokens: done, or refused with a sentence."""

    done: bool
    zh: str = ""
    en: str = ""
    secret: str = ""
    """Of a new token, or a new account's one-time password: shown once."""
