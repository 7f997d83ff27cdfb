"""The keeper's side: a prober that has others ask. One asker, one answer, one sample: nothing can be counted twice.

Who asks is a matter of leases; that a turn leaves one sample at most is not: the poller awaits one result here, and
an answer that comes after it gave up finds nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

from camkeeper import jpeg
from camkeeper.clock import Clock
from camkeeper.crew.journal import Journal, key_check
from camkeeper.crew.shards import shard_of
from camkeeper.crew.subjects import ask_subject
from camkeeper.crew.wire import Answer, Ask, Beat, Refusal, pack, unpack_answer, unpack_beat
from camkeeper.model.dome import DomeReport
from camkeeper.model.equipment import Credential, Device
from camkeeper.model.probing import Depth, ProbeResult, Rung, RungResult, Verdict
from camkeeper.model.registry import Registry
from camkeeper.model.wire import WireError
from camkeeper.probe.latch import FileLatches, Latch

AGAIN_S = 0.4
PATIENCE_MS = 8_000
"""A shard that lost its holder has another one within this: so long a turn waits for it."""
SILENT_MS = 5_500
"""A member that was silent for so long has lost its leases, and knows it."""
MARGIN_MS = 5_000
STEPS = 20
"""A climb has at most about so many steps, each with the policy's timeout."""
SKEW_MS = 500
_MAY_HAVE_ASKED = frozenset({Refusal.LEASE_LOST, Refusal.OUT_OF_TIME, Refusal.BUG})
_log = structlog.get_logger(__name__)


class Probes(Protocol):
    """A prober."""

    async def probe(self, device: Device, credential: Credential | None, depth: Depth) -> ProbeResult:
        """Ask one device."""


class Held(Protocol):
    """Our own leases, where the keeper takes part."""

    def revision(self, shard: int) -> int:
        """Return the revision of our lease of a shard, 0: not ours."""


class NobodyError(Exception):
    """No answer that is a result; whether another moment may bring one."""

    def __init__(self, why: str, *, passes: bool) -> None:
        super().__init__(why)
        self.passes = passes


@dataclass(slots=True, kw_only=True)
class Heard:
    """What is known of a member."""

    beat: Beat
    at_ms: int
    """Elapsed."""
    skew_ms: int


@dataclass(slots=True, kw_only=True)
class Waiting:
    """A question under way."""

    shard: int
    sent_ms: int
    holder: str | None
    """Who held the shard when it was sent, as far as signs of life told."""


