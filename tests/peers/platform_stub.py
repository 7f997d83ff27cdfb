"""A chat platform, webhook or gateway on loopback: real HTTP, answers as told, keeps what was asked."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it arrived: the path with its query still encoded."""

    method: str
    raw_path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Platform:
    """The stub's address, and what came in."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)


def says(body: str, *, status: int = 200, content_type: str = "application/json", **headers: str) -> Answer:
    """Return an answer with this body."""

    async def answer(_request: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(text=body, status=status, content_type=content_type, headers=named)

    return answer


async def hangs(_request: web.Request) -> web.StreamResponse:
    """Take the request and say nothing."""
    await asyncio.sleep(60)
    raise AssertionError


async def dies(request: web.Request) -> web.StreamResponse:
    """Promise a body and close in the middle of it."""
    response = web.StreamResponse(headers={"Content-Length": "100", "Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"errcode":')
    assert request.transport is not None
    request.transport.abort()
    return response


async def floods(request: web.Request) -> web.StreamResponse:
    """Send a body without end, in pieces that each are welcome."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"errcode":0,"errmsg":"')
    for _ in range(1000):
        await response.write(b"x" * 65536)
    return response


@asynccontextmanager
async def platform(answer: Answer, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Platform]:
    """Serve on a free port of 127.0.0.1 until the block ends."""
    out = Platform()

    async def take(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        out.asked.append(
            Asked(method=request.method, raw_path=request.raw_path, headers=dict(request.headers), body=body)
        )
        return await answer(request)

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", take)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    try:
        host, port = runner.addresses[0][:2]
        out.url = f"{'https' if tls else 'http'}://{host}:{port}"
        yield out
    finally:
        await runner.cleanup()
