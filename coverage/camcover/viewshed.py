"""What each camera sees of the ground: exact fields among buildings and walls, as polygons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isinf

import numpy as np
import shapely
from numpy.typing import NDArray

from camcover.camera import Camera, View
from camcover.optics import FULL_CIRCLE_DEG, reach_m
from camcover.placing import place
from camcover.shadows import without_shadows
from camcover.sweep import all_rings
from camcover.terrain import Terrain

Floats = NDArray[np.float64]
Shapes = NDArray[np.object_]

ENDLESS_M = 1e6
"""A limit that a range without end is cut to: no camera sees a thousand kilometres."""
NOWHERE = shapely.Polygon()
BY_DAY = View()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sectors:
    """Ideal sectors of n cameras in a metric frame; each field is a float array (n,).

    `azimuth_deg` NaN: unknown, so nothing is claimed unless `hfov_deg` is 360. `near_m` >= `far_m`: nothing is seen.
    `height_m` NaN: unknown, so every obstacle blocks.
    """

    x_m: Floats
    y_m: Floats
    azimuth_deg: Floats
    hfov_deg: Floats
    near_m: Floats
    far_m: Floats
    height_m: Floats

    @classmethod
    def of(cls, cameras: Sequence[Camera], view: View, *, envelope: bool = False) -> Sectors:
        """Return the sectors of cameras for a view; `envelope`: what a dome could turn to instead of its preset."""
        rows = np.array([_row(camera, view, envelope) for camera in cameras], dtype=np.float64).reshape(-1, 7)
        x, y, azimuth, hfov, near, far, height = np.ascontiguousarray(rows.T)
        return cls(x_m=x, y_m=y, azimuth_deg=azimuth, hfov_deg=hfov, near_m=near, far_m=far, height_m=height)


def _row(camera: Camera, view: View, envelope: bool) -> tuple[float, ...]:  # noqa: FBT001
    mount, lens = camera.mount, camera.lens
    hfov = lens.hfov_deg
    azimuth = np.nan if mount.azimuth_deg is None else mount.azimuth_deg
    if lens.hfov_deg >= FULL_CIRCLE_DEG:
        azimuth = np.nan  # whatever was noted, it looks all round
    elif envelope and camera.ptz:
        # a dome looks straight down as well as to the horizon: no limit is drawn from the tilt of its preset
        mount, hfov = replace(mount, tilt_deg=None), FULL_CIRCLE_DEG
    near, far = reach_m(mount, lens, view)
    height = np.nan if mount.height_m is None else mount.height_m
    return camera.x_m, camera.y_m, azimuth, hfov, near, ENDLESS_M if isinf(far) else far, height


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where a camera stands in its terrain, and where its field is computed from.

    `inside`: its coordinates lie in a building that is at least as high as the camera, or whose height or the camera's
    is unknown: it is moved to the nearest outside wall. `on_roof`: on a lower building, where it stays.
    """

    camera_id: str
    x_m: float
    y_m: float
    inside: bool
    on_roof: bool
    moved_m: float


def placements(cameras: Sequence[Camera], terrain: Terrain) -> tuple[Placement, ...]:
    """Tell for each camera where it stands; see `Placement`."""
    sectors = Sectors.of(cameras, BY_DAY)
    x, y, inside, on_roof = place(sectors.x_m, sectors.y_m, sectors.azimuth_deg, sectors.height_m, terrain)
    moved = np.hypot(x - sectors.x_m, y - sectors.y_m)
    return tuple(
        Placement(
            camera_id=camera.id,
            x_m=float(x[i]),
            y_m=float(y[i]),
            inside=bool(inside[i]),
            on_roof=bool(on_roof[i]),
            moved_m=float(moved[i]),
        )
        for i, camera in enumerate(cameras)
    )


def fields(cameras: Sequence[Camera], terrain: Terrain, view: View = BY_DAY, *, envelope: bool = False) -> Shapes:
    """Return what each camera sees, shape (n,): valid polygons or multipolygons in the terrain's metric frame.

    Empty where nothing is seen, also where the azimuth is unknown and the lens does not see all round. `envelope`: all
    that a dome could turn to, which is never what it sees now.
    """
    return sweep(Sectors.of(cameras, view, envelope=envelope), terrain, view.target_height_m)


