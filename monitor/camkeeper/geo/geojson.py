"""Writes GeoJSON (RFC 7946) that opens in QGIS: WGS-84, outer rings counter-clockwise, finite numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from camkeeper.geo.feature import Feature
from camkeeper.geo.shape import POLYGONAL, polygonal

DECIMALS = 9
"""A tenth of a millimetre: with 7 the area of a field read back from the file is off in its sixth digit."""

HALF_GLOBE_DEG = 180.0


def dumps(features: Iterable[Feature], members: Mapping[str, Any] | None = None, *, decimals: int = DECIMALS) -> str:
    """Return a FeatureCollection, one feature a line; empty geometries become null. ValueError for NaN in properties.

    `members`: further top-level members, as `name` or `attribution`.
    """
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
    head = encode({"type": "FeatureCollection", **(members or {})})
    lines = ",\n".join(encode(_feature(one, decimals)) for one in features)
    return f'{head[:-1]},"features":[\n{lines}\n]}}\n'


def write(
    path: Path | str, features: Iterable[Feature], members: Mapping[str, Any] | None = None, *, decimals: int = DECIMALS
) -> None:
    """Write a FeatureCollection; OSError where the file cannot be written."""
    text = dumps(features, members, decimals=decimals)
    Path(path).write_text(text, encoding="utf-8", errors="replace")


def _feature(feature: Feature, decimals: int) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": feature.id,
        "geometry": geometry(feature.geometry, decimals=decimals),
        "properties": dict(feature.properties),
    }


def geometry(shape: BaseGeometry, *, decimals: int = DECIMALS) -> dict[str, Any] | None:
    """Return the GeoJSON geometry, valid still after rounding; None where it is empty."""
    rounded = tidy(shape, decimals)
    if rounded.is_empty:
        return None
    made: dict[str, Any] = json.loads(shapely.to_geojson(rounded))
    return made


def tidy(shape: BaseGeometry, decimals: int) -> BaseGeometry:
    """Return the shape in two dimensions, rounded, valid, with outer rings counter-clockwise.

    What crosses the antimeridian is cut there (RFC 7946, 3.1.9): else a map draws it round the globe.
    """
    out = _rounded(_cut(shape), decimals)
    if shape.geom_type in POLYGONAL or out.geom_type == "GeometryCollection":
        out = shapely.orient_polygons(polygonal(out))
    return out


def _rounded(shape: BaseGeometry, decimals: int) -> BaseGeometry:
    """Return the shape with rounded coordinates, valid still.

    A hole that rounds to a line spoils the whole polygon, and `make_valid` by linework would then fill another hole.
    """

    def rounded(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return points.round(decimals) + 0.0

    out = shapely.transform(shape, rounded)
    if out.is_valid:
        return out
    with suppress(shapely.GEOSException):
        out = shapely.transform(shapely.set_precision(shape, 10.0**-decimals), rounded)
    return out if out.is_valid else shapely.make_valid(out, method="structure", keep_collapsed=False)


def _cut(shape: BaseGeometry) -> BaseGeometry:
    west, _, east, _ = shape.bounds
    if not east - west > HALF_GLOBE_DEG:  # empty: NaN
        return shape

    def eastward(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([np.where(points[:, 0] < 0, points[:, 0] + 360.0, points[:, 0]), points[:, 1]])

    whole = shapely.transform(shape, eastward)
    whole = whole if whole.is_valid else shapely.make_valid(whole, method="structure", keep_collapsed=False)
    near = shapely.intersection(whole, shapely.box(0, -90, 180, 90))
    beyond = shapely.intersection(whole, shapely.box(180, -90, 360, 90))
    back = shapely.transform(beyond, lambda points: points - np.array([360.0, 0.0]))
    return shapely.union_all([part for half in (near, back) for part in _same_kind(half, shape)])


def _same_kind(half: BaseGeometry, shape: BaseGeometry) -> list[BaseGeometry]:
    """Return the parts of the shape's own dimension: a corner that only touches the antimeridian leaves a point."""
    parts: list[BaseGeometry] = shapely.get_parts(half).tolist()
    return [part for part in parts if shapely.get_dimensions(part) == shapely.get_dimensions(shape)]
