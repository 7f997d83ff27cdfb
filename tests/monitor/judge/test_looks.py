"""One camera's evidence: what proves a fault, what ends it, what says nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.judge.looking import DAY, HOUR, MIN, NIGHT, POLICY, V, every, fold, histories, look, turn

from camkeeper.judge.aiming import begun, joined, together
from camkeeper.judge.looks import LookTrack, judge_look
from camkeeper.model.dome import Place
from camkeeper.model.picture import STILL, Finding, Look, Need, PicturePolicy, PictureVerdict


def told(found: list[Finding]) -> list[tuple[PictureVerdict, int, int]]:
    return [(f.verdict, f.since_ms // MIN, f.decided_ms // MIN) for f in found]


def needed(verdict: PictureVerdict) -> Need:
    if verdict is V.NO_SIGNAL:
        return POLICY.no_signal
    return POLICY.exposure if verdict in {V.DARK, V.BRIGHT, V.FOG} else POLICY.image


FAULTS = [v for v in V if v.is_fault]


@pytest.mark.parametrize("verdict", FAULTS)
def test_a_fault_is_proved_by_just_enough_looks_and_dated_at_the_first(verdict: PictureVerdict) -> None:
    need, yaw = needed(verdict), 20.0 if verdict is V.MOVED else None
    step_ms = -(-need.span_ms // (need.looks - 1))
    looks = [look(n * step_ms, verdict, yaw_deg=yaw) for n in range(need.looks)]
    assert fold(looks[:-1])[1] == []
    _, (found,) = fold(looks)
    assert (found.verdict, found.since_ms, found.decided_ms) == (verdict, 0, looks[-1].at_ms)
    assert found.looks == need.looks
    # As many in less time prove nothing yet.
    assert fold([look(n * (step_ms - 1), verdict, yaw_deg=yaw) for n in range(need.looks)])[1] == []


def test_one_good_look_begins_anew_and_two_end_it() -> None:
    looks = every(10, V.COVER, V.COVER, V.OK, V.COVER, V.COVER, V.COVER, V.OK, V.COVER, V.OK, V.OK)
    assert told(fold(looks)[1]) == [(V.COVER, 30, 50), (V.OK, 80, 90)]


def test_a_colour_cast_is_a_good_look() -> None:
    assert told(fold(every(10, *[V.CAST] * 20))[1]) == []
    assert told(fold(every(10, V.BLUR, V.BLUR, V.BLUR, V.CAST, V.CAST))[1])[-1] == (V.OK, 30, 40)


def test_labels_that_compete_prove_the_commoner_one() -> None:
    assert told(fold(every(10, V.BLUR, V.COVER, V.BLUR, V.COVER, V.COVER, V.COVER))[1]) == [
        (V.BLUR, 0, 20),
        (V.COVER, 30, 50),  # three of it in a row prove another label
    ]
    # Of equals the one that a diagnosis decides first.
    assert told(fold(every(10, V.COVER, V.BLUR, V.IR_STUCK))[1]) == [(V.BLUR, 0, 20)]
    steady = every(10, *[V.BLUR, V.COVER] * 20)
    assert told(fold(steady)[1]) == [(V.BLUR, 0, 20)]


def test_kinds_by_turns_want_as_much_as_the_weakest() -> None:
    looks = every(15, V.DARK, V.COVER, V.DARK, V.COVER, V.DARK, V.DARK)
    assert told(fold(looks)[1]) == [(V.DARK, 0, 75)]
    assert fold(looks[:-1])[1] == []


def test_worse_comes_on_top() -> None:
    looks = every(10, V.BLUR, V.BLUR, V.BLUR, V.NO_SIGNAL, V.NO_SIGNAL, V.OK, V.OK)
    assert told(fold(looks)[1]) == [(V.BLUR, 0, 20), (V.NO_SIGNAL, 30, 40), (V.OK, 50, 60)]


def test_turned_is_the_median_of_looks_that_agree() -> None:
    looks = [look(n * 10 * MIN, V.MOVED, yaw_deg=yaw) for n, yaw in enumerate((20.0, 31.0, 20.3, 19.9))]
    assert fold(looks[:-1])[1] == []
    _, (found,) = fold(looks)
    assert (found.verdict, found.since_ms, found.looks) == (V.MOVED, 0, 3)
    assert found.turn is not None
    assert found.turn.yaw_deg == pytest.approx(20.0)
    assert found.turn.error_deg == pytest.approx(0.2)


def test_turned_on_is_a_finding_of_its_own() -> None:
    looks = [look(n * 10 * MIN, V.MOVED, yaw_deg=yaw) for n, yaw in enumerate([20.0] * 4 + [20.3] * 4 + [35.0] * 3)]
    _, found = fold(looks)
    assert [(f.since_ms // MIN, round(f.turn.yaw_deg)) for f in found if f.turn] == [(0, 20), (80, 35)]


def test_never_twice_the_same_is_a_loose_mount_without_degrees() -> None:
    looks = [look(n * 12 * MIN, V.MOVED, yaw_deg=yaw) for n, yaw in enumerate((5.0, 12.0, 3.0, 9.0, 14.0, 7.0))]
    assert fold(looks[:-1])[1] == []
    _, (found,) = fold(looks)
    assert (found.verdict, found.turn) == (V.MOVED, None)
    # It comes to rest: now there are degrees.
    track, _ = fold(looks)
    _, (rest,) = fold([look((80 + n * 10) * MIN, V.MOVED, yaw_deg=11.0) for n in range(3)], track)
    assert rest.turn is not None


def test_agreement_goes_over_the_back() -> None:
    looks = [look(n * 10 * MIN, V.MOVED, yaw_deg=yaw) for n, yaw in enumerate((179.9, -179.9, 180.0))]
    _, (found,) = fold(looks)
    assert found.turn is not None
    assert abs(found.turn.yaw_deg) == pytest.approx(180.0)


@given(st.lists(st.floats(-0.25, 0.25), min_size=1, max_size=5), st.floats(-180, 180))
def test_a_median_lies_among_its_turns(offsets: list[float], middle: float) -> None:
    yaws = [180 - (180 - (middle + o)) % 360 for o in offsets]
    aim = begun(turn(yaws[0]), 0)
    for n, yaw in enumerate(yaws[1:], 1):
        aim = joined(aim, turn(yaw), n)
    one = together(aim)
    away = (one.yaw_deg - middle + 180) % 360 - 180
    assert min(offsets) - 1e-6 <= away <= max(offsets) + 1e-6
    assert one.error_deg >= 0.2


def test_without_a_baseline_only_what_needs_none() -> None:
    for verdict in FAULTS:
        for context in (DAY, NIGHT):
            looks = [look(n * 15 * MIN, verdict, baseline=None, context=context, yaw_deg=1.0) for n in range(8)]
            absolute = verdict in {V.NO_SIGNAL, V.HALF_PICTURE, V.FROZEN}
            by_day = verdict in {V.DARK, V.BRIGHT} and context is DAY
            assert bool(fold(looks)[1]) is (absolute or by_day), (verdict, context)


def test_a_dome_that_nobody_checked_proves_nothing_and_can_be_well() -> None:
    track: LookTrack | None = None
    for n in range(8):
        track, found = judge_look(track, replace(look(n * 10 * MIN, V.OTHER_SCENE), place=Place.UNKNOWN), POLICY)
        assert found is None
    track, proved = fold(every(10, V.BLUR, V.BLUR, V.BLUR))
    assert told(proved) == [(V.BLUR, 0, 20)]
    for n in (3, 4):
        track, one = judge_look(track, replace(look(n * 10 * MIN), place=Place.UNKNOWN), POLICY)
    assert one is not None
    assert one.verdict is V.OK


def test_night_by_itself_neither_proves_nor_clears() -> None:
    track, _ = fold(every(10, V.COVER, V.COVER, V.COVER))
    night = [look((30 + 10 * n) * MIN, context=NIGHT, baseline=None) for n in range(30)]
    track, found = fold(night, track)
    assert found == []
    assert track is not None
    assert track.finding is not None
    # With a baseline of the night, a look by night knows.
    _, found = fold([look((400 + 10 * n) * MIN, context=NIGHT) for n in range(2)], track)
    assert told(found) == [(V.OK, 400, 410)]


@pytest.mark.parametrize("verdict", [V.DARK, V.NOISE, V.BLUR])
def test_a_fault_of_the_night_is_not_cleared_by_day(verdict: PictureVerdict) -> None:
    track, found = fold(every(15, *[verdict] * 6, context=NIGHT))
    assert [f.verdict for f in found] == [verdict]
    track, found = fold(every(10, *[V.OK] * 60, first_min=120), track)
    assert found == []
    _, found = fold(every(10, V.OK, V.OK, first_min=900, context=NIGHT), track)
    assert told(found) == [(V.OK, 900, 910)]


def test_two_nights_halves_with_a_good_day_between_do_not_mix_with_other_faults() -> None:
    track, found = fold(every(10, *[V.DARK] * 5, context=NIGHT))
    assert found == []
    track, found = fold(every(10, V.OK, V.OK, V.COVER, first_min=60), track)
    assert found == []


def test_what_was_seen_days_ago_is_no_part_of_the_proof() -> None:
    track, _ = fold(every(10, V.COVER, V.COVER))
    _, found = fold([look(26 * HOUR, V.COVER), look(26 * HOUR + 20 * MIN, V.COVER)], track)
    assert found == []


def test_another_cameras_look_is_a_bug() -> None:
    track, _ = fold(every(10, V.OK))
    with pytest.raises(ValueError, match="a look of other"):
        judge_look(track, look(HOUR, device_id="other"), POLICY)
    for text in ("", "{}", "[]", '{"device":"a"}'):
        with pytest.raises(ValueError, match="not a track"):
            LookTrack.from_json(text)


@given(histories())
def test_late_and_duplicate_looks_change_nothing(looks: list[Look]) -> None:
    track: LookTrack | None = None
    for n, one in enumerate(looks):
        track, _ = judge_look(track, one, POLICY)
        for old in looks[: n + 1]:
            assert judge_look(track, old, POLICY) == (track, None)


@given(histories())
def test_a_restart_anywhere_changes_nothing(looks: list[Look]) -> None:
    straight, found = fold(looks)
    track, again = None, []
    for one in looks:
        track, finding = judge_look(track, one, POLICY)
        again += [finding] if finding else []
        text = track.to_json()
        track = LookTrack.from_json(text)
        assert track.to_json() == text
        assert len(text) < 3_500
    assert (track, again) == (straight, found)


@given(histories())
def test_findings_follow_from_looks(looks: list[Look]) -> None:
    """Faults and their ends alternate; none is dated outside what was seen; each has its evidence."""
    track, found = fold(looks)
    standing: Finding | None = None
    for f in found:
        seen = [one for one in looks if f.since_ms <= one.at_ms <= f.decided_ms]
        assert seen[0].at_ms == f.since_ms
        assert seen[-1].at_ms == f.decided_ms
        if f.verdict is V.OK:
            assert standing is not None
            assert not any(one.diagnosis.verdict.is_fault for one in seen if one.baseline == 1)
            standing = None
        else:
            faults = [one for one in seen if one.diagnosis.verdict.is_fault]
            assert f.verdict in {one.diagnosis.verdict for one in faults}
            assert len(faults) >= f.looks >= POLICY.no_signal.looks
            assert standing is None or (standing.verdict, standing.turn) != (f.verdict, f.turn)
            standing = f
    assert (track.finding if track else None) == standing


@given(histories(), st.integers(1, 4), st.integers(0, HOUR))
def test_more_evidence_wanted_never_finds_earlier(looks: list[Look], more: int, longer_ms: int) -> None:
    def stricter(need: Need) -> Need:
        return Need(looks=need.looks + more, span_ms=need.span_ms + longer_ms)

    strict = PicturePolicy(
        no_signal=stricter(POLICY.no_signal),
        image=stricter(POLICY.image),
        exposure=stricter(POLICY.exposure),
        moved=stricter(POLICY.moved),
        frozen=stricter(POLICY.frozen),
    )
    _, usual = fold(looks)
    _, late = fold(looks, policy=strict)
    if late:
        assert usual
        assert usual[0].decided_ms <= late[0].decided_ms


@given(st.lists(st.sampled_from([V.OK, V.CAST]), max_size=40), st.data())
def test_good_looks_and_single_bad_ones_alarm_nobody(good: list[PictureVerdict], data: st.DataObject) -> None:
    verdicts = []
    for one in good:
        verdicts.append(one)
        if data.draw(st.booleans()):
            verdicts.append(data.draw(st.sampled_from([v for v in FAULTS if v not in {V.NOISE, V.BLUR, V.IR_STUCK}])))
    assert fold(every(10, *verdicts))[1] == []


def test_a_still_picture_that_cannot_be_told_from_a_frozen_one_ends_no_freeze() -> None:
    track, found = fold(every(10, V.FROZEN, V.FROZEN, V.FROZEN))
    assert told(found) == [(V.FROZEN, 0, 20)]
    for n in range(3, 8):
        still = look(n * 10 * MIN)
        track, one = judge_look(track, replace(still, diagnosis=replace(still.diagnosis, advisory=(STILL,))), POLICY)
        assert one is None
    _, found = fold([look(90 * MIN), look(100 * MIN)], track)
    assert told(found) == [(V.OK, 90, 100)]
