"""What the board shows outside: its address, by TLS where that is configured, with a certificate kept current."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from camkeeper.model.board import TlsSetting
from camkeeper.run.board import findable, serving
from camkeeper.run.tls import Tls


class Face:
    """One owner, the event loop."""

    def __init__(self, ledger: Path, folder: Path, setting: Callable[[], TlsSetting | None]) -> None:
        """`folder`: where the paths of `setting` start, the configuration's."""
        self._ledger, self._folder, self._setting = ledger, folder, setting
        self._tls: Tls | None = None
        self.address = ""
        """What to open; empty before it serves."""

    @asynccontextmanager
    async def serving(self, runner: web.AppRunner, host: str, port: int) -> AsyncIterator[None]:
        """Serve until the block ends. BoardError where the certificate or the address does not work."""
        setting = self._setting()
        self._tls = None if setting is None else await asyncio.to_thread(Tls, setting, self._folder)
        async with serving(runner, host, port, tls=None if self._tls is None else self._tls.context) as self.address:
            yield

    def findable(self) -> None:
        """Let commands on this machine find the board, and know it."""
        findable(self._ledger, self.address, certificate_der=None if self._tls is None else self._tls.now.leaf_der)

    async def run(self) -> None:
        """Take renewed certificates until cancelled; nothing to do without TLS."""
        if self._tls is not None:
            await self._tls.run(self._setting, self.findable)
