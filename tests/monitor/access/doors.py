"""Stores for tests: real Argon2 at its lowest cost, a clock that tests move."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from camkeeper.access import Access, Cost, Terms
from camkeeper.clock import Clock, SimulatedClock
from camkeeper.model.access import Principal, Role, Via
from camkeeper.standing.access import NotSignedIn, SignedIn

NOW_MS = 1_790_000_000_000
CHEAP = Cost(memory_kib=64, passes=1)
LOCAL = Principal(name="root", role=Role.ADMIN, via=Via.LOCAL)
PASSWORD = "willows by the river"


def a_clock() -> SimulatedClock:
    return SimulatedClock(wall_ms=NOW_MS, elapsed_ms=1_000)


@contextmanager
def door(path: Path, clock: Clock | None = None, *, terms: Terms | None = None) -> Iterator[Access]:
    with Access.open(path, clock=clock or a_clock(), cost=CHEAP, terms=terms) as access:
        yield access


async def with_admin(access: Access) -> Principal:
    """Make the first account, with a password of its own, and sign it in."""
    first = await access.first_run()
    assert first is not None
    told = await access.set_password(LOCAL, "admin", PASSWORD)
    assert told.done, told
    return (await signed_in(access, "admin", PASSWORD)).principal


async def signed_in(access: Access, name: str, password: str, address: str = "10.0.0.9") -> SignedIn:
    signed = await access.sign_in(name, password, address=address)
    assert isinstance(signed, SignedIn), signed
    return signed


async def refused(access: Access, name: str, password: str, address: str = "10.0.0.9") -> NotSignedIn:
    signed = await access.sign_in(name, password, address=address)
    assert isinstance(signed, NotSignedIn), signed
    return signed
