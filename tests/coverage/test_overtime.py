from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.coverage.sectors import column, scenes

from camcover.overlay import Overlay, Place
from camcover.overtime import Series, Steps, over_time

LAWS = settings(max_examples=50, deadline=None)
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS

Intervals = dict[str, list[tuple[int, int, str]]]


@st.composite
def histories(draw: st.DrawFn) -> tuple[Overlay, Intervals, int, int]:
    """An overlay, and what is known of its cameras at whole minutes, with gaps and beyond the period."""
    overlay, _ = draw(scenes(max_cameras=5))
    intervals: Intervals = {}
    for camera in overlay.camera_ids:
        at = draw(st.integers(-5, 10))
        spans = []
        for _ in range(draw(st.integers(0, 4))):
            start = at + draw(st.integers(0, 3))
            at = start + draw(st.integers(0, 9))
            spans.append((start * MINUTE_MS, at * MINUTE_MS, draw(st.sampled_from(["working", "dark", "unknown"]))))
        intervals[camera] = draw(st.permutations(spans))
    return overlay, intervals, 0, draw(st.integers(0, 30)) * MINUTE_MS


def state(intervals: list[tuple[int, int, str]], at_ms: int) -> str:
    return next((one for start, end, one in intervals if start <= at_ms < end), "unknown")


@LAWS
@given(histories())
def test_steps_are_what_is_known_minute_by_minute(history: tuple[Overlay, Intervals, int, int]) -> None:
    overlay, intervals, start, end = history
    result = over_time(overlay, Steps.of(intervals, overlay.camera_ids, start, end))
    lower = np.zeros(len(overlay.places))
    upper, worst = lower.copy(), np.full(len(overlay.places), np.nan)
    worst_at = np.full(len(overlay.places), start)
    for at in range(start, end, MINUTE_MS):
        states = [state(intervals[camera], at) for camera in overlay.camera_ids]
        low = overlay.seen([one == "working" for one in states])
        high = overlay.seen([one != "dark" for one in states])
        lower, upper = lower + low * MINUTE_MS, upper + high * MINUTE_MS
        lower_than_ever = ~(high >= worst)
        worst, worst_at = np.where(lower_than_ever, high, worst), np.where(lower_than_ever, at, worst_at)
    assert result.duration_ms == end - start
    assert result.lower == pytest.approx(lower, rel=1e-9)
    assert result.upper == pytest.approx(upper, rel=1e-9)
    assert result.worst == pytest.approx(worst, rel=1e-12, nan_ok=True)
    assert result.worst_ms.tolist() == worst_at.tolist()


@LAWS
@given(histories())
def test_means_lie_between_the_least_and_the_most(history: tuple[Overlay, Intervals, int, int]) -> None:
    overlay, intervals, start, end = history
    steps = Steps.of(intervals, overlay.camera_ids, start, end)
    series, result = Series.of(overlay, steps), over_time(overlay, steps)
    if end == start:
        assert np.isnan(result.lower_mean).all()
        assert np.isnan(result.worst).all()
        return
    slack = 1e-9 * np.maximum(overlay.totals, 1)
    assert (series.lower <= series.upper).all()
    assert (result.lower_mean >= series.lower.min(axis=0) - slack).all()
    assert (result.lower_mean <= series.lower.max(axis=0) + slack).all()
    assert (result.upper_mean >= result.worst - slack).all()
    assert (result.upper_mean <= series.upper.max(axis=0) + slack).all()
    hours = (end - start) / HOUR_MS
    assert result.lower_hours == pytest.approx(result.lower_mean / overlay.totals * hours)
    assert result.upper_hours == pytest.approx(result.upper_mean / overlay.totals * hours)


@LAWS
@given(histories(), st.integers(0, 30))
def test_a_period_is_the_sum_of_its_parts(history: tuple[Overlay, Intervals, int, int], minute: int) -> None:
    overlay, intervals, start, end = history
    middle = min(minute * MINUTE_MS, end)
    whole, first, second = (
        over_time(overlay, Steps.of(intervals, overlay.camera_ids, *span))
        for span in ((start, end), (start, middle), (middle, end))
    )
    assert first.lower + second.lower == pytest.approx(whole.lower)
    assert first.upper + second.upper == pytest.approx(whole.upper)
    assert np.fmin(first.worst, second.worst) == pytest.approx(whole.worst, nan_ok=True)


