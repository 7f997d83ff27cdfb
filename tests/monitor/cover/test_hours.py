"""Laws of coverage over time: whole numbers that add up, between the worst moment and the design."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.cover.towns import HOUSES, camera, some_histories, township, townships

from camkeeper.cover.hours import HOUR_MS, Total, hours_cover, over, slot_edges, totals
from camkeeper.cover.live import Live
from camkeeper.cover.sight import State
from camkeeper.cover.township import TownshipCover
from camkeeper.model.span import Span

CASES = settings(max_examples=40, deadline=None)
START_MS = 1_795_276_800_000 + 1_234_567
PERIOD = Span(start_ms=START_MS, end_ms=START_MS + 5 * HOUR_MS + 99)


def state_at(spells: list[tuple[int, int, State]], at_ms: int) -> State:
    return next((state for a, b, state in spells if a <= at_ms < b), State.UNKNOWN)


@CASES
@given(st.data())
def test_hours_are_what_a_look_at_every_change_adds_up_to(data: st.DataObject) -> None:
    registry = data.draw(townships(most=4))
    cover = TownshipCover.build(registry, HOUSES)
    told = data.draw(some_histories(registry, PERIOD.start_ms - 1000, PERIOD.end_ms + 1000))
    panel = cover.panels[data.draw(st.booleans())]
    found = totals(over(panel, told, slot_edges(PERIOD)))
    inside = {at for spells in told.values() for a, b, _ in spells for at in (a, b) if at in PERIOD}
    edges = sorted({PERIOD.start_ms, PERIOD.end_ms, *inside})
    sums = [Total() for _ in panel.rows]
    for start_ms, end_ms in pairwise(edges):
        live = Live(panel)
        live.update({i: state_at(spells, start_ms) for i, spells in told.items()})
        lower, upper = panel.row_sums(live.lower).tolist(), panel.row_sums(live.upper).tolist()
        step = end_ms - start_ms
        sums = [
            one + Total(known_ms=step, lower=low * step, upper=high * step, worst=high, worst_ms=start_ms)
            for one, low, high in zip(sums, lower, upper, strict=True)
        ]
    assert found == sums


@CASES
@given(st.data())
def test_hours_add_up_to_their_period_wherever_it_is_cut(data: st.DataObject) -> None:
    registry = data.draw(townships(most=4))
    cover = TownshipCover.build(registry)
    told = data.draw(some_histories(registry, PERIOD.start_ms, PERIOD.end_ms))
    panel = cover.panels[0]
    cut_ms = data.draw(st.integers(PERIOD.start_ms + 1, PERIOD.end_ms - 1))
    parts = [Span(start_ms=PERIOD.start_ms, end_ms=cut_ms), Span(start_ms=cut_ms, end_ms=PERIOD.end_ms)]
    whole = totals(over(panel, told, slot_edges(PERIOD)))
    pieces = [totals(over(panel, told, slot_edges(part))) for part in parts]
    assert whole == [a + b for a, b in zip(*pieces, strict=True)]
    design = panel.row_sums(panel.design).tolist()
    for total, most in zip(whole, design, strict=True):
        assert total.worst is not None
        assert 0 <= total.lower <= total.upper <= most * total.known_ms
        assert total.worst * total.known_ms <= total.upper


def test_slots_are_cut_at_full_hours() -> None:
    assert slot_edges(Span(start_ms=0, end_ms=2 * HOUR_MS)).tolist() == [0, HOUR_MS, 2 * HOUR_MS]
    assert slot_edges(Span(start_ms=5, end_ms=7)).tolist() == [5, 7]


def test_a_county_for_a_month_does_not_overflow() -> None:
    hours = 31 * 24
    each = 10**11 * HOUR_MS  # 100 km2 for an hour, in thousandths x ms
    assert each < np.iinfo(np.int64).max
    total = Total()
    for _ in range(hours):
        total += Total(known_ms=HOUR_MS, lower=each, upper=each, worst=10**11, worst_ms=0)
    assert total.lower == hours * each > np.iinfo(np.int64).max


def test_shares_hours_and_the_worst_moment_of_one_camera() -> None:
    cover = TownshipCover.build(township((camera("c", 60, 60),), villages=1))
    panel = cover.panels[0]
    period = Span(start_ms=0, end_ms=4 * HOUR_MS)
    told = {"c": [(0, HOUR_MS, State.WORKING), (HOUR_MS, 2 * HOUR_MS, State.DARK)]}
    found = totals(over(panel, told, slot_edges(period)))
    (area, *_) = hours_cover(panel, found, period=period, known_until_ms=2 * HOUR_MS)["v0"]
    assert area.design is not None
    assert area.lower == area.design / 4
    assert area.upper == area.design * 3 / 4  # unknown from the second hour on
    assert area.lower_hours == area.design
    assert (area.worst, area.worst_ms) == (0.0, HOUR_MS)
    (none, *_) = hours_cover(panel, [Total() for _ in panel.rows], period=period, known_until_ms=0)["v0"]
    assert none.lower is none.upper is none.design is none.worst is None
