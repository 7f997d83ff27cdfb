"""`/` as HTML: what it says, and what it never says."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace

from tests.dashboards.conftest import Client
from tests.dashboards.township import AT_MS, MONTH_MS, Township, device, monitor, rate, standing, township

from camkeeper.availability.buckets import Buckets
from camkeeper.clock import SimulatedClock
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.place import SiteKind
from camkeeper.model.status import Status
from camkeeper.standing.view import UplinkStanding


async def page(client: Client, path: str = "/") -> str:
    async with client.get(path) as answer:
        assert answer.status == 200
        return await answer.text()


async def test_the_first_page_in_chinese(client: Client) -> None:
    html = await page(client)
    assert '<html lang="zh-CN">' in html
    for words in ("大郭镇", "现在在线率", "今日在线率", "本月在线率", "达标", "数据更新于 3 秒前", "UTC+08:00"):
        assert words in html
    assert "137 / 140" in html
    assert "演示数据：地理位置为合成" in html
    assert "第 21 天，共 30 天" in html
    assert "<b>27</b> / 27" in html
    assert html.count("<tr data-key=") == 12  # the worst; all of them are one step away
    assert 'href="/?rows=all#devices">全部 144 台' in html
    assert (await page(client, "/?rows=all")).count("<tr data-key=") == 50


async def test_english_by_address_and_then_by_cookie(client: Client) -> None:
    async with client.get("/?lang=en&site=v03") as answer:
        assert '<html lang="en">' in await answer.text()
        cookie = answer.cookies["lang"]
        assert (cookie.value, cookie["samesite"], cookie["httponly"]) == ("en", "Strict", True)
    html = await page(client, "/?site=v03")
    assert "Online rate now" in html
    assert "synthetic geometry" in html
    assert 'href="/?site=v03&amp;lang=zh"' in html
    assert '<html lang="en">' in await page(client, "/?lang=xx")
    assert '<html lang="zh-CN">' in await page(client, "/?lang=zh")


async def test_in_english_the_lowest_site_that_holds_all_lends_its_name(client: Client, town: Township) -> None:
    value = town.standing()
    (own,) = (s for s in value.sites if s.id == "town")
    city = replace(own, id="city", name="漯河市", name_en="Luohe City", kind=SiteKind.CITY, parent_id=None)
    sites = (city, replace(own, parent_id="city"), *(s for s in value.sites if s.id != "town"))
    town.value = replace(value, total=city, sites=sites)
    assert "<h1>Dagou</h1>" in await page(client, "/?lang=en")
    assert "<h1>大郭镇</h1>" in await page(client, "/?lang=zh")


async def test_worst_village_first(client: Client) -> None:
    tiles = re.findall(r'class="tile (\w+)', await page(client))
    assert len(tiles) == 27
    bad = [state in {"down", "unknown"} for state in tiles]
    assert bad == sorted(bad, reverse=True)


async def test_filters_are_plain_links(client: Client) -> None:
    html = await page(client, "/?kind=speaker&status=down")
    assert html.count("<tr data-key=") == 1
    assert "音柱 5" in html
    html = await page(client, "/?site=v03&q=%E6%9D%86")
    assert set(re.findall(r'<small>[^<]+ · <a href="[^"]*site=(v\d+)', html)) == {"v03"}
    assert 'href="/?site=v03&amp;status=down&amp;q=%E6%9D%86#devices"' in html
    assert "没有符合条件的设备" in await page(client, "/?q=nothing-like-it")
    assert "第 3 / 3 页" in await page(client, "/?page=999")


async def test_hostile_names_are_harmless(client: Client, town: Township) -> None:
    evil = "</b><script>alert(1)</script>\u202e\"'><img src=x onerror=alert(2)>"
    town.value = replace(
        standing([device("x", Status.DOWN, name=evil, site_id="v<0>")]),
        name=evil,
        monitor=monitor(warnings=(evil,), policy=evil),
    )
    html = await page(client, "/?q=%3C%2Finput%3E%3Cscript%3E&site=%22%3E%3Cscript%3E&kind=all")
    assert html.count("<script") == 1
    assert "<img" not in html
    assert "\u202e" not in html
    assert "�" in await page(client)
    assert "onerror=alert" not in re.sub(r"&[#\w]+;[^<]*", "", html)


async def test_nothing_measured_is_said_so(client: Client, town: Township) -> None:
    nothing = Buckets()
    made = standing([device("a", Status.UNKNOWN, month=nothing, since_ms=None, last_sample_ms=None)])
    town.value = replace(made, monitor=monitor(last_sample_ms=None, started_ms=AT_MS - 5000))
    html = (await page(client)).replace("[0.00%, 100.00%]", "")  # the bounds of one unknown camera at this instant
    assert "未测得" in html
    assert "正在进行第一次探测…" in html
    assert "0.00%" not in html
    assert "100.00%" not in html
    assert "未能判定" in html
    assert "尚无可计的时间" in html


async def test_no_devices(client: Client, town: Township) -> None:
    town.value = standing([])
    assert "还没有登记设备" in await page(client)


async def test_unknown_is_never_shown_as_online(client: Client, town: Township) -> None:
    town.value = standing([device(f"c{n}", Status.UNKNOWN, month=Buckets(unknown_ms=1000)) for n in range(3)])
    html = await page(client)
    assert 'class="tile unknown' in html
    assert 'class="tile up' not in html
    assert "全部未知" in html
    assert "未测得" in html
    assert "100.00%" not in html.replace("[0.00%, 100.00%]", "")
    assert 'class="verdict met' not in html


async def test_94_996_is_not_95(client: Client, town: Township) -> None:
    month = Buckets(up_ms=94_996, down_ms=5_004)
    town.value = standing([device("a", month=month)])
    html = await page(client)
    assert "94.99%" in html
    assert "95.00%" not in html
    assert "未达标" in html


async def test_a_lost_uplink_stands_on_top(client: Client, town: Township) -> None:
    lost = UplinkStanding(id="u", name="电信专线", sees=False, since_ms=AT_MS - 60_000)
    town.value = replace(town.value, monitor=monitor(uplinks=(lost,), warnings=("配置未采纳 / configuration refused",)))
    html = await page(client)
    assert "监测端看不见：上联“电信专线”自 21:14 中断，其后设备状态未知" in html
    assert "配置未采纳" in html
    assert html.index("监测端看不见") < html.index("现在在线率")


async def test_old_data_are_veiled(client: Client, clock: SimulatedClock) -> None:
    clock.advance(17_000)
    assert 'id="veil" role="alert" hidden' in await page(client)
    clock.advance(5 * 60_000)
    html = await page(client)
    assert '<body class="stale">' in html
    assert "数据已过期 5 分钟" in html


async def test_maintenance_is_a_state_of_its_own(client: Client, town: Township) -> None:
    town.value = standing([device("a", Status.DOWN, in_window=True), device("b")])
    html = await page(client)
    assert "◆" in html
    assert 'class="tile maintenance' in html
    assert "<small>离线</small>" in html
    assert "1 / 1" in html


async def test_many_villages_are_paged(client: Client, town: Township) -> None:
    town.value = township(cameras=300, villages=130)
    assert len(re.findall('class="tile ', await page(client))) == 36
    assert len(re.findall('class="tile ', await page(client, "/?tiles=4"))) == 22


async def test_the_fragment_is_the_page_s_live_part(client: Client) -> None:
    whole = await page(client, "/?kind=ptz")
    async with client.get("/fragments/board?kind=ptz") as answer:
        part = await answer.text()
        assert answer.headers["X-At-Ms"] == str(AT_MS)
        assert answer.headers["X-Age-Ms"] == "3000"
    assert part in whole
    assert 'data-fragment="/fragments/board?kind=ptz"' in whole


async def test_the_budget(client: Client) -> None:
    html = await page(client)
    size = len(gzip.compress(html.encode()))
    for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', html):
        async with client.get(address) as answer:
            assert answer.status == 200
            assert "immutable" in answer.headers["Cache-Control"]
            size += len(gzip.compress(await answer.read()))
    assert size <= 150_000
    assert not re.search(r'(?:href|src)="(?:https?:)?//', html)
    assert not re.search(r"<[^>]+\s(?:style|on\w+)=", html)


async def test_a_month_that_has_just_begun(client: Client, town: Township) -> None:
    made = standing([device("a", month=Buckets(), kind=DeviceKind.PTZ)])
    town.value = replace(made, at_ms=MONTH_MS, total=replace(made.total, month=rate(Buckets(), MONTH_MS, MONTH_MS)))
    html = await page(client)
    assert "2026-11" in html
    assert "0% · 第 1 天，共 30 天" in html
