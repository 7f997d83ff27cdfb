"""A register without a fault has no finding, whatever it looks like; and order and names of things change nothing."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.doctor.township import township, with_answer, with_mount

from camkeeper.config import load
from camkeeper.doctor.bring import patient_of
from camkeeper.doctor.examine import Examined, examine
from camkeeper.doctor.finding import Check, FieldName
from camkeeper.doctor.patient import Patient

DEMO = Path(__file__).parents[3] / "config" / "cameras.yaml"


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 10**6),
    villages=st.integers(1, 12),
    each=st.integers(1, 20),
    marks=st.booleans(),
    spread_m=st.floats(50, 750),
    noise_m=st.floats(0, 10),
    east=st.floats(75, 132),
    north=st.floats(20, 48),
)
def test_nothing_is_found_where_nothing_is_odd(
    seed: int, villages: int, each: int, marks: bool, spread_m: float, noise_m: float, east: float, north: float
) -> None:
    patient = township(
        seed, villages=villages, each=each, marks=marks, spread_m=spread_m, noise_m=noise_m, middle=(east, north)
    )
    found = [f for f in examine(patient).findings if not _by_chance(f.check, patient)]
    assert not found, found[0].en


def _by_chance(check: Check, patient: Patient) -> bool:
    """Return whether the dice themselves may have made it: one contractor of two has no village where there is one."""
    one_village = len(patient.cameras_by_site) == 1
    return one_village and check in {Check.IDLE_CONTRACTOR, Check.CREDENTIAL}


def test_the_demo_has_only_what_is_odd_with_it() -> None:
    found = examine(patient_of(DEMO, load(DEMO))).findings
    assert [f.id for f in found] == [
        "in-building:dg08-cam-04", "azimuth:dg09", "azimuth:dg16", "azimuth:dg23", "credential:township",
    ]  # fmt: skip


def odd(seed: int = 3) -> Patient:
    """Return a township with several faults."""
    patient = with_mount(township(seed), 0, height_m=450.0)
    patient = with_mount(patient, 5, azimuth_deg=None)
    return with_answer(patient, 7, model="IPC-HFW4433", serial="ZZTOP99887")


def _told(examined: Examined) -> set[tuple[str, frozenset[str]]]:
    return {(f.check.value, frozenset(f.device_ids)) for f in examined.findings}


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10**6))
def test_order_changes_nothing(seed: int) -> None:
    patient = odd()
    dice = random.Random(seed)
    registry = patient.registry
    other = replace(
        patient,
        registry=replace(
            registry,
            devices=tuple(dice.sample(registry.devices, len(registry.devices))),
            sites=tuple(dice.sample(registry.sites, len(registry.sites))),
            key_places=tuple(dice.sample(registry.key_places, len(registry.key_places))),
            links=tuple(dice.sample(registry.links, len(registry.links))),
        ),
    )
    assert examine(other).findings == examine(patient).findings


def test_other_ids_are_other_ids_and_nothing_else() -> None:
    patient = odd()
    ids = {d.id: f"x{n:04}" for n, d in enumerate(patient.registry.devices)}
    devices = tuple(replace(d, id=ids[d.id]) for d in patient.registry.devices)
    other = Patient(
        registry=replace(patient.registry, devices=devices), answers={ids[i]: f for i, f in patient.answers.items()}
    )
    assert _told(examine(other)) == {(check, frozenset(ids[i] for i in who)) for check, who in _told(examine(patient))}


def test_unknown_is_never_right() -> None:
    patient = township(villages=2, each=5)
    silent = replace(patient, answers={})
    for examined, proven in ((examine(silent), 0), (examine(patient), 10)):
        rows = {s.field: s.over() for s in examined.sheets}
        for field in (FieldName.MODEL, FieldName.MAKER, FieldName.SERIAL, FieldName.ADDRESS, FieldName.RESOLUTION):
            row = rows[field]
            assert (row.right, row.wrong, row.unknown) == (proven, 0, 10 - proven)
            assert (row.rate is None) == (proven == 0)
        for field in (FieldName.AZIMUTH, FieldName.HEIGHT, FieldName.LENS, FieldName.NAME, FieldName.LINK):
            assert (rows[field].right, rows[field].rate) == (0, None)
        assert rows[FieldName.POSITION].right == 10


def test_what_nobody_wrote_down_is_missing_and_unknown() -> None:
    patient = with_mount(township(villages=2, each=5), 0, azimuth_deg=None)
    row = next(s.over() for s in examine(patient).sheets if s.field is FieldName.AZIMUTH)
    assert (row.devices, row.wrong, row.unknown, row.missing) == (10, 0, 10, 1)
