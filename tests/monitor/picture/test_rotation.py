"""Laws of rotations: signs as `Turn` states them, inverse, composition, and that the solver finds what was done."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camkeeper.picture.rotation import (
    Angles,
    angle_between_deg,
    angles_of,
    bearings,
    between,
    homography,
    hypotheses,
    misses,
    rotation_from_vector,
    rotation_of,
    solve,
)

HFOV_DEG = 80.0
WIDTH_PX, HEIGHT_PX = 960, 540
ANGLES = st.builds(
    Angles,
    yaw_deg=st.floats(-60, 60),
    pitch_deg=st.floats(-20, 20),
    roll_deg=st.floats(-40, 40),
)
TILTS = st.floats(-5, 40)


def seen_at(turn: Angles, x_px: float, y_px: float) -> tuple[float, float]:
    """Return where a pixel of before lies after the turn."""
    there = homography(rotation_of(turn), width_px=WIDTH_PX, height_px=HEIGHT_PX, hfov_deg=HFOV_DEG)
    x, y, w = there @ np.array([x_px, y_px, 1.0])
    return float(x / w), float(y / w)


def test_signs_are_those_of_a_turn() -> None:
    x, y = (WIDTH_PX - 1) / 2, (HEIGHT_PX - 1) / 2
    assert seen_at(Angles(yaw_deg=5, pitch_deg=0, roll_deg=0), x, y)[0] < x  # turned right: the scene goes left
    assert seen_at(Angles(yaw_deg=0, pitch_deg=5, roll_deg=0), x, y)[1] < y  # looks further down: the scene goes up
    assert seen_at(Angles(yaw_deg=0, pitch_deg=0, roll_deg=5), x + 100, y)[1] < y  # rolled clockwise: it turns back


@given(ANGLES, TILTS)
def test_angles_come_back(angles: Angles, tilt_deg: float) -> None:
    back = angles_of(rotation_of(angles, tilt_deg=tilt_deg), tilt_deg=tilt_deg)
    assert back.yaw_deg == pytest.approx(angles.yaw_deg, abs=1e-6)
    assert back.pitch_deg == pytest.approx(angles.pitch_deg, abs=1e-6)
    assert back.roll_deg == pytest.approx(angles.roll_deg, abs=1e-6)


@given(st.floats(-60, 60), TILTS)
def test_the_way_back_is_the_opposite_turn(yaw_deg: float, tilt_deg: float) -> None:
    there = rotation_of(Angles(yaw_deg=yaw_deg, pitch_deg=0, roll_deg=0), tilt_deg=tilt_deg)
    assert angles_of(there.T, tilt_deg=tilt_deg).yaw_deg == pytest.approx(-yaw_deg, abs=1e-6)


@given(st.floats(-30, 30), st.floats(-30, 30), TILTS)
def test_turns_about_the_plumb_line_add_up(first_deg: float, second_deg: float, tilt_deg: float) -> None:
    first, second = (
        rotation_of(Angles(yaw_deg=yaw, pitch_deg=0, roll_deg=0), tilt_deg=tilt_deg) for yaw in (first_deg, second_deg)
    )
    assert angles_of(first @ second, tilt_deg=tilt_deg).yaw_deg == pytest.approx(first_deg + second_deg, abs=1e-6)


def test_a_tilt_that_is_not_told_makes_a_turn_too_small() -> None:
    turned = rotation_of(Angles(yaw_deg=20, pitch_deg=0, roll_deg=0), tilt_deg=30)
    assert angles_of(turned, tilt_deg=30).yaw_deg == pytest.approx(20)
    assert angles_of(turned).yaw_deg < 18


@given(ANGLES, st.integers(0, 1000))
def test_the_solver_finds_the_rotation(angles: Angles, seed: int) -> None:
    rng = np.random.default_rng(seed)
    now = bearings(rng.uniform(0, 540, (20, 2)), width_px=WIDTH_PX, height_px=HEIGHT_PX, hfov_deg=HFOV_DEG)
    turned = rotation_of(angles)
    assert angle_between_deg(solve(now @ turned.T, now), turned) < 1e-5


@given(ANGLES, st.integers(0, 1000))
def test_some_pair_of_matches_gives_the_rotation_where_a_third_is_right(angles: Angles, seed: int) -> None:
    rng = np.random.default_rng(seed)
    now = bearings(rng.uniform(0, 540, (60, 2)), width_px=WIDTH_PX, height_px=HEIGHT_PX, hfov_deg=HFOV_DEG)
    turned = rotation_of(angles)
    before = now @ turned.T
    before[20:] = np.roll(before[20:], 7, axis=0)
    rotations = hypotheses(before, now)
    agreed = (misses(rotations, before, now) < 1e-6).sum(axis=1)
    assert agreed.max() >= 20
    assert angle_between_deg(rotations[int(agreed.argmax())], turned) < 1e-3


@given(st.floats(-0.01, 0.01), st.floats(-0.01, 0.01), st.floats(-0.01, 0.01))
def test_between_is_half_way(x: float, y: float, z: float) -> None:
    end = rotation_from_vector(np.array([x, y, z]))
    assert angle_between_deg(between(np.eye(3), end), rotation_from_vector(np.array([x, y, z]) / 2)) < 1e-4


@pytest.mark.parametrize("hfov_deg", [0.0, -3.0, 180.0, 360.0])
def test_no_pinhole_has_such_a_field(hfov_deg: float) -> None:
    with pytest.raises(ValueError, match="field of view"):
        homography(np.eye(3), width_px=10, height_px=10, hfov_deg=hfov_deg)
