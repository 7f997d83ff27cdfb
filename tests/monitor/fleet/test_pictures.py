from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.monitor.fleet.town import PASSWORDS, camera, town

from camcover.optics import Lens, Mount
from camfleet.control import obey
from camfleet.faults import SPOILING, WEATHER, Fault, FaultKind
from camfleet.fleet import Fleet
from camfleet.mistake import MistakeError
from camfleet.pictures import LightPictures, aim_of, optical, render, size_of, surroundings
from camkeeper.clock import SimulatedClock
from camkeeper.model.equipment import Device

SIZE = (640, 360)
NOON_MS = 1_780_286_400_000  # 2026-06-01 12:00 at Shanghai's clock
NIGHT_MS = NOON_MS + 10 * 3_600_000
MOUNT = Mount(lon_deg=113.85, lat_deg=33.8, height_m=5.0, azimuth_deg=189.0, tilt_deg=15.0)
CAMERA = replace(
    camera("cam-1"), mount=MOUNT, lens=Lens(hfov_deg=84, width_px=2560, height_px=1440, range_m=80, ir_range_m=40)
)
Grey = NDArray[np.float32]


def sees(*faults: Fault, at_ms: int = NOON_MS, device: Device = CAMERA, seed: int = 1) -> NDArray[np.uint8]:
    return optical(device, at_ms, faults, size=SIZE, seed=seed)


def fault(kind: str, **arguments: object) -> Fault:
    return Fault(kind=FaultKind(kind), **arguments)  # type: ignore[arg-type]


def grey(image: NDArray[np.uint8]) -> Grey:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.float32)


def sharpness(image: NDArray[np.uint8]) -> float:
    return float(cv2.Laplacian(grey(image), cv2.CV_32F).var())


def likeness(a: Grey, b: Grey) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def jpeg(*faults: Fault, at_ms: int = NOON_MS, shown_ms: int | None = None) -> bytes:
    return render(CAMERA, town([CAMERA]), at_ms, faults, size=SIZE, shown_ms=shown_ms)


def test_the_same_instant_is_the_same_picture_and_the_next_second_another() -> None:
    assert jpeg() == jpeg()
    assert jpeg() != jpeg(at_ms=NOON_MS + 1000)
    assert jpeg() != jpeg(shown_ms=NOON_MS + 1000), "the burnt-in clock is the device's own"


@pytest.mark.parametrize("at_ms", [NOON_MS, NIGHT_MS])
def test_minutes_apart_a_healthy_picture_is_alive_and_the_same_scene(at_ms: int) -> None:
    a, b = (grey(sees(at_ms=t)) for t in (at_ms, at_ms + 180_000))
    small = [cv2.resize(i, (160, 90), interpolation=cv2.INTER_AREA) for i in (a, b)]
    assert np.abs(small[0] - small[1]).max() > 25
    assert likeness(a, b) > 0.9


def test_from_morning_to_evening_it_stays_the_same_place() -> None:
    noon = cv2.Laplacian(cv2.GaussianBlur(grey(sees()), (0, 0), 2), cv2.CV_32F)
    for hours in (-5, -2, 3, 6):
        other = cv2.Laplacian(cv2.GaussianBlur(grey(sees(at_ms=NOON_MS + hours * 3_600_000)), (0, 0), 2), cv2.CV_32F)
        assert likeness(np.asarray(noon), np.asarray(other)) > 0.6


def test_night_is_infrared_where_the_lens_has_it_and_dark_colour_where_not() -> None:
    infrared = sees(at_ms=NIGHT_MS)
    assert np.ptp(infrared, axis=2).max() == 0
    assert 20 < infrared.mean() < sees().mean()
    assert CAMERA.lens is not None
    blind = replace(CAMERA, lens=replace(CAMERA.lens, ir_range_m=None))
    dark = sees(at_ms=NIGHT_MS, device=blind)
    assert np.ptp(dark, axis=2).max() > 20
    assert 8 < dark.mean() < sees().mean()


