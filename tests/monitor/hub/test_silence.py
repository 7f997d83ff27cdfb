"""A hub with its nats-server, a real edge that is killed, a real webhook, the pages; only the hub's clock is ours."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from tests.monitor.hub.test_watch import Phone, until
from tests.peers.county import County, nats_server

from camboard.county.app import create_county_app
from camboard.settings import BoardSettings
from camkeeper.clock import SimulatedClock, SystemClock
from camkeeper.hub.app import Hub
from camkeeper.hub.settings import load


@pytest.mark.slow
async def test_a_killed_edge_is_told_once_and_its_cameras_are_unknown(county: County) -> None:
    county.init("e1")
    phone, app = Phone(), web.Application()
    app.router.add_post("/", phone.take)
    clock = SimulatedClock(wall_ms=SystemClock().wall_ms(), elapsed_ms=10**6)
    async with TestServer(app) as server:
        channel = {"id": "phone", "kind": "webhook", "url": str(server.make_url("/"))}
        (county.hub_folder / "hub.yaml").write_text(json.dumps({"name": "县", "channels": [channel]}))
        hub = Hub(county.hub_folder, load(county.hub_folder), clock, nats_server())
        hub.watch._look_s = 0.05
        async with hub.running():
            county.start_edge("e1")
            await until(lambda: hub.copies.edges["e1"].place.seq > 60, 40)
            (county.edge_folder("e1") / "quiet").touch()
            hub.sums.look()  # our clock stands still: unasked, statuses that were read early would stay what they were
            await until(lambda: (now := hub.sums.now("e1")) is not None and sum(now.counts.values()) == 20, 20)
            board = create_county_app(hub.county, settings=BoardSettings(clock=clock))
            async with TestClient(TestServer(board)) as client:
                states = (await (await client.get("/api/v1/county")).json())["edges"]
                assert states[0]["state"] == "live"
                county.kill("e1")
                county.kill_server(county.edge_folder("e1"))
                await asyncio.sleep(0.5)
                for _ in range(50):
                    clock.advance(5_000)
                    await asyncio.sleep(0.06)
                await until(lambda: len(phone.heard) == 1, 10)
                assert phone.heard[0]["facts"]["kind"] == "silent"
                found = await (await client.get("/api/v1/county")).json()
                assert found["edges"][0]["state"] == "silent"
                assert found["edges"][0]["alarms"] == ["silent"]
                assert found["now"] == {"up": 0, "degraded": 0, "down": 0, "unknown": 20}
                assert "失联" in await (await client.get("/")).text()
        assert len(phone.heard) == 1
