"""From the ledger to the next page: what to write, and where the marks are once the server took it. No network.

A page is bounded, whatever the backlog: changes first, in the order of the chain, then days, hours, coverage. A record
that reaches back (a failure is back-dated to its first sample, a window is agreed afterwards) winds marks back, and
what it touches is written again: the same series and instant, so nothing is doubled.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from camkeeper.ledger import LedgerReader
from camkeeper.ledger.chain import Kind, read_object, read_transition
from camkeeper.ledger.coverage import HOUR_MS
from camkeeper.mirror.buckets import (
    Books,
    DueDay,
    coverage_basis,
    coverage_rows,
    day_rows,
    finished_days,
    hour_rows,
    hours_from,
)
from camkeeper.mirror.cursor import NEVER_MS, Cursor, DayKey, Marks, Moved
from camkeeper.mirror.lines import Row
from camkeeper.mirror.series import retired_row, status_row
from camkeeper.model.mirror import Behind
from camkeeper.model.span import Span

SETTLE_MS = 600_000
"""A day or hour is written when it is over this long: most back-dated failures are confirmed by then."""
PAGE_ROWS = 20_000
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Rows to write, none of them empty of meaning where there are none: the marks still move."""

    rows: list[Row]
    moved: Moved


def next_page(reader: LedgerReader, cursor: Cursor, *, fine_days: int, page_rows: int = PAGE_ROWS) -> Page | None:
    """Return what is to be written next; None where the mirror has caught up."""
    marks = cursor.marks()
    with reader.reading() as db:
        books = Books(db)
        tick_ms = reader.last_tick_ms()
        page = _changes(books, marks, page_rows)
        if page is not None or tick_ms is None:
            return page
        page = _days(books, cursor, marks, tick_ms - SETTLE_MS, page_rows)
        if page is not None:
            return page
        page = _hours(books, marks, tick_ms, fine_days, page_rows)
        return page if page is not None else _coverage(books, marks, page_rows)


def _changes(books: Books, marks: Marks, most: int) -> Page | None:
    rows: list[Row] = []
    after, back_ms, read = marks, None, 0
    found = books.db.execute(
        "SELECT seq, kind, at_ms, body FROM chain WHERE seq > ? ORDER BY seq LIMIT ?", (marks.seq, most)
    )
    for seq, kind, at_ms, body in found:
        read += 1
        after = replace(after, seq=seq)
        if kind in {Kind.TRANSITION, Kind.LIFE}:
            rows += change_rows(books, seq, kind, at_ms, body)
            back_ms = at_ms if back_ms is None else min(back_ms, at_ms)
        elif kind in {Kind.CONFIG, Kind.CLOSE, Kind.AMEND}:
            # Windows may have been agreed for any time: every day is compared with what is written of it.
            after = replace(after, day_ms=NEVER_MS)
    if not read:
        return None
    reaches = back_ms is not None and back_ms < max(marks.day_ms, marks.hour_ms, marks.coverage_ms)
    if reaches and back_ms is not None:
        after = after.not_after(back_ms)
    return Page(rows=rows, moved=Moved(marks=after, forget_from_ms=back_ms if reaches else None))


def change_rows(books: Books, seq: int, kind: int, at_ms: int, body: bytes) -> Iterator[Row]:
    """Yield the row of a transition, or of a device that leaves service."""
    if kind == Kind.TRANSITION:
        device_id = books.ids[json.loads(body)[0]]
        place = books.directory.place(device_id, books.directory.as_of_record(seq))
        yield status_row(place, read_transition(device_id, at_ms, body), seq)
    elif kind == Kind.LIFE:
        life = read_object(body)
        if not life["enrolled"]:
            place = books.directory.place(str(life["id"]), books.directory.as_of_record(seq))
            yield retired_row(place, at_ms, seq)


