"""Incidents and the phone page in a real browser: by keyboard, by thumb, without script. Needs Debian's chromium."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Page, Route, expect
from tests.dashboards.desk_town import TOKEN, DeskTown, incident, view
from tests.dashboards.stage import Seen, Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

SMALL = """() => [...document.querySelectorAll("a, button, input:not([type=hidden])")]
    .filter(e => !e.matches(".skip"))
    .map(e => [e.textContent.trim() || e.name, e.getBoundingClientRect()])
    .filter(([, r]) => r.height && (r.height < 44 || r.width < 44)).map(([t, r]) => `${t} ${r.width}x${r.height}`)"""


@pytest.fixture
def town() -> DeskTown:
    return DeskTown()


def desk(stage: Stage) -> DeskTown:
    assert isinstance(stage.town, DeskTown)
    return stage.town


async def tab_to(page: Page, selector: str, within: int) -> None:
    """Go there by Tab alone; a fresh page on a busy machine may not hear the first."""
    for _ in range(within):
        await page.keyboard.press("Tab")
        if await page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    where = await page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
    raise AssertionError(f"{selector} is not within {within} steps by keyboard; now at {where}")


async def test_the_first_renewal_leaves_the_focus_where_it_is(stage: Stage) -> None:
    """A line that comes up slowly: the reader writes before the stream has opened."""
    async with stage.page("/") as page:
        writing = asyncio.Event()

        async def later(route: Route) -> None:
            await writing.wait()
            await route.continue_()

        await page.route("**/events", later)
        await page.goto(f"{stage.base}/incidents/I000123", wait_until="domcontentloaded")
        await page.locator("#by").focus()
        await page.keyboard.type("李")
        async with page.expect_response(lambda answer: "fragment" in answer.url or "/incidents/I000123" in answer.url):
            writing.set()
        await page.wait_for_timeout(300)
        await page.keyboard.type("值班")
        await expect(page.locator("#by")).to_have_value("李值班")
        await expect(page.locator("#by")).to_be_focused()


@pytest.mark.parametrize(
    ("path", "width", "dark"),
    [
        ("/incidents", 1440, False),
        ("/incidents", 390, True),
        ("/incidents/I000121", 1440, True),
        ("/incidents/I000123?lang=en", 390, False),
        ("/orders", 390, False),
        ("/orders?lang=en", 1440, False),
    ],
)
async def test_pages_are_ours_alone_and_fit(stage: Stage, tmp_path: Path, path: str, width: int, dark: bool) -> None:
    async with stage.page(path, width=width, dark=dark) as page:
        await page.wait_for_timeout(1200)  # through the first renewal
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        assert await page.evaluate(SMALL) == []
        await page.screenshot(path=tmp_path / "desk.png", full_page=True)
    assert stage.seen == Seen()


async def test_acknowledged_by_keyboard_alone(stage: Stage) -> None:
    async with stage.page("/incidents") as page:
        await page.locator("tr[data-key=I000123] a").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator(".case h2")).to_contain_text("供电 · 大郭村北杆")
        await tab_to(page, "a.skip", within=3)
        await page.keyboard.press("Enter")  # the link past the header
        await tab_to(page, "#by", within=20)
        await page.keyboard.type("李值班")
        await page.wait_for_timeout(1500)  # a renewal must not take the name away
        await tab_to(page, "button[value=acknowledge]", within=2)
        await page.keyboard.press("Enter")
        await expect(page.locator(".steps .done")).to_contain_text("李值班")
        await expect(page.locator("#by")).to_have_value("李值班")
        await page.reload()  # sends nothing again
        assert len(desk(stage).acts) == 1
    assert stage.seen == Seen()


async def test_a_new_incident_is_on_every_page_within_two_seconds(stage: Stage) -> None:
    town = desk(stage)
    async with stage.page("/incidents") as page, stage.page("/") as home:
        await page.wait_for_timeout(1500)
        assert town.now is not None
        new = view(incident(130, "cam-0020", "cam-0021"), name="陶庄村东杆")
        town.now = replace(town.now, open=(new, *town.now.open))
        town.move()
        stage.clock.advance(1000)
        await expect(page.locator("#open tbody tr").first).to_have_attribute("data-key", "I000130", timeout=2000)
        await expect(page.locator("#open-count")).to_have_text("5")
        await expect(home.locator(".grave").first).to_contain_text("陶庄村东杆", timeout=2000)
        await expect(home.locator("#open-count")).to_have_text("5")
    assert stage.seen == Seen()


async def test_the_phone_without_script_from_acceptance_to_repair(stage: Stage, tmp_path: Path) -> None:
    context = await stage.browser.new_context(
        java_script_enabled=False, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = await context.new_page()
    stage.seen.watch(page, stage.base)
    await page.goto(f"{stage.base}/i/{TOKEN}")
    await page.get_by_label("姓名").fill("王强")
    await page.get_by_role("button", name="接单").tap()
    await expect(page.locator(".done")).to_contain_text("王强")
    await expect(page.get_by_label("姓名")).to_have_value("王强")
    await page.get_by_role("button", name="到场").tap()
    await page.get_by_role("button", name="修复").tap()
    await expect(page.locator("header p")).to_contain_text("报修复，待核验")
    await page.screenshot(path=tmp_path / "phone.png")
    await context.close()
    assert [act.by for act in desk(stage).acts] == ["王强"] * 3
    assert stage.seen == Seen()


async def test_the_phone_page_is_one_screen_small_and_large_enough_to_press(stage: Stage) -> None:
    for lang in ("zh", "en"):
        async with stage.page(f"/i/{TOKEN}?lang={lang}", width=390) as page:
            await page.set_viewport_size({"width": 390, "height": 844})
            assert await page.evaluate("document.documentElement.scrollHeight") <= 844
            assert await page.evaluate("document.documentElement.scrollWidth") <= 390
            assert await page.evaluate(SMALL) == []
            assert await page.evaluate("document.scripts.length") == 0
            sizes = await page.evaluate(
                """() => performance.getEntriesByType("resource").concat(performance.getEntriesByType("navigation"))
                    .map(e => e.transferSize)"""
            )
            assert sum(sizes) <= 40_000
    assert stage.seen == Seen()


async def test_a_second_tap_on_an_old_page_is_told(stage: Stage) -> None:
    async with stage.page(f"/i/{TOKEN}", width=390) as first, stage.page(f"/i/{TOKEN}", width=390) as second:
        for page in (first, second):
            await page.get_by_label("姓名").fill("王强")
        await first.get_by_role("button", name="接单").click()
        await expect(first.locator(".done")).to_be_visible()
        await second.get_by_role("button", name="接单").click()
        await expect(second.locator(".told")).to_contain_text("现在还不能走这一步")
        await expect(second.locator(".done")).to_contain_text("接单")


async def test_a_page_elsewhere_cannot_press_our_buttons(stage: Stage) -> None:
    async def trap(_: web.Request) -> web.Response:
        form = (
            f'<form method="post" action="{stage.base}/incidents/I000123"><input name="by" value="x">'
            '<button name="step" value="acknowledge">press</button></form>'
        )
        return web.Response(text=form, content_type="text/html")

    elsewhere = web.Application()
    elsewhere.router.add_get("/", trap)
    runner = web.AppRunner(elsewhere, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    context = await stage.browser.new_context()
    page = await context.new_page()
    await page.goto(f"http://localhost:{runner.addresses[0][1]}/")
    async with page.expect_navigation() as navigation:
        await page.locator("button").click()
    answer = await navigation.value
    assert answer is not None
    assert answer.status == 403
    await expect(page.locator("h1")).to_contain_text("不是从本系统的页面发出的")
    await context.close()
    await runner.cleanup()
    assert desk(stage).acts == []