def sweep(sectors: Sectors, terrain: Terrain, target_height_m: float = 0.0) -> Shapes:
    """Return the field of each sector, shape (n,), on the plane at `target_height_m` above the ground.

    Arcs are chords of at most one degree inside the true arc: the area is at most 0.0051% too small.
    """
    x, y, _, _ = place(sectors.x_m, sectors.y_m, sectors.azimuth_deg, sectors.height_m, terrain)
    placed = replace(sectors, x_m=x, y_m=y)
    seen = tall_fields(placed, terrain)
    tops = np.concatenate([terrain.roof_m, terrain.fence_top_m])
    if not (tops < np.nanmax(sectors.height_m, initial=0.0)).any():
        return seen
    lit = seen if not (sectors.near_m > 0).any() else tall_fields(replace(placed, near_m=np.zeros(len(x))), terrain)
    stands = np.column_stack([x, y, np.nan_to_num(sectors.height_m, nan=0.0)])
    return without_shadows(seen, lit, stands, terrain, target_height_m)


def tall_fields(sectors: Sectors, terrain: Terrain) -> Shapes:
    """Return the fields that are left by the obstacles at least as high as each camera; cameras stay where they are."""
    points, ring, doubtful = all_rings(_rows(sectors), terrain.walls)
    start, camera, hole = ring[:, 0], ring[:-1, 1], ring[:-1, 2]
    result = np.full(len(sectors.x_m), NOWHERE, dtype=object)
    if len(camera) == 0:
        return result
    shells = np.flatnonzero(hole == 0)  # the hole of a full circle follows its only shell
    parts = shapely.from_ragged_array(shapely.GeometryType.POLYGON, points, (start, np.append(shells, len(camera))))
    _assemble(parts, camera[shells], result)
    _mend(result, np.flatnonzero(doubtful))
    return result


def _assemble(parts: Shapes, camera: NDArray[np.int64], result: Shapes) -> None:
    """Put each camera's parts (in the order of the cameras) into `result`: one polygon, or one multipolygon."""
    count = np.bincount(camera, minlength=len(result))
    single = count[camera] == 1
    result[camera[single]] = parts[single]
    if not single.all():
        several, index = np.unique(camera[~single], return_inverse=True)
        result[several] = shapely.multipolygons(parts[~single], indices=index)


def _mend(shapes: Shapes, doubtful: NDArray[np.int64]) -> None:
    """Make valid what rounding spoilt: an invalid field would stop a whole township."""
    bad = doubtful[~shapely.is_valid(shapes[doubtful])]
    if len(bad):
        shapes[bad] = shapely.make_valid(shapes[bad], method="structure", keep_collapsed=False)


def _rows(sectors: Sectors) -> Floats:
    """Return (n, 7) for the kernel: x, y, right edge and width in radians, near, far, height (0: every wall blocks)."""
    round_ = sectors.hfov_deg >= FULL_CIRCLE_DEG
    right = np.remainder(270.0 - sectors.azimuth_deg - sectors.hfov_deg / 2, FULL_CIRCLE_DEG) - 180.0
    right = np.where(round_, -180.0, right)
    width = np.where(round_, 2 * np.pi, np.radians(sectors.hfov_deg))
    height = np.nan_to_num(sectors.height_m, nan=0.0)
    columns = (
        sectors.x_m,
        sectors.y_m,
        np.radians(right),
        width,
        np.maximum(sectors.near_m, 0.0),
        sectors.far_m,
        height,
    )
    return np.column_stack(columns).astype(np.float64)


def warm_up() -> None:
    """Compile the kernels, or load them from their cache: seconds once, so not within a request."""
    from shapely.geometry import box

    from camcover.obstacle import Obstacle

    terrain = Terrain.build([Obstacle(id="warm", shape=box(5, 5, 9, 9), height_m=3.0)])
    one = np.ones(1)
    sectors = Sectors(
        x_m=one, y_m=one, azimuth_deg=45 * one, hfov_deg=90 * one, near_m=one, far_m=20 * one, height_m=2 * one
    )
    sweep(sectors, terrain)
    sweep(replace(sectors, height_m=5 * one), terrain)
    sweep(replace(sectors, x_m=7 * one, y_m=7 * one), terrain)
