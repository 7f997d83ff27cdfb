"""What the rungs of a probe amount to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camkeeper.judge.ladder import NOTHING, Memory, assess, merge, sample_of, seed
from camkeeper.model.policy import JudgePolicy
from camkeeper.model.probing import Depth, ProbeResult, Rung, RungResult, Verdict
from camkeeper.model.status import Reason, Status

POLICY = JudgePolicy()
ANSWERS = {"auth_refused", "latched", "clock_skew"}


def result(**verdicts: Verdict) -> ProbeResult:
    rungs = tuple(RungResult(rung=Rung(rung), verdict=verdict, ms=1.0) for rung, verdict in verdicts.items())
    return ProbeResult(device_id="cam", at_ms=5, took_ms=1.0, depth=Depth.FULL, rungs=rungs)


def said(policy: JudgePolicy, **verdicts: Verdict) -> tuple[Status, Reason]:
    return assess(merge(NOTHING, result(**verdicts)), policy)


OK, TIMEOUT, FAULT = Verdict.OK, Verdict.TIMEOUT, Verdict.FAULT
results = st.dictionaries(st.sampled_from([r.value for r in Rung]), st.sampled_from(list(Verdict)), min_size=1).map(
    lambda verdicts: result(**verdicts)
)


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ({}, (Status.UP, Reason.RECOVERED)),
        ({"reach": OK, "time": OK, "auth": OK}, (Status.UP, Reason.RECOVERED)),
        ({"reach": TIMEOUT}, (Status.DOWN, Reason.NO_ANSWER)),
        ({"ping": TIMEOUT}, (Status.DOWN, Reason.NO_ANSWER)),
        ({"snmp": TIMEOUT}, (Status.DOWN, Reason.NO_ANSWER)),
        ({"reach": OK, "time": FAULT}, (Status.DEGRADED, Reason.NO_ONVIF)),  # a fault is an answer
        ({"reach": OK, "time": Verdict.MALFORMED}, (Status.DOWN, Reason.NO_ONVIF)),
        ({"reach": TIMEOUT, "snapshot": FAULT}, (Status.DOWN, Reason.NO_ANSWER)),
        ({"reach": OK, "time": Verdict.AUTH_REFUSED}, (Status.DEGRADED, Reason.AUTH_REFUSED)),
        ({"reach": OK, "time": Verdict.AUTH_REFUSED, "auth": OK}, (Status.UP, Reason.RECOVERED)),
        ({"reach": OK, "time": Verdict.LATCHED}, (Status.DEGRADED, Reason.AUTH_REFUSED)),
        ({"reach": OK, "time": Verdict.CLOCK_SKEW}, (Status.DEGRADED, Reason.CLOCK_SKEW)),
        ({"auth": Verdict.AUTH_REFUSED, "snapshot": FAULT}, (Status.DEGRADED, Reason.AUTH_REFUSED)),
        ({"auth": Verdict.LATCHED}, (Status.DEGRADED, Reason.AUTH_REFUSED)),
        ({"auth": Verdict.CLOCK_SKEW}, (Status.DEGRADED, Reason.CLOCK_SKEW)),
        ({"auth": FAULT}, (Status.DEGRADED, Reason.NO_ANSWER_AUTHED)),
        ({"snapshot": FAULT, "stream": FAULT}, (Status.DEGRADED, Reason.NO_PICTURE)),
        ({"snapshot": Verdict.NOT_OFFERED, "stream": FAULT}, (Status.DEGRADED, Reason.NO_STREAM)),
        ({"recording": Verdict.STALE}, (Status.DEGRADED, Reason.RECORDING_STALE)),
    ],
)
def test_verdicts(verdicts: dict[str, Verdict], expected: tuple[Status, Reason]) -> None:
    assert said(POLICY, **verdicts) == expected


def test_the_policy_decides_which_rung_decides() -> None:
    strict = JudgePolicy(down_on=POLICY.down_on | {Rung.STREAM}, degraded_on=frozenset({Rung.SNAPSHOT}))
    assert said(strict, reach=OK, snapshot=FAULT, stream=FAULT) == (Status.DOWN, Reason.NO_STREAM)
    assert said(strict, reach=OK, auth=FAULT) == (Status.UP, Reason.RECOVERED)
    lenient = JudgePolicy(down_on=frozenset({Rung.REACH}), degraded_on=frozenset({Rung.TIME, Rung.STREAM}))
    assert said(lenient, reach=OK, time=FAULT, stream=FAULT) == (Status.DEGRADED, Reason.NO_ONVIF)


@given(results, st.frozensets(st.sampled_from(list(Rung))))
def test_a_device_that_refuses_is_never_down(found: ProbeResult, down_on: frozenset[Rung]) -> None:
    policy = JudgePolicy(down_on=down_on)
    if all(r.verdict.value in ANSWERS or not r.verdict.is_failure for r in found.rungs):
        assert assess(merge(NOTHING, found), policy)[0] is not Status.DOWN


@given(results, results)
def test_a_rung_that_was_not_asked_keeps_its_older_answer(old: ProbeResult, new: ProbeResult) -> None:
    before = merge(NOTHING, old)
    after = merge(before, new)
    for rung in Rung:
        fresh = new.rung(rung)
        if fresh is None or fresh.verdict in {Verdict.SKIPPED, Verdict.MONITOR}:
            assert after.get(rung) == before.get(rung)
        else:
            assert after.get(rung) is fresh.verdict
    assert [r for r, _ in after] == [r for r in Rung if after.get(r) is not None]
    assert merge(after, new) == after


def test_a_quick_probe_does_not_heal_what_it_did_not_ask() -> None:
    memory = merge(NOTHING, result(reach=OK, time=OK, snapshot=FAULT))
    memory, one = sample_of(result(reach=TIMEOUT, time=Verdict.SKIPPED), memory, POLICY)
    assert one is not None
    assert (one.status, one.reason) == (Status.DOWN, Reason.NO_ANSWER)
    memory, one = sample_of(result(reach=OK, time=OK, snapshot=Verdict.SKIPPED), memory, POLICY)
    assert one is not None
    assert (one.status, one.reason) == (Status.DEGRADED, Reason.NO_PICTURE)
    assert memory.only([Rung.REACH, Rung.TIME]).get(Rung.SNAPSHOT) is None


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        ({"reach": Verdict.MONITOR, "time": Verdict.MONITOR}, None),
        ({"reach": Verdict.MONITOR, "time": Verdict.SKIPPED}, None),
        ({"reach": Verdict.MONITOR, "auth": Verdict.LATCHED}, None),
        ({"reach": OK, "time": Verdict.MONITOR}, None),
        ({"reach": OK, "time": OK, "snapshot": Verdict.MONITOR}, Status.UP),
        ({"reach": TIMEOUT, "time": Verdict.MONITOR}, Status.DOWN),
        ({}, None),
    ],
)
def test_our_own_fault_says_nothing_of_the_device(verdicts: dict[str, Verdict], status: Status | None) -> None:
    for before in (NOTHING, merge(NOTHING, result(reach=OK, time=OK))):
        _, one = sample_of(result(**verdicts), before, POLICY)
        assert (None if one is None else one.status) is status


@pytest.mark.parametrize("reason", list(Reason))
def test_a_degraded_device_stays_degraded_over_a_restart(reason: Reason) -> None:
    memory = seed(Status.DEGRADED, reason)
    if memory != NOTHING:
        _, one = sample_of(result(reach=OK, time=OK), memory, POLICY)
        assert one is not None
        assert (one.status, one.reason) == (Status.DEGRADED, reason)
    assert seed(Status.UP, reason) == seed(Status.DOWN, reason) == seed(Status.UNKNOWN, reason) == Memory()


def test_every_reason_of_a_rung_above_the_foundation_can_be_seeded() -> None:
    above = {Reason.AUTH_REFUSED, Reason.CLOCK_SKEW, Reason.NO_ANSWER_AUTHED}
    above |= {Reason.NO_PICTURE, Reason.NO_STREAM, Reason.RECORDING_STALE}
    assert {reason for reason in Reason if len(seed(Status.DEGRADED, reason))} == above
