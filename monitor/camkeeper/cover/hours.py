"""Coverage over time: every row of a panel, slot by slot, from the histories of its cameras.

Amounts times milliseconds are whole numbers, so that hours add up to their day and month without a remainder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from camcover.overtime import Series, Steps
from camkeeper.cover.panel import Milli, Panel, Row, milli
from camkeeper.cover.sight import State
from camkeeper.model.span import Span
from camkeeper.standing.coverage import HoursCover

HOUR_MS = 3_600_000
Histories = Mapping[str, Sequence[tuple[int, int, State]]]
"""Camera id -> (start ms, end ms, state), disjoint and in order. What is not covered is unknown."""
_LATE = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Slots:
    """`h` slots of time under `r` rows."""

    edges_ms: NDArray[np.int64]
    """(h + 1,) ascending."""
    lower: Milli
    upper: Milli
    """(h, r) thousandths times milliseconds."""
    worst: Milli
    """(h, r) the smallest upper amount within the slot, in thousandths."""
    worst_ms: NDArray[np.int64]
    """(h, r) the first instant of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """One row over some time, summed: whole numbers of any size."""

    known_ms: int = 0
    """Length of the time summed."""
    lower: int = 0
    upper: int = 0
    worst: int | None = None
    worst_ms: int | None = None

    def __add__(self, other: Total) -> Total:
        pairs = [(t.worst, t.worst_ms) for t in (self, other) if t.worst is not None and t.worst_ms is not None]
        worst, worst_ms = min(pairs, default=(None, None))
        return Total(
            known_ms=self.known_ms + other.known_ms,
            lower=self.lower + other.lower,
            upper=self.upper + other.upper,
            worst=worst,
            worst_ms=worst_ms,
        )


@dataclass(frozen=True, slots=True)
class _Course:
    """One part's course: at `begins_ms[k]` its columns change to `lower[k]`, `upper[k]`."""

    begins_ms: NDArray[np.int64]
    lower: Milli
    upper: Milli


def slot_edges(period: Span) -> NDArray[np.int64]:
    """Return the edges of a period cut at full hours, UTC."""
    first = -(-period.start_ms // HOUR_MS) * HOUR_MS
    inner = np.arange(first, period.end_ms, HOUR_MS, dtype=np.int64)
    return np.unique(np.concatenate([inner, np.array([period.start_ms, period.end_ms], dtype=np.int64)]))


def over(panel: Panel, histories: Histories, edges_ms: NDArray[np.int64]) -> Slots:
    """Return all rows over the slots between `edges_ms` (h + 1,), ascending, h > 0."""
    parts = [_course(panel, n, histories, edges_ms) for n in range(len(panel.parts))]
    shape = (len(edges_ms) - 1, len(panel.totals))
    lower, upper = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for part, course in zip(panel.parts, parts, strict=True):
        lower[:, part.columns], upper[:, part.columns] = _integrals(course, edges_ms)
    worst = np.zeros((shape[0], len(panel.rows)), dtype=np.int64)
    worst_ms = np.zeros_like(worst)
    for n, row in enumerate(panel.rows):
        worst[:, n], worst_ms[:, n] = _worst(*_row_course(panel, row, parts), edges_ms)
    return Slots(
        edges_ms=edges_ms, lower=panel.row_sums(lower), upper=panel.row_sums(upper), worst=worst, worst_ms=worst_ms
    )


def _course(panel: Panel, n: int, histories: Histories, edges_ms: NDArray[np.int64]) -> _Course:
    overlay = panel.parts[n].overlay
    steps = Steps.of(
        {i: histories.get(i, ()) for i in overlay.camera_ids}, overlay.camera_ids, int(edges_ms[0]), int(edges_ms[-1])
    )
    series = Series.of(overlay, steps)
    return _Course(begins_ms=series.edges_ms[:-1], lower=milli(series.lower), upper=milli(series.upper))


def _integrals(course: _Course, edges_ms: NDArray[np.int64]) -> tuple[Milli, Milli]:
    """Return (h, p) integrals. Summed slot by slot: 100 km2 for an hour are 4e17, a month of them would overflow."""
    cuts, at, first = _cut(course.begins_ms, edges_ms)
    length = np.diff(cuts, append=edges_ms[-1])[:, np.newaxis]
    lower = np.add.reduceat(course.lower[at] * length, first, axis=0)
    return lower, np.add.reduceat(course.upper[at] * length, first, axis=0)


def _cut(
    begins_ms: NDArray[np.int64], edges_ms: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.intp], NDArray[np.intp]]:
    """Cut a course at the slots' edges: begin of each piece, which step it is of, and the first piece of each slot."""
    cuts = np.sort(np.concatenate([begins_ms, edges_ms[:-1]]))
    cuts = cuts[np.append(True, cuts[1:] != cuts[:-1])]
    at = np.searchsorted(begins_ms, cuts, side="right") - 1
    return cuts, at, np.searchsorted(cuts, edges_ms[:-1])


