"""One life of a monitor that keeps hours of coverage, until it is killed or all is told.

    python kill9_hours.py LEDGER     go on where the record ends; a line for every fill that was acknowledged

Failures are confirmed late and dated back, often into hours that are kept already.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

from tests.monitor.cover.towns import HOUSES, camera, township
from tests.monitor.run.township import HOUR_MS, OCTOBER_MS, REASON

from camkeeper.clock import SimulatedClock
from camkeeper.cover.township import TownshipCover
from camkeeper.ledger import Batch, Boot, Ledger, LedgerReader, LifeChange, snapshot_of
from camkeeper.model.change import Transition
from camkeeper.model.status import Status
from camkeeper.run.coverage.hours import next_fill

CAMERAS = (camera("c0", 60, 60), camera("c1", 150, 60, azimuth_deg=200), camera("c2", 30, 20, night=False))
TOWN = township(CAMERAS)
BEGIN_MS = OCTOBER_MS + 1_234_567
STEP_MS, STEPS = 420_000, 600


def tick_ms(step: int) -> int:
    return BEGIN_MS + step * STEP_MS


def draw(step: int, name: str, what: str) -> int:
    """A number in 0..999 that any life finds again."""
    return int.from_bytes(hashlib.blake2b(f"{step}/{name}/{what}".encode(), digest_size=4).digest()) % 1000


def changes(path: Path, step: int) -> tuple[Transition, ...]:
    """What a step decides: some cameras change, up to forty minutes ago but never before their last change."""
    with LedgerReader(path) as reader:
        newest = reader.newest()
    made = []
    for device in CAMERAS:
        last = newest.get(device.id)
        old, after_ms = (Status.UNKNOWN, BEGIN_MS) if last is None else (last.new, last.at_ms)
        at_ms = max(after_ms + 1, tick_ms(step) - draw(step, device.id, "ago") * 2400)
        new = [status for status in Status if status is not old][draw(step, device.id, "new") % (len(Status) - 1)]
        if draw(step, device.id, "whether") < 250 and at_ms < tick_ms(step):
            made.append(
                Transition(
                    device_id=device.id, at_ms=at_ms, decided_ms=tick_ms(step), old=old, new=new, reason=REASON[new]
                )
            )
    return tuple(made)


def work(path: Path) -> None:
    cover = TownshipCover.build(TOWN, HOUSES)
    with Ledger.open(
        path, boot=Boot(boot_id=f"b{os.getpid()}", version="test"), clock=SimulatedClock(wall_ms=OCTOBER_MS)
    ) as ledger:
        last_ms = ledger.recover().last_tick_ms
        if last_ms is None:
            lives = tuple(LifeChange(device_id=d.id, at_ms=BEGIN_MS, enrolled=True) for d in CAMERAS)
            ledger.append(Batch(config=snapshot_of(TOWN), lives=lives, tick_ms=BEGIN_MS)).result()
        for step in range(0 if last_ms is None else (last_ms - BEGIN_MS) // STEP_MS + 1, STEPS + 1):
            told = ledger.append(Batch(transitions=changes(path, step), tick_ms=tick_ms(step)))
            fill = next_fill(path, cover)  # computed while the step is on its way to the disk
            told.result()
            if fill is not None:
                kept = ledger.store_coverage(fill.series, fill.hours, seen_seq=fill.seen_seq).result()
                print(tick_ms(step) // HOUR_MS, kept, flush=True)


if __name__ == "__main__":
    work(Path(sys.argv[1]))
