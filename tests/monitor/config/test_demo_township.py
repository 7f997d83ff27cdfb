"""The demo township is what it says it is, and exactly what its script writes."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from shapely import union_all
from shapely.geometry import Polygon, shape

from camcover.frame import Frame
from camkeeper.config import load_with_warnings
from camkeeper.model.equipment import DeviceKind, LinkKind
from camkeeper.model.place import KeyPlaceType, SiteKind
from camkeeper.model.registry import Registry

ROOT = Path(__file__).parents[3]
CONFIG = ROOT / "config" / "cameras.yaml"
BUILDINGS = ROOT / "config" / "daguo-buildings.geojson"
FRAME = Frame.around(113.85, 33.80)


@pytest.fixture(name="registry", scope="module")
def _registry() -> Registry:
    loaded = load_with_warnings(CONFIG)
    assert loaded.warnings == ()
    return loaded.registry


@pytest.mark.parametrize(("words", "path"), [((), CONFIG), (("--buildings",), BUILDINGS)])
def test_the_files_are_what_the_script_writes(words: tuple[str, ...], path: Path, tmp_path: Path) -> None:
    script = ROOT / "scripts" / "demo_township.py"
    done = subprocess.run([sys.executable, script, *words], cwd=tmp_path, capture_output=True, check=True, timeout=60)
    assert done.stdout == path.read_bytes()


def test_27_real_villages(registry: Registry) -> None:
    with (ROOT / "scripts" / "data" / "daguo_villages.csv").open(encoding="utf-8", newline="") as file:
        real = {row["code"]: row["name"] for row in csv.DictReader(file)}
    villages = [s for s in registry.sites if s.kind is SiteKind.VILLAGE]
    assert len(villages) == 27
    assert {s.code: s.name for s in villages} == real
    assert {s.target_bp for s in villages} == {9500}
    assert registry.synthetic_geometry


def test_144_cameras_and_the_rest(registry: Registry) -> None:
    kinds = Counter(d.kind for d in registry.devices)
    assert sum(d.kind.has_picture for d in registry.devices) == 144
    assert kinds[DeviceKind.PTZ] == 16
    assert kinds[DeviceKind.CAMERA] + kinds[DeviceKind.CHECKPOINT] == 128
    assert (kinds[DeviceKind.SPEAKER], kinds[DeviceKind.TRANSCEIVER], kinds[DeviceKind.SWITCH]) == (39, 27, 8)
    assert {s.kind for s in registry.sites} == set(SiteKind)
    assert {p.type for p in registry.key_places} == set(KeyPlaceType)
    assert {p.shape for p in registry.key_places} == {"point", "line", "polygon"}


def test_every_village_sees_something(registry: Registry) -> None:
    for site in registry.sites:
        if site.kind is SiteKind.VILLAGE:
            assert sum(d.kind.has_picture for d in registry.devices_in(site.id)) >= 4


def test_everything_hangs_on_a_line_that_an_uplink_watches(registry: Registry) -> None:
    watched = {line for uplink in registry.uplinks for line in uplink.line_ids}
    for device in registry.devices:
        line = registry.line_of(device)
        assert line is not None
        assert line.id in watched
    lines = [link for link in registry.links if link.kind is LinkKind.OPERATOR_LINE]
    assert {link.id for link in lines} == watched
    poles = Counter(d.link_id for d in registry.devices if d.kind.has_picture)
    assert set(poles.values()) <= {1, 2, 3, 4}
    assert set(poles) == {link.id for link in registry.links if link.kind is LinkKind.POLE}


def test_addresses_are_loopback(registry: Registry) -> None:
    assert all(d.address.host.startswith("127.64.") for d in registry.devices)
    assert {d.address.port for d in registry.devices if d.kind.has_picture} == {18080}
    assert {d.address.snapshot_port for d in registry.devices} == {None, 18081}


def test_villages_cover_the_town_without_overlap(registry: Registry) -> None:
    villages = [Polygon(s.boundary) for s in registry.sites if s.kind is SiteKind.VILLAGE]
    town = Polygon(registry.site_by_id["daguo"].boundary)
    assert union_all(villages).symmetric_difference(town).area < 1e-15
    assert sum(v.area for v in villages) == pytest.approx(town.area, rel=1e-12)


@pytest.fixture(name="features", scope="module")
def _features() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(BUILDINGS.read_text(encoding="utf-8"))["features"]
    return found


def metric(features: list[dict[str, Any]]) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    return FRAME.to_metric(np.array([shape(f["geometry"]) for f in features], dtype=object))


def test_every_village_has_a_settlement(registry: Registry, features: list[dict[str, Any]]) -> None:
    assert BUILDINGS.stat().st_size < 900_000
    assert [o.path for o in registry.obstacles] == [str(BUILDINGS)]
    assert len({f["id"] for f in features}) == len(features)
    villages = {s.id: FRAME.to_metric(Polygon(s.boundary)) for s in registry.sites if s.kind is SiteKind.VILLAGE}
    for id_, group in groupby(features, key=lambda f: str(f["id"]).split("-")[0]):
        found = [f for f in group if "building" in f["properties"]]
        assert len(found) > 50
        assert shapely.within(metric(found), villages.pop(id_)).all()
    assert not villages


def test_buildings_are_plausible(features: list[dict[str, Any]]) -> None:
    buildings = [f for f in features if "building" in f["properties"]]
    shapes = metric(buildings)
    assert shapely.is_valid(shapes).all()
    assert 25 < shapely.area(shapes).min() < shapely.area(shapes).max() < 1000
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    assert (first == second).all()  # no two overlap or touch
    corners = Counter(shapely.get_num_coordinates(shapes).tolist())
    assert {5, 7, 9} <= corners.keys()  # rectangles, L and U
    heights = [float(f["properties"]["height"]) for f in buildings if "height" in f["properties"]]
    assert 3 <= min(heights) < 4 < max(heights) < 8
    noted = Counter(
        "height" if "height" in f["properties"] else "levels" if "building:levels" in f["properties"] else "none"
        for f in buildings
    )
    assert all(share > len(buildings) / 10 for share in noted.values())
    kinds = {key for f in features for key in f["properties"]}
    assert {"building", "barrier", "natural", "highway", "height", "building:levels"} == kinds


def test_one_camera_in_a_house_and_one_pole_on_a_roof(registry: Registry, features: list[dict[str, Any]]) -> None:
    buildings = [f for f in features if "building" in f["properties"]]
    cameras = [d for d in registry.devices if d.mount is not None]
    points = FRAME.to_metric(
        np.array(
            [shapely.Point(d.mount.lon_deg, d.mount.lat_deg) for d in cameras if d.mount is not None], dtype=object
        )
    )
    hit, _ = shapely.STRtree(metric(buildings)).query(points, predicate="intersects").tolist()
    assert sorted(cameras[k].id for k in hit) == ["dg08-cam-04", "dg20-cam-01", "dg20-ptz-01"]


def test_no_building_on_a_point_or_street_that_must_be_seen(registry: Registry, features: list[dict[str, Any]]) -> None:
    buildings = metric([f for f in features if "building" in f["properties"]])
    wanted = [shapely.Point(p.coordinates[0]) for p in registry.key_places if p.shape == "point"]
    wanted += [shapely.LineString(p.coordinates) for p in registry.key_places if p.shape == "line"]
    metric_wanted = FRAME.to_metric(np.array(wanted, dtype=object))
    assert shapely.STRtree(buildings).query(metric_wanted, predicate="dwithin", distance=2.5).size == 0


def test_targets_by_place(registry: Registry) -> None:
    policy = registry.coverage
    assert (policy.id, policy.standard, policy.obstacle_height_m) == ("daguo/1", "dori", 4.5)
    assert (policy.targets["junction"], policy.targets["road"]) == (10_000, 2_500)
    assert registry.site_by_id["dg01-school"].coverage_targets["area"] == 10_000
