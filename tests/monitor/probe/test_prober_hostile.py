"""Hostile and broken servers: each gives a value, in bounded time, and nothing leaves for another host or port."""

from __future__ import annotations

import asyncio
import gzip
import socket
import zlib
from collections.abc import Awaitable, Callable
from time import perf_counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.monitor.probe.bench_of_one import CREDENTIAL, ONVIF, detail, device, probing, verdicts
from tests.monitor.probe.camera import DIGEST, Camera, Handler, listening, running

from camkeeper.model.probing import Depth, ProbeResult, Rung, Verdict

TIMEOUT_S = 1.0
Sends = Callable[[asyncio.StreamWriter], Awaitable[None]]
ALL = (*ONVIF, Rung.STREAM, Rung.RECORDING)


def answering(sends: Sends) -> Handler:
    """Return a server that reads one request and then does `sends`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await sends(writer)

    return serve


def _head(extra: str = "", *, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: application/soap+xml\r\n{extra}\r\n".encode()


def _bytes(data: bytes) -> Sends:
    async def send(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        writer.close()

    return send


async def _drip(writer: asyncio.StreamWriter) -> None:
    writer.write(_head("Content-Length: 100000\r\n"))
    while True:
        writer.write(b"<")
        await writer.drain()
        await asyncio.sleep(0.05)


async def _drip_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for n in range(10_000):
        writer.write(f"X-{n}: y\r\n".encode())
        await writer.drain()
        await asyncio.sleep(0.02)


async def _giant(writer: asyncio.StreamWriter) -> None:
    writer.write(_head())
    while True:
        writer.write(b"<a>" * 20_000)
        await writer.drain()


async def _hang(_: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def _reset(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    writer.transport.abort()


_BOMB = gzip.compress(b"<a>" * 20_000_000)
_RAW_BOMB = zlib.compress(b" " * 60_000_000)
_DOCTYPE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'

CASES: dict[str, tuple[Sends, Verdict]] = {
    "drip": (_drip, Verdict.TIMEOUT),
    "drip of headers": (_drip_headers, Verdict.TIMEOUT),
    "hang": (_hang, Verdict.TIMEOUT),
    "giant": (_giant, Verdict.TOO_LARGE),
    "gzip bomb": (
        _bytes(_head(f"Content-Encoding: gzip\r\nContent-Length: {len(_BOMB)}\r\n") + _BOMB),
        Verdict.TOO_LARGE,
    ),
    "deflate bomb": (
        _bytes(_head(f"Content-Encoding: deflate\r\nContent-Length: {len(_RAW_BOMB)}\r\n") + _RAW_BOMB),
        Verdict.TOO_LARGE,
    ),
    "not gzip": (_bytes(_head("Content-Encoding: gzip\r\nContent-Length: 3\r\n") + b"abc"), Verdict.MALFORMED),
    "brotli": (_bytes(_head("Content-Encoding: br\r\nContent-Length: 3\r\n") + b"abc"), Verdict.MALFORMED),
    "doctype": (_bytes(_head(f"Content-Length: {len(_DOCTYPE)}\r\n") + _DOCTYPE), Verdict.MALFORMED),
    "redirect": (_bytes(_head("Location: http://127.0.0.1:1/\r\n", status="302 Found")), Verdict.REDIRECTED),
    "reset": (_reset, Verdict.RESET),
    "closed": (_bytes(b""), Verdict.RESET),
    "garbage": (_bytes(b"\x00\xff garbage \r\n\r\n"), Verdict.MALFORMED),
    "cut short": (_bytes(_head("Content-Length: 500\r\n") + b"<a>"), Verdict.MALFORMED),
    "html": (_bytes(_head("Content-Length: 6\r\n") + b"<html>"), Verdict.MALFORMED),
    "404": (_bytes(_head("Content-Length: 0\r\n", status="404 Not Found")), Verdict.FAULT),
    "503": (_bytes(_head("Content-Length: 0\r\n", status="503 Busy")), Verdict.FAULT),
    "long header": (_bytes(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000), Verdict.MALFORMED),
    "an RTSP server": (_bytes(b"RTSP/1.0 400 Bad Request\r\n\r\n"), Verdict.FAULT),
}


@pytest.mark.parametrize("name", CASES)
async def test_a_hostile_answer_is_a_value(name: str) -> None:
    sends, expected = CASES[name]
    async with listening(answering(sends)) as port, probing(timeout_s=TIMEOUT_S) as prober:
        began = perf_counter()
        result = await prober.probe(device(port, ladder=ALL), CREDENTIAL, Depth.FULL)
        assert perf_counter() - began < TIMEOUT_S + 1.5
    assert verdicts(result)[Rung.REACH] is Verdict.OK
    assert verdicts(result)[Rung.TIME] is expected
    assert {verdicts(result)[r] for r in ALL[2:]} == {Verdict.SKIPPED}


@pytest.mark.parametrize("operation", ["GetDeviceInformation", "GetServices", "GetProfiles", "GetSnapshotUri"])
@pytest.mark.parametrize("answer", [(200, "garbage"), (200, ""), (500, ""), (200, "<x>" * 300_000)], ids=range(4))
async def test_rubbish_further_up_is_a_value_too(operation: str, answer: tuple[int, str]) -> None:
    async with running(Camera(answers={operation: answer}, challenges=(DIGEST,))) as camera, probing() as prober:
        result = await prober.probe(device(camera.port), CREDENTIAL, Depth.FULL)
    assert len(result.rungs) == len(ONVIF)
    assert result.rungs[1].verdict is Verdict.OK


async def test_a_foreign_host_is_never_asked() -> None:
    strangers: list[asyncio.StreamWriter] = []

    async def stranger(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        strangers.append(writer)

    async with listening(stranger, host="127.0.0.2") as port:
        camera = Camera(snapshot_uri=f"http://admin:pw@127.0.0.2:{port}/snap.jpg", challenges=(DIGEST,))
        camera.stream_uri = f"rtsp://127.0.0.2:{port}/x"
        async with running(camera), probing() as prober:
            result = await prober.probe(device(camera.port, ladder=(*ONVIF, Rung.STREAM)), CREDENTIAL, Depth.FULL)
            assert verdicts(result)[Rung.SNAPSHOT] is Verdict.OFF_ENROLMENT
            assert verdicts(result)[Rung.STREAM] is Verdict.OFF_ENROLMENT
            assert str(port) in detail(result, Rung.SNAPSHOT)
            assert str(port) in detail(result, Rung.STREAM)
            approved = device(camera.port, ladder=(*ONVIF, Rung.STREAM), approved_ports=frozenset({port}))
            result = await prober.probe(approved, CREDENTIAL, Depth.FULL)
            # The port was approved, the host was not: the enrolled host has nobody there.
            assert verdicts(result)[Rung.SNAPSHOT] is Verdict.REFUSED
            assert verdicts(result)[Rung.STREAM] is Verdict.REFUSED
    assert not strangers


async def test_an_address_of_another_scheme_is_not_asked_and_no_port_is_advised() -> None:
    camera = Camera(snapshot_uri="https://h/s.jpg", stream_uri="rtsps://h/s")
    async with running(camera), probing() as prober:
        result = await prober.probe(device(camera.port, ladder=ALL), CREDENTIAL, Depth.FULL)
        for rung, scheme in ((Rung.SNAPSHOT, "https"), (Rung.STREAM, "rtsps")):
            assert verdicts(result)[rung] is Verdict.OFF_ENROLMENT
            assert scheme in detail(result, rung)
            assert "approve" not in detail(result, rung)


async def test_behind_nat_the_inner_port_is_the_enrolled_one() -> None:
    camera = Camera(told_port=80, snapshot_uri="http://192.168.1.108/snap.jpg?user=admin&amp;password=x ")
    camera.challenges = (DIGEST,)
    async with running(camera), probing() as prober:
        result = await prober.probe(device(camera.port), CREDENTIAL, Depth.FULL)
    assert verdicts(result)[Rung.SNAPSHOT] is Verdict.OK
    assert camera.seen[-1].path == "/snap.jpg?user=admin&password=x"


async def test_an_enrolled_snapshot_port_wins() -> None:
    async with running(Camera(challenges=(DIGEST,))) as pictures:
        camera = Camera(told_port=8000, snapshot_uri="http://192.168.1.108:80/snap.jpg", challenges=(DIGEST,))
        async with running(camera), probing() as prober:
            split = device(camera.port, snapshot_port=pictures.port)
            result = await prober.probe(split, CREDENTIAL, Depth.FULL)
    assert verdicts(result)[Rung.SNAPSHOT] is Verdict.OK
    assert [s.path for s in pictures.seen] == ["/snap.jpg"] * 2


async def test_the_digest_domain_sends_us_nowhere() -> None:
    strangers: list[asyncio.StreamWriter] = []

    async def stranger(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        strangers.append(writer)

    async with listening(stranger) as port:
        away = DIGEST.replace("127.0.0.1:1", f"127.0.0.1:{port}")
        async with running(Camera(challenges=(away,))) as camera, probing() as prober:
            result = await prober.probe(device(camera.port), CREDENTIAL, Depth.FULL)
            assert verdicts(result)[Rung.SNAPSHOT] is Verdict.OK
    assert not strangers


async def test_a_redirected_snapshot_is_not_followed() -> None:
    camera = Camera(snapshot_takes=frozenset())
    async with running(camera), probing() as prober:
        camera.picture = b""
        result = await prober.probe(device(camera.port), CREDENTIAL, Depth.FULL)
        assert verdicts(result)[Rung.SNAPSHOT] is Verdict.MALFORMED


@given(st.binary(max_size=400))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_whatever_raise(data: bytes) -> None:
    async def once() -> ProbeResult:
        async with listening(answering(_bytes(data))) as port, probing(timeout_s=TIMEOUT_S) as prober:
            return await prober.probe(device(port), CREDENTIAL, Depth.FULL)

    result = asyncio.run(once())
    assert result.rungs[1].verdict.is_failure


async def test_running_out_of_descriptors_is_our_own_fault() -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with running(Camera()) as camera, probing() as prober:
        assert (await prober.probe(device(camera.port), None, Depth.QUICK)).rungs[0].verdict is Verdict.OK
        await asyncio.sleep(0.05)  # both ends close
        spare = socket.socket()
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (spare.fileno(), hard))
            held = [s for s in (_socket() for _ in range(64)) if s is not None]
            result = await prober.probe(device(camera.port), None, Depth.QUICK)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            spare.close()
        for sock in held:
            sock.close()
    assert result.rungs[0].verdict is Verdict.MONITOR


def _socket() -> socket.socket | None:
    try:
        return socket.socket()
    except OSError:
        return None


async def test_a_stalled_loop_is_our_own_fault() -> None:
    import time

    async def stall(writer: asyncio.StreamWriter) -> None:
        time.sleep(TIMEOUT_S + 1.3)  # noqa: ASYNC251 - the stall is the test
        await _hang(writer)

    async with listening(answering(stall)) as port, probing(timeout_s=TIMEOUT_S) as prober:
        result = await prober.probe(device(port), None, Depth.QUICK)
    assert verdicts(result)[Rung.TIME] is Verdict.MONITOR
