"""A stream that is full takes nothing more: the ledger keeps what waits, and it goes on when there is room."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import nats.errors
import pytest
from tests.monitor.ledger.stories import Story, write
from tests.peers.county import nats_server
from tests.peers.process import free_port

from camkeeper.bus.conf import STREAM, EdgeServer, inbox, stream_subject
from camkeeper.bus.link import connect
from camkeeper.bus.server import NatsServer, version_of
from camkeeper.ledger import Batch, LifeChange
from camkeeper.ledger.parcel import Place, unpack
from camkeeper.ledger.replica import Replica, Verdict
from camkeeper.ledger.session import Session
from camkeeper.model.span import Span
from camkeeper.relay.cursor import load_cursor
from camkeeper.relay.publisher import Publisher, make_stream, next_parcel
from camkeeper.relay.state import RelayState


async def test_a_full_stream_loses_nothing(tmp_path: Path) -> None:
    ledger, program, port = tmp_path / "edge.ledger", nats_server(), free_port()
    story = Story(device_id="CAM-0", lives=(Span(start_ms=0, end_ms=10**9),), changes=())
    with closing(write(ledger, [story], zone="Asia/Shanghai", tick_ms=10).db) as db:
        assert db is not None
    conf = EdgeServer(
        edge_id="e1",
        port=port,
        password="local",
        hub_url="nats-leaf://e1:one@127.0.0.1:1",
        store=tmp_path / "jetstream",
        max_store_bytes=2**24,
        sync_always=version_of(program) >= (2, 10),
    ).conf
    async with NatsServer(folder=tmp_path, port=port, conf=conf, program=program).running():
        link = await connect(port=port, user="edge", password="local", inbox=inbox("e1"), name="test")
        js, state = link.jetstream(domain="e1"), RelayState()
        most = 3_000
        cursor = tmp_path / "relay.json"
        publisher = Publisher(link=link, js=js, edge_id="e1", ledger=ledger, cursor=cursor, max_bytes=most, state=state)
        await make_stream(js, "e1", most)
        with pytest.raises(nats.errors.Error, match="maximum bytes"):
            await flood(publisher, ledger)
        stuck = state.published
        identity = next_parcel(ledger, Place()).identity
        assert load_cursor(cursor, identity) == stuck
        assert stuck < next_parcel(ledger, stuck).end, "the rest is in the ledger"
        with closing(Replica.found(tmp_path / "copy.ledger", identity)) as copy:
            while copy.place < next_parcel(ledger, stuck).end:
                waiting = await js.pull_subscribe(stream_subject("e1"), durable="forwarder", stream=STREAM)
                for message in await waiting.fetch(50, timeout=2):
                    assert copy.offer(unpack(message.data)).verdict is Verdict.TAKEN
                    await message.ack()
                await link.flush()
                await asyncio.sleep(0.1)
                await publisher.step()
                await waiting.unsubscribe()
            assert copy.head == next_parcel(ledger, copy.place).start_head
        await link.close()


async def flood(publisher: Publisher, ledger: Path) -> None:
    for n in range(1, 50):
        more(ledger, n)
        assert await publisher.step()


def more(ledger: Path, n: int) -> None:
    session = Session(ledger, created_ms=0)
    session.begin()
    session.write(Batch(lives=(LifeChange(device_id=f"CAM-{n}", at_ms=10 + n, enrolled=True),), tick_ms=10 + n), 0)
    session.commit()
    session.db.close()
