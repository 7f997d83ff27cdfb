"""Obstacles lower than the camera: worked numbers, and every point by its line of sight in space."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, box
from tests.coverage.terrains import outside, random_boxes, sectors

from camcover.obstacle import Obstacle
from camcover.terrain import Terrain
from camcover.viewshed import sweep

HEIGHTS = (None, 1.0, 2.5, 3.0, 6.0)


def _wall_at_10_m(height_m: float | None) -> Terrain:
    return Terrain.build([Obstacle(id="w", shape=LineString([(-60, 10), (60, 10)]), height_m=height_m)])


@pytest.mark.parametrize(("target_height_m", "end_m"), [(0.0, 20.0), (1.6, 13.6)])
def test_the_shadow_of_a_low_wall_ends_where_it_should(target_height_m: float, end_m: float) -> None:
    field = sweep(sectors([0, 0], height_m=5.0), _wall_at_10_m(2.5), target_height_m)[0]
    assert field.is_valid
    assert field.contains(Point(0, 9.999))
    assert not field.intersects(box(-1, 10.001, 1, end_m - 1e-6))
    assert field.contains(Point(0, end_m + 1e-6))


@pytest.mark.parametrize("target_height_m", [2.5, 3.0])
def test_a_wall_no_higher_than_the_target_hides_nothing(target_height_m: float) -> None:
    low = sweep(sectors([0, 0], height_m=5.0), _wall_at_10_m(2.5), target_height_m)[0]
    assert low.area == pytest.approx(sweep(sectors([0, 0]), Terrain.build([]))[0].area)


@pytest.mark.parametrize(("camera_m", "wall_m"), [(5.0, 5.0), (5.0, None), (np.nan, 2.5), (5.0, 8.0)])
def test_a_wall_as_high_or_of_unknown_height_hides_all(camera_m: float, wall_m: float | None) -> None:
    field = sweep(sectors([0, 0], height_m=camera_m), _wall_at_10_m(wall_m))[0]
    assert field.bounds[3] == pytest.approx(10.0)


def test_a_low_roof_is_no_ground_even_where_it_hides_nothing() -> None:
    terrain = Terrain.build([Obstacle(id="r", shape=box(10, -2, 14, 2), height_m=1.0)])
    field = sweep(sectors([0, 0], height_m=5.0), terrain, 1.6)[0]
    assert not field.intersects(box(10, -2, 14, 2).buffer(-1e-9))
    assert field.contains(Point(14.001, 0))


def test_a_camera_on_its_roof_does_not_see_the_foot_of_its_house() -> None:
    terrain = Terrain.build([Obstacle(id="r", shape=box(-4, -4, 4, 4), height_m=6.0)])
    field = sweep(sectors([0, 0], height_m=9.0, far_m=50.0), terrain)[0]
    # k = 9 / 3: the roof's edge at 4 m hides the ground up to 12 m
    assert not field.intersects(box(-11.999, -11.999, 11.999, 11.999))
    assert field.contains(Point(12.001, 0))


def test_what_stands_within_the_near_limit_still_casts_its_shadow() -> None:
    terrain = Terrain.build([Obstacle(id="r", shape=box(-1, 1, 1, 2), height_m=4.0)])
    field = sweep(sectors([0, 0], height_m=5.0, near_m=6.0), terrain)[0]
    assert not field.intersects(Point(0, 9.9))  # k = 5: hidden up to 10 m
    assert field.contains(Point(0, 10.1))
    assert field.is_valid


def test_a_tower_behind_a_low_shed_blocks_and_the_shed_does_not() -> None:
    shed = Obstacle(id="s", shape=box(-5, 10, 5, 12), height_m=2.5)
    tower = Obstacle(id="t", shape=box(-5, 12, 5, 30), height_m=20.0)
    terrain = Terrain.build([shed, tower])
    field = sweep(sectors([0, 0], height_m=5.0), terrain)[0]
    alone = sweep(sectors([0, 0], height_m=5.0), Terrain.build([tower]))[0]
    assert not field.intersects(box(-4, 10.001, 4, 60))
    assert field.area < alone.area
    assert terrain.roof_m.tolist().count(20.0) == 1


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(st.integers(0, 2**32 - 1))
def test_a_point_is_seen_if_the_line_to_it_passes_over_every_roof(seed: int) -> None:
    rng = np.random.default_rng(seed)
    boxes = random_boxes(rng, int(rng.integers(1, 12)), 60.0, HEIGHTS)
    fences = [
        Obstacle(id=f"f{i}", shape=LineString(rng.uniform(0, 60, (3, 2))), height_m=HEIGHTS[int(rng.integers(5))])
        for i in range(int(rng.integers(3)))
    ]
    terrain = Terrain.build([*boxes, *fences])
    at = rng.uniform(0, 60, (20, 2))
    at = at[outside(terrain, at)]
    assume(len(at) > 0)
    height, target = float(rng.choice([2.0, 4.0, 8.0])), float(rng.choice([0.0, 1.6]))
    camera = sectors(at[:1], height_m=height, near_m=float(rng.choice([0.0, 4.0])))
    field = sweep(camera, terrain, target)[0]
    assert field.is_valid
    points = at[0] + rng.uniform(-50, 50, (150, 2))
    distance = np.hypot(*(points - at[0]).T)
    seen = (distance < 50) & (distance > camera.near_m[0])
    for obstacle in (*boxes, *fences):
        seen &= ~_hidden(at[0], height, points, target, obstacle)
    sure = shapely.distance(shapely.points(points), field.boundary) > 0.05  # corners lie on a grid of 1 mm
    wrong = sure & (shapely.contains_xy(field, points) != seen)
    # a shadow's edge swings by as much as its corner was rounded, times how much farther it ends
    assert (shapely.distance(shapely.points(points[wrong]), field.boundary) < 0.5).all()


def _hidden(
    camera: np.ndarray[tuple[int], np.dtype[np.float64]],
    height_m: float,
    points: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    target_m: float,
    obstacle: Obstacle,
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """The part of each line of sight that runs no higher than the obstacle meets its footprint, or the point does."""
    top = obstacle.height_m
    first = 0.0 if top is None or top >= height_m else min(1.0, max(0.0, (height_m - top) / (height_m - target_m)))
    low = top is not None and top < height_m
    if low and (target_m >= height_m or (top is not None and top <= target_m)):
        first = 1.0
    start = camera + first * (points - camera)
    rays = shapely.linestrings(np.stack([start, points], axis=1))
    hidden: np.ndarray[tuple[int], np.dtype[np.bool_]] = shapely.intersects(rays, obstacle.shape)
    return hidden