def _row_course(panel: Panel, row: Row, parts: Sequence[_Course]) -> tuple[NDArray[np.int64], Milli]:
    """Return when a row changes, and to what upper amount."""
    of = panel.part_of_column[row.columns]
    among = [(parts[n], row.columns[of == n] - panel.parts[n].columns.start) for n in np.unique(of).tolist()]
    if len(among) == 1:
        course, columns = among[0]
        return course.begins_ms, course.upper[:, columns].sum(axis=1)
    values = [course.upper[:, columns].sum(axis=1) for course, columns in among]
    begins = np.concatenate([course.begins_ms for course, _ in among])
    order = np.argsort(begins, kind="stable")
    begins = begins[order]
    sums = np.concatenate([np.diff(value, prepend=0) for value in values])[order].cumsum()
    last = np.append(begins[1:] != begins[:-1], True)  # of those that change at one instant
    return begins[last], sums[last]


def _worst(begins_ms: NDArray[np.int64], upper: Milli, edges_ms: NDArray[np.int64]) -> tuple[Milli, NDArray[np.int64]]:
    cuts, at, first = _cut(begins_ms, edges_ms)
    values = upper[at]
    worst = np.minimum.reduceat(values, first)
    per_slot = np.diff(first, append=len(cuts))
    lowest = np.where(values == np.repeat(worst, per_slot), cuts, _LATE)
    return worst, np.minimum.reduceat(lowest, first)


def totals(slots: Slots) -> list[Total]:
    """Return each row over all slots together."""
    out = []
    length = int(slots.edges_ms[-1] - slots.edges_ms[0])
    for r in range(slots.lower.shape[1]):
        at = int(np.argmin(slots.worst[:, r]))
        out.append(
            Total(
                known_ms=length,
                lower=sum(slots.lower[:, r].tolist()),
                upper=sum(slots.upper[:, r].tolist()),
                worst=int(slots.worst[at, r]),
                worst_ms=int(slots.worst_ms[at, r]),
            )
        )
    return out


def hours_cover(
    panel: Panel, found: Sequence[Total], *, period: Span, known_until_ms: int
) -> dict[str, tuple[HoursCover, ...]]:
    """Return each site's hours, one for each of its rows, in the rows' order. `found`: (rows,)."""
    out: dict[str, list[HoursCover]] = {}
    designs, seeable = panel.row_sums(panel.design), panel.row_sums(panel.totals)
    for row, total, design, whole in zip(panel.rows, found, designs.tolist(), seeable.tolist(), strict=True):
        measured = bool(total.known_ms and whole)
        span = total.known_ms * whole
        lower, upper = (total.lower / span, total.upper / span) if measured else (None, None)
        out.setdefault(row.site_id, []).append(
            HoursCover(
                layer=row.layer,
                period=period,
                known_until_ms=known_until_ms,
                lower=lower,
                upper=upper,
                design=design / whole if measured else None,
                lower_hours=(lower or 0.0) * total.known_ms / HOUR_MS,
                upper_hours=(upper or 0.0) * total.known_ms / HOUR_MS,
                worst=total.worst / whole if measured and total.worst is not None else None,
                worst_ms=total.worst_ms if measured else None,
            )
        )
    return {site_id: tuple(rows) for site_id, rows in out.items()}
