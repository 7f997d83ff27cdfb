"""One life of a store: adds tokens and notes, and prints each one that was acknowledged. Ended by SIGKILL."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from camkeeper.access import Access, Cost
from camkeeper.clock import SystemClock
from camkeeper.model.access import EVERYTHING, Principal, Role, Via

BY = Principal(name="root", role=Role.ADMIN, via=Via.LOCAL)


async def live(path: Path) -> None:
    with Access.open(path, clock=SystemClock(), cost=Cost(memory_kib=64, passes=1)) as access:
        print("up", flush=True)

        async def one(lane: int) -> None:
            n = 0
            while True:
                n += 1
                told = await access.add_token(BY, f"t-{lane}-{n}", Role.WALL, EVERYTHING, days=None)
                print(f"token {told.secret}", flush=True)
                await access.note(BY, "step", f"{lane}-{n}", address="10.0.0.1")
                print(f"note {lane}-{n}", flush=True)
                if n % 3 == 0:
                    (first, *_) = access.tokens()
                    if (await access.revoke_token(BY, first.id)).done:
                        print(f"gone {first.id}", flush=True)

        await asyncio.gather(*(one(lane) for lane in range(4)))


asyncio.run(live(Path(sys.argv[1])))
