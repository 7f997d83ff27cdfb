"""What a reader says of pictures: findings, clocks, views."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager

from camkeeper.ledger import pictures, views
from camkeeper.model.picture import Drift, Finding
from camkeeper.model.span import Span
from camkeeper.model.view import ViewRecord


class PictureReader(ABC):
    """Part of `LedgerReader`. A ledger from before pictures were looked at has none of it."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """One consistent picture for everything inside."""

    def findings(self, period: Span, device_id: str | None = None) -> tuple[Finding, ...]:
        """Return findings dated within the period and those that stood as it began, in the order of decision."""
        with self.reading() as db:
            return pictures.read(db, period, device_id)

    def standing_findings(self) -> tuple[Finding, ...]:
        """Return what is proved of devices in service now."""
        with self.reading() as db:
            return pictures.standing(db)

    def drifts(self, device_id: str, period: Span) -> tuple[Drift, ...]:
        """Return the readings of a device's clock within the period and the last one before it, oldest first."""
        with self.reading() as db:
            return pictures.drifts(db, device_id, period)

    def newest_drifts(self) -> dict[str, Drift]:
        """Return the newest reading of every device's clock."""
        with self.reading() as db:
            return pictures.newest_drifts(db)

    def views(
        self,
        period: Span | None = None,
        *,
        device_id: str | None = None,
        incident_id: str | None = None,
        limit: int | None = None,
    ) -> tuple[ViewRecord, ...]:
        """Return registered views, oldest first: all, or those asked for; the newest `limit`."""
        with self.reading() as db:
            return views.read(db, period=period, device_id=device_id, incident_id=incident_id, limit=limit)
