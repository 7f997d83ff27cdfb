"""What stands on the ground, made ready for sweeping: roofs that do not overlap and walls that do not cross."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, isfinite

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from camcover.obstacle import Obstacle
from camcover.walls import Walls, no_walls

SNAP_M = 0.001
"""Corners come to lie on a grid of one millimetre, so that neighbours share them exactly: no survey is finer."""

Shapes = NDArray[np.object_]
Floats = NDArray[np.float64]

_LINES = (1, 2, 5)
_POLYGONS = (3, 6)


class TerrainError(ValueError):
    """An obstacle that is neither a surface nor a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terrain:
    """Buildings and walls of a metric frame.

    `roofs` (m,) are disjoint polygons with `roof_m` heights, inf where unknown; `fences_m` (k, 4) with `fence_top_m`
    are the free-standing lines, once each.
    """

    walls: Walls
    roofs: Shapes
    roof_m: Floats
    roof_tree: STRtree
    fences_m: Floats
    fence_top_m: Floats
    fence_tree: STRtree

    @classmethod
    def build(cls, obstacles: Iterable[Obstacle]) -> Terrain:
        """Unite the footprints of each height, cut what differs in height along shared corners, index the walls.

        Of two that overlap the higher one counts. An unknown, zero or negative height counts as endless.
        """
        polygons, polygon_m, lines, line_m = _sorted_by_kind(obstacles)
        polygons, polygon_m = _united(polygons, polygon_m)
        lines, line_m = _snapped(lines, line_m)
        touching = _touching(polygons, polygon_m, lines)
        faces, face_m, fences, fence_m = _arranged(polygons[touching], polygon_m[touching], lines, line_m)
        faces = shapely.orient_polygons(np.concatenate([polygons[~touching], faces]))
        roof_m = np.concatenate([polygon_m[~touching], face_m])
        edges, face = _edges(faces)
        top = roof_m[face]
        foot = np.zeros(len(edges))
        met = face >= int((~touching).sum())
        foot[met] = _other_side(edges[met], top[met])
        real = top > foot
        walls = np.concatenate([edges[real], fences, fences[:, [2, 3, 0, 1]]])
        tops = np.concatenate([top[real], fence_m, fence_m])
        feet = np.concatenate([foot[real], np.full(2 * len(fences), inf)])
        roofs, roof_m = faces[roof_m > 0], roof_m[roof_m > 0]
        return cls(
            walls=_indexed(walls, tops, feet),
            roofs=roofs,
            roof_m=roof_m,
            roof_tree=STRtree(roofs),
            fences_m=fences,
            fence_top_m=fence_m,
            fence_tree=STRtree(shapely.linestrings(fences.reshape(-1, 2, 2))),
        )


def _indexed(ends_m: Floats, top_m: Floats, foot_m: Floats) -> Walls:
    if len(ends_m) == 0:
        return no_walls()
    from camcover.grid import indexed  # compiled: 60 MB that the open plain need not carry

    return indexed(ends_m, top_m, foot_m)


def _sorted_by_kind(obstacles: Iterable[Obstacle]) -> tuple[Shapes, Floats, Shapes, Floats]:
    """Return polygons with heights and lines with heights; heights inf where not known."""
    polygons: list[object] = []
    lines: list[object] = []
    polygon_m: list[float] = []
    line_m: list[float] = []
    for obstacle in obstacles:
        height = obstacle.height_m
        top = height if height is not None and isfinite(height) and height > 0 else inf
        for part in _simple_parts(obstacle.shape):
            kind = shapely.get_type_id(part)
            if kind in _POLYGONS:
                polygons.append(part)
                polygon_m.append(top)
            elif kind in _LINES:
                lines.append(part)
                line_m.append(top)
            else:
                raise TerrainError(f"obstacle {obstacle.id!r} is neither a surface nor a line: {part.geom_type}")
    return _shapes(polygons), np.array(polygon_m), _shapes(lines), np.array(line_m)


def _simple_parts(shape: object) -> Shapes:
    parts = np.array([shape], dtype=object)
    while (shapely.get_type_id(parts) >= 4).any():  # collections may hold collections
        parts = shapely.get_parts(parts)
    kept: Shapes = parts[~shapely.is_empty(parts)]
    return kept


def _shapes(items: Iterable[object]) -> Shapes:
    kept = list(items)
    array = np.empty(len(kept), dtype=object)
    array[:] = kept
    return array


def _united(polygons: Shapes, heights: Floats) -> tuple[Shapes, Floats]:
    """Unite polygons of one height; return single polygons and their heights.

    Most buildings stand alone: only those that touch another go through the union, which is slow on a snapping grid.
    """
    invalid = ~shapely.is_valid(polygons)
    polygons[invalid] = shapely.make_valid(polygons[invalid], method="structure", keep_collapsed=False)
    polygons, whose = _polygon_parts(shapely.set_precision(polygons, SNAP_M))
    heights = heights[whose]
    a, b = STRtree(polygons).query(polygons, predicate="dwithin", distance=SNAP_M)
    crowded = np.zeros(len(polygons), dtype=bool)
    crowded[a[(a != b) & (heights[a] == heights[b])]] = True
    parts, tops = [polygons[~crowded]], [heights[~crowded]]
    for height in np.unique(heights[crowded]):
        united = shapely.union_all(polygons[crowded & (heights == height)], grid_size=SNAP_M)
        parts.append(_polygon_parts(np.array([united]))[0])
        tops.append(np.full(len(parts[-1]), height))
    return np.concatenate(parts), np.concatenate(tops)


