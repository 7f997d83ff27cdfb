"""No page draws a way that its reader may not go: every link of every page, for every role, against the table."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiohttp.test_utils import TestClient, TestServer
from tests.dashboards.authz import HERE
from tests.dashboards.canary_town import CanaryTown
from tests.dashboards.conftest import Client
from tests.dashboards.people import Person, opened, person
from tests.dashboards.township import AT_MS

from camboard.app import create_app
from camboard.route import PUBLIC, Route
from camboard.routes import ROUTES
from camboard.settings import BoardSettings
from camkeeper.clock import SimulatedClock
from camkeeper.model.access import PEOPLE, Role, Scope


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[tuple[Client, Mapping[Role, Person]]]:
    clock, town = SimulatedClock(wall_ms=AT_MS + 3000), CanaryTown()
    with opened(tmp_path, clock) as access:
        scopes = {Role.CONTRACTOR: Scope(contractor_id="ykone")}
        people = {r: await person(access, r.value, r, scopes.get(r, Scope())) for r in PEOPLE}
        app = create_app(town, settings=BoardSettings(clock=clock, heartbeat_s=0.5), access=access)
        async with TestClient(TestServer(app)) as client:
            yield client, people


def line_of(path: str) -> Route | None:
    """The line that answers a path that is read, the first in the table."""
    return next((line for line in ROUTES if line.method == "GET" and _fits(line.path, path)), None)


def _fits(pattern: str, path: str) -> bool:
    named = re.sub(r"\{[a-z]+:((?:[^{}]|\{[^{}]*\})+)\}", r"(?:\1)", pattern)
    plain = re.sub(r"\{[a-z]+\}", "[^/]+", named.replace(".csv", r"\.csv").replace(".json", r"\.json"))
    return re.fullmatch(plain, path) is not None


@pytest.mark.parametrize("role", sorted(PEOPLE))
async def test_no_page_draws_a_way_that_its_reader_may_not_go(
    door: tuple[Client, Mapping[Role, Person]], role: Role
) -> None:
    client, people = door
    closed: set[tuple[str, str]] = set()
    seen = 0
    for line in ROUTES:
        if line.writes or not line.open_to(role) or line.path.startswith(("/api/", "/events", "/static", "/i/")):
            continue
        path = HERE.path(line)
        headers = {**people[role].headers, "Accept": "text/html"}
        async with client.get(path, headers=headers, allow_redirects=False) as got:
            if got.status != 200 or "html" not in got.headers["Content-Type"]:
                continue
            text = await got.text()
        for found in re.findall(r"<a\b[^>]*>", text):
            href = re.search(r'\bhref="(/[^"]*)"', found)
            if href is None:
                continue
            seen += 1
            there = urlsplit(unescape(href[1])).path
            to = line_of(there)
            assert to is not None, f"{path}: {there} is nowhere"
            if to.may is not PUBLIC and not to.open_to(role):
                closed.add((line.path, to.path))
    assert seen > 20
    assert closed == set()
