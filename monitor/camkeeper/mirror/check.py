"""Does the mirror say what the ledger says? Counts and digests, piece by piece, up to the marks.

A digest is the sum of a hash of each field of each point: the order in which a server tells them does not matter, and
memory is one number a piece. Fields are compared as the 64-bit floats that every one of the servers can hold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby

from camkeeper.ledger import LedgerReader
from camkeeper.ledger.chain import Kind
from camkeeper.ledger.coverage import HOUR_MS
from camkeeper.mirror.buckets import Books, coverage_rows, day_rows, finished_days, hour_rows, hours_from
from camkeeper.mirror.cursor import Cursor, Marks
from camkeeper.mirror.lines import Row, newest_of_each
from camkeeper.mirror.read import pieces, rows_of
from camkeeper.mirror.series import COVERAGE, DEVICE_DAY, DEVICE_HOUR, EXACT, SITE_DAY, SITE_HOUR, STATUS
from camkeeper.mirror.server import Server
from camkeeper.mirror.source import DAY_MS, change_rows
from camkeeper.model.mirror import Dialect, InfluxSetting
from camkeeper.model.span import Span

PIECE_MS = DAY_MS
_MODULUS = 2**64


@dataclass(slots=True)
class Tally:
    """Fields of some points: how many, and the sum of their hashes."""

    count: int = 0
    digest: int = 0

    def add(self, row: Row) -> None:
        """Count a point's fields in."""
        for name, value in row.fields:
            text = f"{row.head}\0{name}\0{row.at_ms}\0{float(value)!r}"
            found = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
            self.count += 1
            self.digest = (self.digest + found) % _MODULUS


Tallies = dict[int, Tally]
"""Piece (UTC day number) -> its tally."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A UTC day of a measurement on which the two differ; counts are of fields."""

    measurement: str
    start_ms: int
    ledger: int
    mirror: int


@dataclass(slots=True, kw_only=True)
class Checked:
    """What was compared."""

    counts: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Measurement -> fields that follow from the ledger, fields in the mirror."""
    digests: dict[str, tuple[str, str]] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether all is the same."""
        return not self.differences


def check(
    reader: LedgerReader,
    cursor: Cursor,
    server: Server,
    setting: InfluxSetting,
    *,
    from_ms: int | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> Checked:
    """Compare all exact measurements, from an instant on. AwayError or RefusedError where the server can't be read."""
    out = Checked()
    if setting.dialect is Dialect.VICTORIA:
        # What came in during the last second is in memory and not yet found.
        for _ in server.get("/internal/force_flush", {}):
            pass
    for measurement, (span, ours) in expected(reader, cursor, setting, from_ms).items():
        told(measurement)
        theirs: Tallies = {}
        length_ms = PIECE_MS if measurement in {DEVICE_HOUR, SITE_HOUR} else 31 * DAY_MS
        for piece in pieces(span, length_ms):
            for _, row in rows_of(server, setting, measurement, piece):
                theirs.setdefault(row.at_ms // PIECE_MS, Tally()).add(row)
        _compare(out, measurement, ours, theirs)
    return out


def _compare(out: Checked, measurement: str, ours: Tallies, theirs: Tallies) -> None:
    for day in sorted(ours.keys() | theirs.keys()):
        one, other = ours.get(day, Tally()), theirs.get(day, Tally())
        if (one.count, one.digest) != (other.count, other.digest):
            out.differences.append(
                Difference(measurement=measurement, start_ms=day * PIECE_MS, ledger=one.count, mirror=other.count)
            )
    totals = [(sum(t.count for t in x.values()), sum(t.digest for t in x.values()) % _MODULUS) for x in (ours, theirs)]
    out.counts[measurement] = (totals[0][0], totals[1][0])
    out.digests[measurement] = (f"{totals[0][1]:016x}", f"{totals[1][1]:016x}")


def expected(
    reader: LedgerReader, cursor: Cursor, setting: InfluxSetting, from_ms: int | None = None
) -> dict[str, tuple[Span, Tallies]]:
    """Return what follows from the ledger up to the marks: of each measurement the span compared, and its tallies."""
    marks = cursor.marks()
    with reader.reading() as db:
        books = Books(db)
        if books.first_ms is None:
            return {}
        start_ms = (books.first_ms if from_ms is None else max(from_ms, books.first_ms)) // DAY_MS * DAY_MS - DAY_MS
        tick_ms = reader.last_tick_ms() or start_ms
        spans = _spans(books, marks, start_ms, tick_ms, setting)
        out = {name: (span, Tallies()) for name, span in spans.items()}
        for row in _all_rows(books, cursor, marks, spans, tick_ms):
            span, tallies = out[row.head.partition(",")[0]]
            if row.at_ms in span:
                tallies.setdefault(row.at_ms // PIECE_MS, Tally()).add(row)
    return {name: out[name] for name in EXACT}


def _spans(books: Books, marks: Marks, start_ms: int, tick_ms: int, setting: InfluxSetting) -> dict[str, Span]:
    """Return what of each measurement is compared; of hours nothing that the retention may be about to drop."""

    def span(first_ms: int, end_ms: int) -> Span:
        return Span(start_ms=first_ms, end_ms=max(first_ms, end_ms))

    fine_ms = max(start_ms, (tick_ms - (setting.fine_days - 1) * DAY_MS) // HOUR_MS * HOUR_MS)
    kept, _ = coverage_rows(books.db, start_ms, 1)
    seen_ms = kept[0].at_ms if kept else start_ms
    hours, days = span(fine_ms, marks.hour_ms), span(start_ms, marks.day_ms)
    return {
        STATUS: span(start_ms, tick_ms + DAY_MS),
        DEVICE_DAY: days,
        SITE_DAY: days,
        DEVICE_HOUR: hours,
        SITE_HOUR: hours,
        COVERAGE: span(seen_ms, marks.coverage_ms),
    }


def _all_rows(books: Books, cursor: Cursor, marks: Marks, spans: dict[str, Span], tick_ms: int) -> Iterator[Row]:
    yield from _status_rows(books, marks, spans[STATUS])
    written = cursor.days()
    for zone in books.zones():
        for due in finished_days(books, zone, spans[DEVICE_DAY]):
            if due.key in written:
                yield from day_rows(books, [due])
    at_ms = spans[DEVICE_HOUR].start_ms
    at_ms = max(at_ms, (books.first_ms or 0) // HOUR_MS * HOUR_MS)
    while hours := hours_from(books, at_ms, marks.hour_ms, 24):
        yield from hour_rows(books, hours, tick_ms)
        at_ms = hours[-1].end_ms
    at_ms = spans[COVERAGE].start_ms
    while at_ms < marks.coverage_ms:
        rows, at_ms = coverage_rows(books.db, at_ms, 24)
        if not rows:
            return
        yield from rows


def _status_rows(books: Books, marks: Marks, span: Span) -> Iterator[Row]:
    """Yield changes in the order of time; of several of a device at one instant the last that was told."""
    found = books.db.execute(
        "SELECT seq, kind, at_ms, body FROM chain"
        " WHERE seq <= ? AND kind IN (?, ?) AND at_ms >= ? AND at_ms < ? ORDER BY at_ms, seq",
        (marks.seq, int(Kind.LIFE), int(Kind.TRANSITION), span.start_ms, span.end_ms),
    )
    for _, together in groupby(found, key=lambda record: record[2]):
        yield from newest_of_each(_flat(change_rows(books, *record) for record in together))


def _flat(some: Iterable[Iterable[Row]]) -> Iterator[Row]:
    for rows in some:
        yield from rows
