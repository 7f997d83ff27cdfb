"""`camkeeper plan` as people call it, on a made-up hamlet."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely.geometry import shape
from tests.coverage import hamlet
from tests.monitor.cli.scene_of_hamlet import FRAME, write
from typer.testing import CliRunner

from camkeeper.cli import app

COMMAND = Path(sys.executable).with_name("camkeeper")
AWAY = {"甲": 200.0, "乙": 10.0, "丙": 300.0, "丁": None}


def plan(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(COMMAND), "plan", *map(str, words)],
        capture_output=True,
        check=False,
        timeout=60,
        encoding="utf-8",
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
    )


@cache
def planned(*words: str | Path) -> dict[str, Any]:
    """Return the figures, in this process: starting a new one costs more than most plans."""
    found = CliRunner().invoke(app, ["plan", *map(str, words), "--json"])
    assert found.exit_code == 0, (found.stderr, found.exception)
    figures: dict[str, Any] = json.loads(found.stdout)
    return figures


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("scene") / "hamlet.geojson", cameras=AWAY)


def test_people_read_turns_then_posts_then_the_walk(scene: Path) -> None:
    found = plan(scene, "--patrol", "--posts", "2", "--target", "100")
    assert found.returncode == 0, found.stderr
    heads = ["一、先转向 First turn", "二、再新立 Then put up", "三、逐项 Place by place", "盲区巡逻 Patrol"]
    at = [found.stdout.index(head) for head in heads]
    assert at == sorted(at)
    assert "方位未知，先去现场看 azimuth unknown, look first: 丁" in found.stdout
    assert "合成数据 synthetic" in found.stdout
    assert "同样多的新机最多看见" in found.stdout
    assert "第 1 轮 round 1:" in found.stdout
    assert "目标达不到" in found.stdout
    assert "没有 azimuth_deg" in found.stderr
    assert max(map(len, found.stdout.splitlines())) <= 120


def test_places_that_change_are_told_first_and_the_rest_are_counted(scene: Path) -> None:
    figures = planned(scene, "--posts", "1")
    few, every = plan(scene, "--posts", "1").stdout, plan(scene, "--posts", "1", "--all").stdout
    table = few[few.index("三、逐项") :]
    ids = [place["id"] for place in figures["places"]]
    changed = {place["id"] for place in figures["places"] if place["after"] > place["before"]}
    told = [one for one in ids if f"│ {one} " in table]
    assert changed <= set(told)
    left = len(ids) - len(told)
    assert (f"另有 {left} 处未列" in few) == (left > 0)
    assert all(f"│ {one} " in every for one in ids)
    assert "未列" not in every


def test_a_large_town_is_sampled_more_coarsely(tmp_path: Path) -> None:
    corners = [[113.90, 33.75], [114.00, 33.75], [114.00, 33.84], [113.90, 33.84], [113.90, 33.75]]
    site = {"type": "Polygon", "coordinates": [corners]}
    road = {"type": "LineString", "coordinates": [[113.90, 33.75], [114.00, 33.84]] * 10}
    features = [
        {"type": "Feature", "geometry": site, "properties": {"kind": "site", "id": "town"}},
        {"type": "Feature", "geometry": road, "properties": {"kind": "keyplace", "id": "road", "type": "road"}},
    ]
    path = tmp_path / "town.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    figures = planned(path, "--posts", "0")
    assert figures["elements"] <= 81_000
    assert figures["cell_m"] > 40
    assert figures["step_m"] > 2
    told = plan(path, "--posts", "0").stdout
    assert f"{figures['cell_m']:.1f} m × {figures['step_m']:.1f} m" in told


def test_figures_hang_together(scene: Path) -> None:
    figures = planned(scene, "--posts", "3", "--patrol")
    assert figures["turns"][0]["camera"] == "甲"
    assert figures["azimuth_unknown"] == ["丁"]
    assert 0 < figures["before"] < figures["turned"] < figures["after"] <= 1
    assert figures["turned"] == pytest.approx(figures["before"] + sum(turn["gain"] for turn in figures["turns"]))
    assert figures["after"] == pytest.approx(figures["turned"] + sum(post["gain"] for post in figures["posts"]))
    assert len(figures["posts"]) == 3
    assert all(post["after"] <= post["bound"] <= 1 for post in figures["posts"])
    assert figures["guarantee"] == pytest.approx(0.632, abs=1e-3)
    places = {place["id"]: place for place in figures["places"]}
    ground = hamlet.AREA.difference(shapely.union_all([house.shape for house in hamlet.houses()]))
    assert places["hamlet"]["total"] == pytest.approx(ground.area, rel=1e-4)
    assert (places["crossing"]["unit"], places["lane"]["unit"]) == ("count", "m")
    for place in places.values():
        assert 0 <= place["before"] <= place["total"] * (1 + 1e-9)
        assert place["turned"] <= place["after"] <= place["total"] * (1 + 1e-9)
    (walk,) = figures["patrols"]
    numbers = [stop["number"] for one in walk["rounds"] for stop in one["stops"]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert walk["by_road"]


def test_the_same_scene_gives_the_same_plan(scene: Path) -> None:
    assert planned(scene, "--posts", "1") == json.loads(plan(scene, "--posts", "1", "--json").stdout)


def test_a_target_is_told_with_what_it_needs_at_least(scene: Path) -> None:
    near = planned(scene, "--target", "75")
    assert near["reached"] is True
    assert near["after"] >= 0.75
    assert 1 <= near["at_least"] <= len(near["posts"])
    never = planned(scene, "--target", "100", "--posts", "1")
    assert (never["reached"], never["at_least"]) == (False, None)


def test_exact_says_how_sure_it_is(scene: Path) -> None:
    figures = planned(scene, "--posts", "1", "--exact")
    assert figures["exact"]["proven"] is True
    assert figures["posts"][0]["after"] == pytest.approx(figures["posts"][0]["bound"])


def test_by_night_less_is_seen(scene: Path) -> None:
    day, night = planned(scene, "--posts", "1"), planned(scene, "--posts", "1", "--night")
    assert night["after"] < day["after"]


def test_shapes_open_in_a_gis(scene: Path, tmp_path: Path) -> None:
    out = tmp_path / "plan.geojson"
    figures = planned(scene, "--posts", "2", "--patrol", "--geojson", out)
    collection = json.loads(out.read_text(encoding="utf-8"))
    kinds = [feature["properties"]["kind"] for feature in collection["features"]]
    assert kinds.count("turn") == len(figures["turns"])
    assert kinds.count("post") == 2
    stops = [feature for feature in collection["features"] if feature["properties"]["kind"] == "stop"]
    assert len(stops) == sum(len(one["stops"]) for one in figures["patrols"][0]["rounds"])
    (site,) = [
        one["geometry"] for one in json.loads(scene.read_text())["features"] if one["properties"]["kind"] == "site"
    ]
    around = shape(site).buffer(1e-6)
    assert all(around.contains(shape(feature["geometry"])) for feature in stops)
    assert collection["synthetic"] is True


def test_a_patrol_starts_where_it_is_told(scene: Path) -> None:
    lon, lat = FRAME.to_lonlat(shapely.Point(*FRAME.to_metric(shapely.Point(113.94, 33.81)).coords[0])).coords[0]
    figures = planned(scene, "--posts", "0", "--patrol", "--start", f"{lon},{lat}", "--walk", "400")
    rounds = figures["patrols"][0]["rounds"]
    assert len(rounds) > 1
    assert all(one["length_m"] <= 400 or one["over_budget"] for one in rounds)
    assert [one["weight"] for one in rounds] == sorted((one["weight"] for one in rounds), reverse=True)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--like", "戊"), "no camera 戊"),
        (("--start", "here"), "must be LON,LAT"),
        (("--start", "500,1"), "must be LON,LAT"),
        (("--geojson", "/nowhere/out.geojson"), "cannot write"),
    ],
)
def test_what_cannot_be_done_is_told(scene: Path, words: tuple[str, ...], says: str) -> None:
    found = plan(scene, "--posts", "0", *words)
    assert found.returncode == 2
    assert "错误：" in found.stderr
    assert says in found.stderr
    assert "Traceback" not in found.stderr
    assert found.stdout == ""


def test_a_scene_without_places_or_that_is_none_is_told(tmp_path: Path) -> None:
    empty = tmp_path / "empty.geojson"
    empty.write_text('{"type": "FeatureCollection", "features": []}', encoding="utf-8")
    for path in (empty, tmp_path / "missing.geojson"):
        found = plan(path)
        assert found.returncode == 2
        assert "\nError: " in found.stderr
        assert "Traceback" not in found.stderr


def test_bad_features_are_left_out_and_told(tmp_path: Path) -> None:
    bad = {"type": "Feature", "geometry": None, "properties": {"kind": "camera", "id": "nowhere"}}
    path = write(tmp_path / "bad.geojson", cameras={"甲": 40.0}, extra=[bad])
    found = plan(path, "--posts", "0")
    assert found.returncode == 1
    assert "略过 1 个要素" in found.stderr
    assert "none is worth turning" in found.stdout or "甲" in found.stdout
