"""Every page at a county's size in a real browser: 5,000 devices in 229 villages, everything a board can show.

Weight (compressed, with its files), elements, processor time in browser and server, time until a page is ready at a
quarter of the processor's speed (median of five, cold cache each time), the server's p95 under 50 people who look while
a new Standing comes every second, and how long a change takes onto the screen. Server, people and browser share the
machine: its load stands beside each figure. A page that fails is a row that says so; `--only /map`
or `--only crowd` repeats one.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from aiohttp import ClientError, ClientSession, TCPConnector
from playwright.async_api import Browser, async_playwright
from playwright.async_api import Error as BrowserError

from county_coverage import registry_of
from figures import arguments, median, print_figures
from pages_cost import in_browser, in_server

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.dashboards.stage import ARGS, CHROMIUM
from tests.dashboards.whole_past import Fault, demo_registry
from tests.dashboards.whole_stage import ADMIN, LONG_HISTORY, WholeStage, whole_stage
from tests.monitor.run.township import QUICK_DISK

from camkeeper.model.registry import Registry
from camkeeper.model.status import Reason, Status
from camkeeper.run import stillness

DEVICES, VILLAGES = 5000, 229
WEIGHT_KB: Mapping[str, int] = {"/map": 250, "/i/{token}": 40}
WEIGHT_ELSE_KB, NODES, READY_S, MAP_READY_S, P95_MS, CHANGE_S = 150, 3000, 1.0, 2.5, 150.0, 2.0
THROTTLE, VIEWERS, EVERY_S = 4, 50, 1.0
"""A monitor of this size makes a new Standing each few seconds: it rests ten times as long as one takes to build."""
VIEWED = ("/", "/devices", "/incidents", "/orders", "/map", "/wall/data", "/audit", "/fragments/board")
DRAWN = "() => document.getElementById('map')?.dataset.drawn"
PATIENCE_MS = 60_000
SETTLE_S = 1200
READY = """() => {
    const n = performance.getEntriesByType("navigation")[0];
    return Math.max(n.domContentLoadedEventEnd, n.loadEventEnd);
}"""


def county() -> Registry:
    """Return 5,000 cameras with geometry in 229 villages, with the demo's contractors and channel."""
    demo = demo_registry()
    made = registry_of(VILLAGES, DEVICES, np.random.default_rng(7))
    devices = tuple(
        replace(d, name=f"{d.site_id} 村文化广场 {n} 号枪机", contractor_id=demo.contractors[n % 2].id)
        for n, d in enumerate(made.devices)
    )
    sites = tuple(
        s if s.parent_id is None else replace(s, name=f"{s.id} 村", name_en=f"Village {s.id}") for s in made.sites
    )
    return replace(
        made,
        name="县公共安全视频",
        sites=sites,
        devices=devices,
        contractors=demo.contractors,
        contacts=demo.contacts,
        channels=demo.channels,
        probe=demo.probe,
        judge=demo.judge,
        service=demo.service,
        uplinks=demo.uplinks[:0],
    )


def faults(known: Registry) -> tuple[Fault, ...]:
    """Return an evening on which every thirtieth device is out, and as many are refused or silent."""
    ids = [d.id for d in known.devices]
    return (
        Fault(devices=frozenset(ids[5::30]), from_min=7),
        Fault(devices=frozenset(ids[9::90]), status=Status.DEGRADED, reason=Reason.AUTH_REFUSED, from_min=7),
        Fault(devices=frozenset(ids[11::90]), status=Status.UNKNOWN, reason=Reason.SILENCE, from_min=9),
    )


async def ready(stage: WholeStage, path: str, *, times: int, is_map: bool) -> float:
    """Return the median seconds until a page has loaded, for the map until it is drawn, at a quarter of the speed."""
    out = []
    for _ in range(times):
        async with stage.context(None if path == "/login" else ADMIN) as context:
            page = await context.new_page()
            link = await context.new_cdp_session(page)
            await link.send("Emulation.setCPUThrottlingRate", {"rate": THROTTLE})
            began = time.perf_counter()
            await page.goto(stage.base + path, wait_until="load")
            if is_map:
                await page.wait_for_function(DRAWN, timeout=PATIENCE_MS)
                await page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
                out.append(time.perf_counter() - began)
            else:
                out.append(float(await page.evaluate(READY)) / 1000)
    return round(median(out), 2)


