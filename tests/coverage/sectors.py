"""Scenes of plain sectors and discs, coarse on purpose: shared edges, shared corners and equal fields are common."""

from __future__ import annotations

from math import cos, radians, sin

import numpy as np
import shapely
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from camcover.overlay import Overlay, Place

EAST_M, NORTH_M = 460_000.0, 3_740_000.0
"""Where such coordinates lie in EPSG:4547: a float keeps 5e-10 m of the northing."""
SIDE_M = 200


def sector(x_m: float, y_m: float, azimuth_deg: float, hfov_deg: float, range_m: float) -> BaseGeometry:
    """Return a sector, or a disc where `hfov_deg` is 360, with a vertex every 5 degrees or less."""
    if hfov_deg >= 360:
        return shapely.Point(x_m, y_m).buffer(range_m, quad_segs=16)
    bearings = azimuth_deg + np.linspace(-hfov_deg / 2, hfov_deg / 2, int(hfov_deg / 5) + 2)
    arc = [(x_m + range_m * sin(radians(one)), y_m + range_m * cos(radians(one))) for one in bearings]
    return shapely.Polygon([(x_m, y_m), *arc])


def column(shapes: list[BaseGeometry]) -> NDArray[np.object_]:
    out = np.empty(len(shapes), dtype=np.object_)
    out[:] = shapes
    return out


_metres = st.integers(0, SIDE_M // 5).map(lambda steps: steps * 5)


@st.composite
def sectors(draw: st.DrawFn) -> BaseGeometry:
    if draw(st.integers(0, 9)) == 0:
        return shapely.Polygon()  # a camera whose azimuth nobody noted
    return sector(
        EAST_M + draw(_metres),
        NORTH_M + draw(_metres),
        draw(st.integers(0, 23)) * 15,
        draw(st.sampled_from([30, 60, 90, 120, 360])),
        draw(st.sampled_from([10, 30, 50, 90])),
    )


@st.composite
def places(draw: st.DrawFn) -> list[Place]:
    """The village, and key places of every kind inside and at its edge."""
    spots = st.tuples(_metres, _metres).map(lambda at: (EAST_M + at[0], NORTH_M + at[1]))
    village = shapely.box(EAST_M, NORTH_M, EAST_M + SIDE_M, NORTH_M + SIDE_M)
    ponds = [shapely.Point(one).buffer(draw(st.sampled_from([5, 20]))) for one in draw(st.lists(spots, max_size=2))]
    lines = [shapely.LineString(one) for one in draw(st.lists(st.lists(spots, min_size=2, max_size=5), max_size=2))]
    points = [shapely.Point(one) for one in draw(st.lists(spots, max_size=2))]
    several = [shapely.MultiPoint(draw(st.lists(spots, min_size=1, max_size=4, unique=True)))]
    shapes = [village, *ponds, *(one for one in lines if one.length > 0), *points, *several]
    weights = draw(st.lists(st.sampled_from([0.0, 1.0, 2.5]), min_size=len(shapes), max_size=len(shapes)))
    return [
        Place(id=f"place-{number}", layer=f"layer-{number % 3}", shape=shape, weight=weight)
        for number, (shape, weight) in enumerate(zip(shapes, weights, strict=True))
    ]


@st.composite
def scenes(draw: st.DrawFn, max_cameras: int = 7) -> tuple[Overlay, NDArray[np.object_]]:
    """An overlay, and the fields that it was built from."""
    fields = column(draw(st.lists(sectors(), max_size=max_cameras)))
    ids = [f"camera-{number}" for number in range(len(fields))]
    return Overlay.build(draw(places()), ids, {"seen": fields}), fields


def sets_of(overlay: Overlay) -> st.SearchStrategy[NDArray[np.bool_]]:
    """Sets of cameras of an overlay."""
    count = len(overlay.camera_ids)
    return st.lists(st.booleans(), min_size=count, max_size=count).map(lambda one: np.array(one, dtype=np.bool_))
