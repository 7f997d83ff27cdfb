"""A small camera for the tests: raw sockets on 127.0.0.1, as picky or as rude as a test wants it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

SOAP = '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>%s</s:Body></s:Envelope>'
FAULT = SOAP % (
    "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>%s</s:Value></s:Subcode></s:Code>"
    "<s:Reason><s:Text>%s</s:Text></s:Reason></s:Fault>"
)
# 16 x 9 grey, as OpenCV writes it.
JPEG = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300020101010101020101010202020202040302020202050404030406050606"
    "0605060606070908060709070606080b08090a0a0a0a0a06080b0c0b0a0c090a0a0affc0000b080009001001011100ffc4001f00000105"
    "01010101010100000000000000000102030405060708090a0bffc400b5100002010303020403050504040000017d010203000411051221"
    "31410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a43444546474849"
    "4a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5"
    "b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9faffda0008010100003f0028a2"
    "8affd9"
)
_OPERATION = re.compile(r"Body[^>]*>\s*<(?:[\w-]+:)?(\w+)")


@dataclass(frozen=True, slots=True)
class Seen:
    """One request, as the camera understood it."""

    method: str
    path: str
    operation: str
    proofs: frozenset[str]
    """Which proofs it carried: wsse, digest, basic."""
    refused: bool
    raw: bytes = field(repr=False)


@dataclass(kw_only=True)
class Camera:
    """What it demands, how it answers, and what it saw."""

    user: str = "admin"
    password: str = "canary-secret-77"
    takes: frozenset[str] = frozenset({"wsse"})
    """The proofs that it checks; any right one will do. Empty: an open device."""
    snapshot_takes: frozenset[str] = frozenset({"digest"})
    challenges: tuple[str, ...] = ()
    """WWW-Authenticate values of a refusal."""
    refusal: tuple[int, str] = (400, FAULT % ("ter:NotAuthorized", "Sender not authorized"))
    time_closed: bool = False
    clock_offset_s: float = 0.0
    skew_s: float = 300.0
    date_header: bool = True
    scopes: tuple[str, ...] = ("device", "media")
    told_port: int | None = None
    """The port in the addresses it gives; None: the true one."""
    snapshot_uri: str = "http://192.168.1.108:{port}/snap.jpg"
    stream_uri: str = "rtsp://192.168.1.108:554/stream1"
    picture: bytes = JPEG
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Replies that replace the usual ones, by operation."""
    seen: list[Seen] = field(default_factory=list)
    port: int = 0
    connections: int = 0
    nonce: str = "n0"

    @property
    def refused(self) -> int:
        """Requests that carried a proof and were refused."""
        return sum(s.refused and bool(s.proofs) for s in self.seen)

    @property
    def asked(self) -> list[str]:
        """The operations, in order."""
        return [s.operation for s in self.seen]

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.clock_offset_s)  # noqa: TID251 - the camera has its own clock

    def reply(self, operation: str) -> tuple[int, str]:
        """Return status and body of an accepted request."""
        if operation in self.answers:
            return self.answers[operation]
        body = _BODIES.get(operation)
        if body is None:
            return 500, FAULT % ("ter:ActionNotSupported", "Optional Action Not Implemented")
        now = self.now()
        port = self.told_port or self.port
        return 200, SOAP % body.format(
            now=now, port=port, snapshot=self.snapshot_uri.format(port=port), stream=self.stream_uri,
            services="".join(_SERVICE.format(ns=_NAMESPACES[s], port=port, name=s) for s in self.scopes),
            until=(now - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        )  # fmt: skip

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        found = re.search(r"(?i)content-length: (\d+)", head)
        body = (await reader.readexactly(int(found[1]))).decode() if found else ""
        method, path, _ = head.split(" ", 2)
        match = _OPERATION.search(body)
        operation = match[1] if match else "snapshot"
        status, content, kind = self._answer(method, path, operation, head, body)
        headers = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", f"Content-Length: {len(content)}"]
        if status == 401 or (status == 400 and self.challenges and self.seen[-1].refused):
            headers += [f"WWW-Authenticate: {c.replace('@NONCE@', self.nonce)}" for c in self.challenges]
        if self.date_header:
            headers.append(f"Date: {format_datetime(self.now(), usegmt=True)}")
        writer.write("\r\n".join(headers).encode() + b"\r\n\r\n" + content)
        await writer.drain()
        return "connection: close" not in head.lower()

    def _answer(self, method: str, path: str, operation: str, head: str, body: str) -> tuple[int, bytes, str]:
        proofs = self._proofs(method, head, body)
        takes = self.snapshot_takes if operation == "snapshot" else self.takes
        is_open = not takes or (operation == "GetSystemDateAndTime" and not self.time_closed)
        accepted = is_open or any(proofs.get(p) for p in takes)
        self.seen.append(Seen(method, path, operation, frozenset(proofs), not accepted, (head + body).encode()))
        if not accepted:
            status, text = (401, "") if operation == "snapshot" else self.refusal
            return status, text.encode(), "application/soap+xml"
        if operation == "snapshot":
            return 200, self.picture, "image/jpeg"
        status, text = self.reply(operation)
        return status, text.encode(), "application/soap+xml"

    def _proofs(self, method: str, head: str, body: str) -> dict[str, bool]:
        out: dict[str, bool] = {}
        if "UsernameToken" in body:
            out["wsse"] = self._wsse(body)
        found = re.search(r"(?im)^authorization: (\w+) (.*?)\r?$", head)
        if found and found[1].lower() == "basic":
            out["basic"] = base64.b64decode(found[2]).decode() == f"{self.user}:{self.password}"
        elif found:
            out["digest"] = self._digest(method, found[2])
        return out

    def _wsse(self, body: str) -> bool:
        part = {
            k: re.search(rf"<ws\w+:{k}(?:\s[^>]*)?>([^<]*)<", body)
            for k in ("Username", "Password", "Nonce", "Created")
        }
        user, digest, nonce, created = (m[1] if (m := part[k]) else "" for k in part)
        at = datetime.strptime(created, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if abs((at - self.now()).total_seconds()) > self.skew_s:
            return False
        right = hashlib.sha1(
            base64.b64decode(nonce) + created.encode() + self.password.encode(), usedforsecurity=False
        ).digest()
        return user == self.user and digest == base64.b64encode(right).decode()

    def _digest(self, method: str, value: str) -> bool:
        f = {k: q or b for k, q, b in re.findall(r'(\w+)=(?:"([^"]*)"|([^,]*))', value)}
        if f.get("nonce") != self.nonce:
            return False

        def h(text: str) -> str:
            return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

        a1, a2 = h(f"{self.user}:cam:{self.password}"), h(f"{method}:{f['uri']}")
        return bool(f["response"] == h(f"{a1}:{f['nonce']}:{f['nc']}:{f['cnonce']}:auth:{a2}"))


DIGEST = 'Digest realm="cam", qop="auth", nonce="@NONCE@", domain="http://127.0.0.1:1/"'
BASIC = 'Basic realm="cam"'
_NAMESPACES = {
    "device": "http://www.onvif.org/ver10/device/wsdl",
    "media": "http://www.onvif.org/ver10/media/wsdl",
    "media2": "http://www.onvif.org/ver20/media/wsdl",
    "search": "http://www.onvif.org/ver10/search/wsdl",
    "ptz": "http://www.onvif.org/ver20/ptz/wsdl",
}
_SERVICE = "<Service><Namespace>{ns}</Namespace><XAddr>http://192.168.1.108:{port}/onvif/{name}</XAddr></Service>"
_BODIES = {
    "GetSystemDateAndTime": (
        "<GetSystemDateAndTimeResponse><SystemDateAndTime><TimeZone><TZ>UTC5:0</TZ></TimeZone><UTCDateTime>"
        "<Time><Hour>{now.hour}</Hour><Minute>{now.minute}</Minute><Second>{now.second}</Second></Time>"
        "<Date><Year>{now.year}</Year><Month>{now.month}</Month><Day>{now.day}</Day></Date>"
        "</UTCDateTime></SystemDateAndTime></GetSystemDateAndTimeResponse>"
    ),
    "GetDeviceInformation": (
        "<GetDeviceInformationResponse><Manufacturer>Acme</Manufacturer><Model>M1</Model>"
        "<FirmwareVersion>1.0</FirmwareVersion><SerialNumber>S</SerialNumber></GetDeviceInformationResponse>"
    ),
    "GetServices": "<GetServicesResponse>{services}</GetServicesResponse>",
    "GetProfiles": (
        '<GetProfilesResponse><Profiles token="P&amp;1"><VideoEncoderConfiguration><Encoding>H264</Encoding>'
        "<Resolution><Width>1920</Width><Height>1080</Height></Resolution></VideoEncoderConfiguration></Profiles>"
        "</GetProfilesResponse>"
    ),
    "GetSnapshotUri": ("<GetSnapshotUriResponse><MediaUri><Uri>{snapshot} </Uri></MediaUri></GetSnapshotUriResponse>"),
    "GetStreamUri": "<GetStreamUriResponse><MediaUri><Uri>{stream}</Uri></MediaUri></GetStreamUriResponse>",
    "GetRecordingSummary": (
        "<GetRecordingSummaryResponse><Summary><DataFrom>2026-01-01T00:00:00Z</DataFrom><DataUntil>{until}</DataUntil>"
        "<NumberRecordings>3</NumberRecordings></Summary></GetRecordingSummaryResponse>"
    ),
}

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(handler: Handler, *, host: str = "127.0.0.1") -> AsyncIterator[int]:
    """Serve `handler` on a free port until the block ends; its connections end with it."""
    tasks: set[asyncio.Task[None]] = set()

    async def each(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await handler(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(each, host, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def running(camera: Camera) -> AsyncIterator[Camera]:
    """Switch the camera on until the block ends."""
    async with listening(camera.serve) as port:
        camera.port = port
        yield camera