@asynccontextmanager
async def polling(stage: WholeStage) -> AsyncIterator[None]:
    """Let a new Standing come every second until the block ends."""

    async def renew() -> None:
        town, turn = stage.town, 0
        while True:
            await asyncio.sleep(EVERY_S)
            turn += 1
            town.value = replace(town.value, at_ms=town.value.at_ms + 1)
            town.feed.publish(frozenset({town.registry.devices[turn % DEVICES].id}))

    task = asyncio.create_task(renew())
    try:
        yield
    finally:
        task.cancel()


async def crowd(stage: WholeStage, seconds: float) -> dict[str, object]:
    """Let fifty people look, each at one page after another with a second between; return the server's times."""
    times: dict[str, list[float]] = {path: [] for path in VIEWED}
    headers = {**stage.people[ADMIN].headers, "Accept-Encoding": "gzip"}

    async def viewer(session: ClientSession, number: int) -> None:
        await asyncio.sleep(number / VIEWERS)
        turn = number
        while time.perf_counter() < end:
            path = VIEWED[turn % len(VIEWED)]
            turn += 1
            began = time.perf_counter()
            async with session.get(stage.base + path, headers=headers) as answer:
                await answer.read()
                answer.raise_for_status()
            times[path].append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(1.0)

    async with polling(stage), ClientSession(auto_decompress=False, connector=TCPConnector(limit=VIEWERS)) as session:
        for path in VIEWED:  # what is computed once for a configuration, the monitor knows before people come
            async with session.get(stage.base + path, headers=headers) as answer:
                await answer.read()
        end, began_cpu_s = time.perf_counter() + seconds, time.process_time()
        await asyncio.gather(*(viewer(session, n) for n in range(VIEWERS)))
        cpu_s = time.process_time() - began_cpu_s
    whole = [t for each in times.values() for t in each]
    return {
        "viewers": VIEWERS,
        "requests": len(whole),
        "cpu_ms_a_request": round(1000 * cpu_s / len(whole), 1),
        "p50_ms": round(median(whole), 1),
        "p95_ms": p95(whole),
        "missed": [] if p95(whole) <= P95_MS else ["p95_ms"],
        "p95_by_page_ms": {path: p95(each) for path, each in times.items()},
    }


def p95(values: list[float]) -> float:
    """Return the 95th percentile."""
    return round(sorted(values)[int(len(values) * 0.95)], 1)


async def change(stage: WholeStage, times: int) -> dict[str, object]:
    """Return the median seconds from a published change until it stands on the first page."""
    out = []
    async with stage.page(ADMIN, "/") as page:
        await page.wait_for_timeout(1500)
        town = stage.town
        for turn in range(times):
            at_ms = town.value.at_ms + 1000
            before = await page.locator("#at").inner_text()
            town.value = replace(town.value, at_ms=at_ms)
            began = time.perf_counter()
            town.feed.publish(frozenset({town.registry.devices[turn].id}))
            await page.wait_for_function(
                "before => document.getElementById('at').textContent !== before", arg=before, timeout=20_000
            )
            out.append(time.perf_counter() - began)
            await page.wait_for_timeout(1100)
    seconds = round(median(out), 2)
    return {"on_screen_s": seconds, "missed": [] if seconds <= CHANGE_S else ["on_screen_s"]}


async def one_page(stage: WholeStage, line: str, path: str, *, times: int) -> dict[str, object]:
    """Return the figures of one page, and what it misses; a page that never came is told, too."""
    budget_kb, ready_s = WEIGHT_KB.get(line, WEIGHT_ELSE_KB), MAP_READY_S if line == "/map" else READY_S
    try:
        async with stage.context(None if path == "/login" else ADMIN) as context:
            found = await in_browser(context, stage.base + path)
        found["ready_s"] = await ready(stage, path, times=times, is_map=line == "/map")
    except BrowserError as error:
        return {"missed": [f"no page: {str(error).splitlines()[0]}"], "load": load()}
    limits = {"kb": budget_kb, "elements": NODES, "ready_s": ready_s}
    found["missed"] = [name for name, most in limits.items() if float(str(found[name])) > most]
    return {**found, "load": load()}


