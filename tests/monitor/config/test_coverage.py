"""What the configuration says of coverage: policy, targets, bands, lenses, obstacles, datums."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camcover.datum import Datum, from_wgs84
from camcover.optics import LensModel
from camkeeper.config import ConfigError, Loaded, load, load_with_warnings, policies, read
from camkeeper.config.diff import diff
from camkeeper.model.cover import AREA, CoveragePolicy, ObstacleFile
from camkeeper.model.place import KeyPlaceType

HERE = Path(__file__).parent
GOOD = HERE / "good.yaml"
REGISTRY = load(GOOD)
HEAD = """\
name: 试验镇
uplinks: [{id: up, name: 上行, beacons: ["10.0.0.1:80"]}]
defaults: {site: {target: 95, timezone: Asia/Shanghai}}
"""
HALF_M = 0.0045


def test_the_policy() -> None:
    assert REGISTRY.coverage == CoveragePolicy(
        name="ours",
        version=2,
        standard="oodpcvs",
        target_height_m=1.6,
        targets={"area": 6000, "road": 9250},
        obstacle_height_m=4.5,
        storey_m=2.9,
    )
    assert REGISTRY.site_by_id["g1"].coverage_targets == {"area": 10000, "junction": 9950}
    assert REGISTRY.site_by_id["v1"].coverage_targets == {}


def test_what_is_not_written_is_built_in() -> None:
    text = f"{HEAD}datum: wgs84\nsites: [{{id: t, name: 镇, kind: town}}]\n"
    registry = read(text.encode(), "x.yaml").registry
    assert (registry.coverage, registry.obstacles) == (CoveragePolicy(), ())


def test_every_layer_can_have_a_target() -> None:
    assert set(policies.LayerTargets.model_fields) == {AREA, *KeyPlaceType}


def test_key_places() -> None:
    exit_, road, _ = REGISTRY.key_places
    assert (exit_.band, exit_.weight) == ("validate", 2.5)
    assert (road.band, road.weight) == ("discern", 1.0)


def test_lenses_and_mounts() -> None:
    lens = REGISTRY.devices[1].lens
    assert lens is not None
    assert (lens.model, lens.vertical_deg, lens.vfov_deg) == (LensModel.FISHEYE, 60, 60)
    assert lens.hfov_deg == pytest.approx(np.degrees(5.37 / 4))  # a fisheye's focal length goes by the angle
    mount = REGISTRY.devices[3].mount
    assert mount is not None
    assert (mount.height_m, mount.tilt_deg) == (None, None)


def test_obstacles_are_found_beside_the_configuration() -> None:
    path = HERE / "good-buildings.geojson"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert REGISTRY.obstacles == (ObstacleFile(path=str(path), attribution="本项目合成", digest=digest),)


def test_a_missing_file_is_told_with_the_folder_looked_in(tmp_path: Path) -> None:
    text = f"{HEAD}datum: wgs84\nsites: [{{id: t, name: 镇, kind: town}}]\nobstacles: [{{path: a/b.geojson}}]\n"
    with pytest.raises(ConfigError) as caught:
        read(text.encode(), str(tmp_path / "x.yaml"))
    assert str(caught.value) == (
        f"{tmp_path}/x.yaml:6: obstacles.0.path: there is no file {tmp_path}/a/b.geojson; "
        "the path begins at this configuration's folder"
    )


def test_a_reload_notices_new_buildings_and_a_new_policy(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    buildings = tmp_path / "b.geojson"
    path.write_text(
        f"{HEAD}datum: wgs84\nsites: [{{id: t, name: 镇, kind: town}}]\nobstacles: [{{path: b.geojson}}]\n",
        encoding="utf-8",
    )
    buildings.write_text("{}", encoding="utf-8")
    before = load(path)
    assert not diff(before, load(path))
    buildings.write_text('{"type": "FeatureCollection"}', encoding="utf-8")
    assert diff(before, load(path)).parts_changed == {"obstacles"}
    assert diff(before, replace(before, coverage=CoveragePolicy(version=2))).policies_changed == {"coverage"}


def test_a_changed_policy_wants_a_name() -> None:
    text = f"{HEAD}datum: wgs84\nsites: [{{id: t, name: 镇, kind: town}}]\n"
    text += "policy: {coverage: {target_height_m: 1.6}}\n"
    (warning,) = read(text.encode(), "x.yaml").warnings
    assert str(warning) == (
        "x.yaml:6: policy.coverage: differs from the built-in default/1; give it a name of its own, so that maps and "
        "reports can say which"
    )


def township(datum: Datum, mounts: Datum, *, stated: str, mounts_stated: str = "", seed: int = 7) -> bytes:
    """Three villages of 800 m, 4 km apart, with ten cameras and a key place each; written in two datums."""
    random = np.random.default_rng(seed)
    lines = [HEAD, f"datum: {stated}\n", mounts_stated, "sites:\n"]
    middles = np.array([(113.80, 33.75), (113.84, 33.75), (113.88, 33.75)])
    for n, middle in enumerate(middles):
        corners = middle + HALF_M * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
        ring = from_wgs84(corners, datum).round(9).tolist()
        lines.append(f"- {{id: v{n}, name: 村, kind: village, boundary: {ring}}}\n")
    lines.append("devices:\n")
    for n, middle in enumerate(middles):
        points = from_wgs84(middle + HALF_M * random.uniform(-1, 1, (10, 2)), mounts).round(9)
        lines += [
            f"- {{id: c{n}-{k}, name: 机, kind: speaker, site: v{n}, address: {{host: 10.0.{n}.{k}}}, "
            f"mount: {{lon_deg: {lon}, lat_deg: {lat}}}}}\n"
            for k, (lon, lat) in enumerate(points, 1)
        ]
    ((lon, lat),) = from_wgs84(middles[:1], datum).round(9).tolist()
    around = [[lon, lat], [round(lon + 0.001, 9), lat], [lon, round(lat + 0.001, 9)]]
    lines += [
        f"key_places:\n- {{id: p, site: v0, type: exit, name: 口, point: [{lon}, {lat}]}}\n",
        f"- {{id: r, site: v0, type: road, name: 路, line: {around}}}\n",
        f"- {{id: q, site: v0, type: pond, name: 塘, polygon: {around}}}\n",
    ]
    return "".join(lines).encode()


def positions(loaded: Loaded) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    registry = loaded.registry
    out = [point for site in registry.sites for point in site.boundary]
    out += [point for place in registry.key_places for point in place.coordinates[:1]]
    out += [(d.mount.lon_deg, d.mount.lat_deg) for d in registry.devices if d.mount is not None]
    return np.array(out)


PLAIN = read(township(Datum.WGS84, Datum.WGS84, stated="wgs84"), "x.yaml")


@pytest.mark.parametrize(
    ("datum", "written"),
    [(Datum.GCJ02, "gcj02"), (Datum.GCJ02, "GCJ-02"), (Datum.BD09, "bd09"), (Datum.CGCS2000, "CGCS2000")],
)
def test_every_datum_becomes_wgs84_as_it_is_read(datum: Datum, written: str) -> None:
    loaded = read(township(datum, datum, stated=written), "x.yaml")
    assert loaded.warnings == ()
    assert np.abs(positions(loaded) - positions(PLAIN)).max() < 1e-8  # a millimetre


def test_mounts_may_have_a_datum_of_their_own() -> None:
    data = township(Datum.WGS84, Datum.GCJ02, stated="wgs84", mounts_stated="mounts_datum: gcj02\n")
    loaded = read(data, "x.yaml")
    assert loaded.warnings == ()
    assert np.abs(positions(loaded) - positions(PLAIN)).max() < 1e-8


def test_a_batch_in_another_datum_is_told_once() -> None:
    (warning,) = read(township(Datum.WGS84, Datum.GCJ02, stated="wgs84"), "x.yaml").warnings
    assert str(warning) == (
        "x.yaml:4: datum: only 9 of 30 mounts lie inside their site's boundary; read as gcj02 30 would, some 572 m "
        "away. If they come from Amap or Tencent, write mounts_datum: gcj02"
    )
    assert warning.chinese == (
        "x.yaml:4: datum：30 个安装位置中只有 9 个在本地点边界之内；若按 gcj02 读则有 30 个，整体相差约 572 米。"
        "若点位取自高德、腾讯地图，请写 mounts_datum: gcj02"
    )


def test_a_batch_converted_once_too_often_is_told() -> None:
    data = township(Datum.WGS84, Datum.WGS84, stated="wgs84", mounts_stated="mounts_datum: bd09\n")
    (warning,) = read(data, "x.yaml").warnings
    assert warning.path == "mounts_datum"
    assert warning.line == 5
    assert "read as wgs84 30 would" in warning.en


@given(seed=st.integers(0, 50), datum=st.sampled_from(Datum))
def test_what_is_stated_rightly_is_left_alone(seed: int, datum: Datum) -> None:
    assert read(township(datum, datum, stated=datum, seed=seed), "x.yaml").warnings == ()


def test_single_strays_are_told_one_by_one() -> None:
    text = township(Datum.WGS84, Datum.WGS84, stated="wgs84").decode()
    lines = text.splitlines(keepends=True)
    devices = [n for n, line in enumerate(lines) if "kind: speaker" in line]
    for n in devices[:3]:
        lines[n] = lines[n].replace("lat_deg: 33", "lat_deg: 34")
    warnings = read("".join(lines).encode(), "x.yaml").warnings
    assert [w.line for w in warnings] == [n + 1 for n in devices[:3]]
    assert all("outside the boundary" in w.en for w in warnings)


def test_the_example_of_all_keys_is_without_warnings() -> None:
    assert load_with_warnings(GOOD).warnings == ()
