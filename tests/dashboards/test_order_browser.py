"""The repair on a phone without script, photo and all, and the pages of orders in a real browser. Needs chromium."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, expect
from tests.dashboards.order_town import OrderTown, order_town
from tests.dashboards.stage import Seen
from tests.dashboards.test_desk_browser import SMALL

from camboard.app import create_app, create_runner
from camboard.settings import BoardSettings
from camkeeper.ledger.files import files_beside

pytestmark = pytest.mark.asyncio(loop_scope="module")
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)) * 400


@dataclass(slots=True, kw_only=True)
class Served:
    base: str
    town: OrderTown
    browser: Browser
    seen: Seen = field(default_factory=Seen)


@pytest_asyncio.fixture(loop_scope="module")
async def served(tmp_path: Path, browser: Browser) -> AsyncIterator[Served]:
    async with order_town(tmp_path) as town:
        runner = create_runner(create_app(town, settings=BoardSettings(clock=town.rig.clock)))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield Served(base=f"http://127.0.0.1:{runner.addresses[0][1]}", town=town, browser=browser)
        await runner.cleanup()


async def test_accept_on_site_photo_repaired_by_thumb_without_script(served: Served, tmp_path: Path) -> None:
    shot = tmp_path / "修复.jpg"
    shot.write_bytes(JPEG)
    context = await served.browser.new_context(
        java_script_enabled=False, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = await context.new_page()
    served.seen.watch(page, served.base)
    await page.goto(f"{served.base}/i/{served.town.token}")
    await page.get_by_label("姓名").fill("王强")
    await page.get_by_role("button", name="接单").tap()
    await expect(page.locator(".done")).to_have_count(1)
    await page.get_by_role("button", name="传照片").tap()
    await expect(page.locator(".told").first).to_contain_text("请先选择照片")
    await page.get_by_role("button", name="到场").tap()  # from the page of the refusal
    await expect(page.locator(".done")).to_have_count(2)
    await page.locator("#photo").set_input_files(shot)
    await page.get_by_role("button", name="传照片").tap()
    await expect(page.locator(".shots")).to_contain_text("照片 1 张")
    await expect(page.get_by_label("姓名")).to_have_value("王强")
    async with page.expect_download() as downloading:
        await page.locator(".shots a").tap()
    download = await downloading.value
    assert (await download.path()).read_bytes() == JPEG
    assert download.suggested_filename.startswith("WO-0002-")
    await page.locator("button[value=repaired]").tap()
    await expect(page.locator("header p")).to_contain_text("报修复，待核验")
    await page.screenshot(path=tmp_path / "phone.png")
    await context.close()
    assert (files_beside(served.town.ledger) / hashlib.sha256(JPEG).hexdigest()).read_bytes() == JPEG
    assert [c for c in served.seen.complaints if "409" not in c] == []
    assert served.seen.hosts == set()


@pytest.mark.parametrize(
    ("path", "width"),
    [("/orders", 1440), ("/orders/1", 390), ("/orders/2", 390), ("/orders/route", 390), ("/settings", 390)],
)
async def test_pages_of_orders_fit_and_are_ours_alone(served: Served, tmp_path: Path, path: str, width: int) -> None:
    page = await served.browser.new_page(viewport={"width": width, "height": 900})
    served.seen.watch(page, served.base)
    await page.goto(served.base + path)
    await page.wait_for_timeout(1200)  # through the first renewal
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert await page.evaluate(SMALL) == []
    await page.screenshot(path=tmp_path / "orders.png", full_page=True)
    await page.close()
    assert served.seen == Seen()


async def test_a_round_is_signed_by_keyboard_and_mouse(served: Served) -> None:
    page = await served.browser.new_page()
    await page.goto(f"{served.base}/orders/1")
    await page.locator("#by").fill("李巡")
    await page.locator("button[value=accept]").click()
    await page.locator("button[value=on_site]").click()
    for n in (1, 2, 3):
        await page.locator(f"input[name='item.{n}'][value=good]").check()
    await page.locator("button[value=sign]").click()
    await expect(page.locator(".time").last).to_contain_text("签字")
    await page.close()
    view = served.town.room.order(1)
    assert view is not None
    assert view.order.signature is not None
