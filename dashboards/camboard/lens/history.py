"""Long histories within one scope."""

from __future__ import annotations

from dataclasses import replace

from camboard.lens.rooms import ScopedStanding
from camboard.source import HistorySource
from camkeeper.standing.history import History, HistoryAsk


class ScopedHistory:
    """Histories of what is within reach; a contractor has no share in the sums of a site."""

    def __init__(self, source: HistorySource, town: ScopedStanding) -> None:
        self._source, self._town = source, town

    async def history(self, ask: HistoryAsk) -> History:
        """Return one within reach; LookupError for any other."""
        seen = self._town.reach()
        if ask.site_id and (ask.site_id not in seen.site_ids or seen.contractor_id is not None):
            raise LookupError(ask.site_id)
        if ask.device_id and ask.device_id not in seen.device_ids:
            raise LookupError(ask.device_id)
        # Where the server stands, and its words, are for who keeps it.
        return replace(await self._source.history(ask), url="", detail="")
