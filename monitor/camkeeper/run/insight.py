"""What lies behind the board's figures: the past, why a figure is what it is, and probes that people ask for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

import structlog

from camkeeper.clock import Clock, Timeline
from camkeeper.ledger import LedgerError
from camkeeper.run.past import PastReader
from camkeeper.run.township import Township
from camkeeper.run.why import WhyKept, why
from camkeeper.standing.build import timezone_of
from camkeeper.standing.past import Past
from camkeeper.standing.why import Why, WhyAsk

PAST_EVERY_MS = 3_600_000
PAST_RETRY_MS = 60_000
AGAIN_MS = 10_000
"""A device is asked once in this time at most, however many people want to know."""

_log = structlog.get_logger(__name__)


class Insight:
    """One owner, the event loop; the ledger is read in threads."""

    def __init__(
        self, *, ledger: Path, clock: Clock, timeline: Timeline, township: Township, ask: Callable[[str], None]
    ) -> None:
        self._ledger, self._clock, self._timeline, self._township, self._ask = ledger, clock, timeline, township, ask
        self._reader = PastReader(path=ledger)
        self._past: Past | None = None
        self._due_ms = clock.elapsed_ms()
        self._reading: asyncio.Task[None] | None = None
        self._asked_ms: dict[str, int] = {}
        self._kept = WhyKept()
        self._one = asyncio.Lock()
        """One question at a time: a county's month takes seconds of a core, and probes want it too."""

    def past(self) -> Past | None:
        """Return the newest past; None before the first was read."""
        return self._past

    def refresh(self) -> None:
        """Begin to read the past where that is due; returns at once."""
        now_ms = self._clock.elapsed_ms()
        if now_ms < self._due_ms or (self._reading is not None and not self._reading.done()):
            return
        self._due_ms = now_ms + PAST_RETRY_MS
        self._reading = asyncio.create_task(self._read(), name="past")

    async def _read(self) -> None:
        tz = timezone_of(self._township.registry)
        try:
            self._past = await asyncio.to_thread(self._reader.read, self._timeline.now_ms(), tz)
        except (LedgerError, OSError, LookupError, ValueError) as error:
            _log.warning("past_unread", error=str(error))  # the board goes on without it
            return
        self._due_ms = self._clock.elapsed_ms() + PAST_EVERY_MS

    async def why(self, ask: WhyAsk) -> Why:
        """Return everything behind one figure; see `run.why`."""
        judge = self._township.registry.judge
        async with self._one:
            now_ms = self._timeline.now_ms()
            return await asyncio.to_thread(partial(why, self._ledger, ask, judge=judge, now_ms=now_ms, kept=self._kept))

    def probe_now(self, device_ids: Collection[str]) -> frozenset[str]:
        """Have devices probed at once; return those that will be: not who was asked just now, nor who is unknown."""
        now_ms = self._clock.elapsed_ms()
        self._asked_ms = {i: at_ms for i, at_ms in self._asked_ms.items() if now_ms - at_ms < AGAIN_MS}
        known = self._township.registry.device_by_id
        wanted = [i for i in device_ids if i in known and i not in self._asked_ms]
        for device_id in wanted:
            self._asked_ms[device_id] = now_ms
            self._ask(device_id)
        return frozenset(wanted)

    def close(self) -> None:
        """Let go of what is under way."""
        if self._reading is not None:
            self._reading.cancel()
