"""Who trusts whom: certificates of an authority of one's own at both ends, and a NATS operator's credentials."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import nats
import nats.errors
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from tests.peers.authority import Authority, authority
from tests.peers.county import debian_or_bundled, nats_server
from tests.peers.nkeys import ACCOUNT, OPERATOR, USER, Pair, credentials, new_pair, token
from tests.peers.process import free_port

from camkeeper.bus.conf import beat_subject, inbox, parcel_subject
from camkeeper.bus.link import connect
from camkeeper.bus.server import NatsServer, version_of
from camkeeper.hub.settings import HubSettings, enrolled
from camkeeper.relay.settings import EdgeSettings, SettingsError, load, save


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("theirs"))


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as it:
        yield it


async def answer(message: Msg) -> None:
    await message.respond(b"!")


async def hub_with(stack: AsyncExitStack, folder: Path, **tls: Any) -> HubSettings:
    """A hub's server as its settings make it; it answers to e1."""
    leaf = free_port()
    bare = HubSettings(
        password="hub", port=free_port(), leaf_host="127.0.0.1", leaf_port=leaf, advertise=f"127.0.0.1:{leaf}", **tls
    )
    settings = enrolled(bare, "e1")
    await asyncio.to_thread(folder.mkdir)
    server = NatsServer(folder=folder, port=settings.port, conf=settings.server().conf, program=nats_server())
    await stack.enter_async_context(server.running())
    hub = await connect(port=settings.port, user="hub", password="hub", inbox="_INBOX.hub", name="hub")
    stack.push_async_callback(hub.close)
    await hub.subscribe(parcel_subject("e1"), cb=answer)
    await hub.flush()
    return settings


async def edge_with(
    stack: AsyncExitStack, folder: Path, url: str, program: str | None = None, **trust: str | None
) -> Client:
    """An edge's server as its settings, written and read again, make it."""
    made = EdgeSettings(edge_id="e1", hub_url=url, password="local", port=free_port(), max_store_bytes=2**24, **trust)
    save(folder, made)
    settings, program = load(folder), program or nats_server()
    conf = settings.server(folder, sync_always=version_of(program) >= (2, 10)).conf
    server = NatsServer(folder=folder, port=settings.port, conf=conf, program=program)
    await stack.enter_async_context(server.running())
    link = await connect(port=settings.port, user="edge", password="local", inbox=inbox("e1"), name="edge")
    stack.push_async_callback(link.close)
    return link


async def answered(link: Client, subject: str, tries: int) -> bool:
    for _ in range(tries):
        with contextlib.suppress(nats.errors.Error):
            return (await link.request(subject, b"?", timeout=1)).data == b"!"
        await asyncio.sleep(0.2)
    return False


@pytest.mark.parametrize("case", ["ours", "none_shown", "theirs_shown", "theirs_trusted"])
async def test_an_edge_shows_a_certificate_of_the_county(
    tmp_path: Path, stack: AsyncExitStack, ours: Authority, theirs: Authority, case: str
) -> None:
    """`hub init --cert --key --ca` and `edge init --ca --cert --key`: each end proves itself to the other."""
    hub, right, wrong = ours.issue("hub"), ours.issue("e1"), theirs.issue("e1")
    ca = str(ours.own.cert)
    settings = await hub_with(stack, tmp_path / "hub", cert=str(hub.cert), key=str(hub.key), ca=ca)
    url = settings.url_of("e1")
    assert url.startswith("tls://")
    shown = wrong if case == "theirs_shown" else right
    trust: dict[str, str | None] = {"ca": str(theirs.own.cert) if case == "theirs_trusted" else ca}
    if case != "none_shown":
        trust |= {"cert": str(shown.cert), "key": str(shown.key)}
    link = await edge_with(stack, tmp_path / "e1", url, **trust)
    assert await answered(link, parcel_subject("e1"), 40 if case == "ours" else 8) is (case == "ours")


async def test_a_hub_with_tls_takes_nobody_in_the_clear(tmp_path: Path, stack: AsyncExitStack, ours: Authority) -> None:
    hub = ours.issue("hub")
    settings = await hub_with(stack, tmp_path / "hub", cert=str(hub.cert), key=str(hub.key))
    clear = settings.url_of("e1").replace("tls://", "nats-leaf://")
    link = await edge_with(stack, tmp_path / "e1", clear)
    assert not await answered(link, parcel_subject("e1"), 8)


def test_a_certificate_without_its_key_is_told() -> None:
    with pytest.raises(SettingsError, match="together"):
        EdgeSettings(edge_id="e1", hub_url="tls://h:1", password="x", port=1, max_store_bytes=2**24, cert="c")


@pytest.mark.parametrize("program", [nats_server, debian_or_bundled])
async def test_credentials_of_an_operator_let_an_edge_in_and_no_further(
    tmp_path: Path, stack: AsyncExitStack, program: object
) -> None:
    """A NATS that somebody else runs, with an operator, an account and tokens in place of passwords."""
    assert callable(program)
    found, leaf, port = program(), free_port(), free_port()
    operator, account = new_pair(tmp_path, OPERATOR), new_pair(tmp_path, ACCOUNT)
    conf = {
        "host": "127.0.0.1",
        "port": port,
        "operator": token(operator, operator, "county", {}),
        "resolver": "MEMORY",
        "resolver_preload": {account.public: token(operator, account, "cameras", {"limits": UNLIMITED})},
        "leafnodes": {"host": "127.0.0.1", "port": leaf},
    }
    (tmp_path / "hub").mkdir()
    server = NatsServer(folder=tmp_path / "hub", port=port, conf=lambda: json.dumps(conf), program=found)
    await stack.enter_async_context(server.running())
    hub = await tokened(port, account, new_pair(tmp_path, USER))
    stack.push_async_callback(hub.close)
    for subject in (parcel_subject("e1"), parcel_subject("e2"), beat_subject("e1")):
        await hub.subscribe(subject, cb=answer)
    await hub.flush()
    user = new_pair(tmp_path, USER)
    rights = {"pub": {"allow": ["camkeeper.hub.e1.>"]}, "sub": {"allow": [f"{inbox('e1')}.>"]}}
    creds = tmp_path / "e1.creds"
    creds.write_text(credentials(token(account, user, "e1", {**rights, "subs": -1, "data": -1, "payload": -1}), user))
    link = await edge_with(stack, tmp_path / "e1", f"nats-leaf://127.0.0.1:{leaf}", found, credentials=str(creds))
    assert await answered(link, parcel_subject("e1"), 40)
    assert await answered(link, beat_subject("e1"), 5)
    assert not await answered(link, parcel_subject("e2"), 2)
    forger, stranger = new_pair(tmp_path, ACCOUNT), new_pair(tmp_path, USER)
    creds = tmp_path / "other.creds"
    creds.write_text(credentials(token(forger, stranger, "e1", rights), stranger))
    other = await edge_with(stack, tmp_path / "e1b", f"nats-leaf://127.0.0.1:{leaf}", found, credentials=str(creds))
    assert not await answered(other, parcel_subject("e1"), 6)


UNLIMITED = dict.fromkeys(("subs", "data", "payload", "conn", "leaf", "imports", "exports"), -1) | {"wildcards": True}


async def tokened(port: int, account: Pair, user: Pair) -> Client:
    """Connect as a user whom the account names."""
    words = token(account, user, "hub", {"subs": -1, "data": -1, "payload": -1})
    return await nats.connect(
        f"nats://127.0.0.1:{port}",
        user_jwt_cb=lambda: bytearray(words.encode()),
        signature_cb=lambda nonce: base64.b64encode(user.sign(nonce.encode())),
    )
