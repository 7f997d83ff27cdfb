"""A member of the crew: answers questions about the devices of the shards that it holds.

It decides nothing: no schedule, no retries, no status. What it knows of a device's history comes with the question.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial
from typing import Protocol

import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from camkeeper.clock import Clock
from camkeeper.crew.journal import CarriedLatches
from camkeeper.crew.leases import Leases
from camkeeper.crew.shards import shard_of
from camkeeper.crew.subjects import GROUP, ask_subject, beat_subject
from camkeeper.crew.wire import MAX_PICTURE, Answer, Ask, Beat, Refusal, pack, unpack_ask
from camkeeper.model.dome import DomeReport
from camkeeper.model.equipment import Credential, Device
from camkeeper.model.probing import Depth, ProbeResult
from camkeeper.model.registry import Registry
from camkeeper.model.wire import WireError
from camkeeper.sight.pulse import Pulse
from camkeeper.sight.uplinks import UplinkWatch

BEAT_S = 1.0
LINE_FULL = 8 * 1024 * 1024
"""So many bytes wait to be sent: the bus is slower than we are, and pictures are what can be spared."""
_log = structlog.get_logger(__name__)


class Probes(Protocol):
    """What a member needs of a prober."""

    async def probe(self, device: Device, credential: Credential | None, depth: Depth) -> ProbeResult:
        """Ask one device."""


class Snapshots:
    """Pictures between the prober that got them and the answers that they go with."""

    def __init__(self) -> None:
        self._by_id: dict[str, tuple[bytes, DomeReport | None]] = {}

    def take(self, device: Device, data: bytes, dome: DomeReport | None) -> None:
        """Keep a snapshot of the device that is being asked, and where a dome pointed."""
        self._by_id[device.id] = data, dome

    def pop(self, device_id: str) -> tuple[bytes, DomeReport | None]:
        """Return them, once; empty where there was none."""
        return self._by_id.pop(device_id, (b"", None))


class RefusedError(Exception):
    """A question that is not asked."""

    def __init__(self, refusal: Refusal, detail: str = "") -> None:
        super().__init__(detail)
        self.refusal, self.detail = refusal, detail


class Member:
    """One owner, the event loop. A `Holder` for its own leases."""

    def __init__(
        self,
        *,
        name: str,
        edge_id: str,
        shards: int,
        key_check: str,
        registry: Callable[[], Registry],
        wanted: Callable[[str], None],
        link: Client,
        prober: Probes,
        snapshots: Snapshots,
        latches: CarriedLatches,
        uplinks: UplinkWatch,
        pulse: Pulse,
        clock: Clock,
    ) -> None:
        """`wanted` is told the digest of a configuration that the keeper has and we have not."""
        self._name, self._edge_id, self._shards, self._key_check = name, edge_id, shards, key_check
        self._registry, self._wanted, self._link, self._prober = registry, wanted, link, prober
        self._latches, self._uplinks, self._pulse, self._clock = latches, uplinks, pulse, clock
        self.leases = Leases(link=link, edge_id=edge_id, name=name, shards=shards, clock=clock, holder=self)
        self._heard: dict[int, Subscription] = {}
        self._tasks: dict[asyncio.Task[None], int] = {}
        self._asking: set[str] = set()
        self._snapshots = snapshots
        self.dropped = 0
        self.answered = 0

    # Leases

    async def gained(self, shard: int) -> None:
        """Listen to the questions about a shard."""
        hear = partial(self._hear, shard)
        self._heard[shard] = await self._link.subscribe(ask_subject(self._edge_id, shard), queue=GROUP, cb=hear)

    async def lost(self, shard: int, *, given: bool) -> None:
        """Listen no longer. Where the lease ran out, stop asking too: somebody else may have begun."""
        heard = self._heard.pop(shard, None)
        if heard is not None:
            with contextlib.suppress(nats.errors.Error, OSError, TimeoutError):
                # Drained: a question that is on its way is still heard, and refused; dropped, it would be waited for.
                if self._link.is_connected:
                    await heard.drain()  # type: ignore[no-untyped-call]
                else:
                    await heard.unsubscribe()
        if not given:
            for task in [task for task, of in self._tasks.items() if of == shard]:
                task.cancel()

    # Questions

    async def _hear(self, shard: int, message: Msg) -> None:
        task = asyncio.create_task(self._answer(shard, message))
        self._tasks[task] = shard
        task.add_done_callback(self._tasks.pop)

    async def _answer(self, shard: int, message: Msg) -> None:
        picture = b""
        try:
            answer, picture = await self._asked(shard, message.data)
        except RefusedError as error:
            answer = Answer(member=self._name, refusal=error.refusal, detail=error.detail)
        except asyncio.CancelledError:
            # Not a result any more, but the keeper need not wait for one: it asks whoever holds the shard now.
            answer = Answer(member=self._name, refusal=Refusal.LEASE_LOST)
        except Exception as error:  # noqa: BLE001
            # A broken camera is a value; this is a bug of ours. The keeper counts it, and the others are asked on.
            _log.exception("probe_bug")
            answer = Answer(member=self._name, refusal=Refusal.BUG, detail=type(error).__name__)
        try:
            await message.respond(pack(answer, picture))
            self.answered += 1
        except (nats.errors.Error, OSError, ValueError) as error:
            _log.warning("answer_unsent", error=f"{type(error).__name__}: {error}")

    async def _asked(self, shard: int, data: bytes) -> tuple[Answer, bytes]:
        came_ms = self._clock.elapsed_ms()
        try:
            ask = unpack_ask(data)
        except WireError as error:
            raise RefusedError(Refusal.BAD_ASK, str(error)) from error
        device, credential, revision = self._admitted(ask, shard)
        self._asking.add(device.id)
        try:
            carried = ask.depth is not Depth.QUICK and credential is not None
            if carried:
                await self._learn(device.id, ask)
            began_ms = self._clock.elapsed_ms()
            left_s = (ask.budget_ms - (began_ms - came_ms)) / 1000
            try:
                async with asyncio.timeout(max(0.0, left_s)):
                    result = await self._prober.probe(device, credential, ask.depth)
                    saw = await self._saw(device, result, began_ms)
            except TimeoutError as error:
                raise RefusedError(Refusal.OUT_OF_TIME) from error
        finally:
            self._asking.discard(device.id)
            picture, dome = self._snapshots.pop(device.id)
            latches, journal = self._latches.end(device.id)
        if len(picture) > MAX_PICTURE or self._link.pending_data_size > LINE_FULL:
            self.dropped += 1 if picture else 0
            picture = b""
        now_ms = self._clock.elapsed_ms()
        answer = Answer(
            member=self._name,
            revision=revision,
            result=result,
            saw=saw,
            age_ms=now_ms - began_ms,
            wall_ms=self._clock.wall_ms(),
            dome=dome if picture else None,
            latches=latches,
            journal=journal,
        )
        return answer, picture

    def _admitted(self, ask: Ask, shard: int) -> tuple[Device, Credential | None, int]:
        """Return whom to ask and under which lease; RefusedError where not."""
        registry, revision = self._registry(), self.leases.revision(shard)
        if not revision:
            raise RefusedError(Refusal.NOT_HELD)
        if ask.key_check != self._key_check:
            raise RefusedError(Refusal.OTHER_KEY)
        if ask.register != registry.digest:
            self._wanted(ask.register)
            raise RefusedError(Refusal.OTHER_REGISTER, registry.digest[:12])
        if shard_of(ask.device_id, self._shards) != shard:
            raise RefusedError(Refusal.WRONG_SHARD)
        device = registry.device_by_id.get(ask.device_id)
        if device is None:
            raise RefusedError(Refusal.UNKNOWN_DEVICE)
        most = registry.probe.max_in_flight + registry.probe.max_dead_in_flight
        if device.id in self._asking or len(self._asking) >= most:
            raise RefusedError(Refusal.BUSY)
        credential = registry.credential_by_id[device.credential_id] if device.credential_id else None
        return device, credential, revision

    async def _learn(self, device_id: str, ask: Ask) -> None:
        try:
            await self._latches.begin(device_id, ask.latches)
        except (nats.errors.Error, OSError, WireError) as error:
            raise RefusedError(Refusal.NO_JOURNAL, type(error).__name__) from error

    async def _saw(self, device: Device, result: ProbeResult, began_ms: int) -> bool:
        """Return whether a failure may be believed, as far as we can know it here."""
        if not any(rung.verdict.is_failure for rung in result.rungs):
            return True
        if self._pulse.stalled_since(began_ms):
            return False
        ways = self._registry().uplinks_of(device)
        return await self._uplinks.seen_all_along(ways, began_ms=began_ms, ended_ms=self._clock.elapsed_ms())

    # Signs of life

    async def beat(self) -> None:
        """Say that we live, each second, until cancelled."""
        while True:
            registry = self._registry()
            blind = tuple(u.id for u in registry.uplinks if not self._uplinks.sight(u.id).sees)
            sign = Beat(
                member=self._name,
                register=registry.digest,
                shards=self.leases.mine,
                blind=blind,
                wall_ms=self._clock.wall_ms(),
                dropped=self.dropped,
            )
            if self._link.is_connected:  # signs that wait for the bus to come back say nothing
                with contextlib.suppress(nats.errors.Error, OSError):
                    await self._link.publish(beat_subject(self._edge_id, self._name), pack(sign))
            await asyncio.sleep(BEAT_S)

    async def close(self) -> None:
        """Stop what is under way; whoever asked asks somebody else."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
