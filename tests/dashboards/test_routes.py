"""Nothing answers that the table doesn't declare, and the table says who may."""

from __future__ import annotations

import pytest
from aiohttp import web
from tests.dashboards.township import AT_MS, Township

from camboard.access.gate import ROUTE
from camboard.app import create_app
from camboard.board import BOARD
from camboard.route import PUBLIC, Route, Table, get, post
from camboard.routes import ROUTES, table
from camboard.settings import BoardSettings
from camkeeper.clock import SimulatedClock
from camkeeper.model.access import Role


def _app() -> web.Application:
    return create_app(Township(), settings=BoardSettings(clock=SimulatedClock(wall_ms=AT_MS)))


def _path(route: web.AbstractRoute) -> str:
    resource = route.resource
    assert resource is not None
    return resource.canonical


def test_every_route_of_the_application_is_a_line_of_the_table() -> None:
    app = _app()
    declared = app[ROUTE]
    found = list(app.router.routes())
    assert set(found) == set(declared)
    assert {id(declared[each]) for each in found} == {id(line) for line in app[BOARD].table.routes}
    for each in found:
        line = declared[each]
        assert each.handler is line.handler
        assert each.method in ({"GET", "HEAD"} if line.method == "GET" else {"POST"})


@pytest.mark.parametrize("line", ROUTES, ids=lambda line: f"{line.method} {line.path}")
def test_every_line_says_who_may_and_what_it_is_called(line: Route) -> None:
    assert line.may is PUBLIC or len(line.may) > 0, "nobody may: it says nothing"
    assert line.writes == (line.method == "POST")
    assert not line.writes or line.note
    public = {"/login", "/login/outside", "/login/return", "/healthz", "/readyz", "/static/{name}"}
    assert (line.may is PUBLIC) == (line.path in public or line.path.startswith("/i/{token}"))


@pytest.mark.parametrize("line", ROUTES, ids=lambda line: f"{line.method} {line.path}")
def test_what_a_role_never_may(line: Route) -> None:
    if line.may is PUBLIC:
        return
    may = {role for role in Role if line.open_to(role)}
    assert not may & {Role.WALL} or line.path in {"/wall", "/wall/data", "/events"}
    assert not may & {Role.METRICS} or line.path == "/metrics"
    own = {"/logout", "/account"}
    if line.writes and line.path not in own:
        assert not may & {Role.OFFICIAL, Role.COUNTY}, "they read"
    if line.path.startswith(("/windows", "/settings", "/api/v1/windows", "/audit", "/accounts", "/tokens")):
        assert not may & {Role.CONTRACTOR, Role.OFFICIAL, Role.COUNTY}
    if line.path.startswith(("/accounts", "/tokens", "/api/v1/accounts")):
        assert may == {Role.ADMIN}
    if "picture" in line.path or "thumbnail" in line.path or line.path.endswith("/view"):
        assert not may & {Role.OFFICIAL, Role.COUNTY}


def test_the_table_answers_for_nothing_else() -> None:
    lines = table()
    assert lines.may(Role.OFFICIAL, "GET", "/map")
    assert lines.may(Role.OFFICIAL, "HEAD", "/map")
    assert not lines.may(Role.ADMIN, "POST", "/map")
    assert not lines.may(Role.ADMIN, "GET", "/nothing")
    assert not lines.may(Role.CONTRACTOR, "GET", "/windows")


def test_a_line_that_contradicts_itself_is_none() -> None:
    async def handler(_request: web.Request) -> web.Response:
        raise web.HTTPNotFound

    with pytest.raises(ValueError, match="POST writes"):
        Route(method="GET", path="/x", handler=handler, may=PUBLIC, writes=True, note="x")
    with pytest.raises(ValueError, match="is noted"):
        post("/x", handler, PUBLIC, note="")
    with pytest.raises(ValueError, match="declared twice"):
        Table((get("/x", handler, PUBLIC), get("/x", handler, PUBLIC)))
