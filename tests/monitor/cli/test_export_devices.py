"""`camkeeper export --kml --geojson --csv` on a real ledger, each file parsed back."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import shapely
from lxml import etree
from tests.monitor.register.messy import config
from tests.monitor.run.township import HOUR_MS, OCTOBER_MS, Story, write
from typer.testing import CliRunner

from camkeeper.cli import app
from camkeeper.config import load
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from camkeeper.register.osm import NOTICE
from camkeeper.run.layers import COLUMNS, area_m2, rows
from camkeeper.run.offline import standing_of

KML = "{http://www.opengis.net/kml/2.2}"
TICK_MS = OCTOBER_MS + 3 * HOUR_MS


@pytest.fixture(name="town")
def _town(tmp_path: Path) -> Path:
    path = tmp_path / "cameras.yaml"
    text = config(4).replace("name: 赵家庄村点位0,", 'name: "=1+1",')
    text = text.replace("azimuth_deg: 90}", "azimuth_deg: 90, tilt_deg: 10}, lens: {hfov_deg: 80, range_m: 40}")
    path.write_text(f"{text}registers: [register.yaml]\n", encoding="utf-8")
    (tmp_path / "register.yaml").write_text(f'notices: ["{NOTICE}"]\n', encoding="utf-8")
    registry = load(path)
    life = Span(start_ms=OCTOBER_MS, end_ms=2**50)
    states = (Status.UP, Status.DOWN, Status.UP, Status.UP)
    stories = tuple(
        Story(device=device, life=life, changes=((OCTOBER_MS, state),))
        for device, state in zip(registry.devices, states, strict=True)
    )
    write(tmp_path / "t.ledger", registry, stories, tick_ms=TICK_MS)
    return path


def run(town: Path, *words: object, code: int = 0) -> str:
    ledger = town.parent / "t.ledger"
    result = CliRunner().invoke(app, ["export", "--config", str(town), "--ledger", str(ledger), *map(str, words)])
    assert result.exit_code == code, result.output
    return result.output


def test_each_file_parses_back_to_the_same_devices(town: Path) -> None:
    kml, geojson, table = (town.parent / name for name in ("d.kml", "d.geojson", "d.csv"))
    said = run(town, "--kml", kml, "--geojson", geojson, "--csv", table)
    assert said.count(NOTICE) == 2
    devices = load(town).device_by_id
    found = json.loads(geojson.read_text(encoding="utf-8"))
    points = {f["id"]: f for f in found["features"] if f["properties"]["kind"] == "camera"}
    fields = {f["properties"]["camera"]: f for f in found["features"] if f["properties"]["kind"] == "viewshed"}
    assert found["attribution"] == NOTICE
    assert points.keys() == fields.keys() == devices.keys()
    for device_id, device in devices.items():
        assert device.mount is not None
        place = points[device_id]["geometry"]["coordinates"]
        assert place == pytest.approx([device.mount.lon_deg, device.mount.lat_deg], abs=1e-8)
        assert points[device_id]["properties"]["status"] == "unknown", "nobody has been looking since"
        assert points[device_id]["properties"]["sees_m2"] > 0
    tree = etree.parse(kml)
    names = [e.text for e in tree.iter(f"{KML}name")]
    assert names.count("=1+1") == 2, "a point and a field of view"
    assert NOTICE in str(tree.findtext(f"{KML}Document/{KML}description"))
    assert len(list(tree.iter(f"{KML}Point"))) == len(devices)
    with table.open(encoding="utf-8-sig", newline="") as opened:
        lines = list(csv.DictReader(opened))
    assert [line["id"] for line in lines] == list(devices)
    assert lines[0]["name"] == "'=1+1"
    assert float(lines[0]["sees_m2"]) == points[lines[0]["id"]]["properties"]["sees_m2"]


def test_states_are_those_of_the_ledger(town: Path) -> None:
    registry = load(town)
    standing = standing_of(town.parent / "t.ledger", registry, wall_ms=TICK_MS, silent_ms=60_000)
    found = list(rows(standing, registry, {}))
    assert [row["status"] for row in found] == ["up", "down", "up", "up"]
    assert all(tuple(row) == COLUMNS for row in found)
    assert {row["sees_m2"] for row in found} == {None}
    assert found[1]["online_month"] == "0.00"


def test_an_area_is_that_of_the_ground() -> None:
    # A hundred metres each way at 33.7 degrees north.
    square = shapely.box(113.7, 33.7, 113.7 + 100 / (111_320 * 0.83195), 33.7 + 100 / 111_320)
    assert area_m2(square) == pytest.approx(10_000, rel=2e-3)
    assert area_m2(shapely.Polygon()) == 0.0


def test_what_cannot_be_done_is_told(town: Path) -> None:
    assert "--month" in run(town, code=2)
    assert "写不了" in run(town, "--csv", town.parent / "nowhere" / "x.csv", code=1)
    (town.parent / "t.ledger").unlink()
    assert "读不了账本" in run(town, "--csv", town.parent / "x.csv", code=1)
