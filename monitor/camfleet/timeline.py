"""When each fault of a scenario is on. Pure: scenario time in, active events out."""

from __future__ import annotations

from dataclasses import dataclass

from camfleet.faults import Fault, next_phase_ms
from camfleet.targets import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One fault on some devices, on in the half-open span [at, at + for) of the cycle."""

    at_ms: int
    for_ms: int
    fault: Fault
    target: Target
    line: int = 0
    """Where the scenario file says so."""

    def __post_init__(self) -> None:
        if self.at_ms < 0 or self.for_ms <= 0:
            raise ValueError(f"an event begins at 0 or later and lasts: at {self.at_ms} ms for {self.for_ms} ms")

    @property
    def end_ms(self) -> int:
        """The first millisecond after it."""
        return self.at_ms + self.for_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Active:
    """An event that is on: its place in the scenario, and for how long it has been."""

    index: int
    since_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The events of a scenario, repeated every `repeat_ms` (None: played once)."""

    events: tuple[Event, ...]
    repeat_ms: int | None = None

    def __post_init__(self) -> None:
        if self.repeat_ms is not None and any(event.end_ms > self.repeat_ms for event in self.events):
            raise ValueError("an event ends after the cycle that repeats it")

    def _in_cycle(self, t_ms: int) -> int:
        return t_ms if self.repeat_ms is None else t_ms % self.repeat_ms

    def active(self, t_ms: int) -> tuple[Active, ...]:
        """Return the events that are on at scenario time `t_ms`, in the file's order."""
        at = self._in_cycle(t_ms)
        return tuple(
            Active(index=index, since_ms=at - event.at_ms)
            for index, event in enumerate(self.events)
            if event.at_ms <= at < event.end_ms
        )

    def next_change(self, t_ms: int) -> int | None:
        """Return the first scenario time after `t_ms` at which anything may change; None: nothing will."""
        if not self.events:
            return None
        at = self._in_cycle(t_ms)
        later: list[int] = []
        for event in self.events:
            if at < event.at_ms:
                later.append(event.at_ms)
            elif at < event.end_ms:
                phase = next_phase_ms(event.fault, at - event.at_ms)
                later.append(event.end_ms if phase is None else min(event.end_ms, event.at_ms + phase))
        if not later and self.repeat_ms is not None:
            later.append(self.repeat_ms + min(event.at_ms for event in self.events))
        return t_ms - at + min(later) if later else None
