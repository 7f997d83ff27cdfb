"""The county in a real browser: it fits, asks nobody else, renews itself. Needs Debian's chromium."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Browser, expect
from tests.dashboards.stage import Seen
from tests.monitor.hub.county_stage import HOUR, county_stage

from camboard.county.app import create_county_app
from camboard.settings import BoardSettings

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_county_fits_and_is_ours_alone(browser: Browser, tmp_path: Path) -> None:
    async with county_stage(tmp_path) as stage:
        runner = web.AppRunner(create_county_app(stage.view, settings=BoardSettings(clock=stage.clock)))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        base, seen = f"http://127.0.0.1:{runner.addresses[0][1]}", Seen()
        try:
            for width, dark, language in ((1440, False, "zh"), (1440, True, "en"), (390, False, "zh")):
                context = await browser.new_context(
                    viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
                )
                page = await context.new_page()
                seen.watch(page, base)
                for name, path in (("county", "/"), ("town", "/towns/e2"), ("why", "/towns/e2/why?site=town")):
                    await page.goto(f"{base}{path}{'&' if '?' in path else '?'}lang={language}")
                    await expect(page.locator("h1")).to_have_text("临颍县")
                    assert await page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
                    assert await page.evaluate("document.querySelectorAll('*').length") <= 3000
                    await page.screenshot(path=tmp_path / f"{name}-{width}-{language}.png", full_page=True)
                await context.close()
            page = await browser.new_page()
            await page.goto(base + "/")
            await expect(page.locator("tr[data-key=e2]")).to_have_attribute("data-state", "live")
            stage.clock.advance(2 * HOUR)
            await stage.settle()
            await expect(page.locator("tr[data-key=e2]")).to_have_attribute("data-state", "silent", timeout=15_000)
            await page.close()
        finally:
            await runner.cleanup()
    assert seen == Seen()