def test_one_pole_has_one_surroundings_and_each_pole_its_own() -> None:
    assert surroundings(CAMERA, seed=1) == surroundings(replace(CAMERA, id="cam-2"), seed=1)
    elsewhere = replace(CAMERA, mount=replace(MOUNT, lon_deg=113.86))
    assert surroundings(CAMERA, seed=1) != surroundings(elsewhere, seed=1)
    assert likeness(grey(sees())[150:], grey(sees(device=elsewhere))[150:]) < 0.4
    assert aim_of(camera("bare"), SIZE, seed=1) == aim_of(camera("bare"), SIZE, seed=1)


def test_a_scene_has_hundreds_of_corners() -> None:
    big = cv2.resize(sees(), (960, 540))
    assert len(cv2.ORB.create(2000).detect(big)) > 1000


LENS: dict[str, dict[str, object]] = {
    "blur": {}, "dark": {}, "bright": {}, "noise": {}, "stripes": {}, "cover": {}, "fogged": {}, "fog": {}, "dirt": {},
    "web": {}, "cast": {}, "ir_stuck": {}, "other_scene": {}, "moved": {}, "rotated": {}, "rain": {}, "snow": {},
    "overcast": {},
}  # fmt: skip


@pytest.mark.parametrize("kind", LENS)
def test_every_defect_shows(kind: str) -> None:
    assert np.abs(sees(fault(kind)).astype(int) - sees()).mean() > 2


def test_defects_look_like_what_they_are() -> None:
    live = sees()
    assert sharpness(sees(fault("blur"))) < sharpness(live) / 20
    assert sees(fault("dark")).mean() < 15
    assert sees(fault("bright")).mean() > 225
    assert np.ptp(sees(fault("ir_stuck")), axis=2).max() == 0
    assert sharpness(sees(fault("noise"))) > sharpness(live)
    fog = grey(sees(fault("fog")))
    assert fog[:120].std() < grey(live)[:120].std() / 2, "far things go first"
    assert fog.std() > fog[:120].std()
    rows = grey(sees(fault("stripes"))).mean(axis=1) - grey(live).mean(axis=1)
    assert rows.std() > 15
    assert likeness(grey(sees(fault("other_scene")))[150:], grey(live)[150:]) < 0.4
    assert np.allclose(sees(fault("rotated", how="upside_down")), live[::-1, ::-1])
    assert np.allclose(sees(fault("rotated", how="mirrored")), live[:, ::-1])


@pytest.mark.parametrize("how", ["board", "leaf", "cloth"])
@pytest.mark.parametrize("share", [0.6, 0.85])
def test_a_cover_hides_its_share(how: str, share: float) -> None:
    covered, live = grey(sees(fault("cover", how=how, share=share))), grey(sees())
    cells = [
        cv2.resize(cv2.Laplacian(i, cv2.CV_32F) ** 2, (16, 9), interpolation=cv2.INTER_AREA) for i in (covered, live)
    ]
    hidden = (cells[0] < cells[1] * 0.1).mean()
    assert abs(hidden - share) < 0.2


def test_what_the_encoder_loses_is_lost_with_the_captions() -> None:
    def shown(*faults: Fault) -> NDArray[np.uint8]:
        return np.asarray(cv2.imdecode(np.frombuffer(jpeg(*faults), np.uint8), cv2.IMREAD_COLOR), np.uint8)

    assert shown(fault("no_signal")).std(axis=(0, 1)).max() < 1
    half = shown(fault("half_picture", share=0.5))
    assert half[190:].std() < 1
    assert half[:170].std() > 20


def test_every_fault_of_the_picture_is_drawn() -> None:
    outside = {FaultKind.NO_SIGNAL, FaultKind.HALF_PICTURE}
    assert {FaultKind(kind) for kind in LENS} == (SPOILING | WEATHER) - outside


@given(st.integers(16, 9000), st.integers(16, 9000))
@settings(max_examples=200)
def test_a_snapshot_is_no_larger_than_hd_and_keeps_its_shape(width: int, height: int) -> None:
    w, h = size_of(width, height)
    assert w <= 1280
    assert h <= 720
    assert w % 2 == h % 2 == 0
    assert abs(w / width - h / height) * max(width, height) < 3 * max(1, width / height, height / width)


