"""Who may do what: roles, what part of the township somebody sees, and whom a request comes from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody does here. A role says which pages and steps; the scope says of which sites and devices."""

    ADMIN = "admin"
    """管理员: accounts, channels, everything."""
    TECHNICIAN = "technician"
    """技术员: runs the township: incidents, windows, orders, registers."""
    CONTRACTOR = "contractor"
    """维护单位: own devices and work orders, phone first."""
    OFFICIAL = "official"
    """主管领导: reads coverage, figures and reports; no pictures."""
    COUNTY = "county"
    """县级: the roll-up: figures of sites, no single device's pictures, no steps."""
    WALL = "wall"
    """大屏: a token, never an account: reads the wall and nothing else."""
    METRICS = "metrics"
    """指标采集: a token, never an account: reads `/metrics` and nothing else."""


PEOPLE = frozenset({Role.ADMIN, Role.TECHNICIAN, Role.CONTRACTOR, Role.OFFICIAL, Role.COUNTY})
"""Roles that an account may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The part of the register that somebody sees."""

    site_ids: frozenset[str] | None = None
    """Roots of subtrees of sites; None: all of the township."""
    contractor_id: str | None = None
    """Only devices in this contractor's care; None: whosoever's."""

    @property
    def whole(self) -> bool:
        """Whether nothing is left out."""
        return self.site_ids is None and self.contractor_id is None


EVERYTHING = Scope()


class Via(StrEnum):
    """How somebody showed who they are."""

    SESSION = "session"
    TOKEN = "token"  # noqa: S105
    LOCAL = "local"
    """A command on this machine, by the file beside the ledger that only its owner reads."""
    OPEN = "open"
    """Nobody was asked: `--login open`, loopback only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Whom a request comes from."""

    name: str
    """The account's or token's name: what stands in the register of steps and in the audit log."""
    role: Role
    scope: Scope = EVERYTHING
    via: Via = Via.SESSION
    session_id: str = ""
    """Digest that names the session, for logging it out; never the secret itself."""
    must_change: bool = False
    """The one-time first password still stands: nothing but changing it."""


class Deed(StrEnum):
    """What the room of accounts itself puts into the audit log; the board's steps have the words of its routes."""

    STORE_BEGUN = "store_begun"
    """The first run: the account `admin` was made."""
    LOGIN = "login"
    LOGIN_REFUSED = "login_refused"
    LOGIN_LIMITED = "login_limited"
    """Too many tries: entered once for each pause, not once for each try."""
    LOGOUT = "logout"
    PASSWORD_SET = "password_set"  # noqa: S105
    PASSWORD_REFUSED = "password_refused"  # noqa: S105
    """Somebody signed in did not know the old password."""
    PASSWORD_RESET = "password_reset"  # noqa: S105
    FIRST_LINK = "first_link"
    """Somebody on the machine made a link that signs in once."""
    ACCOUNT_ADD = "account_add"
    ACCOUNT_CHANGE = "account_change"
    TOKEN_NEW = "token_new"  # noqa: S105
    TOKEN_REVOKE = "token_revoke"  # noqa: S105
