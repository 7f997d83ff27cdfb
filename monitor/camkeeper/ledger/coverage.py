"""Hours of coverage, kept so that a month is read and not computed.

Derived like the rollups, but from the configuration's geometry too, which the chain does not hold: the chain proves who
worked when, and with the same configuration anybody computes the same hours. So `verify` has nothing to say of them,
and `rebuild` empties them; a running monitor fills them again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from camkeeper.ledger.chain import Kind
from camkeeper.ledger.schema import has_coverage
from camkeeper.model.span import Span

HOUR_MS = 3_600_000
SeriesKey = tuple[str, str, str, bool]
"""Site id, layer, unit, by night."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageSeries:
    """A figure that is kept by the hour; amounts in thousandths of its unit."""

    site_id: str
    layer: str
    unit: str
    night: bool
    total: int
    design: int
    basis: bytes
    """SHA-256 of all that it is computed from."""

    @property
    def key(self) -> SeriesKey:
        """What names it."""
        return self.site_id, self.layer, self.unit, self.night


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageHour:
    """One finished hour of the series at this place of the list that goes with it."""

    series: int
    start_ms: int
    lower: int
    upper: int
    """Thousandths x ms."""
    worst: int
    """Thousandths."""
    worst_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptHours:
    """Which hours of one series are stored within a period."""

    basis: bytes
    hours: int
    first_ms: int
    end_ms: int
    """Start of the first and end of the last one; there may be gaps where `hours` is less than lies between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredHours(KeptHours):
    """The stored hours of one series within a period, summed."""

    lower: int
    upper: int
    worst: int
    worst_ms: int


# Sums of thousandths x ms pass 2^63 for a county's month: the halves below and above 2^32 do not. The smallest amount
# and its hour are packed into one number, so that there is one row with the least and SQLite takes `worst_ms` from it;
# 20 bits of hours are a century, which leaves 43 for 8,796 km2 of seen ground.
_STORED = """
SELECT series, count(*), min(start_ms), max(start_ms),
    sum(lower >> 32), sum(lower & 0xFFFFFFFF), sum(upper >> 32), sum(upper & 0xFFFFFFFF)
