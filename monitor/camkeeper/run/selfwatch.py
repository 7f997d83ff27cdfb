"""The monitor watches itself: pulse of the loop, steps of the wall clock, the service manager's watchdog."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from camkeeper.clock import Timeline
from camkeeper.run.notify import notify
from camkeeper.run.recorder import Recorder
from camkeeper.sight.pulse import BEAT_MS, Pulse

BEATS_PER_WATCHDOG = 10

_log = structlog.get_logger(__name__)


async def watch_self(*, pulse: Pulse, timeline: Timeline, recorder: Recorder, rearm: Callable[[], None]) -> None:
    """Beat until cancelled. `rearm` is called after a step of the wall, by which APScheduler counts."""
    beats = 0
    while True:
        await asyncio.sleep(BEAT_MS / 1000)
        pulse.beat()
        step = timeline.check()
        if step is not None:
            _log.warning("wall_clock_stepped", by_ms=step.by_ms, skew_ms=step.skew_ms, adopted=step.adopted)
            recorder.note_step(step)
            rearm()
        beats += 1
        if beats % BEATS_PER_WATCHDOG == 0:
            notify("WATCHDOG=1")
