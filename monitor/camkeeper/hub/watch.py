"""Looks at the edges every few seconds and tells people what edges cannot tell: look -> fold -> disk -> letters."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import structlog

from camkeeper.clock import Clock, Timeline
from camkeeper.config.channels import secret_source
from camkeeper.config.fault import ConfigError
from camkeeper.hub import duty
from camkeeper.hub.alarmbook import FILE, AlarmBook
from camkeeper.hub.alarms import Event, Kind, Memory, look
from camkeeper.hub.copies import Copies
from camkeeper.hub.duty import Duty
from camkeeper.hub.signs import HUB_DISK, disk_sign, signs_of
from camkeeper.hub.wording import Setting, words
from camkeeper.message.style import style_of
from camkeeper.model.letter import Letter
from camkeeper.model.outbox import ChannelPace
from camkeeper.notify import connect, http_session
from camkeeper.outbox.view import ChannelView
from camkeeper.run.sender import Sender

LOOK_S = 2.0
GRACE_S = 3.0
_LIMIT_MS = 60_000
_log = structlog.get_logger(__name__)


class HubWatch:
    """Alarms and their letters. One owner, the event loop."""

    def __init__(
        self,
        folder: Path,
        copies: Copies,
        clock: Clock,
        names: Callable[[], Mapping[str, str]] = dict,
        *,
        look_s: float = LOOK_S,
    ) -> None:
        self._look_s = look_s
        self._folder, self._copies, self._clock, self._names = folder, copies, clock, names
        self.duty, self._stamp = Duty(), -1
        self.faults: tuple[str, ...] = ()
        """What is wrong with `hub.yaml`; what stood in it before goes on."""
        self.memory = Memory()
        self._unstored = False
        self._sender: Sender | None = None

    def views(self) -> tuple[ChannelView, ...]:
        """Return how each channel fares."""
        return () if self._sender is None else self._sender.views()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Watch until the block ends. ConfigError where `hub.yaml` cannot be used at the start."""
        self.duty, self._stamp = duty.load(self._folder), self._stamped()
        book = self._book()
        try:
            async with http_session() as session:
                timeline, sender = await self._begin(book, session)
                tasks = [
                    asyncio.create_task(sender.run(), name="hub-letters"),
                    asyncio.create_task(self._looking(book, sender, session, timeline), name="hub-watch"),
                ]
                try:
                    yield
                finally:
                    await sender.stop(GRACE_S)
                    for task in tasks:
                        task.cancel()
                    await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            book.close()

    def _book(self) -> AlarmBook:
        try:
            return AlarmBook(self._folder / FILE)
        except (sqlite3.Error, OSError) as error:
            # A hub with a full disk must still be able to say so.
            _log.error("alarms_in_memory_only", error=f"{type(error).__name__}: {error}")
            return AlarmBook(None)

    async def _begin(self, book: AlarmBook, session: aiohttp.ClientSession) -> tuple[Timeline, Sender]:
        known = await asyncio.wrap_future(book.recall(self._clock.wall_ms() - _LIMIT_MS))
        self.memory = Memory(alarms=known.alarms)
        times = [alarm.told_ms or alarm.found_ms for alarm in known.alarms]
        timeline = Timeline(self._clock, not_before_ms=max(times, default=None))
        self._sender = sender = Sender(ledger=book, clock=timeline)
        self._enrol(sender, session)
        sender.restore(known.posts, known.tried_ms)
        return timeline, sender

    def _enrol(self, sender: Sender, session: aiohttp.ClientSession) -> None:
        channels = connect(self.duty.channels, session=session, secrets=secret_source(self._folder), clock=self._clock)
        paces = {c.id: ChannelPace.within(c.per_minute, patience_s=c.timeout_s) for c in self.duty.channels}
        sender.enrol(channels, paces)

    def _stamped(self) -> int:
        try:
            return (self._folder / duty.FILE).stat().st_mtime_ns
        except OSError:
            return 0

    def _reread(self, sender: Sender, session: aiohttp.ClientSession) -> None:
        stamp = self._stamped()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self.duty, self.faults = duty.load(self._folder), ()
        except ConfigError as error:
            self.faults = tuple(str(fault) for fault in error.faults)
            _log.error("hub_yaml_unusable", faults=self.faults[:5])
            return
        self._enrol(sender, session)
        _log.info("hub_yaml_taken", channels=len(self.duty.channels))

    async def _looking(
        self, book: AlarmBook, sender: Sender, session: aiohttp.ClientSession, timeline: Timeline
    ) -> None:
        started_ms = timeline.elapsed_ms()
        while True:
            await asyncio.sleep(self._look_s)
            timeline.check()
            self._reread(sender, session)
            await self._look(book, sender, timeline, started_ms)

    async def _look(self, book: AlarmBook, sender: Sender, timeline: Timeline, started_ms: int) -> None:
        now_ms, limits = timeline.now_ms(), self.duty.limits
        edges = self._copies.edges
        signs = signs_of(edges.values(), started_ms=started_ms, timeline=timeline, limits=limits)
        with contextlib.suppress(OSError):
            disk = await asyncio.to_thread(disk_sign, self._folder, now_ms, limits)
            if disk is not None:
                signs[HUB_DISK] = disk
        before = self.memory.alarms
        memory, events = look(self.memory, signs, edges.keys(), now_ms, limits)
        if memory.alarms == before and not events and not self._unstored:
            self.memory = memory
            return
        letters = [letter for event in events for letter in self._letters(event)]
        for event in events:
            _log.warning("alarm", kind=event.alarm.kind, happening=event.happening, edges=len(event.alarm.standing))
        try:
            await asyncio.wrap_future(book.settle(memory.alarms, letters))
            self._unstored = False
            sender.post(letters)
        except sqlite3.Error as error:
            _log.error("alarms_unstored", error=str(error))
            self._unstored = True
            for letter in letters:
                sender.say(letter)
        self.memory = memory

    def _letters(self, event: Event) -> Sequence[Letter]:
        setting = Setting(
            county=self.duty.name,
            timezone=self.duty.timezone,
            names=self._names(),
            enrolled=len(self._copies.edges),
        )
        by_id = {channel.id: channel for channel in self.duty.channels}
        out = []
        for channel_id in self.duty.told:
            said = words(event, setting, style_of(by_id[channel_id]))
            out.append(
                Letter(
                    id=f"{event.alarm.id}/{event.alarm.seq}/{channel_id}",
                    incident_id=event.alarm.id,
                    seq=event.alarm.seq,
                    channel_id=channel_id,
                    subject=said.subject,
                    text=said.text,
                    markdown=said.markdown,
                    facts=said.facts,
                    created_ms=event.at_ms,
                    recovery=event.alarm.over_ms is not None,
                )
            )
        return out

    def troubled(self) -> Mapping[str, frozenset[Kind]]:
        """Return what stands at each edge now."""
        out: dict[str, set[Kind]] = {}
        for alarm in self.memory.alarms:
            for member in alarm.standing:
                out.setdefault(member.edge_id, set()).add(alarm.kind)
        return {edge_id: frozenset(kinds) for edge_id, kinds in out.items()}
