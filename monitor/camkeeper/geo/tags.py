"""What is an obstacle, and what is a road, by OpenStreetMap's keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from shapely.geometry.base import BaseGeometry

BARRIERS = frozenset({"wall", "fence", "hedge", "city_wall", "retaining_wall", "sound_barrier", "hedge_bank"})
"""Kerbs, bollards, chains, ditches and gates hide nothing."""
_WALKABLE_NOT = frozenset({"motorway", "motorway_link", "trunk", "trunk_link", "construction", "proposed", "raceway"})
_GROUND = frozenset(
    {"highway", "waterway", "railway", "landuse", "leisure", "natural", "boundary", "place", "amenity", "barrier"}
)
"""Keys of things that a plain file may also hold; alone they say that it is no obstacle."""
_OTHER_KINDS = frozenset({"camera", "site", "keyplace", "road"})
_OTHER_TAGS = re.compile(r'"((?:[^"\\]|\\.)*)"=>"((?:[^"\\]|\\.)*)"')


class Raw(NamedTuple):
    """One feature of a file, not yet judged. `shape` None: there is none, and `zh`/`en` say why."""

    where: str
    id: str
    shape: BaseGeometry | None
    tags: Mapping[str, Any]
    zh: str = ""
    en: str = ""


def blocks(tags: Mapping[str, Any], *, plain: bool) -> bool:
    """Return whether the feature stands in the way of sight.

    `plain`: the file is one of footprints, where a feature without any telling key counts too.
    """
    kind = tags.get("kind")
    if kind == "obstacle":
        return True
    if (isinstance(kind, str) and kind in _OTHER_KINDS) or tags.get("location") == "underground":
        return False
    building = tags.get("building")
    if building not in {None, "", "no"} if isinstance(building, str | None) else building is not False:
        return True
    barrier = tags.get("barrier")
    if (isinstance(barrier, str) and barrier in BARRIERS) or tags.get("natural") == "tree_row":
        return True
    return plain and building != "no" and not any(tags.get(key) for key in _GROUND)


def walkable(tags: Mapping[str, Any]) -> bool:
    """Return whether a patrol can walk along the feature."""
    highway = tags.get("highway")
    return tags.get("kind") == "road" or (isinstance(highway, str) and highway not in _WALKABLE_NOT)


def with_other_tags(tags: dict[str, Any]) -> dict[str, Any]:
    """Return the tags with those that GDAL keeps in the column `other_tags`: `"height"=>"6","barrier"=>"wall"`."""
    text = tags.get("other_tags")
    if not isinstance(text, str):
        return tags
    return {**dict(_OTHER_TAGS.findall(text)), **tags}
