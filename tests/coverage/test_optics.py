"""Worked numbers of optics, and laws."""

from __future__ import annotations

import doctest
from math import inf, isclose, nan
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from camcover import optics
from camcover.camera import View
from camcover.optics import (
    NOTHING,
    Lens,
    LensModel,
    Mount,
    OpticsError,
    density_px_per_m,
    distance_m,
    ground_limits_m,
    hfov_from_focal,
    reach_m,
)

FISHEYE = LensModel.FISHEYE


def mount(height_m: float | None = 4.0, tilt_deg: float | None = 15.0) -> Mount:
    return Mount(lon_deg=113.9, lat_deg=33.8, height_m=height_m, tilt_deg=tilt_deg, azimuth_deg=0.0)


heights = st.floats(0.5, 30) | st.none()
tilts = st.floats(-90, 90) | st.none()
lenses = st.builds(
    Lens,
    hfov_deg=st.floats(1, 360),
    width_px=st.integers(320, 8192),
    height_px=st.integers(240, 4096),
    range_m=st.floats(1, 500),
    ir_range_m=st.floats(0, 200) | st.none(),
    model=st.sampled_from(LensModel),
    vertical_deg=st.floats(1, 180) | st.none(),
)
views = st.builds(
    View, night=st.booleans(), px_per_m=st.just(0.0) | st.floats(0.1, 2000), target_height_m=st.floats(0, 10)
)


def test_examples() -> None:
    assert doctest.testmod(optics).failed == 0


def test_worked_limits() -> None:
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


def test_worked_reach() -> None:
    lens = Lens(hfov_deg=60, range_m=100, ir_range_m=30)
    near, far = reach_m(mount(6, 25), lens, View(target_height_m=1.6))
    assert isclose(near, 4.720, abs_tol=5e-4)
    assert isclose(far, 35.792, abs_tol=5e-3)
    assert reach_m(mount(6, 25), lens, View(target_height_m=1.6, night=True)) == (near, 30)
    assert reach_m(mount(6, 25), Lens(hfov_deg=60), View(night=True)) == NOTHING


def test_the_lens_model_is_an_input() -> None:
    flat, round_ = Lens(hfov_deg=90, width_px=1920), Lens(hfov_deg=90, width_px=1920, model=FISHEYE)
    assert [round(distance_m(flat, k), 2) for k in (25, 250)] == [38.40, 3.84]
    assert [round(distance_m(round_, k), 2) for k in (25, 250)] == [48.89, 4.89]
    assert round(distance_m(round_, 25) / distance_m(flat, 25), 2) == 1.27


def test_worked_densities() -> None:
    lens = Lens(hfov_deg=84, width_px=2560, height_px=1440)
    assert [round(density_px_per_m(mount(4, 20), lens, d, 1.6), 2) for d in (5, 10)] == [257.57, 139.13]
    assert [round(density_px_per_m(mount(None, 20), lens, d, 1.6), 2) for d in (5, 10)] == [284.32, 142.16]


def test_a_given_vertical_field_comes_first() -> None:
    lens = Lens(hfov_deg=60, vertical_deg=70, range_m=100)
    near, _ = reach_m(mount(4, 30), lens, View())
    assert isclose(near, 1.865, abs_tol=5e-4)
    assert Lens(hfov_deg=360, width_px=3840, height_px=1080).vfov_deg == 101.25
    assert Lens(hfov_deg=360, width_px=1920, height_px=1920).vfov_deg == 180


def test_what_nobody_noted_draws_no_limit() -> None:
    lens = Lens(hfov_deg=60, range_m=80)
    assert reach_m(mount(None, 25), lens, View()) == (0.0, 80)
    assert reach_m(mount(6, None), lens, View()) == (0.0, 80)


def test_a_target_plane_at_or_above_the_camera() -> None:
    """A register with a camera at knee height is an answer, not an exception."""
    lens = Lens(hfov_deg=60, range_m=100)
    assert reach_m(mount(1.6, 10), lens, View(target_height_m=1.6)) == (0.0, 100)  # the horizon is in the picture
    assert reach_m(mount(1.6, 25), lens, View(target_height_m=1.6)) == NOTHING
    assert reach_m(mount(1.0, 25), lens, View(target_height_m=3.0)) == NOTHING
    near, far = reach_m(mount(1.0, -25), lens, View(target_height_m=7.0))  # the mirror of 6 m above the ground
    assert isclose(near, 6.436, abs_tol=5e-4)
    assert isclose(far, 48.808, abs_tol=5e-3)