def load() -> float:
    """Return how many want the processor: what a figure in seconds has to be read with."""
    return round(os.getloadavg()[0], 1)


async def pages(stage: WholeStage, *, only: frozenset[str], times: int) -> dict[str, dict[str, object]]:
    """Return the figures of each page of the route table, or of those that were asked for."""
    paths = {
        line: path
        for line, path in (await stage.paths()).items()
        if line not in LONG_HISTORY and (not only or line in only or path in only)
    }
    out: dict[str, dict[str, object]] = {}
    town = stage.town

    def renew() -> None:
        town.value = replace(town.value, at_ms=town.value.at_ms + 1)

    costs = await in_server(stage.base, paths, stage.people[ADMIN].headers, renew, times=max(3, times))
    for line, path in paths.items():
        out[line] = {"server_cpu": costs[line], **await one_page(stage, line, path, times=times)}
        print(f"{line:36} {out[line]}", file=sys.stderr, flush=True)
    return out


async def guarded(what: Coroutine[Any, Any, dict[str, object]]) -> dict[str, object]:
    """Return the figures, or why there are none: one that fails must not take the others with it."""
    try:
        return {**await what, "load": load()}
    except (BrowserError, ClientError, TimeoutError) as error:
        return {"missed": [f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"]}


STAGES: Mapping[str, Callable[[WholeStage, bool], Coroutine[Any, Any, dict[str, object]]]] = {
    "change": lambda stage, quick: change(stage, 3 if quick else 9),
    "crowd": lambda stage, quick: crowd(stage, 10.0 if quick else 40.0),
}
"""What is measured of no single page."""


async def settled(stage: WholeStage) -> None:
    """Wait until a month of coverage's hours is in store, as at any monitor that ran for a while: minutes of a core."""
    for _ in range(2 * SETTLE_S):
        if stage.town.cover is None or stage.town.cover.settled:
            return
        await asyncio.sleep(0.5)
    raise TimeoutError(f"coverage is not in store after {SETTLE_S} s")


async def measure(browser: Browser, folder: Path, *, quick: bool, only: frozenset[str]) -> dict[str, object]:
    """Return all figures; with `only` those of these pages alone."""
    known = county()
    began = time.perf_counter()
    async with whole_stage(folder, browser, registry=known, faults=faults(known), minutes=10) as stage:
        await settled(stage)
        stillness.rest()  # as the monitor does once everything is there
        print(f"township ready after {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
        found = await pages(stage, only=only, times=1 if quick else 5)
        rest: dict[str, dict[str, object]] = {}
        for name, work in STAGES.items():
            if not only or name in only:
                rest[name] = await guarded(work(stage, quick))
                print(f"{name:36} {rest[name]}", file=sys.stderr, flush=True)
        sizes = {"devices": len(known.devices), "villages": VILLAGES, "open_incidents": len(stage.town.incidents)}
        held = not any(row.get("missed") for row in (*found.values(), *rest.values()))
        return {**sizes, "throttle": THROTTLE, "pages": found, **rest, "held": held}


async def run(*, quick: bool, only: frozenset[str]) -> dict[str, object]:
    """Start the browser and measure in a folder of memory: what is measured is no disk."""
    with TemporaryDirectory(dir=QUICK_DISK) as folder:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
            try:
                return await measure(browser, Path(folder), quick=quick, only=only)
            finally:
                await browser.close()


def main() -> int:
    """Run, print, and say by the exit code whether every budget is held."""
    parser = arguments(__doc__ or "")
    parser.add_argument(
        "--only", action="append", default=[], metavar="WHAT", help="/map, change, crowd; may be given again / 可重复"
    )
    asked = parser.parse_args()
    found = asyncio.run(run(quick=asked.quick, only=frozenset(asked.only)))
    print_figures("pages", found)
    return 0 if found["held"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