@LAWS
@given(histories())
def test_places_are_summed_before_their_worst_moment_is_looked_for(
    history: tuple[Overlay, Intervals, int, int],
) -> None:
    overlay, intervals, start, end = history
    steps = Steps.of(intervals, overlay.camera_ids, start, end)
    everything = range(len(overlay.places))
    single, together = over_time(overlay, steps), over_time(overlay, steps, [everything, [], [0]])
    assert together.totals == pytest.approx([overlay.totals.sum(), 0.0, overlay.totals[0]])
    assert together.lower == pytest.approx([single.lower.sum(), 0.0, single.lower[0]])
    if end > start:
        assert together.worst[0] >= single.worst.sum() - 1e-6
        assert together.worst[1:].tolist() == [0.0, single.worst[0]]


def two_squares() -> Overlay:
    fields = column([shapely.box(0, 0, 10, 10), shapely.box(5, 0, 15, 10)])
    return Overlay.build([Place(id="v", layer="area", shape=shapely.box(0, 0, 20, 10))], ["a", "b"], {"seen": fields})


def test_an_hour_that_can_be_worked_out_by_hand() -> None:
    """a works all the hour; b: a quarter working, a quarter dark, half an hour unknown."""
    quarter = HOUR_MS // 4
    intervals = {"a": [(0, HOUR_MS, "working")], "b": [(-1, quarter, "working"), (quarter, 2 * quarter, "dark")]}
    result = over_time(two_squares(), Steps.of(intervals, ["a", "b"], 0, HOUR_MS))
    assert result.lower_mean.tolist() == pytest.approx([(150 + 100 + 100 + 100) / 4])
    assert result.upper_mean.tolist() == pytest.approx([(150 + 100 + 150 + 150) / 4])
    assert result.lower_hours.tolist() == pytest.approx([112.5 / 200])
    assert (result.worst.tolist(), result.worst_ms.tolist()) == (pytest.approx([100.0]), [quarter])


def test_series_of_villages_are_joined_before_they_are_summed() -> None:
    overlay = two_squares()
    north = Series.of(overlay, Steps.of({"a": [(0, 40, "working"), (40, 100, "dark")]}, ["a", "b"], 0, 100))
    south = Series.of(overlay, Steps.of({"a": [(0, 70, "dark"), (70, 100, "working")]}, ["a", "b"], 0, 100))
    town = Series.joined([north, south])
    assert town.edges_ms.tolist() == [0, 40, 70, 100]
    total = town.summed([[0, 1]]).over_time()
    assert total.totals.tolist() == pytest.approx([400.0])
    assert total.lower.tolist() == pytest.approx([100.0 * 70])
    assert (total.worst.tolist(), total.worst_ms.tolist()) == (pytest.approx([200.0]), [40])
    with pytest.raises(ValueError, match="one and the same period"):
        Series.joined([north, Series.of(overlay, Steps.of({}, ["a", "b"], 0, 99))])
    with pytest.raises(ValueError, match="one and the same period"):
        Series.joined([])


def test_what_cannot_be_is_told() -> None:
    with pytest.raises(ValueError, match="c1: intervals overlap"):
        Steps.of({"c1": [(0, 10, "dark"), (9, 20, "working")]}, ["c1"], 0, 20)
    with pytest.raises(KeyError, match="asleep"):
        Steps.of({"c1": [(0, 10, "asleep")]}, ["c1"], 0, 20)
    with pytest.raises(ValueError, match="ends before it starts"):
        Steps.of({}, ["c1"], 20, 0)
    one, none = np.ones((1, 1), dtype=np.bool_), np.zeros((1, 1), dtype=np.bool_)
    with pytest.raises(ValueError, match="do not fit"):
        Steps(edges_ms=np.array([0]), working=one, unknown=none)
    with pytest.raises(ValueError, match="edges rise"):
        Steps(edges_ms=np.array([5, 5]), working=one, unknown=none)
    with pytest.raises(ValueError, match="not unknown"):
        Steps(edges_ms=np.array([0, 5]), working=one, unknown=one)
