"""The naive oracle: asks of every single millisecond what it is. Slow, and too simple to be wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from camkeeper.availability.buckets import Buckets
from camkeeper.model.span import Span
from camkeeper.model.status import Status

WORST_FIRST = (Status.DOWN, Status.DEGRADED, Status.UP, Status.UNKNOWN)


def buckets_of(line: Iterable[str]) -> Buckets:
    """Count the names of milliseconds."""
    count = Counter(line)
    return Buckets(
        up_ms=count["up"] + count["degraded"],
        down_ms=count["down"],
        unknown_ms=count["unknown"],
        excluded_ms=count["excluded"],
        absent_ms=count["absent"],
        degraded_ms=count["degraded"],
    )


def naive_tally(
    *,
    changes: Sequence[tuple[int, Status]],
    life: Sequence[Span],
    excluded: Sequence[Span],
    period: Span,
    known_until_ms: int,
) -> Buckets:
    def name(ms: int) -> str:
        if not any(span.start_ms <= ms < span.end_ms for span in life):
            return "absent"
        if any(span.start_ms <= ms < span.end_ms for span in excluded):
            return "excluded"
        if ms >= known_until_ms:
            return "unknown"
        return next((status.value for at_ms, status in reversed(changes) if at_ms <= ms), "unknown")

    return buckets_of(name(ms) for ms in range(period.start_ms, period.end_ms))


def naive_hold(
    samples: Sequence[tuple[int, Status]], *, excluded: Sequence[Span], period: Span, hold_ms: int
) -> Buckets:
    """One device's samples, in any order."""
    said: dict[int, set[Status]] = {}
    for at_ms, status in samples:
        said.setdefault(at_ms, set()).add(status)
    instants = sorted(said)

    def name(ms: int) -> str:
        if any(span.start_ms <= ms < span.end_ms for span in excluded):
            return "excluded"
        before = [at_ms for at_ms in instants if at_ms <= ms]
        if not before or ms >= before[-1] + hold_ms:
            return "unknown"
        return next(status.value for status in WORST_FIRST if status in said[before[-1]])

    return buckets_of(name(ms) for ms in range(period.start_ms, period.end_ms))
