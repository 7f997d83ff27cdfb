"""Shares of the stored hours of coverage within a period: what a summary tells without any geometry."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from fractions import Fraction

from camkeeper.ledger.coverage import HOUR_MS, stored
from camkeeper.ledger.schema import has_coverage
from camkeeper.model.span import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverPart:
    """One layer of one site, by day or by night, over the hours that are stored."""

    total: int
    """What there is to see, thousandths of its unit."""
    lower: int
    upper: int
    """Thousandths x ms."""
    hours: int

    def share(self, amount: int) -> Fraction:
        """Return `lower` or `upper` as a share of what there is to see; 0 where there is nothing to see."""
        whole = self.total * self.hours * HOUR_MS
        return Fraction(amount, whole) if whole else Fraction(0)


def cover_parts(db: sqlite3.Connection, period: Span, layer: str, *, night: bool) -> dict[str, CoverPart]:
    """Return the stored hours of a layer within a period, by site; those without any are left out."""
    if not has_coverage(db):
        return {}
    rows = db.execute("SELECT site, total FROM coverage_series WHERE layer = ? AND night = ?", (layer, int(night)))
    totals: dict[str, int] = dict(rows)
    return {
        key[0]: CoverPart(total=totals[key[0]], lower=hours.lower, upper=hours.upper, hours=hours.hours)
        for key, hours in stored(db, period).items()
        if key[1] == layer and key[3] is night and totals[key[0]]
    }
