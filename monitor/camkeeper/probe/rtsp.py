"""Stream: an RTSP server that describes a video track. OPTIONS and DESCRIBE only; never SETUP, never PLAY.

A client of our own, because every media library opens decoders to strangers' bytes. It asks the enrolled host and port,
reads at most 64 KiB of header and 256 KiB of SDP, and answers one challenge, once.
"""

from __future__ import annotations

import asyncio
import re
import socket
from contextlib import closing
from dataclasses import dataclass
from time import perf_counter
from typing import Final

from camkeeper.model.probing import Rung, RungResult, Verdict
from camkeeper.probe.digest import ChallengeError, answer, challenges, strongest
from camkeeper.probe.reach import connect, what_failed

MAX_HEAD: Final = 64 * 1024
MAX_BODY: Final = 256 * 1024
_MAX_STRAY: Final = 256 * 1024
_MAX_FIELDS: Final = 200
_STATUS: Final = re.compile(rb"RTSP/\d\.\d +(\d{3})(?!\d)")
_HEAD_END: Final = re.compile(rb"\r?\n\r?\n")
_CODEC: Final = re.compile(r"[A-Za-z0-9.+_-]{1,24}")
_STATIC_CODECS: Final = {"26": "JPEG", "31": "H261", "32": "MPV", "33": "MP2T", "34": "H263"}
_HEADER_NAME: Final = re.compile(rb"[!-9;-~]+")


class _BadReplyError(Exception):
    """What came is not a reply to our question; carries the verdict."""

    def __init__(self, verdict: Verdict, detail: str) -> None:
        super().__init__(detail)
        self.verdict, self.detail = verdict, detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The head of a reply: its status, and its fields with lower-case names in their order."""

    status: int
    fields: tuple[tuple[str, str], ...]

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of the field `name` (lower case)."""
        return tuple(value for key, value in self.fields if key == name)

    def number(self, name: str) -> int | None:
        """Return the field's value as a number; None where there is none or it is not a small decimal."""
        values = self.all(name)
        text = values[0] if values else ""
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None


async def describe(
    host: str, port: int, target: str, *, user: str | None, password: str | None, timeout_s: float
) -> RungResult:
    """Ask for the description of the stream at `target` (path and query only) on the enrolled host and port.

    The detail names the codec. It never quotes the target or the device's words: both may carry credentials.
    """
    began = perf_counter()
    try:
        uri = request_uri(host, port, target)
        async with asyncio.timeout(timeout_s):
            verdict, detail = await _Conversation(host, port, user, password).run(uri)
    except OSError as error:
        verdict, detail = what_failed(error, timeout_s=timeout_s)
    except _BadReplyError as error:
        verdict, detail = error.verdict, error.detail
    return RungResult(rung=Rung.STREAM, verdict=verdict, ms=(perf_counter() - began) * 1000, detail=detail)


def request_uri(host: str, port: int, target: str) -> str:
    """Return the URI of the request line. Trailing spaces (Xiongmai) go; what could end the line is refused."""
    path = target.strip(" ")
    if not path.startswith("/"):
        path = "/" + path
    if not path.isascii() or any(c <= " " or c == "\x7f" for c in path) or len(path) > 2048:
        raise _BadReplyError(Verdict.MALFORMED, "the stream path has spaces, control or foreign characters")
    return f"rtsp://{f'[{host}]' if ':' in host else host}:{port}{path}"


