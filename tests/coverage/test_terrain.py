"""Terrains: walls that never cross, heights side by side, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import GeometryCollection, LineString, MultiPolygon, Point, Polygon, box
from tests.coverage.terrains import random_boxes, real_footprints, real_terrain

from camcover.grid import indexed
from camcover.obstacle import Obstacle
from camcover.terrain import Terrain, TerrainError


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_walls_meet_only_at_their_ends_and_roofs_do_not_overlap(seed: int) -> None:
    rng = np.random.default_rng(seed)
    boxes = random_boxes(rng, 25, 50.0, (None, 3.0, 6.0))
    lines = [Obstacle(id=f"l{i}", shape=LineString(rng.uniform(0, 50, (4, 2))), height_m=2.0) for i in range(2)]
    terrain = Terrain.build([*boxes, *lines])
    walls = shapely.linestrings(terrain.walls.ends_m.reshape(-1, 2, 2))
    a, _ = shapely.STRtree(walls).query(walls, predicate="crosses")
    assert len(a) == 0, walls[a[0]]
    assert shapely.area(terrain.roofs).sum() == pytest.approx(
        shapely.union_all([o.shape for o in boxes]).area, abs=0.002 * sum(o.shape.length for o in boxes)
    )
    for height in (3.0, 6.0):
        least = [o.shape for o in boxes if o.height_m is None or o.height_m >= height]
        at_least = terrain.roofs[terrain.roof_m >= height]
        assert shapely.area(at_least).sum() == pytest.approx(shapely.union_all(least).area, abs=2.0)


def test_a_shared_wall_of_one_height_is_gone_and_of_two_heights_has_both() -> None:
    same = Terrain.build([Obstacle(id=str(i), shape=box(i, 0, i + 1, 1), height_m=3.0) for i in range(3)])
    assert len(same.roofs) == 1
    two = Terrain.build(
        [
            Obstacle(id="tall", shape=box(0, 0, 10, 10), height_m=8.0),
            Obstacle(id="low", shape=box(10, 2, 15, 6), height_m=3.0),
        ]
    )
    shared = two.walls.foot_m == 3.0
    assert two.walls.ends_m[shared].tolist() == [[10, 2, 10, 6]]
    assert two.walls.top_m[shared] == [8.0]


@pytest.mark.parametrize("height", [None, 0.0, -3.0, float("nan"), float("inf")])
def test_a_height_that_is_none_counts_as_endless(height: float | None) -> None:
    assert Terrain.build([Obstacle(id="a", shape=box(0, 0, 1, 1), height_m=height)]).roof_m.tolist() == [np.inf]


def test_collections_bow_ties_and_empty_shapes() -> None:
    bow_tie = Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    several = GeometryCollection([MultiPolygon([box(20, 0, 21, 1), box(30, 0, 31, 1)]), LineString([(40, 0), (41, 0)])])
    terrain = Terrain.build(
        [
            Obstacle(id="bow", shape=bow_tie),
            Obstacle(id="several", shape=several),
            Obstacle(id="nothing", shape=Polygon()),
        ]
    )
    assert shapely.area(terrain.roofs).sum() == pytest.approx(52.0)
    assert len(terrain.fences_m) == 1
    assert len(Terrain.build([]).walls.ends_m) == 0


def test_a_point_is_no_obstacle() -> None:
    with pytest.raises(TerrainError, match="obstacle 'tree' is neither a surface nor a line: Point"):
        Terrain.build([Obstacle(id="tree", shape=Point(1, 2))])


def test_a_line_in_a_house_as_high_is_dropped_and_one_on_its_roof_stays() -> None:
    house = Obstacle(id="h", shape=box(0, 0, 10, 10), height_m=5.0)
    for height, length in ((3.0, 20.0), (8.0, 30.0)):
        line = Obstacle(id="l", shape=LineString([(-10, 5), (20, 5)]), height_m=height)
        terrain = Terrain.build([house, line])
        assert shapely.length(shapely.linestrings(terrain.fences_m.reshape(-1, 2, 2))).sum() == pytest.approx(length)


def test_real_footprints_keep_their_area() -> None:
    true = shapely.union_all([o.shape for o in real_footprints()])
    assert shapely.area(real_terrain().roofs).sum() == pytest.approx(true.area, rel=1e-5)
    assert len(real_footprints()) == 356


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_grid_names_every_wall_in_every_cell_it_passes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ends = np.round(rng.uniform(0, 300, (40, 4)), 1)
    ends = ends[np.hypot(ends[:, 0] - ends[:, 2], ends[:, 1] - ends[:, 3]) > 0]
    walls = indexed(ends, np.ones(len(ends)), np.zeros(len(ends)))
    west, south, cell = walls.frame_m
    for w, (x1, y1, x2, y2) in enumerate(walls.ends_m):
        for u in np.linspace(0, 1, 50):
            column, row = int((x1 + u * (x2 - x1) - west) / cell), int((y1 + u * (y2 - y1) - south) / cell)
            at = row * walls.columns + column
            assert w in walls.items[walls.start[at] : walls.start[at + 1]]
