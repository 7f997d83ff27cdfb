"""Incidents, work orders and the phone page as HTML: what they say, and what they never say."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace

import pytest
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.parser import text_string_to_metric_families
from tests.dashboards.conftest import Client
from tests.dashboards.desk_town import TOKEN, DeskTown, incident, lively, order, quiet, view
from tests.dashboards.township import AT_MS, HOUR_MS, Township

from camboard.app import create_app
from camboard.desk import words as deskwords
from camboard.desk.story import phone_digits
from camboard.i18n import languages
from camboard.settings import BoardSettings
from camkeeper.clock import SimulatedClock
from camkeeper.model.incident import Cause, Confidence, Domain, DomainKind, Happening, IncidentState
from camkeeper.model.workorder import OrderState, Step
from camkeeper.standing.desk import Action

EVIL = "</b><script>alert(1)</script>\u202e\"'><img src=x onerror=alert(2)>"
PAGES = ("/", "/incidents", "/incidents/I000123", "/orders", f"/i/{TOKEN}")


@pytest.fixture
def town() -> DeskTown:
    return DeskTown()


async def text(client: Client, path: str, status: int = 200) -> str:
    async with client.get(path, headers={"Accept": "text/html"}) as answer:
        assert answer.status == status, path
        return await answer.text()


async def test_a_row_per_incident_gravest_first_then_what_is_over(client: Client) -> None:
    html = await text(client, "/incidents")
    keys = re.findall(r'<tr data-key="(I\d+)"', html)
    assert keys == ["I000121", "I000123", "I000118", "I000125", "I000117"]
    said = ("■</span> 交换机", "▲</span> 登录被拒", "○</span> 监测端断网", "接单已超时 2 小时 37 分", "WO-0930")
    for words in (*said, "李值班", "无人认领", "含下级事件 1 起", "历时 10 小时 0 分", "未送达 1 条", "最近检查 21:14"):
        assert words in html
    assert "93000 · invalid webhook url" in html
    assert "有 2 条消息等待发送" in html


async def test_filters_by_cause_and_by_site(client: Client) -> None:
    assert re.findall(r'<tr data-key="(I\d+)"', await text(client, "/incidents?cause=power")) == ["I000123"]
    html = await text(client, "/incidents?site=v01")
    assert re.findall(r'<tr data-key="(I\d+)"', html) == ["I000121"]
    assert 'href="/incidents?site=v01&amp;cause=switch"' in html
    assert "没有符合条件的未处理事件" in await text(client, "/incidents?site=v09")
    await text(client, "/incidents?site=nowhere", 404)
    await text(client, "/incidents?cause=ghosts", 400)


async def test_nothing_open_says_when_it_was_looked_at(client: Client, town: DeskTown) -> None:
    town.now = quiet()
    html = await text(client, "/incidents")
    assert "无未处理事件<br><small>最近检查 21:14</small>" in html
    assert "没有未完的工单" in await text(client, "/orders")
    assert "gravest" not in await text(client, "/")


async def test_the_story_has_both_histories_the_evidence_and_the_message(client: Client) -> None:
    html = await text(client, "/incidents/I000123")
    times = re.findall(r'class="at">([^<]+)<', html)
    assert times == sorted(times, reverse=True)
    for words in (
        "开工单</b> · 探测",
        "成立",
        "派单",
        "所属3台全部离线",
        "1秒内同时离线",
        "2 / 3 台仍未恢复",
        "码 4821",
    ):
        assert words in html
    assert "【离线·疑似断电】大郭村 3台 #WO-0931 码4821\n对象" in html
    assert 'href="tel:03951234567"' in html
    assert html.count('class="st"') == 3
    assert f'href="/i/{TOKEN}">手机页</a>' in html
    english = await text(client, "/incidents/I000123?lang=en")
    for words in ("all 3 on it are out", "[Down: power?]", "Order opened", "waits to be accepted", "2 of 3 still out"):
        assert words in english
    await text(client, "/incidents/I999999", 404)


async def test_what_is_over_asks_for_no_step(client: Client) -> None:
    html = await text(client, "/incidents/I000117")
    assert "<form" not in html
    assert "手机页" not in html
    assert "历时 10 小时 0 分" in html


async def test_orders_overdue_first(client: Client) -> None:
    html = await text(client, "/orders")
    assert re.findall(r'<tr data-key="(WO-\d+)"', html) == ["WO-0930", "WO-0931"]
    assert 'href="/incidents/I000121"' in html
    for words in ("超时 2 张", "县通维保", "待接单", "18:38"):
        assert words in html


async def test_the_first_page_shows_the_three_gravest_and_the_header_counts(client: Client, town: DeskTown) -> None:
    html = await text(client, "/")
    assert re.findall(r'class="grave \w+" href="/incidents/(\w+)"', html) == ["I000121", "I000123", "I000118"]
    assert 'id="open-count" class="some">4</b>' in html
    assert 'data-open="4"' in html
    town.now = quiet()
    assert 'id="open-count">0</b>' in await text(client, "/")


async def test_a_monitor_without_a_desk_speaks_of_none() -> None:
    settings = BoardSettings(clock=SimulatedClock(wall_ms=AT_MS))
    async with TestClient(TestServer(create_app(Township(), settings=settings))) as client:
        assert "/incidents" not in await text(client, "/")
        for path in (*PAGES[1:], "/api/v1/incidents", "/api/v1/orders"):
            await text(client, path, 404)


async def test_a_desk_that_is_not_there_yet(client: Client, town: DeskTown) -> None:
    town.now = None
    assert "/incidents" not in await text(client, "/")
    await text(client, "/incidents", 503)
    await text(client, f"/i/{TOKEN}", 503)


@pytest.mark.parametrize("path", PAGES)
async def test_hostile_names_are_harmless(client: Client, town: DeskTown, path: str) -> None:
    assert town.now is not None
    open_ = tuple(
        replace(
            v,
            name=EVIL,
            position=EVIL,
            contact=EVIL,
            contractor=EVIL,
            phone='1"><script>',
            incident=replace(v.incident, acknowledged_by=EVIL),
        )
        for v in town.now.open
    )
    letters = tuple(replace(x, subject=EVIL, detail=EVIL, channel_id=EVIL) for x in town.now.dead_letters)
    town.now = replace(town.now, open=open_, dead_letters=letters)
    html = await text(client, path)
    assert "<script>alert" not in html
    assert "<img" not in html
    assert "\u202e" not in html
    assert 'href="tel:' not in html


async def test_the_phone_page_says_what_a_van_needs(client: Client) -> None:
    async with client.get(f"/i/{TOKEN}") as answer:
        html = await answer.text()
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer.headers["X-Robots-Tag"]
    said = (
        "供电 · 大郭村北杆",
        "文化广场北侧电杆，箱号B12",
        "20:40 · 已 35 分钟",
        "接单已超时 5 分钟",
        "连接 ✗",
        "WO-0931",
    )
    for words in said:
        assert words in html
    assert "<script" not in html
    assert 'href="tel:03951234567"' in html
    assert re.findall(r'value="(\w+)"( disabled)?>', html) == [
        ("accept", ""),
        ("on_site", " disabled"),
        ("repaired", " disabled"),
    ]


@pytest.mark.parametrize("token", ["t-9fK2uQ0vYx", "x", "%E6%9D%91", "a" * 500, "%00", TOKEN + "%0a"])
async def test_an_unknown_token_gets_what_any_wrong_address_gets(client: Client, token: str) -> None:
    assert await text(client, f"/i/{token}", 404) == await text(client, "/nothing", 404)


async def test_old_data_are_told_on_the_phone(client: Client, clock: SimulatedClock) -> None:
    clock.advance(10 * 60_000)
    assert "数据已过期 10 分钟" in await text(client, f"/i/{TOKEN}")


async def test_budgets(client: Client, town: DeskTown) -> None:
    css = await text(client, "/static/phone.css")
    page = await text(client, f"/i/{TOKEN}")
    assert len(gzip.compress(css.encode())) + len(gzip.compress(page.encode())) <= 40_000
    many = [incident(n, *(f"cam-{m:04d}" for m in range(n % 140))) for n in range(1, 400)]
    assert town.now is not None
    views = tuple(view(i, order(i_n, i, Step.ASSIGNED), name=f"杆 {i.id}") for i_n, i in enumerate(many, 1))
    orders = tuple(v.order for v in views if v.order)
    town.now = replace(town.now, open=views, recent=views, orders=orders)
    for path in ("/incidents", "/incidents/I000139", "/orders"):
        html = await text(client, path)
        assert len(gzip.compress(html.encode())) <= 60_000
        assert len(re.findall(r"<\w", html)) <= 3000
    assert "第 1 / 8 页" in await text(client, "/incidents")


async def test_metrics(client: Client) -> None:
    async with client.get("/metrics") as answer:
        families = list(text_string_to_metric_families(await answer.text()))
    found = {(s.name, *s.labels.values()): s.value for f in families for s in f.samples}
    assert found["camkeeper_incidents_open", "power"] == 1
    assert found["camkeeper_incidents_open", "image"] == 0
    assert found["camkeeper_orders", "assigned"] == 2
    assert found["camkeeper_letters", "waiting"] == 2
    assert found["camkeeper_letters", "dead"] == 1
    assert found["camkeeper_incidents_unacknowledged",] == 3


async def test_what_the_probe_watches_owes_nothing(client: Client, town: DeskTown) -> None:
    of = incident(123, "cam-0005", ago_ms=9 * HOUR_MS)
    done = order(931, of, Step.ASSIGNED, Step.ACCEPTED, Step.ON_SITE, Step.REPAIRED)
    town.now = replace(lively(), open=(replace(view(of, done), overdue=False),), orders=(done,))
    html = await text(client, f"/i/{TOKEN}")
    assert "报修复，待核验" in html
    assert "超时" not in html
    assert html.count("✓ ") == 3
    assert "<button" not in html


def test_every_value_has_a_word() -> None:
    assert set(deskwords.DOMAIN) == set(DomainKind)
    assert set(deskwords.HAPPENING) == set(Happening)
    assert set(deskwords.ORDER_STATE) == set(deskwords.ORDER_SHAPE) == set(OrderState)
    assert set(deskwords.STEP) == set(Step)
    assert set(deskwords.ACTION) == set(Action)
    for say in languages().values():
        assert all(deskwords.cause_word(cause, say) for cause in Cause)
        assert all(deskwords.confidence_word(how, say) for how in Confidence)


def test_a_resolved_or_empty_incident_has_a_shape() -> None:
    of = incident(1, "a", recovered=("a",))
    assert deskwords.tone_of(of) == ("down", "■")
    blind = replace(of, domain=Domain(kind=DomainKind.MONITOR, id="u"), state=IncidentState.OPEN)
    assert deskwords.tone_of(blind) == ("unknown", "○")


@pytest.mark.parametrize(
    ("said", "dialled"),
    [("0395-123 4567", "03951234567"), ("+86 138", "+86138"), ("", ""), ("call+1", ""), ("12", ""), ("1" * 30, "")],
)
def test_only_numbers_are_dialled(said: str, dialled: str) -> None:
    assert phone_digits(said) == dialled
