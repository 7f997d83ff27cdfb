"""Where things lie, in metres of one plane around the township, and how each position would lie if read otherwise.

An equirectangular plane: within 50 km of its middle, lengths are right to a percent, and a point that a slip threw to
another continent is still only far away.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from camcover.datum import EARTH_M_PER_DEG, Datum, from_wgs84, to_wgs84
from camkeeper.doctor.patient import Patient
from camkeeper.model.equipment import Device
from camkeeper.model.place import Shape, SiteKind

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
NO_AREA: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Another history of a position: it was written down in `written`, and taken for `taken_for`."""

    written: Datum
    taken_for: Datum

    def of(self, points: Floats) -> Floats:
        """Return where the points would be, WGS-84 degrees (n, 2)."""
        return to_wgs84(from_wgs84(points, self.taken_for), self.written).round(9)


_DATUMS = (Datum.WGS84, Datum.GCJ02, Datum.BD09)
READINGS: Final = tuple(Reading(written=w, taken_for=t) for t in _DATUMS for w in _DATUMS if w is not t)
LEAVES: Final = frozenset({SiteKind.VILLAGE, SiteKind.GRID, SiteKind.CAMPUS, SiteKind.CHECKPOINT})


class Plane:
    """Devices with a position, areas of sites, key places and buildings, in metres."""

    def __init__(self, patient: Patient) -> None:
        self.patient = patient
        registry = patient.registry
        self.devices: tuple[Device, ...] = tuple(d for d in registry.devices if d.mount is not None)
        self.row = {d.id: n for n, d in enumerate(self.devices)}
        self.points: Floats = np.array(
            [(d.mount.lon_deg, d.mount.lat_deg) for d in self.devices if d.mount is not None], dtype=np.float64
        ).reshape(-1, 2)
        rings = [np.array(s.boundary) for s in registry.sites if s.boundary]
        known = np.concatenate(rings) if rings else self.points
        self.middle: Floats = np.median(known, axis=0) if len(known) else np.zeros(2)
        self.sited = tuple(s for s in registry.sites if s.boundary)
        self.areas: NDArray[np.object_] = _objects([self.shape(shapely.Polygon(s.boundary)) for s in self.sited])
        shapely.prepare(self.areas)

    def metres(self, points: Floats) -> Floats:
        """Return degrees as metres east and north of the middle."""
        scale = EARTH_M_PER_DEG * np.array([np.cos(np.radians(self.middle[1])), 1.0])
        out: Floats = (points - self.middle) * scale
        return out

    def degrees(self, x_m: float, y_m: float) -> tuple[float, float]:
        """Return metres as longitude and latitude."""
        lat = self.middle[1] + y_m / EARTH_M_PER_DEG
        lon = self.middle[0] + x_m / (EARTH_M_PER_DEG * np.cos(np.radians(self.middle[1])))
        return round(float(lon), 9), round(float(lat), 9)

    def shape(self, shape: BaseGeometry) -> BaseGeometry:
        """Return a shape in metres."""
        return shapely.transform(shape, self.metres)

    @cached_property
    def xy(self) -> Floats:
        """Positions as registered, metres (n, 2)."""
        return self.metres(self.points)

    @cached_property
    def own(self) -> NDArray[np.intp]:
        """For each device the place in `areas` of its site, or of the nearest above that has a boundary; NO_AREA."""
        at = {s.id: n for n, s in enumerate(self.sited)}
        by_site = {
            s.id: next((at[i] for i in self.patient.registry.ancestry(s.id) if i in at), NO_AREA)
            for s in self.patient.registry.sites
        }
        return np.array([by_site[d.site_id] for d in self.devices], dtype=np.intp)

    def outside_m(self, points: Floats) -> Floats:
        """Return how far each device is outside its own area if it were there; 0 inside, NaN without an area."""
        xy = self.metres(points)
        out = np.full(len(xy), np.nan)
        has = self.own != NO_AREA
        if has.any():
            out[has] = shapely.distance(self.areas[self.own[has]], shapely.points(xy[has]))
        return out

    @cached_property
    def outside_now_m(self) -> Floats:
        """As `outside_m`, of the positions as registered."""
        return self.outside_m(self.points)

    @cached_property
    def centres(self) -> Floats:
        """Middles of the areas, metres (n, 2)."""
        found = shapely.centroid(self.areas)
        return np.column_stack((shapely.get_x(found), shapely.get_y(found))).reshape(-1, 2)

    @cached_property
    def marks(self) -> shapely.STRtree | None:
        """What cameras stand near to: key places; where there is none, buildings."""
        shapes = [
            self.shape(_lonlat(p.shape, np.array(p.coordinates, dtype=np.float64)))
            for p in self.patient.registry.key_places
        ]
        if not shapes:
            shapes = list(self.buildings)
        return shapely.STRtree(shapes) if shapes else None

    def mark_m(self, points: Floats) -> Floats:
        """Return the distance of each point to the nearest mark; NaN where there is none."""
        out = np.full(len(points), np.nan)
        if self.marks is not None and len(points):
            (rows, _), far = self.marks.query_nearest(
                shapely.points(self.metres(points)), return_distance=True, all_matches=False
            )
            out[rows] = far
        return out

    @cached_property
    def buildings(self) -> NDArray[np.object_]:
        """Shapes of buildings, metres; lines among the obstacles are none."""
        return _objects([self.shape(b.shape) for b in self.patient.buildings])

    @cached_property
    def leaves(self) -> tuple[shapely.STRtree, tuple[int, ...]]:
        """A tree of the areas that devices are enrolled in, and which areas they are."""
        places = tuple(n for n, s in enumerate(self.sited) if s.kind in LEAVES)
        return shapely.STRtree(self.areas[list(places)]), places

    def leaf_at(self, x_m: float, y_m: float) -> str | None:
        """Return the smallest site that the point lies in."""
        tree, places = self.leaves
        found = [places[n] for n in tree.query(shapely.Point(x_m, y_m), predicate="intersects")]
        best = min(found, key=lambda n: (float(shapely.area(self.areas[n])), self.sited[n].id), default=None)
        return None if best is None else self.sited[best].id


def _lonlat(kind: Shape, points: Floats) -> BaseGeometry:
    if kind is Shape.POINT:
        return shapely.Point(points[0])
    return shapely.LineString(points) if kind is Shape.LINE else shapely.Polygon(points)


def _objects(shapes: list[Any]) -> NDArray[np.object_]:
    out = np.empty(len(shapes), dtype=object)
    out[:] = shapes
    return out
