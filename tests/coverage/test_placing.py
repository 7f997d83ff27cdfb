"""Where a camera stands: out of buildings, on roofs, on the right side of walls."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, box
from tests.coverage.terrains import random_boxes

from camcover.camera import Camera
from camcover.obstacle import Obstacle
from camcover.optics import Lens, Mount
from camcover.placing import place
from camcover.terrain import Terrain
from camcover.viewshed import Placement, fields, placements


def _camera(x: float, y: float, height_m: float | None = 4.0, azimuth_deg: float | None = 0.0) -> Camera:
    mount = Mount(lon_deg=113.9, lat_deg=33.8, height_m=height_m, azimuth_deg=azimuth_deg, tilt_deg=None)
    return Camera(id="c", x_m=x, y_m=y, mount=mount, lens=Lens(hfov_deg=90))


def _placed(camera: Camera, *obstacles: Obstacle) -> Placement:
    return placements([camera], Terrain.build(obstacles))[0]


def _house(height_m: float | None, court: bool = False) -> Obstacle:
    shape = box(0, 0, 20, 10)
    return Obstacle(id="h", shape=shape.difference(box(8, 4, 12, 6)) if court else shape, height_m=height_m)


@pytest.mark.parametrize(("height_m", "house_m"), [(4.0, 6.0), (4.0, 4.0), (4.0, None), (None, 3.0), (None, None)])
def test_a_camera_in_a_house_at_least_as_high_moves_to_the_nearest_outside_wall(
    height_m: float | None, house_m: float | None
) -> None:
    placed = _placed(_camera(9, 8.5, height_m), _house(house_m))
    assert placed.inside
    assert not placed.on_roof
    assert (placed.x_m, placed.y_m) == pytest.approx((9, 10.01))
    assert placed.moved_m == pytest.approx(1.51)


def test_a_camera_on_a_lower_house_stays_on_its_roof() -> None:
    placed = _placed(_camera(9, 8.5, 9.0), _house(6.0))
    assert (placed.inside, placed.on_roof, placed.moved_m) == (False, True, 0.0)


def test_a_courtyard_is_outside() -> None:
    assert _placed(_camera(10, 3.5), _house(None, court=True)).y_m == pytest.approx(4.01)
    assert not _placed(_camera(10, 5), _house(None, court=True)).inside


def test_a_wall_shared_with_a_neighbour_is_no_way_out() -> None:
    neighbour = Obstacle(id="n", shape=box(0, 10, 20, 20), height_m=5.0)
    placed = _placed(_camera(9, 9.5), _house(6.0), neighbour)
    assert placed.inside
    assert placed.x_m == pytest.approx(-0.01)
    lower = Obstacle(id="n", shape=box(0, 10, 20, 20), height_m=3.0)  # its roof is below the camera
    assert _placed(_camera(9, 9.5), _house(6.0), lower).y_m == pytest.approx(10.01)


def test_a_camera_on_the_outside_wall_stands_clear_of_it() -> None:
    for y in (10.0, 10.0 + 1e-7, 9.999999):
        placed = _placed(_camera(9, y), _house(None))
        assert placed.y_m == pytest.approx(10.01)
        assert not placed.inside


@pytest.mark.parametrize("off_m", [-0.2, -1e-9, 0.0, 1e-9, 0.2])
@pytest.mark.parametrize("azimuth_deg", [0.0, 60.0, 120.0, 180.0, 300.0])
def test_a_camera_on_a_free_wall_looks_to_the_side_of_its_azimuth(off_m: float, azimuth_deg: float) -> None:
    wall = Obstacle(id="w", shape=LineString([(-50, 0), (50, 0)]))
    camera = _camera(0, off_m, azimuth_deg=azimuth_deg)
    north = np.cos(np.radians(azimuth_deg)) > 0
    placed = _placed(camera, wall)
    assert (placed.y_m > 0) == north
    assert abs(placed.y_m) >= 0.01 - 1e-12
    assert not placed.inside
    assert fields([camera], Terrain.build([wall]))[0].area > 900


def test_a_camera_away_from_a_wall_stays() -> None:
    wall = Obstacle(id="w", shape=LineString([(-50, 0), (50, 0)]))
    assert _placed(_camera(0, -0.3), wall).moved_m == 0.0
    low = Obstacle(id="w", shape=LineString([(-50, 0), (50, 0)]), height_m=2.0)
    assert _placed(_camera(0, -0.1), low).moved_m == 0.0  # it looks over it
    assert _placed(_camera(0, 0, azimuth_deg=None), wall).moved_m == pytest.approx(0.01)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_after_placing_nobody_is_inside(seed: int) -> None:
    rng = np.random.default_rng(seed)
    terrain = Terrain.build(random_boxes(rng, 60, 60.0, (None, 3.0, 6.0)))
    points = rng.uniform(0, 70, (100, 2))
    height = rng.choice([np.nan, 4.0, 7.0], 100)
    x, y, inside, on_roof = place(points[:, 0], points[:, 1], rng.uniform(0, 360, 100), height, terrain)
    assert np.isfinite(x).all()
    camera, roof = terrain.roof_tree.query(shapely.points(x, y), predicate="intersects")
    assert (terrain.roof_m[roof] < np.nan_to_num(height)[camera]).all()
    assert not (inside & on_roof).any()
    moved = shapely.distance(shapely.points(points), shapely.points(x, y))
    assert (moved[~inside] <= 0.03).all()


def test_a_field_of_a_camera_inside_is_that_from_outside_the_wall() -> None:
    terrain = Terrain.build([_house(None)])
    inside, outside = fields([_camera(9, 8.5), _camera(9, 10.01)], terrain)
    assert inside.equals(outside)
    assert inside.distance(Point(9, 10.01)) == pytest.approx(0, abs=1e-9)
