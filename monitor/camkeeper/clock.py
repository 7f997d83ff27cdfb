"""The only reader of time. Everything else takes a `Clock` (ruff bans the rest)."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Two readings: the wall, which people agree on, and the elapsed time, which nobody can set."""

    def wall_ms(self) -> int:
        """UTC milliseconds since 1970, as the machine believes them now; may step."""

    def elapsed_ms(self) -> int:
        """Milliseconds since an arbitrary start; never steps and counts suspended time too."""


class SystemClock:
    """The machine's clocks."""

    def wall_ms(self) -> int:
        """UTC milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    def elapsed_ms(self) -> int:
        """Milliseconds since the machine booted, suspended time included (CLOCK_BOOTTIME)."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


class SimulatedClock:
    """A clock that tests move. `advance` moves both readings, `step_wall` only the wall."""

    def __init__(self, *, wall_ms: int = 0, elapsed_ms: int = 0) -> None:
        self._wall_ms = wall_ms
        self._elapsed_ms = elapsed_ms

    def wall_ms(self) -> int:
        """Return the simulated UTC milliseconds."""
        return self._wall_ms

    def elapsed_ms(self) -> int:
        """Return the simulated elapsed milliseconds."""
        return self._elapsed_ms

    def advance(self, ms: int) -> None:
        """Let `ms` milliseconds pass."""
        if ms < 0:
            raise ValueError(f"time does not run backwards: {ms}")
        self._wall_ms += ms
        self._elapsed_ms += ms

    def step_wall(self, ms: int) -> None:
        """Step the wall clock by `ms` (negative: back), as an operator or NTP does."""
        self._wall_ms += ms
