"""Takes letters to their channels: one task a channel, one letter at a time, each step on disk before the next.

`outbox.queue` decides; this loop waits, asks and notes. A letter is marked `sending` before its channel hears of it, so
a kill leaves at most one letter a channel whose fate nobody knows: it is sent again, with the same id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Protocol

import structlog

from camkeeper.clock import Clock
from camkeeper.ledger.record import LedgerError
from camkeeper.model.letter import Channel, Letter, Outcome, Receipt
from camkeeper.model.outbox import ChannelPace
from camkeeper.model.post import LetterState, Post
from camkeeper.outbox.digest import digest_of
from camkeeper.outbox.queue import (
    Bundle,
    Mark,
    Queue,
    Send,
    Wait,
    answered,
    began,
    bundled,
    decide,
    oldest_ms,
    posted,
    remembered,
)
from camkeeper.outbox.view import ChannelView

NOTE_WAIT_S = 5.0
"""A disk that takes longer than this must not keep people from being told: the letter goes, its mark follows."""
NAP_S = 30.0
"""The longest sleep: ledger time may jump forward meanwhile."""
NO_CHANNEL = Receipt(
    outcome=Outcome.REFUSED, code="no_channel", detail="配置中没有这个渠道 / no such channel in the configuration"
)

_log = structlog.get_logger(__name__)

MakesDigest = Callable[[Sequence[Letter], ChannelPace, int], Letter]


class Marks(Protocol):
    """What the sender needs of a ledger."""

    def mark(
        self, letter_id: str, state: LetterState, receipt: Receipt | None, at_ms: int, *, due_ms: int = 0
    ) -> Future[None]:
        """Note where a letter is now."""

    def bundle(self, digest: Letter, letter_ids: Sequence[str], at_ms: int) -> Future[None]:
        """Queue one letter that stands for others."""


@dataclass(slots=True)
class _Lane:
    """One channel's queue, and what its task is waiting for."""

    queue: Queue
    channel: Channel
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    gone: bool = False
    delivered: int = 0
    dead: int = 0
    last: Receipt | None = None
    last_ms: int | None = None


