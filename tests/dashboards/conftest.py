"""A board on a free loopback port, over a township that the test moves."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request
from playwright.async_api import Browser, async_playwright
from tests.dashboards.stage import ARGS, CHROMIUM, Stage
from tests.dashboards.township import AT_MS, Township

from camboard.app import create_app, create_runner
from camboard.settings import BoardSettings
from camkeeper.clock import SimulatedClock

Client = TestClient[Request, Application]


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(wall_ms=AT_MS + 3000)


@pytest.fixture
def town() -> Township:
    return Township()


@pytest.fixture
async def client(town: Township, clock: SimulatedClock) -> AsyncIterator[Client]:
    settings = BoardSettings(clock=clock, heartbeat_s=0.5, max_streams=4)
    async with TestClient(TestServer(create_app(town, settings=settings))) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    assert shutil.which(CHROMIUM), "chromium is missing: install Debian's package chromium"
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield made
        await made.close()


@pytest_asyncio.fixture(loop_scope="module")
async def stage(town: Township, clock: SimulatedClock, browser: Browser) -> AsyncIterator[Stage]:
    settings = BoardSettings(clock=clock, heartbeat_s=0.5, refresh_s=2.0)
    runner = create_runner(create_app(town, settings=settings))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    clock.step_wall(AT_MS - clock.wall_ms())
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield Stage(base=base, town=town, clock=clock, runner=runner, browser=browser)
    await runner.cleanup()
