"""Every route of the county's board, as every role, for all towns and for one: others' towns are not there."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request
from tests.dashboards.people import PASSWORD, Person, opened, person
from tests.monitor.hub.county_stage import CountyStage, county_stage

from camboard.access.gate import ROUTE
from camboard.board import BOARD
from camboard.county import live
from camboard.county.app import create_county_app
from camboard.county.routes import ROUTES
from camboard.route import PUBLIC, Route
from camboard.settings import BoardSettings
from camkeeper.access import Access
from camkeeper.model.access import EVERYTHING, Role, Scope

Client = TestClient[Request, Application]
OWN = Scope(site_ids=frozenset({"e1"}))
PRINCIPALS: Mapping[str, tuple[Role, Scope]] = {
    "boss": (Role.ADMIN, EVERYTHING),
    "reader": (Role.COUNTY, EVERYTHING),
    "boss-e1": (Role.ADMIN, OWN),
    "reader-e1": (Role.COUNTY, OWN),
    "reader-none": (Role.COUNTY, Scope(site_ids=frozenset())),
    "fixer": (Role.CONTRACTOR, Scope(contractor_id="one")),
    "tech": (Role.TECHNICIAN, EVERYTHING),
    "official": (Role.OFFICIAL, EVERYTHING),
    "scrape": (Role.METRICS, EVERYTHING),
    "scrape-e1": (Role.METRICS, OWN),
    "screen": (Role.WALL, EVERYTHING),
}
FOREIGN = ("乙镇", "e2-CAM", '"e2"', "/towns/e2", "/towns/e3")
"""Words of the towns that are not e1."""
SENT = {"Sec-Fetch-Site": "same-origin"}
APART = ("/api/", "/fragments/", "/events", "/metrics")


@dataclass(slots=True, kw_only=True)
class Door:
    stage: CountyStage
    access: Access
    client: Client
    people: Mapping[str, Person]

    async def get(self, path: str, name: str = "", **headers: str) -> tuple[int, str]:
        own = dict(self.people[name].headers) if name else {}
        async with self.client.get(path, headers={**own, **headers}, allow_redirects=False) as got:
            return got.status, (await got.read()).decode(errors="replace")


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with county_stage(tmp_path) as stage:
        with opened(tmp_path, stage.clock) as access:
            people = {name: await person(access, name, role, scope) for name, (role, scope) in PRINCIPALS.items()}
            app = create_county_app(stage.view, settings=BoardSettings(clock=stage.clock), access=access)
            async with TestClient(TestServer(app)) as client:
                yield Door(stage=stage, access=access, client=client, people=people)


def path_of(line: Route, town: str) -> str:
    return re.sub(r"\{[a-z]+\}", town if "/towns/" in line.path else "x", line.path)


def test_every_route_is_a_line_of_the_table() -> None:
    class Nothing:
        """The table asks the county nothing."""

    app = create_county_app(Nothing(), settings=BoardSettings())  # type: ignore[arg-type]
    declared = app[ROUTE]
    assert set(app.router.routes()) == set(declared)
    assert app[BOARD].table.roles == {Role.ADMIN, Role.COUNTY, Role.METRICS}


@pytest.mark.parametrize("line", ROUTES, ids=lambda line: f"{line.method} {line.path}")
def test_what_a_role_never_may(line: Route) -> None:
    assert (line.may is PUBLIC) == (line.path in {"/login", "/healthz", "/static/{name}"})
    if line.may is PUBLIC:
        return
    may = {role for role in Role if line.open_to(role)}
    assert may <= {Role.ADMIN, Role.COUNTY, Role.METRICS}
    assert Role.ADMIN in may
    if line.writes and line.path not in {"/logout", "/account"}:
        assert may == {Role.ADMIN}, "the county reads"
    if line.path.startswith(("/audit", "/accounts", "/tokens", "/api/v1/access", "/api/v1/accounts")):
        assert may == {Role.ADMIN}


@pytest.mark.parametrize("name", PRINCIPALS)
async def test_a_role_reads_its_lines_and_a_scope_its_towns(door: Door, name: str) -> None:
    who = door.people[name]
    words = () if who.scope.whole else FOREIGN
    for line in ROUTES:
        if line.writes or line.path == "/events":
            continue
        for town in ("e1", "e2"):
            path = path_of(line, town)
            accept = "application/json" if path.startswith("/api/") else "text/html"
            status, text = await door.get(path, name, Accept=accept)
            where = f"{name} {path} {status}"
            assert status < 500, where
            assert (status == 403) == (line.may is not PUBLIC and not line.open_to(who.role)), where
            assert not [word for word in words if word in text.replace(path, "")], where
            if "/towns/" in path and line.open_to(who.role):
                assert status == (200 if who.scope.whole or town in (who.scope.site_ids or ()) else 404), where


async def test_nobody_reads_or_does_anything(door: Door) -> None:
    for line in ROUTES:
        if line.may is PUBLIC:
            continue
        path = path_of(line, "e1")
        ask = door.client.post if line.writes else door.client.get
        async with ask(path, headers={"Accept": "text/html", **SENT}, allow_redirects=False) as got:
            assert got.status == (401 if path.startswith(APART) else 303), path
            assert "甲镇" not in await got.text()
            if got.status == 303:
                assert got.headers["Location"].startswith("/login"), path


@pytest.mark.parametrize("name", [n for n, (role, scope) in PRINCIPALS.items() if n != "boss"])
async def test_steps_of_others_have_no_effect(door: Door, name: str) -> None:
    before = len(door.access.accounts()), len(door.access.tokens())
    fields = {"name": "new", "role": "admin", "days": "30", "step": "reset", "key": "x"}
    for line in ROUTES:
        if line.writes and line.path not in {"/login", "/logout", "/account"}:
            path = path_of(line, "e1")
            headers = {**door.people[name].headers, **SENT}
            async with door.client.post(path, data=fields, headers=headers, allow_redirects=False) as got:
                assert got.status >= 400, f"{name} {path}"
    assert (len(door.access.accounts()), len(door.access.tokens())) == before
    refused = {r.by for r in await door.access.audit(before=None, count=50) if r.what == "refused"}
    stopped = door.people[name].role is not Role.ADMIN
    assert refused == ({name} if stopped else set()), "who was not allowed is on record"


async def test_the_sums_of_a_scope_are_those_of_its_towns(door: Door) -> None:
    whole = json.loads((await door.get("/api/v1/county", "reader"))[1])
    own = json.loads((await door.get("/api/v1/county", "reader-e1"))[1])
    assert [edge["edge"] for edge in own["edges"]] == ["e1"]
    assert own["edges"] == [edge for edge in whole["edges"] if edge["edge"] == "e1"]
    assert own["net"]["time"] == own["edges"][0]["net"]["time"]
    assert own["now"] == {"up": 1, "degraded": 0, "down": 0, "unknown": 0}
    assert whole["now"]["down"] == 1
    _, nothing = await door.get("/api/v1/county", "reader-none")
    assert json.loads(nothing)["edges"] == []
    _, all_edges = await door.get("/metrics", "scrape")
    _, one_edge = await door.get("/metrics", "scrape-e1")
    assert 'edge="e2"' in all_edges
    assert 'edge="e1"' in one_edge
    assert 'edge="e2"' not in one_edge


async def test_somebody_signs_in_and_out(door: Door) -> None:
    status, page = await door.get("/login?next=/towns/e2")
    assert status == 200
    key = re.search(r'name="key" value="([^"]+)"', page)
    assert key
    async with door.client.get("/login") as got:
        before = got.cookies["camkeeper-before"].value
        key = re.search(r'name="key" value="([^"]+)"', await got.text())
        assert key
    cookies = {"Cookie": f"camkeeper-before={before}", **SENT}
    fields = {"key": key[1], "name": "reader", "password": "wrong", "next": "/towns/e2"}
    async with door.client.post("/login", data=fields, headers=cookies, allow_redirects=False) as got:
        assert got.status == 403
    fields["password"] = PASSWORD
    async with door.client.post("/login", data=fields, headers=cookies, allow_redirects=False) as got:
        assert (got.status, got.headers["Location"]) == (303, "/towns/e2")
        secret = got.cookies["camkeeper"].value
    cookie = {"Cookie": f"camkeeper={secret}"}
    async with door.client.get("/towns/e2", headers=cookie) as got:
        text = await got.text()
        assert "reader" in text
        assert "县级" in text
        assert "/accounts" not in text, "no way that the role may not go"
        out = re.search(r'action="/logout"><input type="hidden" name="key" value="([^"]+)"', text)
        assert out
    async with door.client.post(
        "/logout", data={"key": out[1]}, headers={**cookie, **SENT}, allow_redirects=False
    ) as got:
        assert got.status == 303
    async with door.client.get("/", headers=cookie, allow_redirects=False) as got:
        assert got.status == 401
    deeds = [record.what for record in await door.access.audit(before=None, count=5)]
    assert "login" in " ".join(deeds)


async def test_an_admin_makes_accounts_of_the_countys_roles_alone(door: Door) -> None:
    status, page = await door.get("/accounts?new=account", "boss", Accept="text/html")
    assert status == 200
    offered = re.search(r'<select id="f-role" name="role">(.*?)</select>', page, re.DOTALL)
    assert offered
    assert set(re.findall(r'value="(\w+)"', offered[1])) == {"admin", "county"}
    assert '<option value="e2">乙镇</option>' in page, "a scope is some towns"
    key = re.search(r'action="/accounts#form"[^>]*><input type="hidden" name="key" value="([^"]+)"', page)
    assert key
    headers = {**door.people["boss"].headers, **SENT}
    fields = {"key": key[1], "name": "纪委", "role": "county", "sites": "e2"}
    async with door.client.post("/accounts", data=fields, headers=headers) as got:
        assert got.status == 200
    made = next(a for a in door.access.accounts() if a.name == "纪委")
    assert (made.role, made.scope.site_ids) == (Role.COUNTY, frozenset({"e2"}))
    for wrong in ({"role": "technician"}, {"sites": "nowhere"}, {"contractor": "x"}):
        async with door.client.post("/accounts", data=fields | {"name": "b"} | wrong, headers=headers) as got:
            assert got.status == 400, wrong
    status, page = await door.get("/audit", "boss")
    assert status == 200
    assert "纪委" in page
    status, table = await door.get("/audit.csv", "boss")
    assert status == 200
    assert "纪委" in table


async def test_a_stream_ends_with_the_session(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "RENEW_S", 0.05)
    who = door.people["reader"]
    async with door.client.get("/events", headers=who.headers) as stream:
        assert await stream.content.readline() == b"event: beat\r\n"
        found = door.access.by_session(who.secret)
        assert found is not None
        await door.access.sign_out(found, address="127.0.0.1")
        rest = await stream.content.read()
        assert len(rest) < 100_000, "it came to its end"


async def test_without_accounts_everybody_may_read_and_is_told_so(tmp_path: Path) -> None:
    async with county_stage(tmp_path) as stage:
        app = create_county_app(stage.view, settings=BoardSettings(clock=stage.clock))
        async with TestClient(TestServer(app)) as client:
            text = await (await client.get("/")).text()
            assert "未启用登录" in text
            assert (await client.get("/accounts")).status == 404
            assert (await client.get("/login")).status == 404