class Sender:
    """Letters in, receipts noted. One owner, the event loop."""

    def __init__(
        self, *, ledger: Marks, clock: Clock, digest: MakesDigest = digest_of, note_wait_s: float = NOTE_WAIT_S
    ) -> None:
        self._ledger, self._clock, self._digest, self._note_wait_s = ledger, clock, digest, note_wait_s
        self._lanes: dict[str, _Lane] = {}
        self._group: asyncio.TaskGroup | None = None
        self._stopping, self._ended = asyncio.Event(), asyncio.Event()
        self._unstored: set[str] = set()
        self._pinging: set[str] = set()

    def enrol(self, channels: Mapping[str, Channel], paces: Mapping[str, ChannelPace]) -> None:
        """Take over a configuration: letters for a channel that is gone are given up, and shown."""
        for channel_id in self._lanes.keys() - channels.keys():
            lane = self._lanes.pop(channel_id)
            lane.gone = True
            lane.wake.set()
            for post in lane.queue.posts:
                if post.letter.id != lane.queue.under_way:
                    self._give_up(post.letter.id)
        for channel_id, channel in channels.items():
            pace, lane_now = paces.get(channel_id, ChannelPace()), self._lanes.get(channel_id)
            if lane_now is not None:
                lane_now.channel, lane_now.queue = channel, replace(lane_now.queue, pace=pace)
                lane_now.wake.set()
                continue
            self._lanes[channel_id] = lane = _Lane(queue=Queue(channel_id=channel_id, pace=pace), channel=channel)
            if self._group is not None:
                self._group.create_task(self._serve(lane), name=f"channel {channel_id}")

    def restore(self, posts: Iterable[Post], tried_ms: Mapping[str, Sequence[int]]) -> None:
        """Go on with what the ledger brought back: `Recovery.posts`, and `LedgerReader.tried_since` a minute ago."""
        for channel_id, lane in self._lanes.items():
            lane.queue = remembered(lane.queue, tried_ms.get(channel_id, ()))
        self._take(posts)

    def post(self, letters: Iterable[Letter], quiet_until: Mapping[str, int] | None = None) -> None:
        """Send letters whose batch is on disk."""
        quiet = quiet_until or {}
        self._take(Post(letter=letter, due_ms=quiet.get(letter.id, 0)) for letter in letters)

    def again(self, letter: Letter) -> None:
        """Send a dead letter once more, because a person said so; a digest takes its letters along."""
        try:
            future = self._ledger.mark(letter.id, LetterState.QUEUED, None, self._clock.wall_ms())
        except LedgerError as error:
            _log.error("letter_unmarked", letter=letter.id, error=str(error))
        else:
            future.add_done_callback(_tell_failure)
        self.post([letter])

    def say(self, letter: Letter) -> None:
        """Send a letter of the monitor about itself: tried like any, but never on disk, which may be what is broken."""
        if letter.channel_id in self._lanes:
            self._unstored.add(letter.id)
            self._take([Post(letter=letter)])

    async def try_out(self, letter: Letter) -> Receipt:
        """Try a letter once, now, beside the queue and off the record; LookupError where its channel is gone."""
        lane = self._lanes.get(letter.channel_id)
        if lane is None:
            raise LookupError(letter.channel_id)
        return await self._ask(lane, letter)

    def ping(self, letter: Letter) -> None:
        """Send once, beside the queue, and forget: the next ping comes soon. Not while the last is still under way."""
        lane = self._lanes.get(letter.channel_id)
        if lane is not None and self._group is not None and letter.channel_id not in self._pinging:
            self._pinging.add(letter.channel_id)
            self._group.create_task(self._ping(lane, letter), name=f"ping {letter.channel_id}")

    def views(self) -> tuple[ChannelView, ...]:
        """Return how each channel fares."""
        now_ms = self._clock.wall_ms()
        return tuple(
            ChannelView(
                channel_id=channel_id,
                waiting=len(lane.queue.posts),
                oldest_ms=oldest_ms(lane.queue, now_ms),
                failures=lane.queue.failures,
                paused_until_ms=lane.queue.paused_until_ms,
                delivered=lane.delivered,
                dead=lane.dead,
                last=lane.last,
                last_ms=lane.last_ms,
            )
            for channel_id, lane in self._lanes.items()
        )

    async def run(self) -> None:
        """Send until `stop`, or until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                for channel_id, lane in self._lanes.items():
                    group.create_task(self._serve(lane), name=f"channel {channel_id}")
                await self._stopping.wait()
        finally:
            self._group = None
            self._ended.set()

    async def stop(self, grace_s: float) -> bool:
        """Begin no further attempt and let those under way end; False where one didn't within `grace_s`."""
        self._stopping.set()
        for lane in self._lanes.values():
            lane.wake.set()
        try:
            async with asyncio.timeout(grace_s):
                await self._ended.wait()
        except TimeoutError:
            return False
        return True

    def _take(self, posts: Iterable[Post]) -> None:
        by_channel: dict[str, list[Post]] = {}
        for post in posts:
            by_channel.setdefault(post.letter.channel_id, []).append(post)
        for channel_id, found in by_channel.items():
            lane = self._lanes.get(channel_id)
            if lane is None:
                for post in found:
                    self._give_up(post.letter.id)
                continue
            lane.queue = posted(lane.queue, found)
            lane.wake.set()

    def _give_up(self, letter_id: str) -> None:
        _log.error("letter_without_channel", letter=letter_id)
        try:
            future = self._ledger.mark(letter_id, LetterState.DEAD, NO_CHANNEL, self._clock.wall_ms())
        except LedgerError as error:
            _log.error("letter_unmarked", letter=letter_id, error=str(error))
        else:
            future.add_done_callback(_tell_failure)

    async def _serve(self, lane: _Lane) -> None:
        while not (self._stopping.is_set() or lane.gone):
            lane.wake.clear()
            now_ms = self._clock.wall_ms()
            match decide(lane.queue, now_ms):
                case Send(letter=letter):
                    await self._attempt(lane, letter, now_ms)
                case Bundle(letters=letters):
                    await self._bundle(lane, letters, now_ms)
                case Wait(until_ms=until_ms):
                    await _woken(lane.wake, min(NAP_S, (until_ms - now_ms) / 1000))
                case _:
                    await _woken(lane.wake, NAP_S)

    async def _attempt(self, lane: _Lane, letter: Letter, now_ms: int) -> None:
        lane.queue, mark = began(lane.queue, letter.id, now_ms)
        await self._note(mark, None, now_ms)
        receipt = await self._ask(lane, letter)
        now_ms = self._clock.wall_ms()
        lane.queue, mark = answered(lane.queue, receipt, now_ms)
        lane.last, lane.last_ms = receipt, now_ms
        if letter.id not in self._unstored:  # else a refused word of trouble would be new trouble
            lane.delivered += mark.state is LetterState.DELIVERED
            lane.dead += mark.state is LetterState.DEAD
        if receipt.outcome is not Outcome.ACCEPTED:
            _log.warning(
                "letter_not_delivered", letter=letter.id, state=mark.state, code=receipt.code, detail=receipt.detail
            )
        await self._note(mark, receipt, now_ms)
        if mark.state.is_final:
            self._unstored.discard(letter.id)

    async def _ask(self, lane: _Lane, letter: Letter) -> Receipt:
        try:
            async with asyncio.timeout(lane.queue.pace.timeout_s):
                return await lane.channel.send(letter)
        except TimeoutError:
            return Receipt(outcome=Outcome.RETRY, code="timeout")
        except Exception as error:  # noqa: BLE001 - a bug in one channel must not silence the others
            # The name alone: an address in the words may hold a robot's key.
            _log.error("channel_failed", channel=lane.queue.channel_id, error=type(error).__name__)
            return Receipt(outcome=Outcome.RETRY, code="bug", detail=type(error).__name__)

    async def _bundle(self, lane: _Lane, letters: tuple[Letter, ...], now_ms: int) -> None:
        digest = self._digest(letters, lane.queue.pace, now_ms)
        lane.queue = bundled(lane.queue, digest, letters)
        await self._settled(lambda: self._ledger.bundle(digest, [letter.id for letter in letters], now_ms), digest.id)

    async def _note(self, mark: Mark, receipt: Receipt | None, at_ms: int) -> None:
        if mark.letter_id not in self._unstored:
            await self._settled(
                lambda: self._ledger.mark(mark.letter_id, mark.state, receipt, at_ms, due_ms=mark.due_ms),
                mark.letter_id,
            )

    async def _settled(self, write: Callable[[], Future[None]], letter_id: str) -> None:
        """Wait for the disk, but not for ever: what it won't take is logged, and people are told all the same."""
        try:
            future = write()
        except LedgerError as error:
            _log.error("letter_unmarked", letter=letter_id, error=str(error))
            return
        future.add_done_callback(_tell_failure)
        waiting = asyncio.wrap_future(future)
        done, _ = await asyncio.wait({waiting}, timeout=self._note_wait_s)
        if not done:
            _log.error("letter_unmarked", letter=letter_id, error="the disk takes long")
        waiting.add_done_callback(lambda f: f.cancelled() or f.exception())

    async def _ping(self, lane: _Lane, letter: Letter) -> None:
        try:
            receipt = await self._ask(lane, letter)
            if receipt.outcome is not Outcome.ACCEPTED:
                _log.warning("ping_not_accepted", channel=letter.channel_id, code=receipt.code)
        finally:
            self._pinging.discard(letter.channel_id)


async def _woken(event: asyncio.Event, most_s: float) -> None:
    try:
        async with asyncio.timeout(max(most_s, 0.001)):
            await event.wait()
    except TimeoutError:
        return


def _tell_failure(future: Future[None]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        _log.error("letter_unmarked", error=f"{type(error).__name__}: {error}")
