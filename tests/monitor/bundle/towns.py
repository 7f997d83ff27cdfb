"""What the tests of bundles share: a ledger as a monitor leaves it, with hourly seals, agreed windows and parties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.monitor.ledger.stories import Story, batches, snapshot_of_stories

from camkeeper.ledger import Batch, Boot, Snapshot
from camkeeper.ledger.session import Session
from camkeeper.model.contract import Party
from camkeeper.model.span import Span
from camkeeper.model.status import Status

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
OCTOBER_MS = 1_790_784_000_000  # 2026-10-01 in Shanghai
NOVEMBER_MS = OCTOBER_MS + 31 * DAY_MS
ZONE = "Asia/Shanghai"
_TURN = (Status.UP, Status.DOWN, Status.DEGRADED, Status.UP, Status.UNKNOWN)


def stories(devices: int = 4, changes: int = 60) -> list[Story]:
    """Cameras that change twice a day; the first leaves in the middle of October, the last comes with it."""
    out = []
    for n in range(devices):
        start_ms = OCTOBER_MS - 5 * DAY_MS if n < devices - 1 else OCTOBER_MS + 3 * DAY_MS
        end_ms = OCTOBER_MS + 15 * DAY_MS if n == 0 else NOVEMBER_MS + 60 * DAY_MS
        told = tuple((start_ms + i * (14 + n) * HOUR_MS + n * 7_001, _TURN[(i + n) % 5]) for i in range(changes))
        window = Span(start_ms=OCTOBER_MS + n * DAY_MS, end_ms=OCTOBER_MS + n * DAY_MS + 5 * HOUR_MS)
        out.append(Story(device_id=f"cam-{n:02d}", lives=(Span(start_ms=start_ms, end_ms=end_ms),), changes=told,
                         excluded=(window,)))  # fmt: skip
    return out


def snapshot(told: Sequence[Story], parties: tuple[Party, ...] = ()) -> Snapshot:
    """The configuration of those stories."""
    return replace(snapshot_of_stories(told, ZONE), parties=parties)


def written(path: Path, told: Sequence[Story], *, until_ms: int, parties: tuple[Party, ...] = ()) -> Session:
    """Write a ledger with a tick every hour, as a monitor does; the session is committed and still open."""
    session = Session(path, created_ms=0)
    session.begin()
    session.boot(Boot(boot_id="boot", version="test"), 0)
    first_ms = OCTOBER_MS - 6 * DAY_MS
    session.write(Batch(config=snapshot(told, parties), at_ms=first_ms), 0)
    tick_ms = first_ms
    for batch in batches(told, until_ms):
        at_ms = batch.transitions[0].at_ms if batch.transitions else batch.lives[0].at_ms
        while tick_ms + HOUR_MS < at_ms:
            tick_ms += HOUR_MS
            session.write(Batch(tick_ms=tick_ms), 0)
        session.write(batch, 0)
    while tick_ms < until_ms:
        tick_ms = min(until_ms, tick_ms + HOUR_MS)
        session.write(Batch(tick_ms=tick_ms), 0)
    session.commit()
    return session
