"""`/events` of the county: a browser learns that something is newer, and that we still live."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

from aiohttp import web
from aiohttp_sse import sse_response

from camboard.access import gate
from camboard.county.lens import county_of
from camboard.county.source import COUNTY, CountyBoard

RENEW_S = 10.0
"""A county moves slowly: every listening browser asks anew this often."""


async def events(request: web.Request) -> web.StreamResponse:
    """`GET /events`: `beat` with `at_ms`, `age_ms` and `stale_after_ms`, now and every few seconds."""
    board = county_of(request)
    if board.feed.listeners >= board.settings.max_streams:
        raise web.HTTPServiceUnavailable(headers={"Retry-After": "10"})
    quiet = sse_response(request, send_timeout=board.settings.send_timeout_s, ping_interval=3600)
    async with board.feed.listen() as box, quiet as stream:
        with suppress(ConnectionResetError, TimeoutError):
            change = None
            while True:
                await stream.send(json.dumps(_beat(board)), event="beat")
                with suppress(TimeoutError):
                    async with asyncio.timeout(RENEW_S):
                        change = await box.take()
                    if change is None:
                        break
                if not gate.still(request):
                    break  # signed out, revoked, or another role meanwhile
    return stream


def _beat(board: CountyBoard) -> dict[str, object]:
    county = board.source.county()
    return {
        "at_ms": county.at_ms,
        "age_ms": board.age_ms(county),
        "stale_after_ms": board.settings.stale_after_ms,
        "changed": [],
        "everything": False,
    }


async def end_streams(app: web.Application) -> None:
    """Let every open stream end, so that the server can stop at once."""
    app[COUNTY].feed.close()
