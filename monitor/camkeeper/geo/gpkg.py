"""Reads features of every layer of a GeoPackage, in whatever CRS, as WGS-84."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError
from shapely.errors import ShapelyError

from camkeeper.geo.fault import UnreadableError
from camkeeper.geo.tags import Raw, with_other_tags

Bounds = tuple[float, float, float, float]
"""West, south, east, north in WGS-84 degrees."""

_WGS84 = CRS.from_epsg(4326)


def features(path: Path, bounds: Bounds | None = None) -> Iterator[Raw]:
    """Yield the features that meet `bounds`; UnreadableError where the file or the CRS of a layer cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # GDAL's remarks on details of the file; what matters is told below
            layers = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
            for layer in layers:
                yield from _layer(path, layer, bounds)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.GeometryError) as error:
        raise _unreadable(path, str(error)) from None
    except (pyogrio.errors.FieldError, pyogrio.errors.FeatureError, ShapelyError, ValueError) as error:
        raise _unreadable(path, str(error)) from None


def _unreadable(path: Path, reason: str) -> UnreadableError:
    return UnreadableError(f"{path} 不是可读的 GeoPackage：{reason}", f"{path} is no readable GeoPackage: {reason}")


def _layer(path: Path, layer: str, bounds: Bounds | None) -> Iterator[Raw]:
    into = _to_wgs84(path, layer, pyogrio.read_info(path, layer=layer)["crs"])
    box = None if bounds is None else _box_of(bounds, into)
    meta, fids, geometry, columns = pyogrio.raw.read(path, layer=layer, bbox=box, return_fids=True, force_2d=True)
    shapes = shapely.from_wkb(geometry, on_invalid="ignore")
    if into is not None:
        shapes = shapely.transform(shapes, _each(into))
    names = [str(name) for name in meta["fields"]]
    for at, shape in enumerate(shapes):
        where = f"layer {layer} fid {fids[at]}"
        tags = _tags(names, columns, at)
        given = tags.get("osm_id") or tags.get("id") or fids[at]
        if shape is None:
            yield Raw(where, str(given), None, tags, "没有可读的几何", "has no readable geometry")
        else:
            yield Raw(where, str(given), shape, tags)


def _to_wgs84(path: Path, layer: str, crs: str | None) -> Transformer | None:
    """Return the way to WGS-84, or None where the layer is in it already."""
    if crs is None:
        raise UnreadableError(
            f"{path}：图层 {layer} 没有坐标系：请在 QGIS 中指定后另存",
            f"{path}: layer {layer} has no CRS: set one in QGIS and save it again",
        )
    try:
        source = CRS.from_user_input(crs)
        return (
            None
            if source.equals(_WGS84, ignore_axis_order=True)
            else Transformer.from_crs(source, _WGS84, always_xy=True)
        )
    except (CRSError, ProjError) as error:
        raise UnreadableError(
            f"{path}：图层 {layer} 的坐标系不可用：{error}", f"{path}: the CRS of layer {layer} cannot be used: {error}"
        ) from None


def _each(into: Transformer) -> Any:
    def points(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(into.transform(xy[:, 0], xy[:, 1]))

    return points


def _box_of(bounds: Bounds, into: Transformer | None) -> Bounds:
    if into is None:
        return bounds
    west, south, east, north = into.transform_bounds(*bounds, direction="INVERSE")
    return (float(west), float(south), float(east), float(north))


def _tags(names: list[str], columns: Any, at: int) -> Mapping[str, Any]:
    """Return the row's cells; a table's empty cell (None, NaN) is none."""
    out: dict[str, Any] = {}
    for name, column in zip(names, columns, strict=True):
        value = column[at]
        value = value.item() if isinstance(value, np.generic) else value
        if value is not None and not (isinstance(value, float) and math.isnan(value)):
            out[name] = value
    return with_other_tags(out)
