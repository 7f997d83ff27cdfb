"""How much the survey's errors could move a share: 3 m of position move one field by more than most policies do.

Positions are drawn from a circular normal whose standard deviation along each axis is the register's
`position_error_m` (39% of draws lie within it, 86% within twice it); azimuths from a normal with `azimuth_error_deg`.
An azimuth that is unknown, or known to 90 degrees or worse, is drawn evenly from the whole circle: it says nothing. A
camera that is drawn into a building is moved to the nearest outside wall, as one that is entered there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from camcover.camera import Camera, View
from camcover.optics import FULL_CIRCLE_DEG
from camcover.pieces import OverlayError, Shapes, repaired, united
from camcover.terrain import Terrain
from camcover.viewshed import Sectors, sweep

UNKNOWN_FROM_DEG = 90.0
_SIGMAS = 8.0
_MOVED_M = 100.0
"""How far a snap out of a building may carry a camera."""
_FIELDS_AT_ONCE = 20_000


class Survey(NamedTuple):
    """Shares of an area that the union of all fields sees."""

    as_entered: float
    p5: float
    p50: float
    p95: float
    known_azimuth_only: float
    """As entered, without the cameras whose azimuth says nothing."""


def survey_band(
    cameras: Sequence[Camera],
    terrain: Terrain,
    area: BaseGeometry,
    view: View,
    *,
    trials: int = 200,
    seed: int = 1,
) -> Survey:
    """Return what survey errors make of the share of `area` (polygons, metric frame) that `cameras` see.

    The same cameras, in any order, and the same seed give the same figures. Cameras that no error brings near the area
    may be among them. Why so: `docs/design/0010-coverage-in-time.md`.
    """
    area = repaired(area)
    total = float(shapely.area(area))
    if total <= 0.0 or trials < 1:
        raise OverlayError(f"a survey needs an area and trials, not {total} m2 and {trials}")
    shapely.prepare(area)
    near = _reaching(sorted(cameras, key=lambda camera: camera.id), area, view)
    sectors = Sectors.of(near, view)
    blindly = _unknown_azimuth(near)
    entered = sweep(sectors, terrain, view.target_height_m)
    shares = [
        _seen(drawn, area)
        for chunk in _chunks(_drawn(near, sectors, blindly, trials, seed), max(1, len(near)))
        for drawn in sweep(chunk, terrain, view.target_height_m).reshape(len(chunk.x_m) // max(1, len(near)), len(near))
    ]
    p5, p50, p95 = np.quantile(np.array(shares or [0.0]) / total, [0.05, 0.5, 0.95])
    return Survey(
        as_entered=_seen(entered, area) / total,
        p5=float(p5),
        p50=float(p50),
        p95=float(p95),
        known_azimuth_only=_seen(entered[~blindly], area) / total,
    )


def _reaching(cameras: Sequence[Camera], area: BaseGeometry, view: View) -> list[Camera]:
    """Leave out cameras of other villages, which no error brings near."""
    far = Sectors.of(cameras, view).far_m
    spots = shapely.points([(camera.x_m, camera.y_m) for camera in cameras]) if cameras else np.zeros(0, np.object_)
    error = np.array([camera.mount.position_error_m for camera in cameras])
    near = shapely.dwithin(area, spots, far + _SIGMAS * error + _MOVED_M)
    return [camera for camera, one in zip(cameras, near, strict=True) if one]


def _unknown_azimuth(cameras: Sequence[Camera]) -> NDArray[np.bool_]:
    """Return (n,) which azimuths say nothing; one that sees all round has none to know."""
    return np.array(
        [
            camera.lens.hfov_deg < FULL_CIRCLE_DEG
            and (camera.mount.azimuth_deg is None or camera.mount.azimuth_error_deg >= UNKNOWN_FROM_DEG)
            for camera in cameras
        ],
        dtype=np.bool_,
    )


def _drawn(cameras: Sequence[Camera], sectors: Sectors, blindly: NDArray[np.bool_], trials: int, seed: int) -> Sectors:
    """Return trials x n sectors, trial by trial."""
    rng = np.random.default_rng(seed)
    east, north, turn = rng.standard_normal((3, trials, len(cameras)))
    anywhere = rng.uniform(0.0, FULL_CIRCLE_DEG, (trials, len(cameras)))
    error_m = np.array([camera.mount.position_error_m for camera in cameras])
    error_deg = np.array([camera.mount.azimuth_error_deg for camera in cameras])
    azimuth = np.where(blindly, anywhere, (sectors.azimuth_deg + turn * error_deg) % FULL_CIRCLE_DEG)
    tiled = {field.name: np.tile(getattr(sectors, field.name), trials) for field in fields(sectors)}
    return replace(
        Sectors(**tiled),
        x_m=(sectors.x_m + east * error_m).ravel(),
        y_m=(sectors.y_m + north * error_m).ravel(),
        azimuth_deg=azimuth.ravel(),
    )


def _chunks(sectors: Sectors, cameras: int) -> list[Sectors]:
    """Cut into whole trials that fit into memory together."""
    size = max(1, _FIELDS_AT_ONCE // cameras) * cameras
    return [
        Sectors(**{field.name: getattr(sectors, field.name)[first : first + size] for field in fields(sectors)})
        for first in range(0, len(sectors.x_m), size)
    ]


def _seen(shapes: Shapes, area: BaseGeometry) -> float:
    """Return the m2 of `area` under the union."""
    if len(shapes) == 0:
        return 0.0
    return float(shapely.area(shapely.intersection(united(shapes), area)))
