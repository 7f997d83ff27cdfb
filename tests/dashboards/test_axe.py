"""axe-core over every page of the route table: nothing serious, nothing critical.

Each page in Chinese and light, and in English and dark: every rule in both languages and in both schemes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, BrowserContext, Page
from tests.dashboards.whole_stage import ADMIN, LONG_HISTORY, PAGE_LINES, WholeStage, whole_stage
from tests.monitor.hub.county_stage import county_stage
from tests.monitor.run.township import QUICK_DISK

from camboard.county.app import create_county_app
from camboard.settings import BoardSettings

pytestmark = pytest.mark.asyncio(loop_scope="module")
AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
LOOKS: tuple[tuple[str, Literal["light", "dark"]], ...] = (("zh", "light"), ("en", "dark"))
GRAVE = frozenset({"serious", "critical"})
RUN = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
    .map(v => [v.impact, v.id, v.nodes.map(n => [n.target.join(" "), n.html, n.failureSummary])])"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole(browser: Browser) -> AsyncIterator[WholeStage]:
    with TemporaryDirectory(dir=QUICK_DISK) as folder:
        async with whole_stage(Path(folder), browser) as made:
            yield made


async def grave(page: Page) -> list[str]:
    """Return what axe finds serious or critical, one line each."""
    found: list[list[Any]] = await page.evaluate(RUN)
    return [
        f"{impact} {rule}: {where} {html[:160]} {why[:300]}"
        for impact, rule, nodes in found
        if impact in GRAVE
        for where, html, why in nodes[:4]
    ]


async def looked_at(context: BrowserContext, address: str, *, status: int = 200) -> list[str]:
    """Open a page in both looks; return the findings."""
    out = []
    page = await context.new_page()
    for language, scheme in LOOKS:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        answer = await page.goto(f"{address}{'&' if '?' in address else '?'}lang={language}", wait_until="load")
        assert answer is not None
        assert (answer.status, answer.headers["content-type"].partition(";")[0]) == (status, "text/html"), address
        # By the debugger, which the page's own policy does not hold back.
        await page.evaluate(AXE)
        out += [f"{language} {scheme} {line}" for line in await grave(page)]
    await page.close()
    return out


@pytest.mark.parametrize("line", PAGE_LINES)
async def test_a_page_has_no_grave_finding(whole: WholeStage, line: str) -> None:
    path = (await whole.paths())[line]
    async with whole.context(None if line == "/login" else ADMIN) as context:
        assert await looked_at(context, whole.base + path, status=404 if line in LONG_HISTORY else 200) == []


@pytest.mark.parametrize("query", ["edit=lizhen", "new=account", "new=token"])
async def test_neither_has_an_open_form(whole: WholeStage, query: str) -> None:
    async with whole.context(ADMIN) as context:
        assert await looked_at(context, f"{whole.base}/accounts?{query}") == []


PLACES = """ids => [...document.querySelectorAll("select")]
    .filter(s => [...s.options].filter(o => ids.includes(o.value)).length >= ids.length / 2).length"""


async def test_no_page_lists_the_villages_twice(whole: WholeStage) -> None:
    # A county's 229, in a list for each account, made a page that a browser worked on for a second.
    places, paths = [site.id for site in whole.town.registry.sites], await whole.paths()
    asked = ["/accounts?edit=lizhen", "/accounts?new=account", "/accounts?new=token"]
    async with whole.context(ADMIN) as context:
        page, found = await context.new_page(), {}
        for path in [*(paths[line] for line in PAGE_LINES), *asked]:
            await page.goto(whole.base + path, wait_until="domcontentloaded")
            found[path] = await page.evaluate(PLACES, places)
    assert {path: n for path, n in found.items() if n > 1} == {}
    assert found["/accounts"] == 0
    assert all(found[path] == 1 for path in asked)


async def test_neither_have_refusals_nor_pages_on_a_phone(whole: WholeStage) -> None:
    paths = await whole.paths()
    found = []
    async with whole.context(None) as context:
        found += await looked_at(context, whole.base + "/i/nobody", status=404)
    async with whole.context("wangqiang", width=390) as context:
        found += await looked_at(context, whole.base + "/map", status=403)
        for line in ("/", "/orders", "/i/{token}"):
            found += await looked_at(context, whole.base + paths[line])
    async with whole.context("daping", width=1920) as context:
        found += await looked_at(context, whole.base + "/wall")
    assert found == []


async def test_nor_has_the_county(browser: Browser, tmp_path: Path) -> None:
    async with county_stage(tmp_path) as stage:
        runner = web.AppRunner(create_county_app(stage.view, settings=BoardSettings(clock=stage.clock)))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        base, found = f"http://127.0.0.1:{runner.addresses[0][1]}", []
        context = await browser.new_context()
        try:
            for path in ("/", "/towns/e2", "/towns/e2/why?site=town"):
                found += await looked_at(context, base + path)
        finally:
            await context.close()
            await runner.cleanup()
    assert found == []


async def test_axe_would_tell(whole: WholeStage) -> None:
    # Otherwise everything above would hold whatever the pages were like.
    async with whole.page(ADMIN, "/orders") as page:
        await page.evaluate(AXE)
        await page.evaluate("document.querySelector('h1').style.color = '#eee'")
        await page.evaluate("document.body.append(document.createElement('button'))")
        told = " ".join(await grave(page))
        assert "color-contrast" in told
        assert "button-name" in told
