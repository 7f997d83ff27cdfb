"""`/import` in a real browser: upload, columns, write, undo; in both languages and schemes, with and without script."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Browser, FilePayload, Page, expect
from tests.dashboards.stage import Seen
from tests.dashboards.test_axe import AXE, grave
from tests.dashboards.test_import_pages import ImportTown
from tests.dashboards.township import AT_MS
from tests.monitor.register.messy import messy

from camboard.app import create_app, create_runner
from camboard.settings import BoardSettings
from camkeeper.clock import SimulatedClock
from camkeeper.config import load

pytestmark = pytest.mark.asyncio(loop_scope="module")
WORDS = {
    "zh": ("上传并预览", "写入登记簿", "按此重新预览", "撤销…", "撤销第 1 次导入", "无需重启", "逐字节恢复", "按指定"),
    "en": (
        "Upload and preview", "Write the register", "Preview again with these", "Undo…", "Undo import 1",
        "without a restart", "byte for byte", "as you said",
    ),
}  # fmt: skip


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[tuple[str, ImportTown]]:
    town = ImportTown(folder)
    runner = create_runner(create_app(town, settings=BoardSettings(clock=SimulatedClock(wall_ms=AT_MS + 3000))))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", town
    finally:
        town.room.close()
        await runner.cleanup()


async def fits(page: Page, *, script: bool) -> None:
    """Nothing is wider than the page, and axe finds nothing serious."""
    if not script:
        return
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
    await page.evaluate(AXE)
    assert await grave(page) == []


@pytest.mark.parametrize(
    ("lang", "width", "dark", "script"),
    [("zh", 1280, False, True), ("en", 390, True, True), ("zh", 390, False, False)],
    ids=["zh", "en-phone-dark", "no-script"],
)
async def test_upload_write_undo(
    browser: Browser, tmp_path: Path, *, lang: str, width: int, dark: bool, script: bool
) -> None:
    upload, write, again, undo, undo_one, done, back, said = WORDS[lang]
    seen = Seen()
    file = FilePayload(name="登记表.xlsx", mimeType="x/y", buffer=messy(60, layout="xlsx", faults=8).data)
    async with served(tmp_path) as (base, town):
        before = town.config.read_bytes()
        context = await browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
        )
        page = await context.new_page()
        seen.watch(page, base)
        await page.goto(f"{base}/import?lang={lang}")
        await fits(page, script=script)
        await page.locator("#r-by").fill("甲")
        await page.locator("#r-file").set_input_files(file)
        await page.get_by_role("button", name=upload).click()
        write_button = page.get_by_role("button", name=write)
        await expect(write_button).to_be_visible(timeout=40_000)  # it comes again by itself
        await fits(page, script=script)
        assert town.config.read_bytes() == before
        await page.get_by_label(re.compile("^型号")).select_option(index=0)
        await page.get_by_role("button", name=again).click()
        await expect(page.get_by_text(said).first).to_be_visible(timeout=40_000)
        await write_button.click()
        await expect(page.get_by_text(done)).to_be_visible()
        assert len(load(town.config).devices) > 20
        await fits(page, script=script)
        await page.get_by_text(undo, exact=True).click()
        await page.get_by_role("button", name=undo_one).click()
        await expect(page.get_by_text(re.compile(back)).first).to_be_visible()
        assert town.config.read_bytes() == before
        await fits(page, script=script)
        await context.close()
    assert (seen.hosts, seen.complaints) == (set(), [])
