"""What a reader says of incidents, letters, orders and agreed windows."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager

from camkeeper.ledger import incidents, letters, orders, windows
from camkeeper.model.incident import Incident, IncidentEvent
from camkeeper.model.post import LetterState, Post
from camkeeper.model.span import Span
from camkeeper.window.book import WindowBook
from camkeeper.workorder.book import WorkOrderBook


class MailReader(ABC):
    """Part of `LedgerReader`. A ledger from before there were incidents has none."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """One consistent picture for everything inside."""

    def incidents(self, *, open_only: bool = False, period: Span | None = None) -> tuple[Incident, ...]:
        """Return incidents as they are now, oldest first: all, those held or open, or those that touch a period."""
        with self.reading() as db:
            return incidents.read(db, open_only=open_only, period=period)

    def incident(self, incident_id: str) -> Incident | None:
        """Return one incident as it is now."""
        with self.reading() as db:
            return incidents.find(db, incident_id)

    def incident_events(self, incident_id: str) -> tuple[IncidentEvent, ...]:
        """Return an incident's history, oldest first."""
        with self.reading() as db:
            return incidents.events(db, incident_id)

    def newest_incident_id(self) -> str | None:
        """Return the highest incident id ever given."""
        with self.reading() as db:
            return incidents.newest_id(db)

    def orders(self) -> WorkOrderBook:
        """Return all work orders; LedgerDamagedError where they cannot be read."""
        with self.reading() as db:
            return orders.read_book(db)

    def window_book(self) -> WindowBook:
        """Return everything that people agreed on; LedgerDamagedError where it cannot be read."""
        with self.reading() as db:
            return windows.read_book(db)

    def letters(
        self,
        states: Collection[LetterState] | None = None,
        *,
        incident_id: str | None = None,
        limit: int | None = None,
    ) -> tuple[Post, ...]:
        """Return letters in the order of queueing: of these states (None: all), of one incident; the newest `limit`."""
        with self.reading() as db:
            return letters.read(db, states=states, incident_id=incident_id, limit=limit)

    def letter(self, letter_id: str) -> Post | None:
        """Return one letter."""
        with self.reading() as db:
            return letters.find(db, letter_id)

    def letter_seqs(self, incident_ids: Iterable[str]) -> dict[tuple[str, str], int]:
        """Return the newest `Letter.seq` per (incident id, channel id); channels never told are left out."""
        with self.reading() as db:
            return letters.last_seqs(db, incident_ids)

    def last_letters(self, channel_ids: Iterable[str]) -> dict[str, Post]:
        """Return the letter that was tried last on each of these channels."""
        with self.reading() as db:
            return letters.last_tried(db, channel_ids)

    def dead_letters(self) -> dict[str, int]:
        """Return how many letters each channel gave up."""
        with self.reading() as db:
            return letters.dead_counts(db)

    def tried_since(self, since_ms: int) -> dict[str, tuple[int, ...]]:
        """Return when each channel was tried since an instant, oldest first (the newest attempt of each letter)."""
        with self.reading() as db:
            return letters.tried_since(db, since_ms)
