"""Who stops waiting for the writer does not stop the writer."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from camkeeper.clock import SimulatedClock
from camkeeper.ledger import Batch, Boot, Ledger


async def test_a_cancelled_wait_leaves_the_ledger_writing(tmp_path: Path) -> None:
    clock = SimulatedClock(wall_ms=1_790_000_000_000)
    with Ledger.open(tmp_path / "l", boot=Boot(boot_id="b", version="t"), clock=clock) as ledger:
        for n in range(50):
            waiting = asyncio.ensure_future(asyncio.wrap_future(ledger.append(Batch(tick_ms=clock.wall_ms() + n))))
            await asyncio.sleep(0)
            waiting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await waiting
        await asyncio.wrap_future(ledger.append(Batch(tick_ms=clock.wall_ms() + 1000)))
        assert ledger.health.error is None
    with Ledger.open(tmp_path / "l", boot=Boot(boot_id="c", version="t"), clock=clock) as ledger:
        assert ledger.recover().last_tick_ms == clock.wall_ms() + 1000
