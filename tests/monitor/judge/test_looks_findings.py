"""A finding degrades what answers: online stays, good falls, and a restart forgets nothing."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tests.monitor.judge.looking import HOUR, MIN, V, every, fold

from camkeeper.availability.tally import tally
from camkeeper.cover.sight import State, state_of
from camkeeper.judge.findings import REASON_OF, reason_of, with_finding
from camkeeper.judge.fold import judge
from camkeeper.judge.ladder import NOTHING
from camkeeper.judge.looks import LookTrack
from camkeeper.judge.track import Track
from camkeeper.model.change import Transition
from camkeeper.model.picture import Finding, PictureVerdict, Scope
from camkeeper.model.policy import JudgePolicy
from camkeeper.model.probing import Sample
from camkeeper.model.span import Span
from camkeeper.model.status import Reason, Status


def finding(verdict: PictureVerdict = V.COVER, scope: Scope = Scope.DEVICE) -> Finding:
    return Finding(device_id="cam", verdict=verdict, since_ms=0, decided_ms=20 * MIN, scope=scope)


def sample(at_ms: int, status: Status = Status.UP, reason: Reason = Reason.RECOVERED) -> Sample:
    return Sample(device_id="cam", at_ms=at_ms, status=status, reason=reason)


@pytest.mark.parametrize("verdict", PictureVerdict)
def test_each_fault_has_its_reason(verdict: PictureVerdict) -> None:
    one = with_finding(sample(0), finding(verdict))
    if verdict.is_fault:
        assert (one.status, one.reason) == (Status.DEGRADED, Reason(f"image_{verdict}"))
        assert one.reason.is_image
        assert Reason.from_code(one.reason.code) is one.reason
    else:
        assert one == sample(0)
    assert with_finding(sample(0), finding(verdict, Scope.WEATHER)) == sample(0)
    assert set(REASON_OF.values()) | {Reason.IMAGE_PLATFORM} == {r for r in Reason if r.is_image}


def test_codes_are_never_renumbered() -> None:
    assert [r.code for r in Reason if r.is_image] == list(range(20, 35))
    assert (Reason.IMAGE_COVER.code, Reason.IMAGE_FROZEN.code, Reason.IMAGE_PLATFORM.code) == (30, 33, 34)


def test_what_a_rung_says_comes_first() -> None:
    for status, reason in (
        (Status.DOWN, Reason.NO_ANSWER),
        (Status.DEGRADED, Reason.AUTH_REFUSED),
        (Status.UNKNOWN, Reason.MONITOR_BLIND),
    ):
        assert with_finding(sample(0, status, reason), finding()) == sample(0, status, reason)
    assert with_finding(sample(0), None) == sample(0)
    assert reason_of(finding(V.FROZEN, Scope.PLATFORM)) is Reason.IMAGE_PLATFORM
    with pytest.raises(ValueError, match="a finding of"):
        with_finding(Sample(device_id="b", at_ms=0, status=Status.UP, reason=Reason.RECOVERED), finding())


def test_online_stays_and_good_falls() -> None:
    track: Track | None = None
    changes: list[Transition] = []
    for minute in range(120):
        standing = finding() if 30 <= minute < 60 else None
        track, made = judge(track, with_finding(sample(minute * MIN), standing), JudgePolicy(), 150_000)
        changes += made
    assert [(t.at_ms // MIN, t.new, t.reason) for t in changes] == [
        (0, Status.UP, Reason.FIRST_SEEN),
        (30, Status.DEGRADED, Reason.IMAGE_COVER),
        (60, Status.UP, Reason.RECOVERED),
    ]
    day = Span(start_ms=0, end_ms=2 * HOUR)
    statuses = [(t.at_ms, t.new) for t in changes]
    buckets = tally(changes=statuses, life=[day], excluded=[], period=day, known_until_ms=2 * HOUR)
    assert buckets.ratio == 1
    assert buckets.good_ratio == Fraction(3, 4)


def test_after_a_restart_the_finding_still_degrades() -> None:
    track, _ = judge(None, sample(0), JudgePolicy(), 150_000)
    for minute in (1, 2):
        track, _ = judge(track, with_finding(sample(minute * MIN), finding()), JudgePolicy(), 150_000)
    assert track.degraded_by is Reason.IMAGE_COVER
    again = Track.from_row(track.to_row())
    assert again == track
    # The ladder never saw the picture: it is the looks that remember.
    assert again.memory == NOTHING
    looks, _ = fold(every(10, V.COVER, V.COVER, V.COVER))
    assert looks is not None
    standing = LookTrack.from_json(looks.to_json()).finding
    assert standing is not None
    _, made = judge(again, with_finding(sample(3 * MIN), standing), JudgePolicy(), 150_000)
    assert made == ()


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        (Reason.IMAGE_COVER, State.DARK),
        (Reason.IMAGE_NO_SIGNAL, State.DARK),
        (Reason.IMAGE_PLATFORM, State.DARK),
        (Reason.IMAGE_OTHER_SCENE, State.DARK),
        (Reason.IMAGE_MOVED, State.WORKING),
        (Reason.IMAGE_ROTATED, State.WORKING),
        (Reason.IMAGE_IR_STUCK, State.WORKING),
    ],
)
def test_whose_picture_shows_nothing_does_not_see(reason: Reason, state: State) -> None:
    assert state_of(Status.DEGRADED, reason) is state
