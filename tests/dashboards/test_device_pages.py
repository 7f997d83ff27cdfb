"""`/devices/{id}` and `/views`: what they say, what is on record before a picture is shown, what is never shown."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace
from urllib.parse import quote

import pytest
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.parser import text_string_to_metric_families
from tests.dashboards.conftest import Client
from tests.dashboards.desk_town import DeskTown
from tests.dashboards.picture_town import (
    COVERED,
    FOGGY,
    FOGGY_SITE,
    GOOD,
    INCIDENT,
    LEARNING,
    PHONE,
    TURNED,
    UNSEEN,
    PictureTown,
    small_jpeg,
)
from tests.dashboards.township import AT_MS, device, standing

from camboard.app import create_app
from camboard.guard import HEADERS
from camboard.picture.tickets import GOOD_FOR_MS
from camboard.settings import BoardSettings
from camkeeper.availability.buckets import Buckets
from camkeeper.clock import SimulatedClock
from camkeeper.model.status import Status

PEOPLE = {"Accept": "text/html"}
EVIL = "</b><script>alert(1)</script>\u202e\"'><img src=x onerror=alert(2)>"
LOOK = {"by": "李值班", "unit": "大郭镇综治中心", "why": "核实是否被遮挡"}


@pytest.fixture
def town() -> PictureTown:
    return PictureTown()


async def text(client: Client, path: str, status: int = 200, *, english: bool = False) -> str:
    async with client.get(path, headers={**PEOPLE, "Cookie": f"lang={'en' if english else 'zh'}"}) as answer:
        assert answer.status == status, await answer.text()
        for name, value in HEADERS.items():
            assert answer.headers[name] == value
        return await answer.text()


async def post(client: Client, path: str, fields: dict[str, str], status: int, **headers: str) -> tuple[str, str]:
    sent = {**PEOPLE, **{name.replace("_", "-"): value for name, value in headers.items()}}
    async with client.post(path, data=fields, headers=sent, allow_redirects=False) as answer:
        assert answer.status == status, await answer.text()
        return answer.headers.get("Location", ""), await answer.text()


async def look(client: Client, device_id: str = COVERED, **more: str) -> str:
    """Register and return where the browser goes."""
    location, _ = await post(client, f"/devices/{device_id}/view", {**LOOK, **more}, 303)
    return location


def image(html: str) -> str:
    (found,) = re.findall(r'<img src="([^"]+)"', html)
    return str(found)


async def test_everything_that_is_known_of_a_camera(client: Client) -> None:
    html = await text(client, f"/devices/{COVERED}")
    for words in (
        "异常 · 张杨村",
        "疑似遮挡",
        "自 19:40 起，已 1 小时 35 分",
        "3 次一致，19:55 判定",
        "4 分钟前 · 夜间 · 非实时",
        "提示：镜头可能有污渍（不告警）",
        "第 1 版 · 验收基线",
        "2026-11-12 21:15 由 20 张学成",
        "93.60%",
        "在线而画面不可用 30.0 小时",
        "WO-0940",
        "/incidents/I000140",
        "登记并查看",
    ):
        assert words in html, words
    assert "<img" not in html
    assert "data:" not in html.replace("data-", "")
    assert html.count('<section class="card') == 2


async def test_planned_against_measured(client: Client) -> None:
    html = await text(client, f"/devices/{TURNED}")
    for words in (
        "设计方位 350°，实测方位 10.3° ±0.2°",
        "顺时针 20.3°",
        "rotate(350.0)",
        "rotate(10.3)",
        "5月3日快 4 分 12 秒",
    ):
        assert words in html, words
    assert "登记并查看" not in html
    english = await text(client, f"/devices/{TURNED}", english=True)
    assert "4 min 12 s fast on 3 May" in english
    assert "clockwise 20.3°" in english


@pytest.mark.parametrize(
    ("device_id", "words", "shape"),
    [
        (LEARNING, ("最新一张有异常，尚未证实", "学习中 3 / 5 张", "学习中 0 / 5 张", "单张，尚未证实"), "○"),
        (UNSEEN, ("还没有看过它的画面",), "○"),
        (FOGGY, ("画面发雾", "天气：邻近摄像机都一样"), "○"),
        (GOOD, ("没有已证实的画面故障",), "●"),
        ("cam-0020", ("还没有看过它的画面",), "○"),
    ],
)
async def test_unknown_is_never_green(client: Client, device_id: str, words: tuple[str, ...], shape: str) -> None:
    html = await text(client, f"/devices/{device_id}")
    for word in words:
        assert word in html, word
    state = re.findall(r'(?s)id="picture".*?<p class="state"[^>]*><span class="glyph (\w+)"[^>]*>(.)<', html)
    assert state == [("up" if shape == "●" else "unknown", shape)]


async def test_other_devices_have_no_picture(client: Client, town: PictureTown) -> None:
    html = await text(client, "/devices/spk-004")
    assert "音柱" in html
    assert "完好率" not in html
    assert 'id="picture"' not in html
    assert "没有它的事件，也没有它的工单" in html
    town.seen = None
    assert "没有开启画面诊断" in await text(client, f"/devices/{COVERED}")
    await text(client, "/devices/nowhere", 404)
    await text(client, "/fragments/devices/nowhere", 404)


async def test_weather_is_told_where_it_is(client: Client, town: PictureTown) -> None:
    own = next(d for d in town.value.devices if d.site_id == FOGGY_SITE and d.kind.has_picture)
    assert "按天气处理" in await text(client, f"/devices/{own.id}")
    assert "按天气处理" not in await text(client, f"/devices/{TURNED}")
    home = await text(client, "/")
    assert re.search(r"天气：\w+村的画面同时变差", home)
    assert "画面已看 5/144 台" in home
    assert home.count("完好 ") >= 27


async def test_a_look_is_on_record_before_the_picture_is_shown_and_shown_once(
    client: Client, town: PictureTown
) -> None:
    page = await look(client, incident=INCIDENT)
    (entry,) = town.register
    assert (entry.who, entry.unit, entry.why) == (LOOK["by"], LOOK["unit"], LOOK["why"])
    assert (entry.device_id, entry.incident_id) == (COVERED, INCIDENT)
    html = await text(client, page)
    for words in ("拍摄于 2026-11-21 19:40:00", "将于 2026-11-28 21:15 删除", "非实时"):
        assert words in html, words
    src = image(html)
    assert re.fullmatch(rf"/devices/{COVERED}/thumbnail/[\w-]{{32}}", src)
    async with client.head(src) as answer:  # a preview uses nothing up
        assert answer.status == 405
    async with client.get(src) as answer:
        assert answer.status == 200
        assert await answer.read() == small_jpeg()
        assert answer.content_type == "image/jpeg"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    await text(client, src, 404)
    again = await text(client, page)
    assert "已经显示过" in again
    assert "<img" not in again
    assert len(town.register) == 1


async def test_a_ticket_is_for_one_camera_and_two_minutes(client: Client, clock: SimulatedClock) -> None:
    src = image(await text(client, await look(client)))
    await text(client, src.replace(COVERED, TURNED), 404)
    await text(client, src[:-1], 404)
    clock.advance(GOOD_FOR_MS)
    await text(client, src, 404)


@pytest.mark.parametrize(
    "fields",
    [
        {"by": ""},
        {"unit": " \u200b"},
        {"why": ""},
        {"by": "x" * 41},
        {"unit": "x" * 61},
        {"why": "x" * 201},
    ],
)
async def test_nobody_looks_without_name_unit_and_reason(
    client: Client, town: PictureTown, fields: dict[str, str]
) -> None:
    await post(client, f"/devices/{COVERED}/view", {**LOOK, **fields}, 400)
    assert town.register == []


async def test_other_sites_register_nothing(client: Client, town: PictureTown) -> None:
    path = f"/devices/{COVERED}/view"
    await post(client, path, LOOK, 403, Origin="https://evil.example")
    await post(client, path, LOOK, 403, Sec_Fetch_Site="cross-site")
    await post(client, path, LOOK, 403, Origin="null")
    keys = re.findall(r'name="key" value="(\w+)"', await text(client, f"/devices/{COVERED}"))
    assert len(set(keys)) == 2
    await post(client, path, {**LOOK, "key": keys[1]}, 403, Origin="null")  # the other form's
    assert town.register == []
    await post(client, path, {**LOOK, "key": keys[0]}, 303, Origin="null")
    async with client.get(path) as answer:
        assert answer.status == 405


async def test_hostile_texts_stay_texts(client: Client, town: PictureTown) -> None:
    page = await look(client, by="甲" + EVIL[:30], unit=EVIL[:60], why=EVIL + EVIL)
    town.value = standing([device(COVERED, Status.DEGRADED, name=EVIL)])
    for path in ("/views", f"/devices/{COVERED}", page):
        html = await text(client, path)
        assert html.count("<script") == 1, path
        assert "onerror=alert" not in re.sub(r"&[#\w]+;[^<]*", "", html)
        assert "\u202e" not in html
    assert "甲&lt;/b&gt;" in await text(client, "/views")


async def test_an_incident_of_another_camera_is_not_what_it_is_for(client: Client, town: PictureTown) -> None:
    for asked in ("I000123", "'; drop", "", EVIL):
        await look(client, incident=asked)
        assert town.register[0].incident_id is None
        html = await text(client, f"/devices/{COVERED}?incident={quote(asked)}")
        assert 'name="incident"' not in html
    assert f'name="incident" value="{INCIDENT}"' in await text(client, f"/devices/{COVERED}?incident={INCIDENT}")


async def test_where_there_is_no_picture_the_page_says_so(client: Client, town: PictureTown) -> None:
    _, html = await post(client, f"/devices/{GOOD}/view", LOOK, 409)
    assert "没有可看的告警画面" in html
    town.jpeg = small_jpeg(1920, 1080)
    _, html = await post(client, f"/devices/{COVERED}/view", LOOK, 409)
    assert "不是模糊小图" in html
    town.jpeg = b"<html>"
    await post(client, f"/devices/{COVERED}/view", LOOK, 409)
    await post(client, "/devices/nowhere/view", LOOK, 404)


async def test_what_is_not_on_record_is_not_shown(client: Client, town: PictureTown) -> None:
    town.broken = True
    location, html = await post(client, f"/devices/{COVERED}/view", LOOK, 500)
    assert location == ""
    assert "no space left" not in html


async def test_the_register_newest_first(client: Client, town: PictureTown) -> None:
    empty = await text(client, "/views")
    assert "还没有人看过画面" in empty
    assert 'aria-current="page"' in empty
    await look(client, by="张三")
    await look(client, by="李四", incident=INCIDENT)
    html = await text(client, "/views")
    assert re.findall(r'<th scope="row"><b>([^<]+)</b>', html) == ["李四", "张三"]
    for words in ("2026-11-21 21:15:00", LOOK["unit"], LOOK["why"], "告警模糊图", f"/incidents/{INCIDENT}"):
        assert words in html
    assert "<form" not in html
    town.register = town.register * 150
    assert "这里只列最新的 200 条" in await text(client, "/views")
    assert len(gzip.compress((await text(client, "/views")).encode())) < 150_000
    async with client.post("/views", data={"by": "x"}) as answer:
        assert answer.status == 405
    async with client.get("/api/v1/views?limit=1") as answer:
        (first,) = (await answer.json())["views"]
        assert (first["who"], first["what"], first["incident_id"]) == ("李四", "thumbnail", INCIDENT)


async def test_a_baseline_is_learned_anew_by_somebody_for_a_reason(client: Client, town: PictureTown) -> None:
    path = f"/devices/{TURNED}/relearn"
    location, _ = await post(client, path, {"by": "王强", "why": "有意转向新路口"}, 303)
    assert "已安排重新学习基线" in await text(client, location)
    assert town.relearned == [(TURNED, "王强", "有意转向新路口")]
    await post(client, path, {"by": "王强"}, 400)
    await post(client, path, {"by": "王强", "why": "x"}, 403, Origin="https://evil.example")
    _, html = await post(client, f"/devices/{UNSEEN}/relearn", {"by": "王强", "why": "x"}, 409)
    assert "无从学习" in html
    await post(client, "/devices/spk-001/relearn", {"by": "王强", "why": "x"}, 404)
    async with client.post(f"/api/v1{path}", json={"by": "王强", "why": "程序"}) as answer:
        assert (answer.status, await answer.json()) == (200, {"done": True})
    async with client.post(f"/api/v1/devices/{UNSEEN}/relearn", json={"by": "王强", "why": "x"}) as answer:
        assert (await answer.json())["error"]["status"] == 409
    assert len(town.relearned) == 2


async def test_incidents_lead_to_the_form(client: Client) -> None:
    html = await text(client, f"/incidents/{INCIDENT}")
    assert "疑似遮挡" in html
    assert "自 19:40" in html
    assert f'href="/devices/{COVERED}?incident={INCIDENT}#look"' in html
    assert "<img" not in html
    other = await text(client, "/incidents/I000123")
    assert 'id="pictures"' not in other
    assert 'href="/devices/cam-0005"' in other


async def test_the_phone_page_says_which_verdict_since_when(client: Client) -> None:
    html = await text(client, f"/i/{PHONE}")
    assert "疑似遮挡 · 自 19:40 · 3 次一致" in html
    assert f'href="/devices/{COVERED}?incident={INCIDENT}#look"' in html
    assert len(html.encode()) < 30_000


async def test_the_api_has_pictures_in_figures_only(client: Client) -> None:
    async with client.get("/api/v1/pictures") as answer:
        body = await answer.json()
    by_id = {camera["device_id"]: camera for camera in body["cameras"]}
    assert body["weather_site_ids"] == [FOGGY_SITE]
    assert by_id[COVERED]["finding"]["verdict"] == "cover"
    assert by_id[TURNED]["finding"]["turn"]["yaw_deg"] == 20.3
    assert by_id[TURNED]["aimed"]["measured_deg"] == 10.3
    assert by_id[LEARNING]["learnt"] == {"day": 3, "night": 0}
    async with client.get(f"/api/v1/devices/{TURNED}") as answer:
        one = await answer.json()
    assert one["picture"] == by_id[TURNED]
    assert [point["offset_s"] for point in one["clock"]] == [-3.0, 252.0, 0.2]
    async with client.get("/api/v1/devices/spk-001") as answer:
        assert "picture" not in await answer.json()
    async with client.get("/api/v1/sites/town") as answer:
        site = await answer.json()
    assert site["pictures"] == {"looked": 5, "found": 2, "weather": False}
    assert site["month"]["percent"]["good"] < site["month"]["percent"]["ratio"]


async def test_metrics(client: Client) -> None:
    async with client.get("/metrics") as answer:
        families = {f.name: f for f in text_string_to_metric_families(await answer.text())}
    findings = {
        (s.labels["verdict"], s.labels["scope"]): s.value for s in families["camkeeper_picture_findings"].samples
    }
    assert findings["cover", "device"] == 1
    assert findings["fog", "weather"] == 1
    assert sum(findings.values()) == 3
    assert ("ok", "device") not in findings
    values = {name: family.samples[0].value for name, family in families.items() if "picture" in name}
    assert values["camkeeper_picture_cameras"] == 6
    assert values["camkeeper_picture_cameras_looked"] == 5
    assert values["camkeeper_picture_diagnosed"] == 4711
    assert values["camkeeper_picture_waiting"] == 2
    assert families["camkeeper_clock_offset_seconds"].samples[0].value == 0.2


async def test_a_monitor_without_pictures_speaks_of_none() -> None:
    settings = BoardSettings(clock=SimulatedClock(wall_ms=AT_MS))
    async with TestClient(TestServer(create_app(DeskTown(), settings=settings))) as client:
        home = await text(client, "/")
        assert "看图登记" not in home
        assert "画面已看" not in home
        assert "完好率" in home
        html = await text(client, "/devices/cam-0001")
        assert "没有开启画面诊断" in html
        assert "登记并查看" not in html
        for path in ("/views", "/api/v1/pictures", "/api/v1/views"):
            await text(client, path, 404)
        await post(client, "/devices/cam-0001/view", LOOK, 404)


async def test_a_device_of_any_name_has_a_page(client: Client, town: PictureTown) -> None:
    odd = "a b?#%<x>é"
    town.value = standing([device(odd)])
    html = await text(client, "/")
    (address,) = set(re.findall(r'<b><a href="(/devices/[^"]+)"', html))
    assert odd.replace("<", "&lt;").replace(">", "&gt;") in await text(client, address)
    keys = re.findall(r'name="key" value="(\w+)"', await text(client, address))
    await post(client, f"{address}/relearn", {"by": "x", "why": "y", "key": keys[-1]}, 404, Origin="null")


async def test_nothing_measured_is_no_rate(client: Client, town: PictureTown) -> None:
    made = device(COVERED, Status.UNKNOWN, month=Buckets())
    town.value = replace(standing([made]))
    html = await text(client, f"/devices/{COVERED}")
    assert html.count('class="none">未测得') == 4
    assert "100.00%" not in html
