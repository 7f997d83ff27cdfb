"""Frozen values of coverage, for showing. Built by `camkeeper.cover`, shown by camboard and the command line.

Every percentage comes with how it was made (`Basis`). `lower` counts a camera of unknown status as blind, `upper` as
seeing; `design` counts every enrolled camera as working.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shapely.geometry.base import BaseGeometry

from camkeeper.model.equipment import LinkKind
from camkeeper.model.place import KeyPlaceType, SiteKind
from camkeeper.model.span import Span


class Unit(StrEnum):
    """In what an amount is measured."""

    AREA = "m2"
    LENGTH = "m"
    COUNT = "count"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """How much of something is seen now; amounts in `unit`."""

    unit: Unit
    total: float
    design: float
    lower: float
    upper: float

    def share(self, amount: float) -> float | None:
        """Return `amount` as a share of the total; None where there is nothing to see."""
        return None if self.total == 0 else amount / self.total

    @property
    def lost(self) -> float:
        """Seen by design and now surely not: what dark cameras cost."""
        return max(0.0, self.design - self.upper)


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerCover:
    """One layer of one site: `area`, or all its key places of a type and unit."""

    layer: str
    target_bp: int | None
    cover: Cover


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceCover:
    """One key place. `band` is the density that it wants."""

    id: str
    site_id: str
    name: str
    type: KeyPlaceType
    band: str
    cover: Cover


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursCover:
    """One layer of one site over a period, weighted by time. None: nothing of the period has passed."""

    layer: str
    period: Span
    known_until_ms: int
    lower: float | None
    upper: float | None
    design: float | None
    """Mean share of the layer seen."""
    lower_hours: float
    upper_hours: float
    """Coverage-hours: share seen times hours passed."""
    worst: float | None
    """The smallest upper share at any moment: however kindly counted, it was as bad as this."""
    worst_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCover:
    """One site, by day or by night, now, today and this month. Sums of amounts over what lies below it."""

    site_id: str
    name: str
    name_en: str
    kind: SiteKind
    parent_id: str | None
    night: bool
    cameras: int
    """Cameras that see any of it by design."""
    layers: tuple[LayerCover, ...]
    places: tuple[PlaceCover, ...]
    """Key places of the site and of all below it."""
    today: tuple[HoursCover, ...]
    month: tuple[HoursCover, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """How every percentage here was made."""

    definition: str
    """One sentence in Chinese."""
    definition_en: str
    policy: str
    inputs: str
    """SHA-256 over cameras, obstacles, places and policy."""
    crs: str
    lens_model: str
    cameras: int
    unknown_azimuth: tuple[str, ...]
    """Ids of cameras whose azimuth nobody noted: their coverage is not claimed."""
    inside_building: tuple[str, ...]
    """Ids of cameras that the register puts inside a building; computed from the nearest outside wall."""
    no_position: tuple[str, ...]
    """Ids of cameras without mount or lens in the register."""
    warnings: tuple[str, ...] = ()
    """Bilingual sentences."""
    measured_azimuth: tuple[str, ...] = ()
    """Ids of cameras that were turned: what they see now goes by the azimuth measured in their pictures. Hours of the
    past and survey bands go by the registered one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyBand:
    """What survey errors of position and azimuth do to the design share of a site's area."""

    site_id: str
    as_entered: float
    p5: float
    p50: float
    p95: float
    known_azimuth_only: float
    trials: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageStanding:
    """The coverage of the whole township at one instant."""

    at_ms: int
    basis: Basis
    sites: tuple[SiteCover, ...]
    """Every site with a boundary or with such below it, parents first; by day, then by night."""
    survey: tuple[SurveyBand, ...]
    """Sites whose band is computed already; computing goes on in the background after a start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraField:
    """What one camera sees, WGS-84. `envelope`: what a dome could turn to; never counted as live."""

    device_id: str
    site_id: str
    lon_deg: float
    lat_deg: float
    azimuth_deg: float | None
    """Where it points: as registered, or as its picture shows."""
    day: BaseGeometry
    night: BaseGeometry
    envelope: BaseGeometry | None
    inside_building: bool
    azimuth_error_deg: float | None = None
    """None: the azimuth is the register's. Else its picture proved this one, so exactly (half-width, 95%)."""
    planned_azimuth_deg: float | None = None
    """The register's, where another one was measured."""
    planned: BaseGeometry | None = None
    """What it would see by day with the register's azimuth, where another one was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultDomain:
    """A link of the register, and the cameras with a field of view that go dark with it."""

    id: str
    name: str
    kind: LinkKind
    camera_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageMap:
    """What doesn't change while the configuration stands, WGS-84 (longitude, latitude) degrees."""

    digest: str
    boundaries: Mapping[str, BaseGeometry]
    """By site id."""
    obstacles: tuple[tuple[BaseGeometry, float | None], ...]
    """Shape, and height in metres or None."""
    fields: tuple[CameraField, ...]
    places: tuple[tuple[str, BaseGeometry], ...]
    """Key place id and shape."""
    attribution: tuple[str, ...]
    synthetic: bool
    links: tuple[FaultDomain, ...] = ()
    """What can be asked "what darkens if this fails": every link with any camera behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Darkness:
    """What a site loses, now or if something failed too; shapes in WGS-84."""

    at_ms: int
    site_id: str
    night: bool
    failed: tuple[str, ...]
    """Ids of devices or links that were supposed to fail; empty: as it is now."""
    cameras_dark: tuple[str, ...]
    """Ids of cameras that see this site by design and don't work, or wouldn't."""
    lost: BaseGeometry
    """Seen by design, not (or no longer) by a working camera; unknown counts as seeing."""
    blind: BaseGeometry
    """Of the boundary: seen by no camera even by design."""
    layers: tuple[LayerCover, ...]
    places: tuple[PlaceCover, ...]
    """Key places that see less than by design."""
