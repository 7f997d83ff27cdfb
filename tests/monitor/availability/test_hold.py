"""Laws of the sample engine, against the per-millisecond oracle and against the interval engine."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.availability.oracle import naive_hold

from camkeeper.availability.buckets import Buckets
from camkeeper.availability.hold import RANKS, Held, Samples, account, hold_length_ms
from camkeeper.availability.tally import Change, tally
from camkeeper.model.span import Span
from camkeeper.model.status import Status

DEVICES = 3
Row = tuple[int, int, Status]

instants = st.integers(-60, 160)
spans = st.tuples(instants, instants).map(lambda p: Span(start_ms=min(p), end_ms=max(p)))
rows = st.lists(st.tuples(st.integers(0, DEVICES - 1), instants, st.sampled_from(list(Status))), max_size=16)
holds = st.integers(1, 50)
windows = st.dictionaries(st.integers(0, DEVICES - 1), st.lists(spans, max_size=3), max_size=2)
common = st.lists(spans, max_size=2)
PERIOD = Span(start_ms=0, end_ms=100)


def columns(found: list[Row]) -> Samples:
    table = np.array([(d, at_ms, RANKS[s]) for d, at_ms, s in found], dtype=np.int64).reshape(-1, 3)
    return Samples(device=table[:, 0], at_ms=table[:, 1], rank=table[:, 2])


def held(
    found: list[Row],
    hold_ms: int,
    period: Span = PERIOD,
    excluded: dict[int, list[Span]] | None = None,
    everywhere: list[Span] | None = None,
    devices: int = DEVICES,
) -> Held:
    return account(
        columns(found),
        devices=devices,
        period=period,
        hold_ms=hold_ms,
        excluded=excluded or {},
        excluded_for_all=everywhere or [],
    )


def one(found: list[Row], hold_ms: int, period: Span = PERIOD) -> Buckets:
    return held([(0, at_ms, s) for _, at_ms, s in found], hold_ms, period, devices=1).devices[0]


@given(rows, holds, spans, windows, common)
def test_equals_the_oracle(
    found: list[Row], hold_ms: int, period: Span, excluded: dict[int, list[Span]], everywhere: list[Span]
) -> None:
    result = held(found, hold_ms, period, excluded, everywhere)
    for device, buckets in enumerate(result.devices):
        own = [(at_ms, status) for d, at_ms, status in found if d == device]
        spans_of = [*everywhere, *excluded.get(device, [])]
        assert buckets == naive_hold(own, excluded=spans_of, period=period, hold_ms=hold_ms)
        assert buckets.period_ms == period.length_ms


@given(rows, holds, st.randoms(use_true_random=False))
def test_order_and_repetition_mean_nothing(found: list[Row], hold_ms: int, chance: random.Random) -> None:
    again = found + chance.sample(found, k=len(found) // 2)
    chance.shuffle(again)
    assert held(again, hold_ms) == held(found, hold_ms)


@given(rows, holds, spans, st.lists(instants, max_size=4))
def test_additive_over_any_split(found: list[Row], hold_ms: int, period: Span, cuts: list[int]) -> None:
    edges = [period.start_ms, *sorted({cut for cut in cuts if cut in period}), period.end_ms]
    parts = [Span(start_ms=a, end_ms=b) for a, b in pairwise(edges)]
    assert sum((one(found, hold_ms, part) for part in parts), Buckets()) == one(found, hold_ms, period)


@given(rows, holds, instants, st.sampled_from(list(Status)))
def test_a_late_sample_changes_only_its_own_hold(found: list[Row], hold_ms: int, at_ms: int, status: Status) -> None:
    late = [*found, (0, at_ms, status)]
    before = Span(start_ms=-60, end_ms=at_ms)
    after = Span(start_ms=at_ms + hold_ms, end_ms=400)
    assert one(late, hold_ms, before) == one(found, hold_ms, before)
    assert one(late, hold_ms, after) == one(found, hold_ms, after)


@given(rows, holds)
def test_down_to_up_never_lowers_up(found: list[Row], hold_ms: int) -> None:
    before = one(found, hold_ms)
    for i, (device, at_ms, status) in enumerate(found):
        if status is Status.DOWN:
            raised = [*found[:i], (device, at_ms, Status.UP), *found[i + 1 :]]
            assert one(raised, hold_ms).up_ms >= before.up_ms


@given(rows, holds, st.integers(-(10**13), 10**13))
def test_shifting_time_changes_nothing(found: list[Row], hold_ms: int, by: int) -> None:
    moved = [(device, at_ms + by, status) for device, at_ms, status in found]
    period = Span(start_ms=PERIOD.start_ms + by, end_ms=PERIOD.end_ms + by)
    assert held(moved, hold_ms, period) == held(found, hold_ms)


@given(rows, holds, windows, spans)
def test_an_exclusion_never_raises_down(
    found: list[Row], hold_ms: int, excluded: dict[int, list[Span]], more: Span
) -> None:
    before = held(found, hold_ms, PERIOD, excluded).devices
    after = held(found, hold_ms, PERIOD, excluded, [more]).devices
    assert all(a.down_ms <= b.down_ms and a.up_ms <= b.up_ms for a, b in zip(after, before, strict=True))


@given(rows, holds, spans)
def test_where_samples_are_missing_it_is_neither_up_nor_down(found: list[Row], hold_ms: int, gap: Span) -> None:
    left = [row for row in found if row[1] not in gap]
    unheld = Span(start_ms=min(gap.start_ms + hold_ms, gap.end_ms), end_ms=gap.end_ms)
    assert one(left, hold_ms, unheld) == Buckets(unknown_ms=unheld.length_ms)


@given(rows, holds)
def test_at_one_instant_the_worse_status_stands(found: list[Row], hold_ms: int) -> None:
    worst: dict[tuple[int, int], Status] = {}
    rivals: dict[tuple[int, int], set[Status]] = {}
    for device, at_ms, status in found:
        rivals.setdefault((device, at_ms), set()).add(status)
        known = worst.get((device, at_ms), Status.UNKNOWN)
        worst[device, at_ms] = max(known, status, key=RANKS.__getitem__)
    result = held(found, hold_ms)
    assert result.devices == held([(d, at_ms, s) for (d, at_ms), s in worst.items()], hold_ms).devices
    touching = [at_ms for (_, at_ms), said in rivals.items() if len(said) > 1 and -hold_ms < at_ms < PERIOD.end_ms]
    assert result.conflicts == len(touching)


def changes_of(found: list[Row], hold_ms: int) -> list[Change]:
    """Samples as the changes that they amount to."""
    worst: dict[int, Status] = {}
    for _, at_ms, status in found:
        worst[at_ms] = max(worst.get(at_ms, Status.UNKNOWN), status, key=RANKS.__getitem__)
    out: list[Change] = []
    for at_ms in sorted(worst):
        if out and out[-1][0] > at_ms:
            out.pop()
        out += [(at_ms, worst[at_ms]), (at_ms + hold_ms, Status.UNKNOWN)]
    return out


@given(rows, holds, spans, common)
def test_sample_engine_and_interval_engine_agree(
    found: list[Row], hold_ms: int, period: Span, excluded: list[Span]
) -> None:
    own = [row for row in found if row[0] == 0]
    by_tally = tally(
        changes=changes_of(own, hold_ms),
        life=[Span(start_ms=-1000, end_ms=1000)],
        excluded=excluded,
        period=period,
        known_until_ms=1000,
    )
    assert held(own, hold_ms, period, everywhere=excluded, devices=1).devices[0] == by_tally


def test_a_hold_too_long_to_pack_gives_the_same() -> None:
    chance = random.Random(1)
    found: list[Row] = [
        (chance.randrange(300), chance.randrange(-50, 150), chance.choice(list(Status))) for _ in range(3000)
    ]
    assert held(found, 1 << 52, devices=300) == held(found, 10_000, devices=300)
    assert held(found, 1 << 70, devices=300) == held(found, 10_000, devices=300)


def test_no_samples_at_all() -> None:
    assert (
        held([], 10, everywhere=[Span(start_ms=10, end_ms=20)]).devices
        == (Buckets(unknown_ms=90, excluded_ms=10),) * DEVICES
    )


@pytest.mark.parametrize(
    ("interval_ms", "grace", "expected"),
    [(60_000, "2.5", 150_000), (1003, "2.5", 2507), (1, "1", 1), (500, "2.4999", 1249)],
)
def test_the_hold_is_cut_to_whole_milliseconds(interval_ms: int, grace: str, expected: int) -> None:
    assert hold_length_ms(interval_ms, Fraction(grace)) == expected


def test_a_hold_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="less than 1 ms"):
        hold_length_ms(1, Fraction("0.5"))
