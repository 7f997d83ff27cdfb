"""Where a camera could be put up: corners and walls of buildings, and beside roads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from camcover.obstacle import Obstacle


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place for a post at (`x_m`, `y_m`); `cost` in any unit, the same for all spots of a plan."""

    id: str
    x_m: float
    y_m: float
    kind: str = "given"
    cost: float = 1.0


def spots(
    area: BaseGeometry,
    obstacles: Iterable[Obstacle] = (),
    roads: Iterable[BaseGeometry] = (),
    *,
    every_m: float = 25.0,
    off_wall_m: float = 0.3,
    apart_m: float = 5.0,
    most: int = 500,
) -> tuple[Spot, ...]:
    """Return at most `most` spots inside `area`, at least `apart_m` from each other; the same for the same input.

    House corners come first (a lens at an outer corner looks along two walls), then roads and then walls, each every
    `every_m`. Where there are too many, `apart_m` grows until they fit. Ids are numbered by kind in that order.
    """
    if min(every_m, off_wall_m, apart_m) <= 0 or most < 1:
        raise ValueError("distances are positive, and at least one spot is wanted")
    houses = shapely.union_all([item.shape for item in obstacles if shapely.get_dimensions(item.shape) == 2])
    rings = shapely.get_parts(shapely.simplify(houses, 0.5).buffer(off_wall_m, join_style="mitre"))
    outlines = [ring.exterior for ring in rings if not ring.is_empty]
    found = {
        "corner": np.vstack([np.empty((0, 2)), *[_corners(outline) for outline in outlines]]),
        "road": np.vstack([np.empty((0, 2)), *[_along(road, every_m) for road in roads]]),
        "wall": np.vstack([np.empty((0, 2)), *[_along(outline, every_m) for outline in outlines]]),
    }
    kinds = np.repeat(np.array(list(found)), [len(points) for points in found.values()])
    points = np.vstack(list(found.values()))
    fits = shapely.contains_xy(area, points[:, 0], points[:, 1]) & ~shapely.contains_xy(
        houses, points[:, 0], points[:, 1]
    )
    points, kinds = points[fits], kinds[fits]
    kept = _thinned(points, apart_m)
    while len(kept) > most:
        apart_m *= max(1.05, (len(kept) / most) ** 0.5)
        kept = _thinned(points, apart_m)
    return tuple(_numbered(points[kept], kinds[kept].tolist()))


def _numbered(points: NDArray[np.float64], kinds: list[str]) -> Iterable[Spot]:
    count: dict[str, int] = {}
    for (x, y), kind in zip(points.tolist(), kinds, strict=True):
        count[kind] = count.get(kind, 0) + 1
        yield Spot(id=f"{kind}-{count[kind]}", x_m=x, y_m=y, kind=kind)


def _corners(ring: BaseGeometry) -> NDArray[np.float64]:
    """Return the corners (n, 2) of a ring where the wall turns away: those that look along two walls."""
    at = np.asarray(shapely.get_coordinates(ring if ring.is_ccw else shapely.reverse(ring)))[:-1]
    into, out = at - np.roll(at, 1, axis=0), np.roll(at, -1, axis=0) - at
    turn = np.arctan2(into[:, 0] * out[:, 1] - into[:, 1] * out[:, 0], (into * out).sum(axis=1))
    return np.asarray(at[turn > np.radians(30.0)])


def _along(line: BaseGeometry, every_m: float) -> NDArray[np.float64]:
    parts = shapely.get_parts(line)
    return np.vstack(
        [np.empty((0, 2))]
        + [
            shapely.get_coordinates(shapely.line_interpolate_point(part, np.arange(every_m / 2, part.length, every_m)))
            for part in parts
        ]
    )


def _thinned(points: NDArray[np.float64], apart_m: float) -> NDArray[np.int64]:
    """Return the indices of points kept: in order, each unless an earlier kept one is nearer than `apart_m`."""
    cells: dict[tuple[int, int], list[int]] = {}
    kept: list[int] = []
    for index, (x, y) in enumerate(points.tolist()):
        column, row = int(x // apart_m), int(y // apart_m)
        near = (other for dx in (-1, 0, 1) for dy in (-1, 0, 1) for other in cells.get((column + dx, row + dy), ()))
        if all((points[other, 0] - x) ** 2 + (points[other, 1] - y) ** 2 >= apart_m**2 for other in near):
            cells.setdefault((column, row), []).append(index)
            kept.append(index)
    return np.array(kept, dtype=np.int64)
