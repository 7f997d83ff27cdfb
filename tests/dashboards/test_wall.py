"""The wall: small, whole, and honest about its age."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request
from hypothesis import given
from hypothesis import strategies as st
from tests.dashboards.desk_town import DeskTown
from tests.dashboards.stage import Stage
from tests.dashboards.township import AT_MS, Township, device, standing, township

from camboard.app import create_app, create_runner
from camboard.i18n import languages
from camboard.index import index
from camboard.settings import BoardSettings
from camboard.wall.view import LETTER, TILES_A_PAGE, cells, wall, wire
from camboard.words import State
from camkeeper.clock import SimulatedClock
from camkeeper.model.status import Status

Client = TestClient[Request, Application]
ZH = languages()["zh"]
STATUSES = st.sampled_from(sorted(Status))


@pytest.fixture
async def county() -> AsyncIterator[Client]:
    town = DeskTown()
    town.value = township(cameras=4700, villages=264, speakers=300)
    settings = BoardSettings(clock=SimulatedClock(wall_ms=AT_MS + 3000))
    async with TestClient(TestServer(create_app(town, settings=settings))) as made:
        yield made


@given(st.lists(st.tuples(STATUSES, st.integers(0, 5), st.booleans()), max_size=60))
def test_cells_say_of_each_device_what_it_is_and_stay_in_their_places(found: list[tuple[Status, int, bool]]) -> None:
    devices = [
        device(f"c{n:02d}", status, site_id=f"v{v:02d}", in_window=agreed)
        for n, (status, v, agreed) in enumerate(found)
    ]
    sites = ["town", *(f"v{v:02d}" for v in range(6))]
    told = cells(devices, sites)
    assert Counter(told) == Counter(LETTER[State.of(d)] for d in devices)
    assert told == cells(list(reversed(devices)), sites)
    other = [replace(d, status=Status.UP, in_window=False) for d in devices]
    assert len(cells(other, sites)) == len(told)


@given(st.lists(st.tuples(STATUSES, st.integers(0, 3)), min_size=1, max_size=30))
def test_a_tile_is_up_only_where_every_camera_is(found: list[tuple[Status, int]]) -> None:
    devices = [device(f"c{n}", status, site_id=f"v{v:02d}") for n, (status, v) in enumerate(found)]
    shown = wall(index(standing(devices)), None, ZH)
    whole = {f"v{v:02d}" for _, v in found} - {f"v{v:02d}" for status, v in found if status is not Status.UP}
    assert sum(t.tone == "up" for t in shown.tiles) == len(whole)
    assert len(shown.tiles) == len({v for _, v in found})


def test_worst_villages_come_first() -> None:
    shown = wall(index(township()), None, ZH)
    tones = [t.tone for t in shown.tiles]
    calm = tones.index("up")
    assert not {"down", "unknown"} & set(tones[calm:])


async def test_five_thousand_states_are_a_few_kilobytes(county: Client) -> None:
    answer = await county.get("/wall/data", headers={"Accept-Encoding": "gzip"})
    body = await answer.read()
    told = json.loads(body)
    assert len(told["cells"]) == 5001
    assert len(told["tiles"]) == 264
    assert len(told["incidents"]) == 5
    assert len(gzip.compress(body)) < 8 * 1024


def test_even_the_wildest_states_fit() -> None:
    letters = "".join(random.Random(7).choices("ugdmn", k=5000))
    told = wire(replace(wall(index(township(villages=264)), None, ZH), cells=letters), version="v")
    assert len(gzip.compress(json.dumps(told, ensure_ascii=False).encode())) < 8 * 1024


async def test_what_did_not_change_is_not_sent_again(client: Client, town: Township) -> None:
    first = await client.get("/wall/data")
    tag = first.headers["ETag"]
    again = await client.get("/wall/data", headers={"If-None-Match": tag})
    assert (again.status, await again.read()) == (304, b"")
    assert int(again.headers["X-Age-Ms"]) >= 3000
    town.move(replace(town.value.devices[0], status=Status.DOWN))
    changed = await client.get("/wall/data", headers={"If-None-Match": tag})
    assert changed.status == 200
    assert changed.headers["ETag"] != tag


async def test_a_new_instant_alone_changes_nothing(client: Client, town: Township) -> None:
    tag = (await client.get("/wall/data")).headers["ETag"]
    town.value = replace(town.value, at_ms=town.value.at_ms + 5000)
    assert (await client.get("/wall/data", headers={"If-None-Match": tag})).status == 304


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_the_page_is_whole_without_a_script(county: Client, lang: str) -> None:
    text = await (await county.get(f"/wall?lang={lang}")).text()
    tiles = 264 if lang == "zh" else 132  # Latin names want two lines: half of the villages, then the other half
    assert len(re.findall(r"<li[ >]", text)) == tiles + 5 + 5
    assert len(re.findall(r"<[a-z]", text)) < 3000
    assert 'http-equiv="refresh"' in text
    assert "style=" not in text
    assert "None" not in text


async def test_more_villages_than_fit_come_by_turns(clock: SimulatedClock) -> None:
    town = Township(value=township(cameras=800, villages=400))
    async with TestClient(TestServer(create_app(town, settings=BoardSettings(clock=clock)))) as made:
        first, second = [await (await made.get(f"/wall?page={n}")).text() for n in (1, 2)]
        assert "url=/wall?page=2" in first
        assert "url=/wall?page=1" in second
        tiles = [text.partition('id="tiles"')[2].partition("</ul>")[0].count("<li ") for text in (first, second)]
        assert tiles == [TILES_A_PAGE, 400 - TILES_A_PAGE]
        assert (await made.get("/wall?page=99999999")).status == 200


async def test_old_data_are_veiled_by_the_server_too(client: Client, clock: SimulatedClock) -> None:
    clock.step_wall(600_000)
    text = await (await client.get("/wall")).text()
    assert '<body class="stale">' in text
    assert "数据已过期 10 分钟" in text


CUT = """() => [...document.querySelectorAll("#tiles b")].filter((e) =>
  e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight * 1.4 || !e.title).length"""
FITS = """() => {
  const told = (e) => e.offsetParent && [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  const size = (e) => parseFloat(getComputedStyle(e).fontSize);
  const sizes = [...document.querySelectorAll("body *")].filter(told).map(size);
  const whole = document.documentElement;
  return [whole.scrollHeight <= innerHeight, whole.scrollWidth <= innerWidth, Math.min(...sizes) / innerHeight * 100];
}"""


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("width", "height", "lang"), [(1280, 720, "zh"), (1920, 1080, "zh"), (1920, 1080, "en"), (3840, 2160, "zh")]
)
async def test_it_fits_the_screen_and_is_read_from_afar(stage: Stage, width: int, height: int, lang: str) -> None:
    stage.town.value = township(cameras=1000, villages=264)
    context = await stage.browser.new_context(viewport={"width": width, "height": height})
    page = await context.new_page()
    stage.seen.watch(page, stage.base)
    await page.goto(f"{stage.base}/wall?lang={lang}")
    await page.wait_for_timeout(600)
    assert lang == "zh" or await page.evaluate(CUT) == 0  # names in Latin letters have two lines, and are whole
    tall, wide, least_vh = await page.evaluate(FITS)
    assert tall
    assert wide
    assert least_vh >= 2.19
    painted = "(c) => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v)"
    await page.locator("#cells").wait_for()
    assert await page.locator("#cells").evaluate(painted)
    await context.close()
    assert not stage.seen.complaints
    assert not stage.seen.hosts


@pytest.mark.asyncio(loop_scope="module")
async def test_a_change_arrives_and_silence_is_veiled(stage: Stage) -> None:
    async with stage.page("/wall", width=1920) as page:
        counted = page.locator("#counts .down b")
        before = int(await counted.inner_text())
        victim = next(d for d in stage.town.value.devices if d.status is Status.UP and d.kind.has_picture)
        stage.clock.step_wall(1000)
        stage.town.move(replace(victim, status=Status.DOWN))
        await page.locator("#counts .down b", has_text=re.compile(f"^{before + 1}$")).wait_for(timeout=5000)
        assert await page.locator("#veil").is_hidden()
        stage.clock.step_wall(300_000)
        await page.locator("#veil").wait_for(state="visible", timeout=10_000)
        assert "数据已过期 5 分钟" in await page.locator("#veil").inner_text()


@pytest.mark.asyncio(loop_scope="module")
async def test_it_comes_back_by_itself_when_the_monitor_was_started_anew(stage: Stage) -> None:
    port = stage.runner.addresses[0][1]
    settings = BoardSettings(clock=stage.clock, heartbeat_s=0.5, refresh_s=2.0)
    async with stage.page("/wall", width=1920) as page:
        await page.locator("#age").wait_for()
        await stage.runner.cleanup()
        await page.locator("#veil").wait_for(state="visible", timeout=12_000)
        runner = create_runner(create_app(stage.town, settings=settings))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await page.locator("#veil").wait_for(state="hidden", timeout=20_000)
        assert await page.locator("#tiles li").count() == 27
        await runner.cleanup()
