"""SNMP v2c: one GET of sysUpTime.0, for switches and fibre transceivers with a management card.

pysnmp builds and reads the message; the socket is our own and connected, so that only the enrolled host and port can
answer and a closed port is told at once. pysnmp's high-level call builds a MIB engine each time: 24 ms against 1 ms.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import socket
from time import perf_counter
from typing import Any, Final, NamedTuple

from camkeeper.model.probing import Rung, RungResult, Verdict
from camkeeper.probe.reach import resolve, what_failed

SYS_UPTIME: Final = (1, 3, 6, 1, 2, 1, 1, 3, 0)
_TRIES: Final = 3
_MAX_REPLY: Final = 2048
"""Bytes; the reply to one GET has about 50. Longer ones are cut, and then do not parse."""


class _Answer(NamedTuple):
    verdict: Verdict
    detail: str
    uptime_s: float | None = None


async def sys_uptime(host: str, port: int, *, community: str, timeout_s: float) -> tuple[RungResult, float | None]:
    """Return the rung's answer, and the seconds since the agent's start where it told them.

    sysUpTime counts hundredths of a second in 32 bits: it starts anew every 497 days.
    """
    began = perf_counter()
    try:
        async with asyncio.timeout(timeout_s):
            found = await _ask(host, port, community, timeout_s / _TRIES)
    except OSError as error:
        verdict, detail = what_failed(error, timeout_s=timeout_s)
        if verdict is Verdict.TIMEOUT:
            detail += "; an agent is silent too where the community is wrong"
        found = _Answer(verdict, detail)
    ms = (perf_counter() - began) * 1000
    return RungResult(rung=Rung.SNMP, verdict=found.verdict, ms=ms, detail=found.detail), found.uptime_s


async def _ask(host: str, port: int, community: str, each_s: float) -> _Answer:
    loop = asyncio.get_running_loop()
    request_id = 1 + secrets.randbelow(0x7FFFFFFE)
    request = _request(community, request_id)
    family, address = (await resolve(host, port, socket.SOCK_DGRAM))[0]
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)  # noqa: FBT003 - the standard library's signature
        sock.connect(address)
        for number in itertools.count(1):
            if number <= _TRIES:
                await loop.sock_sendall(sock, request)
            try:
                async with asyncio.timeout(each_s if number < _TRIES else None):
                    answer = read(await loop.sock_recv(sock, _MAX_REPLY), request_id)
            except TimeoutError:
                continue
            if answer is not None:
                return answer
            if number >= _TRIES:
                return _Answer(Verdict.MALFORMED, "only replies to other requests")
    raise AssertionError("counting does not end")


def _request(community: str, request_id: int) -> bytes:
    from pyasn1.codec.ber import encoder  # type: ignore[import-untyped]
    from pysnmp.proto import api

    v2c: Any = api.PROTOCOL_MODULES[api.SNMP_VERSION_2C]
    pdu = v2c.GetRequestPDU()
    v2c.apiPDU.set_defaults(pdu)
    v2c.apiPDU.set_request_id(pdu, request_id)
    v2c.apiPDU.set_varbinds(pdu, [(SYS_UPTIME, v2c.Null(""))])
    message = v2c.Message()
    v2c.apiMessage.set_defaults(message)
    v2c.apiMessage.set_community(message, community)
    v2c.apiMessage.set_pdu(message, pdu)
    return bytes(encoder.encode(message))


def read(data: bytes, request_id: int) -> _Answer | None:
    """Return what the datagram says, or None where it answers another request. Never raises for hostile bytes."""
    from pyasn1.error import PyAsn1Error  # type: ignore[import-untyped]
    from pysnmp.proto.error import ProtocolError

    try:
        found = _decoded(data)
    # The decoder leaks whatever its own lookups raise on mutated bytes.
    except (PyAsn1Error, ProtocolError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        return _Answer(Verdict.MALFORMED, f"the reply is no SNMP message: {type(error).__name__}")
    if found.request_id != request_id:
        return None
    if found.status:
        return _Answer(Verdict.FAULT, f"SNMP error status {found.status}")
    if found.name == SYS_UPTIME and found.type == "TimeTicks":
        return _Answer(Verdict.OK, f"up {found.value / 100:.0f} s", found.value / 100)
    if found.name == SYS_UPTIME and found.type in {"NoSuchObject", "NoSuchInstance"}:
        return _Answer(Verdict.NOT_OFFERED, "the agent answers and has no sysUpTime")
    return _Answer(Verdict.MALFORMED, f"a {found.type} instead of sysUpTime")


class _Reply(NamedTuple):
    request_id: int
    status: int
    name: tuple[int, ...]
    type: str
    value: int


def _decoded(data: bytes) -> _Reply:
    from pyasn1.codec.ber import decoder
    from pysnmp.proto import api

    v2c: Any = api.PROTOCOL_MODULES[api.SNMP_VERSION_2C]
    message, _ = decoder.decode(data, asn1Spec=v2c.Message())
    pdu = v2c.apiMessage.get_pdu(message)
    ((name, value),) = v2c.apiPDU.get_varbinds(pdu)
    return _Reply(
        request_id=int(v2c.apiPDU.get_request_id(pdu)),
        status=int(v2c.apiPDU.get_error_status(pdu)),
        name=tuple(name),
        type=type(value).__name__,
        value=int(value) if isinstance(value, v2c.TimeTicks) else 0,
    )
