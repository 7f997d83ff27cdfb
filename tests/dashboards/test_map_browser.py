"""The map in a real browser: what is drawn, pressed and read. Needs Debian's chromium; without it these fail."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from tests.dashboards.covered import CoveredTown
from tests.dashboards.stage import Seen, Stage

from camkeeper.model.status import Status

pytestmark = pytest.mark.asyncio(loop_scope="module")

# How many points of the canvas have about this colour, given as a CSS variable.
COUNT = """(name) => {
    const probe = document.createElement("canvas").getContext("2d");
    probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
    probe.fillRect(0, 0, 1, 1);
    const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
    const canvas = document.querySelector("#map canvas"), copy = document.createElement("canvas");
    [copy.width, copy.height] = [canvas.width, canvas.height];
    const c = copy.getContext("2d", { willReadFrequently: true });
    c.drawImage(canvas, 0, 0);
    const d = c.getImageData(0, 0, copy.width, copy.height).data;
    let n = 0;
    for (let i = 0; i < d.length; i += 4)
        n += d[i + 3] > 200 && Math.abs(d[i] - r) + Math.abs(d[i + 1] - g) + Math.abs(d[i + 2] - b) < 40;
    return n;
}"""
# Where a place of the map is on the screen. Leaflet keeps the canvas's bounds; the page has no handle, so from pixels:
CENTRE_OF_SQUARE = """(name) => {
    const probe = document.createElement("canvas").getContext("2d");
    probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
    probe.fillRect(0, 0, 1, 1);
    const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
    const canvas = document.querySelector("#map canvas"), box = canvas.getBoundingClientRect(), w = canvas.width;
    const copy = document.createElement("canvas");
    [copy.width, copy.height] = [w, canvas.height];
    const c = copy.getContext("2d", { willReadFrequently: true });
    c.drawImage(canvas, 0, 0);
    const d = c.getImageData(0, 0, w, copy.height).data, k = box.width / w;
    const solid = (x, y) => {
        for (let v = -3; v <= 3; v += 1) for (let u = -3; u <= 3; u += 1) {
            const i = 4 * ((y + v) * w + x + u);
            const far = Math.abs(d[i] - r) + Math.abs(d[i + 1] - g) + Math.abs(d[i + 2] - b);
            if (d[i + 3] < 250 || far > 12) return false;
        }
        return true;
    };
    for (let y = 4; y < canvas.height - 4; y += 1)
        for (let x = 4; x < w - 4; x += 1)
            if (solid(x, y)) return [box.left + x * k + 1, box.top + y * k + 1];
    return null;
}"""


@pytest.fixture
def town() -> CoveredTown:
    return CoveredTown()


def covered(stage: Stage) -> CoveredTown:
    assert isinstance(stage.town, CoveredTown)
    return stage.town


async def drawn(page: Page, part: str = "@") -> None:
    """Wait until the map shows a choice whose address has `part`."""
    await page.wait_for_function(
        "(part) => (document.getElementById('map')?.dataset.drawn || '').includes(part)", arg=part, timeout=8000
    )


@pytest.mark.parametrize(
    ("width", "dark", "path"),
    [(1440, False, "/map"), (1440, True, "/map?site=v0&lang=en"), (390, False, "/map?site=v1")],
)
async def test_the_map_is_ours_alone_and_fits(stage: Stage, tmp_path: Path, width: int, dark: bool, path: str) -> None:
    async with stage.page(path, width=width, dark=dark) as page:
        await drawn(page)
        await page.wait_for_timeout(1200)  # through the first renewal
        assert await page.evaluate("document.querySelectorAll('*').length") <= 3000
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        assert await page.locator("#mapfault").is_hidden()
        assert await page.evaluate(COUNT, "blind") > 300
        small = await page.evaluate(
            """() => [...document.querySelectorAll("a.button, button, select, .go, .crumbs a, label, .leaflet-bar a")]
                .filter(e => e.htmlFor !== "failed")
                .map(e => [e.textContent.trim().slice(0, 20), e.getBoundingClientRect()])
                .filter(([, r]) => r.height && r.height < 44).map(([t, r]) => t + " " + r.height)"""
        )
        assert small == []
        await page.screenshot(path=tmp_path / "map.png", full_page=True)
    assert stage.seen == Seen()  # no other host, no violation of the policy, no complaint of any kind


async def test_lost_coverage_is_hatched_and_can_be_put_away(stage: Stage) -> None:
    async with stage.page("/map?site=v0") as page:
        await drawn(page)
        await page.locator("[data-layer=places]").uncheck()  # unseen places have the same colour
        await page.wait_for_timeout(300)
        hatched = await page.evaluate(COUNT, "lost")
        await page.locator("[data-layer=lost]").uncheck()
        await page.wait_for_timeout(300)
        bare = await page.evaluate(COUNT, "lost")
        assert hatched > 400
        assert bare < hatched / 10
        await page.wait_for_timeout(1500)  # a renewal must not bring it back
        assert await page.evaluate(COUNT, "lost") < hatched / 10
        await expect(page.locator("#lost")).not_to_have_text("0 m²")
    assert stage.seen == Seen()


async def test_a_failing_switch_is_on_the_map_within_two_seconds(stage: Stage) -> None:
    town = covered(stage)
    async with stage.page("/map?site=v4") as page:
        await drawn(page)
        await page.wait_for_timeout(1500)
        await page.locator("[data-layer=places]").uncheck()
        before = await page.evaluate(COUNT, "lost")
        await expect(page.locator("#lost")).to_have_text("0 m²")
        town.fall(*(f"cam-{v}{n}" for v in (4, 5) for n in range(5)))
        stage.clock.advance(1000)
        await page.wait_for_function(f"() => ({COUNT})('lost') > {before + 1500}", timeout=2000)
        await expect(page.locator("#lost")).not_to_have_text("0 m²")
        await expect(page.locator(".darkcams li")).to_have_count(4)
        await expect(page.locator("#places tbody tr").first).to_have_attribute("data-state", "看不到")
    assert stage.seen == Seen()


async def test_unknown_is_never_drawn_as_seen(stage: Stage) -> None:
    town = covered(stage)
    async with stage.page("/map?site=v2") as page:
        await drawn(page)
        await page.wait_for_timeout(1500)
        assert await page.locator("svg.cover .maybe").count() == 0
        town.fall(*(f"cam-2{n}" for n in range(5)), status=Status.UNKNOWN)
        stage.clock.advance(1000)
        await expect(page.locator(".card svg.cover .maybe")).to_have_count(1, timeout=2000)
        await expect(page.locator(".card .big")).to_contain_text("0.0%–")
        await expect(page.locator("#lost")).to_have_text("0 m²")  # not known to be lost either


async def test_a_click_on_a_camera_asks_what_if_it_fails(stage: Stage) -> None:
    async with stage.page("/map?site=v3") as page:
        await drawn(page)
        await page.locator("[data-layer=labels]").uncheck()
        await page.evaluate("scrollTo(0, 0)")  # the legend stands below the map
        spot = await page.evaluate(CENTRE_OF_SQUARE, "maintenance")  # cam-33: a solid mark of that colour
        assert spot is not None
        await page.mouse.move(*spot)
        await expect(page.locator(".leaflet-tooltip")).to_contain_text("◆ 维护 · 何庄村4号杆")
        await page.mouse.click(*spot)
        await expect(page.locator("#whatif")).to_contain_text("假设失效：何庄村4号杆")
        await expect(page.locator("#whatif")).to_contain_text("m²")
        await drawn(page, "failed=cam-33")
        assert "failed=cam-33" in page.url
        await page.wait_for_function(f"(name) => ({COUNT})(name) > 300", arg="would", timeout=8000)  # the next frame
        await page.get_by_role("link", name="取消假设").click()
        await expect(page.locator("#whatif")).to_have_count(0)
        assert "failed" not in page.url
        await page.go_back()
        await expect(page.locator("#whatif")).to_contain_text("何庄村4号杆")
    assert stage.seen == Seen()


async def test_by_keyboard_a_switch_a_night_and_another_village(stage: Stage) -> None:
    async with stage.page("/map?site=v4") as page:
        await drawn(page)
        await page.locator("#failed").select_option("sw-1")
        await expect(page.locator("#whatif")).to_contain_text("汇聚交换机 2")
        day = await page.locator("#whatif dd").first.inner_text()
        night = page.get_by_role("link", name="夜间")
        await night.focus()
        await page.keyboard.press("Enter")
        await drawn(page, "night=1")
        await expect(night).to_have_attribute("aria-current", "true")
        await expect(page.locator("#whatif dd").first).not_to_have_text(day)
        await page.locator("tr[data-key=v5] a").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator(".place h2")).to_have_text("岗杨村")
        await drawn(page, "/v5/")
        await expect(page.locator("a.lang")).to_have_attribute("href", "/map?site=v5&night=1&lang=en")
        await page.locator("a.lang").click()
        await expect(page.locator(".place h2")).to_have_text("Gangyang")
    assert stage.seen == Seen()


async def test_without_script_the_tables_say_it_all(stage: Stage) -> None:
    context = await stage.browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(stage.base + "/map")
    await expect(page.locator("#map")).to_be_hidden()
    await expect(page.locator(".chart noscript p")).to_contain_text("同样的内容在下面的表格里")
    await page.locator("#sites a").first.click()
    await expect(page.locator(".place h2")).to_have_text("大郭村")
    await page.locator("#failed").select_option("pole-01")
    await page.get_by_role("button", name="看看").click()
    await expect(page.locator("#whatif")).to_contain_text("大郭村2号立杆")
    await page.get_by_role("link", name="夜间").click()
    assert "night=1" in page.url
    await page.get_by_role("link", name="总览").click()
    await page.locator("a.tomap").first.click()
    await expect(page.locator(".place h2")).to_be_visible()
    await context.close()


async def test_a_hostile_name_stays_text_on_the_canvas_s_tooltips(stage: Stage) -> None:
    covered(stage).fall("cam-50", status=Status.UP)
    async with stage.page("/map?site=v5&failed=cam-50") as page:
        await drawn(page)
        await page.wait_for_timeout(300)
        assert await page.evaluate("window.slipped === undefined")
        await expect(page.locator("#whatif")).to_contain_text("<img src=x")
    assert stage.seen == Seen()


async def test_the_map_appears_when_computing_ends_and_is_veiled_when_it_is_old(stage: Stage) -> None:
    town = covered(stage)
    town.computing = True
    async with stage.page("/map") as page:
        await expect(page.locator(".notice.beginning")).to_contain_text("正在计算覆盖")
        await page.wait_for_timeout(300)
        town.computing = False
        town.fall("cam-00")
        stage.clock.advance(1000)
        await drawn(page)
        stage.clock.advance(10 * 60_000)
        await expect(page.locator("#veil")).to_contain_text("数据已过期", timeout=4000)
    assert stage.seen == Seen()
