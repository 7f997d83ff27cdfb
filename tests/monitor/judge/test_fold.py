"""Laws of the fold from samples to transitions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.monitor.judge.oracle import painted, statuses

from camkeeper.availability.tally import tally
from camkeeper.judge.fold import MAX_CHANGES, Track, expire, is_unstable, judge
from camkeeper.model.change import Transition
from camkeeper.model.policy import JudgePolicy
from camkeeper.model.probing import Sample
from camkeeper.model.span import Span
from camkeeper.model.status import Reason, Status

HOLD = 15
END = 200
REASONS = {
    Status.UP: Reason.RECOVERED,
    Status.DEGRADED: Reason.NO_PICTURE,
    Status.DOWN: Reason.NO_ANSWER,
    Status.UNKNOWN: Reason.MONITOR_BLIND,
}
TWICE = JudgePolicy(confirm_degraded=2, confirm_down=2)


def sample(at_ms: int, status: Status, reason: Reason | None = None) -> Sample:
    return Sample(device_id="cam", at_ms=at_ms, status=status, reason=reason or REASONS[status])


def fold(
    samples: Sequence[Sample], policy: JudgePolicy = TWICE, track: Track | None = None, hold_ms: int = HOLD
) -> tuple[Track | None, list[Transition]]:
    told: list[Transition] = []
    for one in samples:
        track, made = judge(track, one, policy, hold_ms)
        told += made
    return track, told


def line(text: str, *, step: int = 10) -> list[Sample]:
    """`U` up, `d` degraded, `D` down, `?` blind, `.` no sample; one character every `step` ms."""
    kinds = {"U": Status.UP, "d": Status.DEGRADED, "D": Status.DOWN, "?": Status.UNKNOWN}
    return [sample(i * step, kinds[c]) for i, c in enumerate(text) if c != "."]


def short(transitions: Sequence[Transition]) -> list[str]:
    return [f"{t.old}>{t.new}@{t.at_ms}" for t in transitions]


gaps = st.sampled_from([1, 3, 5, 10, 10, 10, HOLD, HOLD + 1, 40])
samples = st.lists(st.tuples(gaps, st.sampled_from(list(Status))), max_size=14).map(
    lambda steps: [sample(sum(g for g, _ in steps[: i + 1]), status) for i, (_, status) in enumerate(steps)]
)
policies = st.builds(
    JudgePolicy, confirm_down=st.integers(1, 4), confirm_degraded=st.integers(1, 4), flap_changes=st.integers(1, 4)
)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("UdDD", ["unknown>up@0", "up>degraded@10", "degraded>down@20"]),
        ("UDD", ["unknown>up@0", "up>down@10"]),
        ("UDU", ["unknown>up@0"]),
        ("UDDU", ["unknown>up@0", "up>down@10", "down>up@30"]),
        ("UDdd", ["unknown>up@0", "up>degraded@10"]),
        ("DU", ["unknown>up@10"]),
        ("DDU", ["unknown>down@0", "down>up@20"]),
        ("Dd", ["unknown>degraded@10"]),
        ("UU?DDU", ["unknown>up@0", "up>unknown@20", "unknown>down@30", "down>up@50"]),
        ("UU?D?D", ["unknown>up@0", "up>unknown@20"]),
        ("UU?U", ["unknown>up@0", "up>unknown@20", "unknown>up@30"]),
        ("UD?U", ["unknown>up@0", "up>unknown@10", "unknown>up@30"]),
        ("Ud?U", ["unknown>up@0", "up>unknown@20", "unknown>up@30"]),
        ("UU..D", ["unknown>up@0", "up>unknown@25"]),
        ("UU..DD", ["unknown>up@0", "up>unknown@25", "unknown>down@40"]),
        ("UD..U", ["unknown>up@0", "up>unknown@10", "unknown>up@40"]),
        ("?U", ["unknown>up@10"]),
    ],
)
def test_said_in_pictures(told: str, expected: list[str]) -> None:
    assert short(fold(line(told))[1]) == expected


def test_a_longer_streak_moves_what_a_shorter_one_told_and_the_later_decision_stands() -> None:
    policy = JudgePolicy(confirm_degraded=2, confirm_down=3)
    _, told = fold(line("UDDD"), policy)
    assert short(told) == ["unknown>up@0", "up>degraded@10", "degraded>down@10"]
    assert painted(told, 40)[10] is Status.DOWN


@given(samples, policies, st.integers(0, 60))
@example(line("DUdd"), JudgePolicy(confirm_degraded=2, confirm_down=3), 0)
@example(line("UdDd"), JudgePolicy(confirm_degraded=3, confirm_down=1), 0)
@example(line("DdDD"), JudgePolicy(confirm_degraded=4, confirm_down=2), 0)
def test_the_fold_says_what_looking_back_says(history: list[Sample], policy: JudgePolicy, later: int) -> None:
    now = (history[-1].at_ms if history else 0) + later
    track, told = fold(history, policy)
    if track is not None:
        told += expire(track, now, HOLD)[1]
    assert painted(told, END) == statuses(history, policy, HOLD, now, END)


@given(samples, policies)
def test_transitions_form_one_chain(history: list[Sample], policy: JudgePolicy) -> None:
    _, told = fold(history, policy)
    before = Status.UNKNOWN
    for transition in told:
        assert transition.old is before
        assert transition.decided_ms >= transition.at_ms
        before = transition.new
    assert all(a.at_ms <= b.at_ms and a.decided_ms <= b.decided_ms for a, b in pairwise(told))


@given(samples, policies, st.lists(st.tuples(st.integers(0, 13), st.integers(0, 60)), max_size=4))
def test_a_chain_stays_whole_when_expiry_runs_ahead_of_late_samples(
    history: list[Sample], policy: JudgePolicy, asked: list[tuple[int, int]]
) -> None:
    track, told = None, list[Transition]()
    for i, one in enumerate(history):
        track, made = judge(track, one, policy, HOLD)
        told += made
        for _, ahead in (a for a in asked if a[0] == i):
            track, made = expire(track, one.at_ms + ahead, HOLD)
            told += made
    before = Status.UNKNOWN
    for transition in told:
        assert transition.old is before
        before = transition.new
    assert all(a.at_ms <= b.at_ms for a, b in pairwise(told))


@given(samples, policies, st.data())
def test_asking_for_expiry_between_samples_changes_nothing_told_of_time(
    history: list[Sample], policy: JudgePolicy, data: st.DataObject
) -> None:
    track, told = None, list[Transition]()
    for i, one in enumerate(history):
        track, made = judge(track, one, policy, HOLD)
        told += made
        until = history[i + 1].at_ms if i + 1 < len(history) else one.at_ms
        track, made = expire(track, data.draw(st.integers(one.at_ms, until)), HOLD)
        told += made
    assert painted(told, END) == painted(fold(history, policy)[1], END)


@given(samples, policies, st.integers(0, 14))
def test_a_checkpoint_and_the_rest_equal_the_whole(history: list[Sample], policy: JudgePolicy, cut: int) -> None:
    track, told = fold(history[:cut], policy)
    if track is not None:
        track = Track.from_row(json.loads(json.dumps(track.to_row())))
    track, rest = fold(history[cut:], policy, track)
    assert (track, told + rest) == fold(history, policy)


@given(samples, policies, st.data())
def test_late_and_duplicate_samples_change_nothing(
    history: list[Sample], policy: JudgePolicy, data: st.DataObject
) -> None:
    noisy: list[Sample] = []
    for i, one in enumerate(history):
        noisy.append(one)
        late = data.draw(st.lists(st.sampled_from(history[: i + 1]), max_size=2))
        noisy += [replace(again, status=data.draw(st.sampled_from(list(Status)))) for again in late]
    assert fold(noisy, policy) == fold(history, policy)


@given(samples, policies, policies)
def test_flap_damping_never_alters_the_record(history: list[Sample], policy: JudgePolicy, other: JudgePolicy) -> None:
    damped = replace(policy, flap_changes=other.flap_changes, flap_window_s=1.0)
    assert fold(history, policy)[1] == fold(history, damped)[1]


@given(samples, policies, st.integers(-10_000, 2_000_000_000_000))
def test_shifting_time_shifts_the_transitions(history: list[Sample], policy: JudgePolicy, by: int) -> None:
    moved = [replace(one, at_ms=one.at_ms + by) for one in history]
    expected = [replace(t, at_ms=t.at_ms + by, decided_ms=t.decided_ms + by) for t in fold(history, policy)[1]]
    assert fold(moved, policy)[1] == expected


def up_ms(history: list[Sample], policy: JudgePolicy) -> int:
    track, told = fold(history, policy)
    if track is not None:
        told += expire(track, END, HOLD)[1]
    life = Span(start_ms=0, end_ms=END)
    changes = [(t.at_ms, t.new) for t in told]
    return tally(changes=changes, life=[life], excluded=[], period=life, known_until_ms=END).up_ms


@given(samples, policies, st.data())
def test_a_sample_raised_from_down_to_up_never_lowers_up(
    history: list[Sample], policy: JudgePolicy, data: st.DataObject
) -> None:
    downs = [i for i, one in enumerate(history) if one.status is Status.DOWN]
    if downs:
        i = data.draw(st.sampled_from(downs))
        raised = [*history[:i], sample(history[i].at_ms, Status.UP), *history[i + 1 :]]
        assert up_ms(raised, policy) >= up_ms(history, policy)


@given(samples, policies)
def test_a_track_is_of_bounded_size(history: list[Sample], policy: JudgePolicy) -> None:
    track, _ = fold(history, policy)
    if track is not None:
        assert len(track.changes_ms) <= min(policy.flap_changes, MAX_CHANGES)


def test_reasons_are_told_as_they_were_seen() -> None:
    first, told = fold([sample(0, Status.UP)])
    assert told[0].reason is Reason.FIRST_SEEN
    _, told = fold([sample(10, Status.DEGRADED, Reason.NO_PICTURE), sample(20, Status.DOWN)], track=first)
    assert [t.reason for t in told] == [Reason.NO_PICTURE]
    _, told = fold([sample(0, Status.DEGRADED, Reason.AUTH_REFUSED)])
    assert told[0].reason is Reason.AUTH_REFUSED
    track, told = fold(line("UU....U"))
    assert [t.reason for t in told] == [Reason.FIRST_SEEN, Reason.SILENCE, Reason.RECOVERED]
    assert track is not None
    assert track.reason is Reason.RECOVERED


def test_what_was_wrong_is_remembered_through_an_outage_and_forgotten_when_up() -> None:
    track, _ = fold([sample(0, Status.DEGRADED, Reason.AUTH_REFUSED), *line("..DD?")[0:3]])
    assert track is not None
    assert track.degraded_by is Reason.AUTH_REFUSED
    assert len(track.memory) == 1
    track, _ = fold([sample(200, Status.UP)], track=track)
    assert track is not None
    assert track.degraded_by is None
    assert len(track.memory) == 0


def test_flapping_is_seen_and_our_own_blindness_is_no_flapping() -> None:
    policy = JudgePolicy(confirm_down=1, confirm_degraded=1, flap_changes=4, flap_window_s=0.1)
    flapping, _ = fold(line("UDUDU"), policy)
    assert flapping is not None
    assert is_unstable(flapping, 60, policy)
    assert not is_unstable(flapping, 500, policy)
    blind, _ = fold(line("U?U?U?U"), policy)
    assert blind is not None
    assert not is_unstable(blind, 60, policy)


def test_misuse_is_refused() -> None:
    track, _ = fold([sample(0, Status.UP)])
    assert track is not None
    with pytest.raises(ValueError, match="hold"):
        judge(track, sample(1, Status.UP), TWICE, 0)
    with pytest.raises(ValueError, match="hold"):
        expire(track, 1, 0)
    with pytest.raises(ValueError, match="other"):
        judge(track, replace(sample(1, Status.UP), device_id="other"), TWICE, HOLD)


@pytest.mark.parametrize(
    "row",
    [
        (),
        ("cam", 1, 1, 0, 0, None, None, None),
        ("cam", 9, 1, 0, 0, None, None, None, []),
        ("cam", 1, 1, 0.5, 0, None, None, None, []),
        (7, 1, 1, 0, 0, None, None, None, []),
        ("cam", 1, 1, 0, 0, [1], None, None, []),
        ("cam", 1, 1, 0, 0, None, None, None, "x"),
        ("cam", True, 1, 0, 0, None, None, None, []),
    ],
)
def test_a_row_that_nobody_wrote_is_refused(row: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match="not a track"):
        Track.from_row(row)
