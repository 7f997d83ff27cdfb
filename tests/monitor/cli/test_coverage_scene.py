"""`camkeeper coverage SCENE`: the real command on small scenes, good and bad."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from lxml import etree
from shapely.geometry import LineString, Point, box
from shapely.geometry.base import BaseGeometry
from typer.testing import CliRunner, Result

from camcover.frame import Frame
from camkeeper.cli import app

Json = dict[str, Any]
FRAME = Frame.around(113.94, 33.81)
CORNER = FRAME.to_metric(np.array([[113.94, 33.81]]))[0]


def feature(kind: str, shape: BaseGeometry, **said: Any) -> Json:
    """A shape in metres from the corner."""
    placed = FRAME.to_lonlat(shapely.transform(shape, lambda points: points + CORNER))
    return {"type": "Feature", "properties": {"kind": kind, **said}, "geometry": json.loads(shapely.to_geojson(placed))}


def village() -> list[Json]:
    """A square of 100 m; two cameras that look at each other past a house, a third that is broken."""
    return [
        feature("site", box(0, 0, 100, 100), id="v1", name="一村", target=30),
        feature("obstacle", box(40, 40, 60, 60), height_m=6),
        feature("camera", Point(10, 10), id="c1", azimuth_deg=45, hfov_deg=90, range_m=60, link="p1"),
        feature(
            "camera", Point(90, 90), id="c2", azimuth_deg=225, hfov_deg=90, range_m=60, links=["p1"], ir_range_m=30
        ),
        feature("camera", Point(90, 10), id="c3", azimuth_deg=315, hfov_deg=90, range_m=30, working=False),
        feature("camera", Point(10, 90), id="c4", azimuth_deg=None, hfov_deg=90, range_m=30),
        feature("keyplace", LineString([(0, 20), (100, 20)]), id="r1", type="road", band="seen", target=60),
        feature("keyplace", Point(15, 15), id="j1", type="junction", band="recognition"),
        feature("keyplace", box(80, 20, 90, 30), id="s1", type="school", band="seen"),
    ]


def write(path: Path, features: list[Any], **members: Any) -> Path:
    file = path / "scene.geojson"
    text = json.dumps({"type": "FeatureCollection", **members, "features": features}, ensure_ascii=False)
    file.write_text(text, encoding="utf-8")
    return file


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["coverage", *(str(argument) for argument in arguments)])


def figures(path: Path, *options: object) -> Json:
    done = run(path, "--json", "--trials", 0, *options)
    assert done.exit_code == 0, done.stderr
    found: Json = json.loads(done.stdout)
    return found


def test_figures_of_a_village(tmp_path: Path) -> None:
    found = figures(write(tmp_path, village()), "--if-fails", "p1", "--if-fails", "c3")
    c1, c2, c3, c4 = found["cameras"]
    assert all(camera["valid"] for camera in found["cameras"])
    # a quarter disc of chords of at most a degree, less what lies behind the house
    assert np.pi * 60**2 / 4 - 1500 < c1["area_m2"] < np.pi * 60**2 / 4
    assert c3["area_m2"] == pytest.approx(np.pi * 30**2 / 4, rel=1e-4)
    assert (c4["area_m2"], c4["azimuth_known"], c3["working"]) == (0.0, False, False)
    assert (c1["night_area_m2"], c2["night_area_m2"] > 600) == (0.0, True)
    (site,) = found["sites"]
    assert site["area_m2"] == pytest.approx(10_000, rel=1e-6)
    assert site["ratio"] == pytest.approx(site["covered_m2"] / site["area_m2"])
    assert site["live_m2"] < site["covered_m2"] <= c1["area_m2"] + c2["area_m2"] + c3["area_m2"]
    assert site["blind_m2"] == pytest.approx(site["area_m2"] - site["covered_m2"])
    assert sum(site["k"].values()) == pytest.approx(site["area_m2"], rel=1e-6)
    assert site["k"]["0"] == pytest.approx(site["blind_m2"], rel=1e-6)
    assert site["covered_m2"] < site["open_m2"] < site["area_m2"]
    assert site["open_blind_m2"] == pytest.approx(site["open_m2"] * (1 - site["open_ratio"]))
    assert site["met"] is True
    road, junction, school = found["keyplaces"]
    assert (road["unit"], junction["unit"], school["unit"]) == ("m", "count", "m2")
    assert (junction["seen"], junction["met"]) == (1.0, True)
    assert (school["ratio"], school["live_ratio"], school["met"]) == (
        pytest.approx(1),
        pytest.approx(0, abs=1e-9),
        False,
    )
    pole, broken = found["if_fails"]
    assert pole["cameras"] == ["c1", "c2"]
    assert pole["lost_m2"] == pytest.approx(site["live_m2"], rel=1e-6)
    assert pole["lost_keyplaces"] == ["r1", "j1"]
    assert pole["lost_road_m"] == pytest.approx(road["live"], abs=1e-5)
    assert (broken["cameras"], broken["lost_m2"]) == ([], 0.0)
    assert found["sole"]["c3"] == 0.0
    assert 0 < found["sole"]["c1"] < c1["area_m2"]
    assert (found["crs"], found["standard"], found["lens_model"]) == ("EPSG:4547", "dori", "rectilinear")
    assert len(found["inputs"]) == 64
    assert {taken["key"] for taken in found["assumed"]} >= {"width_px", "lens_model"}
    assert found["faults"] == []


def test_the_same_input_gives_the_same_hash_and_another_does_not(tmp_path: Path) -> None:
    first = figures(write(tmp_path, village()))
    assert figures(write(tmp_path, village()[::-1]))["inputs"] == first["inputs"]
    assert figures(write(tmp_path, village()[:-1]))["inputs"] != first["inputs"]
    assert figures(write(tmp_path, village()), "--night")["inputs"] != first["inputs"]


def test_by_night_only_infrared_sees(tmp_path: Path) -> None:
    day, night = figures(write(tmp_path, village())), figures(write(tmp_path, village()), "--night")
    assert night["night"] is True
    assert night["sites"][0]["ratio"] == night["sites"][0]["night_ratio"] == day["sites"][0]["night_ratio"]
    assert [camera["area_m2"] > 0 for camera in night["cameras"]] == [False, True, False, False]


def test_what_the_file_leaves_open_is_told_with_how_many_cameras_it_concerns(tmp_path: Path) -> None:
    features = village()
    features[2]["properties"] |= {"height_m": 4, "tilt_deg": 10}
    features[3]["properties"] |= {"height_m": 4}
    path = write(tmp_path, [*features, feature("obstacle", box(70, 70, 75, 75))], target_height_m=1.6)
    counts = {taken["key"]: taken["count"] for taken in figures(path)["assumed"]}
    open_ = {key: counts.get(key) for key in ("obstacle_height_m", "height_m", "tilt_deg", "ir_range_m")}
    assert open_ == {"obstacle_height_m": 1, "height_m": 2, "tilt_deg": 1, "ir_range_m": 3}
    told = run(path, "--trials", 0).stdout
    assert "架设高度未知" in told
    assert "tilt unknown: no near blind zone" in told
    assert "目标高度 target height 1.6 m" in told


def test_survey_errors_give_a_band(tmp_path: Path) -> None:
    done = run(write(tmp_path, village()), "--json", "--trials", 30)
    band = json.loads(done.stdout)["sites"][0]["survey"]
    assert band["p5"] < band["p50"] < band["p95"]
    assert band["as_entered"] == pytest.approx(json.loads(done.stdout)["sites"][0]["ratio"])


def test_shapes_come_out_as_geojson_and_kml(tmp_path: Path) -> None:
    path = write(tmp_path, village(), name="村 & <1>", attribution="© OSM")
    found = figures(path, "--geojson", tmp_path / "out.geojson", "--kml", tmp_path / "out.kml")
    document = json.loads((tmp_path / "out.geojson").read_text(encoding="utf-8"))
    assert (document["name"], document["attribution"], "crs" in document) == ("村 & <1>", "© OSM", False)
    kinds = [one["properties"]["kind"] for one in document["features"]]
    assert {"site", "obstacle", "viewshed", "blind", "lost", "keyplace", "camera"} == set(kinds)
    for one in document["features"]:
        shape = shapely.from_geojson(json.dumps(one["geometry"]))
        assert shape.is_valid, one["id"]
        if "area_m2" in one["properties"]:
            assert FRAME.to_metric(shape).area == pytest.approx(one["properties"]["area_m2"], rel=1e-4)
    seen = {
        one["properties"]["camera"]: one["properties"]
        for one in document["features"]
        if one["properties"]["kind"] == "viewshed" and one["properties"]["band"] == "seen"
        if one["properties"]["period"] == "day"
    }
    assert seen["c1"]["area_m2"] == found["cameras"][0]["area_m2"]
    assert [one["properties"]["ratio"] for one in document["features"] if one["properties"]["kind"] == "keyplace"] == [
        place["ratio"] for place in found["keyplaces"]
    ]
    root = etree.fromstring((tmp_path / "out.kml").read_bytes())
    assert len(root.findall(".//{*}Placemark")) == len(document["features"])


def test_people_get_tables_in_both_languages(tmp_path: Path) -> None:
    done = run(write(tmp_path, village(), synthetic=True), "--trials", 0, "--if-fails", "p1")
    assert done.exit_code == 0
    for words in (
        "地点 Sites",
        "重点部位 Key places",
        "摄像机 Cameras",
        "若失效 If it fails",
        "几何为合成数据 synthetic",
    ):
        assert words in done.stdout
    assert "v1 一村" in done.stdout
    assert "方位未知" in done.stdout
    assert "SHA-256" in done.stdout
    assert "1920" in done.stdout


def test_bad_features_are_told_on_stderr_and_in_json_and_the_rest_is_computed(tmp_path: Path) -> None:
    bad = feature("camera", Point(10, 10), id="x", hfov_deg=0, range_m=5)
    bad["properties"]["hfov_deg"] = 0
    path = write(tmp_path, [bad, *village()])
    done = run(path, "--json", "--trials", 0)
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert len(found["cameras"]) == 4
    assert [fault["where"] for fault in found["faults"] if fault["dropped"]] == ["features[0]"]
    assert "scene.geojson: features[0] (id x)：hfov_deg 应在 (0, 360] 内，不是 0；已略过\n" in done.stderr
    assert "scene.geojson: features[0] (id x): hfov_deg wants (0, 360], not 0; left out\n" in done.stderr
    assert "1 features left out" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["none.geojson"], "no such file"),
        (["{scene}", "--if-fails", "p2"], "no camera or link p2 (did you mean p1?)"),
        (["{scene}", "--at", "2026-10-01T00:00:00+08:00"], "a scene has no time"),
        (["{scene}", "--month", "2026-10"], "a scene has no time"),
        (["{scene}", "--geojson", "{tmp}/no/such/folder/out.geojson"], "cannot write"),
        (["{scene}", "--trials", "-1"], "Invalid value for '--trials'"),
        (["--if-fails", "c1"], "name a SCENE.geojson"),
        (["--trials", "5"], "name a SCENE.geojson"),
    ],
)
def test_usage_is_told_with_code_2(tmp_path: Path, arguments: list[str], told: str) -> None:
    path = write(tmp_path, village())
    done = run(*(argument.format(scene=path, tmp=tmp_path) for argument in arguments))
    assert done.exit_code == 2
    assert told in re.sub(r"\x1b\[[0-9;]*m", "", done.stderr)


@pytest.mark.parametrize(
    "features", [[], village()[2:3], village()[:1], village()[6:]], ids=["none", "camera", "site", "places"]
)
def test_scenes_without_this_or_that_have_figures_too(tmp_path: Path, features: list[Json]) -> None:
    path = write(tmp_path, features)
    done = run(path, "--json", "--trials", 3, "--geojson", tmp_path / "out.geojson", "--kml", tmp_path / "out.kml")
    assert done.exit_code == 0, (done.stderr, done.exception)
    assert run(path, "--trials", 3).exit_code == 0
    assert (tmp_path / "out.kml").stat().st_size > 0


def test_hostile_names_harm_neither_terminal_nor_files(tmp_path: Path) -> None:
    hostile = "\u202e[red]\x1b[2J\ud800"
    features = village()
    for one in features:
        one["properties"]["name"] = one["properties"]["type"] = hostile
        one["properties"]["id"] = f"{one['properties'].get('id', 'o')}{hostile}"
    path = tmp_path / "scene.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "name": hostile, "features": features}), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "camkeeper", "coverage", path, "--trials", "0", "--kml", tmp_path / "o.kml"],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert b"\x1b[2J" not in done.stdout + done.stderr
    assert "\u202e".encode() not in done.stdout + done.stderr
    assert run(path, "--json", "--trials", 0, "--geojson", tmp_path / "o.geojson").exit_code == 0
    etree.parse(tmp_path / "o.kml")
