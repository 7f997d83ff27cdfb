"""The same scenes for everybody: buildings as disjoint polygons, cameras outside them, metres."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import ceil, sqrt
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from camcover.frame import Frame
from camcover.obstacle import Obstacle
from camcover.terrain import Terrain

FOOTPRINTS = Path(__file__).parents[2] / "tests" / "coverage" / "data" / "footprints.geojson"
RANGE_M = 50.0
CELL_M = 20.0
"""A homestead with its share of the lane, 400 m2, so 2,500 on a square kilometre of a dense village."""
CLEAR_M = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Terrain, where cameras stand, and for the rivals what is within reach of each."""

    name: str
    terrain: Terrain
    cameras: NDArray[np.float64]
    """(n, 2) x, y"""

    def walls(self) -> NDArray[np.float64]:
        """Return (m, 4) ends of all walls; the solid side is on the left."""
        parts = []
        for ring in shapely.get_rings(shapely.orient_polygons(self.terrain.roofs)):
            points = shapely.get_coordinates(ring)
            parts.append(np.column_stack([points[:-1], points[1:]]))
        return np.ascontiguousarray(np.concatenate(parts))


def random_scene(buildings: int, cameras: int, seed: int = 7) -> Scene:
    """Return rotated rectangles, 8-16 m by 6-10 m, one on each homestead of 20 m: none touches another."""
    rng = np.random.default_rng(seed)
    across = ceil(sqrt(buildings))
    number = np.arange(buildings)
    centre = np.column_stack([number % across, number // across]) * CELL_M + rng.uniform(-0.5, 0.5, (buildings, 2))
    half = rng.uniform((4, 3), (8, 5), (buildings, 2))
    turn = rng.uniform(0, np.pi, buildings)
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half[:, None, :]
    cos, sin = np.cos(turn)[:, None], np.sin(turn)[:, None]
    x, y = corners[:, :, 0], corners[:, :, 1]
    rings = np.stack([x * cos - y * sin, x * sin + y * cos], axis=2) + centre[:, None, :]
    return _scene("random", shapely.polygons(rings), cameras, rng)


def real_scene(buildings: int, cameras: int, seed: int = 8) -> Scene:
    """Return footprints of a real place (OpenStreetMap), tiled, every other tile mirrored, to so many buildings."""
    features = json.loads(FOOTPRINTS.read_text())["features"]
    shapes = shapely.from_geojson([json.dumps(feature["geometry"]) for feature in features])
    middle = shapely.union_all(shapes).centroid
    flat = Frame.around(middle.x, middle.y).to_metric(shapes)
    west, south, east, north = shapely.total_bounds(flat)
    tiles = ceil(buildings / len(flat))
    across = ceil(sqrt(tiles))
    out = []
    for tile in range(tiles):
        column, row = tile % across, tile // across
        mirror = -1.0 if (column + row) % 2 else 1.0
        out.append(
            shapely.transform(
                flat,
                lambda p, m=mirror, c=column, r=row: (
                    (p - ((west + east) / 2, south)) * (m, 1.0) + (c * (east - west + 5.0), r * (north - south + 5.0))
                ),
            )
        )
    return _scene("real", np.concatenate(out)[:buildings], cameras, np.random.default_rng(seed))


def _scene(name: str, shapes: NDArray[np.object_], cameras: int, rng: np.random.Generator) -> Scene:
    terrain = Terrain.build(
        Obstacle(id=str(n), shape=shapely.force_2d(shape), height_m=None) for n, shape in enumerate(shapes)
    )
    return Scene(name=name, terrain=terrain, cameras=_outside(terrain, cameras, rng))


def _outside(terrain: Terrain, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return spots within 20 m of a building, in no building and in no courtyard."""
    tree = shapely.STRtree(shapely.polygons(shapely.get_exterior_ring(terrain.roofs)))
    centres = shapely.get_coordinates(shapely.centroid(terrain.roofs))
    found: list[NDArray[np.float64]] = []
    while sum(map(len, found)) < count:
        spots = centres[rng.integers(0, len(centres), 2 * count)] + rng.uniform(-20, 20, (2 * count, 2))
        hit = tree.query(shapely.points(spots), predicate="dwithin", distance=CLEAR_M)[0]
        free = np.ones(len(spots), dtype=bool)
        free[hit] = False
        found.append(spots[free])
    return np.ascontiguousarray(np.concatenate(found)[:count])


def disc(x: float, y: float, radius_m: float) -> shapely.Polygon:
    """Return a regular polygon of 360 corners on the circle."""
    angle = np.radians(np.arange(360))
    return shapely.Polygon(np.column_stack([x + radius_m * np.cos(angle), y + radius_m * np.sin(angle)]))


def facing(walls: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the walls that show the camera their outside: the others cannot be seen first."""
    ax, ay, bx, by = walls.T
    found: NDArray[np.float64] = walls[ax * by - ay * bx < 0]
    return found
