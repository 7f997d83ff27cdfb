"""Ping: one ICMP echo, for equipment without a TCP service (fibre transceivers, simple switches).

An unprivileged datagram ICMP socket where the kernel allows this group (`net.ipv4.ping_group_range`), else a raw socket
(root, or CAP_NET_RAW as the systemd unit grants it), else the answer is "we may not ask".
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import socket
import struct
from time import perf_counter
from typing import Any, Final

from camkeeper.model.probing import Rung, RungResult, Verdict
from camkeeper.probe.reach import resolve, what_failed

_REQUEST: Final = {socket.AF_INET: 8, socket.AF_INET6: 128}
_REPLY: Final = {socket.AF_INET: 0, socket.AF_INET6: 129}
_PROTOCOL: Final = {socket.AF_INET: socket.IPPROTO_ICMP, socket.AF_INET6: socket.IPPROTO_ICMPV6}
# With these a router's "host unreachable" arrives as an errno at once, instead of a silence until the timeout.
_RECVERR: Final = {socket.AF_INET: (socket.IPPROTO_IP, 11), socket.AF_INET6: (socket.IPPROTO_IPV6, 25)}
_TRIES: Final = 3
REMEDY: Final = (
    "ICMP is not permitted to this process: grant CAP_NET_RAW, "
    "or let its group in: sysctl -w net.ipv4.ping_group_range='0 2147483647'"
)


async def echo(host: str, *, timeout_s: float) -> RungResult:
    """Send up to three echo requests within `timeout_s`; the first reply counts.

    Three, because TCP repeats a lost SYN and ICMP repeats nothing: one lost packet of a leased line is no outage.
    """
    began = perf_counter()
    try:
        async with asyncio.timeout(timeout_s):
            family, address = (await resolve(host, 0, socket.SOCK_DGRAM))[0]
            sock = _open(family)
            if sock is None:
                return _result(Verdict.MONITOR, began, REMEDY)
            with sock:
                tries = await _exchange(sock, family, address, timeout_s / _TRIES)
        verdict, detail = Verdict.OK, "echo reply" if tries == 1 else f"echo reply to request {tries}"
    except OSError as error:
        verdict, detail = what_failed(error, timeout_s=timeout_s)
    return _result(verdict, began, detail)


def _result(verdict: Verdict, began: float, detail: str) -> RungResult:
    return RungResult(rung=Rung.PING, verdict=verdict, ms=(perf_counter() - began) * 1000, detail=detail)


def _open(family: socket.AddressFamily) -> socket.socket | None:
    """Return an ICMP socket, or None where neither kind is permitted; other OSErrors (descriptors) are raised."""
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            sock = socket.socket(family, kind, _PROTOCOL[family])
        except PermissionError:
            continue
        sock.setblocking(False)  # noqa: FBT003 - the standard library's signature
        level, option = _RECVERR[family]
        sock.setsockopt(level, option, 1)
        return sock
    return None


async def _exchange(sock: socket.socket, family: socket.AddressFamily, address: Any, each_s: float) -> int:
    """Return the number of requests sent until the reply came. Cancelled by the caller's timeout."""
    loop = asyncio.get_running_loop()
    # Connected: the kernel then hands us this host's packets only, however many pings are in the air.
    sock.connect(address)
    token = secrets.token_bytes(16)
    identifier = secrets.randbelow(0x10000)
    for number in itertools.count(1):
        if number <= _TRIES:
            await loop.sock_sendall(sock, _request(family, identifier, number, token))
        try:
            async with asyncio.timeout(each_s if number < _TRIES else None):
                while not _is_reply(await loop.sock_recv(sock, 2048), family, sock.type, token):
                    pass
        except TimeoutError:
            continue
        return number
    raise AssertionError("counting does not end")


def _request(family: socket.AddressFamily, identifier: int, number: int, token: bytes) -> bytes:
    def packet(checksum: int) -> bytes:
        return struct.pack("!BBHHH", _REQUEST[family], 0, checksum, identifier, number) + token

    # For ICMPv6 the kernel fills the checksum in (RFC 3542); so it does for datagram sockets.
    return packet(_checksum(packet(0)) if family == socket.AF_INET else 0)


def _is_reply(data: bytes, family: socket.AddressFamily, kind: int, token: bytes) -> bool:
    """True for the echo reply with our token. On loopback a raw socket sees our own request too.

    The token identifies, not the identifier: the kernel writes its own identifier on datagram sockets.
    """
    if family == socket.AF_INET and kind == socket.SOCK_RAW:
        data = data[(data[0] & 0x0F) * 4 :] if data else b""
    return len(data) >= 8 and data[0] == _REPLY[family] and data[8:24] == token


def _checksum(data: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF
