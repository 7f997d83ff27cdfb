from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camfleet.faults import (
    ARGUMENTS,
    HEALTHY,
    Condition,
    Fault,
    FaultKind,
    Manner,
    Picture,
    Reach,
    combine,
    effect,
    next_phase_ms,
    truth_of,
)
from camkeeper.model.equipment import LADDERS, DeviceKind

CAMERA = LADDERS[DeviceKind.CAMERA]
kinds = st.sampled_from(FaultKind)
times = st.integers(0, 10**8)


@st.composite
def faults(draw: st.DrawFn) -> Fault:
    period = draw(st.integers(2, 10**5))
    return Fault(
        kind=draw(kinds),
        dead=draw(st.sampled_from([Reach.BLACKHOLE, Reach.REFUSED])),
        period_ms=period,
        down_ms=draw(st.integers(1, period - 1)),
        unsynced_ms=draw(st.integers(0, 10**5)),
    )


conditions = st.builds(effect, faults(), times)


@given(faults(), times)
def test_an_effect_holds_until_its_next_phase(fault: Fault, since_ms: int) -> None:
    until = next_phase_ms(fault, since_ms)
    if until is None:
        assert effect(fault, since_ms) == effect(fault, since_ms + 10**9)
    else:
        assert until > since_ms
        assert effect(fault, since_ms) == effect(fault, until - 1)


@given(st.lists(conditions, max_size=5))
def test_faults_together_know_no_order(some: list[Condition]) -> None:
    a, b = combine(some), combine(reversed(some))
    assert (a.reach, a.manner, a.picture, a.scene, a.skew_ms, a.latency_ms) == (
        b.reach,
        b.manner,
        b.picture,
        b.scene,
        b.skew_ms,
        b.latency_ms,
    )
    assert truth_of(a, timeout_ms=5000, ladder=CAMERA) == truth_of(b, timeout_ms=5000, ladder=CAMERA)


@given(st.lists(conditions, min_size=1, max_size=5))
def test_more_faults_never_heal(some: list[Condition]) -> None:
    order = ["up", "picture", "degraded", "down"]
    worst = max(order.index(truth_of(c, timeout_ms=5000, ladder=CAMERA)) for c in some)
    assert order.index(truth_of(combine(some), timeout_ms=5000, ladder=CAMERA)) >= worst


def test_every_kind_does_something_and_has_its_arguments() -> None:
    assert ARGUMENTS.keys() == set(FaultKind)
    assert all(effect(Fault(kind=kind), 0) != HEALTHY for kind in FaultKind)
    assert combine([]) == HEALTHY


def test_a_reboot_goes_down_comes_back_with_a_wrong_clock_and_recovers() -> None:
    fault = Fault(kind=FaultKind.REBOOT, down_ms=30_000, unsynced_ms=60_000)
    assert effect(fault, 0).reach is Reach.BLACKHOLE
    assert effect(fault, 30_000) == Condition(wakes_at_ms=0)
    assert effect(fault, 90_000) == HEALTHY


@pytest.mark.parametrize(
    ("condition", "truth"),
    [
        (HEALTHY, "up"),
        (Condition(skew_ms=10**7), "up"),
        (Condition(latency_ms=1_600), "up"),
        (Condition(latency_ms=4_999), "degraded"),
        (Condition(latency_ms=5_000), "down"),
        (Condition(manner=Manner.HANG), "down"),
        (Condition(wrong_password=True), "degraded"),
        (Condition(picture=Picture.NONE), "degraded"),
        (Condition(picture=Picture.FROZEN), "picture"),
        (effect(Fault(kind=FaultKind.COVER), 0), "picture"),
        (effect(Fault(kind=FaultKind.MOVED, by_deg=20), 0), "picture"),
        (effect(Fault(kind=FaultKind.RAIN), 0), "up"),
    ],
)
def test_what_an_honest_observer_must_find(condition: Condition, truth: str) -> None:
    assert truth_of(condition, timeout_ms=5_000, ladder=CAMERA) == truth


def test_a_device_lacks_only_what_it_is_asked_for() -> None:
    speaker, switch = LADDERS[DeviceKind.SPEAKER], LADDERS[DeviceKind.SWITCH]
    nothing_right = Condition(wrong_password=True, no_stream=True, picture=Picture.NONE, no_recording=True)
    assert truth_of(nothing_right, timeout_ms=5_000, ladder=CAMERA) == "degraded"
    assert truth_of(nothing_right, timeout_ms=5_000, ladder=speaker) == "up"
    assert truth_of(Condition(manner=Manner.HANG), timeout_ms=5_000, ladder=speaker) == "down"
    assert truth_of(Condition(manner=Manner.HANG), timeout_ms=5_000, ladder=switch) == "up"
    assert truth_of(Condition(manner=Manner.RESET), timeout_ms=5_000, ladder=switch) == "down"


def test_impossible_faults_raise() -> None:
    with pytest.raises(ValueError, match="inside the period"):
        Fault(kind=FaultKind.FLAPPING, period_ms=10, down_ms=10)
    with pytest.raises(ValueError, match="blackhole or refuses"):
        Fault(kind=FaultKind.POWER, dead=Reach.LISTENING)
    with pytest.raises(ValueError, match="above 0"):
        Fault(kind=FaultKind.COVER, share=0)
    with pytest.raises(ValueError, match="negative"):
        Fault(kind=FaultKind.SLOW, latency_ms=-1)
