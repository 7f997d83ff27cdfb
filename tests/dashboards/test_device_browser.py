"""A device's page, a registered look and the register in a real browser. Needs Debian's chromium."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect
from tests.dashboards.picture_town import COVERED, INCIDENT, PHONE, TURNED, PictureTown
from tests.dashboards.stage import Seen, Stage
from tests.dashboards.test_desk_browser import SMALL

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def town() -> PictureTown:
    return PictureTown()


def pictured(stage: Stage) -> PictureTown:
    assert isinstance(stage.town, PictureTown)
    return stage.town


@pytest.mark.parametrize(
    ("path", "width", "dark"),
    [
        (f"/devices/{COVERED}", 1440, False),
        (f"/devices/{COVERED}?lang=en", 390, True),
        (f"/devices/{TURNED}", 390, False),
        (f"/devices/{TURNED}?lang=en", 1440, True),
        ("/devices/spk-004", 390, True),
        ("/views", 390, True),
        ("/views?lang=en", 1440, False),
        (f"/incidents/{INCIDENT}", 390, False),
    ],
)
async def test_pages_are_ours_alone_and_fit(stage: Stage, tmp_path: Path, path: str, width: int, dark: bool) -> None:
    async with stage.page(path, width=width, dark=dark) as page:
        await page.wait_for_timeout(1200)  # through the first renewal
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        assert await page.evaluate(SMALL) == []
        await page.screenshot(path=tmp_path / "device.png", full_page=True)
    assert stage.seen == Seen()


async def test_the_way_from_the_first_page_to_a_registered_look(stage: Stage) -> None:
    town = pictured(stage)
    async with stage.page() as page:
        await page.locator(f"tr[data-key={COVERED}] th b a").click()
        await page.get_by_label("姓名").first.fill("李值班")
        await page.get_by_label("所在单位").fill("大郭镇综治中心")
        await page.get_by_label("事由").first.fill("核实是否被遮挡")
        await page.wait_for_timeout(1500)  # a renewal must not take away what was typed
        await page.get_by_role("button", name="登记并查看").click()
        picture = page.locator(".seen img")
        await expect(picture).to_be_visible()
        assert await picture.evaluate("i => [i.naturalWidth, i.naturalHeight]") == [160, 90]
        await page.wait_for_timeout(1500)  # nor a picture that is being looked at
        assert await picture.evaluate("i => i.complete && i.naturalWidth") == 160
        assert [entry.who for entry in town.register] == ["李值班"]
        await page.reload()
        await expect(page.locator(".notice").first).to_contain_text("已经显示过")
        await page.get_by_role("link", name="看图登记").first.click()
        await expect(page.locator("tbody tr")).to_have_count(1)
        await page.go_back()
        assert len(town.register) == 1
    assert stage.seen == Seen()


async def test_without_script_on_a_phone(stage: Stage) -> None:
    context = await stage.browser.new_context(
        java_script_enabled=False, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = await context.new_page()
    stage.seen.watch(page, stage.base)
    await page.goto(f"{stage.base}/i/{PHONE}")
    await page.get_by_role("link", name="登记后看画面").tap()
    await page.get_by_label("姓名").first.fill("王强")
    await page.get_by_label("所在单位").fill("县通维保")
    await page.get_by_label("事由").first.fill("带什么工具")
    await page.get_by_role("button", name="登记并查看").tap()
    await expect(page.locator(".seen h2")).to_contain_text("疑似遮挡 · 非实时")
    await context.close()
    assert [(entry.who, entry.incident_id) for entry in pictured(stage).register] == [("王强", INCIDENT)]
    assert stage.seen == Seen()


async def test_the_phone_page_of_a_picture_stays_small(stage: Stage) -> None:
    async with stage.page(f"/i/{PHONE}", width=390) as page:
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390
        assert await page.evaluate(SMALL) == []
        sizes = await page.evaluate(
            """() => performance.getEntriesByType("resource").concat(performance.getEntriesByType("navigation"))
                .map(e => e.transferSize)"""
        )
        assert sum(sizes) <= 40_000
    assert stage.seen == Seen()


async def test_the_compass_is_drawn_where_the_figures_say(stage: Stage) -> None:
    async with stage.page(f"/devices/{TURNED}") as page:
        tips = await page.evaluate(
            """() => ["measured", "planned"].map(name => {
                const path = document.querySelector(".compass ." + name), svg = path.ownerSVGElement;
                const end = path.getPointAtLength(name === "measured" ? 40 : 44);
                const at = end.matrixTransform(path.getCTM()), hub = svg.createSVGPoint().matrixTransform(svg.getCTM());
                return (Math.atan2(at.x - hub.x, hub.y - at.y) * 180 / Math.PI + 360) % 360;
            })"""
        )
        assert tips == pytest.approx([10.3, 350.0], abs=0.2)
