"""One HTTP exchange with one device, and every way in which it can fail, as a value.

aiohttp carries. No redirect is followed, no cookie kept, no proxy of the environment used, no encoding asked for; the
whole exchange has one deadline (a per-read timeout never fires on a slow drip) and the body one cap, counted after
decompression. The first byte beyond the cap ends the exchange.
"""

from __future__ import annotations

import asyncio
import socket
import zlib
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from time import perf_counter
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
from aiohttp.client_proto import ResponseHandler
from yarl import URL

from camkeeper.model.probing import Verdict
from camkeeper.probe.reach import what_failed

IDLE_S: Final = 2.0
"""How long a connection waits for the next question: within one climb, never from minute to minute (design note 3)."""
STALL_S: Final = 1.0
"""A deadline that rings later than this rang in a stalled event loop: our own fault, not the device's."""
_NO_TIMEOUT: Final = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)
_ZLIB_BITS: Final = {"gzip": 31, "x-gzip": 31, "deflate": 47}
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back. `connect_ms` is None where an open connection was used again."""

    status: int
    headers: Mapping[str, str]
    challenges: tuple[str, ...]
    body: bytes = field(repr=False)
    ms: float
    connect_ms: float | None


class ExchangeError(Exception):
    """No usable answer. `connected` tells a host that accepts connections from one that does not."""

    def __init__(
        self, verdict: Verdict, detail: str, *, connected: bool, ms: float, connect_ms: float | None, idle: bool = False
    ) -> None:
        super().__init__(detail)
        self.verdict = verdict
        self.detail = detail
        self.connected = connected
        self.idle = idle
        """The device had closed the connection while it was idle: the question was most likely never read."""
        self.ms = ms
        self.connect_ms = connect_ms


class _BodyError(Exception):
    """The answer arrives and is refused."""

    def __init__(self, verdict: Verdict, detail: str) -> None:
        super().__init__(detail)
        self.verdict = verdict


class _Trip:
    """What one exchange notes of its connection. Neither asked nor made: an open one was used again."""

    __slots__ = ("asked", "began", "connect_ms")

    def __init__(self) -> None:
        self.began = perf_counter()
        self.asked = False
        self.connect_ms: float | None = None

    @property
    def reused(self) -> bool:
        return not self.asked


_TRIP: ContextVar[_Trip] = ContextVar("_TRIP")


class _Connector(aiohttp.TCPConnector):
    """Times each connection. aiohttp's request tracing tells the same for a tenth of the whole CPU."""

    async def _create_connection(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's signature
    ) -> ResponseHandler:
        trip = _TRIP.get()
        trip.asked = True
        made = await super()._create_connection(req, traces, timeout)
        trip.connect_ms = (perf_counter() - trip.began) * 1000
        return made


class Carrier:
    """aiohttp for all devices: one session that hangs up, one that keeps. An async context manager."""

    def __init__(self) -> None:
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    def _session(self, *, last: bool) -> aiohttp.ClientSession:
        """Return one of the two sessions. aiohttp hangs up after an exchange only where a whole connector does."""
        found = self._sessions.get(last)
        if found is None:
            idle_s = None if last else IDLE_S
            found = self._sessions[last] = aiohttp.ClientSession(
                # Hosts arrive here as addresses (`pin.Names`): a resolver would have nothing to do.
                connector=_Connector(
                    limit=0, force_close=last, keepalive_timeout=idle_s, use_dns_cache=False, resolver=_Nobody()
                ),
                timeout=_NO_TIMEOUT,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "camkeeper"},
            )
        return found

    async def exchange(
        self,
        method: str,
        address: str,
        port: int,
        path: str,
        *,
        timeout_s: float,
        max_bytes: int,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        last: bool = False,
        again: bool = True,
    ) -> Answer:
        """Ask once and return whatever answer came, errors of HTTP included. Raises ExchangeError.

        `last`: close the connection afterwards. `again`: where it had been closed while idle, ask once anew; not for
        signed questions, whose token must not be seen twice.
        """
        trip = _Trip()
        _TRIP.set(trip)
        try:
            async with asyncio.timeout(timeout_s):
                return await self._ask(method, _url(address, port, path), trip, headers, body, max_bytes, last=last)
        except (TimeoutError, OSError, aiohttp.ClientError, _BodyError) as error:
            took_s = perf_counter() - trip.began
            idle = trip.reused and isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError)
            if idle and again:
                return await self.exchange(
                    method, address, port, path,
                    timeout_s=timeout_s, max_bytes=max_bytes, headers=headers, body=body, last=last, again=False,
                )  # fmt: skip
            verdict, detail = _why(error, timeout_s=timeout_s, took_s=took_s)
            raise ExchangeError(
                verdict,
                detail,
                connected=trip.reused or trip.connect_ms is not None,
                ms=took_s * 1000,
                connect_ms=trip.connect_ms,
                idle=idle,
            ) from None

    async def _ask(
        self,
        method: str,
        url: URL,
        trip: _Trip,
        headers: Mapping[str, str] | None,
        body: bytes | None,
        max_bytes: int,
        *,
        last: bool,
    ) -> Answer:
        async with self._session(last=last).request(
            method, url, data=body, headers=headers, allow_redirects=False
        ) as response:
            if response.status in _REDIRECTS:
                response.close()
                raise _BodyError(Verdict.REDIRECTED, f"HTTP {response.status}: redirected elsewhere, not followed")
            try:
                data = await _read(response, max_bytes)
            except _BodyError:
                # Not drained: the rest of a giant body is not fetched to save a connection.
                response.close()
                raise
            return Answer(
                status=response.status,
                headers=response.headers,
                challenges=tuple(response.headers.getall("WWW-Authenticate", ())),
                body=data,
                ms=(perf_counter() - trip.began) * 1000,
                connect_ms=trip.connect_ms,
            )


