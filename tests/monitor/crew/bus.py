"""A real nats-server with a crew's rights, a keeper's asker and members in this process, on virtual cameras."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from nats.aio.client import Client
from nats.aio.msg import Msg
from tests.peers.county import debian_or_bundled
from tests.peers.process import free_port

from camkeeper.bus.conf import EdgeServer
from camkeeper.bus.link import connect
from camkeeper.bus.server import NatsServer, version_of
from camkeeper.clock import SystemClock, Timeline
from camkeeper.crew.asker import CrewProber
from camkeeper.crew.leases import make_buckets
from camkeeper.crew.member import Member
from camkeeper.crew.poll import Register, asking
from camkeeper.crew.settings import CrewSettings, MemberSettings
from camkeeper.crew.subjects import beat_subject, keeper_inbox, member_inbox
from camkeeper.model.dome import DomeReport
from camkeeper.model.equipment import Credential, Device
from camkeeper.model.probing import Depth, ProbeResult
from camkeeper.model.registry import Registry
from camkeeper.probe.latch import FileLatches

EDGE = "e1"
SHARDS = 4
NAMES = ("p1", "p2", "p3")


class NoProber:
    """The keeper's own prober where it must not ask."""

    async def probe(self, device: Device, credential: Credential | None, depth: Depth) -> ProbeResult:
        raise AssertionError(f"the keeper asked {device.id} itself: {credential is not None}, {depth}")


@dataclass
class Bus:
    """`registry` is the keeper's; members may be given another."""

    folder: Path
    port: int
    registry: Registry
    stack: AsyncExitStack
    link: Client
    asker: CrewProber
    latches: FileLatches
    server: NatsServer
    pictures: list[tuple[str, bytes]] = field(default_factory=list)
    links: dict[str, Client] = field(default_factory=dict)
    leases: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def join(self, name: str, registry: Registry | None = None) -> Member:
        """Let a member take part, until the test ends or `vanish`."""
        password = f"pw-{name}"
        settings = MemberSettings(
            edge_id=EDGE,
            name=name,
            host="127.0.0.1",
            port=self.port,
            password=password,
            shards=SHARDS,
            key=self.latches.key,
        )
        link = self.links[name] = await connect(
            port=self.port, user=name, password=password, inbox=member_inbox(name), name=name
        )
        self.stack.push_async_callback(link.close)
        register = Register(path=self.folder / "cameras.yaml", registry=registry or self.registry)
        member = await self.stack.enter_async_context(asking(settings, register, link, SystemClock()))
        self.leases[name] = asyncio.create_task(member.leases.run())
        self.stack.push_async_callback(self._leave, name)
        return member

    async def _leave(self, name: str) -> None:
        self.leases[name].cancel()
        await asyncio.gather(self.leases[name], return_exceptions=True)

    async def vanish(self, name: str) -> None:
        """Let a member be gone at once, as a killed process is: nothing is given back, nothing answered."""
        await self.links[name].close()

    async def held(self, *members: Member) -> None:
        await soon(lambda: sorted(s for m in members for s in m.leases.mine) == list(range(SHARDS)))


async def soon(what: Callable[[], object], within_s: float = 20.0) -> None:
    async with asyncio.timeout(within_s):
        while not what():  # noqa: ASYNC110 - another process's doing
            await asyncio.sleep(0.02)


@asynccontextmanager
async def bus(folder: Path, registry: Registry) -> AsyncIterator[Bus]:
    program, port = debian_or_bundled(), free_port()
    crew = CrewSettings(shards=SHARDS, members={name: f"pw-{name}" for name in NAMES})
    conf = EdgeServer(
        edge_id=EDGE,
        port=port,
        password="of-the-edge",
        hub_url="nats-leaf://e1:one@127.0.0.1:1",
        store=folder / "jetstream",
        max_store_bytes=2**24,
        sync_always=version_of(program) >= (2, 10),
        users=crew.users(EDGE),
    ).conf
    async with AsyncExitStack() as stack:
        server = NatsServer(folder=folder, port=port, conf=conf, program=program)
        await stack.enter_async_context(server.running())
        link = await connect(port=port, user="edge", password="of-the-edge", inbox=keeper_inbox(EDGE), name="keeper")
        stack.push_async_callback(link.close)
        await make_buckets(link.jetstream(domain=EDGE))
        latches = FileLatches(folder / "town.latches.json")
        pictures: list[tuple[str, bytes]] = []

        def on_picture(device: Device, data: bytes, _dome: DomeReport | None) -> None:
            pictures.append((device.id, data))

        asker = CrewProber(
            edge_id=EDGE,
            shards=SHARDS,
            local=False,
            prober=NoProber(),
            registry=lambda: registry,
            latches=latches,
            clock=Timeline(SystemClock()),
            on_picture=on_picture,
        )

        async def hear(message: Msg) -> None:
            asker.hear(message.subject, message.data)

        await link.subscribe(beat_subject(EDGE, "*"), cb=hear)
        asker.connect(link, None)
        watch = asyncio.create_task(give_up(asker))
        stack.callback(watch.cancel)
        yield Bus(
            folder=folder,
            port=port,
            registry=registry,
            stack=stack,
            link=link,
            asker=asker,
            latches=latches,
            server=server,
            pictures=pictures,
        )


async def give_up(asker: CrewProber) -> None:
    while True:
        await asyncio.sleep(0.2)
        asker.give_up_on_the_lost()
