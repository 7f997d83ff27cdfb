"""Three ways to the same field, each as its users would write it, given the buildings or walls within reach."""

from __future__ import annotations

import numpy as np
import pyvispoly
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from rivals_coverage.scenes import RANGE_M, disc, facing

TINY_RAD = 1e-12


def cgal(roofs: NDArray[np.object_], x: float, y: float) -> BaseGeometry:
    """pyvispoly (CGAL, exact): a box around disc and buildings, the buildings as its holes, then the range disc."""
    bounds = np.array([*shapely.bounds(roofs), (x - RANGE_M, y - RANGE_M, x + RANGE_M, y + RANGE_M)])
    (west, south), (east, north) = bounds[:, :2].min(axis=0) - 1, bounds[:, 2:].max(axis=0) + 1
    box = [pyvispoly.Point(*map(float, at)) for at in ((west, south), (east, south), (east, north), (west, north))]
    holes = [
        pyvispoly.Polygon([pyvispoly.Point(px, py) for px, py in shapely.get_coordinates(ring)[-2::-1].tolist()])
        for ring in shapely.get_exterior_ring(roofs)
    ]
    calculator = pyvispoly.VisibilityPolygonCalculator(pyvispoly.PolygonWithHoles(pyvispoly.Polygon(box), holes))
    seen = calculator.compute_visibility_polygon(pyvispoly.Point(x, y))
    corners = [(float(p.x()), float(p.y())) for p in seen.boundary()]
    return shapely.Polygon(corners).intersection(disc(x, y, RANGE_M))


def shadow_union(walls: NDArray[np.float64], x: float, y: float) -> BaseGeometry:
    """Shapely alone: each wall's shadow as a quadrilateral beyond the disc, their union taken off the disc."""
    ax, ay, bx, by = walls.T
    gap = np.abs(ax * by - ay * bx) / np.hypot(bx - ax, by - ay)
    k = 1.01 * RANGE_M / np.maximum(gap, 1e-6)  # so far that the far side, a chord, lies outside the disc too
    quads = np.stack([ax, ay, bx, by, bx * k, by * k, ax * k, ay * k], axis=1).reshape(-1, 4, 2) + np.array([x, y])
    return disc(x, y, RANGE_M).difference(shapely.union_all(shapely.polygons(quads)))


def shadow_union_facing(walls: NDArray[np.float64], x: float, y: float) -> BaseGeometry:
    """The same with a thought more: only walls that face the camera are worth a shadow."""
    return shadow_union(facing(walls), x, y)


def numpy_sweep(walls: NDArray[np.float64], x: float, y: float) -> BaseGeometry:
    """NumPy alone: between two wall ends (or crossings of the range) one wall is nearest; exact, arcs as chords."""
    pieces = _pieces(facing(walls))
    edges = np.unique(np.concatenate([pieces[:, :2].ravel(), np.radians(np.arange(-180, 181))]))
    edges = edges[np.concatenate([np.diff(edges) > TINY_RAD, [True]])]
    middle = (edges[:-1] + edges[1:]) / 2
    number = np.full(len(middle), -1)
    if len(pieces):
        over = (pieces[:, 0] <= middle[:, None]) & (pieces[:, 1] >= middle[:, None])
        radius = np.where(over, _radius(pieces, middle[:, None]), np.inf)
        number = np.where(over.any(axis=1), radius.argmin(axis=1), -1)
    ends = np.column_stack([edges[:-1], edges[1:]])
    far = np.full(ends.shape, RANGE_M)
    hit = number >= 0
    far[hit] = np.column_stack([_radius(pieces[number[hit]], ends[hit, side]) for side in (0, 1)])
    points = np.stack([x + far * np.cos(ends), y + far * np.sin(ends)], axis=2).reshape(-1, 2)
    return shapely.make_valid(shapely.Polygon(points))


def _radius(pieces: NDArray[np.float64], angle: NDArray[np.float64]) -> NDArray[np.float64]:
    ax, ay, bx, by = pieces[:, 2:].T
    found: NDArray[np.float64] = (ax * by - ay * bx) / (np.cos(angle) * (by - ay) - np.sin(angle) * (bx - ax))
    return found


def _pieces(walls: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (m, 6): angles from and to, ends; what lies beyond the range is cut off, across the seam cut in two."""
    ax, ay, bx, by = walls.T
    ex, ey = bx - ax, by - ay
    length2 = ex**2 + ey**2
    foot = -(ax * ex + ay * ey) / length2
    half = np.sqrt(np.maximum(RANGE_M**2 - ((ax + foot * ex) ** 2 + (ay + foot * ey) ** 2), 0) / length2)
    u0, u1 = np.maximum(foot - half, 0), np.minimum(foot + half, 1)
    # seen from outside, counter-clockwise runs from b to a
    low = np.arctan2(ay + u1 * ey, ax + u1 * ex)
    high = np.arctan2(ay + u0 * ey, ax + u0 * ex)
    rows = np.column_stack([low, high, walls])[u1 > u0]
    across = rows[:, 0] > rows[:, 1]
    first, second = rows[across].copy(), rows[across].copy()
    first[:, 1], second[:, 0] = np.pi, -np.pi
    return np.concatenate([rows[~across], first, second])
