"""A route as a value: what it answers to, who may, whether it writes, and how the audit log calls it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum

from aiohttp import web

from camboard.openapi.declare import Call
from camkeeper.model.access import Role

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Anyone(Enum):
    """No sign-in is asked for."""

    PUBLIC = "public"


PUBLIC = Anyone.PUBLIC
ADMIN = frozenset({Role.ADMIN})
CREW = frozenset({Role.ADMIN, Role.TECHNICIAN})
"""Who runs the township."""
REPAIR = CREW | {Role.CONTRACTOR}
"""Who sees to devices, incidents and orders."""
DEVICES = REPAIR | {Role.OFFICIAL}
"""Who reads of single devices."""
FIGURES = CREW | {Role.OFFICIAL, Role.COUNTY}
"""Who reads figures of sites: coverage, settlements, reports."""
PEOPLE = DEVICES | FIGURES
WALL = CREW | {Role.WALL}
METRICS = frozenset({Role.ADMIN, Role.METRICS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One line of the table."""

    method: str
    """GET (then HEAD, too, unless it says otherwise) or POST."""
    path: str
    handler: Handler
    may: frozenset[Role] | Anyone
    writes: bool
    note: str = ""
    """Word of the audit log for what was done here; empty: reading that nobody asks after."""
    head: bool = True
    call: Call | None = None
    """What machines must know of it; None: it is for people."""

    def __post_init__(self) -> None:
        if self.method not in {"GET", "POST"} or (self.method == "POST") != self.writes:
            raise ValueError(f"{self.method} {self.path}: GET reads and POST writes")
        if self.writes and not self.note:
            raise ValueError(f"{self.method} {self.path}: what writes is noted")

    def open_to(self, role: Role) -> bool:
        """Return whether this role may."""
        return isinstance(self.may, Anyone) or role in self.may


def get(
    path: str,
    handler: Handler,
    may: frozenset[Role] | Anyone,
    *,
    note: str = "",
    head: bool = True,
    call: Call | None = None,
) -> Route:
    """Declare an address that is read."""
    return Route(method="GET", path=path, handler=handler, may=may, writes=False, note=note, head=head, call=call)


def post(path: str, handler: Handler, may: frozenset[Role] | Anyone, *, note: str, call: Call | None = None) -> Route:
    """Declare an address that takes a step."""
    return Route(method="POST", path=path, handler=handler, may=may, writes=True, note=note, call=call)


class Table:
    """All routes, and the question who may."""

    def __init__(self, routes: tuple[Route, ...]) -> None:
        self.routes = routes
        self.roles = frozenset(
            role for route in routes if route.may is not PUBLIC for role in Role if route.open_to(role)
        )
        """Who may anything here at all."""
        self._by_key = {(route.method, route.path): route for route in routes}
        if len(self._by_key) != len(routes):
            raise ValueError("a route is declared twice")

    def of(self, method: str, path: str) -> Route | None:
        """Return what is declared for a path as the table writes it, `/devices/{id}`; HEAD is as GET."""
        return self._by_key.get(("GET" if method == "HEAD" else method, path))

    def may(self, role: Role, method: str, path: str) -> bool:
        """Return whether a role may; nobody may what isn't declared."""
        route = self.of(method, path)
        return route is not None and route.open_to(role)
