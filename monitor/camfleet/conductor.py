"""Plays the scenario and the faults set by hand upon the devices, each at its time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass

from camfleet.faults import HEALTHY, Condition, Fault, combine, effect, next_phase_ms
from camfleet.scenario import Scenario
from camkeeper.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One fault that is on: what it is, who put it there (`event 3`, `manual 1`), and what it does now."""

    name: str
    fault: Fault
    condition: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class _Manual:
    fault: Fault
    device_ids: frozenset[str]
    began_ms: int


Change = Callable[[str, Condition, tuple[Cause, ...]], None]
"""Called with a device's id, its new condition and all its causes, whenever the causes or their effects change."""


class Conductor:
    """Computes who has what, from the clock alone; one timer wakes it at the next change."""

    def __init__(
        self,
        scenario: Scenario,
        targets: Collection[tuple[str, ...]],
        *,
        clock: Clock,
        speed: float,
        change: Change,
        done: Callable[[], None],
    ) -> None:
        self._scenario = scenario
        self._targets = tuple(targets)
        self._clock = clock
        self._speed = speed
        self._change = change
        self._done = done
        self._started_ms: int | None = None
        self._manual: dict[int, _Manual] = {}
        self._handles = 0
        self._now: dict[str, tuple[Cause, ...]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin at scenario time 0."""
        self._started_ms = self._clock.elapsed_ms()
        self.reconcile()

    def stop(self) -> None:
        """Play no further."""
        self._started_ms = None
        if self._timer is not None:
            self._timer.cancel()

    def apply(self, fault: Fault, device_ids: Collection[str]) -> int:
        """Put a fault on devices now, until `clear`; return its number."""
        self._handles += 1
        self._manual[self._handles] = _Manual(
            fault=fault, device_ids=frozenset(device_ids), began_ms=self._clock.elapsed_ms()
        )
        self.reconcile()
        return self._handles

    def clear(self, device_ids: Collection[str] | None = None) -> None:
        """Take the faults set by hand from these devices (None: from all); those of the scenario stay."""
        for handle, manual in list(self._manual.items()):
            left = frozenset() if device_ids is None else manual.device_ids - frozenset(device_ids)
            if left:
                self._manual[handle] = _Manual(fault=manual.fault, device_ids=left, began_ms=manual.began_ms)
            else:
                del self._manual[handle]
        self.reconcile()

    def causes(self, device_id: str) -> tuple[Cause, ...]:
        """Return what is wrong with a device now."""
        return self._now.get(device_id, ())

    def reconcile(self) -> None:
        """Bring every device to what the clock says, and set the timer for the next change."""
        if self._started_ms is None:
            return
        elapsed_ms = self._clock.elapsed_ms()
        wanted = self._wanted(elapsed_ms, self._started_ms)
        for device_id in sorted(self._now.keys() | wanted.keys()):
            causes = wanted.get(device_id, ())
            if causes != self._now.get(device_id, ()):
                self._change(device_id, combine(c.condition for c in causes) if causes else HEALTHY, causes)
        self._now = wanted
        self._done()
        self._arm(elapsed_ms, self._started_ms)

    def _wanted(self, elapsed_ms: int, started_ms: int) -> dict[str, tuple[Cause, ...]]:
        lists: dict[str, list[Cause]] = {}
        timeline = self._scenario.timeline
        for on in timeline.active(int((elapsed_ms - started_ms) * self._speed)):
            fault = timeline.events[on.index].fault
            cause = Cause(name=f"event {on.index}", fault=fault, condition=effect(fault, on.since_ms))
            for device_id in self._targets[on.index]:
                lists.setdefault(device_id, []).append(cause)
        for handle, manual in self._manual.items():
            condition = effect(manual.fault, elapsed_ms - manual.began_ms)
            cause = Cause(name=f"manual {handle}", fault=manual.fault, condition=condition)
            for device_id in manual.device_ids:
                lists.setdefault(device_id, []).append(cause)
        return {device_id: tuple(causes) for device_id, causes in lists.items()}

    def _arm(self, elapsed_ms: int, started_ms: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waits = []
        t_ms = int((elapsed_ms - started_ms) * self._speed)
        change_ms = self._scenario.timeline.next_change(t_ms)
        if change_ms is not None:
            waits.append((change_ms - t_ms) / self._speed)
        for manual in self._manual.values():
            since_ms = elapsed_ms - manual.began_ms
            phase_ms = next_phase_ms(manual.fault, since_ms)
            if phase_ms is not None:
                waits.append(phase_ms - since_ms)
        if waits:
            # One more millisecond, because both clocks round down: waking early would only mean waking twice.
            wait_s = (min(waits) + 1) / 1000
            self._timer = asyncio.get_running_loop().call_later(wait_s, self.reconcile)
