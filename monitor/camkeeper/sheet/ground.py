"""From WGS-84 degrees to millimetres on the sheet."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin, sqrt

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

WGS84_A_M = 6378137.0
WGS84_E2 = 6.69437999014e-3
FINEST_MM = 0.03
"""Below half a dot at 400 dpi: vertices nearer than this cannot be told apart on paper."""
SCALES = tuple(step * 10**power for power in (2, 3, 4, 5) for step in (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5, 8))
"""Denominators that people who read maps expect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A window of the ground on paper, north up: the centre, the scale's denominator, the panel's size in mm.

    A plane through the centre with the ellipsoid's own radii: within a county it is off by less than a line's width.
    It is for drawing; no amount is measured on it.
    """

    lon_deg: float
    lat_deg: float
    scale: int
    width_mm: float
    height_mm: float

    @classmethod
    def over(cls, shape: BaseGeometry, *, width_mm: float, height_mm: float, margin_mm: float = 8.0) -> Ground:
        """Return the largest map of `shape` at a usual scale that leaves `margin_mm` free on each side."""
        west, south, east, north = shape.bounds
        lat_deg = (south + north) / 2
        lon_m, lat_m = degree_m(lat_deg)
        wide_m, high_m = (east - west) * lon_m, (north - south) * lat_m
        wanted = max(wide_m / (width_mm - 2 * margin_mm), high_m / (height_mm - 2 * margin_mm)) * 1000
        scale = int(next((s for s in SCALES if s >= wanted), SCALES[-1]))
        return cls(lon_deg=(west + east) / 2, lat_deg=lat_deg, scale=scale, width_mm=width_mm, height_mm=height_mm)

    def project(self, shape: BaseGeometry) -> BaseGeometry:
        """Return the part of `shape` in the window in mm from the upper left corner, y downwards; empty if none."""
        panel = shapely.box(0, 0, self.width_mm, self.height_mm)
        flat = shapely.transform(shape, self._to_mm)
        if panel.covers(flat):
            return shapely.simplify(flat, FINEST_MM)
        return shapely.intersection(shapely.simplify(shapely.make_valid(flat), FINEST_MM), panel)

    def window(self) -> BaseGeometry:
        """Return the window's rectangle in degrees."""
        lon_m, lat_m = degree_m(self.lat_deg)
        half_lon = self.width_mm * self.scale / 2000 / lon_m
        half_lat = self.height_mm * self.scale / 2000 / lat_m
        return shapely.box(
            self.lon_deg - half_lon, self.lat_deg - half_lat, self.lon_deg + half_lon, self.lat_deg + half_lat
        )

    def _to_mm(self, lon_lat: NDArray[np.float64]) -> NDArray[np.float64]:
        lon_m, lat_m = degree_m(self.lat_deg)
        per_mm = self.scale / 1000
        x = (lon_lat[:, 0] - self.lon_deg) * lon_m / per_mm + self.width_mm / 2
        y = (self.lat_deg - lon_lat[:, 1]) * lat_m / per_mm + self.height_mm / 2
        return np.column_stack([x, y])

    def bar_m(self, longest_mm: float = 50.0) -> float:
        """Return the longest round length in metres (1, 2 or 5 times a power of ten) within `longest_mm`."""
        longest_m = longest_mm * self.scale / 1000
        power = 10.0 ** (len(str(int(longest_m))) - 1)
        return max(step * power for step in (1, 2, 5) if step * power <= longest_m)


def degree_m(lat_deg: float) -> tuple[float, float]:
    """Return metres of one degree of longitude and of latitude on the WGS-84 ellipsoid.

    >>> [round(m) for m in degree_m(33.8)]
    [92595, 110919]
    """
    w = sqrt(1 - WGS84_E2 * sin(radians(lat_deg)) ** 2)
    meridian_m, normal_m = WGS84_A_M * (1 - WGS84_E2) / w**3, WGS84_A_M / w
    return radians(1) * normal_m * cos(radians(lat_deg)), radians(1) * meridian_m


def rings(shape: BaseGeometry) -> list[list[list[list[float]]]]:
    """Return the polygons of `shape` as rings of points rounded to 0.01 mm: outer first, then holes."""
    return [
        [_points(ring) for ring in (polygon.exterior, *polygon.interiors)]
        for polygon in shapely.get_parts(shape)
        if polygon.geom_type == "Polygon" and not polygon.is_empty
    ]


def lines(shape: BaseGeometry) -> list[list[list[float]]]:
    """Return the lines of `shape` as points rounded to 0.01 mm."""
    kinds = {"LineString", "LinearRing"}
    return [_points(p) for p in shapely.get_parts(shape) if p.geom_type in kinds and not p.is_empty]


def parts(shape: BaseGeometry) -> NDArray[np.object_]:
    """Return the single geometries of `shape`, out of nested collections too."""
    found: NDArray[np.object_] = shapely.get_parts(shape)
    while any(part.geom_type.startswith(("Multi", "GeometryCollection")) for part in found):
        found = shapely.get_parts(found)
    return found


def _points(line: BaseGeometry) -> list[list[float]]:
    points: list[list[float]] = shapely.get_coordinates(line).round(2).tolist()
    return points
