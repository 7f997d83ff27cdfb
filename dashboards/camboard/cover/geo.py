"""GeoJSON of coverage, WGS-84, six decimals (a tenth of a metre). Pure.

Texts are joined, not dumped from dictionaries: Shapely writes an array of shapes a hundred times faster than Python
could walk their coordinates.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPoint, Point
from shapely.geometry.base import BaseGeometry

from camboard.cover.darkness import Dark
from camboard.index import Index
from camboard.source import JSON
from camkeeper.standing.coverage import CameraField, CoverageMap, PlaceCover

DECIMALS_DEG = 1e-6
_FAR_DEG = 5e-5
"""About five metres: a fifth of a pixel where a county fits on a screen."""
_NEAR_DEG = 0.001
"""Obstacles so near to a site (about 100 m) are drawn with it."""

_POINTS = (shapely.GeometryType.POINT, shapely.GeometryType.MULTIPOINT)
"""Nothing to leave out; and one point of a MultiPoint would become a Point."""
_MANY = {
    "device_id": "device_ids",
    "site_id": "site_ids",
    "name": "names",
    "device_kind": "device_kinds",
    "azimuth_deg": "azimuths_deg",
    "azimuth_error_deg": "azimuth_errors_deg",
    "planned_azimuth_deg": "planned_azimuths_deg",
    "inside_building": "inside_buildings",
}
"""What a camera tells of itself, and the name of the list of all cameras' answers."""

Feature = tuple[Mapping[str, JSON], BaseGeometry]


def collection(features: Iterable[Feature], members: Mapping[str, JSON] | None = None) -> bytes:
    """Write a FeatureCollection in ASCII, empty shapes left out; `members` stand beside the features."""
    kept = [(properties, shape) for properties, shape in features if not shape.is_empty]
    shapes = np.empty(len(kept), dtype=object)
    shapes[:] = [shape for _, shape in kept]
    shapes = shapely.set_precision(_thinned(shapes, DECIMALS_DEG), DECIMALS_DEG, mode="pointwise")
    texts = shapely.to_geojson(shapes)
    body = ",\n".join(
        f'{{"type":"Feature","properties":{_json(properties)},"geometry":{text}}}'
        for (properties, _), text in zip(kept, texts, strict=True)
    )
    beside = "".join(f"{_json(name)}:{_json(value)}," for name, value in (members or {}).items())
    return f'{{"type":"FeatureCollection",{beside}"features":[\n{body}\n]}}'.encode()


def _thinned(shapes: NDArray[np.object_], tolerance_deg: float) -> NDArray[np.object_]:
    """Return the shapes without points that nobody could tell from their neighbours' line.

    Keeping topology is done for the few that need it alone: it costs a hundred times as much (9 s for a county).
    """
    thin = shapes.copy()
    drawn = ~np.isin(shapely.get_type_id(shapes), _POINTS)
    thin[drawn] = shapely.simplify(shapes[drawn], tolerance_deg, preserve_topology=False)
    spoilt = ~shapely.is_valid(thin) | (shapely.is_empty(thin) & ~shapely.is_empty(shapes))
    if spoilt.any():
        thin[spoilt] = shapely.simplify(shapes[spoilt], tolerance_deg)
    return thin


def _json(value: JSON) -> str:
    return json.dumps(value, separators=(",", ":"))


