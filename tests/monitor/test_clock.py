"""Laws of ledger time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from camkeeper.clock import SETTLE_MS, STEP_MS, SimulatedClock, SystemClock, Timeline

DAY_MS = 86_400_000
START = 1_790_000_000_000

moves = st.lists(
    st.one_of(
        st.tuples(st.just("advance"), st.integers(0, 2 * SETTLE_MS)),
        st.tuples(st.just("step"), st.integers(-DAY_MS, DAY_MS)),
    ),
    max_size=30,
)


@given(moves=moves, floor=st.one_of(st.none(), st.integers(START - DAY_MS, START + DAY_MS)))
def test_never_goes_back_and_never_loses_time(moves: list[tuple[str, int]], floor: int | None) -> None:
    clock = SimulatedClock(wall_ms=START)
    line = Timeline(clock, not_before_ms=floor)
    begin = last = line.now_ms()
    assert begin >= (floor or START)
    passed = 0
    for what, ms in moves:
        if what == "advance":
            clock.advance(ms)
            passed += ms
        else:
            clock.step_wall(ms)
        line.check()
        assert line.now_ms() >= last
        last = line.now_ms()
    assert last - begin >= passed


@given(step=st.integers(-DAY_MS, DAY_MS).filter(lambda ms: abs(ms) > STEP_MS))
def test_a_step_is_told_once_and_durations_stay_exact(step: int) -> None:
    clock = SimulatedClock(wall_ms=START)
    line = Timeline(clock)
    clock.advance(1_000)
    clock.step_wall(step)
    told = line.check()
    assert told is not None
    assert (told.by_ms, told.skew_ms, told.adopted) == (step, step, False)
    clock.advance(1_000)
    assert line.check() is None
    assert line.now_ms() == START + 2_000


def test_forward_is_adopted_after_it_stood_and_backward_never() -> None:
    for step, adopted in ((3_600_000, True), (-3_600_000, False)):
        clock = SimulatedClock(wall_ms=START)
        line = Timeline(clock)
        clock.step_wall(step)
        line.check()
        clock.advance(SETTLE_MS)
        told = line.check()
        assert (told is not None and told.adopted) is adopted
        assert line.now_ms() == START + SETTLE_MS + (step if adopted else 0)


def test_a_step_and_back_leaves_nothing() -> None:
    clock = SimulatedClock(wall_ms=START)
    line = Timeline(clock)
    clock.step_wall(-DAY_MS)
    assert line.check() is not None
    clock.advance(60_000)
    clock.step_wall(DAY_MS)
    assert line.check() is not None
    clock.advance(2 * SETTLE_MS)
    assert line.check() is None
    assert line.now_ms() == START + 60_000 + 2 * SETTLE_MS


def test_a_wall_behind_the_record_waits_on_the_record() -> None:
    clock = SimulatedClock(wall_ms=START)
    line = Timeline(clock, not_before_ms=START + 5_000)
    assert line.now_ms() == START + 5_000
    told = line.check()
    assert told is not None
    assert told.skew_ms == -5_000


def test_the_system_clock_runs() -> None:
    clock = SystemClock()
    one, other = clock.elapsed_ms(), clock.elapsed_ms()
    assert one <= other
    assert clock.wall_ms() > START
