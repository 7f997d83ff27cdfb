"""Where a camera really stands: out of the building its coordinates lie in, on the side of the wall it looks from."""

from __future__ import annotations

from math import cos, hypot, inf, nan, radians, sin

import numpy as np
import shapely
from numpy.typing import NDArray

from camcover.grid import cells_within
from camcover.jit import kernel
from camcover.terrain import Terrain
from camcover.walls import Walls

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

CLEAR_M = 0.01
"""A camera stands at least this far outside a wall."""
HANGS_M = 0.25
"""Nearer to a free-standing wall it hangs on it (half a thick wall and a bracket) and looks to its azimuth's side."""
UNKNOWN_M = 1e-9
"""Height of a camera of unknown height: every obstacle is at least as high."""
MOST_TRIES = 24


def place(
    x_m: Floats, y_m: Floats, azimuth_deg: Floats, height_m: Floats, terrain: Terrain
) -> tuple[Floats, Floats, Bools, Bools]:
    """Return x, y to compute from, and whether each camera was inside a building or stands on a roof; all (n,).

    `azimuth_deg` NaN: no side of a free-standing wall is preferred. `height_m` NaN: unknown. Where no outside wall is
    free (all under other roofs) x and y are NaN: nothing can be claimed.
    """
    x, y = np.array(x_m, np.float64), np.array(y_m, np.float64)
    height = np.nan_to_num(np.asarray(height_m, np.float64), nan=UNKNOWN_M)
    under, on_roof = _roofs_at(x, y, height, terrain)
    inside = np.zeros(len(x), dtype=bool)
    trapped = np.flatnonzero(under)
    for rank in range(MOST_TRIES):
        if len(trapped) == 0:
            break
        at = np.column_stack([x_m[trapped], y_m[trapped], height[trapped]])
        moved = _outside(at, rank, terrain.walls)
        x[trapped], y[trapped] = moved[:, 0], moved[:, 1]
        inside[trapped] = moved[:, 2] > CLEAR_M if rank == 0 else inside[trapped]
        trapped = trapped[_roofs_at(x[trapped], y[trapped], height[trapped], terrain)[0]]
    x[trapped], y[trapped] = nan, nan
    return *_off_walls(x, y, azimuth_deg, height, under, terrain), inside, on_roof & ~under


def _off_walls(
    x: Floats, y: Floats, azimuth_deg: Floats, height: Floats, settled: Bools, terrain: Terrain
) -> tuple[Floats, Floats]:
    """Move what stands on a wall off it, unless another building is there."""
    at = np.column_stack([x, y, height, azimuth_deg])
    moved = _off(at, terrain.walls)
    changed = np.flatnonzero(~settled & ((moved[:, 0] != x) | (moved[:, 1] != y)))
    free = changed[~_roofs_at(moved[changed, 0], moved[changed, 1], height[changed], terrain)[0]]
    x[free], y[free] = moved[free, 0], moved[free, 1]
    return x, y


def _roofs_at(x: Floats, y: Floats, height: Floats, terrain: Terrain) -> tuple[Bools, Bools]:
    """Return whether each point lies under a roof that is at least as high, and whether on a lower one."""
    under, above = np.zeros(len(x), dtype=bool), np.zeros(len(x), dtype=bool)
    known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    point, roof = terrain.roof_tree.query(shapely.points(x[known], y[known]), predicate="intersects")
    point = known[point]
    higher = terrain.roof_m[roof] >= height[point]
    under[point[higher]] = True
    above[point[~higher]] = True
    return under, above


@kernel
def _outside(
    at: Floats,
    rank: int,
    walls: Walls,
) -> Floats:
    """Return (n, 3) for points (n, 3) x, y, height: x, y just outside the outer wall of that rank, and its distance."""
    moved = np.full((len(at), 3), nan)
    widest = 2 * walls.frame_m[2] * (walls.rows + walls.columns)
    for i in range(len(at)):
        x, y, height = at[i]
        reach = walls.frame_m[2]
        while True:
            found, distance = _walls_within(x, y, reach, height, walls)
            if len(found) > rank or reach > widest:
                break
            reach *= 2
        if len(found) > rank:
            k = np.argsort(distance)[rank]
            moved[i, 0], moved[i, 1] = _beside(walls.ends_m[found[k]], x, y, 1.0, 2 * CLEAR_M)
            moved[i, 2] = distance[k]
    return moved


