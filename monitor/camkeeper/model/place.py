"""Sites and the key places inside them. Coordinates are WGS-84 (longitude, latitude) degrees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

LonLat = tuple[float, float]


class SiteKind(StrEnum):
    """The levels of the tree, and the places with a target of their own."""

    CITY = "city"
    COUNTY = "county"
    TOWN = "town"
    VILLAGE = "village"
    GRID = "grid"
    CAMPUS = "campus"
    CHECKPOINT = "checkpoint"


class SitePictures(StrEnum):
    """Whether whole pictures of a place's cameras may be looked at."""

    NEVER = "never"
    ON_REQUEST = "on_request"  # by name, unit and reason, one at a time, 72 h at most


class KeyPlaceType(StrEnum):
    """重点部位: what the contract wants seen."""

    SQUARE = "square"
    ROAD = "road"
    JUNCTION = "junction"
    POND = "pond"
    DITCH = "ditch"
    SCHOOL = "school"
    ANCIENT_BUILDING = "ancient_building"
    EXIT = "exit"
    PATROL_ROUTE = "patrol_route"
    ZONE = "zone"


class Shape(StrEnum):
    """Geometry of a key place."""

    POINT = "point"
    LINE = "line"
    POLYGON = "polygon"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A place with a boundary, one target and one time zone."""

    id: str
    name: str
    kind: SiteKind
    timezone: str
    target_bp: int
    """The promise in basis points of known time: 9500 is 95%."""
    name_en: str = ""
    code: str | None = None
    """GB/T 2260 region code: 4 digits city (or 6, ending in 00), 6 county, 9 township, 12 village."""
    parent_id: str | None = None
    boundary: tuple[LonLat, ...] = ()
    """The outer ring, not closed; empty where the register has none."""
    coverage_targets: Mapping[str, int] = field(default_factory=dict)
    """Layer -> basis points that must be seen here; comes before `CoveragePolicy.targets`."""
    pictures: SitePictures | None = None
    """None: as the place above says; where none does, never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPlace:
    """A point, line or area inside a site that must be seen at least at `band`."""

    id: str
    site_id: str
    type: KeyPlaceType
    name: str
    shape: Shape
    coordinates: tuple[LonLat, ...]
    band: str = "observation"
    weight: float = 1.0
    """How much it counts when repairs and new posts are ordered."""
