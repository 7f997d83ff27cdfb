"""The only reader of time. Everything else takes a `Clock` (ruff bans the rest)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

STEP_MS = 2_000
"""A wall clock that moved by more than this against elapsed time was stepped; less is NTP's slewing."""
SETTLE_MS = 600_000
"""A forward step is believed when it has stood this long."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStep:
    """The wall clock was stepped, or a standing step was adopted. Goes into the ledger."""

    at_ms: int
    """Ledger time."""
    by_ms: int
    """How far the wall moved now (adopted: how far ledger time moved)."""
    skew_ms: int
    """Wall less ledger time, afterwards."""
    adopted: bool


class Timeline:
    """Ledger time: one line of UTC milliseconds that never goes back.

    It starts at the wall's reading, or at `not_before_ms` (the last tick on record) where the wall is behind it, and
    then follows elapsed time. A step of the wall is told, and durations stay exact through it. A forward step that has
    stood for ten minutes is adopted (a paused machine, a late first NTP answer): the time jumped over has no samples
    and reads as unknown. A backward step is never adopted while the process lives: that time is already on record.
    """

    def __init__(self, clock: Clock, *, not_before_ms: int | None = None) -> None:
        self._clock = clock
        wall, elapsed = clock.wall_ms(), clock.elapsed_ms()
        start = wall if not_before_ms is None else max(wall, not_before_ms)
        self._offset_ms = start - elapsed
        self._skew_ms = 0
        self._skewed_at_ms = elapsed

    def now_ms(self) -> int:
        """Return ledger time now."""
        return self._offset_ms + self._clock.elapsed_ms()

    def wall_ms(self) -> int:
        """Return ledger time: who takes a Clock and should stamp ledger time is given the Timeline itself."""
        return self.now_ms()

    def elapsed_ms(self) -> int:
        """Return the clock's elapsed reading."""
        return self._clock.elapsed_ms()

    def at(self, elapsed_ms: int) -> int:
        """Return ledger time at an elapsed reading of this process."""
        return self._offset_ms + elapsed_ms

    @property
    def skew_ms(self) -> int:
        """Wall less ledger time, as last noticed."""
        return self._skew_ms

    def check(self) -> ClockStep | None:
        """Compare with the wall, about twice a second: a new step, the adoption of one that stood, or None."""
        elapsed = self._clock.elapsed_ms()
        skew = self._clock.wall_ms() - (self._offset_ms + elapsed)
        if abs(skew - self._skew_ms) > STEP_MS:
            by, self._skew_ms, self._skewed_at_ms = skew - self._skew_ms, skew, elapsed
            return ClockStep(at_ms=self._offset_ms + elapsed, by_ms=by, skew_ms=skew, adopted=False)
        if self._skew_ms > STEP_MS and elapsed - self._skewed_at_ms >= SETTLE_MS:
            self._offset_ms += skew
            self._skew_ms = 0
            return ClockStep(at_ms=self._offset_ms + elapsed, by_ms=skew, skew_ms=0, adopted=True)
        return None
