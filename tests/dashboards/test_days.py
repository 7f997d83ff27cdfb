"""Each role's day, walked through in a real browser on the whole township with its login. Needs Debian's chromium."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, Request, Route, expect
from tests.dashboards.people import PASSWORD
from tests.dashboards.whole_stage import LONG_HISTORY, PAGE_LINES, WholeStage, whole_stage
from tests.monitor.run.township import QUICK_DISK

from camboard.routes import ROUTES
from camkeeper.model.access import Role
from camkeeper.model.workorder import OrderState

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole(browser: Browser) -> AsyncIterator[WholeStage]:
    with TemporaryDirectory(dir=QUICK_DISK) as folder:
        async with whole_stage(Path(folder), browser) as made:
            yield made


async def signed_in(whole: WholeStage, context: BrowserContext, who: str, there: str = "/") -> Page:
    """Come in by the form, as people do."""
    page = await context.new_page()
    await page.goto(f"{whole.base}{there}")
    await page.locator("#name").fill(who)
    await page.locator("#password").fill(PASSWORD)
    await page.locator("button.primary").click()
    await expect(page.locator(".signed")).to_contain_text(who)
    return page


async def test_a_technicians_morning(whole: WholeStage) -> None:
    """The worst village, its device, the reason to the record, a probe, and maintenance agreed for tomorrow."""
    async with whole.context(None) as context:
        page = await signed_in(whole, context, "zhangmin")
        await expect(page.locator(".grave").first).to_contain_text("何庄村文化广场杆")
        await page.locator("a.tile").first.click()
        await expect(page.locator("a.clear")).to_be_visible()
        row = page.locator("#devices tbody tr[data-state=down]").first
        name = await row.locator("th a").first.inner_text()
        device = await row.get_attribute("data-key")
        await row.locator("th a").first.click()
        await expect(page.locator(".case h2")).to_contain_text(name)
        await page.get_by_role("button", name="立即探测").click()
        await expect(page.locator(".case h2")).to_contain_text(name)
        assert whole.town.probed == [device]
        await page.get_by_role("link", name="本月为什么是").click()
        await expect(page.locator("main")).to_contain_text("口径")
        await page.get_by_role("link", name="检修与剔除").or_(page.locator("nav.ways a[href='/windows']")).first.click()
        await page.get_by_role("link", name="登记检修或剔除").click()
        await page.locator("#w-from").fill("2026-11-22T09:00")
        await page.locator("#w-to").fill("2026-11-22T11:00")
        await page.locator("#w-devices").fill(str(device))
        await page.locator("#w-reason").fill("更换电源适配器")
        await page.get_by_role("button", name="提交登记").click()
        await expect(page.locator("main")).to_contain_text("更换电源适配器")
    agreed = whole.town.windows()
    assert agreed is not None
    assert [w.by for w in agreed.coming if w.device_ids == (device,)] == ["zhangmin"]


async def test_a_contractor_with_a_phone_in_one_hand(whole: WholeStage) -> None:
    """The message, its page, accepted, on site, repaired: nobody signs in, no script runs."""
    story = await whole.town.story(whole.town.of("dg03-cam-02").incident.id)
    assert "码" in story.message_zh
    async with whole.context(None, width=390, height=844, script=False) as context:
        page = await context.new_page()
        await page.goto(f"{whole.base}/i/{story.phone_token}")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390
        await page.get_by_label("姓名").fill("王强")
        for word in ("接单", "到场"):
            await page.get_by_role("button", name=word).tap()
            await expect(page.locator(".done").last).to_contain_text(word)
        await page.locator("button[value=repaired]").tap()
        await expect(page.locator("header p")).to_contain_text("报修复，待核验")
        await page.goto(whole.base + "/orders")
        await expect(page.locator("#password")).to_be_visible()  # the address opens its own incident alone
    order = whole.town.of("dg03-cam-02").order
    assert order is not None
    assert order.state is OrderState.REPAIRED


async def test_a_contractors_list_is_of_their_own(whole: WholeStage) -> None:
    async with whole.context(None, width=390, height=844) as context:
        page = await signed_in(whole, context, "wangqiang", "/orders")
        await expect(page.locator("main")).to_contain_text("何庄村文化广场杆")
        await expect(page.locator("main")).not_to_contain_text("阎庄村汇聚交换机")
        await page.goto(whole.base + "/map")
        await expect(page.locator("body")).to_contain_text("403")


async def test_an_officials_quarter_of_an_hour(whole: WholeStage) -> None:
    """From the map, by day and night, to the closed month and its table; nothing can be done by mistake."""
    async with whole.context(None) as context:
        page = await signed_in(whole, context, "lizhen", "/map")
        await expect(page.locator("h2").first).to_contain_text("大郭镇")
        await expect(page.locator("#map canvas")).to_be_visible()
        await page.get_by_role("link", name="夜间").click()
        assert "night=1" in page.url
        await page.locator("nav.ways a[href='/reports']").click()
        await page.locator("main a[href='/reports/2026-10']").first.click()
        await expect(page.locator("main")).to_contain_text("何庄村")
        async with page.expect_download() as downloading:
            await page.locator("a[href*='2026-10.csv']").first.click()
        assert (await (await downloading.value).path()).stat().st_size > 500
        assert await page.locator("main form[method=post]").count() == 0
        for path in ("/incidents", "/orders", "/windows", "/settings", "/audit"):
            answer = await page.goto(whole.base + path)
            assert answer is not None
            assert answer.status == 403, path


async def test_the_countys_look_at_a_town(whole: WholeStage) -> None:
    """The roll-up and the reason of a figure; no device's page, no picture, no step."""
    async with whole.context(None) as context:
        page = await signed_in(whole, context, "xianji")
        await expect(page.locator(".tiles li")).not_to_have_count(0)
        await page.goto(whole.base + "/why?site=dg04")
        await expect(page.locator("main")).to_contain_text("口径")
        await page.goto(whole.base + "/reports/2026-10")
        await expect(page.locator("main")).to_contain_text("何庄村")
        answer = await page.goto(whole.base + "/devices/dg04-cam-01")
        assert answer is not None
        assert answer.status == 403


