"""Which device is due when: a wheel of sub-ticks, turned by elapsed time.

Each device has a phase of its own, a hash of its id: the load is spread evenly, and a restart or a reload moves nobody.
One interval job per camera would cost 38-46% of a core at 100,000 cameras; one tick that turns this wheel, 2.5%.
"""

from __future__ import annotations

import heapq
import zlib
from dataclasses import dataclass

from camkeeper.model.equipment import Device
from camkeeper.model.policy import ProbePolicy
from camkeeper.model.probing import Depth

_PHASES = 1 << 20


def phase(device_id: str) -> float:
    """Return the device's place in any cadence, in [0, 1): stable over restarts, reloads and machines."""
    return (zlib.crc32(device_id.encode()) % _PHASES) / _PHASES


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """How often one device is asked, in milliseconds."""

    every_ms: int
    picture_every_ms: int
    full_every_ms: int

    @classmethod
    def of(cls, device: Device, policy: ProbePolicy) -> Cadence:
        """Return the policy's cadence with the device's own wishes."""
        own = device.overrides
        return cls(
            every_ms=round((own.every_s or policy.every_s) * 1000),
            picture_every_ms=round((own.picture_every_s or policy.picture_every_s) * 1000),
            full_every_ms=round((own.full_every_s or policy.full_every_s) * 1000),
        )

    def turn_before(self, at_ms: int, place: float) -> int:
        """Return the last due instant at or before `at_ms` for a device at `place` in [0, 1)."""
        offset = int(place * self.every_ms)
        return (at_ms - offset) // self.every_ms * self.every_ms + offset

    def depth_at(self, due_ms: int, place: float) -> Depth:
        """Say how deep the probe at this turn climbs: the first turn in each full or picture period does more."""
        turn = (due_ms - int(place * self.every_ms)) // self.every_ms
        for depth, period_ms in ((Depth.FULL, self.full_every_ms), (Depth.PICTURE, self.picture_every_ms)):
            turns = max(1, period_ms // self.every_ms)
            # A device's own share of the long period, so that not all climb in the same minute.
            if turn % turns == int(place * _PHASES) % turns:
                return depth
        return Depth.QUICK


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One probe to start. `due_ms` is elapsed time, so that lateness can be told."""

    device_id: str
    due_ms: int
    depth: Depth
    skipped: int = 0
    """Regular turns that passed unasked since `due_ms` (the machine stood still)."""


class Wheel:
    """Due times of all devices, as a heap over elapsed milliseconds. Not thread-safe: one tick turns it."""

    def __init__(self) -> None:
        self._cadence: dict[str, Cadence] = {}
        self._heap: list[tuple[int, str, int]] = []
        self._entry: dict[str, tuple[int, int]] = {}
        """The serial of a device's live entry in the heap, and when it is due."""
        self._asked: dict[str, Depth] = {}
        self._serial = 0

    def __len__(self) -> int:
        return len(self._cadence)

    def put(self, device_id: str, cadence: Cadence, now_ms: int) -> None:
        """Enrol a device, or change its cadence. Its first turn is the next one of its phase, never in the past."""
        self._cadence[device_id] = cadence
        last = cadence.turn_before(now_ms, phase(device_id))
        self._push(device_id, last if last == now_ms else last + cadence.every_ms)

    def remove(self, device_id: str) -> None:
        """Forget a device; a removed one is never due again."""
        self._cadence.pop(device_id, None)
        self._entry.pop(device_id, None)
        self._asked.pop(device_id, None)

    def ask(self, device_id: str, at_ms: int, depth: Depth) -> None:
        """Bring a device's next probe forward to `at_ms` with at least `depth` (a retry); never put it off."""
        if device_id in self._cadence:
            self._asked[device_id] = depth
            if at_ms < self._entry[device_id][1]:
                self._push(device_id, at_ms)

    def due(self, now_ms: int) -> list[Due]:
        """Return everything due at or before `now_ms`, oldest first, and move each to its next turn.

        Turns that passed unasked (a stall of the machine) are coalesced into one.
        """
        out: list[Due] = []
        while self._heap and self._heap[0][0] <= now_ms:
            due_ms, device_id, serial = heapq.heappop(self._heap)
            if self._serial_of(device_id) != serial:
                continue  # moved or removed since
            cadence = self._cadence[device_id]
            skipped = (now_ms - due_ms) // cadence.every_ms
            out.append(Due(device_id=device_id, due_ms=due_ms, depth=self._depth(device_id, due_ms), skipped=skipped))
            self._push(device_id, cadence.turn_before(now_ms, phase(device_id)) + cadence.every_ms)
        return out

    def next_due_ms(self) -> int | None:
        """Return the earliest due instant, or None for an empty wheel."""
        while self._heap and self._serial_of(self._heap[0][1]) != self._heap[0][2]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def _depth(self, device_id: str, due_ms: int) -> Depth:
        asked = self._asked.pop(device_id, None)
        regular = self._cadence[device_id].depth_at(due_ms, phase(device_id))
        return max((asked or Depth.QUICK), regular, key=_DEEPER.index)

    def _serial_of(self, device_id: str) -> int | None:
        entry = self._entry.get(device_id)
        return None if entry is None else entry[0]

    def _push(self, device_id: str, at_ms: int) -> None:
        self._serial += 1
        self._entry[device_id] = self._serial, at_ms
        heapq.heappush(self._heap, (at_ms, device_id, self._serial))


_DEEPER = (Depth.QUICK, Depth.PICTURE, Depth.FULL)
