"""Starts due probes on time, within budgets, and weighs their answers.

Healthy and dead devices have budgets of their own: a township whose line is cut fills the dead lane, and the next
healthy device still finds a place at once.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from camkeeper.clock import Clock, Timeline
from camkeeper.model.equipment import Credential, Device
from camkeeper.model.probing import Depth, ProbeResult, Sample
from camkeeper.model.status import Reason, Status
from camkeeper.run.township import Township
from camkeeper.schedule.wheel import Due, Wheel
from camkeeper.sight.pulse import Pulse
from camkeeper.sight.uplinks import UplinkWatch

TICK_MS = 1_000
LATE_BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0)
# These came in an answer of the device: whatever the uplink does, the device was there.
_ANSWERED = frozenset({Reason.AUTH_REFUSED, Reason.CLOCK_SKEW})

_log = structlog.get_logger(__name__)


class Probes(Protocol):
    """What the poller needs of a prober."""

    async def probe(self, device: Device, credential: Credential | None, depth: Depth) -> ProbeResult:
        """Ask one device."""


@dataclass(slots=True)
class Lane:
    """One budget of probes under way."""

    name: str
    busy: int = 0
    waiting: deque[Due] = field(default_factory=deque)
    late: list[int] = field(default_factory=lambda: [0] * (len(LATE_BOUNDS_S) + 1))
    worst_late_ms: int = 0

    def note_late(self, ms: int) -> None:
        """Count one start's lateness."""
        self.late[bisect_left(LATE_BOUNDS_S, ms / 1000)] += 1
        self.worst_late_ms = max(self.worst_late_ms, ms)


@dataclass(slots=True)
class Counts:
    """What the poller did since it began."""

    probes: int = 0
    missed: int = 0
    discarded: int = 0
    bugs: int = 0