def map_features(
    chart: CoverageMap, index: Index, places: Mapping[str, PlaceCover], site_id: str | None = None, *, far: bool = False
) -> Iterator[Feature]:
    """Yield what doesn't change: boundaries, obstacles, key places, fields of view, cameras.

    With `site_id` only what belongs to the site and all below it; boundaries all the same, for the neighbourhood.
    `far`: boundaries, a few metres coarser, and cameras alone; from so far away nothing else is larger than a dot. All
    cameras are one feature then: five thousand of their own took a slow browser a tenth of a second to read.
    """
    inside = None if site_id is None else index.subtree_by_id.get(site_id, frozenset())
    boundary = chart.boundaries.get(site_id or "")
    if far:
        shapes = np.array(list(chart.boundaries.values()), dtype=object)
        coarse = dict(zip(chart.boundaries, _thinned(shapes, _FAR_DEG), strict=True)) if len(shapes) else {}
        yield from _boundaries(coarse, index)
        yield _marks([field for field in chart.fields if inside is None or field.site_id in inside], index)
        return
    yield from _boundaries(chart.boundaries, index)
    for shape, height_m in chart.obstacles:
        if inside is None or boundary is None or boundary.distance(shape) <= _NEAR_DEG:
            yield {"kind": "obstacle", "height_m": height_m}, shape
    for place_id, shape in chart.places:
        place = places.get(place_id)
        if inside is None or (place and place.site_id in inside):
            yield _place(place_id, place), shape
    for field in chart.fields:
        if inside is None or field.site_id in inside or (boundary is not None and _sees(field, boundary)):
            yield from _camera(field, index)


def _sees(field: CameraField, boundary: BaseGeometry) -> bool:
    return bool(field.day.intersects(boundary) or field.night.intersects(boundary))


def _boundaries(boundaries: Mapping[str, BaseGeometry], index: Index) -> Iterator[Feature]:
    for site_id, shape in boundaries.items():
        site = index.site_by_id.get(site_id)
        properties: dict[str, JSON] = {"kind": "boundary", "site_id": site_id}
        if site is not None:
            properties |= {"name": site.name, "name_en": site.name_en, "site_kind": site.kind.value}
            properties["parent_id"] = site.parent_id
        yield properties, shape


def _place(place_id: str, place: PlaceCover | None) -> dict[str, JSON]:
    out: dict[str, JSON] = {"kind": "place", "place_id": place_id}
    if place is not None:
        out |= {"site_id": place.site_id, "name": place.name, "type": place.type.value, "band": place.band}
    return out


def _camera(field: CameraField, index: Index) -> Iterator[Feature]:
    own: dict[str, JSON] = {"device_id": field.device_id, "site_id": field.site_id}
    if field.envelope is not None:
        yield {"kind": "envelope", **own}, field.envelope
    yield {"kind": "field", "night": False, **own}, field.day
    yield {"kind": "field", "night": True, **own}, field.night
    if field.planned is not None:
        yield {"kind": "planned", **own}, field.planned
    yield _mark(field, index), Point(field.lon_deg, field.lat_deg)


def _marks(fields: Sequence[CameraField], index: Index) -> Feature:
    """Return all cameras as one feature: the n-th point has the n-th of each list, named as in `_MANY`."""
    each = [_mark(field, index) for field in fields]
    columns: dict[str, JSON] = {many: [own[one] for own in each] for one, many in _MANY.items()}
    return {"kind": "cameras", **columns}, MultiPoint([(field.lon_deg, field.lat_deg) for field in fields])


def _mark(field: CameraField, index: Index) -> dict[str, JSON]:
    device = index.device_by_id.get(field.device_id)
    return {
        "kind": "camera",
        "device_id": field.device_id,
        "site_id": field.site_id,
        "name": device.name if device else field.device_id,
        "device_kind": device.kind.value if device else None,
        "azimuth_deg": field.azimuth_deg,
        "azimuth_error_deg": field.azimuth_error_deg,
        "planned_azimuth_deg": field.planned_azimuth_deg,
        "inside_building": field.inside_building,
    }


def dark_features(dark: Dark, *, far: bool = False) -> Iterator[Feature]:
    """Yield what is lost now, what more would be lost, and what no camera sees even by design; not that from `far`."""
    own: dict[str, JSON] = {"site_id": dark.now.site_id, "night": dark.now.night}
    if not far:
        yield {"kind": "blind", **own}, dark.now.blind
    yield {"kind": "lost", **own}, dark.now.lost
    if dark.supposed is not None and dark.more is not None:
        yield {"kind": "would_lose", "failed": list(dark.supposed.failed), **own}, dark.more


def ids(chart: CoverageMap) -> Collection[str]:
    """Return the ids that can be supposed to fail: cameras with a field, and links."""
    return {field.device_id for field in chart.fields} | {link.id for link in chart.links}
