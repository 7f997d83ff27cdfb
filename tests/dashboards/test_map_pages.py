"""`/map` as HTML: everything stands in tables before any script has run."""

from __future__ import annotations

import gzip
import re

import pytest
from tests.dashboards.conftest import Client
from tests.dashboards.covered import CoveredTown

from camboard.cover.rows import hours_text
from camboard.cover.words import BAND, LINK, PLACE, SIGHT, SIGHT_SHAPE, SIGHT_TONE, Sight
from camboard.guard import HEADERS
from camcover.bands import STANDARDS, names
from camkeeper.model.equipment import LinkKind
from camkeeper.model.place import KeyPlaceType
from camkeeper.model.status import Status


@pytest.fixture
def town() -> CoveredTown:
    return CoveredTown()


async def page(client: Client, path: str = "/map", status: int = 200) -> str:
    async with client.get(path, headers={"Accept": "text/html"}) as answer:
        assert answer.status == status
        for name, value in HEADERS.items():
            assert answer.headers[name] == value
        return await answer.text()


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.split('id="live"', maxsplit=1)[0]))


async def test_the_town_first_with_its_villages_and_its_basis(client: Client, town: CoveredTown) -> None:
    html = await page(client)
    text = plain(html)
    assert "<h2>大郭镇</h2>" in html
    assert re.findall(r'<tr data-key="(v\d)"', html)[0] == "v0"  # the one that lost something
    for words in (
        "现在看得到",
        "覆盖口径",
        "EPSG:4547",
        "方位未知，不计入",
        "演示数据：地理位置为合成",
        "建筑：合成",
        "未达标",
    ):
        assert words in text
    assert re.search(r"\d\d\.\d%–\d\d\.\d%", text)  # a camera of unknown status: both bounds
    view = town.coverage()
    assert view is not None
    assert html.count(view.basis.inputs[:12]) >= 2


async def test_key_places_unseen_first(client: Client) -> None:
    html = await page(client, "/map?site=v0")
    rows = re.findall(r'<tr data-key="([^"]+)" data-state="(看不到|说不准|部分可见|全部可见)"', html)
    order = ["看不到", "说不准", "部分可见", "全部可见"]
    ranks = [order.index(state) for _, state in rows]
    assert len(rows) == 4
    assert ranks == sorted(ranks)
    assert "辨认" in html
    assert "测量误差 5–50–95%" in html


async def test_night_is_a_link_and_another_figure(client: Client) -> None:
    day, night = await page(client, "/map?site=v3"), await page(client, "/map?site=v3&night=1")
    assert 'href="/map?site=v3&amp;night=1"' in day
    assert 'href="/map?site=v3"' in night
    figure = re.compile(r'<p class="big[^"]*">([\d.]+)%')
    day_value, night_value = (figure.search(html) for html in (day, night))
    assert day_value
    assert night_value
    assert float(night_value[1]) < float(day_value[1])


async def test_losses_in_one_line_square_metres_road_and_key_places(client: Client, town: CoveredTown) -> None:
    for n in range(4):
        town.fall(f"cam-4{n}", status=Status.UP)
    assert 'id="losses"' not in await page(client, "/map?site=v4")
    town.fall(*(f"cam-4{n}" for n in range(5)))
    html = await page(client, "/map?site=v4")
    line = re.search(r'<p class="losses".*?</p>', html)
    assert line is not None
    text = plain(line[0])
    assert re.search(r"失去 全域 [1-9][\d,]* m²", text)
    assert re.search(r"道路 [1-9]\d* m\b", text)
    assert re.search(r"重点部位 [1-9] 处", text)
    assert "Lost Open ground" in plain(await page(client, "/map?site=v4&lang=en"))


@pytest.mark.parametrize(
    ("hours", "told"), [(0.0567, "0.05"), (7.999, "7.99"), (0.29, "0.29"), (1234.56, "1,234.5"), (0.0, "0.00")]
)
def test_minutes_of_coverage_are_not_nought_hours(hours: float, told: str) -> None:
    assert hours_text(hours) == told


