"""The event loop's own pulse: how late it is, and whether it stood still while a probe waited."""

from __future__ import annotations

import asyncio
from collections import deque

from camkeeper.clock import Clock

BEAT_MS = 500
STALL_MS = 2_000
"""A loop this late was standing: a probe's timeout in that time says nothing of the device."""
KEPT_MS = 60_000


class Pulse:
    """Beats twice a second and remembers how late it was."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last_ms = clock.elapsed_ms()
        self._late: deque[tuple[int, int]] = deque()
        self._stalled_until_ms = -1

    def beat(self) -> None:
        """Note that the loop runs now."""
        now = self._clock.elapsed_ms()
        late = max(0, now - self._last_ms - BEAT_MS)
        if late >= STALL_MS:
            self._stalled_until_ms = now
        self._last_ms = now
        self._late.append((now, late))
        while self._late and self._late[0][0] < now - KEPT_MS:
            self._late.popleft()

    def stalled_since(self, start_ms: int) -> bool:
        """Return whether the loop stood still at some time after elapsed `start_ms`."""
        standing_now = self._clock.elapsed_ms() - self._last_ms - BEAT_MS >= STALL_MS
        return standing_now or self._stalled_until_ms >= start_ms

    def worst_ms(self) -> float:
        """Return the worst lateness of the last minute."""
        return float(max((late for _, late in self._late), default=0))

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            await asyncio.sleep(BEAT_MS / 1000)
            self.beat()
