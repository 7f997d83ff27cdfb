"""Map datums of Chinese registers. WGS-84 is kept; what comes in another datum is brought there.

CGCS2000 and WGS-84 agree to within decimetres, far below any survey here: they are taken as one. GCJ-02 (Amap, Tencent)
and BD-09 (Baidu) shift the map by some 100-1,300 m in a way known as a series of sines. Many programs share it; nothing
official defines it. Points are arrays (n, 2) of longitude and latitude, degrees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Floats = NDArray[np.float64]

AXIS_M: Final = 6378245.0
"""Krassowsky 1940, as the series has it."""
ECCENTRICITY_2: Final = 0.00669342162296594323
CHINA: Final = (72.004, 0.8293, 137.8347, 55.8271)
"""West, south, east, north of where the series is applied; elsewhere the map is not shifted."""
BAIDU_WAVE: Final = np.pi * 3000.0 / 180.0
EARTH_M_PER_DEG: Final = 111_195.0

FEWEST_POINTS: Final = 8
"""Fewer cameras outside their village are a matter of these cameras, not of a datum."""
_ROUNDS = 40
_CLOSE_DEG = 1e-12


class Datum(StrEnum):
    """What a pair of coordinates is relative to."""

    WGS84 = "wgs84"
    CGCS2000 = "cgcs2000"
    GCJ02 = "gcj02"
    BD09 = "bd09"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """A whole batch of points lies where another datum would put it."""

    stated: Datum
    datum: Datum
    """What the points look like."""
    points: int
    inside_before: int
    """Points inside their areas as stated."""
    inside_after: int
    """Points inside their areas if they were of `datum`."""
    offset_m: float
    """Median distance between the two readings."""


def from_wgs84(lon_lat: Floats, datum: Datum) -> Floats:
    """Return WGS-84 points in `datum`.

    >>> [round(float(v), 9) for v in from_wgs84(np.array([[121.5272106, 31.1774276]]), Datum.GCJ02)[0]]
    [121.531541859, 31.175303984]
    """
    points = _points(lon_lat)
    return points + np.where(_in_china(points)[:, None], _shift(points, datum), 0.0)


def to_wgs84(lon_lat: Floats, datum: Datum) -> Floats:
    """Return points of `datum` in WGS-84, to well under a millimetre.

    The series has no closed inverse; as it changes by less than 1% of the way moved, asking it again at the point
    found gains two digits and more each time. Points outside China are not shifted.
    """
    points = _points(lon_lat)
    shifted = _in_china(points)
    if datum in {Datum.WGS84, Datum.CGCS2000} or not shifted.any():
        return points.copy()
    there = points[shifted]
    found = there - _shift(there, datum)
    for _ in range(_ROUNDS):
        step = there - (found + _shift(found, datum))
        found += step
        if np.abs(step).max() < _CLOSE_DEG:
            break
    out = points.copy()
    out[shifted] = found
    return out


def suspect_datum(
    points: Floats,
    areas: Sequence[BaseGeometry],
    *,
    own: NDArray[np.intp] | None = None,
    stated: Datum = Datum.WGS84,
) -> Suspicion | None:
    """Return the datum that the batch seems to be of, where that is clearly not the one stated; else None.

    `points` as they stand in the register; `areas` in WGS-84. `own[i]` is the index of the area that point i belongs
    to; without it a point counts as inside in any area, which tells less where villages touch.
    Clear means: at least `FEWEST_POINTS` points, three quarters of them inside afterwards, a fifth of them brought
    inside, and at most half as many outside as before.
    """
    entered = _points(points)
    count = len(entered)
    if count < FEWEST_POINTS or not areas:
        return None
    whole = np.array(areas, dtype=object)[own] if own is not None else np.asarray(shapely.union_all(list(areas)))
    here = to_wgs84(entered, stated)
    before = _inside(here, whole)
    best: Suspicion | None = None
    for datum in (Datum.WGS84, Datum.GCJ02, Datum.BD09):
        there = to_wgs84(entered, datum)
        after = _inside(there, whole)
        clear = after >= 0.75 * count and after - before >= 0.2 * count and count - after <= (count - before) / 2
        if clear and (best is None or after > best.inside_after):
            best = Suspicion(
                stated=stated,
                datum=datum,
                points=count,
                inside_before=before,
                inside_after=after,
                offset_m=float(np.median(_apart_m(here, there))),
            )
    return best


def _points(lon_lat: Floats) -> Floats:
    points = np.asarray(lon_lat, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"wants points of shape (n, 2), got {points.shape}")
    return points


def _inside(points: Floats, areas: NDArray[np.object_]) -> int:
    return int(np.count_nonzero(shapely.intersects_xy(areas, points[:, 0], points[:, 1])))


def _apart_m(a: Floats, b: Floats) -> Floats:
    north = (b[:, 1] - a[:, 1]) * EARTH_M_PER_DEG
    east = (b[:, 0] - a[:, 0]) * EARTH_M_PER_DEG * np.cos(np.radians(a[:, 1]))
    return np.hypot(east, north)


def _in_china(points: Floats) -> NDArray[np.bool_]:
    west, south, east, north = CHINA
    lon, lat = points[:, 0], points[:, 1]
    return (west <= lon) & (lon <= east) & (south <= lat) & (lat <= north)


def _shift(points: Floats, datum: Datum) -> Floats:
    """Return how far `datum` moves WGS-84 points, degrees (n, 2)."""
    if datum is Datum.GCJ02:
        return _gcj_shift(points)
    if datum is Datum.BD09:
        gcj = points + _gcj_shift(points)
        return gcj + _baidu_shift(gcj) - points
    return np.zeros_like(points)


def _gcj_shift(points: Floats) -> Floats:
    x, y = points[:, 0] - 105.0, points[:, 1] - 35.0
    root = np.sqrt(np.abs(x))
    common = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + common
    north += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + common
    east += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    latitude = np.radians(points[:, 1])
    magic = 1.0 - ECCENTRICITY_2 * np.sin(latitude) ** 2
    d_lat = north * 180.0 / (AXIS_M * (1.0 - ECCENTRICITY_2) / (magic * np.sqrt(magic)) * np.pi)
    d_lon = east * 180.0 / (AXIS_M / np.sqrt(magic) * np.cos(latitude) * np.pi)
    return np.column_stack((d_lon, d_lat))


def _baidu_shift(gcj: Floats) -> Floats:
    lon, lat = gcj[:, 0], gcj[:, 1]
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * BAIDU_WAVE)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * BAIDU_WAVE)
    return np.column_stack((radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006)) - gcj