class _Conversation:
    """One to four requests, on one connection while the device keeps it open."""

    def __init__(self, host: str, port: int, user: str | None, password: str | None) -> None:
        self._host, self._port = host, port
        self._user, self._password = user, password
        self._cseq = 0
        self._socket: socket.socket | None = None
        self._buffer = bytearray()
        self._stray = 0

    async def run(self, uri: str) -> tuple[Verdict, str]:
        try:
            # The status of OPTIONS is not judged: some refuse it, some want a password for it. It must be RTSP, though.
            await self._request("OPTIONS", uri, None)
            head, body = await self._request("DESCRIBE", uri, None)
            if head.status == 401:
                return await self._with_password(uri, head)
            return _judge(head, body, sent_password=False)
        finally:
            self._close()

    async def _with_password(self, uri: str, head: Head) -> tuple[Verdict, str]:
        if self._user is None or self._password is None:
            return Verdict.AUTH_REFUSED, "a password is wanted and none is enrolled"
        for _ in range(2):
            challenge = strongest(head.all("www-authenticate"))
            if challenge is None:
                return Verdict.FAULT, "401 without a challenge that can be answered"
            try:
                value = answer(challenge, method="DESCRIBE", uri=uri, user=self._user, password=self._password)
            except (ChallengeError, ValueError):
                return Verdict.FAULT, "401 with a challenge that cannot be answered"
            head, body = await self._request("DESCRIBE", uri, value)
            # Only a nonce that the device calls stale is worth a second answer: the password was not refused.
            if head.status != 401 or not any(c.stale for c in challenges(head.all("www-authenticate"))):
                break
        return _judge(head, body, sent_password=True)

    async def _request(self, method: str, uri: str, authorization: str | None) -> tuple[Head, bytes]:
        self._cseq += 1
        lines = [f"{method} {uri} RTSP/1.0", f"CSeq: {self._cseq}", "User-Agent: camkeeper"]
        if method == "DESCRIBE":
            lines.append("Accept: application/sdp")
        if authorization is not None:
            lines.append(f"Authorization: {authorization}")
        request = ("\r\n".join(lines) + "\r\n\r\n").encode()
        kept = self._socket is not None
        if authorization is not None:
            await self._notice_close()
        try:
            return await self._exchange(request)
        except ConnectionError:
            # Some devices close after each reply. A password, though, is never sent twice: it may have been counted.
            if not kept or authorization is not None:
                raise
            self._close()
            return await self._exchange(request)

    async def _notice_close(self) -> None:
        """Drop the connection if the device closed it after its 401: the end arrives just behind the reply.

        Not dropped otherwise: with live555 a nonce is good on its own connection only.
        """
        await asyncio.sleep(0.03)
        try:
            closed = self._socket is None or not self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return
        except OSError:
            closed = True
        if closed:
            self._close()

    async def _exchange(self, request: bytes) -> tuple[Head, bytes]:
        loop = asyncio.get_running_loop()
        if self._socket is None:
            self._socket = await connect(self._host, self._port)
        await loop.sock_sendall(self._socket, request)
        for _ in range(4):
            head, body = await self._reply()
            # A missing or unreadable CSeq is forgiven; a reply to an earlier question is passed over.
            if head.number("cseq") in {None, self._cseq}:
                return head, body
        raise _BadReplyError(Verdict.MALFORMED, "replies to other requests only")

    async def _reply(self) -> tuple[Head, bytes]:
        await self._skip_stray()
        seen = 0
        while (end := _head_end(self._buffer, max(0, seen - 3))) is None:
            seen = len(self._buffer)
            if seen > MAX_HEAD:
                raise _BadReplyError(Verdict.TOO_LARGE, "more than 64 KiB of header")
            await self._more()
        if end[0] > MAX_HEAD:
            raise _BadReplyError(Verdict.TOO_LARGE, "more than 64 KiB of header")
        head = parse_head(bytes(self._buffer[: end[0]]))
        del self._buffer[: end[1]]
        length = 0
        if head.all("content-length"):
            number = head.number("content-length")
            if number is None or len(set(head.all("content-length"))) > 1:
                raise _BadReplyError(Verdict.MALFORMED, "the length of the body cannot be read")
            length = number
        if length > MAX_BODY:
            raise _BadReplyError(Verdict.TOO_LARGE, f"a body of {length} bytes")
        while len(self._buffer) < length:
            await self._more()
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        return head, body

    async def _skip_stray(self) -> None:
        """Drop empty lines and binary frames (`$`, channel, length) that some devices send before the reply."""
        while True:
            while not self._buffer:
                await self._more()
            if self._buffer.startswith((b"\r", b"\n")):
                size = 1
            elif self._buffer.startswith(b"$"):
                while len(self._buffer) < 4:
                    await self._more()
                size = 4 + int.from_bytes(self._buffer[2:4], "big")
            else:
                return
            self._stray += size
            if self._stray > _MAX_STRAY:
                raise _BadReplyError(Verdict.TOO_LARGE, "no reply among the binary frames")
            while len(self._buffer) < size:
                await self._more()
            del self._buffer[:size]

    async def _more(self) -> None:
        assert self._socket is not None  # noqa: S101 - told to the type checker
        data = await asyncio.get_running_loop().sock_recv(self._socket, 16 * 1024)
        if not data:
            raise ConnectionResetError
        self._buffer += data

    def _close(self) -> None:
        if self._socket is not None:
            with closing(self._socket):
                self._socket = None
        self._buffer.clear()


