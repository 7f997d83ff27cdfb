"""The shapes of a township in its metric frame: boundaries, key places, and who counts which ground."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from camcover.frame import Frame
from camcover.terrain import Terrain
from camkeeper.model.place import KeyPlace, LonLat, Shape, Site, SiteKind
from camkeeper.model.registry import Registry
from camkeeper.standing.coverage import Unit

Obstacle = tuple[BaseGeometry, float | None, str]
"""Shape (WGS-84 longitude, latitude), height in metres or None, id: as `camkeeper.geo` reads it."""

UNIT_OF = {Shape.POLYGON: Unit.AREA, Shape.LINE: Unit.LENGTH, Shape.POINT: Unit.COUNT}
_OWN_KINDS = frozenset({SiteKind.VILLAGE, SiteKind.GRID, SiteKind.CAMPUS, SiteKind.CHECKPOINT})
_OVERLAP_SHARE = 1e-6
"""Neighbours digitised from one line overlap by rounding; less than this of the smaller one is no overlap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What is measured where, in metres of one frame."""

    boundaries: dict[str, BaseGeometry]
    """Of every site that has one."""
    measured: tuple[str, ...]
    """Sites whose own ground is measured, in the register's order; every other one is a sum of these."""
    open: dict[str, BaseGeometry]
    """Open ground of each measured site: its boundary less the roofs. Nobody walks on a roof, no camera looks at it."""
    counted: dict[str, BaseGeometry | None]
    """Of a measured site with no measured one above it: the ground that sums above it count as its own.

    Its open ground itself, or what no earlier neighbour has of it (a school entered beside its village, not below it);
    None: nothing is left.
    """
    places: dict[str, BaseGeometry]
    """Key places by id."""

    @property
    def surveyed(self) -> tuple[str, ...]:
        """Measured sites with any open ground: of nothing there is no share."""
        return tuple(site_id for site_id in self.measured if not self.open[site_id].is_empty)


def lonlat_shape(shape: Shape, coordinates: Sequence[LonLat]) -> BaseGeometry:
    """Return a register's coordinates as a geometry in WGS-84; a polygon that crosses itself is made valid."""
    if shape is Shape.POINT:
        return shapely.Point(coordinates[0])
    if shape is Shape.LINE:
        return shapely.LineString(coordinates)
    return _areal(shapely.Polygon(coordinates))


def _areal(polygon: BaseGeometry) -> BaseGeometry:
    if shapely.is_valid(polygon):
        return polygon
    return shapely.buffer(shapely.make_valid(polygon), 0)