@kernel
def _walls_within(
    x: float,
    y: float,
    reach: float,
    height: float,
    walls: Walls,
) -> tuple[NDArray[np.int64], Floats]:
    """Return the outer walls within reach of buildings at least so high, and their distances."""
    found, distances, count = np.empty(16, np.int64), np.empty(16), 0
    west, east, south, north = cells_within(x, y, reach, walls)
    for row in range(south, north):
        for k in range(walls.start[row * walls.columns + west], walls.start[row * walls.columns + east]):
            w = walls.items[k]
            if walls.top_m[w] < height or walls.foot_m[w] >= height:
                continue
            distance = _distance(walls.ends_m[w], x, y)
            if distance <= reach:
                if count == len(found):
                    found = np.concatenate((found, np.empty(count, np.int64)))
                    distances = np.concatenate((distances, np.empty(count)))
                found[count], distances[count] = w, distance
                count += 1
    return found[:count], distances[:count]


@kernel
def _distance(wall: Floats, x: float, y: float) -> float:
    ex, ey = wall[2] - wall[0], wall[3] - wall[1]
    u = min(max(((x - wall[0]) * ex + (y - wall[1]) * ey) / (ex * ex + ey * ey), 0.0), 1.0)
    return hypot(wall[0] + u * ex - x, wall[1] + u * ey - y)


@kernel
def _beside(wall: Floats, x: float, y: float, side: float, margin: float) -> tuple[float, float]:
    """Return the point clear of the wall on its right (side 1) or left (-1), nearest to (x, y), off its ends."""
    ex, ey = wall[2] - wall[0], wall[3] - wall[1]
    length = hypot(ex, ey)
    margin = min(margin / length, 0.5)
    u = ((x - wall[0]) * ex + (y - wall[1]) * ey) / (length * length)
    u = min(max(u, margin), 1 - margin)
    step = side * CLEAR_M / length
    return wall[0] + u * ex + step * ey, wall[1] + u * ey - step * ex


@kernel
def _off(
    at: Floats,
    walls: Walls,
) -> Floats:
    """Return (n, 2) for cameras (n, 4) x, y, height, azimuth in degrees: where they stand clear of the nearest wall."""
    moved = np.empty((len(at), 2))
    for i in range(len(at)):
        x, y, height, azimuth = at[i]
        moved[i, 0], moved[i, 1] = x, y
        if not (x == x and len(walls.ends_m)):  # noqa: PLR0124  # NaN
            continue
        nearest, best = inf, -1
        west, east, south, north = cells_within(x, y, HANGS_M, walls)
        for row in range(south, north):
            for k in range(walls.start[row * walls.columns + west], walls.start[row * walls.columns + east]):
                w = walls.items[k]
                if walls.top_m[w] < height:
                    continue
                distance = _distance(walls.ends_m[w], x, y)
                if distance < nearest and distance < (HANGS_M if walls.foot_m[w] == inf else CLEAR_M):
                    nearest, best = distance, w
        if best >= 0:
            moved[i, 0], moved[i, 1] = _clear_of(walls.ends_m[best], walls.foot_m[best], nearest, x, y, azimuth)
    return moved


@kernel
def _clear_of(wall: Floats, foot: float, distance: float, x: float, y: float, azimuth: float) -> tuple[float, float]:
    """Return where the camera stands: on the outside, or on that side of a line to which it looks."""
    if foot != inf:
        return _beside(wall, x, y, 1.0, 0.0)
    ex, ey = wall[2] - wall[0], wall[3] - wall[1]
    length = hypot(ex, ey)
    on = ((x - wall[0]) * ey - (y - wall[1]) * ex) / length  # metres to the right
    looks = (sin(radians(azimuth)) * ey - cos(radians(azimuth)) * ex) / length
    if not abs(looks) > 1e-6:  # along it, or unknown: it keeps its side
        looks = on if abs(on) > 0.0 else 1.0
    if looks * on > 0.0 and distance >= CLEAR_M:
        return x, y
    return _beside(wall, x, y, 1.0 if looks > 0.0 else -1.0, 0.0)
