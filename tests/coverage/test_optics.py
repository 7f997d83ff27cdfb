"""Worked numbers of optics, and laws."""

from __future__ import annotations

import doctest
from math import inf, isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camcover import optics
from camcover.optics import Lens, Mount, OpticsError, ground_limits_m, hfov_from_focal


def test_examples() -> None:
    assert doctest.testmod(optics).failed == 0


def test_worked_numbers() -> None:
    vfov = Lens(hfov_deg=60).vfov_deg
    assert isclose(vfov, 35.983, abs_tol=5e-4)
    near, far = ground_limits_m(height_m=6, tilt_deg=25, vfov_deg=vfov)
    assert isclose(near, 6.436, abs_tol=5e-4)
    assert isclose(far, 48.808, abs_tol=5e-3)
    near, far = ground_limits_m(height_m=6, tilt_deg=25, vfov_deg=vfov, target_height_m=1.6)
    assert isclose(near, 4.720, abs_tol=5e-4)
    assert isclose(far, 35.792, abs_tol=5e-3)
    near, far = ground_limits_m(height_m=4, tilt_deg=30, vfov_deg=70)
    assert isclose(near, 1.865, abs_tol=5e-4)
    assert far == inf


@given(focal=st.floats(1, 100), sensor=st.floats(1, 20), more=st.floats(1.01, 3))
def test_a_longer_lens_sees_less(focal: float, sensor: float, more: float) -> None:
    assert hfov_from_focal(focal_mm=focal * more, sensor_width_mm=sensor) < hfov_from_focal(
        focal_mm=focal, sensor_width_mm=sensor
    )


@given(height=st.floats(2, 20), tilt=st.floats(-60, 85), vfov=st.floats(5, 120))
def test_near_is_before_far(height: float, tilt: float, vfov: float) -> None:
    near, far = ground_limits_m(height_m=height, tilt_deg=tilt, vfov_deg=vfov)
    assert 0 <= near <= far


def test_impossible_mounts_and_lenses_are_refused() -> None:
    for bad in ({"lon_deg": 200}, {"height_m": 0}, {"azimuth_deg": 360}, {"tilt_deg": 91}, {"position_error_m": -1}):
        with pytest.raises(OpticsError):
            Mount(**{"lon_deg": 113.9, "lat_deg": 33.8, **bad})
    for bad_lens in ({"hfov_deg": 0}, {"width_px": 0}, {"range_m": 0}, {"ir_range_m": -1}):
        with pytest.raises(OpticsError):
            Lens(**{"hfov_deg": 90, **bad_lens})
