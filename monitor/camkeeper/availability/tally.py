"""Changes of status into buckets. This is the interval engine: the ledger's derived tables must give the same integers.

What wins, for every millisecond of the period:

1. outside the device's life: absent (not in service). A window agreed for a device that does not exist excuses nothing;
2. inside an excluded span: excluded, whatever the status;
3. from `known_until_ms` on, and before the first change: unknown;
4. else the status of the newest change; of several at one instant the last in the sequence stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from camkeeper.availability.buckets import Buckets
from camkeeper.model.span import Span, clipped, merged
from camkeeper.model.status import Status

Change = tuple[int, Status]
"""(instant in UTC milliseconds, the status from then on)."""


def tally(
    *,
    changes: Sequence[Change],
    life: Sequence[Span],
    excluded: Sequence[Span],
    period: Span,
    known_until_ms: int,
) -> Buckets:
    """Return the five buckets of one device; they sum to the period exactly.

    `changes` are sorted by instant (ValueError otherwise); `life` and `excluded` may overlap and come in any order.
    """
    lived = merged(clipped(life, period))
    counted = subtracted(lived, merged(clipped(excluded, period)))
    lived_ms, counted_ms = _length(lived), _length(counted)
    sums = dict.fromkeys(Status, 0)
    segments = _segments(changes, period, known_until_ms)
    segment = next(segments, None)
    for span in counted:
        while segment is not None:
            start_ms, end_ms, status = segment
            if end_ms > span.start_ms:
                sums[status] += max(0, min(end_ms, span.end_ms) - max(start_ms, span.start_ms))
            if end_ms > span.end_ms:
                break
            segment = next(segments, None)
    for _ in segments:  # the rest too is checked for its order
        pass
    return Buckets(
        up_ms=sums[Status.UP] + sums[Status.DEGRADED],
        down_ms=sums[Status.DOWN],
        unknown_ms=sums[Status.UNKNOWN],
        excluded_ms=lived_ms - counted_ms,
        absent_ms=period.length_ms - lived_ms,
        degraded_ms=sums[Status.DEGRADED],
    )


def status_at(
    at_ms: int,
    *,
    changes: Sequence[Change],
    life: Sequence[Span],
    excluded: Sequence[Span],
    known_until_ms: int,
) -> Status | None:
    """Return the status that `tally` counts at one instant; None where it does not count (absent or excluded)."""
    if not any(at_ms in span for span in life) or any(at_ms in span for span in excluded):
        return None
    if at_ms >= known_until_ms:
        return Status.UNKNOWN
    found = Status.UNKNOWN
    for instant, status in changes:
        if instant > at_ms:
            break
        found = status
    return found


def subtracted(spans: Sequence[Span], holes: Sequence[Span]) -> tuple[Span, ...]:
    """Return `spans` without `holes`; both as `merged` gives them."""
    out: list[Span] = []
    first = 0
    for span in spans:
        start_ms = span.start_ms
        while first < len(holes) and holes[first].end_ms <= start_ms:
            first += 1
        for hole in holes[first:]:
            if hole.start_ms >= span.end_ms:
                break
            if hole.start_ms > start_ms:
                out.append(Span(start_ms=start_ms, end_ms=hole.start_ms))
            start_ms = hole.end_ms
        if start_ms < span.end_ms:
            out.append(Span(start_ms=start_ms, end_ms=span.end_ms))
    return tuple(out)


def _segments(changes: Sequence[Change], period: Span, known_until_ms: int) -> Iterator[tuple[int, int, Status]]:
    """Yield (start, end, status) without gaps over the period, in order."""
    known_ms = min(max(known_until_ms, period.start_ms), period.end_ms)
    if not changes:
        yield period.start_ms, period.end_ms, Status.UNKNOWN
        return
    if changes[0][0] > period.start_ms:
        yield period.start_ms, min(changes[0][0], known_ms), Status.UNKNOWN
    ends = [at_ms for at_ms, _ in changes[1:]] + [max(known_ms, changes[-1][0])]
    for (at_ms, status), next_ms in zip(changes, ends, strict=True):
        if next_ms < at_ms:
            raise ValueError(f"changes out of order: {next_ms} after {at_ms}")
        start_ms, end_ms = max(at_ms, period.start_ms), min(next_ms, known_ms)
        if start_ms < end_ms:
            yield start_ms, end_ms, status
    if known_ms < period.end_ms:
        yield known_ms, period.end_ms, Status.UNKNOWN


def _length(spans: Sequence[Span]) -> int:
    return sum(span.length_ms for span in spans)
