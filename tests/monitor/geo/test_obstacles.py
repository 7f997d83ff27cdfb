from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import pyogrio
import pytest
import shapely
from osmium.osm.mutable import Node, Relation, Way
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from camcover.datum import Datum, from_wgs84
from camcover.frame import Frame
from camkeeper.geo import obstacles
from camkeeper.geo.fault import UnreadableError
from camkeeper.model.cover import CoveragePolicy, ObstacleFile

DATA = Path(__file__).parent / "data"
SHARED = Path(__file__).parents[4] / "shared/data/geo"
SQUARE = box(113.94, 33.81, 113.9402, 33.8101)


def write_geojson(path: Path, *features: tuple[Any, dict[str, Any]], **members: Any) -> Path:
    listed = [
        {
            "type": "Feature",
            "properties": said,
            "geometry": json.loads(shapely.to_geojson(shape)) if isinstance(shape, shapely.Geometry) else shape,
        }
        for shape, said in features
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", **members, "features": listed}), encoding="utf-8")
    return path


def test_real_buildings_of_a_village_with_roads_and_cut_outlines() -> None:
    found, told = obstacles.read(DATA / "rural.osm.pbf")
    assert Counter((one.shape.geom_type, one.height_m) for one in found) == {("Polygon", None): 86, ("Polygon", 3.0): 9}
    assert all(one.shape.is_valid for one in found)
    assert [fault.where for fault in told] == ["way 369836430", "way 369836436"]
    assert all(fault.dropped and "incomplete" in fault.en for fault in told)
    roads, _ = obstacles.roads(DATA / "rural.osm.pbf")
    assert len(roads) == 10
    assert {road.shape.geom_type for road in roads} == {"LineString"}


def test_real_buildings_with_a_height_of_nothing() -> None:
    found, told = obstacles.read(DATA / "wuhan.geojson")
    assert len(found) == 40
    assert sum(one.height_m is not None for one in found) == 34
    (fault,) = told
    assert not fault.dropped
    assert str(fault) == (
        "wuhan.geojson: features[25] (id 109358996): height not above 0: 0.0; its height is unknown, so it blocks"
    )
    assert fault.chinese == "wuhan.geojson: features[25] (id 109358996)：height 应大于 0：0.0；按高度未知处理，视为遮挡"


def test_the_policy_gives_what_the_file_does_not() -> None:
    policy = CoveragePolicy(obstacle_height_m=5.0, storey_m=2.5)
    found, _ = obstacles.read(ObstacleFile(path=str(DATA / "rural.osm.pbf")), policy)
    assert Counter(one.height_m for one in found) == {5.0: 86, 2.5: 9}


@pytest.mark.parametrize("name", ["rural.osm.pbf", "wuhan.geojson"])
def test_only_what_meets_the_bounds_is_read(name: str) -> None:
    every, _ = obstacles.read(DATA / name)
    west, south, east, north = shapely.total_bounds([one.shape for one in every])
    bounds = (float(west), float(south), float(west + east) / 2, float(south + north) / 2)
    some, _ = obstacles.read(DATA / name, bounds=bounds)
    assert [one.id for one in some] == [one.id for one in every if _boxes_meet(one.shape.bounds, bounds)]
    assert 0 < len(some) < len(every)
    nothing, told = obstacles.read(DATA / name, bounds=(0.0, 0.0, 1.0, 1.0))
    assert not nothing
    assert all("incomplete" in fault.en for fault in told)


def _boxes_meet(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] <= b[2] and a[2] >= b[0] and a[1] <= b[3] and a[3] >= b[1]


def test_the_whole_extract_in_the_data_folder() -> None:
    path = SHARED / "rural_finland.osm.pbf"
    if not path.is_file():
        pytest.skip("the large extract lies beside the project only where it is developed")
    found, told = obstacles.read(path)
    assert Counter(one.shape.geom_type for one in found) == {"Polygon": 2171, "LineString": 4}
    assert len(told) == 48


def write_pbf(path: Path) -> Path:
    """A courtyard as a multipolygon of two ways, a wall, a hedge with a height, a gate, a road, a motorway."""
    corners = [(0, 0), (4, 0), (4, 4), (0, 4), (1, 1), (3, 1), (3, 3), (1, 3), (6, 0), (6, 4), (8, 0), (8, 4)]
    with osmium.SimpleWriter(str(path)) as out:
        for number, (x, y) in enumerate(corners, start=1):
            out.add_node(Node(id=number, location=(113.94 + x * 1e-4, 33.81 + y * 1e-4)))
        ways: list[tuple[int, list[int], dict[str, str]]] = [
            (1, [1, 2, 3, 4, 1], {}),
            (2, [5, 6, 7, 8, 5], {}),
            (3, [9, 10], {"barrier": "wall", "height": "2,5 m"}),
            (4, [10, 12], {"barrier": "gate"}),
            (5, [11, 12], {"natural": "tree_row"}),
            (6, [9, 11], {"highway": "residential", "name": "村路"}),
            (7, [9, 12], {"highway": "motorway"}),
            (8, [9, 10, 12, 9], {"building": "yes", "height": "tall", "building:levels": "3"}),
            (9, [9, 11, 10, 12, 9], {"building": "no"}),
            (10, [1, 2, 99, 1], {"building": "yes"}),
        ]
        for id_, nodes, tags in ways:
            out.add_way(Way(id=id_, nodes=nodes, tags=tags))
        members = [("w", 1, "outer"), ("w", 2, "inner")]
        out.add_relation(
            Relation(id=1, members=members, tags={"type": "multipolygon", "building": "yes", "height": "7"})
        )
        missing = [("w", 77, "outer")]
        out.add_relation(Relation(id=2, members=missing, tags={"type": "multipolygon", "building": "yes"}))
    return path


def test_osm_keys_say_what_blocks_and_what_is_walked(tmp_path: Path) -> None:
    path = write_pbf(tmp_path / "keys.osm.pbf")
    found, told = obstacles.read(path)
    by_id = {one.id: one for one in found}
    assert set(by_id) == {"relation/1", "way/3", "way/5", "way/8"}
    courtyard = by_id["relation/1"].shape
    assert (courtyard.geom_type, len(courtyard.interiors), by_id["relation/1"].height_m) == ("Polygon", 1, 7.0)
    assert (by_id["way/3"].shape.geom_type, by_id["way/3"].height_m) == ("LineString", 2.5)
    assert by_id["way/8"].height_m == 9.0
    assert {(fault.where, fault.dropped) for fault in told} == {
        ("way 8", False),
        ("way 10", True),
        ("relation 2", True),
    }
    roads, _ = obstacles.roads(path)
    assert [road.id for road in roads] == ["way/6"]


def write_gpkg(path: Path, shapes: list[Any], fields: dict[str, list[Any]], crs: str | None) -> Path:
    pyogrio.raw.write(
        path,
        shapely.to_wkb(np.array(shapes, dtype=object)),
        [np.array(values, dtype=object) for values in fields.values()],
        list(fields),
        layer="buildings",
        crs=crs,
        geometry_type="Unknown",
        promote_to_multi=False,
    )
    return path


def test_a_geopackage_of_any_crs(tmp_path: Path) -> None:
    frame = Frame.around(113.94, 33.81)
    square = frame.to_metric(SQUARE)
    wall = frame.to_metric(LineString([(113.941, 33.81), (113.942, 33.81)]))
    bow_tie = frame.to_metric(Polygon([(113.943, 33.81), (113.944, 33.811), (113.944, 33.81), (113.943, 33.811)]))
    fields: dict[str, list[Any]] = {
        "osm_id": ["a", "b", "c", "d", "e"],
        "height": [6.5, None, None, None, None],
        "other_tags": [None, '"barrier"=>"wall","height"=>"2.2"', None, None, '"highway"=>"residential"'],
    }
    path = write_gpkg(tmp_path / "b.gpkg", [square, wall, bow_tie, Point(0, 0), wall], fields, frame.crs)
    found, told = obstacles.read(path)
    assert [(one.id, one.height_m) for one in found] == [("a", 6.5), ("b", 2.2), ("c", None)]
    assert found[0].shape.equals_exact(SQUARE, 1e-9)
    assert found[2].shape.is_valid
    assert [(fault.where, fault.dropped) for fault in told] == [
        ("layer buildings fid 3", False),
        ("layer buildings fid 4", True),
    ]
    near, _ = obstacles.read(path, bounds=(113.939, 33.809, 113.9405, 33.811))
    assert [one.id for one in near] == ["a"]
    assert [road.id for road in obstacles.roads(path)[0]] == ["e"]


def test_a_geopackage_without_a_crs_or_of_rubbish_is_unreadable(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="crs"):
        lost = write_gpkg(tmp_path / "lost.gpkg", [SQUARE], {"height": [3.0]}, None)
    with pytest.raises(UnreadableError, match="no CRS"):
        obstacles.read(lost)
    rubbish = tmp_path / "rubbish.gpkg"
    rubbish.write_bytes(b"SQLite format 3\x00" + bytes(500))
    with pytest.raises(UnreadableError, match="no readable GeoPackage"):
        obstacles.read(rubbish)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("cut.osm.pbf", (DATA / "rural.osm.pbf").read_bytes()[:2000], "no readable OSM PBF"),
        ("text.osm.pbf", b"not a pbf at all", "no readable OSM PBF"),
        ("text.geojson", b"not json", "is not JSON"),
        ("gbk.geojson", "村".encode("gbk"), "is not UTF-8"),
        ("shape.shp", b"", "of no known format"),
        ("list.geojson", b"[]", "no GeoJSON FeatureCollection"),
        ("none.geojson", b'{"type": "FeatureCollection"}', "no list of features"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=told) as refused:
        obstacles.read(path)
    assert name in refused.value.zh


@pytest.mark.parametrize("name", ["none.geojson", "none.gpkg", "none.osm.pbf"])
def test_a_missing_file_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnreadableError, match="no such file"):
        obstacles.read(tmp_path / name)


