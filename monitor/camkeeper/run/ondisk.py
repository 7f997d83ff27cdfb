"""What a run waits for the disk to take: its first batches, before there is a board, and its last."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import structlog

from camkeeper.ledger import Ledger
from camkeeper.run.recorder import Recorder

TELL_S = 10.0
"""A start that still waits for the disk says so this often: there is no board yet that would."""
LAST_S = 3.0
"""The time that a stop has."""
_REMEDY = "腾出空间或换盘，启动会自己继续 / free the disk or replace it: the start goes on by itself"
T = TypeVar("T")
_log = structlog.get_logger(__name__)


async def on_disk(ledger: Ledger, work: Awaitable[T]) -> T:
    """Wait until the disk has taken it, however long, and return what comes of it; what stands in the way is told."""
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({task}, timeout=TELL_S))[0]:
            _log.error("ledger_not_written", path=str(ledger.path), error=ledger.health.error, remedy=_REMEDY)
        return await task
    finally:
        task.cancel()


async def last_words(ledger: Ledger, recorder: Recorder) -> None:
    """Put everything on disk, within the time that a stop has."""
    try:
        async with asyncio.timeout(LAST_S):
            await recorder.checkpoint()
    except TimeoutError:
        _log.error("stop_unwritten", error=ledger.health.error)  # what was not acknowledged reads as unknown
