"""The sweep against others: CGAL's exact visibility polygons, rays, and ten thousand cameras."""

from __future__ import annotations

import numpy as np
import pytest
import pyvispoly
import shapely
from shapely.geometry import box
from tests.coverage.terrains import Floats, outside, random_boxes, real_footprints, real_terrain, sectors

from camcover.obstacle import Obstacle
from camcover.terrain import Terrain
from camcover.viewshed import sweep

CHORD = 1 - np.cos(np.radians(0.5))


def _cgal(arena: shapely.Polygon, roofs: np.ndarray[tuple[int], np.dtype[np.object_]]) -> object:
    def corners(ring: shapely.LinearRing, *, ccw: bool) -> list[object]:
        points = shapely.get_coordinates(ring)[:-1]
        if shapely.is_ccw(ring) != ccw:
            points = points[::-1]
        return [pyvispoly.Point(x, y) for x, y in points]

    holes = [corners(roof.exterior, ccw=False) for roof in roofs]
    return pyvispoly.VisibilityPolygonCalculator(pyvispoly.PolygonWithHoles(corners(arena.exterior, ccw=True), holes))


def test_agrees_with_cgal_among_real_footprints() -> None:
    """Walled in, so that every ray ends on a wall and no arc is compared with a chord."""
    roofs = real_terrain().roofs
    arena = box(*shapely.total_bounds(roofs)).buffer(20, join_style="mitre")
    arena = box(*np.round(arena.bounds))
    wall = Obstacle(id="wall", shape=arena.buffer(5, join_style="mitre").difference(arena))
    terrain = Terrain.build([*real_footprints(), wall])
    calculator = _cgal(arena, real_terrain().roofs)
    rng = np.random.default_rng(7)
    west, south, east, north = arena.bounds
    points = rng.uniform((west, south), (east, north), (700, 2))
    points = points[outside(terrain, points, 0.05)]
    assert len(points) >= 300
    points = points[:330]
    ours = shapely.area(sweep(sectors(points, far_m=2000.0), terrain))
    exact = np.array(
        [float(calculator.compute_visibility_polygon(pyvispoly.Point(x, y)).area()) for x, y in points]  # type: ignore[attr-defined]
    )
    assert np.abs(ours / exact - 1).max() <= 1e-8


def test_ten_thousand_random_fields_are_valid_and_off_the_roofs() -> None:
    rng = np.random.default_rng(11)
    terrain = Terrain.build(random_boxes(rng, 2500, 1000.0))
    points = rng.uniform(0, 1000, (10_000, 2))
    fields = sweep(
        sectors(
            points,
            azimuth_deg=rng.uniform(0, 360, 10_000),
            hfov_deg=rng.choice([40.0, 90.0, 360.0], 10_000),
            near_m=rng.choice([0.0, 4.0], 10_000),
            far_m=rng.uniform(10, 50, 10_000),
        ),
        terrain,
    )
    assert shapely.is_valid(fields).all()
    assert set(shapely.get_type_id(fields)) <= {3, 6}
    camera, roof = terrain.roof_tree.query(fields[:1000], predicate="intersects")
    assert shapely.area(shapely.intersection(fields[camera], terrain.roofs[roof])).max() < 1e-7


@pytest.mark.parametrize(("east", "north"), [(38_500_000.0, 3_740_000.0), (500_000.0, 3_740_000.0)])
def test_coordinates_of_millions_of_metres_keep_fields_valid(east: float, north: float) -> None:
    rng = np.random.default_rng(5)
    boxes = random_boxes(rng, 500, 400.0)
    carried = [Obstacle(id=b.id, shape=shapely.affinity.translate(b.shape, east, north)) for b in boxes]
    points = rng.uniform(0, 400, (2000, 2))
    free = points[outside(Terrain.build(boxes), points)]
    there = sweep(sectors(free + np.array([east, north]), near_m=1.0), Terrain.build(carried))
    assert shapely.is_valid(there).all()
    assert shapely.area(there).sum() == pytest.approx(
        shapely.area(sweep(sectors(free, near_m=1.0), Terrain.build(boxes))).sum(), rel=1e-3
    )


def _first_hits(centre: Floats, directions: Floats, walls: Floats, far: float) -> Floats:
    """Return how far each ray goes, by trying every wall."""
    start, edge = walls[:, :2] - centre, walls[:, 2:] - walls[:, :2]
    cross = directions[:, :1] * edge[:, 1] - directions[:, 1:] * edge[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        r = (start[:, 0] * edge[:, 1] - start[:, 1] * edge[:, 0]) / cross
        u = (start[:, 0] * directions[:, 1:] - start[:, 1] * directions[:, :1]) / cross
    hit = (r > 0) & (u >= 0) & (u <= 1)
    lengths: Floats = np.minimum(np.where(hit, r, np.inf).min(axis=1), far)
    return lengths


def test_two_hundred_thousand_rays_end_at_the_edge_of_the_field() -> None:
    terrain = real_terrain()
    rng = np.random.default_rng(3)
    west, south, east, north = shapely.total_bounds(terrain.roofs)
    points = rng.uniform((west, south), (east, north), (400, 2))
    points = points[outside(terrain, points)][:200]
    assert len(points) == 200
    fields = sweep(sectors(points), terrain)
    walls = terrain.walls.ends_m
    for point, field in zip(points, fields, strict=True):
        near = np.hypot(*(walls[:, :2] - point).T) < 150
        angle = rng.uniform(0, 2 * np.pi, 1000)
        directions = np.column_stack([np.cos(angle), np.sin(angle)])
        ends = _first_hits(point, directions, walls[near], 50.0)
        tips = point + directions * ends[:, None]
        assert shapely.distance(field.boundary, shapely.points(tips)).max() <= 50 * CHORD + 1e-9
        inside = point + directions * (ends * (1 - CHORD) - 1e-6)[:, None]
        assert shapely.covers(field, shapely.points(inside)).all()
