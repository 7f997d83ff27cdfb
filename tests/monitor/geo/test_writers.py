from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from numpy.typing import NDArray
from shapely.geometry import LineString, MultiPoint, MultiPolygon, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from camkeeper.geo import geojson, kml
from camkeeper.geo.feature import Feature

HOLED = Polygon(
    [(113, 33), (113, 34), (114, 34), (114, 33)], [[(113.2, 33.2), (113.4, 33.2), (113.4, 33.4), (113.2, 33.4)]]
)
SHAPES = [HOLED, MultiPolygon([HOLED, box(115, 33, 116, 34)]), LineString([(113, 33), (114, 34)]), Point(113, 33)]
FEATURES = [
    Feature(f"f{at}", shape, {"kind": "viewshed", "name": "村口 <&> \"'", "area_m2": 1.5, "note": None})
    for at, shape in enumerate(SHAPES)
]


def test_geojson_keeps_the_right_hand_rule_and_opens_in_gdal(tmp_path: Path) -> None:
    path = tmp_path / "out.geojson"
    geojson.write(path, FEATURES, {"name": "层", "attribution": "© OSM"})
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["attribution"] == "© OSM"
    outer, inner = document["features"][0]["geometry"]["coordinates"]
    assert shapely.LinearRing(outer).is_ccw
    assert not shapely.LinearRing(inner).is_ccw
    info = pyogrio.read_info(path)
    assert (info["crs"], info["features"]) == ("EPSG:4326", 4)
    _, _, shapes, _ = pyogrio.raw.read(path)
    for written, read in zip(SHAPES, shapely.from_wkb(shapes), strict=True):
        assert read.equals(written)


def test_empty_shapes_are_null_and_nan_is_refused() -> None:
    text = geojson.dumps([Feature("a", Polygon(), {})])
    assert json.loads(text)["features"][0]["geometry"] is None
    with pytest.raises(ValueError, match="Out of range"):
        geojson.dumps([Feature("a", Point(1, 2), {"ratio": float("nan")})])


@given(
    st.lists(st.tuples(st.floats(113, 113.001), st.floats(33, 33.001)), min_size=3, max_size=7),
    st.integers(4, 9),
)
def test_rounding_never_leaves_an_invalid_polygon(corners: list[tuple[float, float]], decimals: int) -> None:
    shape = shapely.make_valid(Polygon(corners))
    if shape.geom_type in {"Polygon", "MultiPolygon"}:
        assert geojson.tidy(shape, decimals).is_valid


def test_kml_opens_in_gdal_and_escapes_names(tmp_path: Path) -> None:
    path = tmp_path / "out.kml"
    kml.write(path, [*FEATURES, Feature("empty", Polygon(), {})], name="一 & <二>")
    info = pyogrio.read_info(path)
    assert (info["crs"], info["features"]) == ("EPSG:4326", 4)
    root = etree.fromstring(path.read_bytes())
    space = {"k": "http://www.opengis.net/kml/2.2"}
    assert root.findtext("k:Document/k:name", namespaces=space) == "一 & <二>"
    assert root.findtext(".//k:Placemark/k:name", namespaces=space) == "村口 <&> \"'"
    assert root.findtext(".//k:Placemark/k:styleUrl", namespaces=space) == "#viewshed"
    assert len(root.findall(".//k:Style", space)) == len(kml.STYLES)
    assert len(root.findall(".//k:MultiGeometry/k:Polygon", space)) == 2


@given(st.text(), st.text())
def test_any_name_makes_well_formed_kml(name: str, value: str) -> None:
    done = kml.dumps([Feature(name, MultiPoint([(1, 2), (3, 4)]), {"name": value, "k\x00ey": value})], name=name)
    assert etree.fromstring(done).tag.endswith("kml")


def test_a_lone_half_of_a_surrogate_pair_is_replaced(tmp_path: Path) -> None:
    odd = [Feature("a\ud800", Point(1, 2), {"name": "\ud800"})]
    kml.write(tmp_path / "a.kml", odd, name="\udfff")
    geojson.write(tmp_path / "a.geojson", odd)
    assert json.loads((tmp_path / "a.geojson").read_text("utf-8"))["features"][0]["id"] == "a?"


def test_a_sliver_that_rounds_to_a_line_fills_no_yard() -> None:
    court = Polygon([(0, 0), (3, 0), (3, 3), (2, 3), (2, 1), (1, 1), (1, 3), (0, 3)])
    sliver = Polygon([(1, 3), (2, 3), (1.5, 3 + 1e-10)])
    written = geojson.tidy(MultiPolygon([court, sliver]), 9)
    assert written.is_valid
    assert written.area == pytest.approx(court.area)


@pytest.mark.parametrize(
    "shape", [box(179.9, 10, 180.1, 11), LineString([(179.9, 10), (180.1, 10.2)]), MultiPoint([(179.9, 1), (180.1, 1)])]
)
def test_what_crosses_the_antimeridian_is_cut_there(shape: BaseGeometry) -> None:
    def wrapped(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([(points[:, 0] + 180) % 360 - 180, points[:, 1]])

    written = geojson.tidy(shapely.transform(shape, wrapped), 9)
    parts = shapely.get_parts(written).tolist()
    assert [round(part.bounds[0], 3) for part in sorted(parts, key=lambda part: part.bounds[0])] == [
        -180.0 if shape.length else -179.9,
        179.9,
    ]
    assert written.area == pytest.approx(shape.area)
    assert written.length == pytest.approx(shape.length + (2 * (shape.area > 0)))
    assert geojson.tidy(written, 9).equals(written)
