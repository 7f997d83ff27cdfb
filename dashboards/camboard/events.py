"""`/events`: a browser learns that something is newer, and that we still live."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response

from camboard.access.gate import still
from camboard.board import BOARD, Board, board_of
from camkeeper.feed import Change, Mailbox

log = logging.getLogger(__name__)
_NOTHING = Change()
_ASKED_S = 1.0
"""So often at the least is asked whether whoever listens still may."""


async def events(request: web.Request) -> web.StreamResponse:
    """`GET /events`: `change` when a newer Standing is there, `beat` when nothing came for a while.

    Both carry `at_ms`, `age_ms` and `stale_after_ms`. The stream holds no history: whoever reconnects asks for the
    newest state and has missed nothing.
    """
    board = board_of(request)
    if board.feed.listeners >= board.settings.max_streams:
        raise web.HTTPServiceUnavailable(headers={"Retry-After": "10"})
    # aiohttp-sse pings with comments, which scripts can't see; our beats do that work.
    quiet = sse_response(request, send_timeout=board.settings.send_timeout_s, ping_interval=3600)
    async with board.feed.listen() as box, quiet as stream:
        with suppress(ConnectionResetError, TimeoutError):
            whole = board.source is request.app[BOARD].source
            await _tell(board, box, stream, may=partial(still, request), whole=whole)
    return stream


async def _tell(
    board: Board, box: Mailbox, stream: EventSourceResponse, *, may: Callable[[], bool], whole: bool
) -> None:
    """Tell until the stream is over, or whoever listens is signed out: that ends it within `_ASKED_S`."""
    loop, settings = asyncio.get_running_loop(), board.settings
    await _send(board, stream, "beat", _NOTHING)
    spoke_s = loop.time()
    while may():
        seen: Change | None = None
        with suppress(TimeoutError):
            async with asyncio.timeout(min(_ASKED_S, settings.heartbeat_s)):
                change = await box.take()
                if change is None:
                    return
                seen = change if whole else _seen(board, change)
        if not may():
            return
        if seen is not None:
            await _send(board, stream, "change", seen)
            spoke_s = loop.time()
            await asyncio.sleep(settings.throttle_s)
        elif loop.time() - spoke_s >= settings.heartbeat_s * 0.99:
            await _send(board, stream, "beat", _NOTHING)
            spoke_s = loop.time()


def _seen(board: Board, change: Change) -> Change | None:
    """Return what of a change a scope shows; None where it is all about others' devices."""
    own = board.index().device_by_id
    ids = frozenset(i for i in change.ids if i in own)
    return replace(change, ids=ids) if ids or change.everything else None


async def _send(board: Board, stream: EventSourceResponse, event: str, change: Change) -> None:
    standing = board.source.standing()
    message = {
        "at_ms": standing.at_ms,
        "age_ms": board.age_ms(standing),
        "stale_after_ms": board.settings.stale_after_ms,
        "changed": sorted(change.ids),
        "everything": change.everything,
    }
    await stream.send(json.dumps(message), event=event)


async def pump(app: web.Application) -> AsyncIterator[None]:
    """Carry changes from the source to every browser, from start to end of the application."""
    board = app[BOARD]
    task = asyncio.create_task(_carry(board), name="board-changes")
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _carry(board: Board) -> None:
    try:
        async with board.source.subscribe() as changes:
            async for ids in changes:
                board.feed.publish(ids, everything=not ids)
        board.changes_end = "the stream of changes has ended"
    except Exception:
        # Pages still renew themselves: each beat carries at_ms, and a browser that sees it move asks anew.
        log.exception("no more changes from the monitor")
        board.changes_end = "the stream of changes has failed"


async def end_streams(app: web.Application) -> None:
    """Let every open stream end, so that the server can stop at once."""
    app[BOARD].feed.close()
