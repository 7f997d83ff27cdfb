"""Passing changes on without ever waiting for who listens.

A listener's mailbox holds at most one pending change: what arrives before it is taken is merged into it. So a
slow browser costs the monitor nothing but a set, bounded in size, and learns the newest state when it gets there.
All of this lives on one event loop; nothing here is thread-safe.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A newer Standing is there. `everything`: too many devices changed to name them."""

    ids: frozenset[str] = frozenset()
    everything: bool = False


class Mailbox:
    """One listener's pending change."""

    def __init__(self, *, limit: int) -> None:
        self._limit = limit
        self._ids: set[str] = set()
        self._everything = False
        self._closed = False
        self._event = asyncio.Event()

    @property
    def pending(self) -> int:
        """Number of devices named in the pending change; never more than the limit."""
        return len(self._ids)

    def put(self, ids: AbstractSet[str], *, everything: bool = False) -> None:
        """Merge a change into what is pending. Never waits."""
        self._ids |= ids
        self._everything |= everything or len(self._ids) > self._limit
        if self._everything:
            self._ids.clear()
        self._event.set()

    def close(self) -> None:
        """Let the listener end; what is pending is dropped, it will ask for the newest state anyway."""
        self._closed = True
        self._event.set()

    async def take(self) -> Change | None:
        """Wait for a change and take it; None when the feed has ended."""
        await self._event.wait()
        if self._closed:
            return None
        self._event.clear()
        change = Change(ids=frozenset(self._ids), everything=self._everything)
        self._ids.clear()
        self._everything = False
        return change


class Feed:
    """One publisher, many listeners."""

    def __init__(self, *, limit: int = 1000) -> None:
        self._limit = limit
        self._boxes: set[Mailbox] = set()
        self._closed = False

    @property
    def listeners(self) -> int:
        """How many listen now."""
        return len(self._boxes)

    def publish(self, ids: AbstractSet[str] = frozenset(), *, everything: bool = False) -> None:
        """Tell every listener. Never waits, never fails."""
        for box in self._boxes:
            box.put(ids, everything=everything)

    def close(self) -> None:
        """End every listener, and each that comes later at once."""
        self._closed = True
        for box in self._boxes:
            box.close()

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[Mailbox]:
        """Open a mailbox for the time of the block."""
        box = Mailbox(limit=self._limit)
        if self._closed:
            box.close()
        self._boxes.add(box)
        try:
            yield box
        finally:
            self._boxes.discard(box)

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[AsyncIterator[frozenset[str]]]:
        """Open a stream of ids, as `StandingSource.subscribe` wants it; too many to name come as an empty set."""
        async with self.listen() as box:
            yield _ids(box)


async def _ids(box: Mailbox) -> AsyncIterator[frozenset[str]]:
    while (change := await box.take()) is not None:
        yield change.ids
