"""Laws of fields, and their degenerate cases."""

from __future__ import annotations

from dataclasses import replace
from math import cos, pi, radians

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from shapely.affinity import rotate, translate
from shapely.geometry import LineString, Point, Polygon, box
from shapely.geometry.base import BaseGeometry
from tests.coverage.terrains import outside, random_boxes, sectors

from camcover.camera import Camera, View
from camcover.obstacle import Obstacle
from camcover.optics import Lens, Mount
from camcover.terrain import Terrain
from camcover.viewshed import Sectors, fields, sweep

SEEDS = st.integers(min_value=0, max_value=2**32 - 1)
OFTEN = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
EMPTY = Terrain.build([])


def _scene(seed: int, count: int = 14) -> tuple[np.random.Generator, list[Obstacle], Terrain, Sectors]:
    """One camera clear of up to `count` tall boxes in 60 m x 60 m."""
    rng = np.random.default_rng(seed)
    boxes = random_boxes(rng, int(rng.integers(count + 1)), 60.0)
    terrain = Terrain.build(boxes)
    points = rng.uniform(0, 60, (20, 2))
    free = points[outside(terrain, points)]
    assume(len(free) > 0)
    camera = sectors(free[:1], azimuth_deg=rng.uniform(0, 360), hfov_deg=float(rng.choice([30, 90, 200, 360])))
    return rng, boxes, terrain, replace(camera, near_m=np.array([float(rng.choice([0.0, 3.0]))]))


def _one(camera: Sectors, terrain: Terrain) -> BaseGeometry:
    return sweep(camera, terrain)[0]


@OFTEN
@given(SEEDS)
def test_a_field_is_valid_within_its_sector_and_off_the_buildings(seed: int) -> None:
    _, boxes, terrain, camera = _scene(seed)
    field = _one(camera, terrain)
    assert field.is_valid
    ideal = _one(camera, EMPTY)
    assert field.difference(ideal.buffer(0.03)).area < 1e-9  # 0.03: the depth of a one-degree chord at 50 m
    centre = Point(camera.x_m[0], camera.y_m[0])
    assert field.difference(centre.buffer(50, quad_segs=720).buffer(1e-3)).is_empty
    near = float(camera.near_m[0])
    assert near == 0.0 or field.intersection(centre.buffer(near * cos(radians(0.5)) - 1e-6)).area < 1e-9
    walls = shapely.union_all([b.shape for b in boxes])
    assert field.intersection(walls).area <= 0.002 * max(walls.length, 1.0)  # corners lie on a grid of 1 mm
    assert field.intersection(shapely.union_all(terrain.roofs)).area < 1e-8


@OFTEN
@given(SEEDS)
def test_among_tall_obstacles_a_field_is_star_shaped(seed: int) -> None:
    rng, _, terrain, camera = _scene(seed)
    field = _one(replace(camera, near_m=np.zeros(1)), terrain)
    centre = np.array([camera.x_m[0], camera.y_m[0]])
    points = rng.uniform(-50, 50, (40, 2)) + centre
    inside = points[shapely.contains_xy(shapely.buffer(field, -1e-6), points)]
    rays = shapely.linestrings(np.stack([np.broadcast_to(centre, inside.shape), inside], axis=1))
    assert (shapely.length(shapely.difference(rays, shapely.buffer(field, 1e-6))) < 1e-6).all()


@OFTEN
@given(SEEDS)
def test_a_point_is_seen_if_no_wall_is_between(seed: int) -> None:
    rng, _, terrain, camera = _scene(seed)
    field = _one(camera, terrain)
    centre = np.array([camera.x_m[0], camera.y_m[0]])
    points = centre + rng.uniform(-55, 55, (200, 2))
    away = points - centre
    distance = np.hypot(*away.T)
    bearing = np.degrees(np.arctan2(away[:, 0], away[:, 1]))
    off = np.abs((bearing - camera.azimuth_deg[0] + 180) % 360 - 180)
    aimed = (off < camera.hfov_deg[0] / 2) & (distance < 50) & (distance > camera.near_m[0])
    rays = shapely.linestrings(np.stack([np.broadcast_to(centre, points.shape), points], axis=1))
    blocked = np.zeros(len(points), dtype=bool)
    blocked[terrain.roof_tree.query(rays, predicate="intersects")[0]] = True
    sure = shapely.distance(shapely.points(points), field.boundary) > 0.03
    np.testing.assert_array_equal(shapely.contains_xy(field, points)[sure], (aimed & ~blocked)[sure])


