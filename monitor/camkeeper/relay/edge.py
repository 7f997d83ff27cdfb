"""The wiring of an edge's relay: server, publisher, forwarder; beside the monitor, and never in its way."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import nats.errors
import structlog

from camkeeper.bus.certificate import Trust
from camkeeper.bus.conf import inbox
from camkeeper.bus.link import connect
from camkeeper.bus.server import NatsServer, find_server, version_of
from camkeeper.crew.settings import CrewSettingsError, follow, load, staffed, trust_of
from camkeeper.ledger import LedgerError
from camkeeper.relay.forwarder import Forwarder
from camkeeper.relay.publisher import EVERY_S, Publisher
from camkeeper.relay.settings import EdgeSettings
from camkeeper.relay.state import RelayState

LAST_S = 3.0
_log = structlog.get_logger(__name__)


@asynccontextmanager
async def relaying(
    folder: Path, settings: EdgeSettings, ledger: Path, *, program: str | None = None, every_s: float = EVERY_S
) -> AsyncIterator[RelayState]:
    """Carry the ledger to the hub until the block ends; BusError where there is no server to do it with.

    The ledger is looked at each `every_s`: what was written since is one message.
    At the end what the ledger has is put into the stream, for at most a few seconds: what is not goes the next time.
    """
    found = find_server(program)
    plain = settings.server(folder, sync_always=version_of(found) >= (2, 10))
    first = staffed(plain, folder)

    def conf() -> str:
        # Members come and go while it runs; where it listens and how is settled at the start, as our own clients are.
        return replace(staffed(plain, folder), host=first.host, clients_tls=first.clients_tls).conf()

    server = NatsServer(folder=folder, port=settings.port, conf=conf, program=found)
    state = RelayState()
    async with server.running():
        link = await connect(
            port=settings.port,
            user="edge",
            password=settings.password,
            inbox=inbox(settings.edge_id),
            name="edge",
            trust=_trust(folder, settings.edge_id),
        )
        try:
            js = link.jetstream(domain=settings.edge_id, timeout=10)
            # A fifth is left to the server: its files are larger than what is in them.
            publisher = Publisher(
                link=link,
                js=js,
                edge_id=settings.edge_id,
                ledger=ledger,
                cursor=folder / "relay.json",
                max_bytes=settings.max_store_bytes * 4 // 5,
                state=state,
                restart=server.restart,
                every_s=every_s,
            )
            forwarder = Forwarder(link=link, js=js, edge_id=settings.edge_id, ledger=ledger, state=state)
            tasks = [
                asyncio.create_task(work) for work in (publisher.run(), forwarder.run(), follow(folder, server.reload))
            ]
            try:
                yield state
            finally:
                tasks[0].cancel()
                await asyncio.gather(tasks[0], return_exceptions=True)
                await _last(publisher)
                for task in tasks[1:]:
                    task.cancel()
                await asyncio.gather(*tasks[1:], return_exceptions=True)
        finally:
            with contextlib.suppress(nats.errors.Error, OSError):
                await link.close()


def _trust(folder: Path, edge_id: str) -> Trust | None:
    try:
        return trust_of(folder, load(folder), edge_id)
    except CrewSettingsError:
        return None  # told where the server's configuration is made: it runs without a crew then


async def _last(publisher: Publisher) -> None:
    with contextlib.suppress(nats.errors.Error, LedgerError, OSError):
        async with asyncio.timeout(LAST_S):
            while await publisher.step():
                pass
