"""Ping over real ICMP: raw, unprivileged, not permitted, lost, cut."""

import os
import shutil
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.peers.netns import THERE, cable

from camkeeper.model.probing import Rung, Verdict
from camkeeper.probe import ping

CODE = """
import asyncio
from camkeeper.probe import ping
result = asyncio.run(ping.echo({host!r}, timeout_s={timeout_s}))
print(result.verdict, result.detail, sep='|')
"""
NO_RAW = ("setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw")


@pytest.mark.skipif(os.geteuid() != 0, reason="a raw ICMP socket wants root")
async def test_loopback_answers() -> None:
    result = await ping.echo("127.0.0.1", timeout_s=5)
    assert (result.rung, result.verdict, result.detail) == (Rung.PING, Verdict.OK, "echo reply")
    unknown = await ping.echo("no-such-switch.invalid", timeout_s=10)
    assert unknown.verdict in {Verdict.MONITOR, Verdict.TIMEOUT}


def test_an_unprivileged_socket_is_enough() -> None:
    with cable() as link:
        link.run(link.near, "sysctl", "-qw", "net.ipv4.ping_group_range=0 2147483647")
        out = link.run(link.near, *NO_RAW, sys.executable, "-c", CODE.format(host=THERE, timeout_s=5))
        assert out.startswith("ok|")


def test_without_permission_the_remedy_is_named() -> None:
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("dropping CAP_NET_RAW wants root and setpriv")
    with cable() as link:
        link.run(link.near, "sysctl", "-qw", "net.ipv4.ping_group_range=1 0")
        out = link.run(link.near, *NO_RAW, sys.executable, "-c", CODE.format(host=THERE, timeout_s=5))
    assert out.startswith("monitor|")
    assert "CAP_NET_RAW" in out
    assert "ping_group_range" in out


def test_lost_refused_and_cut() -> None:
    with cable() as link:

        def ask(host: str = THERE, timeout_s: float = 0.9) -> str:
            return link.python(CODE.format(host=host, timeout_s=timeout_s))

        assert ask().startswith("ok|echo reply")
        link.nft("add table ip t; add chain ip t in { type filter hook input priority 0 ; }")
        # The first request of each ping is lost (its sequence number is 1): the second is answered.
        link.nft("add rule ip t in icmp type echo-request icmp sequence 1 drop")
        assert ask() == "ok|echo reply to request 2\n"
        link.nft("flush chain ip t in; add rule ip t in icmp type echo-request drop")
        assert ask().startswith("timeout|")
        link.nft("flush chain ip t in; add rule ip t in icmp type echo-request reject with icmp type host-unreachable")
        assert ask().startswith("unreachable|")
        assert ask(host="10.99.0.1").startswith("unreachable|")


@given(st.binary(max_size=64))
def test_strangers_packets_are_no_reply(data: bytes) -> None:
    import socket

    for kind in (socket.SOCK_RAW, socket.SOCK_DGRAM):
        assert not ping._is_reply(data, socket.AF_INET, kind, b"0123456789abcdef")


@given(st.binary(min_size=2, max_size=64).filter(lambda b: len(b) % 2 == 0))
def test_the_checksum_is_the_internet_checksum(data: bytes) -> None:
    total = sum(int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2)) + ping._checksum(data)
    assert total % 0xFFFF == 0
