"""Batches of another datum: recognised in any direction, never where a batch fits as it is, rarely missed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.doctor.township import shifted, township

from camcover.datum import Datum
from camkeeper.doctor.examine import examine
from camkeeper.doctor.finding import Check, Finding
from camkeeper.doctor.patient import Patient
from camkeeper.doctor.plane import READINGS, Reading

PAIRS = st.sampled_from(READINGS)


def batches(patient: Patient) -> list[Finding]:
    return [f for f in examine(patient).findings if f.check is Check.DATUM]


def reading(finding: Finding) -> tuple[object, object]:
    return finding.numbers["written"], finding.numbers["taken_for"]


def far_m(finding: Finding, truth: Patient) -> float:
    """Return how far from the truth the farthest of the proposed positions is, metres (within 0.1%)."""
    worst = 0.0
    for edit in finding.edits:
        values = {key: new for key, _, new in edit.fields}
        mount = truth.registry.device_by_id[edit.device_id].mount
        assert mount is not None
        apart = abs(values["mount.lon_deg"] - mount.lon_deg) + abs(values["mount.lat_deg"] - mount.lat_deg)
        worst = max(worst, apart * 111_195)
    return worst


@settings(deadline=None, max_examples=20)
@given(
    seed=st.integers(0, 10**6),
    pair=PAIRS,
    villages=st.integers(1, 20),
    each=st.integers(8, 25),
    noise_m=st.floats(0, 15),
)
def test_a_batch_beside_key_places_is_recognised_and_comes_home(
    seed: int, pair: Reading, villages: int, each: int, noise_m: float
) -> None:
    truth = township(seed, villages=villages, each=each, noise_m=noise_m)
    found = batches(shifted(truth, pair.written, pair.taken_for, lambda _: True))
    assert [reading(f) for f in found] == [(pair.written, pair.taken_for)]
    assert len(found[0].edits) == villages * each
    assert far_m(found[0], truth) < 0.1


@settings(deadline=None, max_examples=12)
@given(seed=st.integers(0, 10**6), pair=PAIRS, villages=st.integers(2, 9), each=st.integers(8, 20))
def test_of_two_contractors_only_the_one_is_told(seed: int, pair: Reading, villages: int, each: int) -> None:
    truth = township(seed, villages=villages, each=each)
    found = batches(shifted(truth, pair.written, pair.taken_for, lambda d: d.contractor_id == "odd"))
    told = {i for f in found for i in f.device_ids}
    assert told == {d.id for d in truth.registry.devices if d.contractor_id == "odd"}
    assert {reading(f) for f in found} == {(pair.written, pair.taken_for)}


@settings(deadline=None, max_examples=8)
@given(seed=st.integers(0, 10**6), pair=PAIRS)
def test_an_import_is_a_batch_of_its_own(seed: int, pair: Reading) -> None:
    truth = township(seed, villages=9, each=8)
    mine = frozenset(d.id for d in truth.registry.devices if d.id.endswith(("000", "003", "005")))
    sick = replace(shifted(truth, pair.written, pair.taken_for, lambda d: d.id in mine), batches={"4 a.xlsx": mine})
    found = batches(sick)
    assert [f.id for f in found] == ["datum:import:4 a.xlsx"]
    assert frozenset(found[0].device_ids) == mine


@settings(deadline=None, max_examples=20)
@given(
    seed=st.integers(0, 10**6),
    villages=st.integers(1, 9),
    each=st.integers(8, 40),
    marks=st.booleans(),
    astray=st.floats(0, 0.2),
)
def test_a_batch_that_fits_is_never_told_even_with_points_astray(
    seed: int, villages: int, each: int, marks: bool, astray: float
) -> None:
    """Up to a fifth of the points anywhere within two kilometres."""
    import random

    patient = township(seed, villages=villages, each=each, marks=marks, spread_m=700)
    dice = random.Random(seed)
    devices = list(patient.registry.devices)
    for n in dice.sample(range(len(devices)), int(astray * len(devices))):
        mount = devices[n].mount
        assert mount is not None
        lon, lat = mount.lon_deg + dice.uniform(-0.02, 0.02), mount.lat_deg + dice.uniform(-0.02, 0.02)
        devices[n] = replace(devices[n], mount=replace(mount, lon_deg=lon, lat_deg=lat))
    assert not batches(replace(patient, registry=replace(patient.registry, devices=tuple(devices))))


@pytest.mark.parametrize("count", [3, 7])
def test_fewer_than_eight_points_are_no_batch(count: int) -> None:
    truth = township(5, villages=1, each=count)
    assert not batches(shifted(truth, Datum.GCJ02, Datum.WGS84, lambda _: True))
