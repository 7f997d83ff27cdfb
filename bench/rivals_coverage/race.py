"""One race: everybody on the same cameras and terrain, in turns, and their fields compared.

The look-up of what is within reach is in everybody's time; indexes are built before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi
from time import process_time
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from camcover.viewshed import Sectors, sweep
from figures import median
from rivals_coverage import methods
from rivals_coverage.scenes import RANGE_M, Scene, disc

SAME = 1e-8
"""Largest difference of areas, as a share, inside a disc that no arc touches."""
CHORDS = 1.1e-4
"""The same with arcs: chords of one degree miss at most 5.1e-5, and everybody lays them differently."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Cameras a second of CPU by name of method, and how far the areas lie apart."""

    rates: dict[str, float]
    cameras: dict[str, int]
    walls: float
    """Mean number of walls that a rival is given."""
    worst: dict[str, float]
    """Largest relative difference of areas to ours where no arc matters."""
    worst_arcs: dict[str, float]
    failed: dict[str, int]
    """Cameras on which a rival raised or gave no usable polygon; they count as done."""


def sectors_at(spots: NDArray[np.float64]) -> Sectors:
    """Return 360 degrees and the same range everywhere, every wall endless."""
    n = len(spots)
    one, unknown = np.ones(n), np.full(n, np.nan)
    return Sectors(
        x_m=spots[:, 0].copy(),
        y_m=spots[:, 1].copy(),
        azimuth_deg=unknown,
        hfov_deg=360 * one,
        near_m=0 * one,
        far_m=RANGE_M * one,
        height_m=unknown,
    )


class Roofs:
    """The buildings within reach of a spot, by Shapely's tree: what a user of polygons would write."""

    def __init__(self, roofs: NDArray[np.object_]) -> None:
        self._roofs, self._tree = roofs, shapely.STRtree(roofs)

    def __call__(self, x: float, y: float) -> NDArray[Any]:
        near: NDArray[Any] = self._roofs[self._tree.query(shapely.Point(x, y), predicate="dwithin", distance=RANGE_M)]
        return near


class WallsNear:
    """The walls (m, 4) within reach of a spot, relative to it, by Shapely's tree over all walls."""

    def __init__(self, walls: NDArray[np.float64]) -> None:
        self._walls = walls
        self._tree = shapely.STRtree(shapely.linestrings(walls.reshape(-1, 2, 2)))

    def __call__(self, x: float, y: float) -> NDArray[Any]:
        found = self._tree.query(shapely.Point(x, y), predicate="dwithin", distance=RANGE_M)
        near: NDArray[Any] = self._walls[found] - (x, y, x, y)
        return near


def race(scene: Scene, rival_cameras: int, rounds: int) -> Result:
    """Run ours on all cameras and each rival on some of them, interleaved; medians of rounds."""
    spots = scene.cameras[:rival_cameras]
    roofs, walls = Roofs(scene.terrain.roofs), WallsNear(scene.walls())
    entrants: dict[str, tuple[Callable[..., BaseGeometry], Callable[[float, float], NDArray[Any]]]] = {
        "pyvispoly": (methods.cgal, roofs),
        "shadow_union": (methods.shadow_union, walls),
        "facing_only": (methods.shadow_union_facing, walls),
        "numpy_sweep": (methods.numpy_sweep, walls),
    }
    rates: dict[str, list[float]] = {name: [] for name in ("camcover", *entrants)}
    fields: dict[str, list[BaseGeometry | None]] = {}
    sectors = sectors_at(scene.cameras)
    ours: NDArray[np.object_] = sweep(sectors, scene.terrain)
    for _ in range(rounds):
        for name, (method, look_up) in entrants.items():
            began = process_time()
            fields[name] = [_attempt(method, look_up(*spot), spot) for spot in spots.tolist()]
            rates[name].append(rival_cameras / (process_time() - began))
            began = process_time()
            ours = sweep(sectors, scene.terrain)
            rates["camcover"].append(len(scene.cameras) / (process_time() - began))
    if not shapely.is_valid(ours).all():
        raise SystemExit("camcover: an invalid field")
    apart = {name: _apart(ours, found, spots) for name, found in fields.items()}
    return Result(
        rates={name: median(found) for name, found in rates.items()},
        cameras={"camcover": len(scene.cameras), **dict.fromkeys(entrants, rival_cameras)},
        walls=float(np.mean([len(walls(*spot)) for spot in spots.tolist()])),
        worst={name: found[0] for name, found in apart.items()},
        worst_arcs={name: found[1] for name, found in apart.items()},
        failed={name: sum(f is None for f in found) for name, found in fields.items()},
    )


def _attempt(method: Callable[..., BaseGeometry], one: NDArray[Any], spot: list[float]) -> BaseGeometry | None:
    try:
        return method(one, *spot)
    except (RuntimeError, ValueError, shapely.errors.GEOSException):
        return None


def _apart(
    ours: NDArray[np.object_], theirs: list[BaseGeometry | None], spots: NDArray[np.float64]
) -> tuple[float, float]:
    worst = worst_arcs = 0.0
    for field, other, (x, y) in zip(ours, theirs, spots, strict=False):
        if other is None:
            continue
        inner = disc(x, y, RANGE_M * cos(pi / 360) * 0.9999)  # within everybody's chords
        a, b = (shapely.intersection(shapely.make_valid(f), inner).area for f in (field, other))
        worst = max(worst, abs(a - b) / max(a, 1.0))
        worst_arcs = max(worst_arcs, abs(field.area - other.area) / max(field.area, 1.0))
    return worst, worst_arcs