@OFTEN
@given(SEEDS)
def test_more_range_or_a_wider_lens_never_sees_less_and_one_more_obstacle_never_more(seed: int) -> None:
    rng, boxes, terrain, camera = _scene(seed)
    field = _one(camera, terrain)
    longer = _one(replace(camera, far_m=camera.far_m * 1.3), terrain)
    wider = _one(replace(camera, hfov_deg=np.minimum(camera.hfov_deg * 1.4, 360.0)), terrain)
    allowance = 50 * radians(1) ** 2 / 8  # chords of different arcs
    assert field.difference(longer.buffer(1e-6)).area < 1e-6
    assert field.difference(wider.buffer(allowance)).area < 1e-6
    more = Terrain.build([*boxes, *random_boxes(rng, 2, 60.0)])
    at = np.column_stack([camera.x_m, camera.y_m])
    assume(outside(more, at)[0])
    assert _one(camera, more).difference(field.buffer(allowance)).area < 1e-3  # the union may round corners anew


@OFTEN
@given(SEEDS)
def test_sight_is_mutual(seed: int) -> None:
    rng, _, terrain, _ = _scene(seed)
    points = rng.uniform(0, 60, (30, 2))
    free = points[outside(terrain, points)][:8]
    seen = sweep(sectors(free, far_m=100.0), terrain)
    sure = shapely.distance(shapely.boundary(seen)[:, None], shapely.points(free)[None, :]) > 1e-6
    sees = np.stack([shapely.contains_xy(field, free) for field in seen]) if len(free) else np.zeros((0, 0), bool)
    both = sure & sure.T
    np.testing.assert_array_equal(sees[both], sees.T[both])


@OFTEN
@given(SEEDS, st.floats(0, 360), st.floats(-5e6, 5e6), st.floats(-5e6, 5e6))
def test_turning_and_moving_everything_turns_and_moves_the_field(seed: int, turn: float, dx: float, dy: float) -> None:
    _, boxes, terrain, camera = _scene(seed, count=6)
    centre = Point(camera.x_m[0], camera.y_m[0])

    def carried(shape: BaseGeometry) -> BaseGeometry:
        return translate(rotate(shape, -turn, origin=centre), dx, dy)

    moved = Terrain.build([replace(b, shape=carried(b.shape)) for b in boxes])
    there = replace(camera, x_m=camera.x_m + dx, y_m=camera.y_m + dy, azimuth_deg=(camera.azimuth_deg + turn) % 360.0)
    once, again = carried(_one(camera, terrain)), _one(there, moved)
    # corners are rounded to 1 mm: the edge of a shadow behind a corner at 0.3 m can swing by a decimetre or two
    assert once.symmetric_difference(again).area < 0.01 * pi * 50**2
    assert again.is_valid


@pytest.mark.parametrize("azimuth", [0.0, 1.0, 90.0, 179.5, 269.0, 359.9])
@pytest.mark.parametrize("hfov", [1.0, 90.0, 180.0, 300.0, 359.9, 360.0])
@pytest.mark.parametrize("near", [0.0, 10.0])
def test_an_open_field_has_the_area_of_its_sector(azimuth: float, hfov: float, near: float) -> None:
    field = _one(sectors([7, 9], azimuth_deg=azimuth, hfov_deg=hfov, near_m=near), EMPTY)
    true = radians(hfov) / 2 * (50**2 - near**2)
    assert field.is_valid
    assert (1 - 1e-4) * true <= field.area <= (1 + 1e-4) * true
    assert near > 0 or field.area <= true


@pytest.mark.parametrize("azimuth", [0.0, 45.0, 180.0, 315.0])
def test_a_field_begins_and_ends_exactly_at_its_edges(azimuth: float) -> None:
    field = _one(sectors([0, 0], azimuth_deg=azimuth, hfov_deg=33.3), EMPTY)
    corners = shapely.get_coordinates(field)
    for side in (-1, 1):
        edge = radians(azimuth + side * 33.3 / 2)
        assert np.hypot(*(corners - 50 * np.array([np.sin(edge), np.cos(edge)])).T).min() < 1e-9


def test_what_cannot_be_claimed_is_empty() -> None:
    unknown = sectors([[0, 0]] * 4, azimuth_deg=[np.nan, np.nan, 0, 0], hfov_deg=[90, 360, 90, 90],
                      near_m=[0, 0, 5, 0], far_m=[50, 50, 5, 0])  # fmt: skip
    areas = shapely.area(sweep(unknown, EMPTY))
    assert areas[0] == areas[2] == areas[3] == 0
    assert areas[1] == pytest.approx(pi * 2500, rel=1e-4)
    assert len(sweep(sectors(np.empty((0, 2))), EMPTY)) == 0


