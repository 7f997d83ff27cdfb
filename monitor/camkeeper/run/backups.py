"""The daily backup of a running monitor, where the configuration names a folder."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

from camkeeper.availability.days import local_date
from camkeeper.backup.write import BackupError, backup, facts_id, sweep
from camkeeper.clock import Timeline
from camkeeper.model.registry import Registry
from camkeeper.standing.build import timezone_of

_log = structlog.get_logger(__name__)


class Backups:
    """Called each hour; writes once a local day, and tries again the next hour where that failed."""

    def __init__(self, *, ledger: Path, config: Path, timeline: Timeline, registry: Callable[[], Registry]) -> None:
        self._ledger, self._config, self._timeline, self._registry = ledger, config, timeline, registry
        self._done = ""

    async def run(self) -> None:
        """Write today's backup where there is none yet."""
        registry = self._registry()
        today = local_date(self._timeline.now_ms(), timezone_of(registry)).isoformat()
        if not registry.backup_to or self._done == today:
            return
        folder = self._config.parent / registry.backup_to
        try:
            made = await asyncio.to_thread(
                backup, self._ledger, self._config, registry, folder, self._timeline.now_ms()
            )
            gone = await asyncio.to_thread(sweep, folder, facts_id(made.manifest))
        except (BackupError, OSError) as error:
            _log.error("backup_failed", folder=str(folder), error=str(error))
            return
        self._done = today
        _log.info("backup", path=str(made.path), bytes=made.bytes, removed=len(gone))
