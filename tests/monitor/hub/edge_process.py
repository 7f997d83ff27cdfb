"""An edge that writes its ledger as fast as the disk takes it, and relays, to be killed: FOLDER LEDGER ACKED.

It writes until FOLDER/quiet is there, and goes on relaying. Started again it goes on where its ledger ends. To ACKED
goes a line for each change that the ledger acknowledged: "AT_MS DEVICE STATUS".
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import uuid
from pathlib import Path
from typing import TextIO

from tests.monitor.ledger.stories import REASON, Story, snapshot_of_stories

from camkeeper.clock import SystemClock, Timeline
from camkeeper.ledger import Batch, Boot, Ledger, LifeChange
from camkeeper.model.change import Transition
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from camkeeper.relay.edge import relaying
from camkeeper.relay.settings import load

DEVICES = tuple(f"CAM-{n:03}" for n in range(20))


async def write(ledger: Ledger, timeline: Timeline, quiet: Path, acked: TextIO) -> None:
    recovery = ledger.recover()
    status = {known.device_id: known.status for known in recovery.standing}
    rng = random.Random(len(status))
    if not recovery.lives:
        now_ms = timeline.now_ms()
        stories = [Story(device_id=d, lives=(Span(start_ms=now_ms, end_ms=now_ms),), changes=()) for d in DEVICES]
        lives = tuple(LifeChange(device_id=d, at_ms=now_ms, enrolled=True) for d in DEVICES)
        config = snapshot_of_stories(stories, "Asia/Shanghai")
        await asyncio.wrap_future(ledger.append(Batch(config=config, lives=lives, tick_ms=now_ms)))
    await tell_silence(ledger, status, timeline)
    last = False
    while not last:
        last = quiet.exists()  # noqa: ASYNC240 - a stat
        await asyncio.sleep(0.01)
        now_ms, device_id = timeline.now_ms(), rng.choice(DEVICES)
        old = status.get(device_id, Status.UNKNOWN)
        new = rng.choice([s for s in Status if s is not old])
        status[device_id] = new
        change = Transition(device_id=device_id, at_ms=now_ms, decided_ms=now_ms, old=old, new=new, reason=REASON[new])
        await asyncio.wrap_future(ledger.append(Batch(transitions=(change,), tick_ms=now_ms)))
        acked.write(f"{now_ms} {device_id} {new.value}\n")
        acked.flush()


async def tell_silence(ledger: Ledger, status: dict[str, Status], timeline: Timeline) -> None:
    """Say of every device what a monitor says after a pause: since the last tick nobody knows."""
    tick_ms, now_ms = ledger.recover().last_tick_ms, timeline.now_ms()
    silent = tuple(
        Transition(
            device_id=device_id,
            at_ms=tick_ms + 1,
            decided_ms=now_ms,
            old=old,
            new=Status.UNKNOWN,
            reason=REASON[Status.UNKNOWN],
        )
        for device_id, old in status.items()
        if tick_ms is not None and old is not Status.UNKNOWN
    )
    status.update(dict.fromkeys(status, Status.UNKNOWN))
    await asyncio.wrap_future(ledger.append(Batch(transitions=silent, tick_ms=now_ms)))


async def main(folder: Path, path: Path, acked: TextIO) -> None:
    clock = SystemClock()
    with Ledger.open(path, boot=Boot(boot_id=uuid.uuid4().hex, version="test"), clock=clock) as ledger:
        timeline = Timeline(clock, not_before_ms=ledger.recover().last_tick_ms)
        async with relaying(folder, load(folder), path, program=os.environ.get("CAMKEEPER_NATS_SERVER")):
            await write(ledger, timeline, folder / "quiet", acked)
            print("quiet", flush=True)
            await asyncio.Event().wait()


if __name__ == "__main__":
    with Path(sys.argv[3]).open("a", encoding="ascii") as file:
        asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), file))
