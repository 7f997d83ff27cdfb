"""The demo township's failing switch as people live it: one incident on the board, taken on the phone, proved by probe.

Needs Debian's chromium; without it this fails.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect
from tests.dashboards.stage import Seen
from tests.end_to_end.test_desk import listening, with_desk
from tests.end_to_end.test_map import browser_page
from tests.end_to_end.town import Monitor, eventually, town

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
STEP_MS = 20_000
RECOVERS_MS = 90_000


def incidents(monitor: Monitor, part: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = monitor.get("api/v1/incidents")[part]
    return found


async def press(page: Page, step: str) -> None:
    await page.locator(f"button[value={step}]").click()
    await expect(page.locator(".done").first).to_be_visible(timeout=STEP_MS)


async def test_a_switch_from_its_failure_to_a_closed_order(tmp_path: Path) -> None:
    seen, shot = Seen(), tmp_path / "repair.jpg"
    shot.write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(100_000))
    with listening() as stub, town(tmp_path, net=76) as place:
        with_desk(place, stub.url)
        with place.monitor() as monitor:
            await asyncio.to_thread(
                eventually, lambda: monitor.get("api/v1/standing")["now"]["cameras"]["unknown"] == 0, within_s=90
            )
            place.fault("power", {"link": "sw-03"})
            await asyncio.to_thread(eventually, lambda: len(incidents(monitor, "open")) == 1)
            await asyncio.to_thread(eventually, lambda: len(stub.asked) == 1)
            (incident,) = incidents(monitor, "open")
            assert incident["domain"] == {"kind": "switch", "id": "sw-03"}
            assert len(incident["members"]) > 20
            letter = stub.asked[0].body.decode()
            token = re.search(r"/i/([\w-]+)", letter)
            assert token is not None
            async with browser_page(monitor.address, seen) as page:
                await page.goto(f"{monitor.address}i/{token[1]}")
                await page.locator("#by").fill("张三")
                await press(page, "accept")
                await page.locator("button[value=on_site]").click()
                await expect(page.locator(".done")).to_have_count(2, timeout=STEP_MS)
                await page.locator("#photo").set_input_files(shot)
                await page.locator(".shot button").click()
                await expect(page.locator(".shots a")).to_have_count(1, timeout=STEP_MS)
                await page.locator("button[value=repaired]").click()
                await expect(page.locator(".done")).to_have_count(3, timeout=STEP_MS)
                place.clear()
                await page.goto(f"{monitor.address}incidents/{incident['id']}")
                await expect(page.locator("main")).to_contain_text("已恢复", timeout=RECOVERS_MS)
                await expect(page.locator("main")).to_contain_text("已关闭", timeout=RECOVERS_MS)
                await page.goto(f"{monitor.address}incidents")
                await expect(page.locator("main")).to_contain_text(incident["id"])
            assert not incidents(monitor, "open")
            order = monitor.get(f"api/v1/orders/{incident['order_number']}")
            assert (order["state"], len(order["photos"])) == ("closed", 1)
            assert (place.folder / "town.ledger.files" / order["photos"][0]["digest"]).read_bytes() == shot.read_bytes()
            assert monitor.get("api/v1/orders")["month"]["mttr"]["count"] == 1
            assert monitor.get("api/v1/orders/route")["stops"] == []
            await asyncio.to_thread(eventually, lambda: len(stub.asked) == 2)
            monitor.stop()
    assert seen == Seen()