def test_bad_features_are_told_one_by_one_and_the_rest_is_read(tmp_path: Path) -> None:
    path = write_geojson(
        tmp_path / "mixed.geojson",
        (SQUARE, {"building": "yes"}),
        (None, {"building": "yes"}),
        (Point(113.94, 33.81), {}),
        ({"type": "Polygon", "coordinates": [[[113, 33], [114, float("nan")], [114, 34]]]}, {}),
        (SQUARE, {"highway": "residential"}),
        (SQUARE, {"kind": "site", "id": "v1"}),
        (MultiPolygon([SQUARE]), {"height": "1e9"}),
    )
    found, told = obstacles.read(path)
    assert [one.id for one in found] == ["features[0]", "features[6]"]
    assert [(fault.where, fault.dropped) for fault in told] == [
        ("features[1]", True),
        ("features[2]", True),
        ("features[3]", True),
        ("features[6]", False),
    ]


def test_a_file_that_states_gcj02_lands_where_it_belongs(tmp_path: Path) -> None:
    moved = shapely.transform(SQUARE, lambda points: from_wgs84(points, Datum.GCJ02))
    path = write_geojson(tmp_path / "gcj.geojson", (moved, {}), datum="gcj02")
    (one,), _ = obstacles.read(path)
    assert one.shape.equals_exact(SQUARE, 1e-7)