class Poller:
    """Turns the wheel, runs probes, hands samples to the township."""

    def __init__(
        self,
        *,
        clock: Clock,
        timeline: Timeline,
        township: Township,
        wheel: Wheel,
        prober: Probes,
        uplinks: UplinkWatch,
        pulse: Pulse,
        accepting: Callable[[], bool],
    ) -> None:
        self._clock, self._timeline = clock, timeline
        self._township, self._wheel, self._prober = township, wheel, prober
        self._uplinks, self._pulse, self._accepting = uplinks, pulse, accepting
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self.busy: set[str] = set()
        """Devices with a probe under way, waiting for a place, or being weighed."""
        self.asking: set[str] = set()
        """The same less those that wait: their next sample may be dated before now."""
        self.healthy, self.dead = Lane(name="healthy"), Lane(name="dead")
        self.counts = Counts()

    async def tick(self) -> None:
        """Take the turns of the coming second and start each at its own instant."""
        loop = asyncio.get_running_loop()
        now = self._clock.elapsed_ms()
        for due in self._wheel.due(now + TICK_MS):
            self.counts.missed += due.skipped
            loop.call_later(max(0, due.due_ms - now) / 1000, self._start, due)

    def ask(self, device_id: str) -> None:
        """Bring a device's next probe forward to now, with the whole ladder: somebody wants to know."""
        self._wheel.ask(device_id, self._clock.elapsed_ms(), Depth.FULL)

    def _start(self, due: Due) -> None:
        lane = self.dead if self._township.is_slow_to_fail(due.device_id) else self.healthy
        if due.device_id in self.busy:
            if any(waiting.device_id == due.device_id for waiting in lane.waiting):
                self.counts.missed += 1  # a whole turn passed before it found a place
            return
        if due.device_id not in self._township.registry.device_by_id:
            return
        self.busy.add(due.device_id)
        policy = self._township.registry.probe
        if lane.busy < (policy.max_dead_in_flight if lane is self.dead else policy.max_in_flight):
            self._launch(due, lane)
        else:
            lane.waiting.append(due)

    def _launch(self, due: Due, lane: Lane) -> None:
        if self._closed:  # a turn of the second that was under way, or a place that a cancelled probe gave back
            return
        lane.busy += 1
        task = asyncio.create_task(self._run(due, lane))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, due: Due, lane: Lane) -> None:
        began_ms = self._clock.elapsed_ms()
        lane.note_late(began_ms - due.due_ms)
        self.counts.probes += 1
        self.asking.add(due.device_id)
        result = None
        try:
            result = await self._ask(due)
        finally:
            lane.busy -= 1
            if lane.waiting:
                self._launch(lane.waiting.popleft(), lane)
        try:
            if result is not None and self._accepting():
                await self._weigh(due, result, began_ms)
        finally:
            self.busy.discard(due.device_id)
            self.asking.discard(due.device_id)

    async def _ask(self, due: Due) -> ProbeResult | None:
        registry = self._township.registry
        device = registry.device_by_id.get(due.device_id)
        if device is None:
            return None
        credential = registry.credential_by_id[device.credential_id] if device.credential_id else None
        try:
            return await self._prober.probe(device, credential, self._depth(due))
        except Exception:  # noqa: BLE001
            # A broken camera is a value; this is a bug of ours. It must not end the monitoring of the others: the
            # device gets no sample and reads unknown, and the count stands on the board.
            self.counts.bugs += 1
            _log.exception("probe_bug", device=due.device_id)
            return None

    def _depth(self, due: Due) -> Depth:
        known = self._township.known(due.device_id)
        if known is None or known.track is None or not known.climbed or known.track.status is Status.DOWN:
            return Depth.FULL
        if due.depth is Depth.PICTURE and known.track.status is Status.DEGRADED and not known.track.reason.is_image:
            return Depth.FULL
        return due.depth

    async def _weigh(self, due: Due, result: ProbeResult, began_ms: int) -> None:
        failing = any(rung.verdict.is_failure for rung in result.rungs)
        if failing and result.saw is None and self._pulse.stalled_since(began_ms):
            # Our own loop stood still while the device may have answered: no sample, ask again.
            self.counts.discarded += 1
            self._wheel.ask(due.device_id, self._clock.elapsed_ms(), due.depth)
            return
        known = self._township.known(result.device_id)
        sample = self._township.assess(result)
        if known is None or sample is None:
            return
        known.climbed = known.climbed or result.depth is Depth.FULL
        if sample.status is not Status.UP and sample.reason not in _ANSWERED:
            sample = await self._believed(sample, began_ms, saw=result.saw)
        sample = self._township.as_seen(sample)
        before = known.track.status if known.track else Status.UNKNOWN
        self._township.take(sample)
        if sample.status is not before and sample.status in {Status.DEGRADED, Status.DOWN}:
            retry_ms = round(self._township.registry.probe.retry_s * 1000)
            if known.track is not None and known.track.status is not sample.status:  # not confirmed yet
                # What a picture proved is confirmed by whether the device still answers; its rungs have no part in it.
                depth = Depth.QUICK if sample.reason.is_image else Depth.FULL
                self._wheel.ask(due.device_id, self._clock.elapsed_ms() + retry_ms, depth)

    async def _believed(self, sample: Sample, began_ms: int, *, saw: bool | None) -> Sample:
        registry = self._township.registry
        device = registry.device_by_id.get(sample.device_id)
        if device is None:
            return sample
        if saw is None:
            ways = registry.uplinks_of(device)
            saw = await self._uplinks.seen_all_along(ways, began_ms=began_ms, ended_ms=self._clock.elapsed_ms())
        if saw:
            return sample
        return Sample(
            device_id=sample.device_id, at_ms=sample.at_ms, status=Status.UNKNOWN, reason=Reason.MONITOR_BLIND
        )

    async def close(self) -> None:
        """Cancel what is under way and start nothing more; unfinished probes leave no sample."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
