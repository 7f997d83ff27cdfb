"""A switch of the virtual township fails, and a real browser's map says what is lost, within two seconds of the ledger.

Needs Debian's chromium; without it this fails.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright
from tests.dashboards.stage import ARGS, CHROMIUM, Seen
from tests.dashboards.test_map_browser import COUNT, drawn
from tests.end_to_end.test_coverage import area, computed
from tests.end_to_end.town import Monitor, Town, eventually, town

from camkeeper.ledger import LedgerReader
from camkeeper.model.status import Status

SWITCH, SITE = "sw-03", "dg08"
WITHIN_S = 2.0
LOOK_S = 0.03
pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@asynccontextmanager
async def browser_page(address: str, seen: Seen) -> AsyncIterator[Page]:
    assert shutil.which(CHROMIUM), "chromium is missing: install Debian's package chromium"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        seen.watch(page, address)
        yield page
        await browser.close()


async def first_seen(what: Callable[[], Awaitable[bool]], *, within_s: float = 60.0) -> float:
    """Return the monotonic instant at which `what` was first found to hold."""
    until = time.monotonic() + within_s
    while not await what():
        assert time.monotonic() < until, "did not come true in time"
        await asyncio.sleep(LOOK_S)
    return time.monotonic()


def down(place: Town, cameras: frozenset[str]) -> bool:
    """Whether the ledger has any of these cameras as down: what a reader sees was fsynced and acknowledged."""
    with LedgerReader(place.ledger) as reader:
        newest = reader.newest()
    return any(newest[i].new is Status.DOWN for i in cameras if i in newest)


def settled(monitor: Monitor) -> bool:
    if not computed(monitor) or monitor.get("api/v1/standing")["now"]["cameras"]["up"] != 144:
        return False
    own = area(monitor, SITE)
    return bool(own["lower"] == own["design"])


async def test_the_map_follows_the_ledger_within_two_seconds(tmp_path: Path) -> None:
    seen = Seen()
    with town(tmp_path, net=69) as place, place.monitor() as monitor:
        await asyncio.to_thread(eventually, lambda: settled(monitor), within_s=150)
        async with browser_page(monitor.address, seen) as page:
            await page.goto(f"{monitor.address}map?site={SITE}")
            await drawn(page)
            await page.locator("[data-layer=places]").uncheck()  # places that nobody sees have the same colour
            await page.wait_for_timeout(500)
            bare = await page.evaluate(COUNT, "lost")
            assert await page.locator("#lost").inner_text() == "0 m²"
            assert await page.locator("#losses").count() == 0
            failed = place.fault("power", {"link": SWITCH})
            # Villages behind one switch fall one by one, as they are polled: the page waits for this one's cameras.
            behind = frozenset(i for i in failed if i.startswith((f"{SITE}-cam", f"{SITE}-ptz")))
            assert len(behind) == 5
            stored, told, hatched = await asyncio.gather(
                first_seen(lambda: asyncio.to_thread(down, place, behind)),
                first_seen(lambda: _says_loss(page)),
                first_seen(lambda: _hatched(page, more_than=bare + 500)),
            )
            assert told - stored <= WITHIN_S, "the page said it later"
            assert hatched - stored <= WITHIN_S, "the map was hatched later"
            await asyncio.to_thread(eventually, lambda: _all_down(place, behind))
            await page.wait_for_timeout(WITHIN_S * 1000)
            text = await page.locator("#losses").inner_text()
            lost = area(monitor, SITE)["design"] - area(monitor, SITE)["upper"]
            named = re.search(r"([\d,]+) m²", text)
            assert named is not None
            assert int(named[1].replace(",", "")) == pytest.approx(lost, abs=1.001)
            assert re.search(r"道路 [\d,]+ m\b", text)
            assert re.search(r"重点部位 [1-9]\d* 处", text)
            assert await page.locator("#places .lostfig").count() > 0
    assert seen == Seen()


async def _says_loss(page: Page) -> bool:
    return await page.locator("#losses").count() > 0


async def _hatched(page: Page, *, more_than: int) -> bool:
    return int(await page.evaluate(COUNT, "lost")) > more_than


def _all_down(place: Town, cameras: frozenset[str]) -> bool:
    with LedgerReader(place.ledger) as reader:
        newest = reader.newest()
    return all(newest[i].new is Status.DOWN for i in cameras if i in newest)