@pytest.mark.parametrize("pictures", ["live", "light"])
async def test_a_frozen_picture_is_the_same_bytes_with_an_old_clock(pictures: str) -> None:
    clock = SimulatedClock(wall_ms=1_790_000_000_000, elapsed_ms=1_000)
    async with Fleet(town([camera("cam")]), PASSWORDS, pictures=pictures, clock=clock) as fleet:  # type: ignore[arg-type]
        device = fleet.devices["cam"]

        async def shot() -> bytes:
            return await device._pictures.jpeg(device, device.shot())

        first = await shot()
        clock.advance(1_000)
        fleet.apply(FaultKind.FROZEN, ["cam"])
        frozen = await shot()
        clock.advance(60_000)
        fleet.apply(FaultKind.COVER, ["cam"])
        assert frozen != first
        assert await shot() == frozen, "what stands still does not see the cover either"
        fleet.clear()
        clock.advance(1_000)
        assert (await shot() != frozen) or pictures == "light"


async def test_for_load_a_device_keeps_its_scene() -> None:
    clock = SimulatedClock(wall_ms=1_790_000_000_000, elapsed_ms=1_000)
    async with Fleet(town([camera("cam")]), PASSWORDS, pictures="light", clock=clock) as fleet:
        device = fleet.devices["cam"]
        shots = []
        for _ in range(4):
            shots.append(await device._pictures.jpeg(device, device.shot()))
            clock.advance(1_000)
        assert isinstance(device._pictures, LightPictures)
        assert len(set(shots)) > 1
        assert min(likeness(a, b) for a, b in _pairs(shots)) > 0.85


async def test_a_light_picture_is_never_the_one_before_however_often_it_is_asked_for() -> None:
    clock = SimulatedClock(wall_ms=NOON_MS, elapsed_ms=1_000)
    fleet = Fleet(town([CAMERA]), PASSWORDS, pictures="light", clock=clock)
    device = fleet.devices["cam-1"]
    for seconds in (1, 3, 30, 60, 7):
        shots = []
        for _ in range(5):
            clock.advance(seconds * 1000)
            shots.append(await device._pictures.jpeg(device, device.shot()))
            assert await device._pictures.jpeg(device, device.shot()) == shots[-1]
        assert all(a != b for a, b in pairwise(shots))
    await fleet.stop()


def _pairs(shots: list[bytes]) -> Iterable[tuple[Grey, Grey]]:
    decoded = [
        np.asarray(cv2.imdecode(np.frombuffer(s, np.uint8), cv2.IMREAD_GRAYSCALE), np.float32)[60:-60] for s in shots
    ]
    return pairwise(decoded)


async def test_a_cover_and_a_push_are_thrown_and_taken_back_by_the_control_line() -> None:
    clock = SimulatedClock(wall_ms=NOON_MS, elapsed_ms=1_000)
    async with Fleet(town([CAMERA, camera("cam-2")]), PASSWORDS, clock=clock) as fleet:
        device = fleet.devices["cam-1"]

        async def shot() -> bytes:
            return await device._pictures.jpeg(device, device.shot())

        healthy = await shot()
        for command in ({"fault": "cover", "share": "75%"}, {"fault": "moved", "by": 20}):
            target = {"device": "cam-1"}
            answer = obey(fleet, {"do": "apply", "target": target, **command})
            assert answer["devices"] == ["cam-1"]
            spoilt = await shot()
            assert spoilt != healthy
            assert obey(fleet, {"do": "state"})["state"] == {"cam-1": [command["fault"]], "cam-2": []}
            obey(fleet, {"do": "clear", "target": target})
            assert await shot() == healthy
        with pytest.raises(MistakeError, match="not an angle"):
            obey(fleet, {"do": "apply", "fault": "moved", "by": "20m", "target": {"device": "cam-1"}})
