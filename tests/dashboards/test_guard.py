"""Who may ask, and what every answer carries."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import ClientSession, web
from tests.dashboards.conftest import Client
from tests.dashboards.township import AT_MS, Township

from camboard.app import create_app, create_runner
from camboard.guard import HEADERS, host_is_ours
from camboard.settings import BoardSettings
from camkeeper.clock import SimulatedClock

EVERY_ROUTE = (
    "/",
    "/fragments/board",
    "/static/board.css",
    "/static/board.js",
    "/static/icon.svg",
    "/api/v1/standing",
    "/api/v1/sites",
    "/api/v1/sites/v03",
    "/api/v1/devices",
    "/api/v1/devices/cam-0000",
    "/api/v1/sla",
    "/healthz",
    "/readyz",
    "/metrics",
)
NO_ROUTE = (
    "/nothing",
    "/static/../app.py",
    "/static/%2e%2e%2fapp.py",
    "/api/v1/devices/nobody",
    "/api/v1/sites/nowhere",
)


@pytest.mark.parametrize("path", EVERY_ROUTE + NO_ROUTE)
async def test_every_answer_carries_the_headers(client: Client, path: str) -> None:
    for method in ("GET", "HEAD"):
        async with client.request(method, path) as answer:
            assert answer.status == (404 if path in NO_ROUTE else 200)
            for name, value in HEADERS.items():
                assert answer.headers[name] == value
            assert "Cache-Control" in answer.headers
            body = await answer.read()
            assert bool(body) == (method == "GET")


async def test_the_policy_allows_nothing_inline() -> None:
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", [*EVERY_ROUTE, "/events"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_reading_only(client: Client, method: str, path: str) -> None:
    async with client.request(method, path, data=b"x" * 100) as answer:
        assert answer.status == 405
        assert "GET" in answer.headers["Allow"]
        said = (await answer.json())["error"]
        assert said["status"] == 405
        assert "只能读取" in said["zh"]
        assert "Reading only" in said["en"]


async def test_errors_for_people_and_for_machines(client: Client) -> None:
    async with client.get("/nothing", headers={"Accept": "text/html"}) as answer:
        assert answer.status == 404
        assert answer.content_type == "text/html"
        html = await answer.text()
        assert "没有这一页" in html
        assert "no such page" in html
    async with client.get("/api/v1/nothing", headers={"Accept": "text/html"}) as answer:
        assert answer.status == 404
        assert answer.content_type == "application/json"
        assert set((await answer.json())["error"]) == {"status", "zh", "en"}


@pytest.mark.parametrize(
    "path",
    ["/?status=green", "/?kind=human", "/?page=0", "/?page=-1", "/?page=1e9", "/?page=%D9%A3", "/?tiles=99999999999"],
)
async def test_unreadable_parameters(client: Client, path: str) -> None:
    async with client.get(path) as answer:
        assert answer.status == 400
        assert "无法解读" in (await answer.json())["error"]["zh"]


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("127.0.0.1:8600", True),
        ("localhost:8600", True),
        ("LOCALHOST", True),
        ("[::1]:8600", True),
        ("127.3.4.5", True),
        ("board.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example:8600", False),
        ("192.0.2.7:8600", False),
        ("169.254.169.254", False),
        ("", False),
        ("[::1", False),
        ("a@127.0.0.1@evil.example", False),
    ],
)
async def test_only_our_own_names(client: Client, host: str, ours: bool) -> None:
    assert host_is_ours(host, BoardSettings()) is ours
    if host:
        async with client.get("/api/v1/standing", headers={"Host": host}) as answer:
            assert answer.status == (200 if ours else 421)


def test_a_wider_binding_takes_addresses_but_still_no_foreign_name() -> None:
    wide = BoardSettings(host="192.0.2.7", allowed_hosts=frozenset({"board.town.lan"}))
    assert host_is_ours("192.0.2.7:8600", wide)
    assert host_is_ours("board.town.lan", wide)
    assert not host_is_ours("board.example", wide)
    assert host_is_ours("board.town.lan", BoardSettings(allowed_hosts=frozenset({"board.town.lan"})))


async def test_a_bug_is_told_without_its_trace(client: Client, town: Township) -> None:
    town.value = None  # type: ignore[assignment]
    async with client.get("/api/v1/standing") as answer:
        assert answer.status == 500
        text = await answer.text()
        assert "Traceback" not in text
        assert "NoneType" not in text
        assert json.loads(text)["error"]["status"] == 500


async def test_the_runner_limits_headers_and_stops_with_streams_open(town: Township) -> None:
    runner = create_runner(create_app(town, settings=BoardSettings(clock=SimulatedClock(wall_ms=AT_MS))))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with ClientSession() as session:
        for headers, status in (({"X-Long": "x" * 3000}, 200), ({"X-Long": "x" * 5000}, 400)):
            async with session.get(f"{base}/healthz", headers=headers) as answer:
                assert answer.status == status
        many = {f"X-{n}": "y" for n in range(100)}
        async with session.get(f"{base}/healthz", headers=many) as answer:
            assert answer.status == 400
        async with session.get(f"{base}/events") as stream:
            assert (await stream.content.readline()).startswith(b"event")
            async with asyncio.timeout(4):
                await runner.cleanup()
