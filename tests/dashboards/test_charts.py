"""Charts: gaps stay gaps, the table is the chart, and keys read it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from playwright.async_api import Browser
from tests.dashboards.report_town import FIRST, TICK_MS, report_town
from tests.dashboards.stage import Seen, Stage

from camboard.app import create_app, create_runner
from camboard.chart.view import days_chart, filled
from camboard.i18n import languages
from camboard.settings import BoardSettings
from camkeeper.availability.buckets import Buckets
from camkeeper.availability.daily import DaySum
from camkeeper.clock import SimulatedClock

ZH = languages()["zh"]
MS = st.integers(0, 86_400_000)
FIRST_DAY = date(2026, 10, 1)


@given(st.lists(st.tuples(MS, MS, MS), max_size=40))
def test_nothing_is_drawn_where_nothing_was_measured(found: list[tuple[int, int, int]]) -> None:
    days = [
        DaySum(day=FIRST_DAY + timedelta(days=n), buckets=Buckets(up_ms=up, down_ms=down, unknown_ms=unknown))
        for n, (up, down, unknown) in enumerate(found)
    ]
    made = days_chart("k", "t", days, 9500, ZH)
    assert len(made.rows) == len(days)
    for day, row in zip(days, made.rows, strict=True):
        known = day.buckets.up_ms + day.buckets.down_ms > 0
        assert bool(row.number[0]) is known
        assert (row.rate is None) is not known
        if known:
            rate, low, high, good = map(float, row.number)
            assert 0 <= low <= rate + 1e-3
            assert rate <= high + 1e-3 <= 100.001
            assert good <= rate
            assert made.floor <= min(low, good, float(made.goal_number))


def test_days_without_a_record_are_gaps_of_their_own() -> None:
    days = [DaySum(day=FIRST_DAY, buckets=Buckets(up_ms=1)), DaySum(day=date(2026, 10, 4), buckets=Buckets(up_ms=1))]
    whole = filled(days, FIRST_DAY, date(2026, 10, 5))
    assert [point.buckets.up_ms for point in whole] == [1, 0, 0, 1, 0]


@pytest_asyncio.fixture(loop_scope="module")
async def reported(tmp_path: Path, browser: Browser) -> AsyncIterator[Stage]:
    town, clock = report_town(tmp_path / "a.ledger"), SimulatedClock(wall_ms=TICK_MS)
    runner = create_runner(create_app(town, settings=BoardSettings(clock=clock, heartbeat_s=0.5)))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield Stage(base=base, town=town, clock=clock, runner=runner, browser=browser, seen=Seen())
    await runner.cleanup()


@pytest.mark.asyncio(loop_scope="module")
async def test_drawn_read_by_keys_and_kept_while_the_page_renews(reported: Stage) -> None:
    async with reported.page(f"/reports/{FIRST}") as page:
        await page.locator(".drawn canvas").wait_for()
        assert not await page.locator(".chart details").first.evaluate("(d) => d.open")
        await page.locator(".plot").focus()
        await page.keyboard.press("End")
        assert "10-31" in await page.locator(".reading").inner_text()
        await page.keyboard.press("ArrowLeft")
        assert "10-30" in await page.locator(".reading").inner_text()
        await page.evaluate("document.querySelector('.plot canvas').dataset.mine = '1'")
        await page.evaluate("document.getElementById('board').dispatchEvent(new Event('renew'))")
        await page.wait_for_timeout(700)
        assert await page.locator(".drawn .plot canvas[data-mine]").count() == 1
        assert not await page.locator(".chart details").first.evaluate("(d) => d.open")
        await page.locator(".chart summary").click()
        assert await page.locator("table.points tbody tr").first.is_visible()
    assert not reported.seen.complaints
    assert not reported.seen.hosts


@pytest.mark.asyncio(loop_scope="module")
async def test_where_the_library_does_not_come_the_table_is_open(reported: Stage) -> None:
    context = await reported.browser.new_context()
    page = await context.new_page()
    await page.route("**/uplot.js*", lambda route: route.abort())
    await page.goto(f"{reported.base}/trend?site=v01&month={FIRST}")
    await page.locator(".chart:not(.drawn) table.points tbody tr").last.wait_for()
    await context.close()


@pytest.mark.asyncio(loop_scope="module")
async def test_without_a_script_the_table_is_open(reported: Stage) -> None:
    context = await reported.browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{reported.base}/trend?site=v01&month={FIRST}")
    assert await page.locator("table.points tbody tr").count() == 31
    assert await page.locator("table.points tbody tr").last.is_visible()
    await context.close()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("path", ["/reports", f"/reports/{FIRST}", f"/trend?month={FIRST}", "/audit"])
async def test_nothing_is_wider_than_a_phone(reported: Stage, path: str) -> None:
    async with reported.page(path, width=390) as page:
        await page.wait_for_timeout(300)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not reported.seen.complaints


@pytest.mark.asyncio(loop_scope="module")
async def test_a_device_has_its_days_on_its_page(reported: Stage) -> None:
    async with reported.page("/devices/cam-0004") as page:
        await page.locator(".trend-here .drawn canvas").wait_for()
    assert not reported.seen.complaints