async def test_the_wall_sees_a_failure_by_itself(whole: WholeStage) -> None:
    """A screen with nothing but its token: it shows the next failure without a hand, and asks for nothing else."""
    async with whole.context("daping", width=1920, height=1080) as context:
        page = await context.new_page()
        await page.goto(whole.base + "/wall")
        before = await page.locator("#tiles li.down").count()
        await whole.town.fall("dg22-cam-01", "dg22-cam-02", "dg22-cam-03", "dg22-cam-04", "dg22-ptz-01")
        await expect(page.locator("#tiles li.down")).not_to_have_count(before, timeout=10_000)
        answer = await page.goto(whole.base + "/devices")
        assert answer is not None
        assert answer.status == 403


async def test_acknowledged_by_keyboard_alone(whole: WholeStage) -> None:
    async with whole.context("zhangmin") as context:
        page = await context.new_page()
        await page.goto(whole.base + "/incidents")
        await _tab_to(page, "a[href='/incidents/{}']".format(whole.town.of("dg16-cam-02").incident.id))
        await page.keyboard.press("Enter")
        await expect(page.locator("button[value=acknowledge]")).to_be_enabled()
        await _tab_to(page, "button[value=acknowledge]")
        ring = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert ring != "none"  # whoever has no mouse sees where they are
        await page.keyboard.press("Enter")
        await expect(page.locator(".steps .done").first).to_contain_text("zhangmin")
    assert whole.town.of("dg16-cam-02").incident.acknowledged_by == "zhangmin"


async def _tab_to(page: Page, selector: str) -> None:
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"no way to {selector} by keyboard")


THEIRS = frozenset(line.path for line in ROUTES if line.open_to(Role.TECHNICIAN))


