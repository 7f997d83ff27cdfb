"""Tickets for one look at one picture: given after the view is on record, good once and for a short while."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass

from aiohttp import web

from camkeeper.clock import Clock
from camkeeper.standing.picture import Thumbnail

GOOD_FOR_MS = 120_000
MOST = 64
"""Pictures in memory at once; the oldest goes. At 20 KB each that is nothing, and nobody looks at more at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    picture: Thumbnail
    until_ms: int


class Tickets:
    """Pictures that somebody registered for and hasn't been shown yet. One owner, the event loop; nothing on disk."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: OrderedDict[str, _Held] = OrderedDict()

    def give(self, picture: Thumbnail) -> str:
        """Return a ticket that nobody can guess."""
        self._forget()
        while len(self._held) >= MOST:
            self._held.popitem(last=False)
        ticket = secrets.token_urlsafe(24)
        self._held[ticket] = _Held(picture=picture, until_ms=self._clock.elapsed_ms() + GOOD_FOR_MS)
        return ticket

    def look(self, ticket: str, device_id: str) -> Thumbnail | None:
        """Return what the ticket is for, without using it up; None for any other text."""
        self._forget()
        held = self._held.get(ticket)
        return None if held is None or held.picture.device_id != device_id else held.picture

    def take(self, ticket: str, device_id: str) -> Thumbnail | None:
        """Return what the ticket is for, once."""
        picture = self.look(ticket, device_id)
        if picture is not None:
            del self._held[ticket]
        return picture

    def _forget(self) -> None:
        now_ms = self._clock.elapsed_ms()
        for ticket in [ticket for ticket, held in self._held.items() if held.until_ms <= now_ms]:
            del self._held[ticket]


TICKETS = web.AppKey("tickets", Tickets)
