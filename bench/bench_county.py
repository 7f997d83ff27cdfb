"""The county's board over 700 copies of 143 cameras: how long pages take, and what keeping the sums costs.

    python bench/bench_county.py            700 copies with a month of 300 changes each
    python bench/bench_county.py --quick    60 copies

The copies are real and proved; the network is left out (`bench_hub.py` measures it). Pages are asked one after the
other by one reader while the sums are read on and every second a copy grows. What the sums cost is CPU seconds of this
process, once while somebody looks and once while nobody does. Bars: page p95 150 ms, 150 KB gzip.
"""

from __future__ import annotations

import asyncio
import copy
import gzip
import random
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from aiohttp import ClientSession, web

from bench_hub import Edge
from camboard.county.app import create_county_app
from camboard.settings import BoardSettings
from camkeeper.clock import SystemClock
from camkeeper.hub.copies import Copies
from camkeeper.hub.county import CountyView
from camkeeper.hub.sums import Sums
from camkeeper.hub.watch import HubWatch
from camkeeper.ledger.parcel import pack
from figures import arguments, print_figures

EDGES, CHANGES = 700, 300
TOLD = 12
DAYS_MS = 20 * 86_400_000
PAGES = 120
GROWING_S = 1.0
LOOKED_MS = 5_000
"""So long after a page somebody counts as looking: the hub's own two minutes would only be waited for."""
P95_MS, GZIP_BYTES = 150.0, 150_000


async def fill(copies: Copies, edges: list[Edge], clock: SystemClock) -> None:
    """Give every copy a history of twenty days."""
    now_ms = clock.wall_ms()
    for edge in edges:
        begun_ms = now_ms - DAYS_MS
        await copies.take(edge.edge_id, pack(edge.beginning(begun_ms)))
        at = sorted(edge.rng.randint(begun_ms, now_ms) for _ in range(CHANGES))
        await copies.take(edge.edge_id, pack(edge.parcel([edge.change(ms) for ms in at], now_ms)))


async def county_of(folder: Path, count: int, clock: SystemClock) -> tuple[Copies, list[Edge]]:
    """Return so many copies, each a file of its own: a dozen are told and rolled up, the others have their bytes."""
    told = [Edge(n, clock.wall_ms() - DAYS_MS) for n in range(min(TOLD, count))]
    first = Copies(folder / "told", clock)
    await first.open([edge.edge_id for edge in told])
    await fill(first, told, clock)
    await first.roll_up()
    await first.close()
    copies, edges = Copies(folder / "edges", clock), []
    for n in range(count):
        edge = copy.copy(told[n % len(told)])
        source, edge.edge_id = first.path_of(edge.edge_id), f"e{n:04}"
        edge.status, edge.rng = list(edge.status), random.Random(n)
        for part in await asyncio.to_thread(lambda of=source: list(of.parent.glob(f"{of.name}*"))):  # type: ignore[misc]
            name = copies.path_of(edge.edge_id).name + part.name.removeprefix(source.name)
            await asyncio.to_thread(shutil.copy, part, folder / "edges" / name)
        edges.append(edge)
    await copies.open([edge.edge_id for edge in edges])
    return copies, edges


async def grow(copies: Copies, edges: list[Edge], clock: SystemClock) -> None:
    """Let a town tell something each second."""
    for n in range(10**6):
        edge = edges[n % len(edges)]
        now_ms = clock.wall_ms()
        await copies.take(edge.edge_id, pack(edge.parcel([edge.change(now_ms)], now_ms)))
        await asyncio.sleep(GROWING_S)


async def ask(session: ClientSession, base: str, path: str, count: int) -> dict[str, object]:
    """Ask for a page again and again; returns milliseconds and bytes."""
    took: list[float] = []
    body = ""
    for _ in range(count):
        began_s = time.perf_counter()
        async with session.get(base + path) as answer:
            body = await answer.text()
            assert answer.status == 200, body
        took.append(1000 * (time.perf_counter() - began_s))
        await asyncio.sleep(0.1)
    took.sort()
    return {
        "p50_ms": round(took[len(took) // 2], 1),
        "p95_ms": round(took[len(took) * 95 // 100], 1),
        "gzip_bytes": len(gzip.compress(body.encode())),
        "tags": body.count("<") - body.count("</"),
    }


async def cores(seconds: float, look: Callable[[], object]) -> float:
    """Return how much of a core this process takes for so long, looking each second."""
    before, at_s = psutil.Process().cpu_times(), time.perf_counter()
    while time.perf_counter() < at_s + seconds:
        look()
        await asyncio.sleep(1.0)
    after = psutil.Process().cpu_times()
    return round((after.user + after.system - before.user - before.system) / (time.perf_counter() - at_s), 3)


async def measure(folder: Path, count: int) -> dict[str, object]:
    """Fill, read all, ask."""
    clock = SystemClock()
    copies, edges = await county_of(folder, count, clock)
    sums = Sums(copies=copies, clock=clock, looked_for_ms=LOOKED_MS)
    watch = HubWatch(folder, copies, clock, sums.names)
    view = CountyView(copies, watch, sums, clock)
    app = create_county_app(view, settings=BoardSettings())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with watch.running():
        began_s = time.perf_counter()
        tasks = [asyncio.create_task(sums.run())]
        await asyncio.sleep(0.5)
        for _ in range(3000):
            if not view.county().reading:
                break
            await asyncio.sleep(0.2)
        read_s = time.perf_counter() - began_s
        tasks.append(asyncio.create_task(grow(copies, edges, clock)))
        seconds = 20.0 if count == EDGES else 6.0
        looked_at = await cores(seconds, view.county)
        await asyncio.sleep(1.2 * LOOKED_MS / 1000)
        at_rest = await cores(seconds, lambda: None)
        async with ClientSession() as session:
            pages = {
                "county": await ask(session, base, "/", PAGES),
                "town": await ask(session, base, f"/towns/{edges[7].edge_id}", PAGES // 4),
                "why": await ask(session, base, f"/towns/{edges[9].edge_id}/why?site=town", PAGES // 4),
                "api": await ask(session, base, "/api/v1/county", PAGES // 4),
            }
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await runner.cleanup()
    await copies.close()
    slowest = max(float(str(page["p95_ms"])) for page in pages.values())
    largest = max(int(str(page["gzip_bytes"])) for page in pages.values())
    return {
        "edges": count,
        "first_read_s": round(read_s, 1),
        "cores_looked_at": looked_at,
        "cores_at_rest": at_rest,
        **pages,
        "pass": slowest <= P95_MS and largest <= GZIP_BYTES,
    }


def main() -> None:
    """Measure in a folder of its own."""
    options = arguments(__doc__ or "").parse_args()
    with tempfile.TemporaryDirectory() as name:
        print_figures("county", asyncio.run(measure(Path(name), 60 if options.quick else EDGES)))


if __name__ == "__main__":
    main()
