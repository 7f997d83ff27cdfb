"""The bus of a township by TLS: who shows the right password by the right way is let in, and nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import nats
import nats.errors
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats.aio.client import Client
from tests.peers.county import debian_or_bundled, nats_server
from tests.peers.process import free_port

from camkeeper.bus.certificate import Trust, make_certificate, name_of
from camkeeper.bus.conf import EdgeServer
from camkeeper.bus.link import connect
from camkeeper.bus.server import NatsServer, version_of
from camkeeper.crew.settings import (
    CrewSettings,
    CrewSettingsError,
    MemberSettings,
    enlisted,
    load_member,
    save,
    save_member,
    sealed,
    staffed,
    trust_of,
)
from camkeeper.crew.subjects import beat_subject, keeper_inbox, member_inbox

EDGE = "e1"
LET_IN_S, REFUSED_S = 15.0, 1.0
"""How long to wait for a connection: one that is refused is tried for ever."""


@asynccontextmanager
async def township(folder: Path, program: str) -> AsyncIterator[tuple[int, CrewSettings, Trust]]:
    """A township's server with two pollers enlisted, as the settings on disk make it."""
    await asyncio.to_thread(folder.mkdir, exist_ok=True)
    crew = enlisted(enlisted(CrewSettings(), "p1"), "p2")
    crew = sealed(crew, folder, EDGE)
    save(folder, crew)
    port = free_port()
    plain = EdgeServer(
        edge_id=EDGE,
        port=port,
        password="of-the-edge",
        hub_url="nats-leaf://e1:one@127.0.0.1:1",
        store=folder / "jetstream",
        max_store_bytes=2**24,
        sync_always=version_of(program) >= (2, 10),
    )
    server = NatsServer(folder=folder, port=port, conf=lambda: staffed(plain, folder).conf(), program=program)
    trust = trust_of(folder, crew, EDGE)
    assert trust is not None
    async with server.running():
        yield port, crew, trust


async def poller(
    port: int, password: str, trust: Trust | None, name: str = "p1", within_s: float = REFUSED_S
) -> Client | None:
    """Return the connection; None where nobody was let in."""
    inbox = member_inbox(name)
    with contextlib.suppress(TimeoutError, nats.errors.Error):
        async with asyncio.timeout(within_s):
            return await connect(port=port, user=name, password=password, inbox=inbox, name=name, trust=trust)
    return None


@pytest.mark.parametrize("program", [nats_server, debian_or_bundled])
async def test_a_poller_of_ours_is_let_in_and_others_are_not(tmp_path: Path, program: object) -> None:
    assert callable(program)
    async with township(tmp_path / "ours", program()) as (port, crew, trust):
        keeper = await connect(
            port=port, user="edge", password="of-the-edge", inbox=keeper_inbox(EDGE), name="keeper", trust=trust
        )
        link = await poller(port, crew.members["p1"], trust, within_s=LET_IN_S)
        assert link is not None
        try:
            heard = await keeper.subscribe(beat_subject(EDGE, "*"))
            await keeper.flush()
            await link.publish(beat_subject(EDGE, "p2"), b"as another")
            await link.publish(beat_subject(EDGE, "p1"), b"as itself")
            await link.flush()
            assert (await heard.next_msg(15)).data == b"as itself", "each under its own name"
        finally:
            await link.close()
            await keeper.close()
        assert await poller(port, crew.members["p1"], None) is None, "in the clear"
        assert await poller(port, crew.members["p2"], trust) is None, "with another's password"
        assert await poller(port, "of-the-edge", trust, name="edge1") is None, "nobody's name"
        make_certificate(EDGE, tmp_path / "their.pem", tmp_path / "their.key")
        theirs = Trust(pem=(tmp_path / "their.pem").read_text(), name=name_of(EDGE))
        assert await poller(port, crew.members["p1"], theirs) is None, "of another township of the same name"
        other = Trust(pem=trust.pem, name=name_of("e2"))
        assert await poller(port, crew.members["p1"], other) is None, "of another name"


async def test_the_bus_answers_nothing_in_the_clear(tmp_path: Path) -> None:
    async with township(tmp_path, debian_or_bundled()) as (port, crew, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        greeting = json.loads((await reader.readline()).removeprefix(b"INFO "))
        assert greeting["tls_required"] is True
        words = json.dumps({"verbose": True, "user": "p1", "pass": crew.members["p1"]})
        writer.write(f"CONNECT {words}\r\nPING\r\n".encode())
        with contextlib.suppress(ConnectionError):
            told = await asyncio.wait_for(reader.read(), 10)
            assert b"PONG" not in told
            assert b"+OK" not in told
        writer.close()


async def test_a_server_that_took_the_place_is_told_no_password(tmp_path: Path) -> None:
    """Whoever answers at the address without TLS, or with a certificate of their own, learns nothing."""
    make_certificate(EDGE, tmp_path / "bus.pem", tmp_path / "bus.key")
    trust = Trust(pem=(tmp_path / "bus.pem").read_text(), name=name_of(EDGE))
    heard: list[bytes] = []

    async def impostor(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"server_id":"x","version":"2.15.1","max_payload":1048576,"auth_required":true}\r\n')
        with contextlib.suppress(ConnectionError):
            heard.append(await reader.read(4096))
        writer.close()

    server = await asyncio.start_server(impostor, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert await poller(port, "secret-of-p1", trust) is None
        assert heard
        assert b"".join(heard) == b"", "not a byte"


async def test_a_poller_that_was_let_in_finds_the_bus_again_by_tls(tmp_path: Path) -> None:
    async with township(tmp_path / "t", debian_or_bundled()) as (port, crew, trust):
        link = await poller(port, crew.members["p1"], trust, within_s=LET_IN_S)
        assert link is not None
        pid = int((tmp_path / "t/nats.pid").read_text())

        os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(20):
            while link.stats["reconnects"] < 1 or not link.is_connected:  # noqa: ASYNC110 - another process's doing
                await asyncio.sleep(0.05)
        await link.flush()
        await link.close()


@given(edge_id=st.from_regex(r"[a-z0-9][a-z0-9_-]{0,31}", fullmatch=True))
def test_a_name_in_a_certificate_is_a_name_of_a_host(edge_id: str) -> None:
    name = name_of(edge_id)
    assert "_" not in name
    assert all(0 < len(label) <= 63 for label in name.split("."))


def test_settings_come_back_as_they_were_written(tmp_path: Path) -> None:
    crew = sealed(CrewSettings(members={"p1": "x"}), tmp_path, EDGE)
    trust = trust_of(tmp_path, crew, EDGE)
    assert trust is not None
    member = MemberSettings(
        edge_id=EDGE, name="p1", host="h", port=1, password="x", shards=4, key=bytes(32), certificate=trust.pem
    )
    save_member(tmp_path / "p1.json", member)
    assert load_member(tmp_path / "p1.json") == member
    assert member.trust == trust
    assert sealed(crew, tmp_path, EDGE) == crew
    assert trust_of(tmp_path, crew, EDGE) == trust, "made once: pollers know it"
    (tmp_path / "crew-bus.pem").write_text("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n")
    with pytest.raises(CrewSettingsError, match="no certificate"):
        trust_of(tmp_path, crew, EDGE)
    (tmp_path / "crew-bus.pem").unlink()
    with pytest.raises(CrewSettingsError):
        trust_of(tmp_path, crew, EDGE)
