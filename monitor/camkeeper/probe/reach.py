"""Reach: does the enrolled port accept a TCP connection? And what an `OSError` says of a device, or of ourselves."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import socket
from time import perf_counter
from typing import Any, Final

from camkeeper.model.probing import Rung, RungResult, Verdict

# What says nothing of the device: our own descriptors, memory, interface, address, firewall.
_OWN: Final = frozenset(
    {
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
        errno.ENOBUFS,
        errno.EAFNOSUPPORT,
        errno.ENETDOWN,
        errno.EADDRNOTAVAIL,
        errno.EACCES,
        errno.EPERM,
    }
)
_VERDICTS: Final = {
    errno.ECONNREFUSED: Verdict.REFUSED,
    errno.ECONNRESET: Verdict.RESET,
    errno.EPIPE: Verdict.RESET,
    errno.ECONNABORTED: Verdict.RESET,
    # Our own link cut and a router's "no route" read alike here: the monitor's uplink checks tell them apart.
    errno.ENETUNREACH: Verdict.UNREACHABLE,
    errno.EHOSTUNREACH: Verdict.UNREACHABLE,
    errno.EHOSTDOWN: Verdict.UNREACHABLE,
    errno.ENONET: Verdict.UNREACHABLE,
}


def what_failed(error: OSError, *, timeout_s: float) -> tuple[Verdict, str]:
    """Return the verdict and its evidence for a failed connection, send or receive."""
    if isinstance(error, TimeoutError):
        return Verdict.TIMEOUT, f"no answer within {timeout_s:g} s"
    if isinstance(error, socket.gaierror):
        # Nobody asked the device: an unresolved name is a matter of our resolver or register.
        return Verdict.MONITOR, f"the name cannot be resolved: {error.strerror or error}"
    number = error.errno or 0
    if number in _OWN:
        return Verdict.MONITOR, f"own fault: {os.strerror(number)}"
    if isinstance(error, ConnectionError) and number not in _VERDICTS:
        return Verdict.RESET, "the connection was closed before the answer"
    return _VERDICTS.get(number, Verdict.UNREACHABLE), os.strerror(number) if number else type(error).__name__


async def resolve(host: str, port: int, kind: socket.SocketKind) -> list[tuple[socket.AddressFamily, Any]]:
    """Return the family and socket address of each address of `host`; an address literal asks no resolver.

    Raises socket.gaierror (an OSError) where the name is unknown.
    """
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        try:
            infos = await asyncio.get_running_loop().getaddrinfo(host, port, type=kind)
        except UnicodeError as error:
            raise socket.gaierror(socket.EAI_NONAME, "not a host name") from error
        return [(family, address) for family, _, _, _, address in infos]
    family = socket.AF_INET6 if literal.version == 6 else socket.AF_INET
    return [(family, (host, port))]


async def tcp_reach(host: str, port: int, *, timeout_s: float) -> RungResult:
    """Connect and close again. The kernel repeats a lost SYN within the time; a second try is the schedule's."""
    began = perf_counter()
    try:
        async with asyncio.timeout(timeout_s):
            (await connect(host, port)).close()
        verdict, detail = Verdict.OK, f"port {port} accepts"
    except OSError as error:
        verdict, detail = what_failed(error, timeout_s=timeout_s)
        detail = f"port {port}: {detail}"
    return RungResult(rung=Rung.REACH, verdict=verdict, ms=(perf_counter() - began) * 1000, detail=detail)


async def connect(host: str, port: int) -> socket.socket:
    """Return a connected, non-blocking socket; the caller closes it and bounds the time. Raises OSError."""
    loop = asyncio.get_running_loop()
    last: OSError | None = None
    for family, address in await resolve(host, port, socket.SOCK_STREAM):
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)  # noqa: FBT003 - the standard library's signature
            await loop.sock_connect(sock, address)
        except OSError as error:
            sock.close()
            last = error
        except BaseException:
            sock.close()
            raise
        else:
            if sock.getsockname() != sock.getpeername():
                return sock
            # On loopback a closed ephemeral port can be met by our own source port: TCP then connects to itself.
            sock.close()
            last = ConnectionRefusedError(errno.ECONNREFUSED, "connected to itself")
    raise last or OSError(errno.EHOSTUNREACH, "the name has no address")
