"""Laws of the wheel."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from camkeeper.model.probing import Depth
from camkeeper.schedule.wheel import Cadence, Wheel, phase

MINUTE = Cadence(every_ms=60_000, picture_every_ms=300_000, full_every_ms=3_600_000)
START = 1_000_000_000


def turned(wheel: Wheel, start_ms: int, end_ms: int, step_ms: int) -> list[tuple[int, str, Depth]]:
    return [(d.due_ms, d.device_id, d.depth) for t in range(start_ms, end_ms, step_ms) for d in wheel.due(t)]


@given(ids=st.sets(st.text(min_size=1, max_size=8), min_size=1, max_size=30), step=st.integers(10, 700))
def test_everybody_once_a_minute_whatever_the_tick(ids: set[str], step: int) -> None:
    wheel = Wheel()
    for name in ids:
        wheel.put(name, MINUTE, START)
    seen = turned(wheel, START, START + 600_000 + step, step)
    counts = Counter(name for _, name, _ in seen)
    assert set(counts) == ids
    assert all(10 <= n <= 11 for n in counts.values())


@given(name=st.text(min_size=1, max_size=8), one=st.integers(0, 10**9), other=st.integers(0, 10**9))
def test_phase_is_stable_over_restarts(name: str, one: int, other: int) -> None:
    dues = set()
    for start in (one, other):
        wheel = Wheel()
        wheel.put(name, MINUTE, start)
        due = wheel.next_due_ms()
        assert due is not None
        assert start <= due <= start + 60_000
        dues.add(due % 60_000)
    assert len(dues) == 1


def test_spread_is_even() -> None:
    per_second = Counter(int(phase(f"cam-{n}") * 60) for n in range(6000))
    assert len(per_second) == 60
    assert max(per_second.values()) < 1.6 * 100


@given(stall=st.integers(60_000, 1_000_000))
def test_a_stall_is_coalesced(stall: int) -> None:
    wheel = Wheel()
    wheel.put("a", MINUTE, START)
    [due] = wheel.due(START + stall)
    assert due.skipped == (START + stall - due.due_ms) // 60_000
    assert wheel.due(START + stall) == []


def test_depths_in_a_day() -> None:
    wheel = Wheel()
    wheel.put("a", MINUTE, START)
    depths = Counter(depth for _, _, depth in turned(wheel, START, START + 86_400_000, 1_000))
    assert depths[Depth.FULL] == 24
    # Every fifth turn has a picture, less those that climb fully anyway.
    assert 264 <= depths[Depth.PICTURE] <= 288
    assert depths.total() == 1440


def test_full_climbs_are_spread_over_the_hour() -> None:
    wheel = Wheel()
    for n in range(3000):
        wheel.put(f"cam-{n}", MINUTE, START)
    full = Counter(
        due // 60_000 for due, _, depth in turned(wheel, START, START + 3_600_000, 500) if depth is Depth.FULL
    )
    assert max(full.values()) < 2 * 3000 / 60


def test_asked_comes_forward_once_and_the_cadence_goes_on() -> None:
    wheel = Wheel()
    wheel.put("a", MINUTE, START)
    wheel.ask("a", START + 5, Depth.FULL)
    [due] = wheel.due(START + 5)
    assert (due.due_ms, due.depth) == (START + 5, Depth.FULL)
    assert len(turned(wheel, START + 6, START + 600_006, 1_000)) == 10


@given(asks=st.lists(st.tuples(st.integers(0, 590_000), st.integers(0, 200_000)), max_size=20))
def test_asking_never_puts_a_turn_off(asks: list[tuple[int, int]]) -> None:
    wheel = Wheel()
    wheel.put("a", MINUTE, START)
    waiting = sorted(asks)
    last = START
    for now in range(START, START + 600_000, 1_000):
        while waiting and START + waiting[0][0] <= now:
            wheel.ask("a", now + waiting.pop(0)[1], Depth.FULL)
        for due in wheel.due(now):
            assert due.due_ms - last <= 60_000
            last = due.due_ms
    assert last > START + 540_000 - 1


def test_removed_is_never_due() -> None:
    wheel = Wheel()
    wheel.put("a", MINUTE, START)
    wheel.remove("a")
    assert wheel.due(START + 10**7) == []
    assert wheel.next_due_ms() is None
    wheel.ask("a", START, Depth.FULL)
    assert wheel.due(START + 10**7) == []