async def test_without_script_everything_is_read_and_one_acknowledges(whole: WholeStage) -> None:
    async with whole.context("zhangmin", script=False) as context:
        page = await context.new_page()
        for line, path in (await whole.paths()).items():
            if line in {"/i/{token}", "/login"} or line not in THEIRS:
                continue  # those that need no signing in; an admin's
            answer = await page.goto(whole.base + path)
            assert answer is not None
            assert answer.status == (404 if line in LONG_HISTORY else 200), path
            assert len(await page.locator("body").inner_text()) > 20, path
        incident = whole.town.of("dg04-cam-01").incident.id
        await page.goto(f"{whole.base}/incidents/{incident}")
        await page.locator("button[value=acknowledge]").click()
        await expect(page.locator(".steps .done").first).to_contain_text("zhangmin")


ACROSS = "document.documentElement.scrollWidth"
CUT = """() => [...document.querySelectorAll("main *")].filter(e => {
    const s = getComputedStyle(e);
    return s.overflowX === "hidden" && e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 1 && e.offsetParent
        && s.textOverflow !== "ellipsis" && !e.closest("svg, #map, .sr, select");
}).map(e => e.className + ": " + e.textContent.trim().slice(0, 60))"""


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_at_twice_the_size_nothing_is_lost(whole: WholeStage, language: str) -> None:
    """1280 px at 200 % are 640 CSS px, and at 400 % they are 320 (WCAG 1.4.4 and 1.4.10)."""
    found = []
    async with whole.context("guanli") as context:
        page = await context.new_page()
        for line, path in (await whole.paths()).items():
            if line == "/login":
                continue
            for width in (640, 390) if line == "/wall" else (640, 320):
                await page.set_viewport_size({"width": width, "height": 500})
                await page.goto(f"{whole.base}{path}{'&' if '?' in path else '?'}lang={language}")
                across, cut = await page.evaluate(ACROSS), await page.evaluate(CUT)
                if across > width or cut:
                    found.append((line, width, across, cut[:3]))
    assert found == [], "\n".join(map(str, found))


async def test_who_wants_no_motion_gets_none(whole: WholeStage) -> None:
    async with whole.context("guanli") as context:
        page = await context.new_page()
        await page.emulate_media(reduced_motion="reduce")
        for path in ("/", "/devices", "/incidents", "/wall", "/map"):
            await page.goto(whole.base + path)
            await page.wait_for_timeout(300)
            await page.evaluate("document.querySelectorAll('tr, li').forEach(e => e.classList.add('changed'))")
            assert await page.evaluate("document.getAnimations().length") == 0, path


async def test_the_map_needs_no_webgl(whole: WholeStage) -> None:
    async with whole.context("lizhen") as context:
        await context.add_init_script(
            """const get = HTMLCanvasElement.prototype.getContext;
               window.asked = [];
               HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
                   window.asked.push(kind);
                   return kind.startsWith("webgl") ? null : get.call(this, kind, ...more);
               };"""
        )
        page = await context.new_page()
        await page.goto(whole.base + "/map")
        await expect(page.locator("#map canvas")).to_be_visible()
        await page.wait_for_function("window.asked.length > 0")
        assert set(await page.evaluate("window.asked")) == {"2d"}


async def test_no_page_asks_another_host(whole: WholeStage) -> None:
    """Every request passes a gate that lets none out; what it stopped is listed."""
    stopped: list[str] = []

    async def gate(route: Route, request: Request) -> None:
        if request.url.startswith((whole.base + "/", "data:")):
            await route.continue_()
        else:
            stopped.append(request.url)
            await route.abort()

    async with whole.context("guanli") as context:
        await context.route("**/*", gate)
        page = await context.new_page()
        paths = await whole.paths()
        assert paths.keys() == set(PAGE_LINES)
        for path in paths.values():
            await page.goto(whole.base + path, wait_until="load")
            await page.wait_for_timeout(150)
    assert stopped == []
    assert whole.seen.hosts == set()
