"""Rows of availability and coverage from the ledger: whole local days, whole UTC hours. One read transaction each."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from camkeeper.availability.days import local_date, month_of, month_span
from camkeeper.ledger import rollup
from camkeeper.ledger.chain import compact
from camkeeper.ledger.closing import closed_months, closing_config
from camkeeper.ledger.configs import config_at, deciding, zone_of
from camkeeper.ledger.coverage import HOUR_MS, CoverageHour, CoverageSeries
from camkeeper.ledger.rollup import Day
from camkeeper.ledger.schema import has_coverage
from camkeeper.ledger.snapshot import Snapshot
from camkeeper.ledger.sums import Sum, sums
from camkeeper.mirror.cursor import DayKey
from camkeeper.mirror.directory import Directory
from camkeeper.mirror.lines import Row
from camkeeper.mirror.series import (
    DEVICE_DAY,
    DEVICE_HOUR,
    SITE_DAY,
    SITE_HOUR,
    Place,
    coverage_row,
    device_row,
    site_rows,
)
from camkeeper.model.span import Span

_METHOD = b"mirror/2"
"""Changes when the same ledger gives other rows: they are then written again."""


class Books:
    """What one page is made from: one connection inside one read transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.directory = Directory(db)
        self.ids: dict[int, str] = dict(db.execute("SELECT device, id FROM device"))
        self._newest = config_at(db, None)
        self._closed = closed_months(db)
        (self.first_ms,) = db.execute("SELECT min(t0) FROM life").fetchone()

    @property
    def config(self) -> Snapshot | None:
        """The newest configuration."""
        return None if self._newest is None else self._newest.config

    def config_for(self, month: str) -> Snapshot | None:
        """Return the configuration that decides a month: of a closed one, the one it was closed with."""
        closed = self._closed.get(month)
        return closing_config(self.db, closed) if closed is not None else self.config

    def zones(self) -> list[str]:
        """Return every zone with a device."""
        return sorted(rollup.zones(self.db, self.config))


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDay:
    """A finished local day of one zone."""

    day: Day
    policy: str
    basis: bytes
    """What its rows follow from, transitions aside."""

    @property
    def key(self) -> DayKey:
        """What names it."""
        return self.day.number, self.day.zone


def finished_days(books: Books, zone: str, period: Span) -> Iterator[DueDay]:
    """Yield the whole local days of a zone within a period, oldest first, from the first enrolment on."""
    start_ms = period.start_ms if books.first_ms is None else max(period.start_ms, books.first_ms)
    while start_ms < period.end_ms and books.first_ms is not None:
        month = month_of(start_ms, zone)
        span = month_span(month, zone)
        part = Span(start_ms=max(span.start_ms, period.start_ms), end_ms=min(span.end_ms, period.end_ms))
        config = books.config_for(month)
        policy = deciding(config).id
        for day in rollup.days_within(books.db, config, part):
            if day.zone == zone and day.span.end_ms > books.first_ms:
                digest = hashlib.sha256(_METHOD + policy.encode() + b"\0" + day.basis).digest()
                yield DueDay(day=day, policy=policy, basis=digest[:16])
        start_ms = span.end_ms


def day_rows(books: Books, days: Sequence[DueDay]) -> list[Row]:
    """Return the rows of days of one zone, in order: each device's, then each site's."""
    out: list[Row] = []
    by_number: dict[int, list[tuple[int, Sum]]] = {due.day.number: [] for due in days}
    for number, device, lived, excluded, up, degraded, down, *_ in rollup.compute(books.db, [d.day for d in days]):
        one = Sum(lived=lived or 0, excluded=excluded or 0, up=up or 0, degraded=degraded or 0, down=down or 0)
        by_number[number or 0].append((device or 0, one))
    for due in days:
        out += _rows(books, by_number[due.day.number], due.day.span, due.policy, (DEVICE_DAY, SITE_DAY))
    return out


