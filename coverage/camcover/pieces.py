"""Cut a place by the fields that meet it into pieces that each camera sees wholly or not at all.

All shapes are in one metric frame. A piece of an area is a polygon (m2), of a line a line (m), of points a point (1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

GRID_M = 1e-5
"""Where floats fail, vertices of cut areas snap to a hundredth of a millimetre: noding without a grid threw
TopologyException on 150 overlapping fields. Of northings of 4e6 m a float keeps 5e-10 m, so the grid is coarse enough
to be sound, and it moves the area of a union by about 1e-8 of it (a grid of 1 mm: 1e-6, in the same time). It takes
three times as long as floats, which is why those are tried first."""
CLOSES = 1e-9
"""Faces that leave more of an area than this unaccounted for are not believed: a missed crossing opens a face."""
CLEAR_M, HAIR_M = 1e-6, 1e-5
"""What is nearer to an edge than this may count on either side; polygons narrower than this hold no amount."""
_LINE_GRID_DECIMALS = 6
_MARGIN_M = 1.0
_LINE, _RING, _COLLECTION = 1, 2, 7  # type ids of GEOS

Shapes = NDArray[np.object_]


class OverlayError(ValueError):
    """Places or fields that cannot be laid over one another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """`m` pieces of one place under `k` fields; there is always at least one."""

    shapes: Shapes
    """(m,)"""
    amounts: NDArray[np.float64]
    """(m,) m2, m or 1; they sum to the measure of the place."""
    bits: NDArray[np.bool_]
    """(m, k) which field sees which piece."""


def dimension_of(shape: BaseGeometry) -> int:
    """Return 2 for areas, 1 for lines, 0 for points."""
    if shapely.get_type_id(shape) == _COLLECTION:
        raise OverlayError("a place is an area, a line or points, not a mixture of them")
    return int(shapely.get_dimensions(shape)) if not shape.is_empty else 0


def cut(shape: BaseGeometry, fields: Shapes) -> Pieces:
    """Cut `shape` by `fields` (k,), valid polygons. What no field sees is one piece of areas, or the rest of lines.

    A boundary that crosses itself is repaired first (`shapely.make_valid`), since registers hold such.
    """
    dimension = dimension_of(shape)
    if shape.is_empty:
        return _whole(shape, 0.0, fields)
    if dimension == 2:
        return _cut_area(shape, fields)
    return _cut_line(shape, fields) if dimension == 1 else _cut_points(shape, fields)


def _whole(shape: BaseGeometry, amount: float, fields: Shapes) -> Pieces:
    """One piece, seen by the fields that contain a point of it."""
    bits = np.zeros((1, len(fields)), dtype=np.bool_)
    if not shape.is_empty:
        bits[0] = shapely.covers(fields, shapely.point_on_surface(shape))
    return Pieces(shapes=_column([shape]), amounts=np.array([amount]), bits=bits)


def _cut_area(shape: BaseGeometry, fields: Shapes) -> Pieces:
    area = repaired(shape)
    measure = float(shapely.area(area))
    if len(fields) == 0 or measure == 0.0:
        return _whole(area, measure, fields)
    west, south, east, north = shapely.bounds(area)
    # A pond under a large field needs the field's edges nearby only; cut ends are dangles, which no face has.
    edges = shapely.clip_by_rect(
        shapely.boundary(fields), west - _MARGIN_M, south - _MARGIN_M, east + _MARGIN_M, north + _MARGIN_M
    )
    edges = np.append(edges, shapely.boundary(area))
    shapely.prepare(area)
    try:
        faces, points = _faces(area, edges, None)
    except shapely.GEOSException:
        faces, points = _faces(area, edges, GRID_M)
    if abs(float(shapely.area(faces).sum()) - measure) > CLOSES * measure:
        faces, points = _faces(area, edges, GRID_M)
    amounts = shapely.area(faces)
    if not amounts.sum() > 0.0:  # smaller than the grid
        return _whole(area, measure, fields)
    # The grid moves edges by up to half a cell; the pieces still account for the place as it was given.
    return Pieces(shapes=faces, amounts=amounts * (measure / amounts.sum()), bits=_seen_by(fields, points))


def _faces(area: BaseGeometry, edges: Shapes, grid_m: float | None) -> tuple[Shapes, Shapes]:
    """Return the faces of a (prepared) area between the edges, and a point inside each; GEOSException may rise."""
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all(edges, grid_size=grid_m)]))
    points = inner_points(faces)
    inside = shapely.contains(area, points)
    return faces[inside], points[inside]


def inner_points(faces: Shapes) -> Shapes:
    """Return a point inside each polygon (m,), clear of its edge unless it is a hairline.

    GEOS takes the middle of one level line through the polygon. Where that meets nothing but a hairline spike, as two
    edges along one line of sight leave it, its point lies on the edge, and a neighbour's field would count the face.
    """
    points: Shapes = shapely.point_on_surface(faces)
    near = np.flatnonzero(shapely.distance(shapely.boundary(faces), points) < CLEAR_M)
    near = near[2 * shapely.area(faces[near]) > HAIR_M * shapely.length(faces[near])]
    points[near] = shapely.get_point(shapely.maximum_inscribed_circle(faces[near]), 0)
    return points


