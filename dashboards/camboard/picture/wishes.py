"""Wishes for one look at a whole picture: on record already, good once and for a short while. No picture is held."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, replace

from aiohttp import web

from camkeeper.clock import Clock
from camkeeper.standing.picture import ViewRequest

GOOD_FOR_MS = 180_000
MOST = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Somebody is on record as wanting to look, and waits."""

    request: ViewRequest
    session: str
    """Of whoever asked: a ticket that strayed is of no use to others."""
    since_ms: int
    """A picture that was taken before is not what was asked for."""
    until_ms: int
    at_ms: int | None = None
    """When the picture was taken that the page speaks of; None: there is none yet."""


class Wishes:
    """Who waits for which picture. One owner, the event loop; nothing on disk."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: OrderedDict[str, Wish] = OrderedDict()

    def give(self, request: ViewRequest, *, session: str, since_ms: int) -> str:
        """Return a ticket that nobody can guess."""
        self._forget()
        while len(self._held) >= MOST:
            self._held.popitem(last=False)
        ticket = secrets.token_urlsafe(24)
        until_ms = self._clock.elapsed_ms() + GOOD_FOR_MS
        self._held[ticket] = Wish(request=request, session=session, since_ms=since_ms, until_ms=until_ms)
        return ticket

    def look(self, ticket: str, device_id: str, session: str) -> Wish | None:
        """Return what the ticket is for, without using it up; None for any other text, device or session."""
        self._forget()
        held = self._held.get(ticket)
        return held if held is not None and (held.request.device_id, held.session) == (device_id, session) else None

    def pin(self, ticket: str, at_ms: int) -> None:
        """Bind a ticket to the picture of that instant: what the page says of it stays true."""
        self._held[ticket] = replace(self._held[ticket], at_ms=at_ms)

    def take(self, ticket: str, device_id: str, session: str) -> Wish | None:
        """Return what the ticket is for, once; None before there is a picture to be shown."""
        wish = self.look(ticket, device_id, session)
        if wish is None or wish.at_ms is None:
            return None
        return self._held.pop(ticket)

    def _forget(self) -> None:
        now_ms = self._clock.elapsed_ms()
        for ticket in [ticket for ticket, held in self._held.items() if held.until_ms <= now_ms]:
            del self._held[ticket]


WISHES = web.AppKey("wishes", Wishes)