def test_straight_down() -> None:
    lens = Lens(hfov_deg=60, range_m=100)
    near, far = reach_m(mount(10, 90), lens, View())
    assert near == 0.0
    assert isclose(far, 3.248, abs_tol=5e-4)  # 10 m * tan(17.99 deg)
    assert reach_m(mount(10, 90), lens, View(px_per_m=160))[1] == far  # 166.3 px/m all over
    assert reach_m(mount(10, 90), lens, View(px_per_m=170)) == NOTHING


@given(height=heights, tilt=tilts, lens=lenses, view=views)
def test_reach_is_within_range_and_dense_enough(
    height: float | None, tilt: float | None, lens: Lens, view: View
) -> None:
    near, far = reach_m(mount(height, tilt), lens, view)
    assert (near, far) == NOTHING or 0 <= near < far <= (lens.ir_range_m if view.night else lens.range_m)  # type: ignore[operator]
    if view.px_per_m and far:
        edge = density_px_per_m(mount(height, tilt), lens, far, view.target_height_m)
        assert edge >= view.px_per_m * (1 - 1e-9)


@given(height=heights, tilt=tilts, lens=lenses, view=views, more=st.floats(1.01, 4))
def test_who_asks_for_more_pixels_sees_no_farther(
    height: float | None, tilt: float | None, lens: Lens, view: View, more: float
) -> None:
    wanted = View(night=view.night, px_per_m=view.px_per_m * more, target_height_m=view.target_height_m)
    assert reach_m(mount(height, tilt), lens, wanted)[1] <= reach_m(mount(height, tilt), lens, view)[1]


@given(height=st.floats(0.5, 30), tilt=st.floats(-90, 90), lens=lenses, distance=st.floats(0.1, 200))
def test_a_noted_tilt_never_lowers_the_density(height: float, tilt: float, lens: Lens, distance: float) -> None:
    """Unknown is counted cautiously: by the slant distance, the longest that any aim could make of it."""
    known = density_px_per_m(mount(height, tilt), lens, distance)
    assume(known > 0)
    assert known >= density_px_per_m(mount(height, None), lens, distance) * (1 - 1e-9)


@given(focal=st.floats(1, 100), sensor=st.floats(1, 20), more=st.floats(1.01, 3), model=st.sampled_from(LensModel))
def test_a_longer_lens_sees_less(focal: float, sensor: float, more: float, model: LensModel) -> None:
    longer = hfov_from_focal(focal_mm=focal * more, sensor_width_mm=sensor, model=model)
    shorter = hfov_from_focal(focal_mm=focal, sensor_width_mm=sensor, model=model)
    assert longer < shorter or shorter == longer == 360


@given(height=st.floats(0.1, 20), tilt=st.floats(-60, 85), vfov=st.floats(5, 120), target=st.floats(0, 20))
def test_the_plane_above_mirrors_the_plane_below(height: float, tilt: float, vfov: float, target: float) -> None:
    near, far = ground_limits_m(height_m=height, tilt_deg=tilt, vfov_deg=vfov, target_height_m=target)
    assert 0 <= near <= far
    assert ground_limits_m(height_m=target, tilt_deg=-tilt, vfov_deg=vfov, target_height_m=height) == (near, far)


@pytest.mark.parametrize(
    "bad",
    [
        {"lon_deg": 200},
        {"height_m": 0},
        {"height_m": inf},
        {"azimuth_deg": 360},
        {"tilt_deg": 91},
        {"tilt_deg": nan},
        {"position_error_m": -1},
    ],
)
def test_impossible_mounts_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(OpticsError):
        Mount(**{"lon_deg": 113.9, "lat_deg": 33.8, **bad})


@pytest.mark.parametrize(
    "bad",
    [{"hfov_deg": 0}, {"hfov_deg": nan}, {"width_px": 0}, {"range_m": 0}, {"ir_range_m": -1}, {"vertical_deg": 181}],
)
def test_impossible_lenses_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(OpticsError):
        Lens(**{"hfov_deg": 90, **bad})


def test_impossible_questions_are_refused() -> None:
    with pytest.raises(OpticsError):
        hfov_from_focal(focal_mm=0, sensor_width_mm=5)
    with pytest.raises(OpticsError):
        density_px_per_m(mount(), Lens(hfov_deg=90), -1.0)
