"""A device's clock: a sparse history that still knows every step, and the correction from it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.judge.looking import HOUR, MIN

from camkeeper.judge.clock import (
    DAILY_MS,
    Basis,
    Correction,
    DriftTrack,
    correction,
    note_drift,
)
from camkeeper.message.times import clock_off
from camkeeper.model.channel import Language
from camkeeper.model.picture import Drift


def history(*measured: tuple[int, float]) -> list[Drift]:
    track, points = None, list[Drift]()
    for at_ms, offset_s in measured:
        track, more = note_drift(track, "cam", at_ms, offset_s)
        points += more
        assert DriftTrack.from_json(track.to_json()) == track
    return points


def test_a_still_clock_has_one_point_a_day() -> None:
    jitter = [(n * HOUR, 252.0 + n % 2) for n in range(73)]
    assert [d.at_ms for d in history(*jitter)] == [0, DAILY_MS, 2 * DAILY_MS, 3 * DAILY_MS]


def test_a_clock_that_is_set_has_both_sides_of_the_step() -> None:
    points = history(*[(n * MIN, 252.0) for n in range(10)], (10 * MIN, 0.0), (11 * MIN, 0.2))
    assert [(d.at_ms // MIN, d.offset_s) for d in points] == [(0, 252.0), (9, 252.0), (10, 0.0)]
    assert correction(points, 5 * MIN) == Correction(252.0, Basis.BETWEEN)
    assert correction(points, 9 * MIN + 20_000) == Correction(252.0, Basis.STEP, 0.0)
    assert correction(points, 9 * MIN + 40_000) == Correction(0.0, Basis.STEP, 252.0)


def test_drift_is_interpolated_within_a_run() -> None:
    points = history((0, 100.0), (DAILY_MS, 110.0))
    assert correction(points, DAILY_MS // 4) == Correction(102.5, Basis.BETWEEN)
    assert correction(points, -1) == Correction(100.0, Basis.BEFORE)
    assert correction(points, DAILY_MS + 1) == Correction(110.0, Basis.AFTER)
    assert correction([], 0) is None


def test_days_without_a_measurement_are_a_gap() -> None:
    points = history((0, 10.0), (6 * DAILY_MS, 20.0))
    assert correction(points, DAILY_MS) == Correction(10.0, Basis.GAP, 20.0)


def test_small_offsets_move_by_whole_seconds() -> None:
    assert len(history((0, 0.2), (MIN, 0.9), (2 * MIN, -0.6), (3 * MIN, 1.1))) == 1
    assert len(history((0, 5.0), (MIN, 6.4))) == 2  # more than a tenth of itself
    assert len(history((0, 3600.0), (MIN, 3602.5))) == 2


def test_bugs_and_garbage() -> None:
    track, _ = note_drift(None, "cam", 0, 1.0)
    with pytest.raises(ValueError, match="a clock of other"):
        note_drift(track, "other", 1, 1.0)
    for text in ("", "{}", '["a",[1,2]]'):
        with pytest.raises(ValueError, match="no track of a clock"):
            DriftTrack.from_json(text)


measurements = st.lists(st.tuples(st.integers(1, 3 * DAILY_MS), st.floats(-5000, 5000)), min_size=1, max_size=30)


@given(measurements)
def test_the_history_is_in_order_and_never_far_from_what_was_measured(steps: list[tuple[int, float]]) -> None:
    at_ms, track, points, seen = 0, None, list[Drift](), list[Drift]()
    for wait_ms, offset_s in steps:
        at_ms += wait_ms
        track, more = note_drift(track, "cam", at_ms, offset_s)
        assert note_drift(track, "cam", at_ms, offset_s + 100) == (track, ())
        points += more
        seen.append(Drift(device_id="cam", at_ms=at_ms, offset_s=offset_s))
    assert [d.at_ms for d in points] == sorted({d.at_ms for d in points})
    assert set(points) <= set(seen)
    for d in seen:
        found = correction(points, d.at_ms)
        assert found is not None
        near = [found.offset_s] if found.or_s is None else [found.offset_s, found.or_s]
        assert min(abs(d.offset_s - o) for o in near) <= 4 + 500e-6 * 2 * DAILY_MS / 1000


@given(measurements, st.integers(-DAILY_MS, 100 * DAILY_MS))
def test_a_correction_lies_between_its_neighbours(steps: list[tuple[int, float]], at_ms: int) -> None:
    now, measured = 0, []
    for wait_ms, offset_s in steps:
        now += wait_ms
        measured.append((now, offset_s))
    points = history(*measured)
    found = correction(points, at_ms)
    assert found is not None
    assert min(d.offset_s for d in points) - 1e-6 <= found.offset_s <= max(d.offset_s for d in points) + 1e-6
    assert (found.or_s is not None) is (found.basis in {Basis.STEP, Basis.GAP})


@pytest.mark.parametrize(
    ("offset_s", "zh", "en"),
    [
        (252.0, "5月3日快 4 分 12 秒", "4 min 12 s fast on 3 May"),
        (-3605.4, "5月3日慢 1 小时 5 秒", "1 h 5 s slow on 3 May"),
        (0.4, "5月3日准", "right on 3 May"),
        (-90_000.0, "5月3日慢 1 天 1 小时", "1 d 1 h slow on 3 May"),
    ],
)
def test_words(offset_s: float, zh: str, en: str) -> None:
    at_ms = 1_777_780_800_000
    for language, said in ((Language.ZH, zh), (Language.EN, en)):
        assert clock_off(offset_s, at_ms, at_ms, "Asia/Shanghai", language) == said
    next_year = at_ms + 366 * DAILY_MS
    assert clock_off(9, at_ms, next_year, "Asia/Shanghai", Language.ZH) == "2026年5月3日快 9 秒"
    assert clock_off(9, at_ms, next_year, "Asia/Shanghai", Language.EN) == "9 s fast on 3 May 2026"
