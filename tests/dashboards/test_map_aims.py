"""Measured aims, blind pictures and weather on the map: in the data, in the tables, on the canvas."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace

import pytest
from playwright.async_api import expect
from shapely.affinity import rotate
from tests.dashboards.conftest import Client
from tests.dashboards.covered import CoveredTown
from tests.dashboards.stage import Seen, Stage
from tests.dashboards.test_map_browser import drawn
from tests.dashboards.test_map_pages import page, plain
from tests.dashboards.township import AT_MS

from camkeeper.model.picture import Drift
from camkeeper.model.status import Reason, Status
from camkeeper.model.view import ViewRecord
from camkeeper.standing.coverage import CoverageMap
from camkeeper.standing.desk import Acted
from camkeeper.standing.picture import Asked, FullPicture, PictureStanding, Thumbnail, ViewRequest, Wanted

TURNED, BLIND = "cam-01", "cam-12"


@dataclass(slots=True, kw_only=True)
class AimedTown(CoveredTown):
    """One camera that its picture shows to be turned by 20.3 degrees, and one that shows nothing of use."""

    weather: tuple[str, ...] = ("v3",)
    turned: bool = True

    def __post_init__(self) -> None:
        super(AimedTown, self).__post_init__()
        reasons = {TURNED: Reason.IMAGE_MOVED, BLIND: Reason.IMAGE_COVER}
        devices = tuple(
            replace(d, status=Status.DEGRADED, reason=reasons[d.id]) if d.id in reasons else d
            for d in self.value.devices
        )
        self.value = replace(self.value, devices=devices)

    def coverage_map(self) -> CoverageMap | None:
        made = super(AimedTown, self).coverage_map()
        assert made is not None
        if not self.turned:
            return made
        fields = tuple(
            replace(
                field,
                azimuth_deg=110.3,
                planned_azimuth_deg=90.0,
                azimuth_error_deg=0.2,
                day=rotate(field.day, -20.3, origin=(field.lon_deg, field.lat_deg)),
                planned=field.day,
            )
            if field.device_id == TURNED
            else field
            for field in made.fields
        )
        return replace(made, fields=fields, digest="aimed")

    def pictures(self) -> PictureStanding | None:
        return PictureStanding(at_ms=AT_MS, cameras={}, learn_frames=5, weather_site_ids=self.weather)

    async def view(self, request: ViewRequest) -> Thumbnail:
        raise LookupError(request.device_id)

    async def ask(self, request: ViewRequest) -> Asked:
        raise PermissionError(request.device_id)

    def wanted(self, device_id: str, asked_ms: int) -> Wanted:
        raise LookupError(device_id, asked_ms)

    async def full(self, request: ViewRequest) -> FullPicture:
        raise PermissionError(request.device_id)

    async def relearn(self, device_id: str, by: str, why: str) -> Acted:
        raise LookupError(device_id, by, why)

    async def drifts(self, device_id: str) -> tuple[Drift, ...]:
        raise LookupError(device_id)

    async def views(self, limit: int) -> tuple[ViewRecord, ...]:
        return ()[:limit]


@pytest.fixture
def town() -> AimedTown:
    return AimedTown()


async def test_the_map_has_both_aims_and_both_fields(client: Client) -> None:
    async with client.get("/api/v1/coverage/map.geojson") as answer:
        features = [feature["properties"] for feature in (await answer.json())["features"]]
    cameras = {p["device_id"]: p for p in features if p["kind"] == "camera"}
    own = cameras[TURNED]
    assert (own["planned_azimuth_deg"], own["azimuth_deg"], own["azimuth_error_deg"]) == (90.0, 110.3, 0.2)
    assert cameras[BLIND]["azimuth_error_deg"] is None
    assert [p["device_id"] for p in features if p["kind"] == "planned"] == [TURNED]


async def test_the_page_says_who_was_turned_and_who_is_blind(client: Client) -> None:
    html = await page(client, "/map?site=v0")
    text = plain(html)
    assert "设计 90°，实测 110.3° ±0.2°（顺时针 20.3°）" in text
    assert f'href="/devices/{TURNED}"' in html
    assert 'data-layer="planned"' in html
    other = await page(client, "/map?site=v1")
    assert "实测方位（虚线：设计）" not in other
    assert "疑似遮挡 ·" in plain(other)  # answers, and sees nothing: why
    assert f'href="/devices/{BLIND}"' in other
    (live,) = re.findall(r'(?s)id="live"[^>]*>(.*?)</script>', other)
    assert json.loads(live)["states"][BLIND] == ["degraded", "dark", "疑似遮挡"]


async def test_weather_is_told_where_it_is(client: Client, town: AimedTown) -> None:
    assert "天气：何庄村的画面同时变差" in await page(client)
    assert "天气：何庄村的画面同时变差" in await page(client, "/map?site=v3")
    assert "天气：" not in await page(client, "/map?site=v0")
    town.weather = ()
    assert "天气：" not in await page(client)  # not the page that was kept


@pytest.mark.asyncio(loop_scope="module")
async def test_a_camera_that_is_turned_is_drawn_anew_without_a_reload(stage: Stage) -> None:
    town = stage.town
    assert isinstance(town, AimedTown)
    town.turned = False
    async with stage.page("/map?site=v0") as page:
        await drawn(page)
        await expect(page.locator("[data-layer=planned]")).to_have_count(0)
        async with page.expect_response(lambda answer: "map.geojson" in answer.url) as answer:
            town.turned = True
            town.fall("cam-44")
            stage.clock.advance(1000)
        assert '"planned"' in await (await answer.value).text()
        await expect(page.locator("[data-layer=planned]")).to_be_checked()
    assert stage.seen == Seen()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
async def test_planned_is_dashed_and_measured_is_filled(stage: Stage, width: int, dark: bool) -> None:
    async with stage.page("/map?site=v0", width=width, dark=dark) as page:
        await drawn(page)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        before = await page.evaluate("document.querySelector('#map canvas').toDataURL()")
        box = page.locator("[data-layer=planned]")
        await expect(box).to_be_checked()
        await box.uncheck()
        await page.wait_for_timeout(300)
        assert await page.evaluate("document.querySelector('#map canvas').toDataURL()") != before
        await page.goto(f"{stage.base}/map?site=v0&failed={TURNED}")
        await page.locator(".whatif a.go").click()
        await page.wait_for_url(f"**/devices/{TURNED}")
    assert stage.seen == Seen()
