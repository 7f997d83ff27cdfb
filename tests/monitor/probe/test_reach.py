"""Reach over real sockets; cut, black-holed and refused links in network namespaces."""

import asyncio
import errno
import os
import resource
import socket
import subprocess
import sys

import pytest
from tests.peers.netns import THERE, cable

from camkeeper.model.probing import Rung, Verdict
from camkeeper.probe import reach

CODE = """
import asyncio
from camkeeper.probe import reach, ping
async def main():
    print((await {call}).verdict)
asyncio.run(main())
"""


async def _silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def test_a_listening_port_is_ok_and_a_closed_one_refuses() -> None:
    server = await asyncio.start_server(_silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        result = await reach.tcp_reach("127.0.0.1", port, timeout_s=5)
    assert (result.rung, result.verdict) == (Rung.REACH, Verdict.OK)
    assert str(port) in result.detail
    assert result.ms >= 0
    closed = await reach.tcp_reach("127.0.0.1", port, timeout_s=5)
    assert closed.verdict is Verdict.REFUSED


async def test_an_unknown_name_says_nothing_of_the_device() -> None:
    for name in ("no-such-camera.invalid", "a" * 70 + ".invalid", "双鱼\udcff.invalid"):
        result = await reach.tcp_reach(name, 80, timeout_s=10)
        assert result.verdict in {Verdict.MONITOR, Verdict.TIMEOUT}, name


async def test_a_full_backlog_is_a_timeout() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(deaf.getsockname())
        result = await reach.tcp_reach("127.0.0.1", deaf.getsockname()[1], timeout_s=0.3)
        for filler in fillers:
            filler.close()
    assert result.verdict is Verdict.TIMEOUT
    assert "0.3 s" in result.detail


def test_no_descriptors_left_is_our_own_fault() -> None:
    code = (
        "import asyncio, os, resource\n"
        "from camkeeper.probe import reach\n"
        "async def main():\n"
        "    n = len(os.listdir('/proc/self/fd')) - 1\n"
        "    resource.setrlimit(resource.RLIMIT_NOFILE, (n, n))\n"
        "    result = await reach.tcp_reach('127.0.0.1', 9, timeout_s=1)\n"
        "    print(result.verdict, result.detail)\n"
        "asyncio.run(main())\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout
    assert out.startswith("monitor")
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 10


@pytest.mark.parametrize(
    ("number", "verdict"),
    [
        (errno.ECONNREFUSED, Verdict.REFUSED),
        (errno.ECONNRESET, Verdict.RESET),
        (errno.EHOSTUNREACH, Verdict.UNREACHABLE),
        (errno.ENETUNREACH, Verdict.UNREACHABLE),
        (errno.EMFILE, Verdict.MONITOR),
        (errno.ENOBUFS, Verdict.MONITOR),
        (errno.EPERM, Verdict.MONITOR),
        (errno.ETIMEDOUT, Verdict.TIMEOUT),
    ],
)
def test_each_errno_has_its_verdict(number: int, verdict: Verdict) -> None:
    assert reach.what_failed(OSError(number, os.strerror(number)), timeout_s=1)[0] is verdict


def test_cut_black_holed_and_refused_links() -> None:
    with cable() as link:
        port = f"reach.tcp_reach('{THERE}', 80, timeout_s=0.5)"
        assert link.python(CODE.format(call=port)).strip() == "refused"
        # Nobody has this address: after some seconds of ARP the kernel says so.
        nobody = link.python(CODE.format(call="reach.tcp_reach('10.77.0.99', 80, timeout_s=8)"))
        assert nobody.strip() == "unreachable"
        # No route at all: our own network is cut, or the register names a foreign one.
        assert link.python(CODE.format(call="reach.tcp_reach('10.99.0.1', 80, timeout_s=1)")).strip() == "unreachable"
        # A router that says "host unreachable".
        link.nft("add table ip t; add chain ip t in { type filter hook input priority 0 ; }")
        link.nft("add rule ip t in tcp dport 80 reject with icmp type host-unreachable")
        assert link.python(CODE.format(call=port)).strip() in {"unreachable", "timeout"}
        link.nft("flush chain ip t in; add rule ip t in tcp dport 80 drop")
        assert link.python(CODE.format(call=port)).strip() == "timeout"
        link.run(link.near, "ip", "link", "set", "v0", "down")
        assert link.python(CODE.format(call=port)).strip() == "unreachable"
