"""A real server: an edge reaches its own subjects and no others, ends with us, comes back when it is killed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import stat
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import nats.errors
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from tests.peers.county import nats_server
from tests.peers.process import accepts, free_port

from camkeeper.bus.conf import EdgeServer, HubServer, Tls, beat_subject, check_id, inbox, parcel_subject
from camkeeper.bus.link import connect
from camkeeper.bus.server import BusError, NatsServer, find_server, version_of


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certified(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def other_certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certified(tmp_path_factory.mktemp("tls"))


def certified(folder: Path) -> Path:
    """A certificate of 127.0.0.1 that signs itself."""
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1"
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run(["openssl", *words.split(), *names], check=True, capture_output=True, timeout=60, cwd=folder)
    return folder


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as it:
        yield it


def hub_conf(leaf_port: int, port: int) -> HubServer:
    return HubServer(
        port=port,
        password="of-the-hub",
        leaf_host="127.0.0.1",
        leaf_port=leaf_port,
        advertise=f"127.0.0.1:{leaf_port}",
        edges={"e1": "one", "e2": "two"},
    )


async def linked_edge(
    stack: AsyncExitStack, folder: Path, leaf_port: int, *, password: str, tls: Tls | None = None
) -> Client:
    program, port = nats_server(), free_port()
    edge = EdgeServer(
        edge_id="e1",
        port=port,
        password="local",
        hub_url=f"{'nats-leaf' if tls is None else 'tls'}://e1:{password}@127.0.0.1:{leaf_port}",
        tls=tls,
        store=folder / "jetstream",
        max_store_bytes=2**24,
        sync_always=version_of(program) >= (2, 10),
    )
    await stack.enter_async_context(NatsServer(folder=folder, port=port, conf=edge.conf, program=program).running())
    link = await connect(port=port, user="edge", password="local", inbox=inbox("e1"), name="test")
    stack.push_async_callback(link.close)
    return link


async def answered(link: Client, subject: str, tries: int) -> bool:
    for _ in range(tries):
        with contextlib.suppress(nats.errors.Error):
            return (await link.request(subject, b"?", timeout=1)).data == b"!"
        await asyncio.sleep(0.2)
    return False


async def test_an_edge_reaches_its_own_subjects_and_nothing_else(tmp_path: Path, stack: AsyncExitStack) -> None:
    leaf, port = free_port(), free_port()
    server = NatsServer(folder=tmp_path / "hub", port=port, conf=hub_conf(leaf, port).conf, program=nats_server())
    (tmp_path / "hub").mkdir()
    (tmp_path / "e1").mkdir()
    await stack.enter_async_context(server.running())
    hub = await connect(port=port, user="hub", password="of-the-hub", inbox="_INBOX.hub", name="hub")
    stack.push_async_callback(hub.close)
    heard: list[str] = []

    async def answer(message: Msg) -> None:
        heard.append(message.subject)
        await message.respond(b"!")

    for subject in (*(f(i) for f in (parcel_subject, beat_subject) for i in ("e1", "e2")), "elsewhere.>"):
        await hub.subscribe(subject, cb=answer)
    await hub.flush()
    edge = await linked_edge(stack, tmp_path / "e1", leaf, password="one")
    assert await answered(edge, parcel_subject("e1"), 40)
    assert await answered(edge, beat_subject("e1"), 5)
    assert not await answered(edge, parcel_subject("e2"), 2)
    assert not await answered(edge, "elsewhere.a", 2)
    assert set(heard) == {parcel_subject("e1"), beat_subject("e1")}
    spied: list[str] = []

    async def spy(message: Msg) -> None:
        spied.append(message.subject)

    for subject in ("camkeeper.hub.e2.>", "_INBOX.e2.>", "_INBOX.hub.>", "secret.>"):
        await edge.subscribe(subject, cb=spy)
    await edge.flush()
    await asyncio.sleep(0.3)
    for subject in (parcel_subject("e2"), "_INBOX.e2.x", "_INBOX.hub.x", "secret.x"):
        await hub.publish(subject, b"for others")
    await hub.flush()
    await asyncio.sleep(0.3)
    assert spied == []


async def test_an_edge_with_another_password_stays_outside(tmp_path: Path, stack: AsyncExitStack) -> None:
    leaf, port = free_port(), free_port()
    for name in ("hub", "e1"):
        (tmp_path / name).mkdir()
    server = NatsServer(folder=tmp_path / "hub", port=port, conf=hub_conf(leaf, port).conf, program=nats_server())
    await stack.enter_async_context(server.running())
    hub = await connect(port=port, user="hub", password="of-the-hub", inbox="_INBOX.hub", name="hub")
    stack.push_async_callback(hub.close)

    async def answer(message: Msg) -> None:
        await message.respond(b"!")

    await hub.subscribe(parcel_subject("e1"), cb=answer)
    await hub.flush()
    edge = await linked_edge(stack, tmp_path / "e1", leaf, password="guessed")
    assert not await answered(edge, parcel_subject("e1"), 8)


@pytest.mark.parametrize("trusted", [True, False])
async def test_over_tls_an_edge_knows_its_hub(
    tmp_path: Path, stack: AsyncExitStack, trusted: bool, certificate: Path, other_certificate: Path
) -> None:
    leaf, port = free_port(), free_port()
    for name in ("hub", "e1"):
        (tmp_path / name).mkdir()
    conf = replace(hub_conf(leaf, port), tls=Tls(cert=certificate / "cert.pem", key=certificate / "key.pem")).conf
    server = NatsServer(folder=tmp_path / "hub", port=port, conf=conf, program=nats_server())
    await stack.enter_async_context(server.running())
    hub = await connect(port=port, user="hub", password="of-the-hub", inbox="_INBOX.hub", name="hub")
    stack.push_async_callback(hub.close)

    async def answer(message: Msg) -> None:
        await message.respond(b"!")

    await hub.subscribe(parcel_subject("e1"), cb=answer)
    await hub.flush()
    ca = (certificate if trusted else other_certificate) / "cert.pem"
    edge = await linked_edge(stack, tmp_path / "e1", leaf, password="one", tls=Tls(ca=ca))
    assert await answered(edge, parcel_subject("e1"), 40 if trusted else 8) is trusted


async def test_a_server_ends_with_us_and_comes_back_when_it_is_killed(tmp_path: Path) -> None:
    port = free_port()
    server = NatsServer(folder=tmp_path, port=port, conf=hub_conf(free_port(), port).conf, program=nats_server())
    async with server.running():
        assert stat.S_IMODE((tmp_path / "nats.conf").stat().st_mode) == 0o600
        first = server.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        async with asyncio.timeout(20):
            while server.starts < 2 or not accepts(port):  # noqa: ASYNC110 - a process, not ours to be told by
                await asyncio.sleep(0.05)
        assert server.pid not in {None, first}
    assert not accepts(port)
    assert not (tmp_path / "nats.pid").exists()


async def test_a_server_that_a_killed_edge_left_behind_is_ended_first(tmp_path: Path) -> None:
    port = free_port()
    conf = hub_conf(free_port(), port).conf
    left = NatsServer(folder=tmp_path, port=port, conf=conf, program=nats_server())
    async with left.running():
        orphan = left.pid
        again = NatsServer(folder=tmp_path, port=port, conf=conf, program=nats_server())
        keeper = [t for t in asyncio.all_tasks() if t.get_name() == "nats-server"]
        for task in keeper:
            task.cancel()  # whoever would have started it again was killed
        async with again.running():
            assert again.pid not in {None, orphan}


async def test_a_server_that_cannot_start_is_told(tmp_path: Path) -> None:
    server = NatsServer(folder=tmp_path, port=free_port(), conf=lambda: "{nonsense", program=nats_server())
    with pytest.raises(BusError, match="does not come up"):
        await server.running().__aenter__()


def test_no_server_is_told_with_the_remedy() -> None:
    with pytest.raises(BusError, match="pip install"):
        find_server("/nowhere/nats-server")


@pytest.mark.parametrize("bad", ["", "E1", "a.b", "a b", "../x", "x" * 33, "-a", "a\n", "镇"])
def test_an_id_is_fit_for_subjects_and_files(bad: str) -> None:
    with pytest.raises(ValueError, match="a-z"):
        check_id(bad)


def test_secrets_are_not_shown() -> None:
    shown = repr(hub_conf(1, 2)) + repr(
        EdgeServer(
            edge_id="e1",
            port=1,
            password="pw-local",
            hub_url="nats-leaf://e1:pw-leaf@h:1",
            store=Path("x"),
            max_store_bytes=1,
        )
    )
    assert "of-the-hub" not in shown
    assert "pw-" not in shown
