"""A loopback camera for bench_poll, in a process of its own: a Bosch's captured replies, WSSE digests checked.

Prints its port, then on end of input how many questions it answered. Standard library only.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import sys
from pathlib import Path

CAPTURES = Path(__file__).parents[2] / "tests/data/onvif/Bosch_AUTODOME_IP_starlight_5000i_7.80.0128"
PASSWORD = "bench-password"  # noqa: S105 - of nothing real
_OPERATION = re.compile(rb"<(?:[\w-]+:)?Body[^>]*>\s*<(?:[\w-]+:)?(\w+)")
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_PART = {n: re.compile(rb"<[\w-]+:" + n + rb"(?:\s[^>]*)?>([^<]*)<") for n in (b"Password", b"Nonce", b"Created")}
_FAULT = b"fault_500_GetRemoteDiscoveryMode"
_OPEN = frozenset({b"GetSystemDateAndTime", b"GetCapabilities"})


class Camera:
    def __init__(self) -> None:
        self.replies: dict[bytes, bytes] = {}
        self.answered: dict[str, int] = {}
        self.refused = 0

    def load(self, port: int) -> None:
        """Read the captures; addresses in them become this one's."""
        for path in CAPTURES.glob("*.xml"):
            here = re.sub(rb"http://[\d.]+/", b"http://127.0.0.1:%d/" % port, path.read_bytes())
            self.replies[path.stem.encode()] = here

    def answer(self, body: bytes) -> tuple[int, bytes]:
        found = _OPERATION.search(body)
        operation = found[1] if found else b"?"
        if operation not in self.replies:
            return 500, self.replies[_FAULT]
        if operation not in _OPEN and not _signed(body):
            self.refused += 1
            return 400, self.replies[_FAULT]
        self.answered[operation.decode()] = self.answered.get(operation.decode(), 0) + 1
        return 200, self.replies[operation]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head)
                body = await reader.readexactly(int(length[1])) if length else b""
                status, content = self.answer(body)
                closing = b"connection: close" in head.lower()
                writer.write(_head(status, len(content), closing=closing) + content)
                await writer.drain()
                if closing:
                    writer.close()
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


def _head(status: int, length: int, *, closing: bool) -> bytes:
    lines = [f"HTTP/1.1 {status} X", "Content-Type: application/soap+xml; charset=utf-8", f"Content-Length: {length}"]
    return "\r\n".join([*lines, "Connection: close" if closing else "X-Kept: 1", "", ""]).encode()


def _signed(body: bytes) -> bool:
    found = {name: pattern.search(body) for name, pattern in _PART.items()}
    digest, nonce, created = (m[1] if (m := found[name]) else b"" for name in _PART)
    right = hashlib.sha1(base64.b64decode(nonce) + created + PASSWORD.encode(), usedforsecurity=False).digest()
    return digest == base64.b64encode(right)


async def main() -> None:
    camera = Camera()
    server = await asyncio.start_server(camera.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    camera.load(port)
    print(port, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(camera.answered, camera.refused, flush=True)


if __name__ == "__main__":
    asyncio.run(main())
