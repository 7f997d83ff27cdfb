"""What the contract says of coverage: how it is measured, how much must be seen, where obstacles are read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

AREA = "area"
"""The layer of a site's open ground: its boundary less buildings. Every other layer is named after a `KeyPlaceType`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveragePolicy:
    """A named, versioned way from cameras and obstacles to a percentage; printed beside every one."""

    name: str = "default"
    version: int = 1
    standard: str = "dori"
    """Which names and densities `KeyPlace.band` speaks: a key of `camcover.bands`."""
    target_height_m: float = 0.0
    """Height above the ground of what is to be seen; 0 asks for the ground itself."""
    targets: Mapping[str, int] = field(default_factory=dict)
    """Layer -> basis points that must be seen; a layer without one has no promise of its own."""
    obstacle_height_m: float | None = None
    """Of a building with no height of its own; None: it blocks whatever the camera's height."""
    storey_m: float = 3.0
    """Height of one of `building:levels`."""

    @property
    def id(self) -> str:
        """`name/version`."""
        return f"{self.name}/{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObstacleFile:
    """Buildings, walls and tree lines: GeoJSON, GeoPackage, or an OSM extract (.osm.pbf)."""

    path: str
    """As resolved against the configuration's folder."""
    attribution: str = ""
    """Shown wherever its geometry is shown, e.g. what the ODbL asks for."""
    digest: str = ""
    """SHA-256 of the file's bytes when the configuration was read: a reload notices new contents."""
