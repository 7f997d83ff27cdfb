"""The crew beside the monitor: the way to its members, our own part in it, and what the board says of both.

Where no crew is configured there is no such room, and the poller asks with the prober as it always did.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

from camkeeper.bus.certificate import Trust
from camkeeper.bus.link import connect
from camkeeper.clock import Clock
from camkeeper.crew.asker import CrewProber, Heard, Probes
from camkeeper.crew.leases import TIMEOUT_S, Leases, make_buckets
from camkeeper.crew.subjects import KEEPER, beat_subject, keeper_inbox
from camkeeper.model.crew import CrewStanding, MemberStanding
from camkeeper.model.dome import DomeReport
from camkeeper.model.equipment import Device
from camkeeper.model.registry import Registry
from camkeeper.probe.latch import FileLatches

WATCH_S = 0.5
BUCKETS_S = 2.0
SKEW_TOLD_MS = 2_000
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrewLink:
    """How the monitor reaches its crew."""

    edge_id: str
    port: int
    password: str = field(repr=False)
    """Of the edge's own client."""
    shards: int
    local: bool
    trust: Trust | None = None
    """Of the bus, where other machines come to it."""


class _Mine:
    """Our own shards: nothing needs to be listened to, the asker looks at the leases."""

    async def gained(self, _shard: int) -> None:
        """Nothing to do."""

    async def lost(self, _shard: int, *, given: bool) -> None:
        """Nothing to stop: whoever asks here is asked by the one asker, whatever the leases say."""
        del given


class CrewRoom:
    """One owner, the event loop."""

    def __init__(
        self,
        *,
        link: CrewLink,
        prober: Probes,
        registry: Callable[[], Registry],
        latches: FileLatches,
        clock: Clock,
        on_picture: Callable[[Device, bytes, DomeReport | None], None],
    ) -> None:
        self._settings, self._registry, self._clock = link, registry, clock
        self._leases: Leases | None = None
        self.asker = CrewProber(
            edge_id=link.edge_id,
            shards=link.shards,
            local=link.local,
            prober=prober,
            registry=registry,
            latches=latches,
            clock=clock,
            on_picture=on_picture,
        )

    async def run(self) -> None:
        """Keep the way to the members open until cancelled."""
        while True:
            try:
                link = await self._connect()
            except (nats.errors.Error, OSError) as error:
                _log.warning("crew_bus_away", error=f"{type(error).__name__}: {error}")
                await asyncio.sleep(BUCKETS_S)
                continue
            try:
                await self._serve(link)
            finally:
                with contextlib.suppress(nats.errors.Error, OSError):
                    await link.close()

    async def _connect(self) -> Client:
        edge_id = self._settings.edge_id
        link = await connect(
            port=self._settings.port,
            user="edge",
            password=self._settings.password,
            inbox=keeper_inbox(edge_id),
            name=KEEPER,
            trust=self._settings.trust,
        )

        async def hear(message: Msg) -> None:
            self.asker.hear(message.subject, message.data)

        await link.subscribe(beat_subject(edge_id, "*"), cb=hear)
        return link

    async def _serve(self, link: Client) -> None:
        settings = self._settings
        if settings.local:
            self._leases = Leases(
                link=link,
                edge_id=settings.edge_id,
                name=KEEPER,
                shards=settings.shards,
                clock=self._clock,
                holder=_Mine(),
            )
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._keep_buckets(link)), group.create_task(self._watch())]
            if self._leases is not None:
                tasks.append(group.create_task(self._leases.run()))
            self.asker.connect(link, self._leases)
            while not link.is_closed:  # noqa: ASYNC110 - the client tells no event
                await asyncio.sleep(WATCH_S)
            for task in tasks:
                task.cancel()

    async def _keep_buckets(self, link: Client) -> None:
        """Make the buckets again whenever the server lost them: leases live in its memory."""
        js, told = link.jetstream(domain=self._settings.edge_id, timeout=TIMEOUT_S), ""
        while True:
            now = ""
            if link.is_connected:
                try:
                    await make_buckets(js)
                except (nats.errors.Error, OSError) as error:
                    now = f"{type(error).__name__}: {error}"
                    if now != told:
                        _log.warning("crew_buckets", error=now)
            told = now
            await asyncio.sleep(WATCH_S if now else BUCKETS_S)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_S)
            self.asker.give_up_on_the_lost()

    # What is shown

    def standing(self) -> CrewStanding:
        """Return how the crew is doing."""
        asker, shards = self.asker, self._settings.shards
        present = asker.present()
        held = {shard for heard in present.values() for shard in heard.beat.shards}
        members = [self._member(name, heard) for name, heard in present.items()]
        if self._leases is not None:
            held |= set(self._leases.mine)
            members.insert(0, MemberStanding(name=KEEPER, shards=len(self._leases.mine)))
        return CrewStanding(
            connected=asker.connected,
            shards=shards,
            unheld=shards - len(held),
            members=tuple(members),
            asked=asker.asked,
            local=asker.local,
            unanswered=asker.unanswered,
            lost=asker.lost,
            refused=dict(sorted(asker.refused.items())),
            pictures_dropped=sum(heard.beat.dropped for heard in present.values()),
        )

    def _member(self, name: str, heard: Heard) -> MemberStanding:
        return MemberStanding(
            name=name,
            shards=len(heard.beat.shards),
            blind=heard.beat.blind,
            skew_ms=heard.skew_ms,
            current=heard.beat.register == self._registry().digest,
        )

    @property
    def warnings(self) -> list[str]:
        """What the board says of it."""
        return sentences(self.standing(), local=self._settings.local)


def open_crew(
    link: CrewLink | None,
    *,
    prober: Probes,
    registry: Callable[[], Registry],
    latches: FileLatches,
    clock: Clock,
    on_picture: Callable[[Device, bytes, DomeReport | None], None],
) -> CrewRoom | None:
    """Return the room of a crew; None where there is none."""
    if link is None:
        return None
    return CrewRoom(link=link, prober=prober, registry=registry, latches=latches, clock=clock, on_picture=on_picture)


def sentences(now: CrewStanding, *, local: bool) -> list[str]:
    """Return sentences for the board; none where every device is asked by somebody who can see."""
    out = []
    if not now.connected:
        instead = ("，暂由本机探测", "; this machine asks meanwhile") if local else ("", "")
        out.append(f"轮询端总线不通{instead[0]} / the bus of the pollers is away{instead[1]}")
    elif now.unheld and not local:
        out.append(
            f"{now.unheld}/{now.shards} 片设备没有轮询端，其状态将为未知"
            f" / no poller holds {now.unheld} of {now.shards} shards: their devices become unknown"
        )
    for member in now.members:
        if member.blind:
            ways = "、".join(member.blind)
            out.append(f"轮询端 {member.name} 看不见：{ways} 不通 / poller {member.name} is blind: {ways} is lost")
        if abs(member.skew_ms) > SKEW_TOLD_MS:
            skew_s = f"{member.skew_ms / 1000:+.1f}"
            out.append(
                f"轮询端 {member.name} 的时钟差 {skew_s} 秒，已按本机时间记录"
                f" / the clock of poller {member.name} is {skew_s} s off; records are in our time"
            )
        if not member.current:
            out.append(
                f"轮询端 {member.name} 的配置与本机不同，它不探测；请拷贝 cameras.yaml"
                f" / poller {member.name} has another configuration and asks nothing: copy cameras.yaml there"
            )
    return out