async def _read(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    """Read to the end or to the cap, whichever is first."""
    inflate = _inflater(response.headers.get("Content-Encoding", ""))
    parts: list[bytes] = []
    total = 0
    while chunk := await response.content.readany():
        if inflate is not None:
            try:
                chunk = inflate.decompress(chunk, max_bytes + 1 - total)
            except zlib.error as error:
                raise _BodyError(Verdict.MALFORMED, "the compressed answer cannot be unpacked") from error
        total += len(chunk)
        if total > max_bytes or (inflate is not None and inflate.unconsumed_tail):
            raise _BodyError(Verdict.TOO_LARGE, f"the answer is longer than {max_bytes} bytes")
        parts.append(chunk)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _inflater(encoding: str) -> Any:
    """Return a decompressor for an encoding that nobody asked for, or None for a plain body."""
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return None
    if name not in _ZLIB_BITS:
        raise _BodyError(Verdict.MALFORMED, "the answer has an encoding that was not asked for")
    return zlib.decompressobj(wbits=_ZLIB_BITS[name])


def _why(  # noqa: PLR0911 - one return a kind of failure
    error: Exception, *, timeout_s: float, took_s: float
) -> tuple[Verdict, str]:
    """Return verdict and evidence. Evidence never quotes the device's bytes: they may echo our own header."""
    if isinstance(error, _BodyError):
        return error.verdict, str(error)
    if isinstance(error, TimeoutError):
        if took_s - timeout_s > STALL_S:
            return Verdict.MONITOR, f"own fault: the event loop stalled for {took_s - timeout_s:.1f} s"
        return what_failed(TimeoutError(), timeout_s=timeout_s)
    if isinstance(error, aiohttp.ClientPayloadError):
        return Verdict.MALFORMED, "the answer ends before its end"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return Verdict.RESET, "the connection was closed without an answer"
    if isinstance(error, ConnectionResetError) or (isinstance(error, aiohttp.ClientOSError) and not error.errno):
        return Verdict.RESET, "the connection was closed while we asked"
    if isinstance(error, OSError):
        cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
        return what_failed(cause, timeout_s=timeout_s)
    if isinstance(error, aiohttp.ClientResponseError):
        return Verdict.MALFORMED, "not an HTTP answer"
    return Verdict.MALFORMED, f"unusable answer ({type(error).__name__})"


@lru_cache(maxsize=65536)
def _url(address: str, port: int, path: str) -> URL:
    host = f"[{address}]" if ":" in address else address
    return URL(f"http://{host}:{port}{path}", encoded=True)


class _Nobody(aiohttp.abc.AbstractResolver):
    """Refuses to resolve: a name that gets here was not looked at."""

    async def resolve(
        self,
        host: str,  # noqa: ARG002 - aiohttp's signature
        port: int = 0,  # noqa: ARG002
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002
    ) -> list[aiohttp.abc.ResolveResult]:
        raise OSError("a name, where an address was to be")

    async def close(self) -> None:
        """Nothing is open."""
