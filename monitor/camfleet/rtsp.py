"""RTSP/1.0, as far as a monitor needs it: OPTIONS and DESCRIBE."""

from __future__ import annotations

from typing import Protocol

from camfleet import login
from camfleet.faults import Condition
from camfleet.message import Reply, Request
from camkeeper.model.equipment import Device

_FORMATS = {
    "H264": "a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1;profile-level-id=4D0029\r\n",
    "H265": "a=rtpmap:96 H265/90000\r\n",
}


class Streaming(login.Guarded, Protocol):
    """What the stream needs of its device."""

    @property
    def enrolled(self) -> Device:
        """The device that it stands for."""
        ...

    @property
    def condition(self) -> Condition:
        """What its faults make of it."""
        ...

    def stream_path(self) -> str:
        """Return the path of its stream."""
        ...


def answer(device: Streaming, request: Request) -> Reply:
    """Return the reply; DESCRIBE wants a Digest, OPTIONS nothing, all else is not implemented."""
    device.counters.count(request.method if request.method.isalpha() else "other")
    if request.method == "OPTIONS":
        return Reply(headers=("Public: OPTIONS, DESCRIBE, SETUP, TEARDOWN, PLAY",))
    if request.method != "DESCRIBE":
        return Reply(status=501)
    refusal = login.rtsp(device, request)
    if refusal is not None:
        return refusal
    if device.condition.no_stream or request.path.rstrip("/") != device.stream_path().rstrip("/"):
        return Reply(status=404)
    return Reply(
        body=sdp(device.dialect.habits.codec, device.enrolled.address.host).encode(),
        content_type="application/sdp",
        headers=(f"Content-Base: {request.target}/",),
    )


def sdp(codec: str, host: str) -> str:
    """Return a session description with one video track (RFC 8866)."""
    family = "IP6" if ":" in host else "IP4"
    return (
        f"v=0\r\no=- 1 1 IN {family} {host}\r\ns=Media Presentation\r\nc=IN {family} {host}\r\nt=0 0\r\n"
        "a=control:*\r\nm=video 0 RTP/AVP 96\r\n" + _FORMATS[codec] + "a=control:trackID=1\r\n"
    )