def test_edge_on_and_collinear_walls_and_shared_corners() -> None:
    row = [Obstacle(id=str(i), shape=box(10 + 5 * i, 0, 15 + 5 * i, 5)) for i in range(3)]
    corner = Obstacle(id="corner", shape=box(25, 5, 30, 10))  # touches the row in one point
    terrain = Terrain.build([*row, corner])
    field = _one(sectors([0, 0]), terrain)  # looks along the row's lower side
    assert field.is_valid
    assert field.contains(Point(40, -1e-3))
    assert not field.intersects(Point(40, 1.0))
    assert not field.intersects(Point(24.9, 5.1).buffer(0.01).intersection(box(24.8, 5.0, 25, 5.3)))


def test_a_line_blocks_and_a_courtyard_is_seen_from_within() -> None:
    wall = Terrain.build([Obstacle(id="w", shape=LineString([(-100, 10), (100, 10)]))])
    assert not _one(sectors([0, 0]), wall).intersects(box(-100, 10.001, 100, 100))
    assert _one(sectors([0, 20]), wall).bounds[1] == pytest.approx(10)
    court = box(-20, -20, 20, 20).difference(box(-8, -8, 8, 8))
    field = _one(sectors([1, 2]), Terrain.build([Obstacle(id="c", shape=court)]))
    assert field.area == pytest.approx(256)


def test_crossing_lines_do_not_leak() -> None:
    lines = [LineString([(-30, -10), (30, 11)]), LineString([(-30, 11), (31, -10)])]
    terrain = Terrain.build([Obstacle(id=str(i), shape=line) for i, line in enumerate(lines)])
    field = _one(sectors([0, -20]), terrain)
    assert not field.intersects(Point(0, 5))
    assert field.is_valid


def _camera(**given: object) -> Camera:
    mount = {"height_m": 4.0, "azimuth_deg": 90.0, "tilt_deg": 30.0} | {
        k: v for k, v in given.items() if k in {"height_m", "azimuth_deg", "tilt_deg"}
    }
    lens = {"hfov_deg": 60.0, "range_m": 40.0} | {
        k: v for k, v in given.items() if k in {"hfov_deg", "range_m", "ir_range_m"}
    }
    return Camera(
        id="c",
        x_m=0.0,
        y_m=0.0,
        mount=Mount(lon_deg=113.9, lat_deg=33.8, **mount),  # type: ignore[arg-type]
        lens=Lens(**lens),  # type: ignore[arg-type]
        ptz=bool(given.get("ptz")),
    )


def test_near_limit_night_and_envelope() -> None:
    camera = _camera(ptz=True, ir_range_m=15.0)
    day, night = fields([camera], EMPTY)[0], fields([camera], EMPTY, View(night=True))[0]
    possible = fields([camera], EMPTY, envelope=True)[0]
    assert not day.intersects(Point(0.5, 0))
    assert night.area < day.area
    assert night.difference(day.buffer(1e-2)).area < 1e-6
    assert possible.area == pytest.approx(pi * 40**2, rel=1e-4)
    assert fields([_camera()], EMPTY, View(night=True))[0].is_empty
    assert fields([_camera(azimuth_deg=None)], EMPTY)[0].is_empty
    assert fields([_camera(azimuth_deg=None, ptz=True)], EMPTY, envelope=True)[0].area > 5000
    assert fields([_camera()], EMPTY, envelope=True)[0].equals(fields([_camera()], EMPTY)[0])
    assert fields([], EMPTY).shape == (0,)


def test_a_wall_within_the_near_limit_hides_all_behind_it() -> None:
    terrain = Terrain.build([Obstacle(id="w", shape=LineString([(2, -50), (2, 50)]))])
    field = _one(sectors([0, 0], near_m=5.0), terrain)
    assert field.is_valid
    assert not field.intersects(box(2.001, -50, 50, 50))
    assert field.intersects(Point(1, 8))


def test_concave_footprints_are_looked_into() -> None:
    horseshoe = Polygon([(0, 0), (20, 0), (20, 4), (4, 4), (4, 16), (20, 16), (20, 20), (0, 20)])
    field = _one(sectors([30, 10]), Terrain.build([Obstacle(id="u", shape=horseshoe)]))
    assert field.contains(Point(4.5, 10))


def test_an_arc_of_one_degree_misses_as_much_of_a_disc_as_published() -> None:
    disc = fields([_camera(hfov_deg=360.0, range_m=50.0, tilt_deg=None)], EMPTY)[0]
    assert 1 - disc.area / (pi * 50**2) == pytest.approx(0.0051e-2, rel=0.01)
    assert 1 - Point(0, 0).buffer(50, quad_segs=16).area / (pi * 50**2) == pytest.approx(0.1606e-2, rel=1e-3)
