"""A site with very many cameras, drawn from afar: one canvas, the same answers. Needs Debian's chromium."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.async_api import expect
from shapely.geometry import MultiPoint
from tests.dashboards.conftest import Client
from tests.dashboards.covered import CoveredTown
from tests.dashboards.stage import Seen, Stage
from tests.dashboards.test_map_browser import CENTRE_OF_SQUARE, COUNT, drawn

from camboard.cover import geo, view
from camkeeper.model.status import Status


@pytest.fixture
def town() -> CoveredTown:
    return CoveredTown()


@pytest.fixture(autouse=True)
def _six_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw the town from afar, which has thirty cameras, and a village, which has five, from near."""
    monkeypatch.setattr(view, "_ALL_AT_ONCE", 6)


async def features(client: Client, query: str) -> list[dict[str, dict[str, object]]]:
    async with client.get(f"/api/v1/coverage/map.geojson?{query}") as answer:
        out = json.loads(await answer.text())["features"]
    assert isinstance(out, list)
    return out


async def test_all_cameras_are_one_feature_that_says_the_same(client: Client) -> None:
    near = {
        str(f["properties"]["device_id"]): f
        for f in await features(client, "site=town")
        if f["properties"]["kind"] == "camera"
    }
    *_, far = await features(client, "site=town&far=1")
    columns = far["properties"]
    assert columns.pop("kind") == "cameras"
    ids = columns["device_ids"]
    assert isinstance(ids, list)
    assert sorted(ids) == sorted(near)
    points = far["geometry"]["coordinates"]
    assert isinstance(points, list)
    assert [near[i]["geometry"]["coordinates"] for i in ids] == points
    ones = ("device_id", "site_id", "name", "device_kind", "azimuth_deg", "azimuth_error_deg", "planned_azimuth_deg")
    for one, many in zip((*ones, "inside_building"), columns, strict=True):
        assert columns[many] == [near[i]["properties"][one] for i in ids], many


@given(st.lists(st.tuples(st.floats(100, 130), st.floats(20, 50)), min_size=1, max_size=30))
def test_points_stay_as_many_and_in_their_order(points: list[tuple[float, float]]) -> None:
    made = json.loads(geo.collection([({"kind": "cameras"}, MultiPoint(points))]))["features"][0]["geometry"]
    assert made["type"] == "MultiPoint"
    assert made["coordinates"] == [pytest.approx(point, abs=geo.DECIMALS_DEG) for point in points]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("width", "dark", "lang"), [(1280, False, "zh"), (1280, True, "en"), (390, False, "zh")])
async def test_from_afar_the_map_is_one_canvas(stage: Stage, width: int, dark: bool, lang: str) -> None:
    async with stage.page(f"/map?lang={lang}", width=width, dark=dark) as page:
        await drawn(page)
        assert await page.locator("#map canvas").count() == 1
        assert await page.evaluate(COUNT, "up") > 300
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        with_lost = await page.evaluate(COUNT, "lost")
        await page.locator("[data-layer=lost]").uncheck()
        assert await page.evaluate(COUNT, "lost") < with_lost
        labelled = await page.evaluate("document.querySelector('#map canvas').toDataURL()")
        await page.locator("[data-layer=labels]").uncheck()
        assert await page.evaluate("document.querySelector('#map canvas').toDataURL()") != labelled
    assert stage.seen == Seen()


@pytest.mark.asyncio(loop_scope="module")
async def test_a_camera_that_falls_is_seen_from_afar(stage: Stage) -> None:
    town = stage.town
    assert isinstance(town, CoveredTown)
    async with stage.page("/map") as page:
        await drawn(page)
        await page.locator("[data-layer=labels]").uncheck()
        before = await page.evaluate(COUNT, "unknown")
        town.fall(*(f"cam-4{n}" for n in range(4)), status=Status.UNKNOWN)
        stage.clock.advance(1000)
        await page.wait_for_function(f"() => ({COUNT})('unknown') > {before + 40}", timeout=3000)
    assert stage.seen == Seen()


@pytest.mark.asyncio(loop_scope="module")
async def test_from_afar_a_camera_tells_and_asks_what_if_and_a_village_opens(stage: Stage) -> None:
    async with stage.page("/map", width=1280) as page:
        await drawn(page)
        await page.locator("[data-layer=labels]").uncheck()
        await page.locator("[data-layer=lost]").uncheck()
        await page.evaluate("scrollTo(0, 0)")
        spot = await page.evaluate(CENTRE_OF_SQUARE, "maintenance")
        assert spot is not None
        await page.mouse.move(*spot)
        await expect(page.locator(".leaflet-tooltip")).to_contain_text("◆ 维护 · 何庄村4号杆")
        await page.mouse.click(*spot)
        await expect(page.locator("#whatif")).to_contain_text("假设失效：何庄村4号杆")
        await drawn(page, "failed=cam-33")
        await page.get_by_role("link", name="取消假设").click()
        await expect(page.locator("#whatif")).to_have_count(0)
        await page.locator("tr[data-key=v3] a").click()
        await drawn(page, "/v3/")
        assert await page.locator("#map canvas.far").count() == 0  # five cameras: each with its field again
        await page.go_back()
        await drawn(page, "/town/")
        await expect(page.locator("#map canvas.far")).to_have_count(1)
    assert stage.seen == Seen()
