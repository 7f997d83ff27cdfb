"""A board on a free loopback port, over a township that the test moves."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request
from tests.dashboards.township import AT_MS, Township

from camboard.app import create_app
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
