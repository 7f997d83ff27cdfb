from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from camcover.basis import inputs_hash
from camcover.camera import Camera
from camcover.obstacle import Obstacle
from camcover.optics import Lens, Mount
from camcover.overlay import Place

PROGRAM = """
import shapely
from tests.coverage.test_basis import scene_hash
print(scene_hash())
"""

CAMERAS = [
    Camera(
        id=one,
        x_m=460_000.25,
        y_m=3_740_000.5,
        mount=Mount(lon_deg=113.9, lat_deg=33.8, azimuth_deg=azimuth),
        lens=Lens(hfov_deg=90),
    )
    for one, azimuth in (("c1", 90.0), ("c2", None))
]
OBSTACLES = [
    Obstacle(id="house", shape=shapely.box(0, 0, 10, 8), height_m=6.0),
    Obstacle(id="wall", shape=shapely.LineString([(0, 0), (5, 5)])),
]
PLACES = [Place(id="village", layer="area", shape=shapely.box(0, 0, 100, 100))]
NUMBERS = {"policy": "default/1", "target_height_m": 0.0, "targets": {"area": 9500, "road": None}, "grid": [1, 2]}


def scene_hash(
    cameras: list[Camera] = CAMERAS,
    obstacles: list[Obstacle] = OBSTACLES,
    places: list[Place] = PLACES,
    numbers: dict[str, object] = NUMBERS,
) -> str:
    return inputs_hash(cameras=cameras, obstacles=obstacles, places=places, numbers=numbers)


def test_the_hash_is_the_same_in_another_process() -> None:
    other = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == scene_hash()
    assert len(scene_hash()) == 64


def test_order_directions_of_rings_and_the_last_digit_of_a_projection_do_not_matter() -> None:
    turned = [replace(OBSTACLES[0], shape=shapely.reverse(shapely.box(0, 0, 10, 8, ccw=False))), OBSTACLES[1]]
    nudged = [replace(one, x_m=one.x_m + 4e-10) for one in CAMERAS]
    elsewhere = [replace(one, mount=replace(one.mount, lon_deg=100.0)) for one in CAMERAS]
    assert scene_hash(cameras=CAMERAS[::-1], obstacles=turned[::-1]) == scene_hash()
    assert scene_hash(cameras=nudged) == scene_hash()
    assert scene_hash(cameras=elsewhere) == scene_hash()  # positions count in the frame
    assert scene_hash(numbers=dict(reversed(NUMBERS.items()))) == scene_hash()
    assert scene_hash(numbers={**NUMBERS, "target_height_m": -0.0}) == scene_hash()
    assert scene_hash(numbers={**NUMBERS, "grid": (1.0, 2)}) == scene_hash()


def test_whatever_moves_a_figure_moves_the_hash() -> None:
    camera = CAMERAS[0]
    others = [
        scene_hash(cameras=[replace(camera, x_m=camera.x_m + 0.001), CAMERAS[1]]),
        scene_hash(cameras=[replace(camera, lens=replace(camera.lens, range_m=51.0)), CAMERAS[1]]),
        scene_hash(cameras=[replace(camera, mount=replace(camera.mount, azimuth_deg=None)), CAMERAS[1]]),
        scene_hash(cameras=[replace(camera, ptz=True), CAMERAS[1]]),
        scene_hash(cameras=CAMERAS[:1]),
        scene_hash(obstacles=[replace(OBSTACLES[0], height_m=None), OBSTACLES[1]]),
        scene_hash(obstacles=[replace(OBSTACLES[0], height_m=0.0), OBSTACLES[1]]),
        scene_hash(places=[replace(PLACES[0], band="recognition")]),
        scene_hash(places=[]),
        scene_hash(numbers={**NUMBERS, "target_height_m": 1.6}),
        scene_hash(numbers={**NUMBERS, "policy": "default/2"}),
    ]
    assert len({scene_hash(), *others}) == len(others) + 1


@given(st.floats(-1e7, 1e7), st.floats(-1e7, 1e7))
def test_numbers_that_differ_by_a_thousandth_hash_differently(a: float, b: float) -> None:
    same = scene_hash(numbers={"n": a}) == scene_hash(numbers={"n": b})
    assert same or a != b
    assert not same or abs(a - b) < 1e-3


def test_what_has_no_canonical_form_is_told() -> None:
    with pytest.raises(TypeError, match="no canonical form of set"):
        scene_hash(numbers={"n": {1, 2}})
    with pytest.raises(ValueError, match="finite"):
        scene_hash(numbers={"n": float("nan")})
