"""A reported repair: what is tolerated against the accepted baseline, and when a new version is learned."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.judge.looking import POLICY, V, look

from camkeeper.judge.looktrack import LookTrack
from camkeeper.judge.repair import REAIMED, Claim, Repair, Stage, follow, noted, tolerated

claims = st.none() | st.builds(Claim, at_ms=st.integers(0, 5), proved=st.booleans())


def test_put_back_by_two_degrees_is_put_back_and_by_twenty_it_is_not() -> None:
    near = tolerated(look(1, V.MOVED, yaw_deg=2.0), POLICY)
    assert near.diagnosis.verdict is V.OK
    assert near.diagnosis.advisory == (REAIMED,)
    far = look(1, V.MOVED, yaw_deg=20.0)
    assert tolerated(far, POLICY) is far
    covered = look(1, V.COVER)
    assert tolerated(covered, POLICY) is covered
    both = replace(near, diagnosis=replace(far.diagnosis, turn=near.diagnosis.turn, alarms=(V.MOVED, V.BLUR)))
    assert tolerated(both, POLICY) is both  # put back, and not sharp
    unmeasured = look(1, V.MOVED)
    assert tolerated(unmeasured, POLICY) is unmeasured


@given(st.floats(-180, 180, allow_nan=False))
def test_nothing_beyond_the_tolerance_is_ever_called_good(yaw_deg: float) -> None:
    good = tolerated(look(1, V.MOVED, yaw_deg=yaw_deg), POLICY).diagnosis.verdict is V.OK
    assert good is (abs(yaw_deg) <= POLICY.reaim_deg)


def test_another_view_is_learned_once_the_probe_says_so() -> None:
    repair = follow(None, Claim(at_ms=5, proved=False), calm=False)
    assert repair is not None
    repair = noted(repair, tolerated(look(6, V.MOVED, yaw_deg=2.0), POLICY))
    assert repair.changed
    assert follow(repair, Claim(at_ms=5, proved=True), calm=False) == repair  # something speaks against it still
    proved = follow(repair, Claim(at_ms=5, proved=True), calm=True)
    assert proved is not None
    assert proved.stage is Stage.LEARNING
    assert follow(proved, None, calm=True) == proved


def test_what_looks_as_before_is_not_learned_again_and_a_withdrawn_claim_leaves_nothing() -> None:
    repair = follow(None, Claim(at_ms=5, proved=False), calm=False)
    assert repair is not None
    same = noted(repair, look(6))
    done = follow(same, Claim(at_ms=5, proved=True), calm=True)
    assert done is not None
    assert done.stage is Stage.DONE
    assert follow(done, Claim(at_ms=5, proved=True), calm=True) == done
    back = follow(repair, None, calm=True)
    assert back is not None
    assert back.stage is Stage.DONE
    assert noted(repair, look(7, baseline=None)) == repair
    soft = look(7)
    soft = replace(soft, diagnosis=replace(soft.diagnosis, features={"d_sharpness": 0.4}))
    assert noted(repair, soft).changed  # a new dome: sharper than it ever was


@given(st.lists(st.tuples(claims, st.booleans(), st.booleans()), max_size=20))
def test_what_was_set_aside_is_learned_in_any_case(steps: list[tuple[Claim | None, bool, bool]]) -> None:
    repair: Repair | None = None
    learning = False
    for claim, calm, changed in steps:
        repair = follow(repair, claim, calm=calm)
        if repair is None:
            continue
        learning = learning or repair.stage is Stage.LEARNING
        assert not (learning and repair.stage is Stage.DONE)
        if repair.stage is Stage.CLAIMED:
            repair = noted(repair, look(9) if not changed else tolerated(look(9, V.MOVED, yaw_deg=1.0), POLICY))
        track = LookTrack(device_id="d", last_ms=1, repair=repair)
        assert LookTrack.from_json(track.to_json()) == track
