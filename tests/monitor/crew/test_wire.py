"""What comes over the bus is checked as if a stranger had sent it; what is good arrives as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.fleet.town import camera

from camkeeper.crew.wire import (
    MAX_PICTURE,
    Answer,
    Ask,
    Beat,
    Latches,
    Refusal,
    pack,
    unpack_answer,
    unpack_ask,
    unpack_beat,
    unpack_latches,
)
from camkeeper.model.dome import DomeReport, Position
from camkeeper.model.probing import Depth, DeviceFacts, ProbeResult, Profile, Rung, RungResult, SnapshotInfo, Verdict
from camkeeper.model.wire import WireError
from camkeeper.probe.latch import Latch

DEVICE = camera("摄像机-1")
MS = st.floats(0, 60_000)
RUNGS = st.builds(
    RungResult,
    rung=st.sampled_from(DEVICE.ladder),
    verdict=st.sampled_from(Verdict),
    ms=MS,
    detail=st.text(max_size=40),
)
FACTS = st.builds(
    DeviceFacts,
    model=st.none() | st.text(max_size=20),
    clock_offset_s=st.none() | st.floats(-1e6, 1e6),
    profiles=st.lists(st.builds(Profile, token=st.text(max_size=8), width=st.none() | st.integers(1, 9000))).map(tuple),
    snapshot=st.none() | st.just(SnapshotInfo(size_bytes=9, width=4, height=3)),
)
RESULTS = st.builds(
    ProbeResult,
    device_id=st.just(DEVICE.id),
    at_ms=st.integers(0, 2**45),
    took_ms=MS,
    depth=st.just(Depth.FULL),
    rungs=st.lists(RUNGS, min_size=1, unique_by=lambda r: r.rung).map(tuple),
    facts=FACTS,
)
LATCH = Latch(device_id=DEVICE.id, scope=Rung.AUTH, fingerprint="f", cause=Verdict.AUTH_REFUSED, at_ms=7, detail="否")
GOOD = Answer(
    member="p1",
    result=ProbeResult(
        device_id=DEVICE.id,
        at_ms=1,
        took_ms=2.0,
        depth=Depth.FULL,
        rungs=(RungResult(rung=Rung.REACH, verdict=Verdict.OK, ms=1.0),),
    ),
)


@given(RESULTS, st.binary(max_size=64), st.booleans(), st.integers(0, 600_000))
def test_an_answer_arrives_as_it_was(result: ProbeResult, picture: bytes, saw: bool, age_ms: int) -> None:
    dome = DomeReport(position=Position(pan=0.5, tilt=-0.25), moving=False)
    answer = Answer(member="p1", result=result, saw=saw, age_ms=age_ms, latches=(LATCH,), journal=3, dome=dome)
    assert unpack_answer(pack(answer, picture), device=DEVICE, depth=Depth.FULL) == (answer, picture)


def test_questions_signs_and_latches_arrive_as_they_were() -> None:
    ask = Ask(
        device_id=DEVICE.id, depth=Depth.PICTURE, register="r", key_check="k", budget_ms=100_000, latches=(LATCH,)
    )
    assert unpack_ask(pack(ask)) == ask
    beat = Beat(member="p1", register="r", shards=(1, 2), blind=("up",), wall_ms=5)
    assert unpack_beat(pack(beat)) == beat
    kept = Latches(DEVICE.id, (LATCH,))
    assert unpack_latches(pack(kept)) == kept


@given(st.binary(max_size=200), st.data())
def test_noise_is_told_and_never_more(noise: bytes, data: st.DataObject) -> None:
    good = pack(GOOD)
    at = data.draw(st.integers(0, len(good)))
    for message in (noise, good[:at], good[:at] + noise + good[at + len(noise) :]):
        try:
            answer, _ = unpack_answer(message, device=DEVICE, depth=Depth.FULL)
        except WireError:
            continue
        assert answer.result is None or answer.result.device_id == DEVICE.id


def forged(**changes: Any) -> Answer:
    assert GOOD.result is not None
    return replace(GOOD, result=replace(GOOD.result, **changes))


@pytest.mark.parametrize(
    ("answer", "picture"),
    [
        (forged(device_id="another"), b""),
        (forged(depth=Depth.QUICK), b""),
        (forged(rungs=()), b""),
        (forged(rungs=(RungResult(rung=Rung.SNMP, verdict=Verdict.OK, ms=1.0),)), b""),
        (forged(rungs=(RungResult(rung=Rung.REACH, verdict=Verdict.OK, ms=1.0),) * 2), b""),
        (forged(rungs=(RungResult(rung=Rung.REACH, verdict=Verdict.OK, ms=1e12),)), b""),
        (forged(rungs=(RungResult(rung=Rung.REACH, verdict=Verdict.OK, ms=1.0, detail="x" * 9_999),)), b""),
        (forged(facts=DeviceFacts(model="x" * 9_999)), b""),
        (replace(GOOD, age_ms=-1), b""),
        (replace(GOOD, latches=(replace(LATCH, device_id="another"),)), b""),
        (replace(GOOD, result=None), b""),
        (replace(GOOD, refusal=Refusal.BUSY), b""),
        (replace(GOOD, result=None, refusal=Refusal.BUSY), b"picture"),
        (GOOD, bytes(MAX_PICTURE + 1)),
    ],
)
def test_an_answer_that_no_member_gives_is_refused(answer: Answer, picture: bytes) -> None:
    with pytest.raises(WireError):
        unpack_answer(pack(answer, picture), device=DEVICE, depth=Depth.FULL)


def test_numbers_that_are_none_are_refused() -> None:
    value = json.loads(pack(GOOD)[4:])
    value["result"]["took_ms"] = float("nan")
    text = json.dumps(value).encode()
    with pytest.raises(WireError, match="no JSON"):
        unpack_answer(len(text).to_bytes(4, "big") + text, device=DEVICE, depth=Depth.FULL)
