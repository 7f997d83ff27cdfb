"""Work behind the pages: begun once for each key, however many ask, and shown when it is there."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from camkeeper.ledger import LedgerError

_log = structlog.get_logger(__name__)


class Behind:
    """What is under way. Owned by the event loop."""

    def __init__(self) -> None:
        self._tasks: dict[object, asyncio.Task[None]] = {}

    def begin(self, key: object, work: Coroutine[Any, Any, object]) -> asyncio.Task[None]:
        """Begin a piece of work, or return what is at it already; a fault is logged, and met by who asks next."""
        running = self._tasks.get(key)
        if running is not None:
            work.close()
            return running
        made = self._tasks[key] = asyncio.create_task(self._quietly(key, work))
        return made

    async def _quietly(self, key: object, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except (LookupError, ValueError, LedgerError, OSError) as error:
            _log.warning("not_made_behind", what=str(key), error=str(error))
        except Exception as error:  # noqa: BLE001 - a bug in a page must never end monitoring
            _log.error("not_made_behind", what=str(key), exc_info=error)
        finally:
            self._tasks.pop(key, None)

    def close(self) -> None:
        """Let go of what is under way."""
        for task in tuple(self._tasks.values()):
            task.cancel()
