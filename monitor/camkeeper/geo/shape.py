"""Turns GeoJSON geometries of unknown origin into shapely ones, without trusting a single number."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.errors import GEOSException
from shapely.geometry.base import BaseGeometry

from camkeeper.geo.fault import BadValueError, shown

Points = NDArray[np.float64]

POLYGONAL = ("Polygon", "MultiPolygon")
LINEAR = ("LineString", "MultiLineString")
PUNCTUAL = ("Point", "MultiPoint")


def shape_of(geometry: Any) -> BaseGeometry:
    """Return the geometry, two-dimensional, in its own degrees; BadValueError tells what is wrong.

    Rings that are not closed are closed. Validity is not judged here: see `mended`.
    """
    if geometry is None:
        raise BadValueError("没有几何", "has no geometry")
    if not isinstance(geometry, dict):
        raise BadValueError(f"几何应为对象，不是 {shown(geometry)}", f"the geometry is no object: {shown(geometry)}")
    kind = geometry.get("type")
    build = _BUILDERS.get(kind) if isinstance(kind, str) else None
    if build is None:
        known = " ".join(_BUILDERS)
        raise BadValueError(
            f"几何类型应为下列之一：{known}；不是 {shown(kind)}",
            f"geometry type wants one of: {known}; not {shown(kind)}",
        )
    coordinates = geometry.get("coordinates")
    if not isinstance(coordinates, list):
        raise BadValueError("缺少 coordinates 列表", "has no list of coordinates")
    if not coordinates:
        raise BadValueError("几何为空", "the geometry is empty")
    return build(coordinates)


def mended(shape: BaseGeometry) -> tuple[BaseGeometry, bool]:
    """Return a valid shape of the same dimension, and whether it was repaired; BadValueError where nothing is left."""
    if shape.is_empty:
        raise BadValueError("几何为空", "the geometry is empty")
    if not np.isfinite(shape.bounds).all():
        raise BadValueError("坐标不是有限数", "a coordinate is not finite")
    if shape.geom_type in LINEAR:
        if shape.length == 0:
            raise BadValueError("线没有长度", "the line has no length")
        return shape, False
    if shapely.is_valid(shape):
        return shape, False
    shape = _made_valid(shape)
    if shape.is_empty:
        raise BadValueError("几何没有面积", "the geometry has no area")
    return shape, True


def _made_valid(shape: BaseGeometry) -> BaseGeometry:
    """Return the areas of an invalid polygon."""
    try:
        out = shapely.make_valid(shape, method="structure", keep_collapsed=False)
        if not out.is_valid:  # GEOS 3.14 leaves two triangles that overlap, where a ring runs twice along itself
            out = polygonal(shapely.make_valid(shape, method="linework"))
    except GEOSException as error:
        raise BadValueError(f"几何无法修复：{error}", f"the geometry cannot be repaired: {error}") from None
    if not out.is_valid:
        raise BadValueError("几何无法修复", "the geometry cannot be repaired")
    return out


def polygonal(shape: BaseGeometry) -> BaseGeometry:
    """Return only the areas of what `make_valid` or an overlay gave."""
    if shape.geom_type in POLYGONAL:
        return shape
    parts = [part for part in shapely.get_parts(shape).tolist() if part.geom_type in POLYGONAL]
    return shapely.union_all(parts) if parts else shapely.Polygon()


def _positions(value: Any, least: int) -> Points:
    """Return positions as (n, 2); lists of [longitude, latitude, (height)] degrees."""
    if not isinstance(value, list):
        raise BadValueError(f"坐标应为列表，不是 {shown(value)}", f"positions must be a list, not {shown(value)}")
    if len(value) < least:
        raise BadValueError(f"坐标点少于 {least} 个", f"fewer than {least} positions")
    for position in value:
        if not isinstance(position, list) or len(position) < 2:
            raise BadValueError(
                f"坐标应为 [经度, 纬度]，不是 {shown(position)}",
                f"a position is [longitude, latitude], not {shown(position)}",
            )
    pairs = [position[:2] for position in value]
    if {type(number) for pair in pairs for number in pair} <= {float, int}:
        try:
            points = np.asarray(pairs, dtype=np.float64)
        except OverflowError:  # an integer of 400 digits
            points = np.full((1, 2), np.nan)
        if (np.abs(points) <= (180.0, 90.0)).all():
            return points
    for lon, lat in pairs:
        _check(lon, lat)
    raise AssertionError("a bad position was not told")


def _check(lon: Any, lat: Any) -> None:
    """Raise BadValueError where the position isn't one."""
    for number in (lon, lat):
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise BadValueError(f"坐标不是数：{shown(number)}", f"a coordinate is no number: {shown(number)}")
        if isinstance(number, float) and not math.isfinite(number):
            raise BadValueError(f"坐标不是有限数：{shown(number)}", f"a coordinate is not finite: {shown(number)}")
    if -180 <= lon <= 180 and -90 <= lat <= 90:
        return
    swapped = -90 <= lon <= 90 and -180 <= lat <= 180
    zh = "：经纬度是否写反？应为 [经度, 纬度]" if swapped else ""
    en = ": swapped? it is [longitude, latitude]" if swapped else ""
    raise BadValueError(
        f"经纬度超出范围 [{shown(lon)}, {shown(lat)}]{zh}", f"not on this globe: [{shown(lon)}, {shown(lat)}]{en}"
    )


def _parts(value: list[Any], build: Callable[[Any], BaseGeometry]) -> list[BaseGeometry]:
    out = []
    for part in value:
        if not isinstance(part, list):
            raise BadValueError(f"坐标应为列表，不是 {shown(part)}", f"positions must be a list, not {shown(part)}")
        out.append(build(part))
    return out


def _point(value: list[Any]) -> BaseGeometry:
    return shapely.Point(_positions([value], 1)[0])


def _line(value: list[Any]) -> BaseGeometry:
    return shapely.LineString(_positions(value, 2))


def _polygon(value: list[Any]) -> BaseGeometry:
    if not value:
        raise BadValueError("几何为空", "the geometry is empty")
    rings = [_positions(ring, 3) for ring in value]
    rings = [r if (r[0] == r[-1]).all() else np.vstack([r, r[:1]]) for r in rings]
    if any(len(ring) < 4 for ring in rings):
        raise BadValueError("环少于 3 个不同的点", "a ring of fewer than 3 corners")
    return shapely.Polygon(rings[0], rings[1:])


_BUILDERS: dict[str, Callable[[list[Any]], BaseGeometry]] = {
    "Point": _point,
    "MultiPoint": lambda value: shapely.MultiPoint(_positions(value, 1)),
    "LineString": _line,
    "MultiLineString": lambda value: shapely.MultiLineString(_parts(value, _line)),
    "Polygon": _polygon,
    "MultiPolygon": lambda value: shapely.MultiPolygon(_parts(value, _polygon)),
}
