"""Months of a county: `/reports/{month}` and `/wall/data` over a real ledger of 4,800 cameras in 229 villages.

Bar: p95 of a closed month within 150 ms. The first reading of a month goes to the ledger's rollups, beside the loop;
later ones come from what is kept of it. Server and client share one process.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import ClientSession, web

from figures import arguments, median, print_figures

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.dashboards.report_town import FIRST, SECOND, TICK_MS, report_town

from camboard.app import create_app, create_runner
from camboard.settings import BoardSettings
from camkeeper.clock import SimulatedClock

BAR_MS = 150.0
PATHS = {
    "closed_month": f"/reports/{FIRST}",
    "running_month": f"/reports/{SECOND}",
    "months": "/reports",
    "closed_month_csv": f"/reports/{FIRST}.csv",
    "wall_data": "/wall/data",
}


async def measure(folder: Path, villages: int, cameras: int, requests: int) -> dict[str, object]:
    """Ask for each path so often and return the figures."""
    town = report_town(folder / "county.ledger", villages=villages, cameras=cameras)
    runner = create_runner(create_app(town, settings=BoardSettings(clock=SimulatedClock(wall_ms=TICK_MS))))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    out: dict[str, object] = {"cameras": cameras, "villages": villages, "requests": requests}
    async with ClientSession(auto_decompress=False) as session:
        for name, path in PATHS.items():
            first_ms, size = await _once(session, base + path)
            again = [(await _once(session, base + path))[0] for _ in range(requests)]
            out[name] = {
                "first_ms": round(first_ms, 1),
                "again_median_ms": round(median(again), 1),
                "again_p95_ms": round(sorted(again)[int(len(again) * 0.95)], 1),
                "gzip_bytes": size,
            }
    await runner.cleanup()
    return out


async def _once(session: ClientSession, url: str) -> tuple[float, int]:
    began = time.perf_counter()
    async with session.get(url) as answer:
        size = len(await answer.read())
        answer.raise_for_status()
    return (time.perf_counter() - began) * 1000, size


def main() -> int:
    """Measure, print JSON, and say by the exit code whether the bar is held."""
    quick = arguments(__doc__ or "").parse_args().quick
    cameras, requests = (1200, 20) if quick else (4800, 60)
    memory = Path("/dev/shm")  # noqa: S108 - what is measured is reading
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        found = asyncio.run(measure(Path(folder), 229, cameras, requests))
    closed = found["closed_month"]
    if not isinstance(closed, dict):
        raise TypeError("no figure for a closed month")
    held = closed["again_p95_ms"] <= BAR_MS
    print_figures("reports", {**found, "bar_ms": BAR_MS, "held": held})
    return 0 if held else 1


if __name__ == "__main__":
    raise SystemExit(main())
