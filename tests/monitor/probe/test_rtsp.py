"""RTSP DESCRIBE against scripted devices on 127.0.0.1: the honest, the odd and the hostile."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camkeeper.model.probing import Rung, RungResult, Verdict
from camkeeper.probe import rtsp

PASSWORD = "canary-pass-93c1"
SDP = b"v=0\r\ns=x\r\nm=audio 0 RTP/AVP 8\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:trackID=0\r\n"
CHALLENGE = 'Digest realm="IP Camera(1)", nonce="{nonce}"'


def reply(status: int, cseq: int | None, *fields: str, body: bytes = b"") -> bytes:
    lines = [f"RTSP/1.0 {status} X"]
    if cseq is not None:
        lines.append(f"CSeq: {cseq}")
    if body:
        lines += ["Content-Type: application/sdp", f"Content-Length: {len(body)}"]
    return ("\r\n".join([*lines, *fields]) + "\r\n\r\n").encode() + body


@dataclass(slots=True)
class Request:
    method: str
    uri: str
    cseq: int
    authorization: str | None


Script = Callable[[Request], bytes | None]
"""Answers one request; None closes the connection, and so does an answer that ends with CLOSE."""
CLOSE = b"\0close"


@dataclass(slots=True)
class Device:
    script: Script
    port: int = 0
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.ended.clear()
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                first, *rest = head.split("\r\n")
                method, uri, _ = first.split(" ")
                headers = dict(line.split(": ", 1) for line in rest if line)
                request = Request(method, uri, int(headers["CSeq"]), headers.get("Authorization"))
                self.requests.append(request)
                answer = self.script(request)
                if answer is None:
                    break
                writer.write(answer.removesuffix(CLOSE))
                await writer.drain()
                if answer.endswith(CLOSE):
                    break
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass
        finally:
            writer.close()
            self.ended.set()

    @property
    def methods(self) -> list[str]:
        return [r.method for r in self.requests]

    @property
    def passwords_tried(self) -> int:
        return sum(r.authorization is not None for r in self.requests)


@asynccontextmanager
async def device(script: Script) -> AsyncIterator[Device]:
    it = Device(script)
    server = await asyncio.start_server(it.serve, "127.0.0.1", 0)
    it.port = server.sockets[0].getsockname()[1]
    async with server:
        yield it
        if it.connections:
            # The client hangs up; the handler is let go before the loop is.
            await asyncio.wait_for(it.ended.wait(), 10)


async def ask(it: Device, target: str = "/live", *, timeout_s: float = 5, user: str | None = "admin") -> RungResult:
    result = await rtsp.describe(
        "127.0.0.1", it.port, target, user=user, password=PASSWORD if user else None, timeout_s=timeout_s
    )
    assert result.rung is Rung.STREAM
    assert PASSWORD not in result.detail
    return result


def honest(request: Request) -> bytes:
    return reply(200, request.cseq, body=SDP if request.method == "DESCRIBE" else b"")


def wants_digest(password: str = PASSWORD, *, nonces: tuple[str, ...] = ("n1",)) -> Script:
    """A device that wants Digest; with several nonces each is called stale at its first good use but the last."""
    at = 0

    def script(request: Request) -> bytes:
        nonlocal at
        if request.method == "OPTIONS":
            return reply(200, request.cseq, "Public: OPTIONS, DESCRIBE")
        header = request.authorization or ""
        ha1 = hashlib.md5(f"admin:IP Camera(1):{password}".encode(), usedforsecurity=False).hexdigest()
        ha2 = hashlib.md5(f"DESCRIBE:{request.uri}".encode(), usedforsecurity=False).hexdigest()
        good = hashlib.md5(f"{ha1}:{nonces[at]}:{ha2}".encode(), usedforsecurity=False).hexdigest()
        if f'response="{good}"' in header:
            if at == len(nonces) - 1:
                return reply(200, request.cseq, body=SDP)
            at += 1
            return reply(401, request.cseq, "WWW-Authenticate: " + CHALLENGE.format(nonce=nonces[at]) + ", stale=true")
        return reply(401, request.cseq, "WWW-Authenticate: " + CHALLENGE.format(nonce=nonces[at]))

    return script


async def test_the_codec_is_told_and_nothing_is_played() -> None:
    async with device(honest) as it:
        result = await ask(it, "/Streaming/Channels/101?transportmode=unicast ")
    assert (result.verdict, result.detail) == (Verdict.OK, "video H264")
    assert it.methods == ["OPTIONS", "DESCRIBE"]
    assert it.requests[1].uri == f"rtsp://127.0.0.1:{it.port}/Streaming/Channels/101?transportmode=unicast"
    assert it.passwords_tried == 0


async def test_digest_is_answered_once() -> None:
    async with device(wants_digest()) as it:
        result = await ask(it)
    assert result.verdict is Verdict.OK
    assert (it.methods, it.passwords_tried) == (["OPTIONS", "DESCRIBE", "DESCRIBE"], 1)


async def test_a_wrong_password_is_sent_exactly_once() -> None:
    async with device(wants_digest("another")) as it:
        result = await ask(it)
    assert result.verdict is Verdict.AUTH_REFUSED
    assert it.passwords_tried == 1


async def test_a_stale_nonce_is_retried_once_and_no_more() -> None:
    async with device(wants_digest(nonces=("n1", "n2"))) as it:
        assert (await ask(it)).verdict is Verdict.OK
    assert it.passwords_tried == 2
    async with device(wants_digest(nonces=("n1", "n2", "n3", "n4"))) as it:
        assert (await ask(it)).verdict is Verdict.AUTH_REFUSED
    assert it.passwords_tried == 2


async def test_basic_and_the_stronger_of_two() -> None:
    def basic(request: Request) -> bytes:
        if request.method == "OPTIONS" or (request.authorization or "").startswith("Basic "):
            return honest(request)
        return reply(401, request.cseq, 'WWW-Authenticate: Basic realm="x"')

    async with device(basic) as it:
        assert (await ask(it)).verdict is Verdict.OK

    def both(request: Request) -> bytes:
        if request.method == "OPTIONS" or (request.authorization or "").startswith("Digest "):
            return honest(request)
        return reply(
            401, request.cseq, 'WWW-Authenticate: Basic realm="x"', 'WWW-Authenticate: Digest realm="x", nonce="1"'
        )

    async with device(both) as it:
        assert (await ask(it)).verdict is Verdict.OK


async def test_without_a_credential_none_is_sent() -> None:
    async with device(wants_digest()) as it:
        result = await ask(it, user=None)
    assert result.verdict is Verdict.AUTH_REFUSED
    assert it.passwords_tried == 0


async def test_an_unknown_scheme_is_a_fault_and_sends_nothing() -> None:
    async with device(lambda r: reply(401, r.cseq, "WWW-Authenticate: Negotiate")) as it:
        assert (await ask(it)).verdict is Verdict.FAULT
    assert it.passwords_tried == 0


async def test_a_device_that_closes_after_each_reply() -> None:
    script = wants_digest()
    async with device(lambda r: (script(r) or b"") + CLOSE) as it:
        assert (await ask(it)).verdict is Verdict.OK
    assert it.connections == 3
    assert it.passwords_tried == 1


async def test_a_password_that_is_answered_by_closing_is_not_sent_again() -> None:
    async with device(lambda r: None if r.authorization else wants_digest()(r)) as it:
        assert (await ask(it)).verdict is Verdict.RESET
    assert it.passwords_tried == 1


@pytest.mark.parametrize(
    ("describe", "verdict"),
    [
        (lambda r: reply(404, r.cseq), Verdict.FAULT),
        (lambda r: reply(500, r.cseq), Verdict.FAULT),
        (lambda r: reply(403, r.cseq), Verdict.FAULT),
        (lambda r: reply(302, r.cseq, "Location: rtsp://10.0.0.1/x"), Verdict.REDIRECTED),
        (lambda r: reply(200, r.cseq), Verdict.MALFORMED),
        (lambda r: reply(200, r.cseq, body=b"v=0\r\nm=audio 0 RTP/AVP 8\r\n"), Verdict.MALFORMED),
        (lambda r: reply(200, r.cseq, "Content-Length: 300000"), Verdict.TOO_LARGE),
        (lambda r: reply(200, r.cseq, "Content-Length: -1"), Verdict.MALFORMED),
        (lambda r: reply(200, r.cseq, "Content-Length: ９"), Verdict.MALFORMED),
        (lambda r: reply(200, r.cseq, "Content-Length: 5", "Content-Length: 6") + b"aaaaaa", Verdict.MALFORMED),
        (lambda _: b"RTSP/1.0 200 OK\r\nX: " + b"y" * 70_000, Verdict.TOO_LARGE),
        (lambda _: b"RTSP/1.0 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", Verdict.TOO_LARGE),
        (lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n", Verdict.MALFORMED),
        (lambda _: b"garbage\r\n\r\n", Verdict.MALFORMED),
        (lambda _: b"RTSP/1.0 2000 OK\r\n\r\n", Verdict.MALFORMED),
        (lambda r: reply(200, r.cseq + 7, body=SDP) * 5, Verdict.MALFORMED),
        (lambda _: b"$\x00\xff\xff" + bytes(65535), Verdict.TIMEOUT),
        (lambda _: (b"$\x00\xff\xff" + bytes(65535)) * 6, Verdict.TOO_LARGE),
        (lambda _: b"\r\n" * 200_000, Verdict.TOO_LARGE),
        (lambda r: reply(200, r.cseq, body=SDP)[:-5], Verdict.TIMEOUT),
        (lambda _: b"", Verdict.TIMEOUT),
        (lambda _: None, Verdict.RESET),
        # Tolerated.
        (lambda _: reply(200, None, body=SDP), Verdict.OK),
        (lambda r: reply(200, r.cseq - 1) + reply(200, r.cseq, body=SDP), Verdict.OK),
        (lambda r: b"$\x00\x00\x04abcd$\x01\x00\x00\r\n" + reply(200, r.cseq, body=SDP), Verdict.OK),
        (lambda r: reply(200, r.cseq, "X: a\r\n  folded\r\n\tagain", ":", "no colon", body=SDP), Verdict.OK),
        (lambda r: reply(200, r.cseq, body=SDP).replace(b"\r\n", b"\n", 4), Verdict.OK),
        (lambda _: b"RTSP/1.0 200\r\nCSEQ:x\r\ncontent-LENGTH: %d\r\n\r\n" % len(SDP) + SDP, Verdict.OK),
    ],
)
async def test_odd_and_hostile_replies(describe: Script, verdict: Verdict) -> None:
    async with device(lambda r: honest(r) if r.method == "OPTIONS" else describe(r)) as it:
        result = await ask(it, timeout_s=0.5 if verdict is Verdict.TIMEOUT else 10)
    assert result.verdict is verdict, result.detail
    assert it.passwords_tried == 0


@pytest.mark.parametrize("options", [401, 404, 405, 501])
async def test_the_status_of_options_is_not_judged(options: int) -> None:
    async with device(lambda r: reply(options, r.cseq) if r.method == "OPTIONS" else honest(r)) as it:
        assert (await ask(it)).verdict is Verdict.OK


async def test_a_drip_ends_at_the_total_time() -> None:
    async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                writer.write(b"R")
                await writer.drain()
                await asyncio.sleep(0.05)
        except ConnectionError:
            writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        result = await rtsp.describe("127.0.0.1", port, "/", user=None, password=None, timeout_s=0.5)
    assert result.verdict is Verdict.TIMEOUT
    closed = await rtsp.describe("127.0.0.1", port, "/", user=None, password=None, timeout_s=5)
    assert closed.verdict is Verdict.REFUSED


@pytest.mark.parametrize("target", ["/a\r\nX-Evil: 1", "/a b", "/\x7f", "/\n", "/直播", "/" + "a" * 3000])
async def test_a_target_that_could_end_the_line_is_refused_unasked(target: str) -> None:
    async with device(honest) as it:
        result = await ask(it, target)
    assert result.verdict is Verdict.MALFORMED
    assert it.requests == []
    assert target not in result.detail


async def test_credentials_in_the_path_are_never_quoted() -> None:
    async with device(lambda r: reply(404, r.cseq, f"Location: {r.uri}")) as it:
        result = await ask(it, f"/user=admin_password={PASSWORD}_channel=1_stream=0.sdp?real_stream")
    assert result.verdict is Verdict.FAULT


def test_the_host_is_the_enrolled_one() -> None:
    assert rtsp.request_uri("10.0.0.5", 554, "live//ch0") == "rtsp://10.0.0.5:554/live//ch0"
    assert rtsp.request_uri("fd00::5", 554, "/x@10.9.9.9/") == "rtsp://[fd00::5]:554/x@10.9.9.9/"


@pytest.mark.parametrize(
    ("sdp", "codec"),
    [
        (SDP, "H264"),
        (b"m=video 0 RTP/AVP 97\na=rtpmap:96 X/1\na=rtpmap:97 H265/90000", "H265"),
        (b"m=video 0 RTP/AVP 26\r\n", "JPEG"),
        (b"m=video 0 RTP/AVP 98\r\na=rtpmap:98 \x1b[31mH264\r\n", "of an unnamed codec"),
        (b"m=video\r\n", "of an unnamed codec"),
        (b"m=video 0 RTP/AVP 96\r\nm=audio 0 RTP/AVP 8\r\na=rtpmap:96 AAC/1\r\n", "of an unnamed codec"),
        (b"m=videos 0 RTP/AVP 96\r\n", None),
        (b"", None),
    ],
)
def test_codecs(sdp: bytes, codec: str | None) -> None:
    assert rtsp.video_codec(sdp) == codec


@given(st.binary(max_size=300) | st.binary(max_size=100).map(lambda b: b"RTSP/1.0 200 OK\r\n" + b))
def test_no_head_breaks_the_reader(data: bytes) -> None:
    try:
        head = rtsp.parse_head(data)
    except rtsp._BadReplyError:
        return
    assert 0 <= head.status <= 999
    assert all(re.fullmatch(r"[!-9;-~]+", name) for name, _ in head.fields)


@given(st.binary(max_size=300) | st.binary(max_size=100).map(lambda b: SDP[:60] + b))
def test_no_sdp_breaks_the_reader(data: bytes) -> None:
    codec = rtsp.video_codec(data)
    assert codec is None or re.fullmatch(r"[A-Za-z0-9.+_ -]{1,24}", codec)


@settings(max_examples=60, deadline=None)
@given(edits=st.lists(st.tuples(st.integers(0, 200), st.binary(max_size=6), st.integers(0, 6)), max_size=6))
def test_mutated_replies_are_values_never_exceptions(edits: list[tuple[int, bytes, int]]) -> None:
    data = bytearray(reply(200, 2, "WWW-Authenticate: " + CHALLENGE.format(nonce="1"), body=SDP))
    for at, insert, drop in edits:
        data[at : at + drop] = insert

    async def once() -> None:
        async with device(lambda r: honest(r) if r.method == "OPTIONS" else bytes(data) + CLOSE) as it:
            await ask(it)

    asyncio.run(once())
