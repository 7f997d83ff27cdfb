from __future__ import annotations

import json
import re
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from camkeeper.geo.fault import BadValueError
from camkeeper.geo.shape import mended, shape_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)
LONLAT = st.tuples(st.floats(113.0, 113.01), st.floats(33.0, 33.01)).map(list)
TYPES = st.sampled_from(["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "Circle"])


def geometry(kind: str, coordinates: Any) -> dict[str, Any]:
    return {"type": kind, "coordinates": coordinates}


@given(st.one_of(JSON, st.builds(geometry, TYPES, JSON), st.builds(geometry, TYPES, st.lists(JSON, max_size=5))))
def test_any_value_is_a_shape_or_told(value: Any) -> None:
    try:
        shape, _ = mended(shape_of(value))
    except BadValueError:
        return
    assert shape.is_valid


@given(st.lists(LONLAT, min_size=3, max_size=8))
def test_any_ring_becomes_a_valid_polygon_or_is_told(ring: list[list[float]]) -> None:
    try:
        shape, repaired = mended(shape_of(geometry("Polygon", [ring])))
    except BadValueError:
        return
    assert shape.is_valid
    assert shape.area > 0
    assert shape.geom_type in {"Polygon", "MultiPolygon"}
    assert repaired or shape.geom_type == "Polygon"


@given(st.lists(st.lists(LONLAT, min_size=2, max_size=4), min_size=1, max_size=3))
def test_what_shapely_writes_is_read_again(lines: list[list[list[float]]]) -> None:
    written = shapely.MultiLineString(lines)
    assert shape_of(json.loads(shapely.to_geojson(written))).equals_exact(written, 0)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "has no geometry"),
        ([], "the geometry is no object"),
        (geometry("Circle", [1, 2]), "geometry type wants one of"),
        ({"type": ["Point"], "coordinates": [1, 2]}, "geometry type wants one of"),
        (geometry("GeometryCollection", [[1, 2]]), "geometry type wants one of"),
        (geometry("Point", None), "has no list of coordinates"),
        (geometry("Point", []), "the geometry is empty"),
        (geometry("Polygon", [[]]), "fewer than 3 positions"),
        (geometry("Polygon", [[[1, 2], [3, 4], [1, 2]]]), "a ring of fewer than 3 corners"),
        (geometry("Point", ["113", "33"]), "a coordinate is no number"),
        (geometry("Point", [True, 33.0]), "a coordinate is no number"),
        (geometry("Point", [float("nan"), 33.0]), "a coordinate is not finite"),
        (geometry("Point", [1e999, 33.0]), "a coordinate is not finite"),
        (geometry("Point", [10**400, 33]), "not on this globe"),
        (geometry("Point", [33.8, 113.9]), "swapped?"),
        (geometry("Point", [500, 500]), "not on this globe"),
        (geometry("Point", [[113.0, 33.0]]), "a position is"),
        (geometry("LineString", [[113.0, 33.0]]), "fewer than 2 positions"),
        (geometry("LineString", [113.0, 33.0]), "a position is"),
        (geometry("LineString", [[113, 33], [113, 33]]), "the line has no length"),
        (geometry("Polygon", [[[113, 33], [114, 34], [115, 35]]]), "the geometry has no area"),
    ],
)
def test_hostile_geometries_are_told(value: Any, told: str) -> None:
    with pytest.raises(BadValueError, match=re.escape(told)):
        mended(shape_of(value))


def test_a_bow_tie_is_repaired_and_an_open_ring_closed() -> None:
    bow_tie = geometry("Polygon", [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]])
    shape, repaired = mended(shape_of(bow_tie))
    assert (shape.geom_type, shape.area, repaired) == ("MultiPolygon", 0.5, True)
    shape, repaired = mended(shape_of(geometry("Polygon", [[[0, 0], [1, 0], [1, 1]]])))
    assert (shape.area, repaired) == (0.5, False)


def test_heights_of_positions_are_left_out() -> None:
    assert not shape_of(geometry("Point", [113.0, 33.0, 77.5])).has_z
