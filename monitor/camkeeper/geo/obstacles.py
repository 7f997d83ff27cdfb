"""Buildings, walls and tree lines from GeoJSON, GeoPackage or an OpenStreetMap extract."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from camcover.datum import Datum, to_wgs84
from camkeeper.geo.fault import BadValueError, Fault, UnreadableError
from camkeeper.geo.height import height_of
from camkeeper.geo.jsonfile import Collection, collection
from camkeeper.geo.shape import LINEAR, POLYGONAL, mended, shape_of
from camkeeper.geo.tags import Raw, blocks, walkable, with_other_tags
from camkeeper.model.cover import CoveragePolicy, ObstacleFile

Bounds = tuple[float, float, float, float]
"""West, south, east, north in WGS-84 degrees: what lies within reach of the cameras."""


class Found(NamedTuple):
    """One obstacle, WGS-84. `height_m` None: not known, so it blocks whatever the camera's height."""

    shape: BaseGeometry
    height_m: float | None
    id: str


class Road(NamedTuple):
    """One road or path, WGS-84."""

    shape: BaseGeometry
    id: str


def read(
    source: ObstacleFile | Path | str, policy: CoveragePolicy | None = None, bounds: Bounds | None = None
) -> tuple[tuple[Found, ...], tuple[Fault, ...]]:
    """Return the obstacles that meet `bounds`, and what was odd, one by one, in the file's order.

    Polygons and lines, valid, WGS-84. Heights come from `height_m`, `height`, `building:levels` (of `policy.storey_m`
    each), else `policy.obstacle_height_m`. UnreadableError where nothing can be read.
    """
    policy = policy or CoveragePolicy()
    path = _path(source)
    told = _Told(path.name)
    plain = not _is_pbf(path)
    out: list[Found] = []
    for raw in _features(path, bounds, told):
        if not blocks(raw.tags, plain=plain) or not _meets(raw.shape, bounds):
            continue
        shape = _shape(raw, (*POLYGONAL, *LINEAR), told)
        if shape is None:
            continue
        height_m, bad = height_of(raw.tags, storey_m=policy.storey_m, default_m=policy.obstacle_height_m)
        for error in bad:
            told.passed_over(raw, error, height_m)
        out.append(Found(shape, height_m, raw.id))
    return tuple(out), tuple(told.faults)


def roads(
    source: ObstacleFile | Path | str, bounds: Bounds | None = None
) -> tuple[tuple[Road, ...], tuple[Fault, ...]]:
    """Return the roads and paths in the file that a patrol can walk, WGS-84, and what was odd with them."""
    path = _path(source)
    told = _Told(path.name)
    found = tuple(
        Road(shape, raw.id)
        for raw in _features(path, bounds, told)
        if walkable(raw.tags) and _meets(raw.shape, bounds) and (shape := _shape(raw, LINEAR, told)) is not None
    )
    return found, tuple(told.faults)


def _path(source: ObstacleFile | Path | str) -> Path:
    return Path(source.path if isinstance(source, ObstacleFile) else source)


def _is_pbf(path: Path) -> bool:
    return path.suffix.lower() == ".pbf"


class _Told:
    """Collects what is odd."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []

    def add(self, raw: Raw, zh: str, en: str, *, dropped: bool = False) -> None:
        self.faults.append(Fault(file=self.file, where=raw.where, id=raw.id or None, zh=zh, en=en, dropped=dropped))

    def passed_over(self, raw: Raw, error: BadValueError, height_m: float | None) -> None:
        zh = "按高度未知处理，视为遮挡" if height_m is None else f"改用 {height_m:g} 米"
        en = "its height is unknown, so it blocks" if height_m is None else f"took {height_m:g} m instead"
        self.add(raw, f"{error.zh}；{zh}", f"{error.en}; {en}")


def _features(path: Path, bounds: Bounds | None, told: _Told) -> Iterator[Raw]:
    suffix = path.suffix.lower()
    if suffix in {".pbf", ".gpkg"} and not path.is_file():
        raise UnreadableError(f"找不到文件 {path}：请检查路径", f"no such file {path}: check the path")
    if suffix == ".pbf":
        from camkeeper.geo import osm

        yield from osm.features(path)
    elif suffix == ".gpkg":
        from camkeeper.geo import gpkg

        yield from gpkg.features(path, bounds)
    elif suffix in {".geojson", ".json"}:
        yield from _geojson(collection(path), told)
    else:
        raise UnreadableError(
            f"{path} 的格式不认识：应为 .geojson、.gpkg 或 .osm.pbf",
            f"{path} is of no known format: .geojson, .gpkg or .osm.pbf",
        )


def _geojson(found: Collection, told: _Told) -> Iterator[Raw]:
    for index, feature in enumerate(found.features):
        where = f"features[{index}]"
        properties = feature.get("properties") if isinstance(feature, dict) else None
        if not isinstance(feature, dict) or not isinstance(properties, dict | None):
            told.add(Raw(where, "", None, {}), "不是 Feature，已略过", "is no Feature, left out", dropped=True)
            continue
        tags = with_other_tags(properties or {})
        given = tags.get("id", feature.get("id"))
        raw = Raw(where, str(given) if isinstance(given, str | int) else where, None, tags)
        if tags.get("kind") in {"camera", "site", "keyplace"}:
            continue
        try:
            shape = shape_of(feature.get("geometry"))
        except BadValueError as error:
            yield raw._replace(zh=error.zh, en=error.en)
        else:
            yield raw._replace(shape=wgs84(shape, found.datum))


def wgs84(shape: BaseGeometry, datum: Datum) -> BaseGeometry:
    """Return the shape in WGS-84."""
    if datum in {Datum.WGS84, Datum.CGCS2000}:
        return shape

    def points(lon_lat: NDArray[np.float64]) -> NDArray[np.float64]:
        return to_wgs84(lon_lat, datum)

    return shapely.transform(shape, points)


def _shape(raw: Raw, kinds: tuple[str, ...], told: _Told) -> BaseGeometry | None:
    """Return the feature's valid shape; None, and told, where it has none of these kinds."""
    if raw.shape is None:
        told.add(raw, f"{raw.zh}，已略过", f"{raw.en}, left out", dropped=True)
        return None
    try:
        shape, repaired = mended(raw.shape)
    except BadValueError as error:
        told.add(raw, f"{error.zh}，已略过", f"{error.en}, left out", dropped=True)
        return None
    if shape.geom_type not in kinds:
        told.add(
            raw,
            f"{shape.geom_type} 不能作遮挡物或道路，已略过",
            f"a {shape.geom_type} can't be one, left out",
            dropped=True,
        )
        return None
    if repaired:
        told.add(raw, "轮廓自相交，已修复", "its outline crossed itself, repaired")
    return shape


def _meets(shape: BaseGeometry | None, bounds: Bounds | None) -> bool:
    """Return whether the shape may lie within bounds; one that isn't there may, and must be told."""
    if bounds is None or shape is None:
        return True
    west, south, east, north = shape.bounds
    return bool(west <= bounds[2] and east >= bounds[0] and south <= bounds[3] and north >= bounds[1])
