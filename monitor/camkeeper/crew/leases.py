"""One member's leases in the KV bucket: taken, renewed, given back, and never believed longer than they last.

A key that is not renewed disappears after `TTL_S`. A member counts its leases from the instant *before* it asked for
the renewal, less a margin: it has stopped asking when another may begin.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from dataclasses import dataclass
from typing import Protocol

import nats.errors
import nats.js.errors
import structlog
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, StorageType, StreamConfig, StreamInfo
from nats.js.kv import KeyValue

from camkeeper.clock import Clock
from camkeeper.crew.shards import turn
from camkeeper.crew.subjects import JOURNAL, LEASES

TTL_S = 5.0
RENEW_MS = 1_500
LOOK_S = 0.4
MARGIN_MS = 500
TIMEOUT_S = 2.0
_log = structlog.get_logger(__name__)


class Holder(Protocol):
    """Who acts on leases."""

    async def gained(self, shard: int) -> None:
        """Begin to answer for a shard."""

    async def lost(self, shard: int, *, given: bool) -> None:
        """Answer for it no longer; unless it was given back in order, stop what is under way too."""


@dataclass(slots=True, kw_only=True)
class Lease:
    """One shard that is ours until elapsed `until_ms`."""

    revision: int
    until_ms: int


async def make_buckets(js: JetStreamContext) -> None:
    """Make the two buckets where they are missing: leases in memory (they live for seconds), the journal on disk."""
    plain = StreamConfig(
        max_msgs_per_subject=1, allow_rollup_hdrs=True, allow_direct=True, discard=DiscardPolicy.NEW, num_replicas=1
    )
    wanted = (
        plain.evolve(
            name=f"KV_{LEASES}",
            subjects=[f"$KV.{LEASES}.>"],
            storage=StorageType.MEMORY,
            max_age=TTL_S,
            duplicate_window=TTL_S,  # no longer than messages live
            max_bytes=1 << 20,
        ),
        # No size of its own: it would be set aside, and the rest of the store belongs to the ledger's stream.
        plain.evolve(name=f"KV_{JOURNAL}", subjects=[f"$KV.{JOURNAL}.>"], storage=StorageType.FILE),
    )
    for config in wanted:
        try:
            await js.stream_info(str(config.name))
        except nats.js.errors.NotFoundError:
            await js.add_stream(config)


class Leases:
    """One owner, the event loop."""

    def __init__(self, *, link: Client, edge_id: str, name: str, shards: int, clock: Clock, holder: Holder) -> None:
        self._link, self._name, self._shards = link, name, shards
        self._js = link.jetstream(domain=edge_id, timeout=TIMEOUT_S)
        self._kv = KeyValue(name=LEASES, stream=f"KV_{LEASES}", pre=f"$KV.{LEASES}.", js=self._js, direct=True)
        self._clock, self._holder = clock, holder
        self._token = secrets.token_hex(8).encode()
        self._held: dict[int, Lease] = {}
        self._presence: Lease | None = None
        self._renewed_ms = -RENEW_MS
        self._born: object = None
        self._name_taken = False
        self.members: frozenset[str] = frozenset()
        """Who was there at the last look."""
        self.held: frozenset[int] = frozenset()
        """What anybody held then."""
        self.trouble = ""

    def revision(self, shard: int) -> int:
        """Return the revision of our lease of a shard; 0 where it is not ours, or not any more."""
        lease = self._held.get(shard)
        return lease.revision if lease is not None and self._clock.elapsed_ms() < lease.until_ms else 0

    @property
    def mine(self) -> tuple[int, ...]:
        """The shards that are ours now."""
        return tuple(sorted(shard for shard in self._held if self.revision(shard)))

    async def run(self) -> None:
        """Keep leases until cancelled; give all back in the end."""
        fence = asyncio.create_task(self._fence())
        try:
            while True:
                try:
                    if self._link.is_connected:
                        await self._look()
                        self._told("")
                except (nats.errors.Error, OSError) as error:
                    self._told(f"{type(error).__name__}: {error}")
                await asyncio.sleep(LOOK_S)
        finally:
            fence.cancel()
            with contextlib.suppress(nats.errors.Error, OSError, TimeoutError):
                async with asyncio.timeout(TIMEOUT_S):
                    await self._give_back()

    def _told(self, trouble: str) -> None:
        if trouble and trouble != self.trouble:
            _log.warning("leases", error=trouble)
        self.trouble = trouble

    async def _look(self) -> None:
        info = await self._js.stream_info(f"KV_{LEASES}", subjects_filter=f"$KV.{LEASES}.>")
        if self._born is not None and info.created != self._born:
            # The server was started anew and the bucket made again: revisions of the old one mean nothing there.
            await self._drop(tuple(self._held))
            self._presence = None
        self._born = info.created
        if self._clock.elapsed_ms() - self._renewed_ms >= RENEW_MS:
            self._renewed_ms = self._clock.elapsed_ms()
            await self._renew()
        if self._presence is None:
            return
        self.members, self.held = _read(info)
        todo = turn(self._name, members=self.members, mine=self._held, held=self.held, shards=self._shards)
        for shard in todo.give:
            await self._release(shard)
        await asyncio.gather(*(self._take(shard) for shard in todo.take))

    async def _renew(self) -> None:
        await asyncio.gather(
            self._appear(), *(self._renew_one(shard, lease) for shard, lease in tuple(self._held.items()))
        )

    async def _appear(self) -> None:
        key, asked_ms = f"member.{self._name}", self._clock.elapsed_ms()
        try:
            last = 0 if self._presence is None else self._presence.revision
            revision = await self._kv.update(key, self._token, last=last)
        except nats.js.errors.KeyWrongLastSequenceError:
            if self._presence is None and not self._name_taken:
                self._name_taken = True
                _log.warning("name_taken", name=self._name, en="by another process, or by one that ended just now")
            self._presence = None
            return
        self._name_taken = False
        self._presence = Lease(revision=revision, until_ms=self._until(asked_ms))

    async def _renew_one(self, shard: int, lease: Lease) -> None:
        asked_ms = self._clock.elapsed_ms()
        try:
            lease.revision = await self._kv.update(f"shard.{shard}", self._token, last=lease.revision)
        except nats.js.errors.KeyWrongLastSequenceError:
            await self._drop((shard,))
            return
        lease.until_ms = self._until(asked_ms)

    async def _take(self, shard: int) -> None:
        asked_ms = self._clock.elapsed_ms()
        try:
            revision = await self._kv.update(f"shard.{shard}", self._token, last=0)
        except nats.js.errors.KeyWrongLastSequenceError:
            return  # somebody was faster
        self._held[shard] = Lease(revision=revision, until_ms=self._until(asked_ms))
        await self._holder.gained(shard)
        _log.info("shard_taken", shard=shard, revision=revision)

    async def _release(self, shard: int) -> None:
        """Give a shard back: first nobody hears us any more, then the next one may take it."""
        del self._held[shard]
        await self._holder.lost(shard, given=True)
        await self._js.purge_stream(f"KV_{LEASES}", subject=f"$KV.{LEASES}.shard.{shard}")
        _log.info("shard_given_back", shard=shard)

    async def _give_back(self) -> None:
        for shard in tuple(self._held):
            await self._release(shard)
        if self._presence is not None:
            await self._js.purge_stream(f"KV_{LEASES}", subject=f"$KV.{LEASES}.member.{self._name}")

    async def _drop(self, shards: tuple[int, ...]) -> None:
        for shard in shards:
            if self._held.pop(shard, None) is not None:
                await self._holder.lost(shard, given=False)
                _log.warning("shard_lost", shard=shard)

    async def _fence(self) -> None:
        """Stop what a lease that could not be renewed in time no longer covers."""
        while True:
            await asyncio.sleep(MARGIN_MS / 2 / 1000)
            now_ms = self._clock.elapsed_ms()
            await self._drop(tuple(shard for shard, lease in self._held.items() if now_ms >= lease.until_ms))

    def _until(self, asked_ms: int) -> int:
        return asked_ms + round(TTL_S * 1000) - MARGIN_MS


def _read(info: StreamInfo) -> tuple[frozenset[str], frozenset[int]]:
    """Return who is there and what is held, by the keys that are alive."""
    keys = [subject.removeprefix(f"$KV.{LEASES}.") for subject in info.state.subjects or {}]
    members = frozenset(key.removeprefix("member.") for key in keys if key.startswith("member."))
    held = frozenset(int(key.removeprefix("shard.")) for key in keys if key.startswith("shard."))
    return members, held
