"""What a page costs, in bytes and processor time: the same on a quiet machine and on a busy one."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from aiohttp import ClientSession
from playwright.async_api import BrowserContext

from figures import median

KB = 1000
SETTLE_MS = 800
IN_BROWSER = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration", "TaskDuration")
"""Of the page's main thread, in seconds that it ran, not that it waited."""
CHEAP = "/healthz"
"""What asking costs by itself."""


async def in_browser(context: BrowserContext, address: str) -> dict[str, object]:
    """Return a page's bytes on the wire, its elements, and the processor's milliseconds at full speed."""
    page = await context.new_page()
    link = await context.new_cdp_session(page)
    await link.send("Network.enable")
    await link.send("Performance.enable", {"timeDomain": "threadTicks"})
    urls: dict[str, str] = {}
    sizes: dict[str, int] = {}
    link.on("Network.requestWillBeSent", lambda e: urls.update({e["requestId"]: e["request"]["url"]}))
    link.on("Network.loadingFinished", lambda e: sizes.update({e["requestId"]: int(e["encodedDataLength"])}))
    await page.goto(address, wait_until="load")
    await page.wait_for_timeout(SETTLE_MS)
    nodes = await page.evaluate("document.querySelectorAll('*').length")
    told = {m["name"]: m["value"] for m in (await link.send("Performance.getMetrics"))["metrics"]}
    local = sum(n for i, n in sizes.items() if "geojson" in urls.get(i, ""))
    own = sum(n for i, n in sizes.items() if "geojson" not in urls.get(i, "") and "/fragments/" not in urls.get(i, ""))
    return {
        "kb": round(own / KB, 1),
        "local_kb": round(local / KB, 1),
        "elements": nodes,
        "browser_cpu_ms": {name.removesuffix("Duration").lower(): round(told[name] * 1000) for name in IN_BROWSER},
    }


async def in_server(
    base: str, paths: Mapping[str, str], headers: Mapping[str, str], renew: Callable[[], None], *, times: int
) -> dict[str, dict[str, float]]:
    """Return the server's processor milliseconds for each page, all threads of it: (new: of a new Standing, kept).

    Server and asker share the process, so what the cheapest answer costs is taken off.
    """
    async with ClientSession(auto_decompress=False, headers={**headers, "Accept": "text/html"}) as session:

        async def cost(path: str) -> float:
            began = time.process_time()
            async with session.get(base + path, headers={"Accept-Encoding": "gzip"}, allow_redirects=False) as answer:
                await answer.read()
            return (time.process_time() - began) * 1000

        nothing = median([await cost(CHEAP) for _ in range(20)])
        out: dict[str, dict[str, float]] = {}
        for line, path in paths.items():
            await cost(path)
            new, kept = [], []
            for _ in range(times):
                renew()
                new.append(await cost(path))
                kept.append(await cost(path))
            out[line] = {n: round(max(0.0, median(v) - nothing), 1) for n, v in (("new_ms", new), ("kept_ms", kept))}
    return out
