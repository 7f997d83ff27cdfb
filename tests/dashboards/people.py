"""People and programs of every role, in the real store of accounts, with cheap hashes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from camkeeper.access import Access
from camkeeper.access.hashing import Cost
from camkeeper.clock import Clock
from camkeeper.model.access import EVERYTHING, PEOPLE, Principal, Role, Scope, Via
from camkeeper.standing.access import SignedIn

CHEAP = Cost(memory_kib=8, passes=1)
PASSWORD = "一头牛站在村口的大槐树下"
KEEPER = Principal(name="root", role=Role.ADMIN, via=Via.LOCAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who is signed in, or a program with its token."""

    name: str
    role: Role
    scope: Scope
    secret: str = field(repr=False)

    @property
    def headers(self) -> Mapping[str, str]:
        if self.role in PEOPLE:
            return {"Cookie": f"camkeeper={self.secret}"}
        return {"Authorization": f"Bearer {self.secret}"}


def opened(folder: Path, clock: Clock) -> Access:
    """Open a store whose hashes cost next to nothing."""
    return Access.open(folder / "t.access", clock=clock, cost=CHEAP)


async def person(access: Access, name: str, role: Role, scope: Scope = EVERYTHING) -> Person:
    """Make an account and sign in, with a password of its own; or make a token where the role is none of people."""
    if role not in PEOPLE:
        told = await access.add_token(KEEPER, name, role, scope, days=30)
        assert told.done, told.en
        return Person(name=name, role=role, scope=scope, secret=told.secret)
    told = await access.add_account(KEEPER, name, role, scope)
    assert told.done, told.en
    first = await access.sign_in(name, told.secret, address="127.0.0.1")
    assert isinstance(first, SignedIn)
    assert first.principal.must_change
    made = await access.change_password(first.principal, told.secret, PASSWORD)
    assert isinstance(made, SignedIn)
    return Person(name=name, role=role, scope=scope, secret=made.secret)
