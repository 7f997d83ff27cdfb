"""What a scene should give, by the book: nothing of the library, only plain Shapely and the definitions.

A field is the sector less the shadow of every edge of every obstacle, cut out one from the other; slow, and with no
cleverness in it. Shapes are in metres of EPSG:4547; bearings are degrees clockwise from north.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import atan, cos, degrees, hypot, inf, radians, sin, sqrt, tan
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

EAST_M, NORTH_M = 494_000.0, 3_742_000.0
"""A corner near Linying; with whole millimetres a scene lies on the grid that walls are snapped to."""
STEP_DEG = 0.05
"""Between points of an arc here: 0.13 millionths of the area are missed."""
FINEST_M = 1e-8
"""Grid of the oracle's own overlays: without one GEOS stumbles over strips drawn a thousand times as long."""
CHORD = 5.2e-5
"""What chords of one degree miss of a disc: 1 - sin(1 degree) / 1 degree, and a hair."""
_DORI = {"detection": 25.0, "observation": 62.5, "recognition": 125.0, "identification": 250.0}
_COARSE = {"overview": 20.0, "outline": 40.0, "discern": 80.0, "perceive": 125.0}
_FINE = {"characterise": 250.0, "validate": 500.0, "scrutinise": 1500.0}
PX_PER_M = {"seen": 0.0, **_DORI, **_COARSE, **_FINE}
_BACK = Transformer.from_crs(4547, 4490, always_xy=True)
_THERE = Transformer.from_crs(4490, 4547, always_xy=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Eye:
    """A camera in metres from the corner; `said` as in the scene file."""

    x_m: float
    y_m: float
    said: Mapping[str, Any]

    def get(self, key: str, default: Any = None) -> Any:
        value = self.said.get(key)
        return default if value is None else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """An obstacle in metres from the corner."""

    shape: BaseGeometry
    height_m: float | None


def lonlat(shape: BaseGeometry) -> BaseGeometry:
    """From metres from the corner to degrees."""

    def there(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(_BACK.transform(points[:, 0] + EAST_M, points[:, 1] + NORTH_M))

    return shapely.transform(shape, there)


def metres(shape: BaseGeometry) -> BaseGeometry:
    """From degrees to metres from the corner."""

    def back(points: NDArray[np.float64]) -> NDArray[np.float64]:
        east, north = _THERE.transform(points[:, 0], points[:, 1])
        return np.column_stack([np.asarray(east) - EAST_M, np.asarray(north) - NORTH_M])

    return shapely.transform(shape, back)


def reach(eye: Eye, *, px_per_m: float = 0.0, night: bool = False, target_m: float = 0.0) -> tuple[float, float]:
    """Nearest and farthest distance from the pole at which a target is in the picture, lit and dense enough."""
    hfov, width = float(eye.said["hfov_deg"]), eye.get("width_px", 1920)
    high = eye.get("height_px", max(1, round(width * 9 / 16)))
    by_angle = eye.get("lens_model") == "fisheye" or hfov >= 180
    far = float(eye.get("ir_range_m", 0.0)) if night else float(eye.said["range_m"])
    near = 0.0
    height, tilt = eye.get("height_m"), eye.get("tilt_deg")
    focal = width / radians(hfov) if by_angle else width / 2 / tan(radians(hfov / 2))
    if px_per_m > 0:
        depth = focal / px_per_m
        if height is None:
            far = min(far, depth)
        elif by_angle or tilt is None:
            drop = height - target_m
            far = min(far, sqrt(depth**2 - drop**2)) if depth > abs(drop) else -1.0
        else:
            far = min(far, (depth - (height - target_m) * sin(radians(tilt))) / cos(radians(tilt)))
    if height is not None and tilt is not None:
        by_shape = min(180.0, hfov * high / width) if by_angle else 2 * degrees(atan(width / focal / 2 * high / width))
        lens = eye.get("vfov_deg", by_shape)
        near, limit = _in_picture(height - target_m, tilt, lens)
        far = min(far, limit)
    return (near, far) if near < far else (0.0, 0.0)


def _in_picture(drop_m: float, tilt_deg: float, vfov_deg: float) -> tuple[float, float]:
    """Distances on a plane `drop_m` below the lens between the lowest and the highest ray of the picture."""
    if drop_m < 0:
        return _in_picture(-drop_m, -tilt_deg, vfov_deg)
    low, high = tilt_deg + vfov_deg / 2, tilt_deg - vfov_deg / 2
    near = 0.0 if low >= 90 else inf if low <= 0 else drop_m / tan(radians(low))
    far = inf if high <= 0 else 0.0 if high >= 90 else drop_m / tan(radians(high))
    return near, far


def sector(eye: Eye, near_m: float, far_m: float) -> BaseGeometry:
    """The ideal field: a ring's part between two bearings."""
    hfov, azimuth = float(eye.said["hfov_deg"]), eye.said.get("azimuth_deg")
    if far_m <= 0 or (azimuth is None and hfov < 360):
        return shapely.Polygon()
    if hfov >= 360:
        bearings = np.radians(np.arange(0, 360, STEP_DEG))
    else:
        bearings = np.radians(
            float(eye.said["azimuth_deg"]) + np.linspace(-hfov / 2, hfov / 2, int(hfov / STEP_DEG) + 2)
        )
    around = np.column_stack([np.sin(bearings), np.cos(bearings)])
    at = np.array([eye.x_m, eye.y_m])
    outer, inner = at + far_m * around, at + near_m * around
    if hfov >= 360:
        return shapely.Polygon(outer, [inner] if near_m > 0 else [])
    return shapely.Polygon(np.vstack([outer, inner[::-1] if near_m > 0 else at[None]]))


def shadows(eye: Eye, block: Block, farthest_m: float, target_m: float) -> list[BaseGeometry]:
    """All that the obstacle hides or stands on: its footprint, and each edge drawn away from the camera."""
    height = eye.get("height_m")
    flat = block.shape.geom_type.endswith("Polygon")
    pieces = [block.shape] if flat else []
    k = inf
    if block.height_m is not None and height is not None and block.height_m < height:
        if block.height_m <= target_m:
            return pieces
        k = (height - target_m) / (height - block.height_m)
    at = np.array([eye.x_m, eye.y_m])
    for line in shapely.get_parts(block.shape.boundary if flat else block.shape).tolist():
        corners = shapely.get_coordinates(line) - at
        pieces += [_strip(at, a, b, k, farthest_m) for a, b in pairwise(corners)]
    return pieces


def _strip(
    at: NDArray[np.float64], a: NDArray[np.float64], b: NDArray[np.float64], k: float, far: float
) -> BaseGeometry:
    """The edge from a to b (seen from `at`) and its images up to k times as far, or beyond all that matters."""
    if abs(a[0] * b[1] - a[1] * b[0]) <= 1e-12 * hypot(*a) * hypot(*b):
        return shapely.Polygon()
    times = k
    if k == inf:
        # the image must lie beyond `far` all along: scaled by the foot of the perpendicular to the edge's line
        edge = b - a
        times = 2 + 2 * far / (abs(a[0] * b[1] - a[1] * b[0]) / hypot(*edge))
    return shapely.Polygon([at + a, at + b, at + times * b, at + times * a])


def field(
    eye: Eye, blocks: Iterable[Block], *, band: str = "seen", night: bool = False, target_m: float = 0.0
) -> BaseGeometry:
    """What the camera sees, with arcs of `STEP_DEG`."""
    near, far = reach(eye, px_per_m=PX_PER_M[band], night=night, target_m=target_m)
    seen = sector(eye, near, far)
    # One after the other: GEOS loses whole faces in a union of edges drawn a thousand times as long.
    for block in blocks:
        for piece in shadows(eye, block, far, target_m):
            if not seen.is_empty and piece.intersects(seen):
                seen = areas(shapely.difference(seen, piece, grid_size=FINEST_M))
    return seen


def areas(shape: BaseGeometry) -> BaseGeometry:
    """Only the surfaces of what an overlay gave."""
    if shape.geom_type in {"Polygon", "MultiPolygon"}:
        return shape
    parts = [one for one in shapely.get_parts(shape).tolist() if one.geom_type == "Polygon"]
    return shapely.union_all(parts) if parts else shapely.Polygon()


def slack_m2(eye: Eye, *, band: str = "seen", night: bool = False, target_m: float = 0.0) -> tuple[float, float]:
    """How much less, and how much more, chords of a degree may make of this field."""
    near, far = reach(eye, px_per_m=PX_PER_M[band], night=night, target_m=target_m)
    share = float(eye.said["hfov_deg"]) / 360 * np.pi * CHORD
    return share * far**2 + 1e-4, share * near**2 + 1e-4


def amount(place: BaseGeometry, seen: BaseGeometry) -> float:
    """Square metres, metres or points of a key place that are seen."""
    if place.geom_type.endswith("Point"):
        return float(sum(part.intersects(seen) for part in shapely.get_parts(place).tolist()))
    both = place.intersection(seen)
    return float(both.area if place.geom_type.endswith("Polygon") else both.length)


def union(shapes: Sequence[BaseGeometry]) -> BaseGeometry:
    return shapely.union_all(list(shapes))