FROM coverage_hour WHERE start_ms >= :first AND start_ms <= :last GROUP BY series
"""
_WORST = """
SELECT series, worst, worst_ms, min(worst << 20 | (start_ms - :first) / 3600000)
FROM coverage_hour WHERE start_ms >= :first AND start_ms <= :last GROUP BY series
"""


def stored(db: sqlite3.Connection, period: Span) -> dict[SeriesKey, StoredHours]:
    """Return the whole hours stored within the period, by series; those without any are left out."""
    if not has_coverage(db):
        return {}
    bounds = {"first": period.start_ms, "last": period.end_ms - HOUR_MS}
    rows = db.execute("SELECT series, site, layer, unit, night, basis FROM coverage_series")
    series = {number: ((site, layer, unit, bool(night)), basis) for number, site, layer, unit, night, basis in rows}
    least = {number: (worst, worst_ms) for number, worst, worst_ms, _ in db.execute(_WORST, bounds)}
    out: dict[SeriesKey, StoredHours] = {}
    for number, count, first, last, lh, ll, uh, ul in db.execute(_STORED, bounds):
        key, basis = series[number]
        out[key] = StoredHours(
            basis=basis,
            hours=count,
            first_ms=first,
            end_ms=last + HOUR_MS,
            lower=(lh << 32) + ll,
            upper=(uh << 32) + ul,
            worst=least[number][0],
            worst_ms=least[number][1],
        )
    return out


def kept(db: sqlite3.Connection, period: Span) -> dict[SeriesKey, KeptHours]:
    """Return which whole hours are stored within the period: `stored` without the sums, a third of its time."""
    if not has_coverage(db):
        return {}
    rows = db.execute(
        "SELECT s.site, s.layer, s.unit, s.night, s.basis, h.hours, h.first, h.last FROM coverage_series s JOIN"
        " (SELECT series, count(*) AS hours, min(start_ms) AS first, max(start_ms) AS last FROM coverage_hour"
        " WHERE start_ms >= ? AND start_ms <= ? GROUP BY series) h USING (series)",
        (period.start_ms, period.end_ms - HOUR_MS),
    )
    return {
        (site, layer, unit, bool(night)): KeptHours(basis=basis, hours=count, first_ms=first, end_ms=last + HOUR_MS)
        for site, layer, unit, night, basis, count, first, last in rows
    }


def hours(db: sqlite3.Connection, period: Span, site_id: str | None) -> Iterator[tuple[SeriesKey, CoverageHour]]:
    """Yield the whole hours stored within the period, by time and series."""
    if not has_coverage(db):
        return
    rows = db.execute(
        "SELECT s.site, s.layer, s.unit, s.night, h.series, h.start_ms, h.lower, h.upper, h.worst, h.worst_ms"
        " FROM coverage_hour h JOIN coverage_series s USING (series)"
        " WHERE h.start_ms >= ? AND h.start_ms <= ? AND (? IS NULL OR s.site = ?) ORDER BY h.start_ms, h.series",
        (period.start_ms, period.end_ms - HOUR_MS, site_id, site_id),
    )
    for site, layer, unit, night, series, start, lower, upper, worst, worst_ms in rows:
        yield (
            (site, layer, unit, bool(night)),
            CoverageHour(series=series, start_ms=start, lower=lower, upper=upper, worst=worst, worst_ms=worst_ms),
        )


def stored_until(db: sqlite3.Connection) -> int | None:
    """Return the end of the last stored hour."""
    rows = db.execute(
        "SELECT (SELECT max(start_ms) FROM coverage_hour h WHERE h.series = s.series) FROM coverage_series s"
    )
    return max((start_ms + HOUR_MS for (start_ms,) in rows if start_ms is not None), default=None)


def forget(db: sqlite3.Connection, from_ms: int) -> None:
    """Drop every hour that ends after `from_ms`."""
    db.execute(
        "DELETE FROM coverage_hour WHERE series IN (SELECT series FROM coverage_series) AND start_ms > ?",
        (from_ms - HOUR_MS,),
    )


def store(db: sqlite3.Connection, series: Sequence[CoverageSeries], rows: Sequence[CoverageHour], seen_seq: int) -> int:
    """Put hours in their place; returns how many. Those that a later record than `seen_seq` touches are left out."""
    (late_ms,) = db.execute(
        "SELECT min(at_ms) FROM chain WHERE seq > ? AND kind IN (?, ?)",
        (seen_seq, int(Kind.TRANSITION), int(Kind.LIFE)),
    ).fetchone()
    numbers = _numbered(db, series)
    kept = [row for row in rows if late_ms is None or row.start_ms + HOUR_MS <= late_ms]
    db.executemany(
        "INSERT OR REPLACE INTO coverage_hour (start_ms, series, lower, upper, worst, worst_ms)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        ((r.start_ms, numbers[r.series], r.lower, r.upper, r.worst, r.worst_ms) for r in kept),
    )
    return len(kept)


def _numbered(db: sqlite3.Connection, series: Sequence[CoverageSeries]) -> list[int]:
    """Make the stored series those that are given, and return their numbers."""
    known = {
        (site, layer, unit, bool(night)): (number, total, design, basis)
        for number, site, layer, unit, night, total, design, basis in db.execute(
            "SELECT series, site, layer, unit, night, total, design, basis FROM coverage_series"
        )
    }
    wanted = {one.key: (one.total, one.design, one.basis) for one in series}
    gone = [(number,) for key, (number, *rest) in known.items() if wanted.get(key) != tuple(rest)]
    if gone:
        db.executemany("DELETE FROM coverage_series WHERE series = ?", gone)
        db.execute("DELETE FROM coverage_hour WHERE series NOT IN (SELECT series FROM coverage_series)")
    fresh = [one for one in series if (one.total, one.design, one.basis) != known.get(one.key, (0,))[1:]]
    db.executemany(
        "INSERT INTO coverage_series (site, layer, unit, night, total, design, basis) VALUES (?, ?, ?, ?, ?, ?, ?)",
        ((o.site_id, o.layer, o.unit, int(o.night), o.total, o.design, o.basis) for o in fresh),
    )
    rows = db.execute("SELECT site, layer, unit, night, series FROM coverage_series")
    numbers = {(site, layer, unit, bool(night)): number for site, layer, unit, night, number in rows}
    return [numbers[one.key] for one in series]
