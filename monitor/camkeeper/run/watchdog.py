"""Looks at the monitor itself every few seconds and lets the sender say what is to be said."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from camkeeper.clock import Clock
from camkeeper.model.letter import Letter
from camkeeper.model.outbox import WatchdogPolicy
from camkeeper.outbox.watchdog import BeatKind, Vitals, Watch, letter_of, look

LOOK_S = 5.0


class Says(Protocol):
    """What the watchdog needs of a sender."""

    def say(self, letter: Letter) -> None:
        """Send a letter that is never on disk."""

    def ping(self, letter: Letter) -> None:
        """Send once and forget."""


async def keep_watch(
    *, sender: Says, vitals: Callable[[], Vitals], policy: WatchdogPolicy, clock: Clock, look_s: float = LOOK_S
) -> None:
    """Look until cancelled."""
    watch = Watch.begun(policy, clock.wall_ms())
    while True:
        now_ms = clock.wall_ms()
        watch, beats = look(watch, vitals(), policy, now_ms)
        for beat in beats:
            for channel_id in beat.channel_ids:
                letter = letter_of(beat, channel_id, now_ms)
                (sender.ping if beat.kind is BeatKind.PING else sender.say)(letter)
        await asyncio.sleep(look_s)
