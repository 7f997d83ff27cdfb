"""Each verdict once: on the virtual fleet's pictures, on a real frame; and the laws of any diagnosis."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.monitor.picture.photos import FOREST, covered, jpeg, look, photo
from tests.monitor.picture.views import HFOV_DEG, KINDS, LATER, any_image, fleet_baseline, fleet_jpeg, photo_baseline

from camfleet.faults import Fault, FaultKind
from camkeeper.model.picture import Context, Diagnosis
from camkeeper.model.picture import PictureVerdict as V
from camkeeper.picture.decode import decode
from camkeeper.picture.diagnose import ORDER, diagnose
from camkeeper.picture.measure import sheet_of

K = FaultKind


def _fleet(context: Context, *faults: Fault) -> Diagnosis:
    image = decode(fleet_jpeg(5, LATER[context], *faults))
    return diagnose(sheet_of(image), fleet_baseline(context), hfov_deg=HFOV_DEG, tilt_deg=15.0, image=image)


def _photo(image: NDArray[np.uint8]) -> Diagnosis:
    seen = decode(jpeg(image))
    return diagnose(sheet_of(seen), photo_baseline(), hfov_deg=60, image=seen)


@pytest.mark.parametrize("context", list(Context))
@pytest.mark.parametrize(
    "weather", [(), (K.RAIN,), (K.SNOW,), (K.OVERCAST,)], ids=lambda some: some[0].value if some else "ordinary"
)
def test_weather_is_no_fault(context: Context, weather: tuple[FaultKind, ...]) -> None:
    assert _fleet(context, *(Fault(kind=kind) for kind in weather)).verdict in {V.OK, V.CAST}


@pytest.mark.parametrize("context", list(Context))
@pytest.mark.parametrize(
    ("fault", "verdicts"),
    [
        (Fault(kind=K.BLUR), {V.BLUR}),
        (Fault(kind=K.DARK), {V.DARK, V.NO_SIGNAL}),
        (Fault(kind=K.BRIGHT), {V.BRIGHT}),
        (Fault(kind=K.NO_SIGNAL), {V.NO_SIGNAL}),
        (Fault(kind=K.HALF_PICTURE), {V.HALF_PICTURE}),
        (Fault(kind=K.NOISE), {V.NOISE}),
        (Fault(kind=K.STRIPES), {V.STRIPES}),
        (Fault(kind=K.MOVED), {V.MOVED}),
        (Fault(kind=K.ROTATED), {V.ROTATED}),
        (Fault(kind=K.ROTATED, how="upside_down"), {V.ROTATED}),
        (Fault(kind=K.ROTATED, how="mirrored"), {V.ROTATED}),
        (Fault(kind=K.COVER), {V.COVER}),
        (Fault(kind=K.COVER, how="leaf"), {V.COVER}),
        (Fault(kind=K.OTHER_SCENE), {V.OTHER_SCENE}),
        (Fault(kind=K.FOG), {V.FOG}),
    ],
    ids=lambda value: f"{value.kind.value}-{value.how}" if isinstance(value, Fault) else "",
)
def test_every_fault_of_the_fleet(context: Context, fault: Fault, verdicts: set[V]) -> None:
    assert _fleet(context, fault).verdict in verdicts


def test_no_colour_is_wrong_by_day_and_right_by_night() -> None:
    assert _fleet(Context.DAY, Fault(kind=K.IR_STUCK)).verdict is V.IR_STUCK
    assert _fleet(Context.NIGHT, Fault(kind=K.IR_STUCK)).verdict is V.OK


def test_a_cast_is_told_and_alarms_nobody() -> None:
    found = _fleet(Context.DAY, Fault(kind=K.CAST))
    assert V.CAST in found.alarms
    assert "cast" in found.advisory
    assert not found.verdict.is_fault


def test_a_turn_has_its_degrees() -> None:
    turn = _fleet(Context.DAY, Fault(kind=K.MOVED, by_deg=12.0)).turn
    assert turn is not None
    assert turn.yaw_deg == pytest.approx(12.0, abs=0.5)


@pytest.mark.parametrize("seed", range(6, 10))
def test_a_real_scene_at_another_moment_is_well(seed: int) -> None:
    assert _photo(look(seed)).verdict is V.OK


def test_a_real_scene_out_of_focus() -> None:
    assert _photo(np.asarray(cv2.GaussianBlur(look(6), (0, 0), 3), np.uint8)).verdict is V.BLUR


def test_a_real_scene_covered() -> None:
    assert _photo(covered(look(6))).verdict is V.COVER


def test_a_real_scene_in_fog() -> None:
    assert _photo(np.asarray(look(6) * 0.3 + 143, np.uint8)).verdict is V.FOG


def test_another_real_scene() -> None:
    found = _photo(look(6, photo(FOREST)))
    assert found.verdict is V.OTHER_SCENE
    assert found.turn is None


def test_without_a_baseline_only_the_gross_is_said() -> None:
    dead, dim = np.zeros((720, 960, 3), np.uint8), np.asarray(look(6) * 0.08, np.uint8)
    assert diagnose(sheet_of(dead), None).verdict is V.NO_SIGNAL
    assert diagnose(sheet_of(dim), None).verdict in {V.DARK, V.NO_SIGNAL}
    assert diagnose(sheet_of(look(6)), None).verdict is V.OK
    assert diagnose(sheet_of(covered(look(6))), None).verdict is V.OK
    rng = np.random.default_rng(1)
    loud = np.asarray(np.clip(look(6)[::2, ::2] + rng.normal(0, 60, (360, 480, 3)), 0, 255), np.uint8)
    assert diagnose(sheet_of(loud), None).verdict is V.NOISE


def test_another_size_of_the_same_shape_is_compared_but_for_sharpness() -> None:
    large = cv2.resize(look(6), (1280, 960), interpolation=cv2.INTER_AREA)
    found = _photo(np.asarray(large, np.uint8))
    assert found.verdict is V.OK
    assert "another size" in found.detail


def test_another_shape_is_not_compared() -> None:
    found = _photo(look(6)[:400])
    assert found.verdict is V.OK
    assert "another shape" in found.detail


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=st.sampled_from(KINDS),
    seed=st.integers(0, 2**16),
    size=st.sampled_from([(360, 480), (16, 16), (90, 120), (37, 211), (750, 1000)]),
)
def test_any_image_has_a_verdict(kind: str, seed: int, size: tuple[int, int]) -> None:
    image = any_image(*size, kind, seed)
    sheet = sheet_of(image)
    for found in (diagnose(sheet, None), diagnose(sheet, photo_baseline(), hfov_deg=60, image=image)):
        assert all(np.isfinite(value) for value in found.features.values())
        assert list(found.alarms) == sorted(found.alarms, key=ORDER.index)
        faults = [alarm for alarm in found.alarms if alarm.is_fault]
        assert found.verdict is (faults[0] if faults else found.alarms[0] if found.alarms else V.OK)
        assert found.turn is None or found.verdict is not V.OK
