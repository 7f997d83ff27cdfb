"""Anybody's samples into buckets, for millions of rows: the engine of `camkeeper account`.

A sample holds from its instant until the next one of its device or for `hold_ms`, whichever is first. Everything else
in the period is unknown. At one instant down wins over degraded over up over unknown: of two who disagree the one who
saw the fault is believed, and the order of rows means nothing. Excluded time wins over every status.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from camkeeper.availability.buckets import Buckets
from camkeeper.model.span import Span, clipped, merged
from camkeeper.model.status import Status

Integers = NDArray[np.int64]

RANKS: dict[Status, int] = {Status.UNKNOWN: 0, Status.UP: 1, Status.DEGRADED: 2, Status.DOWN: 3}
"""The greatest rank at one instant stands."""
_RANK_BITS = 2
_FIELD_MAX = (1 << _RANK_BITS) - 1
_KEY_MAX = 1 << 62
_LONGEST_HOLD_MS = 1 << 52


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Columns of equal length, in any order. `device` counts from 0."""

    device: Integers
    at_ms: Integers
    rank: Integers
    """As in `RANKS`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What samples amount to."""

    devices: tuple[Buckets, ...]
    conflicts: int
    """Instants at which one device was told to be two things at once."""


def hold_length_ms(interval_ms: Fraction | int, grace: Fraction) -> int:
    """Return interval x grace in whole milliseconds, rounded down: knowledge is never claimed for longer than agreed.

    ValueError where less than a millisecond is left.
    """
    hold_ms = int(interval_ms * grace // 1)
    if hold_ms < 1:
        raise ValueError(f"a sample would hold less than 1 ms: {interval_ms} ms x {grace}")
    return hold_ms


def account(
    samples: Samples,
    *,
    devices: int,
    period: Span,
    hold_ms: int,
    excluded: Mapping[int, Sequence[Span]],
    excluded_for_all: Sequence[Span] = (),
) -> Held:
    """Return the buckets of devices 0 to `devices` - 1 over `period`.

    `excluded` has spans of single devices. Samples tell nothing of a device's life, so absent is always 0.
    """
    hold_ms = min(hold_ms, _LONGEST_HOLD_MS)
    device, at_ms, rank, conflicts = _winners(samples, period, hold_ms)
    start_ms, end_ms = _held_spans(device, at_ms, period, hold_ms)
    common = merged(clipped(excluded_for_all, period))
    length_ms = (end_ms - start_ms) - (_passed(end_ms, common) - _passed(start_ms, common))
    excluded_ms = [sum(span.length_ms for span in common)] * devices
    for number, spans in excluded.items():
        own = merged([*common, *clipped(spans, period)])
        first, last = np.searchsorted(device, [number, number + 1])
        start, end = start_ms[first:last], end_ms[first:last]
        length_ms[first:last] = (end - start) - (_passed(end, own) - _passed(start, own))
        excluded_ms[number] = sum(span.length_ms for span in own)
    sums = _sums(device * (_FIELD_MAX + 1) + rank, length_ms, devices * (_FIELD_MAX + 1))
    return Held(
        devices=tuple(
            _buckets(sums[n * (_FIELD_MAX + 1) : (n + 1) * (_FIELD_MAX + 1)], period.length_ms, excluded_ms[n])
            for n in range(devices)
        ),
        conflicts=conflicts,
    )


def _buckets(by_rank: list[int], period_ms: int, excluded_ms: int) -> Buckets:
    up_ms, degraded_ms, down_ms = by_rank[1], by_rank[2], by_rank[3]
    return Buckets(
        up_ms=up_ms + degraded_ms,
        down_ms=down_ms,
        unknown_ms=period_ms - excluded_ms - up_ms - degraded_ms - down_ms,
        excluded_ms=excluded_ms,
        degraded_ms=degraded_ms,
    )


def _winners(samples: Samples, period: Span, hold_ms: int) -> tuple[Integers, Integers, Integers, int]:
    """Return device, instant and rank of the samples that matter, sorted, one an instant; and how many had rivals.

    A sample from the period's end on, or one whose hold ends before the period, can neither hold in it nor cut short
    one that does.
    """
    matters = (samples.at_ms < period.end_ms) & (samples.at_ms > period.start_ms - hold_ms)
    base_ms = period.start_ms - hold_ms
    device, rank = samples.device[matters], samples.rank[matters]
    offset = samples.at_ms[matters] - base_ms
    width = period.end_ms - base_ms
    if not len(device):
        return device, offset, rank, 0
    if (int(device.max()) + 1) * width <= _KEY_MAX >> _RANK_BITS:
        # One plain sort of packed integers is several times faster than a sort by three columns.
        key = (device * width + offset) << _RANK_BITS | rank
        key.sort()
        moment, rank = key >> _RANK_BITS, key & _FIELD_MAX
        device, offset = np.divmod(moment, width)
    else:
        order = np.lexsort((rank, offset, device))
        device, offset, rank = device[order], offset[order], rank[order]
    same = (device[1:] == device[:-1]) & (offset[1:] == offset[:-1])
    conflicts = same & (rank[1:] != rank[:-1])
    last = np.append(~same, True)
    # Three rivals at one instant are one conflict: count groups, not pairs.
    group = np.cumsum(np.append(True, ~same))[1:]
    return device[last], offset[last] + base_ms, rank[last], len(np.unique(group[conflicts]))


def _held_spans(device: Integers, at_ms: Integers, period: Span, hold_ms: int) -> tuple[Integers, Integers]:
    """Return start and end of what each sample holds inside the period; empty spans have start == end."""
    end_ms = at_ms + hold_ms
    if len(at_ms) > 1:
        followed = device[1:] == device[:-1]
        end_ms[:-1] = np.where(followed, np.minimum(end_ms[:-1], at_ms[1:]), end_ms[:-1])
    start_ms = np.maximum(at_ms, period.start_ms)
    return start_ms, np.maximum(start_ms, np.minimum(end_ms, period.end_ms))


def _passed(at_ms: Integers, spans: Sequence[Span]) -> Integers:
    """Return how many milliseconds of `spans` (sorted, disjoint) lie before each instant."""
    if not spans or not len(at_ms):
        return np.zeros(len(at_ms), dtype=np.int64)
    starts = np.array([span.start_ms for span in spans], dtype=np.int64)
    lengths = np.array([span.length_ms for span in spans], dtype=np.int64)
    before = np.concatenate(([0], np.cumsum(lengths)))
    index = np.searchsorted(starts, at_ms, side="right") - 1
    inside = np.minimum(at_ms - starts[index], lengths[index])
    return np.where(index < 0, 0, before[np.maximum(index, 0)] + inside)


def _sums(group: Integers, length_ms: Integers, groups: int) -> list[int]:
    """Add lengths by group, in integers (a weighted bincount would add in floating point)."""
    out = np.zeros(groups, dtype=np.int64)
    np.add.at(out, group, length_ms)
    return out.tolist()
