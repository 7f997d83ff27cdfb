"""Turns are measured as they were done, or not at all."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.monitor.picture.scenery import HFOV_DEG, STILL, looked_at, scene

from camfleet.faults import Fault, FaultKind
from camfleet.pictures import render
from camkeeper.config import load
from camkeeper.model.picture import Turn
from camkeeper.picture.aim import Aim, aim_of, merge_aims
from camkeeper.picture.rotation import Angles
from camkeeper.picture.turn import turn_between

Image = NDArray[np.uint8]
NOON_MS = 1_771_992_000_000  # 2026-02-25 12:00 in China
CONFIG = Path(__file__).parents[3] / "config" / "cameras.yaml"


@cache
def reference() -> Aim:
    return merge_aims([aim_of(looked_at(scene(), seed=seed, light=0.7 + 0.15 * seed)) for seed in range(3)])


def measured(turn: Angles, *, zoom: float = 1.0) -> Turn | None:
    picture = looked_at(scene(), turn, zoom=zoom, seed=7, light=0.9)
    return turn_between(reference(), picture, hfov_deg=HFOV_DEG)


def written(picture: Image, clock: str) -> None:
    for text, place in ((clock, (8, 24)), ("Gate 01", (500, 350))):
        cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0, 0, 0), 5)
        cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255, 255, 255), 2)


@settings(max_examples=8, deadline=None)
@given(st.floats(-25, 25), st.floats(-3, 3), st.floats(-3, 3))
def test_a_turn_is_measured_as_it_was_done(yaw_deg: float, pitch_deg: float, roll_deg: float) -> None:
    turn = measured(Angles(yaw_deg=yaw_deg, pitch_deg=pitch_deg, roll_deg=roll_deg))
    assert turn is not None
    assert turn.yaw_deg == pytest.approx(yaw_deg, abs=0.1)
    assert turn.pitch_deg == pytest.approx(pitch_deg, abs=0.1)
    assert turn.roll_deg == pytest.approx(roll_deg, abs=0.2)
    assert 0 < turn.error_deg < 0.5


@settings(max_examples=3, deadline=None)
@given(st.floats(2, 25), st.sampled_from([-1, 1]))
def test_the_turn_back_is_the_opposite_one(size_deg: float, side: int) -> None:
    here = looked_at(scene(), seed=1)
    there = looked_at(scene(), Angles(yaw_deg=side * size_deg, pitch_deg=0, roll_deg=0), seed=2)
    forth = turn_between(aim_of(here), there, hfov_deg=HFOV_DEG)
    back = turn_between(aim_of(there), here, hfov_deg=HFOV_DEG)
    assert forth is not None
    assert back is not None
    assert forth.yaw_deg == pytest.approx(-back.yaw_deg, abs=0.1)


def test_a_small_turn_of_a_crowded_scene_is_not_taken_for_text() -> None:
    here = looked_at(scene(), seed=1)
    there = aim_of(looked_at(scene(), Angles(yaw_deg=-2.75, pitch_deg=0, roll_deg=0), seed=2))
    turn = turn_between(there, here, hfov_deg=HFOV_DEG)
    assert turn is not None
    assert turn.yaw_deg == pytest.approx(2.75, abs=0.05)


def test_the_same_aim_is_no_turn() -> None:
    turn = measured(STILL)
    assert turn is not None
    assert abs(turn.yaw_deg) < 0.05
    assert turn.method == "phase"


@pytest.mark.parametrize("roll_deg", [-8.0, 45.0, 180.0])
def test_a_roll_alone_is_no_yaw(roll_deg: float) -> None:
    turn = measured(Angles(yaw_deg=0, pitch_deg=0, roll_deg=roll_deg))
    assert turn is not None
    assert abs(turn.yaw_deg) < 0.1
    assert abs((turn.roll_deg - roll_deg + 180) % 360 - 180) < 0.3


@pytest.mark.parametrize("zoom", [0.6, 0.92, 1.08, 1.7])
@pytest.mark.parametrize("yaw_deg", [6.0])
def test_a_lens_that_was_zoomed_has_no_degrees(zoom: float, yaw_deg: float) -> None:
    assert measured(Angles(yaw_deg=yaw_deg, pitch_deg=0, roll_deg=0), zoom=zoom) is None


@pytest.mark.parametrize("yaw_deg", [-20.0, 4.0])
@pytest.mark.parametrize("masked", [True, False])
def test_text_that_stands_still_has_no_vote(yaw_deg: float, masked: bool) -> None:
    pictures = [looked_at(scene(), seed=seed) for seed in (1, 2)]
    for picture in pictures:
        written(picture, "2026-02-25 09:00:01")
    mask = np.ones((36, 64), np.bool_)
    mask[:4, :36] = mask[32:, 48:] = False
    known = merge_aims([aim_of(picture, mask=mask if masked else None) for picture in pictures])
    now = looked_at(scene(), Angles(yaw_deg=yaw_deg, pitch_deg=0, roll_deg=0), seed=3)
    written(now, "2026-02-25 13:37:42")
    turn = turn_between(known, now, hfov_deg=HFOV_DEG, mask=mask if masked else None)
    assert turn is not None
    assert turn.yaw_deg == pytest.approx(yaw_deg, abs=0.15)


@pytest.mark.parametrize("seed", [11, 12])
def test_another_scene_is_no_turn(seed: int) -> None:
    assert turn_between(reference(), looked_at(scene(seed)), hfov_deg=HFOV_DEG) is None


@pytest.mark.parametrize("shape", [(16, 16), (360, 640, 3), (2, 3)])
@pytest.mark.parametrize("shade", [0, 128, 255])
def test_nothing_to_be_seen_is_no_turn(shape: tuple[int, ...], shade: int) -> None:
    assert turn_between(reference(), np.full(shape, shade, np.uint8), hfov_deg=HFOV_DEG) is None


def test_noise_is_no_turn() -> None:
    noise = np.random.default_rng(2).integers(0, 256, (360, 640, 3)).astype(np.uint8)
    assert turn_between(reference(), noise, hfov_deg=HFOV_DEG) is None


def test_an_aim_serves_as_well_as_the_picture_and_several_as_their_merger() -> None:
    picture = looked_at(scene(), Angles(yaw_deg=9, pitch_deg=1, roll_deg=0), seed=5)
    several = [aim_of(looked_at(scene(), seed=seed)) for seed in (1, 2)]
    assert turn_between(several, aim_of(picture), hfov_deg=HFOV_DEG) == turn_between(
        merge_aims(several), picture, hfov_deg=HFOV_DEG
    )


def test_a_field_that_is_not_known_well_widens_the_interval() -> None:
    picture = looked_at(scene(), Angles(yaw_deg=20, pitch_deg=0, roll_deg=0), seed=5)
    sure = turn_between(reference(), picture, hfov_deg=HFOV_DEG)
    unsure = turn_between(reference(), picture, hfov_deg=HFOV_DEG + 2, hfov_error_deg=2)
    assert sure is not None
    assert unsure is not None
    assert abs(unsure.yaw_deg - 20) > sure.error_deg
    assert abs(unsure.yaw_deg - 20) < unsure.error_deg


@pytest.mark.parametrize(("device_id", "size"), [("dg01-cam-01", (1280, 720)), ("dg05-cam-04", (704, 576))])
@pytest.mark.parametrize("by_deg", [20.0, -20.0])
def test_a_camera_of_the_fleet_that_looks_down_and_is_turned(
    device_id: str, size: tuple[int, int], by_deg: float
) -> None:
    registry = load(CONFIG)
    device = next(d for d in registry.devices if d.id == device_id)
    tilt_deg = 15.0 if device.mount is None or device.mount.tilt_deg is None else device.mount.tilt_deg
    hfov_deg = device.lens.hfov_deg if device.lens is not None and device.lens.hfov_deg else 90.0

    def seen(at_ms: int, *faults: Fault) -> Image:
        data = render(device, registry, at_ms, faults, size=size)
        return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_REDUCED_COLOR_2), np.uint8)

    known = merge_aims([aim_of(seen(NOON_MS + hour * 3_600_000)) for hour in range(2)])
    now = seen(NOON_MS + 5_000_000, Fault(kind=FaultKind.MOVED, by_deg=by_deg))
    turn = turn_between(known, now, hfov_deg=hfov_deg, tilt_deg=tilt_deg)
    assert turn is not None
    assert turn.yaw_deg == pytest.approx(by_deg, abs=0.5)
    assert abs(turn.yaw_deg - by_deg) <= turn.error_deg