def _judge(head: Head, body: bytes, *, sent_password: bool) -> tuple[Verdict, str]:
    status = head.status
    if status == 200:
        codec = video_codec(body)
        return (Verdict.OK, f"video {codec}") if codec else (Verdict.MALFORMED, "the description has no video track")
    if status == 401 or (status == 403 and sent_password):
        return Verdict.AUTH_REFUSED, f"RTSP {status}, asked {'with' if sent_password else 'without'} the password"
    if 300 <= status < 400:
        return Verdict.REDIRECTED, f"RTSP {status}"
    return Verdict.FAULT, f"RTSP {status}"


def _head_end(buffer: bytearray, start: int) -> tuple[int, int] | None:
    """Return where the head ends and the body begins. The match is let go at once: it locks the buffer's size."""
    found = _HEAD_END.search(buffer, start)
    return None if found is None else found.span()


def parse_head(data: bytes) -> Head:
    """Read a reply's head without its ending empty line; _BadReplyError where it is none. Folded lines are joined."""
    lines = re.split(rb"\r?\n", data)
    status = _STATUS.match(lines[0])
    if status is None:
        detail = "answers HTTP, not RTSP" if lines[0].startswith(b"HTTP/") else "the answer is not RTSP"
        raise _BadReplyError(Verdict.MALFORMED, detail)
    fields: list[tuple[str, str]] = []
    for line in lines[1 : _MAX_FIELDS + 1]:
        text = line.decode("utf-8", "replace").strip()
        if line[:1] in {b" ", b"\t"} and fields:
            name, value = fields[-1]
            fields[-1] = (name, f"{value} {text}")
            continue
        raw_name, colon, _ = line.partition(b":")
        if colon and _HEADER_NAME.fullmatch(raw_name.strip()):
            fields.append((raw_name.strip().decode("ascii").lower(), text.partition(":")[2].strip()))
    return Head(status=int(status[1]), fields=tuple(fields))


def video_codec(sdp: bytes) -> str | None:
    """Return the codec of the first video track, `of an unnamed codec` where none is told, None without a track."""
    payload: str | None = None
    for raw in sdp[:MAX_BODY].splitlines():
        line = raw.decode("utf-8", "replace").strip()
        if line.startswith("m="):
            if payload is not None:
                break
            words = line[2:].split()
            if words[:1] == ["video"]:
                payload = words[3] if len(words) > 3 else ""
        elif payload is not None and line.startswith("a=rtpmap:"):
            number, _, mapping = line.removeprefix("a=rtpmap:").partition(" ")
            codec = _CODEC.match(mapping.strip())
            if number.strip() == payload and codec:
                return codec[0]
    return None if payload is None else _STATIC_CODECS.get(payload, "of an unnamed codec")
