"""Our own ways out, each proven by beacons: hosts on our side of an operator's line.

One silent beacon says nothing; where every beacon of an uplink is silent, what lies behind it is unknown. A failure
of a device is believed only where its uplink was never lost since the probe *began*, up to a check that began *after*
its answer: whatever took the device away had its chance to take the beacons too.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from camkeeper.clock import Clock
from camkeeper.model.equipment import Beacon, Uplink

EVERY_S = 3.0
TIMEOUT_S = 2.0
# The other end of a beacon that refuses has answered: the way there works.
_ANSWERED = frozenset({errno.ECONNREFUSED, errno.ECONNRESET})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What is known of one uplink, in elapsed milliseconds; `checked_ms` is when the last finished check began."""

    sees: bool = True
    since_ms: int | None = None
    """When it was lost, or found again; None: never lost."""
    checked_ms: int = -1


async def answers(beacon: Beacon, *, timeout_s: float = TIMEOUT_S) -> bool:
    """Return whether the beacon's host answers a TCP connection at all, by accepting or by refusing it."""
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(beacon.host, beacon.port)
    except OSError as error:  # TimeoutError is one too
        return error.errno in _ANSWERED
    writer.close()
    return True


class UplinkWatch:
    """Checks every uplink each few seconds, or at once when somebody waits for it."""

    def __init__(self, *, clock: Clock, on_change: Callable[[Uplink, Sight], None]) -> None:
        self._clock = clock
        self._on_change = on_change
        self._uplinks: dict[str, Uplink] = {}
        self._sights: dict[str, Sight] = {}
        self._wanted = asyncio.Event()
        self._checked = asyncio.Condition()

    def replace(self, uplinks: Mapping[str, Uplink]) -> None:
        """Watch these from now on; what is known of those that stay is kept."""
        self._uplinks = dict(uplinks)
        self._sights = {key: self._sights.get(key, Sight()) for key in uplinks}
        self._wanted.set()

    def sight(self, uplink_id: str) -> Sight:
        """Return what is known of one uplink."""
        return self._sights.get(uplink_id, Sight())

    async def seen_all_along(self, uplink_ids: frozenset[str], *, began_ms: int, ended_ms: int) -> bool:
        """Wait for checks that began after `ended_ms`; return whether all of these uplinks saw since `began_ms`.

        Elapsed milliseconds. True at once where there is no uplink to ask.
        """
        async with self._checked:
            while any(key in self._uplinks and self.sight(key).checked_ms < ended_ms for key in uplink_ids):
                self._wanted.set()
                await self._checked.wait()
        sights = [self.sight(key) for key in uplink_ids if key in self._uplinks]
        return all(sight.sees and (sight.since_ms is None or sight.since_ms <= began_ms) for sight in sights)

    async def run(self) -> None:
        """Check until cancelled."""
        under_way: dict[str, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group:
            while True:
                self._wanted.clear()
                # Each at its own pace: a silent one takes seconds, and nobody waits for another's.
                for uplink in tuple(self._uplinks.values()):
                    if uplink.id not in under_way or under_way[uplink.id].done():
                        under_way[uplink.id] = group.create_task(self._check(uplink))
                with suppress(TimeoutError):
                    async with asyncio.timeout(EVERY_S):
                        await self._wanted.wait()
                    # A hundred failures at once share one check.
                    await asyncio.sleep(0.2)

    async def _check(self, uplink: Uplink) -> None:
        began_ms = self._clock.elapsed_ms()
        sees = await self._any_answers(uplink) or await self._any_answers(uplink)  # one lost packet is no lost uplink
        before = self.sight(uplink.id)
        since = before.since_ms if before.sees is sees else began_ms
        after = Sight(sees=sees, since_ms=since, checked_ms=began_ms)
        if uplink.id in self._uplinks:
            self._sights[uplink.id] = after
            if sees is not before.sees:
                self._on_change(uplink, after)
        async with self._checked:
            self._checked.notify_all()

    async def _any_answers(self, uplink: Uplink) -> bool:
        tasks = [asyncio.create_task(answers(beacon)) for beacon in uplink.beacons]
        try:
            for done in asyncio.as_completed(tasks):
                if await done:
                    return True
        finally:
            for task in tasks:
                task.cancel()
        return False
