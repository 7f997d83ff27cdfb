"""`/api/v1/coverage` over coverage that the monitor's own code computed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.parser import text_string_to_metric_families
from shapely.geometry import shape
from tests.dashboards.conftest import Client
from tests.dashboards.covered import CoveredTown, cover
from tests.dashboards.township import AT_MS, Township

from camboard.app import create_app
from camboard.settings import BoardSettings
from camkeeper.clock import SimulatedClock
from camkeeper.model.status import Status


@pytest.fixture
def town() -> CoveredTown:
    return CoveredTown()


async def get(client: Client, path: str, status: int = 200) -> Any:
    async with client.get(path) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json()


async def test_every_percentage_comes_with_how_it_was_made(client: Client) -> None:
    body = await get(client, "/api/v1/coverage")
    assert body["at_ms"] == AT_MS
    basis = body["basis"]
    assert basis["policy"] == "default/1"
    assert basis["crs"].startswith("EPSG:")
    assert len(basis["inputs"]) == 64
    assert basis["unknown_azimuth"] == [f"cam-{v}4" for v in range(6)]
    assert {(s["id"], s["night"]) for s in body["sites"]} == {
        (i, n) for i in ("town", *(f"v{v}" for v in range(6))) for n in (False, True)
    }
    for site in body["sites"]:
        for layer in site["layers"]:
            assert 0 <= layer["lower"] <= layer["upper"] <= layer["design"] <= layer["total"] * (1 + 1e-9)
            assert (layer["verdict"] is None) == (layer["target_bp"] is None)
    assert body["survey"][0]["site_id"] == "v0"


async def test_unknown_widens_the_bounds_and_down_narrows_both(client: Client, town: CoveredTown) -> None:
    async def area() -> Any:
        return (await get(client, "/api/v1/coverage/sites/v3"))["day"]["layers"][0]

    before = await area()
    assert before["lower"] == before["upper"] == before["design"]
    town.fall("cam-31", status=Status.UNKNOWN)
    unknown = await area()
    assert unknown["lower"] < unknown["upper"] == before["upper"]
    town.fall("cam-31", status=Status.DOWN)
    down = await area()
    assert down["lower"] == down["upper"] == unknown["lower"]
    assert down["lost"] == pytest.approx(before["upper"] - down["upper"])
    assert down["percent"]["lower"] < before["percent"]["lower"]


async def test_one_site_has_its_key_places_by_day_and_by_night(client: Client) -> None:
    body = await get(client, "/api/v1/coverage/sites/v0")
    assert {p["type"] for p in body["day"]["places"]} == {"square", "road", "junction", "pond"}
    assert body["night"]["night"] is True
    assert body["night"]["layers"][0]["design"] < body["day"]["layers"][0]["design"]
    assert body["survey"]["p95"] == 0.333
    assert (await get(client, "/api/v1/coverage/sites/v1"))["survey"] is None
    await get(client, "/api/v1/coverage/sites/nowhere", 404)


async def test_the_map_is_kept_by_browsers_until_it_changes(client: Client) -> None:
    async with client.get("/api/v1/coverage/map.geojson") as answer:
        assert answer.content_type == "application/geo+json"
        assert answer.headers["Content-Encoding"] == "gzip"
        etag = answer.headers["ETag"]
        body = await answer.json(content_type=None)
    kinds = [f["properties"]["kind"] for f in body["features"]]
    assert kinds.count("camera") == 30
    assert kinds.count("envelope") == 6
    assert kinds.count("place") == 24
    assert kinds.count("obstacle") == 48
    assert body["attribution"] == ["建筑：合成 / buildings: synthetic"]
    assert body["synthetic"] is True
    assert body["digest"] == cover().map.digest
    assert all(shape(f["geometry"]).is_valid for f in body["features"])
    async with client.get("/api/v1/coverage/map.geojson", headers={"If-None-Match": etag}) as answer:
        assert answer.status == 304
        assert answer.headers["ETag"] == etag
    async with client.get("/api/v1/coverage/map.geojson?site=v0", headers={"Accept-Encoding": "identity"}) as answer:
        assert answer.headers["ETag"] != etag
        own = await answer.json(content_type=None)
    cameras = {f["properties"]["device_id"] for f in own["features"] if f["properties"]["kind"] == "camera"}
    assert {f"cam-0{n}" for n in range(5)} <= cameras < {f"cam-{v}{n}" for v in range(6) for n in range(5)}
    await get(client, "/api/v1/coverage/map.geojson?site=nowhere", 404)


def _decimals(value: Any) -> int:
    if isinstance(value, list):
        return max((_decimals(each) for each in value), default=0)
    return len(repr(value).partition(".")[2])


async def test_coordinates_have_six_decimals_and_names_arrive_escaped(client: Client) -> None:
    async with client.get("/api/v1/coverage/map.geojson") as answer:
        raw = await answer.read()
        assert raw.isascii()
        body = await answer.json(content_type=None)
    assert max(_decimals(f["geometry"]["coordinates"]) for f in body["features"]) <= 6
    (evil,) = (f for f in body["features"] if f["properties"].get("name", "").startswith("柳湾<img"))
    assert evil["properties"]["name"].endswith("\u202e")


async def test_what_is_dark_and_what_would_be(client: Client) -> None:
    now = await get(client, "/api/v1/coverage/sites/v0/darkness.geojson")
    assert now["now"]["cameras_dark"] == ["cam-00"]
    assert now["supposed"] is None
    assert {f["properties"]["kind"] for f in now["features"]} == {"lost", "blind"}
    path = "/api/v1/coverage/sites/v0/darkness.geojson?failed=pole-01,cam-00"
    then = await get(client, path)
    assert then["failed"] == ["cam-00", "pole-01"]
    assert set(then["supposed"]["cameras_dark"]) == {"cam-00", "cam-02", "cam-03"}
    shapes = {f["properties"]["kind"]: shape(f["geometry"]) for f in then["features"]}
    assert shapes["would_lose"].area > 0
    assert shapes["would_lose"].intersection(shapes["lost"]).area < 2e-3 * shapes["lost"].area  # decimetres
    before = next(x for x in then["now"]["layers"] if x["layer"] == "area")
    after = next(x for x in then["supposed"]["layers"] if x["layer"] == "area")
    assert before["upper"] > after["upper"]
    for wrong, status in (
        ("nowhere/darkness.geojson", 404),
        ("v0/darkness.geojson?failed=ghost", 404),
        ("v0/darkness.geojson?night=perhaps", 400),
    ):
        await get(client, f"/api/v1/coverage/sites/{wrong}", status)
    assert await get(client, "/api/v1/coverage/sites/v0/darkness.geojson?failed=pole-01", 200)


async def test_many_readers_of_one_moment_cost_one_computing(client: Client, town: CoveredTown) -> None:
    path = "/api/v1/coverage/sites/v2/darkness.geojson?failed=line"
    await asyncio.gather(*(get(client, path) for _ in range(8)))
    assert len(town.asked) == 2
    town.fall("cam-20")
    await get(client, path)
    assert len(town.asked) == 4


async def test_while_computing_it_says_so(client: Client, town: CoveredTown) -> None:
    town.computing = True
    for path in ("", "/sites/v0", "/map.geojson", "/sites/v0/darkness.geojson"):
        async with client.get(f"/api/v1/coverage{path}") as answer:
            assert answer.status == 503
            assert answer.headers["Retry-After"]
            said = (await answer.json())["error"]
            assert "正在计算" in said["zh"]
            assert "being computed" in said["en"]


async def test_metrics_give_numerators_and_denominators(client: Client, town: CoveredTown) -> None:
    async def scrape() -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
        async with client.get("/metrics") as answer:
            text = await answer.text()
        return {
            (s.name, tuple(sorted(s.labels.items()))): s.value
            for family in text_string_to_metric_families(text)
            for s in family.samples
        }

    found = await scrape()
    own = (("layer", "area"), ("night", "0"), ("site", "v0"), ("unit", "m2"))
    view = town.coverage()
    assert view is not None
    area = next(s for s in view.sites if s.site_id == "v0" and not s.night).layers[0].cover
    assert found["camkeeper_coverage_total", own] == area.total
    assert found["camkeeper_coverage_seen", tuple(sorted((*own, ("bound", "lower"))))] == area.lower
    assert found["camkeeper_coverage_target_basis_points", own] == 3000
    assert found["camkeeper_coverage_known", ()] == 1
    assert found["camkeeper_coverage_cameras_unclaimed", (("lacks", "azimuth"),)] == 6
    town.computing = True
    found = await scrape()
    assert found["camkeeper_coverage_known", ()] == 0
    assert not [key for key in found if key[0] == "camkeeper_coverage_seen"]


async def test_a_monitor_without_coverage_has_no_map() -> None:
    settings = BoardSettings(clock=SimulatedClock(wall_ms=AT_MS))
    async with TestClient(TestServer(create_app(Township(), settings=settings))) as client:
        for path in ("/map", "/fragments/map", "/api/v1/coverage", "/api/v1/coverage/map.geojson"):
            await get(client, path, 404)
        async with client.get("/") as answer:
            assert "/map" not in await answer.text()
        async with client.get("/metrics") as answer:
            assert "camkeeper_coverage" not in await answer.text()


async def test_coverage_may_come_from_elsewhere() -> None:
    settings = BoardSettings(clock=SimulatedClock(wall_ms=AT_MS))
    app = create_app(Township(), settings=settings, coverage=CoveredTown())
    async with TestClient(TestServer(app)) as client:
        assert (await get(client, "/api/v1/coverage"))["sites"]
