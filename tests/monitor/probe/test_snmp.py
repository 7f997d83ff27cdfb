"""SNMP against Debian's snmpd, a closed port, silence, and mutated datagrams."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.peers.snmpd import SnmpAgent, snmp_agent

from camkeeper.model.probing import Rung, Verdict
from camkeeper.probe import snmp

REQUEST = snmp._request("canary", 77)


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SnmpAgent]:
    with snmp_agent(tmp_path_factory.mktemp("snmpd")) as running:
        yield running


async def test_the_agent_tells_its_uptime(agent: SnmpAgent) -> None:
    result, uptime_s = await snmp.sys_uptime(agent.host, agent.port, community=agent.community, timeout_s=5)
    assert (result.rung, result.verdict) == (Rung.SNMP, Verdict.OK)
    assert uptime_s is not None
    assert 0 <= uptime_s < 600
    again = (await snmp.sys_uptime(agent.host, agent.port, community=agent.community, timeout_s=5))[1]
    assert again is not None
    assert again >= uptime_s


async def test_a_wrong_community_is_silence_and_is_never_quoted(agent: SnmpAgent) -> None:
    result, uptime_s = await snmp.sys_uptime(agent.host, agent.port, community="canary-wrong", timeout_s=0.5)
    assert (result.verdict, uptime_s) == (Verdict.TIMEOUT, None)
    assert "community" in result.detail
    assert "canary" not in result.detail


async def test_a_closed_port_refuses() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    result, _ = await snmp.sys_uptime("127.0.0.1", port, community="c", timeout_s=5)
    assert result.verdict is Verdict.REFUSED


class _Hostile(asyncio.DatagramProtocol):
    """Drops the first request, then answers garbage, or echoes the request."""

    def __init__(self, answers: list[bytes | None]) -> None:
        self._answers = answers

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        answer = self._answers.pop(0) if self._answers else data
        if answer is not None:
            self._transport.sendto(answer, addr)


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ([None], Verdict.MALFORMED),
        ([b"\x30" * 40], Verdict.MALFORMED),
        ([b""], Verdict.MALFORMED),
        ([b"\x30\x80" * 30_000], Verdict.MALFORMED),
        ([snmp._request("c", 1)] * 3, Verdict.MALFORMED),
    ],
)
async def test_lost_and_broken_replies(answers: list[bytes | None], verdict: Verdict) -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Hostile(list(answers)), local_addr=("127.0.0.1", 0))
    try:
        port = transport.get_extra_info("sockname")[1]
        result, uptime_s = await snmp.sys_uptime("127.0.0.1", port, community="c", timeout_s=3)
    finally:
        transport.close()
    assert (result.verdict, uptime_s) == (verdict, None)


@settings(max_examples=300, deadline=None)
@given(
    cuts=st.lists(st.tuples(st.integers(0, len(REQUEST) - 1), st.binary(max_size=6), st.integers(0, 4)), max_size=6),
)
def test_mutated_replies_never_break_the_reader(cuts: list[tuple[int, bytes, int]]) -> None:
    data = bytearray(REQUEST)
    for at, insert, drop in cuts:
        data[at : at + drop] = insert
    snmp.read(bytes(data), 77)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_random_replies_never_break_the_reader(data: bytes) -> None:
    answer = snmp.read(data, 1)
    assert answer is None or answer.verdict is not Verdict.OK


def test_the_library_is_imported_late() -> None:
    code = "import sys, camkeeper.probe.snmp; print(any(m.startswith(('pysnmp', 'pyasn1')) for m in sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert out.stdout.strip() == "False"