def _days(books: Books, cursor: Cursor, marks: Marks, until_ms: int, most: int) -> Page | None:
    until_ms = until_ms // HOUR_MS * HOUR_MS
    if until_ms <= marks.day_ms or books.first_ms is None:  # compared within this hour: a day ends at most hourly
        return None
    written = cursor.days()
    start_ms = max(marks.day_ms, books.first_ms) - 2 * DAY_MS
    most_days = max(1, most // max(1, len(books.ids)))
    for zone in books.zones():
        period = Span(start_ms=min(start_ms, until_ms), end_ms=until_ms)
        fresh = [due for due in finished_days(books, zone, period) if written.get(due.key) != due.basis]
        if fresh:
            return _day_page(books, marks, fresh[:most_days], written)
    return Page(rows=[], moved=Moved(marks=replace(marks, day_ms=until_ms)))


def _day_page(books: Books, marks: Marks, days: list[DueDay], written: Collection[DayKey]) -> Page:
    again_ms = [due.day.span.start_ms for due in days if due.key in written]
    after = marks
    if again_ms:  # other windows than before: the hours of that day, too
        after = replace(after, hour_ms=min(marks.hour_ms, min(again_ms) // HOUR_MS * HOUR_MS))
    done = {due.key: (due.day.span.end_ms, due.basis) for due in days}
    return Page(rows=day_rows(books, days), moved=Moved(marks=after, days=done))


def hour_bounds(books: Books, marks: Marks, tick_ms: int, fine_days: int) -> tuple[int, int]:
    """Return the hours still to be written, [from, to), UTC ms; older ones than `fine_days` are passed over."""
    if books.first_ms is None:
        return 0, 0
    oldest_ms = max(books.first_ms, tick_ms - fine_days * DAY_MS) // HOUR_MS * HOUR_MS
    return max(marks.hour_ms, oldest_ms), (tick_ms - SETTLE_MS) // HOUR_MS * HOUR_MS


def _hours(books: Books, marks: Marks, tick_ms: int, fine_days: int, most: int) -> Page | None:
    start_ms, end_ms = hour_bounds(books, marks, tick_ms, fine_days)
    hours = hours_from(books, start_ms, end_ms, max(1, most // max(1, len(books.ids))))
    if not hours:
        return None
    return Page(rows=hour_rows(books, hours, tick_ms), moved=Moved(marks=replace(marks, hour_ms=hours[-1].end_ms)))


def _coverage(books: Books, marks: Marks, most: int) -> Page | None:
    basis = coverage_basis(books.db)
    if basis != marks.coverage_basis:
        marks = replace(marks, coverage_ms=NEVER_MS, coverage_basis=basis)
    (series,) = books.db.execute("SELECT count(*) FROM coverage_series").fetchone() if basis else (0,)
    rows, end_ms = coverage_rows(books.db, marks.coverage_ms, max(1, most // max(1, series)))
    if not rows:
        return None
    return Page(rows=rows, moved=Moved(marks=replace(marks, coverage_ms=end_ms)))


def record_before(reader: LedgerReader, from_ms: int) -> int:
    """Return the record after which everything is that is dated at or after an instant; the newest where none is."""
    with reader.reading() as db:
        (first,) = db.execute("SELECT min(seq) FROM chain WHERE at_ms >= ?", (from_ms,)).fetchone()
    return reader.last_seq() if first is None else int(first) - 1


def behind(reader: LedgerReader, marks: Marks, *, fine_days: int) -> Behind:
    """Return how much is not written yet."""
    with reader.reading() as db:
        (newest,) = db.execute("SELECT coalesce(max(seq), 0) FROM chain").fetchone()
        tick_ms = reader.last_tick_ms()
        next_at = db.execute("SELECT min(at_ms) FROM chain WHERE seq > ? AND seq <= ?", (marks.seq, marks.seq + 1000))
        since_ms: int | None = next_at.fetchone()[0]
        if tick_ms is None:
            return Behind(records=newest - marks.seq, since_ms=since_ms)
        start_ms, end_ms = hour_bounds(Books(db), marks, tick_ms, fine_days)
    hours = max(0, (end_ms - start_ms) // HOUR_MS)
    if hours:
        since_ms = start_ms if since_ms is None else min(since_ms, start_ms)
    return Behind(records=newest - marks.seq, hours=hours, since_ms=since_ms)
