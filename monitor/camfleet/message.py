"""The text of HTTP/1.1 and RTSP/1.0 messages, which share their form. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_HEAD_BYTES = 16_384

_LENGTH = re.compile(rb"(?i)\r\ncontent-length:[ \t]*(\d+)")
_AUTHORIZATION = re.compile(rb"(?i)\r\nauthorization:[ \t]*([^\r\n]*)")
_CSEQ = re.compile(rb"(?i)\r\ncseq:[ \t]*(\d+)")
_CLOSE = re.compile(rb"(?i)\r\nconnection:[ \t]*close")

REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Content Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One message of a client. `is_rtsp` by its first line, as a device with one port for both must tell."""

    method: str
    target: str
    is_rtsp: bool
    body: bytes
    authorization: str = ""
    cseq: str = "0"
    close: bool = False

    @property
    def path(self) -> str:
        """The target without scheme, host and query."""
        path = self.target
        if "://" in path:
            rest = path.split("://", 1)[1]
            path = "/" + rest.split("/", 1)[1] if "/" in rest else "/"
        return path.split("?", 1)[0]


class BadMessageError(Exception):
    """No request can be read from these bytes."""


def take(data: bytearray, *, max_body: int) -> Request | None:
    """Cut the first whole message off `data` and return it; None while it is not yet whole.

    BadMessageError where it never will be one.
    """
    end = data.find(b"\r\n\r\n")
    if end < 0:
        if len(data) > MAX_HEAD_BYTES:
            raise BadMessageError("the head does not end")
        return None
    head = bytes(data[:end])
    found = _LENGTH.search(head)
    length = int(found[1]) if found else 0
    if length > max_body:
        raise BadMessageError("the body is too long")
    total = end + 4 + length
    if len(data) < total:
        return None
    words = head.split(b"\r\n", 1)[0].split(b" ")
    if len(words) != 3 or not words[2].startswith((b"HTTP/1.", b"RTSP/1.")):
        raise BadMessageError("no request line")
    body = bytes(data[end + 4 : total])
    del data[:total]
    authorization, cseq = _AUTHORIZATION.search(head), _CSEQ.search(head)
    return Request(
        method=words[0].decode("latin-1"),
        target=words[1].decode("latin-1"),
        is_rtsp=words[2].startswith(b"RTSP"),
        body=body,
        authorization=authorization[1].decode("latin-1") if authorization else "",
        cseq=cseq[1].decode() if cseq else "0",
        close=words[2] == b"HTTP/1.0" or _CLOSE.search(head) is not None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the device answers; `challenges` become WWW-Authenticate headers."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/soap+xml; charset=utf-8"
    challenges: tuple[str, ...] = ()
    close: bool = False
    headers: tuple[str, ...] = ()


def render(reply: Reply, request: Request) -> bytes:
    """Return the bytes of the reply in the protocol of the request."""
    protocol = "RTSP/1.0" if request.is_rtsp else "HTTP/1.1"
    lines = [f"{protocol} {reply.status} {REASONS.get(reply.status, 'Error')}"]
    if request.is_rtsp:
        lines.append(f"CSeq: {request.cseq}")
    if reply.body:
        lines.append(f"Content-Type: {reply.content_type}")
    if reply.body or not request.is_rtsp:
        lines.append(f"Content-Length: {len(reply.body)}")
    lines.extend(f"WWW-Authenticate: {challenge}" for challenge in reply.challenges)
    lines.extend(reply.headers)
    if not request.is_rtsp:
        lines.append("Connection: close" if reply.close or request.close else "Connection: keep-alive")
    return "\r\n".join((*lines, "", "")).encode("latin-1") + reply.body