def _polygon_parts(shapes: Shapes) -> tuple[Shapes, NDArray[np.int64]]:
    parts, whose = shapely.get_parts(shapes, return_index=True)
    kept = (shapely.get_type_id(parts) == 3) & ~shapely.is_empty(parts)
    return parts[kept], whose[kept]


def _snapped(lines: Shapes, heights: Floats) -> tuple[Shapes, Floats]:
    snapped, whose = shapely.get_parts(shapely.set_precision(lines, SNAP_M), return_index=True)
    kept = ~shapely.is_empty(snapped)
    return snapped[kept], heights[whose[kept]]


def _touching(polygons: Shapes, heights: Floats, lines: Shapes) -> NDArray[np.bool_]:
    """Return which polygons touch one of another height, or a line."""
    touching = np.zeros(len(polygons), dtype=bool)
    if len(np.unique(heights)) > 1:
        a, b = STRtree(polygons).query(polygons, predicate="dwithin", distance=SNAP_M)
        touching[a[a != b]] = True
    if len(lines) and len(polygons):
        touching[STRtree(polygons).query(lines, predicate="dwithin", distance=SNAP_M)[1]] = True
    return touching


def _arranged(
    polygons: Shapes, heights: Floats, lines: Shapes, line_m: Floats
) -> tuple[Shapes, Floats, Floats, Floats]:
    """Cut all outlines at their crossings.

    Returns the faces between them with the height of each (0 for a courtyard), and the straight pieces (k, 4) of the
    lines with theirs.
    """
    outlines = np.concatenate([shapely.boundary(polygons), lines])
    noded = shapely.get_parts(shapely.union_all(outlines, grid_size=SNAP_M))
    noded = noded[shapely.get_type_id(noded) == 1]
    faces = shapely.get_parts(shapely.polygonize(noded))
    face_m = np.zeros(len(faces))
    face, polygon = STRtree(polygons).query(shapely.point_on_surface(faces), predicate="intersects")
    np.maximum.at(face_m, face, heights[polygon])
    ends, index = shapely.get_coordinates(noded, return_index=True)
    same = index[1:] == index[:-1]
    pieces = np.hstack([ends[:-1][same], ends[1:][same]])
    piece_m = _line_heights(pieces, lines, line_m)
    # a line inside a building that is as high hides nothing more
    middles = shapely.points((pieces[:, :2] + pieces[:, 2:]) / 2)
    piece, roof = STRtree(polygons).query(middles, predicate="within")
    piece_m[piece[heights[roof] >= piece_m[piece]]] = 0.0
    return faces, face_m, pieces[piece_m > 0], piece_m[piece_m > 0]


def _line_heights(pieces: Floats, lines: Shapes, line_m: Floats) -> Floats:
    """Return the height of the highest line that each straight piece (k, 4) lies on; 0 where there is none."""
    heights = np.zeros(len(pieces))
    if len(lines) == 0:
        return heights
    start, end = shapely.points(pieces[:, :2]), shapely.points(pieces[:, 2:])
    middle = shapely.points((pieces[:, :2] + pieces[:, 2:]) / 2)
    piece, line = STRtree(lines).query(middle, predicate="dwithin", distance=SNAP_M)
    on = shapely.dwithin(start[piece], lines[line], SNAP_M) & shapely.dwithin(end[piece], lines[line], SNAP_M)
    np.maximum.at(heights, piece[on], line_m[line[on]])
    return heights


def _edges(faces: Shapes) -> tuple[Floats, NDArray[np.int64]]:
    """Return the directed edges (n, 4) of oriented polygons, inside on the left, and whose they are."""
    rings, whose = shapely.get_rings(faces, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    return np.hstack([points[:-1][same], points[1:][same]]), whose[ring[1:][same]]


def _other_side(edges: Floats, top: Floats) -> Floats:
    """Return the height beyond each directed edge: that of the face which has it the other way round, else 0."""
    foot = np.zeros(len(edges))
    back = (edges[:, 0] > edges[:, 2]) | ((edges[:, 0] == edges[:, 2]) & (edges[:, 1] > edges[:, 3]))
    either = np.where(back[:, None], edges[:, [2, 3, 0, 1]], edges)
    order = np.lexsort((back, *either.T))
    same = (either[order][1:] == either[order][:-1]).all(axis=1)
    one, other = order[:-1][same], order[1:][same]
    foot[one], foot[other] = top[other], top[one]
    return foot
