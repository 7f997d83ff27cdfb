"""An edge of 150 cameras that lives through a week in seconds, and relays: FOLDER LEDGER CHANGES.

It writes its beginning. When FOLDER/week is there it writes seven days at simulated time: so many changes of status at
random instants, a tick each hour, and what the ledger adds by itself. Each of these is a message of its own in the
stream, as it is where a second or more lies between two changes. Then there is FOLDER/done, and it goes on relaying.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from pathlib import Path

from tests.monitor.ledger.stories import REASON, Story, snapshot_of_stories

from camkeeper.clock import SimulatedClock
from camkeeper.ledger import Batch, Boot, Ledger, LedgerReader, LifeChange
from camkeeper.model.change import Transition
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from camkeeper.relay.edge import relaying
from camkeeper.relay.settings import load
from camkeeper.relay.state import RelayState

DEVICES = tuple(f"CAM-{n:03}" for n in range(150))
T0 = 1_790_000_000_000
HOUR_MS = 3_600_000
WEEK_MS = 7 * 24 * HOUR_MS
USUAL = round(len(DEVICES) * 360 * 7 / 365)
"""Changes in a usual week: a camera has about 360 intervals a year."""


def beginning() -> Batch:
    stories = [Story(device_id=d, lives=(Span(start_ms=T0, end_ms=T0),), changes=()) for d in DEVICES]
    lives = tuple(LifeChange(device_id=d, at_ms=T0, enrolled=True) for d in DEVICES)
    return Batch(config=snapshot_of_stories(stories, "Asia/Shanghai"), lives=lives, tick_ms=T0)


def week(changes: int) -> list[Batch]:
    """What is told in a week, in order of time."""
    rng = random.Random(changes)
    instants = sorted(T0 + 1 + rng.randrange(WEEK_MS) for _ in range(changes))
    status = dict.fromkeys(DEVICES, Status.UNKNOWN)
    told = [Batch(tick_ms=T0 + hour * HOUR_MS) for hour in range(1, 7 * 24 + 1)]
    for at_ms in instants:
        device_id = rng.choice(DEVICES)
        old = status[device_id]
        new = status[device_id] = rng.choice([s for s in Status if s is not old])
        made = Transition(device_id=device_id, at_ms=at_ms, decided_ms=at_ms, old=old, new=new, reason=REASON[new])
        told.append(Batch(transitions=(made,), tick_ms=at_ms))
    return sorted(told, key=lambda batch: batch.tick_ms or 0)


async def live(ledger: Ledger, clock: SimulatedClock, reader: LedgerReader, state: RelayState, changes: int) -> None:
    for batch in week(changes):
        assert batch.tick_ms is not None
        clock.advance(batch.tick_ms - clock.wall_ms())
        await asyncio.wrap_future(ledger.append(batch))
        while state.published.seq < reader.last_seq():  # noqa: ASYNC110 - a number, told by nobody
            await asyncio.sleep(0.001)


async def main(folder: Path, path: Path, changes: int) -> None:
    clock = SimulatedClock(wall_ms=T0)
    with Ledger.open(path, boot=Boot(boot_id="boot", version="test"), clock=clock) as ledger:
        await asyncio.wrap_future(ledger.append(beginning()))
        program = os.environ.get("CAMKEEPER_NATS_SERVER")
        with LedgerReader(path) as reader:
            async with relaying(folder, load(folder), path, program=program, every_s=0.001) as state:
                while not (folder / "week").exists():  # noqa: ASYNC110 - a stat
                    await asyncio.sleep(0.1)
                await live(ledger, clock, reader, state, changes)
                (folder / "done").touch()
                await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