async def test_what_if_a_switch_fails(client: Client) -> None:
    html = await page(client, "/map?site=v4&failed=sw-1")
    text = plain(html)
    assert "假设失效： 汇聚交换机 2" in text or "假设失效：汇聚交换机 2" in text
    assert "又有 4 路摄像机看不到" in text
    assert re.search(r"将失去 全域 [\d,]+ m²", text)
    assert re.search(r"将失去 道路 \d+ m", text)
    assert "社仓西村主街" in text
    assert '<option value="sw-1" selected>' in html
    assert re.findall(r'<optgroup label="([^"]+)"', html) == ["运营商线路", "交换机", "立杆", "摄像机"]
    assert "不会再失去覆盖" in plain(await page(client, "/map?site=v4&failed=cam-44"))  # nobody noted where it looks
    await page(client, "/map?site=v4&failed=ghost", 404)
    await page(client, "/map?site=nowhere", 404)


async def test_while_computing_and_without_geometry(client: Client, town: CoveredTown) -> None:
    town.computing = True
    assert "正在计算覆盖" in await page(client)
    assert "Coverage is being computed" in await page(client, "/map?lang=en")
    town.computing, town.empty = False, True
    town.fall("cam-00")
    html = await page(client, "/map?lang=zh")
    for key in ("boundary", "mount", "lens", "key_places", "obstacles"):
        assert key in html


async def test_the_board_leads_to_the_map_and_back(client: Client) -> None:
    html = await page(client, "/")
    assert 'href="/map"' in html
    for n in range(6):
        assert f'href="/map?site=v{n}"' in html
    assert 'href="/"' in await page(client)


async def test_in_english(client: Client) -> None:
    html = await page(client, "/map?site=v1&lang=en")
    assert '<html lang="en">' in html
    for words in ("Gegang", "Seen now", "If this fails", "Key places", "Basis", "synthetic geometry"):
        assert words in plain(html)


async def test_hostile_names_are_harmless(client: Client, town: CoveredTown) -> None:
    town.fall("cam-50")
    html = await page(client, "/map?site=v5&failed=cam-50")
    assert "<img" not in html
    assert "\u202e" not in html
    assert "&lt;img" in html


async def test_the_fragment_is_the_page_s_live_part(client: Client) -> None:
    whole = await page(client, "/map?site=v2&night=1")
    async with client.get("/fragments/map?site=v2&night=1") as answer:
        assert answer.headers["X-At-Ms"]
        assert await answer.text() in whole
    assert 'data-fragment="/fragments/map?site=v2&amp;night=1"' in whole


async def test_the_budget(client: Client) -> None:
    html = await page(client)
    size = len(gzip.compress(html.encode()))
    for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', html):
        async with client.get(address) as answer:
            assert answer.status == 200
            body = await answer.read()
            assert b"sourceMappingURL" not in body
            assert b"url(" not in body or not address.endswith(".css")
            size += len(gzip.compress(body))
    assert size <= 250_000
    assert not re.search(r'(?:href|src)="(?:https?:)?//', html)
    assert not re.search(r"<[^>]+\s(?:style|on\w+)=", html)


async def test_a_restored_village_has_lost_nothing(client: Client, town: CoveredTown) -> None:
    assert 'class="lost none"' not in await page(client, "/map?site=v0")
    town.fall("cam-00", status=Status.UP)
    assert 'class="lost none"' in await page(client, "/map?site=v0")


def test_every_value_has_a_word() -> None:
    assert set(PLACE) == set(KeyPlaceType)
    assert set(LINK) == set(LinkKind)
    assert {band for standard in STANDARDS for band in names(standard)} <= set(BAND)
    assert set(SIGHT) == set(SIGHT_SHAPE) == set(SIGHT_TONE) == set(Sight)
    assert len(set(SIGHT_SHAPE.values())) == len(Sight)
