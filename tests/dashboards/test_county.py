"""The county's board over real copies: a town that tells, one that fell silent, one that was never heard."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request
from tests.monitor.hub.county_stage import HOUR, TICK, CountyStage, county_stage

from camboard.county.app import create_county_app
from camboard.county.query import CountyQuery, town_address
from camboard.county.rates import exact
from camboard.guard import HEADERS
from camboard.settings import BoardSettings
from camkeeper.availability.days import month_of
from camkeeper.hub.figures import county as from_ledgers
from camkeeper.hub.view import TownState
from camkeeper.model.status import Status

Client = TestClient[Request, Application]
MONTH = month_of(TICK, "Asia/Shanghai")


@dataclass
class Served:
    stage: CountyStage
    client: Client

    async def text(self, path: str, **headers: str) -> str:
        answer = await self.client.get(path, headers=headers)
        assert answer.status == 200, await answer.text()
        return await answer.text()


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with county_stage(tmp_path) as stage:
        app = create_county_app(stage.view, settings=BoardSettings(clock=stage.clock))
        async with TestClient(TestServer(app)) as client:
            yield Served(stage, client)


async def test_the_county_is_the_sum_of_its_copies_and_silence_is_unknown(served: Served) -> None:
    stage = served.stage
    found = await (await served.client.get("/api/v1/county")).json()
    assert found["month"] == MONTH
    assert found["missing"] == ["e3"]
    paths = {i: stage.copies.path_of(i) for i in ("e1", "e2")}
    exactly = from_ledgers(paths, month=MONTH, now_ms=TICK).to_json()
    assert found["net"]["time"] == exactly["net"]["time"], "the sums that are kept are those of the ledgers"
    assert found["now"] == {"up": 2, "degraded": 0, "down": 1, "unknown": 0}
    stage.clock.advance(2 * HOUR)
    await stage.hear("e1")
    await stage.settle()
    later = await (await served.client.get("/api/v1/county")).json()
    assert later["now"]["down"] == 0, "e2 had one down when it fell silent: nobody knows any more"
    assert later["now"]["unknown"] == 2
    states = {e["edge"]: e["state"] for e in later["edges"]}
    assert states == {"e1": "live", "e2": "silent", "e3": "never"}
    assert later["net"]["time"]["down_ms"] == found["net"]["time"]["down_ms"]
    assert later["net"]["time"]["unknown_ms"] > found["net"]["time"]["unknown_ms"]


async def test_the_page_puts_the_worst_first_in_both_languages(served: Served) -> None:
    stage = served.stage
    stage.clock.advance(2 * HOUR)
    await stage.hear("e1")
    await stage.settle()
    text = await served.text("/")
    assert 'lang="zh-CN"' in text
    assert re.findall(r'<tr data-key="(e\d)"', text) == ["e2", "e1", "e3"]
    assert "失联" in text
    assert "从未上报" in text
    assert f'<option value="{MONTH}" selected>' in text
    english = await served.text("/?lang=en")
    body = re.sub(r"<[^>]+>", " ", english)
    assert "Silent" in body
    assert "Standing still" in body
    names = {"临颍县", "甲镇", "乙镇", "中文", "一村", "二村"}
    assert not re.search("[\u4e00-\u9fff]", re.sub("|".join(names), "", body))
    only = await served.text("/?state=silent")
    assert re.findall(r'<tr data-key="(e\d)"', only) == ["e2"]
    assert "没有符合条件的乡镇" in await served.text("/?q=nowhere&lang=zh")


async def test_a_town_its_sites_its_cameras_and_why(served: Served) -> None:
    town = await served.text("/towns/e2")
    assert "乙镇" in town
    assert "一村" in town
    assert town.index("e2-CAM-2") < town.index("e2-CAM-1"), "longest down first"
    found = await (await served.client.get("/api/v1/towns/e2")).json()
    devices = [d["time"] for d in found["devices"]]
    assert sum(d["down_ms"] for d in devices) == found["rate"]["net"]["down_ms"]
    why = await (await served.client.get("/api/v1/towns/e2/why?device=e2-CAM-2")).json()
    spans = sorted((s["from_ms"], s["to_ms"]) for s in why["stretches"])
    assert spans[0][0] == why["from_ms"]
    assert spans[-1][1] == why["to_ms"]
    assert all(a[1] == b[0] for a, b in pairwise(spans))
    down = sum(s["to_ms"] - s["from_ms"] for s in why["stretches"] if s["status"] == "down")
    assert down == why["time"]["down_ms"] > 0
    page = await served.text("/towns/e2/why?device=e2-CAM-2")
    assert exact(why["time"]["down_ms"]) in page
    assert "#" in page
    filtered = await served.text("/towns/e2?site=v2")
    assert "e2-CAM-1" not in filtered
    assert "e2-CAM-2" in filtered


async def test_a_silent_town_says_that_nobody_knows(served: Served) -> None:
    served.stage.clock.advance(2 * HOUR)
    await served.stage.settle()
    text = await served.text("/towns/e2")
    assert "此后一切未知，不记为离线" in text
    assert "■ 离线" not in re.sub(r"<[^>]+>", "", text[text.index('id="devices"') :])


async def test_the_guard_stands_before_every_page(served: Served) -> None:
    for path in ("/", "/towns/e1", "/towns/e1/why", "/api/v1/county", "/metrics", "/healthz", "/nowhere"):
        answer = await served.client.get(path)
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, (path, name)
        assert (await served.client.get(path, headers={"Host": "evil.example"})).status == 421
        assert (await served.client.post(path)).status in {404, 405}
    for path in ("/?month=2026-13", "/?month=x", "/?state=gone", "/?page=0", "/towns/e1?month=x"):
        assert (await served.client.get(path)).status == 400, path
    for path in ("/towns/nobody", "/towns/e3", "/towns/e1/why?device=x", "/towns/e1/why?site=x", "/towns/..%2Fe1"):
        assert (await served.client.get(path)).status == 404, path


async def test_metrics_and_the_live_part(served: Served) -> None:
    text = await served.text("/metrics")
    assert 'camkeeper_hub_edge_up{edge="e1"} 1.0' in text
    assert 'camkeeper_hub_edge_up{edge="e3"} 0.0' in text
    assert 'camkeeper_hub_cameras{status="down"} 1.0' in text
    fragment = await served.client.get("/fragments/county")
    assert int(fragment.headers["X-Age-Ms"]) >= 0
    assert (await fragment.text()) in await served.text("/")
    async with served.client.get("/events") as stream:
        line = (await stream.content.readuntil(b"\n")).decode()
        assert "beat" in line


async def test_seven_hundred_towns_are_a_small_page(tmp_path: Path) -> None:
    async with county_stage(tmp_path) as stage:
        stage.multiply(700)
        app = create_county_app(stage.view, settings=BoardSettings(clock=stage.clock))
        async with TestClient(TestServer(app)) as client:
            text = await (await client.get("/")).text()
            assert len(gzip.compress(text.encode())) < 150_000
            assert len(re.findall(r"<[a-z]", text)) < 3_000
            assert "1 / 14" in text
            last = await (await client.get("/?page=14")).text()
            assert 'rel="next"' not in last


def test_addresses_are_escaped_and_read_back() -> None:
    query = CountyQuery(month="2026-10", state=TownState.SILENT, search="大&镇", page=3)
    address = query.address()
    assert "&q=%E5%A4%A7%26%E9%95%87" in address
    assert town_address("a/b?c") == "/towns/a%2Fb%3Fc"
    assert query.address(state=None).count("page") == 0
    assert Status.UNKNOWN.value == "unknown"
