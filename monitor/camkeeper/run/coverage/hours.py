"""Coverage over time from the ledger: stored hours where there are any, the rest straight from the intervals."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from camkeeper.availability.days import day_span, local_date, month_of, month_span
from camkeeper.cover.board import Hours
from camkeeper.cover.hours import HOUR_MS, Histories, Slots, Total, hours_cover, over, slot_edges, totals
from camkeeper.cover.panel import Panel
from camkeeper.cover.sight import State, state_of
from camkeeper.cover.township import TownshipCover
from camkeeper.ledger import LedgerReader
from camkeeper.ledger.coverage import CoverageHour, CoverageSeries, KeptHours, SeriesKey
from camkeeper.model.span import Span
from camkeeper.model.status import Reason, Status
from camkeeper.standing.coverage import HoursCover

SETTLE_MS = 600_000
"""An hour is kept when it is over this long: a failure is confirmed a few minutes after it began, and is back-dated."""
KEEP_MS = 40 * 86_400_000
"""How far back hours are filled: the last month, whatever its length."""
ROWS_AT_ONCE = 20_000
"""Hours of series in one transaction: samples wait a tenth of a second."""
_METHOD = b"hours/1"
"""Changes when the same inputs give other hours: what is stored is then computed again."""


def states_now(reader: LedgerReader) -> dict[str, State]:
    """Return what every device in service does, as of the last tick."""
    return {device_id: state_of(change.new, change.reason) for device_id, change in reader.newest().items()}


def states_at(reader: LedgerReader, at_ms: int) -> dict[str, State]:
    """Return what every device did at an instant; whoever nothing is known of is left out."""
    moment = Span(start_ms=at_ms, end_ms=at_ms + 1)
    return {told.device_id: state_of(told.status, told.reason) for told in reader.told_intervals(moment)}


def histories(reader: LedgerReader, period: Span) -> Histories:
    """Return what every device did within the period; what nobody knows is left out."""
    out: dict[str, list[tuple[int, int, State]]] = {}
    states: dict[tuple[Status, Reason | None], State] = {}
    for device_id, start_ms, end_ms, status, reason in reader.told_rows(period):
        state = states.get((status, reason))
        if state is None:
            state = states[status, reason] = state_of(status, reason)
        out.setdefault(device_id, []).append((start_ms, end_ms, state))
    return out


def series_of(panels: Sequence[Panel]) -> list[CoverageSeries]:
    """Return every figure that is kept by the hour: the rows of each panel in turn, by day, then by night."""
    return [
        CoverageSeries(
            site_id=row.site_id,
            layer=row.layer,
            unit=row.unit,
            night=panel.night,
            total=total,
            design=design,
            basis=hashlib.sha256(_METHOD + row.inputs).digest(),
        )
        for panel in panels
        for row, total, design in zip(
            panel.rows,
            panel.row_sums(panel.totals).tolist(),
            panel.row_sums(panel.design).tolist(),
            strict=True,
        )
    ]


def day_and_month(path: Path, cover: TownshipCover, *, at_ms: int, tz: str) -> Hours:
    """Return today's and this month's hours of every site up to an instant. Opens the ledger, in any thread."""
    today, month = day_span(local_date(at_ms, tz), tz), month_span(month_of(at_ms, tz), tz)
    with LedgerReader(path) as reader, reader.reading():
        return hours_within(reader, cover, passed(reader, today, at_ms), passed(reader, month, at_ms))


def hours_within(reader: LedgerReader, cover: TownshipCover, today: Span, month: Span) -> Hours:
    """Return the hours of two periods, by site and by night."""
    known_ms = reader.last_tick_ms() or month.start_ms
    out = {}
    ofs = {period: _totals(reader, cover.panels, period) for period in {today, month}}
    for panel in cover.panels:
        days, months = (
            hours_cover(panel, ofs[period][panel.night], period=period, known_until_ms=min(known_ms, period.end_ms))
            for period in (today, month)
        )
        out.update({(site_id, panel.night): (days[site_id], months[site_id]) for site_id in panel.rows_of_site})
    return out


def hours_of(reader: LedgerReader, panel: Panel, period: Span) -> Mapping[str, tuple[HoursCover, ...]]:
    """Return one panel's hours of a period, by site: a report asks for nothing else, and a county's night is seconds.

    Each in the order of the site's rows.
    """
    until_ms = min(reader.last_tick_ms() or period.start_ms, period.end_ms)
    return hours_cover(panel, _totals(reader, (panel,), period)[0], period=period, known_until_ms=until_ms)


def passed(reader: LedgerReader, whole: Span, at_ms: int) -> Span:
    """Return what of a period counts: from the first enrolment ever to an instant. Before, nobody had been asked."""
    first_ms = min((life.start_ms for life in reader.lives()), default=whole.end_ms)
    start_ms = min(max(whole.start_ms, first_ms), whole.end_ms)
    return Span(start_ms=start_ms, end_ms=max(start_ms, min(whole.end_ms, at_ms)))


def _totals(reader: LedgerReader, panels: Sequence[Panel], period: Span) -> list[list[Total]]:
    """Return every row of each panel over the period."""
    if not period.length_ms:
        return [[Total() for _ in panel.rows] for panel in panels]
    stored = _stored(reader, panels, period)
    if stored is None:
        return _direct(reader, panels, period)
    span, out = stored
    for rest in (
        Span(start_ms=period.start_ms, end_ms=span.start_ms),
        Span(start_ms=span.end_ms, end_ms=period.end_ms),
    ):
        if rest.length_ms:
            more = _direct(reader, panels, rest)
            out = [[a + b for a, b in zip(*pair, strict=True)] for pair in zip(out, more, strict=True)]
    return out


def _direct(reader: LedgerReader, panels: Sequence[Panel], period: Span) -> list[list[Total]]:
    known, edges = histories(reader, period), slot_edges(period)
    return [totals(over(panel, known, edges)) for panel in panels]


def _stored(reader: LedgerReader, panels: Sequence[Panel], period: Span) -> tuple[Span, list[list[Total]]] | None:
    """Return the hours within the period that are stored of every row alike, without a gap; None where any lacks."""
    found = reader.coverage_stored(period)
    series = series_of(panels)
    have = [found.get(one.key) for one in series]
    if not have or have[0] is None:
        return None
    first_ms, end_ms = have[0].first_ms, have[0].end_ms
    rows = []
    for one, hours in zip(series, have, strict=True):
        if hours is None or not _whole(hours, one.basis, first_ms) or hours.end_ms != end_ms:
            return None
        rows.append(
            Total(
                known_ms=end_ms - first_ms,
                lower=hours.lower,
                upper=hours.upper,
                worst=hours.worst,
                worst_ms=hours.worst_ms,
            )
        )
    left = iter(rows)
    return Span(start_ms=first_ms, end_ms=end_ms), [list(islice(left, len(panel.rows))) for panel in panels]


def _whole(hours: KeptHours, basis: bytes, first_ms: int) -> bool:
    return (
        hours.basis == basis and hours.first_ms == first_ms and hours.hours * HOUR_MS == hours.end_ms - hours.first_ms
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """Hours to keep, and the record that they were computed from."""

    series: Sequence[CoverageSeries]
    hours: Sequence[CoverageHour]
    seen_seq: int


def next_fill(path: Path, cover: TownshipCover) -> Fill | None:
    """Compute the earliest finished hours that want keeping, some at a time; None where all are kept.

    Opens the ledger, in any thread.
    """
    series = series_of(cover.panels)
    with LedgerReader(path) as reader, reader.reading():
        wanted = _wanted(reader)
        start_ms = None if wanted is None else _missing_from(reader.coverage_kept(wanted), series, wanted)
        if wanted is None or start_ms is None or not series:
            return None
        hours = max(1, ROWS_AT_ONCE // len(series))
        period = Span(start_ms=start_ms, end_ms=min(wanted.end_ms, start_ms + hours * HOUR_MS))
        seen_seq, known = reader.last_seq(), histories(reader, period)
    edges = slot_edges(period)
    rows: list[CoverageHour] = []
    for panel in cover.panels:
        rows += _rows(over(panel, known, edges), first=len(cover.panels[0].rows) if panel.night else 0)
    return Fill(series=series, hours=rows, seen_seq=seen_seq)


def _wanted(reader: LedgerReader) -> Span | None:
    """Return the finished hours that are to be kept, None where there are none yet."""
    tick_ms, lives = reader.last_tick_ms(), reader.lives()
    if tick_ms is None or not lives:
        return None
    begin_ms = max(min(life.start_ms for life in lives), tick_ms - KEEP_MS)
    start_ms, end_ms = begin_ms // HOUR_MS * HOUR_MS, (tick_ms - SETTLE_MS) // HOUR_MS * HOUR_MS
    return Span(start_ms=start_ms, end_ms=end_ms) if start_ms < end_ms else None


def _missing_from(stored: dict[SeriesKey, KeptHours], series: Sequence[CoverageSeries], wanted: Span) -> int | None:
    """Return the first hour that some series lacks; None where none does."""
    out = wanted.end_ms
    for one in series:
        hours = stored.get(one.key)
        whole = hours is not None and _whole(hours, one.basis, wanted.start_ms)
        out = min(out, hours.end_ms if hours is not None and whole else wanted.start_ms)
    return out if out < wanted.end_ms else None


def _rows(slots: Slots, *, first: int) -> Iterator[CoverageHour]:
    starts = slots.edges_ms[:-1].tolist()
    columns = zip(slots.lower.T, slots.upper.T, slots.worst.T, slots.worst_ms.T, strict=True)
    for n, (lower, upper, worst, worst_ms) in enumerate(columns):
        for start_ms, low, high, least, least_ms in zip(
            starts, lower.tolist(), upper.tolist(), worst.tolist(), worst_ms.tolist(), strict=True
        ):
            yield CoverageHour(
                series=first + n, start_ms=start_ms, lower=low, upper=high, worst=least, worst_ms=least_ms
            )
