"""A platform on loopback: takes WeCom's text messages and Alertmanager's webhook, and misbehaves as told."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from aiohttp import web

_IDS = re.compile(r"I\d+/[\w-]+/\d+")


class Manner(StrEnum):
    """How one request is answered. Only `OK` is accepted in so many words."""

    OK = "ok"
    ERRCODE = "errcode"  # 200, and the body says: too many messages
    TOO_MANY = "429"
    BROKEN = "500"
    HANG = "hang"
    HALF = "half"  # taken, but the answer breaks off: nobody can know


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One message that the platform took."""

    channel_id: str
    key: str
    """Of the webhook: its Idempotency-Key. A robot's message has none, its text stands for it."""
    ids: tuple[str, ...]
    """Letters named in it, in its order."""
    text: str
    said: bool
    """Whether the answer got out whole."""


@dataclass
class Platform:
    """Use as an async context manager; `url` is where it listens."""

    manner: Callable[[int, str], Manner] = lambda _n, _channel: Manner.OK
    """(number of the request, channel) -> how it is answered."""
    taken: Callable[[int], Awaitable[None]] | None = None
    """Called when a message was accepted, before the answer leaves."""
    received: list[Received] = field(default_factory=list)
    requests: int = 0
    url: str = ""
    _runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/{channel}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        assert site._server is not None
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        channel, body = request.match_info["channel"], await request.read()
        n = self.requests
        self.requests += 1
        manner = self.manner(n, channel)
        if manner is Manner.ERRCODE:
            return web.json_response({"errcode": 45009, "errmsg": "api freq out of limit"})
        if manner is Manner.TOO_MANY:
            return web.Response(status=429, headers={"Retry-After": "1"})
        if manner is Manner.BROKEN:
            return web.Response(status=500, text="oops")
        if manner is Manner.HANG:
            await asyncio.sleep(60)
        self.received.append(_read(channel, request, body, said=manner is Manner.OK))
        if manner is Manner.HALF:
            return await _broken_off(request)
        if self.taken is not None:
            await self.taken(n)
        return web.json_response({"errcode": 0, "errmsg": "ok"})


def _read(channel: str, request: web.Request, body: bytes, *, said: bool) -> Received:
    value = json.loads(body)
    key = request.headers.get("Idempotency-Key", "")
    text = value["text"]["content"] if "text" in value else json.dumps(value, ensure_ascii=False, sort_keys=True)
    ids = tuple(dict.fromkeys(_IDS.findall(text)))
    return Received(channel_id=channel, key=key or text, ids=ids, text=text, said=said)


async def _broken_off(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "40", "Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"errcode": 0, "er')
    assert request.transport is not None
    request.transport.abort()
    return response
