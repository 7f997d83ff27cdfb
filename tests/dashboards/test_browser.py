"""The page in a real browser: what people see, hear and press. Needs Debian's chromium; without it these fail."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import expect
from tests.dashboards.stage import Seen, Stage
from tests.dashboards.township import device, township

from camboard.app import create_app, create_runner
from camboard.settings import BoardSettings
from camkeeper.model.status import Status

pytestmark = pytest.mark.asyncio(loop_scope="module")  # one browser for all of them


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (1440, True), (390, False)])
async def test_the_page_is_ours_alone_and_fits(stage: Stage, tmp_path: Path, width: int, dark: bool) -> None:
    async with stage.page(width=width, dark=dark) as page:
        await expect(page.locator("h1")).to_have_text("大郭镇")
        await page.wait_for_timeout(1200)  # through the first renewal
        assert await page.evaluate("document.querySelectorAll('*').length") <= 3000
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        assert await page.evaluate("document.documentElement.lang") == "zh-CN"
        picture = tmp_path / f"board-{width}-{'dark' if dark else 'light'}.png"
        await page.screenshot(path=picture, full_page=True)
        assert picture.stat().st_size > 20_000
    assert stage.seen == Seen()


async def test_the_policy_holds_against_a_script_that_slipped_in(stage: Stage) -> None:
    async with stage.page() as page:
        await page.evaluate(
            """() => {
                const s = document.createElement("script");
                s.textContent = "window.slipped = true";
                document.body.append(s);
                const i = new Image();
                i.src = "http://192.0.2.1/spy.png";
                document.body.append(i);
            }"""
        )
        await page.wait_for_timeout(200)
        assert await page.evaluate("window.slipped === undefined")
    assert any("Content Security Policy" in text for text in stage.seen.complaints)


async def test_the_language_is_switched_and_remembered(stage: Stage) -> None:
    async with stage.page("/?kind=speaker") as page:
        await page.get_by_role("link", name="English").click()
        await expect(page.locator("#t-devices")).to_have_text("Devices")
        await page.goto(stage.base + "/")
        await expect(page.locator("html")).to_have_attribute("lang", "en")
        await page.get_by_role("link", name="中文").click()
        await expect(page.locator("#t-devices")).to_have_text("设备")


async def test_a_change_is_on_screen_within_two_seconds(stage: Stage) -> None:
    async with stage.page() as page:
        await page.wait_for_timeout(1500)
        row = page.locator("tr[data-key=cam-0001]")
        await expect(page.locator("tbody tr").first).to_have_attribute("data-key", "cam-0005")
        stage.town.move(device("cam-0001", Status.DOWN, site_id="v00", name="刚刚断线的摄像机"))
        stage.clock.advance(1000)
        await expect(row).to_have_attribute("data-state", "down", timeout=2000)
        await expect(row).to_contain_text("■ 离线")
        await expect(page.locator("#summary")).to_contain_text("136")
        await expect(page.locator("tbody tr").first).to_have_attribute("data-key", "cam-0001")
        await expect(page.locator("#at")).to_have_text("2026-11-21 21:15:01 UTC+08:00")
    assert stage.seen == Seen()


async def test_renewal_keeps_the_keyboard_where_it_was(stage: Stage) -> None:
    async with stage.page() as page:
        await page.wait_for_timeout(1500)
        tile = page.locator("li[data-key=v10] a")
        await tile.focus()
        stage.town.move(device("cam-0001", Status.DOWN, site_id="v00"))
        await expect(page.locator("tr[data-key=cam-0001]")).to_have_attribute("data-state", "down", timeout=3000)
        await expect(tile).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("li[data-key=v10] a")).to_have_attribute("aria-current", "true")
        assert "site=v10" in page.url


async def test_a_stopped_monitor_is_veiled(stage: Stage) -> None:
    async with stage.page() as page:
        await expect(page.locator("#veil")).to_be_hidden()
        stage.clock.advance(10 * 60_000)
        await expect(page.locator("#veil")).to_contain_text("数据已过期 10 分钟", timeout=4000)
        await expect(page.locator("body")).to_have_class("stale")


async def test_a_stopped_server_is_veiled_and_a_new_one_unveils(stage: Stage) -> None:
    async with stage.page() as page:
        await expect(page.locator("#age")).to_contain_text("数据更新于")
        port = stage.runner.addresses[0][1]
        await stage.runner.cleanup()
        await expect(page.locator("#veil")).to_contain_text("连接已断开", timeout=8000)
        await expect(page.locator("#age")).to_contain_text("数据已过期")
        stage.town.feed = type(stage.town.feed)()
        stage.runner = create_runner(create_app(stage.town, settings=BoardSettings(clock=stage.clock)))
        await stage.runner.setup()
        await web.TCPSite(stage.runner, "127.0.0.1", port, reuse_address=True).start()
        await expect(page.locator("#veil")).to_be_hidden(timeout=15_000)
        await stage.runner.cleanup()


async def test_without_script_it_still_works(stage: Stage) -> None:
    context = await stage.browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(stage.base + "/")
    await page.locator("a.tile").first.click()
    await expect(page.locator("a.clear")).to_be_visible()
    await page.get_by_placeholder("名称、编号或地址").fill("cam-")
    await page.get_by_role("button", name="查找").click()
    assert "q=cam-" in page.url
    assert "site=" in page.url
    await context.close()


async def test_targets_are_large_enough_and_named(stage: Stage) -> None:
    async with stage.page(width=390) as page:
        small = await page.evaluate(
            """() => [...document.querySelectorAll("a.button, a.tile, button, input, .facts a")]
                .map(e => [e.textContent.trim(), e.getBoundingClientRect()])
                .filter(([, r]) => r.height && r.height < 44).map(([t, r]) => t + " " + r.height)"""
        )
        assert small == []
        nameless = await page.evaluate(
            """() => [...document.querySelectorAll("svg[role=img], span[role=img]")]
                .filter(e => !e.getAttribute("aria-label")).length"""
        )
        assert nameless == 0


async def test_a_county_stays_within_the_budget(stage: Stage) -> None:
    stage.town.value = replace(township(cameras=4800, villages=229, speakers=200), name="县")
    async with stage.page() as page:
        assert await page.evaluate("document.querySelectorAll('*').length") <= 3000
        sizes = await page.evaluate(
            """() => performance.getEntriesByType("resource").concat(performance.getEntriesByType("navigation"))
                .filter(e => !e.name.includes("/events")).map(e => e.transferSize)"""
        )
        assert sum(sizes) <= 150_000, json.dumps(sizes)
