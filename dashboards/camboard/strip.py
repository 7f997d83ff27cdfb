"""A device's last 24 hours as a few SVG paths. Pure.

288 columns of five minutes. A column shows the worst that happened in it, so that a short outage never drops out of
sight; height tells the states apart where colour can't: down is full height, up a low band, unknown a thin middle line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from camkeeper.model.span import Span
from camkeeper.model.status import Status
from camkeeper.standing.past import CELL_MS, CELLS
from camkeeper.standing.view import StripSegment

COLUMNS = 288
HEIGHT = 20
DAY_MS = 86_400_000

_WORST = (Status.DOWN, Status.UNKNOWN, Status.DEGRADED, Status.UP)
_RANK = {status: rank for rank, status in enumerate(_WORST)}
_NOT_THERE = len(_WORST)
_RANK_BY_CODE = {status.code: rank for status, rank in _RANK.items()}
_RANK_OF_BYTE = bytes([_NOT_THERE, *(_RANK_BY_CODE.get(code, _RANK[Status.UNKNOWN]) for code in range(1, 256))])
"""What a stored cell shows; 0: not in service."""
_TOP_AND_HEIGHT = {Status.DOWN: (0, 20), Status.UNKNOWN: (8, 5), Status.DEGRADED: (5, 15), Status.UP: (11, 9)}


@dataclass(frozen=True, slots=True, kw_only=True)
class StripFacts:
    """The same in figures, for those who can't see it. Milliseconds inside the day."""

    down_ms: int
    down_times: int
    unknown_ms: int


def columns(segments: Iterable[StripSegment], end_ms: int) -> list[Status | None]:
    """Return the worst status of each five minutes of the day that ends at `end_ms`; None: not in service."""
    start_ms = end_ms - DAY_MS
    ranks = [_NOT_THERE] * COLUMNS
    for segment in segments:
        begin_ms = max(segment.span.start_ms - start_ms, 0)
        stop_ms = min(segment.span.end_ms - start_ms, DAY_MS)
        if segment.status is None or stop_ms <= begin_ms:
            continue
        rank = _RANK[segment.status]
        for column in range(begin_ms * COLUMNS // DAY_MS, (stop_ms - 1) * COLUMNS // DAY_MS + 1):
            ranks[column] = min(ranks[column], rank)
    return [_WORST[rank] if rank < _NOT_THERE else None for rank in ranks]


def runs(cells: Iterable[Status | None]) -> Iterator[tuple[Status | None, int, int]]:
    """Yield (status, first column, number of columns) for each stretch of one status."""
    first = 0
    for status, cells_of_run in groupby(cells):
        width = len(list(cells_of_run))
        yield status, first, width
        first += width


def paths(segments: Iterable[StripSegment], end_ms: int) -> Mapping[Status, str]:
    """Return one SVG path per status that occurs, in a box of 288 by 20."""
    return drawn(columns(segments, end_ms))


def drawn(cells: Iterable[Status | None]) -> Mapping[Status, str]:
    """Return one SVG path per status that occurs, in a box of as many columns by 20."""
    out: dict[Status, list[str]] = {}
    for status, first, width in runs(cells):
        if status is not None:
            top, height = _TOP_AND_HEIGHT[status]
            out.setdefault(status, []).append(f"M{first} {top}h{width}v{height}h-{width}z")
    return {status: "".join(parts) for status, parts in out.items()}


def facts(segments: Iterable[StripSegment], end_ms: int) -> StripFacts:
    """Return how long it was down and unknown in the day that ends at `end_ms`, and how often down."""
    day = Span(start_ms=end_ms - DAY_MS, end_ms=end_ms)
    down_ms = down_times = unknown_ms = 0
    before: Status | None = None
    for segment in segments:
        part = segment.span.clip(day)
        if part is None:
            continue
        if segment.status is Status.DOWN:
            down_ms += part.length_ms
            down_times += before is not Status.DOWN
        elif segment.status is Status.UNKNOWN:
            unknown_ms += part.length_ms
        before = segment.status
    return StripFacts(down_ms=down_ms, down_times=down_times, unknown_ms=unknown_ms)


def month_cells(stored: bytes, first_cell: int, segments: Iterable[StripSegment], end_ms: int) -> list[Status | None]:
    """Return the worst status of each four hours of the thirty days that end now; None: not in service.

    `stored` was read a while ago: the last day comes from `segments`, and what both know shows the worse of the two.
    """
    last = end_ms // CELL_MS
    shift = last - CELLS + 1 - first_cell
    known = bytes(max(0, -shift)) + stored[max(0, shift) : max(0, shift + CELLS)]
    ranks = bytearray(known[:CELLS].ljust(CELLS, b"\0").translate(_RANK_OF_BYTE))
    for segment in segments:
        if segment.status is None or segment.span.length_ms == 0:
            continue
        first = segment.span.start_ms // CELL_MS - (last - CELLS + 1)
        stop = (segment.span.end_ms - 1) // CELL_MS - (last - CELLS + 1) + 1
        for n in range(max(0, first), min(CELLS, stop)):
            ranks[n] = min(ranks[n], _RANK[segment.status])
    return [_WORST[rank] if rank < _NOT_THERE else None for rank in ranks]
