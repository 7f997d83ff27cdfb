from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camfleet.faults import Condition, Fault, FaultKind, effect
from camfleet.targets import Target
from camfleet.timeline import Event, Timeline

CYCLE = 5_000
ALL = Target(share=1.0)


@st.composite
def events(draw: st.DrawFn) -> Event:
    at = draw(st.integers(0, CYCLE - 1))
    period = draw(st.integers(2, 900))
    fault = Fault(
        kind=draw(st.sampled_from([FaultKind.POWER, FaultKind.FLAPPING, FaultKind.REBOOT])),
        period_ms=period,
        down_ms=draw(st.integers(1, period - 1)),
        unsynced_ms=draw(st.integers(0, 500)),
    )
    return Event(at_ms=at, for_ms=draw(st.integers(1, CYCLE - at)), fault=fault, target=ALL)


timelines = st.builds(
    Timeline, events=st.lists(events(), max_size=5).map(tuple), repeat_ms=st.sampled_from([None, CYCLE, CYCLE + 700])
)
times = st.integers(0, 4 * CYCLE)


def effects(timeline: Timeline, t_ms: int) -> list[tuple[int, Condition]]:
    return [(a.index, effect(timeline.events[a.index].fault, a.since_ms)) for a in timeline.active(t_ms)]


@given(timelines, times)
def test_an_event_is_on_in_its_half_open_span_of_each_cycle(timeline: Timeline, t_ms: int) -> None:
    at = t_ms if timeline.repeat_ms is None else t_ms % timeline.repeat_ms
    expected = [i for i, e in enumerate(timeline.events) if e.at_ms <= at < e.at_ms + e.for_ms]
    assert [a.index for a in timeline.active(t_ms)] == expected
    assert all(timeline.events[a.index].at_ms + a.since_ms == at for a in timeline.active(t_ms))


@given(timelines, times)
def test_cycles_are_alike(timeline: Timeline, t_ms: int) -> None:
    if timeline.repeat_ms is not None:
        assert timeline.active(t_ms) == timeline.active(t_ms + timeline.repeat_ms)


@given(timelines, times)
def test_nothing_changes_before_the_next_change(timeline: Timeline, t_ms: int) -> None:
    until = timeline.next_change(t_ms)
    now = effects(timeline, t_ms)
    if until is None:
        assert all(effects(timeline, t_ms + ms) == now for ms in (1, CYCLE, 10 * CYCLE))
    else:
        assert until > t_ms
        assert all(effects(timeline, t) == now for t in range(t_ms, until, max(1, (until - t_ms) // 50)))
        assert effects(timeline, until - 1) == now


@given(timelines, times)
def test_walking_the_changes_meets_every_one(timeline: Timeline, t_ms: int) -> None:
    """A player that sleeps from change to change is never wrong when it wakes."""
    at = 0
    while (until := timeline.next_change(at)) is not None and until <= t_ms:
        at = until
    assert effects(timeline, at) == effects(timeline, t_ms)


def test_impossible_timelines_raise() -> None:
    fault = Fault(kind=FaultKind.POWER)
    with pytest.raises(ValueError, match="begins at 0"):
        Event(at_ms=0, for_ms=0, fault=fault, target=ALL)
    with pytest.raises(ValueError, match="after the cycle"):
        Timeline(events=(Event(at_ms=5, for_ms=6, fault=fault, target=ALL),), repeat_ms=10)