def hour_rows(books: Books, hours: Sequence[Span], known_until_ms: int) -> list[Row]:
    """Return the rows of hours of one local month, in order."""
    config = books.config_for(month_of(hours[0].start_ms, zone_of(books.config)))
    policy = deciding(config)
    period = Span(start_ms=hours[0].start_ms, end_ms=hours[-1].end_ms)
    numbers = {device_id: device for device, device_id in books.ids.items()}
    windows = {} if config is None else config.excluded(policy.excludes, period)
    found = sums(
        books.db,
        keys={device: device for device in books.ids},
        slots=hours,
        known_until_ms=known_until_ms,
        excluded={numbers[i]: spans for i, spans in windows.items() if i in numbers},
    )
    by_hour: list[list[tuple[int, Sum]]] = [[] for _ in hours]
    for (device, index), one in found.items():
        by_hour[index].append((device, one))
    out: list[Row] = []
    for span, one_hour in zip(hours, by_hour, strict=True):
        out += _rows(books, one_hour, span, policy.id, (DEVICE_HOUR, SITE_HOUR))
    return out


def _rows(
    books: Books, found: Sequence[tuple[int, Sum]], span: Span, policy: str, names: tuple[str, str]
) -> Iterator[Row]:
    at = books.directory.as_of(span.end_ms)
    placed: list[tuple[Place, Sum]] = [(books.directory.place(books.ids[n], at), one) for n, one in sorted_by(found)]
    for place, one in placed:
        yield device_row(names[0], place, one, span.start_ms, policy)
    config = books.directory.config(at)
    if config is not None:
        yield from site_rows(names[1], config, placed, span.start_ms, policy)


def sorted_by(found: Sequence[tuple[int, Sum]]) -> list[tuple[int, Sum]]:
    """Return pairs by device number."""
    return sorted(found, key=lambda pair: pair[0])


def hours_from(books: Books, start_ms: int, end_ms: int, most: int) -> list[Span]:
    """Return whole UTC hours of one local month, from the one at `start_ms` on, at most so many."""
    zone = zone_of(books.config)
    if start_ms >= end_ms:
        return []
    edge_ms = min(end_ms, month_span(local_date(start_ms, zone).strftime("%Y-%m"), zone).end_ms)
    starts = range(start_ms, min(edge_ms, start_ms + most * HOUR_MS), HOUR_MS)
    return [Span(start_ms=at, end_ms=at + HOUR_MS) for at in starts if at + HOUR_MS <= end_ms]


def coverage_basis(db: sqlite3.Connection) -> bytes:
    """Return a digest of what all stored coverage is computed from."""
    if not has_coverage(db):
        return b""
    rows = db.execute(
        "SELECT site, layer, unit, night, total, design, hex(basis) FROM coverage_series"
        " ORDER BY site, layer, unit, night"
    ).fetchall()
    return hashlib.sha256(_METHOD + compact(rows)).digest()[:16]


def coverage_rows(db: sqlite3.Connection, start_ms: int, most_hours: int) -> tuple[list[Row], int]:
    """Return the rows of the next stored hours, and where they end; `start_ms` where there are none."""
    if not has_coverage(db):
        return [], start_ms
    series = {
        number: CoverageSeries(
            site_id=site, layer=layer, unit=unit, night=bool(night), total=total, design=design, basis=basis
        )
        for number, site, layer, unit, night, total, design, basis in db.execute(
            "SELECT series, site, layer, unit, night, total, design, basis FROM coverage_series"
        )
    }
    # By the key (series, start_ms) for each series: the table is kept so that a month of one figure lies together.
    (first_ms,) = db.execute(
        "SELECT min(t) FROM (SELECT (SELECT min(start_ms) FROM coverage_hour h"
        " WHERE h.series = s.series AND h.start_ms >= ?) AS t FROM coverage_series s)",
        (start_ms,),
    ).fetchone()
    if first_ms is None:
        return [], start_ms
    last_ms = first_ms + most_hours * HOUR_MS
    out: list[Row] = []
    end_ms = start_ms
    for number, one in series.items():
        hours = db.execute(
            "SELECT start_ms, lower, upper, worst, worst_ms FROM coverage_hour"
            " WHERE series = ? AND start_ms >= ? AND start_ms < ? ORDER BY start_ms",
            (number, start_ms, last_ms),
        )
        for at_ms, lower, upper, worst, worst_ms in hours:
            hour = CoverageHour(series=number, start_ms=at_ms, lower=lower, upper=upper, worst=worst, worst_ms=worst_ms)
            out.append(coverage_row(one, hour))
            end_ms = max(end_ms, at_ms + HOUR_MS)
    return out, end_ms