class CrewProber:
    """A `Probes` for the poller. One owner, the event loop; without a link everything is as without a crew."""

    def __init__(
        self,
        *,
        edge_id: str,
        shards: int,
        local: bool,
        prober: Probes,
        registry: Callable[[], Registry],
        latches: FileLatches,
        clock: Clock,
        on_picture: Callable[[Device, bytes, DomeReport | None], None],
    ) -> None:
        """`clock` stamps ledger time; `prober` asks from here; `local`: whether it may."""
        self._edge_id, self._shards, self._local = edge_id, shards, local
        self._prober, self._registry, self._latches = prober, registry, latches
        self._clock, self._on_picture = clock, on_picture
        self._key_check = key_check(latches.key)
        self._link: Client | None = None
        self._journal: Journal | None = None
        self._held: Held | None = None
        self._pending: dict[asyncio.Task[Msg], Waiting] = {}
        self._holders: dict[int, str] = {}
        self._reconnects, self._back_ms = 0, 0
        self._alive_ms = dict.fromkeys(range(shards), clock.elapsed_ms())
        self._doubtful: set[str] = set()
        """Asked of a member that never answered: whether their credential was refused stands in the journal alone."""
        self.members: dict[str, Heard] = {}
        self.refused: Counter[str] = Counter()
        self.asked = self.local = self.unanswered = self.lost = 0

    def connect(self, link: Client, held: Held | None) -> None:
        """Ask by this bus from now on."""
        self._link, self._held, self._journal = link, held, Journal(link, self._edge_id)

    @property
    def connected(self) -> bool:
        """Whether the bus is there."""
        return self._link is not None and self._link.is_connected

    # Asking

    async def probe(self, device: Device, credential: Credential | None, depth: Depth) -> ProbeResult:
        """Have one device asked. Where nobody asked it: a result that says nothing of the device."""
        shard, began_ms = shard_of(device.id, self._shards), self._clock.elapsed_ms()
        while True:
            try:
                if self._held is not None and self._held.revision(shard):
                    return await self._ask_here(device, credential, depth)
                return await self._ask(device, credential, depth, shard)
            except NobodyError as error:
                now_ms = self._clock.elapsed_ms()
                patient = error.passes and now_ms - self._alive_ms[shard] < PATIENCE_MS
                if not patient or now_ms - began_ms >= 2 * PATIENCE_MS:
                    if self._local:
                        return await self._ask_here(device, credential, depth)
                    self.unanswered += 1
                    return _not_asked(device, depth, self._clock.wall_ms(), str(error))
            await asyncio.sleep(AGAIN_S)

    async def _ask_here(self, device: Device, credential: Credential | None, depth: Depth) -> ProbeResult:
        if depth is not Depth.QUICK and credential is not None:
            try:
                await self._fetch_latches(device.id)
            except (nats.errors.Error, OSError, WireError):
                if device.id in self._doubtful:
                    depth = Depth.QUICK
        self.local += 1
        return await self._prober.probe(device, credential, depth)

    async def _fetch_latches(self, device_id: str) -> None:
        """Take over what a member wrote that died with its answer."""
        if self._journal is None or not self.connected:
            raise nats.errors.ConnectionClosedError
        latches, revision = await self._journal.get(device_id)
        if revision:
            await self._keep_latches(device_id, (*self._carried(device_id), *latches), revision)
        self._doubtful.discard(device_id)

    async def _ask(self, device: Device, credential: Credential | None, depth: Depth, shard: int) -> ProbeResult:
        if self._link is None or not self.connected:
            raise NobodyError("the bus is away", passes=not self._local)
        registry = self._registry()
        budget_ms = round((device.overrides.timeout_s or registry.probe.timeout_s) * 1000 * STEPS)
        secret = depth is not Depth.QUICK and credential is not None
        ask = Ask(
            device_id=device.id,
            depth=depth,
            register=registry.digest,
            key_check=self._key_check,
            budget_ms=budget_ms,
            latches=self._carried(device.id) if secret else (),
        )
        fresh = secret and device.id not in self._doubtful
        if secret:
            self._doubtful.add(device.id)
        sent_ms = self._clock.elapsed_ms()
        try:
            message = await self._request(self._link, ask, shard, sent_ms)
        except nats.errors.NoRespondersError as error:
            if fresh:
                self._doubtful.discard(device.id)
            raise NobodyError("no poller holds this shard", passes=True) from error
        try:
            answer, picture = unpack_answer(message.data, device=device, depth=depth)
        except WireError as error:
            self.refused["malformed"] += 1
            _log.warning("answer_refused", device=device.id, error=str(error))
            raise NobodyError(f"an answer that cannot be read: {error}", passes=False) from error
        self._alive_ms[shard] = self._clock.elapsed_ms()
        if answer.result is None:
            if fresh and answer.refusal not in _MAY_HAVE_ASKED:
                self._doubtful.discard(device.id)
            raise self._refusal(answer)
        if answer.latches is not None:
            await self._keep_latches(device.id, answer.latches, answer.journal)
        self._doubtful.discard(device.id)
        self.asked += 1
        if picture:
            self._hand_on(device, picture, answer.dome)
        return self._dated(answer, answer.result, sent_ms)

    async def _request(self, link: Client, ask: Ask, shard: int, sent_ms: int) -> Msg:
        subject = ask_subject(self._edge_id, shard)
        timeout_s = (ask.budget_ms + MARGIN_MS) / 1000
        task = asyncio.create_task(link.request(subject, pack(ask), timeout=timeout_s))
        self._pending[task] = Waiting(shard=shard, sent_ms=sent_ms, holder=self._holders.get(shard))
        try:
            await asyncio.wait({task})
            if task.cancelled():
                self.lost += 1
                raise NobodyError("the member was lost before it answered", passes=True)
            return task.result()
        except nats.errors.NoRespondersError:
            raise
        except (nats.errors.Error, OSError) as error:
            raise NobodyError(f"no answer: {type(error).__name__}", passes=False) from error
        finally:
            del self._pending[task]
            if not task.done():
                task.cancel()

    def _refusal(self, answer: Answer) -> NobodyError:
        why = answer.refusal or Refusal.BUG
        self.refused[why.value] += 1
        if not why.passes:
            _log.warning("member_refuses", member=answer.member, reason=why.value, detail=answer.detail[:200])
        return NobodyError(f"{answer.member}: {why.value}", passes=why.passes)

    def _dated(self, answer: Answer, result: ProbeResult, sent_ms: int) -> ProbeResult:
        """Return the result in ledger time. Of a member's wall clock only the difference to ours is used."""
        now_ms, elapsed_ms = self._clock.wall_ms(), self._clock.elapsed_ms()
        age_ms = min(answer.age_ms, max(0, elapsed_ms - sent_ms))
        skew_ms, facts = answer.wall_ms - now_ms, result.facts
        if facts.clock_offset_s is not None and abs(skew_ms) > SKEW_MS:
            facts = replace(facts, clock_offset_s=facts.clock_offset_s + skew_ms / 1000)
        return replace(result, at_ms=now_ms - age_ms, facts=facts, saw=answer.saw)

    def _hand_on(self, device: Device, picture: bytes, dome: DomeReport | None) -> None:
        try:
            jpeg.read_header(picture)
        except jpeg.JpegError as error:
            self.refused["picture"] += 1
            _log.warning("picture_refused", device=device.id, error=str(error))
            return
        self._on_picture(device, picture, dome)

    # Latches: the file is the truth

    def _carried(self, device_id: str) -> tuple[Latch, ...]:
        return tuple(latch for scope in Rung if (latch := self._latches.get(device_id, scope)) is not None)

    async def _keep_latches(self, device_id: str, latches: tuple[Latch, ...], journal: int) -> None:
        wanted: Mapping[Rung, Latch] = {latch.scope: latch for latch in latches}
        have = {latch.scope: latch for latch in self._carried(device_id)}
        try:
            for scope in have.keys() - wanted.keys():
                await asyncio.to_thread(self._latches.remove, device_id, scope)
            for scope, latch in wanted.items():
                if have.get(scope) != latch:
                    await asyncio.to_thread(self._latches.put, latch)
        except OSError as error:
            _log.error("latch_unwritten", device=device_id, error=str(error))  # the journal keeps it
            return
        if journal and self._journal is not None:
            with contextlib.suppress(nats.errors.Error, OSError):
                await self._journal.clear(device_id, journal)

    # Signs of life

    def hear(self, subject: str, data: bytes) -> None:
        """Take a member's sign of life."""
        try:
            beat = unpack_beat(data)
        except WireError as error:
            self.refused["beat"] += 1
            _log.warning("beat_refused", error=str(error))
            return
        if beat.member != subject.rpartition(".")[2] or any(not 0 <= s < self._shards for s in beat.shards):
            self.refused["beat"] += 1
            return
        now_ms = self._clock.elapsed_ms()
        skew_ms = beat.wall_ms - self._clock.wall_ms()
        self.members[beat.member] = Heard(beat=beat, at_ms=now_ms, skew_ms=skew_ms)
        for shard in beat.shards:
            self._alive_ms[shard], self._holders[shard] = now_ms, beat.member

    def give_up_on_the_lost(self) -> None:
        """Forget members that fell silent, and stop waiting for answers that nobody will give."""
        now_ms = self._clock.elapsed_ms()
        self.members = {n: m for n, m in self.members.items() if now_ms - m.at_ms <= 10 * SILENT_MS}
        if self._link is not None and self._link.stats["reconnects"] != self._reconnects:
            self._reconnects, self._back_ms = self._link.stats["reconnects"], now_ms
        for task, waiting in self._pending.items():
            if waiting.holder is None:
                waiting.holder = self._holders.get(waiting.shard)
            holder = self.members.get(waiting.holder or "")
            silent = waiting.holder is not None and (
                holder is None or now_ms - max(waiting.sent_ms, holder.at_ms) > SILENT_MS
            )
            # What was under way while the bus was cut was answered to nobody.
            cut = waiting.sent_ms <= self._back_ms < now_ms - SILENT_MS
            if silent or cut:
                task.cancel()

    def present(self) -> Mapping[str, Heard]:
        """Return the members that live."""
        now_ms = self._clock.elapsed_ms()
        return {n: m for n, m in sorted(self.members.items()) if now_ms - m.at_ms <= SILENT_MS}


def _not_asked(device: Device, depth: Depth, at_ms: int, why: str) -> ProbeResult:
    first = RungResult(rung=device.ladder[0], verdict=Verdict.MONITOR, ms=0.0, detail=why)
    others = (RungResult(rung=rung, verdict=Verdict.SKIPPED, ms=0.0) for rung in device.ladder[1:])
    return ProbeResult(device_id=device.id, at_ms=at_ms, took_ms=0.0, depth=depth, rungs=(first, *others))