def _seen_by(fields: Shapes, points: Shapes) -> NDArray[np.bool_]:
    """Return (points, fields): which point lies in which field or on its edge."""
    bits = np.zeros((len(points), len(fields)), dtype=np.bool_)
    field, point = shapely.STRtree(points).query(fields, predicate="covers")
    bits[point, field] = True
    return bits


def repaired(area: BaseGeometry) -> BaseGeometry:
    """Return an area whose boundary doesn't cross itself; the same where it didn't."""
    if shapely.is_valid(area):
        return area
    parts = shapely.get_parts(shapely.get_parts(shapely.make_valid(area)))
    return shapely.multipolygons(parts[shapely.get_dimensions(parts) == 2])


def united(shapes: Shapes) -> BaseGeometry:
    """Return the union of fields, quickly as floats have it, and on the grid where that fails.

    Among many walls a field may have a hairline that GEOS takes for a crossing: TopologyException, side location
    conflict.
    """
    try:
        return shapely.disjoint_subset_union_all(shapes)
    except shapely.GEOSException:
        mended = shapely.make_valid(shapes, method="structure", keep_collapsed=False)
        return shapely.union_all(mended, grid_size=GRID_M)


def _cut_points(shape: BaseGeometry, fields: Shapes) -> Pieces:
    points = shapely.get_parts(shape)
    return Pieces(shapes=points, amounts=np.ones(len(points)), bits=_seen_by(fields, points))


def _cut_line(shape: BaseGeometry, fields: Shapes) -> Pieces:
    """Cut along distances: a line that crosses itself passes one spot at two distances, so no crossing is looked up."""
    lines = [line for line in shapely.get_parts(shape) if shapely.length(line) > 0.0]
    if not lines:
        return _whole(shape, 0.0, fields)
    lengths = np.array([shapely.length(line) for line in lines])
    ends = np.concatenate([[0.0], np.cumsum(lengths)])
    field, start, stop = _stretches(lines, ends, fields)
    total = float(ends[-1])
    cuts = np.clip(np.concatenate([start, stop]).round(_LINE_GRID_DECIMALS), 0.0, total)
    cuts = np.unique(np.concatenate([cuts, ends]))
    middles = (cuts[:-1] + cuts[1:]) / 2
    bits = np.zeros((len(middles), len(fields)), dtype=np.bool_)
    for one, first, last in zip(
        field, np.searchsorted(middles, start), np.searchsorted(middles, stop, side="right"), strict=True
    ):
        bits[first:last, one] = True
    # Joints of a road are no change of what is seen; the ends of its parts are kept.
    kept = np.append(True, (bits[1:] != bits[:-1]).any(axis=1) | np.isin(cuts[1:-1], ends))
    cuts, bits = np.append(cuts[:-1][kept], total), bits[kept]
    part = np.searchsorted(ends, (cuts[:-1] + cuts[1:]) / 2) - 1
    shapes = [
        substring(lines[one], a - ends[one], b - ends[one]) for one, a, b in zip(part, cuts[:-1], cuts[1:], strict=True)
    ]
    return Pieces(shapes=_column(shapes), amounts=np.diff(cuts), bits=bits)


def _stretches(
    lines: list[BaseGeometry], ends: NDArray[np.float64], fields: Shapes
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return (field, start, stop): which field sees which stretch, in metres along the lines laid end to end."""
    coordinates, line = shapely.get_coordinates(lines, return_index=True)
    joined = line[1:] == line[:-1]
    a, b = coordinates[:-1][joined], coordinates[1:][joined]
    length = np.hypot(*(b - a).T)
    # Summed per line, so that stretches and the ends of parts meet at the very same distance.
    begin = np.concatenate(
        [
            end + np.concatenate([[0.0], np.cumsum(length[line[:-1][joined] == number])[:-1]])
            for number, end in enumerate(ends[:-1])
        ]
    )
    segments = shapely.linestrings(np.stack([a, b], axis=1))
    field, segment = shapely.STRtree(segments).query(fields, predicate="intersects")
    parts, pair = shapely.get_parts(shapely.intersection(segments[segment], fields[field]), return_index=True)
    linear = (shapely.get_type_id(parts) == _LINE) & (shapely.length(parts) > 0.0)
    parts, field, segment = parts[linear], field[pair[linear]], segment[pair[linear]]
    first = shapely.get_coordinates(shapely.get_point(parts, 0)) - a[segment]
    last = shapely.get_coordinates(shapely.get_point(parts, -1)) - a[segment]
    near, far = np.hypot(*first.T), np.hypot(*last.T)
    return field, begin[segment] + np.minimum(near, far), begin[segment] + np.maximum(near, far)


def _column(shapes: list[BaseGeometry]) -> Shapes:
    """Return (m,) objects; numpy would take a multi-geometry apart otherwise."""
    column = np.empty(len(shapes), dtype=np.object_)
    column[:] = shapes
    return column
