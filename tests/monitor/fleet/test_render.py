from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.monitor.fleet.test_pictures import CAMERA, NOON_MS, SIZE

from camfleet.faults import Fault, FaultKind
from camfleet.lens import Aim, homography
from camfleet.mistake import MistakeError
from camfleet.pictures import aim_of, optical
from camfleet.render import fault_from, instant_of, main
from camfleet.sun import sun_at
from camfleet.view import View, Views, draw
from camfleet.village import Matter, village

ROOT = Path(__file__).parents[3]
AIM = Aim(azimuth_deg=40.0, tilt_deg=12.0, roll_deg=0.0, height_m=5.0, hfov_deg=70.0, width_px=640, height_px=360)


def still(aim: Aim) -> View:
    return draw(village(77), aim)


@pytest.mark.parametrize(
    ("yaw_deg", "pitch_deg", "roll_deg"), [(20, 0, 0), (-7, 0, 0), (0, 6, 0), (0, 0, 9), (5, -3, 4), (0.5, 0.2, 0)]
)
def test_a_turned_camera_shows_exactly_the_picture_of_that_rotation(
    yaw_deg: float, pitch_deg: float, roll_deg: float
) -> None:
    turned = AIM.turned(yaw_deg=yaw_deg, pitch_deg=pitch_deg, roll_deg=roll_deg)
    before, after = still(AIM), still(turned)
    size, matrix = (AIM.width_px, AIM.height_px), homography(AIM, turned)
    predicted = cv2.warpPerspective(before.albedo, matrix, size)
    both = cv2.warpPerspective(np.full(size[::-1], 255, np.uint8), matrix, size) == 255
    both &= (after.matter != Matter.SKY) & (cv2.warpPerspective(before.matter, matrix, size) != Matter.SKY)
    assert both.mean() > 0.3

    def off_by(dx: float) -> float:
        shifted = cv2.warpAffine(predicted, np.array(((1, 0, dx), (0, 1, 0.0))), size)
        return float(np.abs(shifted.astype(float) - after.albedo)[both].mean())

    assert off_by(0) < 9
    assert off_by(0) < 0.75 * min(off_by(1.0), off_by(-1.0)), "a pixel aside is already worse"


def test_clockwise_from_above_moves_the_scene_to_the_left_and_downwards_up() -> None:
    middle = np.array((319.5, 179.5, 1.0))

    def goes_to(aim: Aim) -> np.ndarray:
        x, y, w = homography(AIM, aim) @ middle
        return np.array((x / w - middle[0], y / w - middle[1]))

    assert goes_to(AIM.turned(yaw_deg=10))[0] < -50
    assert goes_to(AIM.turned(pitch_deg=5))[1] < -30
    assert np.allclose(goes_to(AIM.turned(roll_deg=8)), 0)
    _, y, w = homography(AIM, AIM.turned(roll_deg=8)) @ (600.0, 179.5, 1.0)
    assert y / w < 170, "what lay to the right rises when the camera rolls clockwise"


def test_a_view_is_the_same_whether_it_was_kept_or_not() -> None:
    views = Views(limit_bytes=1)
    first = views.of(77, AIM)
    views.of(78, AIM)
    again = views.of(77, AIM)
    assert (first.albedo == again.albedo).all()
    assert (first.matter == again.matter).all()


def test_the_moved_camera_of_a_fault_is_the_turned_aim() -> None:
    moved = Fault(kind=FaultKind.MOVED, by_deg=20)
    picture = optical(CAMERA, NOON_MS, (moved,), size=SIZE, seed=1)
    assert CAMERA.mount is not None
    aim = aim_of(CAMERA, SIZE, seed=1)
    predicted = cv2.warpPerspective(
        optical(CAMERA, NOON_MS, (), size=SIZE, seed=1), homography(aim, aim.turned(yaw_deg=20)), SIZE
    )
    left = slice(20, 330)
    assert np.corrcoef(predicted[200:, left].ravel(), picture[200:, left].ravel())[0, 1] > 0.8


@pytest.mark.parametrize(
    ("iso", "elevation_deg", "azimuth_deg"),
    [  # for Linying: noon at the solstice, the sun's middle on the horizon at an equinox, midnight in winter
        ("2026-06-21T12:26:00+08:00", 79.6, 180.0),
        ("2026-03-20T18:32:00+08:00", 0.0, 270.3),
        ("2026-12-22T00:24:00+08:00", -79.6, 360.0),
    ],
)
def test_the_sun_is_where_it_should_be(iso: str, elevation_deg: float, azimuth_deg: float) -> None:
    sun = sun_at(instant_of(iso, "UTC"), lon_deg=113.85, lat_deg=33.8)
    assert sun.elevation_deg == pytest.approx(elevation_deg, abs=0.6)
    assert abs((sun.azimuth_deg - azimuth_deg + 180) % 360 - 180) < 3


def test_a_picture_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMKEEPER_DEMO_PASSWORD", "none")
    out = tmp_path / "x.jpg"
    words = ["--config", str(ROOT / "config/cameras.yaml"), "--device", "dg01-cam-01", "--at", "2026-06-01T12:00"]
    assert main([*words, "--fault", "cover:share=80%", "--fault", "fog", "--size", "640x360", "--out", str(out)]) == 0
    image = cv2.imread(str(out))
    assert image is not None
    assert image.shape == (360, 640, 3)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--device", "dg01-cam-0", "--at", "2026-06-01"], "did you mean dg01-cam-0"),
        (["--device", "dg01-spk-01", "--at", "2026-06-01"], "has no picture"),
        (["--device", "dg01-cam-01", "--at", "noon"], "no ISO time"),
        (["--device", "dg01-cam-01", "--at", "2026-06-01", "--fault", "coverr"], "did you mean cover"),
        (["--device", "dg01-cam-01", "--at", "2026-06-01", "--fault", "moved:20"], "name=value"),
        (["--device", "dg01-cam-01", "--at", "2026-06-01", "--size", "big"], "WIDTHxHEIGHT"),
        (["--device", "dg01-cam-01", "--at", "2026-06-01", "--config", "none.yaml"], "none.yaml"),
    ],
)
def test_what_is_wrong_with_the_command_is_told(
    words: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = ["--config", str(ROOT / "config/cameras.yaml"), "--out", str(tmp_path / "x.jpg")]
    assert main(base + words) == 1
    assert reason in capsys.readouterr().err


def test_faults_in_words() -> None:
    assert fault_from("moved:by=-20,pitch=3") == Fault(kind=FaultKind.MOVED, by_deg=-20, pitch_deg=3)
    with pytest.raises(MistakeError):
        fault_from("moved:share=3")
