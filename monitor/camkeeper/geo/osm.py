"""Reads buildings, walls, tree rows and roads from an OpenStreetMap extract (.osm.pbf)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import osmium
import shapely

from camkeeper.geo.fault import UnreadableError
from camkeeper.geo.tags import Raw

_KEYS = ("building", "barrier", "natural", "highway")
_INCOMPLETE = ("轮廓不完整（提取范围边缘）", "its outline is incomplete, as at the edge of an extract")


def features(path: Path) -> Iterator[Raw]:
    """Yield buildings as polygons and the rest as lines, WGS-84; UnreadableError where it is no such file.

    A building whose outline is cut by the edge of the extract comes without a shape, to be told.
    """
    outlines: dict[str, dict[str, str]] = {}
    try:
        source = osmium.FileProcessor(str(path)).with_locations()
        source = source.with_areas(osmium.filter.KeyFilter("building")).with_filter(osmium.filter.KeyFilter(*_KEYS))
        thing: Any
        for thing in source:
            if thing.is_area():
                if "building" in thing.tags:
                    where = f"{'way' if thing.from_way() else 'relation'} {thing.orig_id()}"
                    outlines.pop(where, None)
                    yield _area(where, thing)
            elif thing.is_way() and "building" not in thing.tags:
                yield _line(thing)
            elif thing.is_way() or (thing.is_relation() and thing.tags.get("type") == "multipolygon"):
                outlines[f"{'way' if thing.is_way() else 'relation'} {thing.id}"] = dict(thing.tags)
    except (RuntimeError, ValueError) as error:  # libosmium names the broken block
        raise UnreadableError(
            f"{path} 不是可读的 OSM PBF：{error}", f"{path} is no readable OSM PBF: {error}"
        ) from None
    for where, tags in outlines.items():
        yield Raw(where, where.replace(" ", "/"), None, tags, *_INCOMPLETE)


_WKB = osmium.geom.WKBFactory()


def _area(where: str, area: Any) -> Raw:
    tags = dict(area.tags)
    try:
        shape = shapely.from_wkb(_WKB.create_multipolygon(area))
    except RuntimeError:
        return Raw(where, where.replace(" ", "/"), None, tags, *_INCOMPLETE)
    return Raw(where, where.replace(" ", "/"), shape.geoms[0] if len(shape.geoms) == 1 else shape, tags)


def _line(way: Any) -> Raw:
    where, tags = f"way {way.id}", dict(way.tags)
    points = [(node.lon, node.lat) for node in way.nodes if node.location.valid()]
    if len(points) < 2:
        return Raw(where, f"way/{way.id}", None, tags, *_INCOMPLETE)
    return Raw(where, f"way/{way.id}", shapely.LineString(points), tags)
