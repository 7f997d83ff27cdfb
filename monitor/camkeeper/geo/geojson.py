"""Writes GeoJSON (RFC 7946) that opens in QGIS: WGS-84, outer rings counter-clockwise, finite numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
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
    """Return the shape in two dimensions, rounded, valid, with outer rings counter-clockwise."""

    def rounded(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return points.round(decimals) + 0.0

    out = shapely.transform(shape, rounded)
    if not out.is_valid:
        out = shapely.make_valid(out)
    if shape.geom_type in POLYGONAL or out.geom_type == "GeometryCollection":
        out = shapely.orient_polygons(polygonal(out))
    return out
