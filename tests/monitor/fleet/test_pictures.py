from __future__ import annotations

from datetime import datetime, timedelta

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.fleet.town import PASSWORDS, camera, town

from camfleet.faults import FaultKind, Picture
from camfleet.fleet import Fleet
from camfleet.pictures import encode, size_of
from camfleet.scene import Frame, daylight, draw
from camkeeper.clock import SimulatedClock

NOON = datetime(2026, 10, 1, 12, 0, 0)  # noqa: DTZ001 - the camera's local time, as it is burnt in


def frame(local: datetime = NOON, name: str = "cam-1", seed: int = 1) -> Frame:
    return Frame(seed=seed, device_id=name, local=local, width=704, height=576)


def gray(picture: Picture) -> np.ndarray:
    image = cv2.imdecode(np.frombuffer(encode(frame(), picture), np.uint8), cv2.IMREAD_GRAYSCALE)
    return np.asarray(image)[60:-60]  # without the captions


def test_the_same_instant_is_the_same_picture_and_the_next_second_another() -> None:
    assert encode(frame(), Picture.LIVE) == encode(frame(), Picture.LIVE)
    assert encode(frame(), Picture.LIVE) != encode(frame(NOON + timedelta(seconds=1)), Picture.LIVE)


def test_something_moves_besides_the_clock() -> None:
    a, b = draw(frame()), draw(frame(NOON + timedelta(seconds=2)))
    moved = np.abs(a.astype(int) - b.astype(int)).max(axis=2) > 25
    assert 0.002 < moved.mean() < 0.4


def test_each_device_has_its_own_street() -> None:
    assert (draw(frame()) != draw(frame(name="cam-2"))).any()
    assert (draw(frame()) != draw(frame(seed=2))).any()


def test_lens_faults_look_like_what_they_are() -> None:
    sharpness = {p: float(cv2.Laplacian(gray(p), cv2.CV_64F).var()) for p in (Picture.LIVE, Picture.BLURRED)}
    assert sharpness[Picture.BLURRED] < sharpness[Picture.LIVE] / 20
    assert gray(Picture.DARK).mean() < 20
    assert gray(Picture.BRIGHT).mean() > 225
    assert 60 < gray(Picture.LIVE).mean() < 190


def test_night_is_darker_than_noon_and_no_black_picture() -> None:
    night, noon = draw(frame(NOON.replace(hour=23))).mean(), draw(frame()).mean()
    assert 25 < night < noon


@given(st.integers(16, 9000), st.integers(16, 9000))
@settings(max_examples=200)
def test_a_snapshot_is_no_larger_than_full_hd_and_keeps_its_shape(width: int, height: int) -> None:
    w, h = size_of(width, height)
    assert w <= 1920
    assert h <= 1080
    assert w % 2 == h % 2 == 0
    assert abs(w / width - h / height) * max(width, height) < 3 * max(1, width / height, height / width)


@given(st.datetimes())
def test_daylight_is_a_share(local: datetime) -> None:
    assert 0 <= daylight(local) <= 1


@pytest.mark.parametrize("pictures", ["live", "light"])
async def test_a_frozen_picture_is_the_same_bytes_with_an_old_clock(pictures: str) -> None:
    clock = SimulatedClock(wall_ms=1_790_000_000_000, elapsed_ms=1_000)
    async with Fleet(town([camera("cam")]), PASSWORDS, pictures=pictures, clock=clock) as fleet:  # type: ignore[arg-type]
        device = fleet.devices["cam"]

        async def shot() -> bytes:
            at_ms = device._frozen_at_ms if device.condition.picture is Picture.FROZEN else device.now_ms()
            return await device._pictures.jpeg(device, at_ms, Picture.LIVE)

        first = await shot()
        clock.advance(1_000)
        fleet.apply(FaultKind.FROZEN, ["cam"])
        frozen = await shot()
        clock.advance(60_000)
        assert frozen != first
        assert await shot() == frozen
        fleet.clear()
        assert (await shot() != frozen) or pictures == "light"
