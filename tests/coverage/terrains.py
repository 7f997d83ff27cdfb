"""Terrains that tests of viewsheds share: boxes at random, and real footprints."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.affinity import rotate
from shapely.geometry import box, shape

from camcover.frame import Frame
from camcover.obstacle import Obstacle
from camcover.terrain import Terrain
from camcover.viewshed import Sectors

FOOTPRINTS = Path(__file__).parent / "data" / "footprints.geojson"
Floats = NDArray[np.float64]


def sectors(
    points: object,
    *,
    azimuth_deg: object = 0.0,
    hfov_deg: object = 360.0,
    near_m: object = 0.0,
    far_m: object = 50.0,
    height_m: object = np.nan,
) -> Sectors:
    """Cameras at points (n, 2); every other value is one for all, or an array (n,)."""
    at = np.asarray(points, np.float64).reshape(-1, 2)

    def each(value: object) -> Floats:
        return np.broadcast_to(np.asarray(value, np.float64), (len(at),)).copy()

    return Sectors(
        x_m=at[:, 0].copy(),
        y_m=at[:, 1].copy(),
        azimuth_deg=each(azimuth_deg),
        hfov_deg=each(hfov_deg),
        near_m=each(near_m),
        far_m=each(far_m),
        height_m=each(height_m),
    )


def random_boxes(
    rng: np.random.Generator, count: int, side_m: float, heights: Sequence[float | None] = (None,)
) -> list[Obstacle]:
    """Rotated boxes of 5 to 15 m that may overlap."""
    found = []
    for i in range(count):
        x, y = rng.uniform(0, side_m, 2)
        width, depth = rng.uniform(5, 15, 2)
        footprint = rotate(box(x, y, x + width, y + depth), float(rng.uniform(0, 90)))
        found.append(Obstacle(id=str(i), shape=footprint, height_m=heights[int(rng.integers(len(heights)))]))
    return found


@cache
def real_footprints() -> tuple[Obstacle, ...]:
    """Footprints of a real settlement in a metric frame."""
    features = json.loads(FOOTPRINTS.read_text(encoding="utf-8"))["features"]
    shapes = np.array([shape(feature["geometry"]) for feature in features], dtype=object)
    lon, lat = shapely.get_coordinates(shapely.centroid(shapely.GeometryCollection(list(shapes))))[0]
    metric = Frame.around(lon, lat).to_metric(shapes)
    return tuple(Obstacle(id=str(f["id"]), shape=s) for f, s in zip(features, metric, strict=True))


@cache
def real_terrain() -> Terrain:
    return Terrain.build(real_footprints())


def outside(terrain: Terrain, points: Floats, clear_m: float = 0.3) -> NDArray[np.bool_]:
    """Which points are clear of every roof and line."""
    shapes = shapely.points(points)
    free = np.ones(len(points), dtype=bool)
    for tree in (terrain.roof_tree, terrain.fence_tree):
        free[tree.query(shapes, predicate="dwithin", distance=clear_m)[0]] = False
    return free