def bounds_lonlat(registry: Registry, obstacles: Iterable[Obstacle] = ()) -> tuple[float, float, float, float] | None:
    """Return (west, south, east, north) of sites, key places and cameras; of obstacles only where there is no other."""
    points = [p for site in registry.sites for p in site.boundary]
    points += [p for place in registry.key_places for p in place.coordinates]
    points += [(d.mount.lon_deg, d.mount.lat_deg) for d in registry.devices if d.mount is not None]
    if not points:
        boxes = [shape.bounds for shape, _, _ in obstacles]
        points = [p for west, south, east, north in boxes for p in ((west, south), (east, north))]
    if not points:
        return None
    low, high = np.min(points, axis=0), np.max(points, axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def ground_of(registry: Registry, frame: Frame, terrain: Terrain) -> Ground:
    """Return the township's shapes in the frame, that of `terrain`, too."""
    sites = [site for site in registry.sites if len(site.boundary) > 2]
    boundaries = dict(
        zip(
            [site.id for site in sites],
            _metric(frame, [lonlat_shape(Shape.POLYGON, site.boundary) for site in sites]),
            strict=True,
        )
    )
    places = dict(
        zip(
            [place.id for place in registry.key_places],
            _metric(frame, [_place_shape(place) for place in registry.key_places]),
            strict=True,
        )
    )
    measured = tuple(site.id for site in registry.sites if _is_measured(registry, site, boundaries))
    open_ground = _open(terrain, {site_id: boundaries[site_id] for site_id in measured})
    return Ground(
        boundaries=boundaries,
        measured=measured,
        open=open_ground,
        counted=_counted(registry, measured, boundaries, open_ground),
        places=places,
    )


def _place_shape(place: KeyPlace) -> BaseGeometry:
    return lonlat_shape(place.shape, place.coordinates)


def _metric(frame: Frame, shapes: Sequence[BaseGeometry]) -> list[BaseGeometry]:
    if not shapes:
        return []
    moved: NDArray[np.object_] = frame.to_metric(np.array(shapes, dtype=object))
    return [_areal(shape) if shape.geom_type.endswith("Polygon") else shape for shape in moved]


def _is_measured(registry: Registry, site: Site, boundaries: dict[str, BaseGeometry]) -> bool:
    """Tell whether a site's own boundary is measured.

    A village, grid, campus or checkpoint is. A town, county or city is the sum of what lies below it, so that it can
    never contradict its villages; where nothing below has a boundary, its own is all there is.
    """
    if site.id not in boundaries:
        return False
    if site.kind in _OWN_KINDS:
        return True
    return not any(below.id in boundaries for below in registry.subtree(site.id) if below.id != site.id)


def _open(terrain: Terrain, boundaries: dict[str, BaseGeometry]) -> dict[str, BaseGeometry]:
    """Return each boundary less the roofs within it: the very outlines that the fields end at."""
    shapes = list(boundaries.values())
    if not shapes:  # sites without boundaries: only cameras and key places are looked at
        return {}
    one, other = terrain.roof_tree.query(terrain.roofs, predicate="intersects")
    alone = shapely.get_num_interior_rings(terrain.roofs) == 0
    alone[one[one != other]] = False
    near: list[list[int]] = [[] for _ in shapes]
    of, roof = terrain.roof_tree.query(shapes, predicate="intersects")
    for n, m in zip(of.tolist(), roof.tolist(), strict=True):
        near[n].append(m)
    left = [_less(shape, terrain.roofs[roofs], alone[roofs]) for shape, roofs in zip(shapes, near, strict=True)]
    return dict(zip(boundaries, left, strict=True))


def _less(shape: BaseGeometry, roofs: NDArray[np.object_], alone: NDArray[np.bool_]) -> BaseGeometry:
    """Cut roofs out. A roof without a court that touches nothing is a hole as it is: nothing to compute."""
    if not len(roofs):
        return shape
    shapely.prepare(shape)
    whole = alone & shapely.contains_properly(shape, roofs) if shape.geom_type == "Polygon" else np.zeros_like(alone)
    if not whole.all():
        shape = shapely.difference(shape, shapely.union_all(roofs[~whole]))
    if whole.any():
        # What cuts the rest touches none of these, so each lies wholly within one part of what is left.
        parts = shapely.get_parts(shape)
        of, hole = shapely.STRtree(roofs[whole]).query(parts, predicate="contains_properly")
        rings = shapely.get_exterior_ring(roofs[whole])
        shape = shapely.multipolygons([_holed(part, rings[hole[of == n]]) for n, part in enumerate(parts)])
    return _areal_parts(shape)


def _holed(part: BaseGeometry, rings: NDArray[np.object_]) -> BaseGeometry:
    if shapely.get_dimensions(part) != 2 or not len(rings):
        return part
    own = [shapely.get_interior_ring(part, n) for n in range(shapely.get_num_interior_rings(part))]
    return shapely.polygons(shapely.get_exterior_ring(part), [*own, *rings])


def _counted(
    registry: Registry, measured: Sequence[str], boundaries: dict[str, BaseGeometry], ground: dict[str, BaseGeometry]
) -> dict[str, BaseGeometry | None]:
    among = set(measured)
    tops = [i for i in measured if among.isdisjoint(registry.ancestry(i)[1:])]
    # Villages first: what else is entered directly below a town lies inside one of them as a rule.
    tops.sort(key=lambda i: registry.site_by_id[i].kind is not SiteKind.VILLAGE)
    shapes = [boundaries[i] for i in tops]
    tree = shapely.STRtree(shapes)
    out: dict[str, BaseGeometry | None] = {}
    for n, site_id in enumerate(tops):
        own = shapes[n]
        earlier = [shapes[m] for m in sorted(tree.query(own, predicate="intersects")) if m < n]
        taken = shapely.union_all(earlier)
        left = own.area - shapely.intersection(own, taken).area if earlier else own.area
        if own.area - left <= _OVERLAP_SHARE * own.area:
            out[site_id] = ground[site_id]
        elif left > _OVERLAP_SHARE * own.area:
            out[site_id] = _areal_parts(shapely.difference(ground[site_id], taken))
        else:
            out[site_id] = None
    return out


def _areal_parts(shape: BaseGeometry) -> BaseGeometry:
    """Return what of a shape has an area: a difference may leave lines."""
    left = shapely.get_parts(shape)
    left = left[(shapely.get_dimensions(left) == 2) & ~shapely.is_empty(left)]
    return left[0] if len(left) == 1 else shapely.multipolygons(left)
