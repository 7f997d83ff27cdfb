"""Registers from elsewhere: an extract of OpenStreetMap in its forms, and devices that answer; one path for all."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.probe.camera import Camera, running
from tests.monitor.register.messy import centre, config
from tests.peers.virtual_camera import virtual_camera
from typer.testing import CliRunner

from camkeeper.cli import app
from camkeeper.clock import SystemClock
from camkeeper.config import load
from camkeeper.probe.discovery import Found
from camkeeper.probe.sweep import hosts_of, networks_of, sweep
from camkeeper.register.found import sheet_of_found
from camkeeper.register.handed import handed
from camkeeper.register.known import Known
from camkeeper.register.osm import NOTICE, sheet_of_osm
from camkeeper.register.reading import UnreadableRegister, sheets_of

WATCH = {"man_made": "surveillance", "surveillance:type": "camera"}


@pytest.fixture(name="town")
def _town(tmp_path: Path) -> Path:
    path = tmp_path / "cameras.yaml"
    path.write_text(config(20), encoding="utf-8")
    return path


def near(town: Path, device_id: str, metres: float) -> dict[str, float]:
    mount = load(town).device_by_id[device_id].mount
    assert mount is not None
    return {"lon": mount.lon_deg, "lat": mount.lat_deg + metres / 111_320}


def elements(town: Path) -> list[dict[str, Any]]:
    """Return an extract: one enrolled camera six metres off, one of village 3, a guard and a bench."""
    x, y = centre(3)
    aim = {"camera:direction": "SW", "height": "6 m", "operator": "某某科技有限公司", "camera:type": "fixed"}
    return [
        {"type": "node", "id": 11, **near(town, "c-00001", 6.0), "tags": {**WATCH, **aim, "name": "别名"}},
        {"type": "node", "id": 12, "lon": x, "lat": y, "tags": {**WATCH, "camera:type": "panning", "direction": "30"}},
        {"type": "node", "id": 13, "lon": x, "lat": y, "tags": {**WATCH, "surveillance:type": "guard"}},
        {"type": "node", "id": 14, "lon": x, "lat": y, "tags": {"amenity": "bench"}},
    ]


def as_overpass(things: list[dict[str, Any]]) -> bytes:
    return json.dumps({"version": 0.6, "elements": things}).encode()


def as_geojson(things: list[dict[str, Any]]) -> bytes:
    features = [
        {
            "type": "Feature",
            "id": f"node/{t['id']}",
            "geometry": {"type": "Point", "coordinates": [t["lon"], t["lat"]]},
            "properties": t["tags"],
        }
        for t in things
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def as_xml(things: list[dict[str, Any]]) -> bytes:
    nodes = "".join(
        f'<node id="{t["id"]}" version="1" lat="{t["lat"]!r}" lon="{t["lon"]!r}">'
        + "".join(f'<tag k="{k}" v="{v}"/>' for k, v in t["tags"].items())
        + "</node>"
        for t in things
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><osm version="0.6">{nodes}</osm>'.encode()


def run(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["import", *map(str, words)])
    return result.exit_code, result.output


def told(*words: object) -> dict[str, Any]:
    result = CliRunner().invoke(app, ["import", *map(str, words), "--json"])
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.mark.parametrize(("name", "form"), [("a.osm", as_xml), ("a.osm.json", as_overpass), ("a.geojson", as_geojson)])
def test_an_extract_says_the_same_in_each_form(town: Path, name: str, form: Any) -> None:
    known = Known(registry=load(town))
    found = handed(form(elements(town)), name, known)
    assert found.notices == (NOTICE,)
    (sheet,) = found.sheets
    heads, enrolled, new = sheet.rows
    row = dict(zip(heads, enrolled, strict=True))
    assert (row["设备编号"], row["方位角"], row["安装高度(米)"]) == ("c-00001", "225", "6")
    assert row["维保单位"] == "某某科技有限公司"
    assert (row["设备名称"], row["经度(WGS-84)"]) == ("", ""), "what was surveyed is not mapped over"
    row = dict(zip(heads, new, strict=True))
    assert (row["设备编号"], row["设备类型"], row["所属村"], row["方位角"]) == ("osm-node-12", "ptz", "v03", "30")


def test_from_an_extract_to_the_register_and_back(town: Path) -> None:
    before = town.read_bytes()
    file, table = town.parent / "a.osm", town.parent / "rows.csv"
    file.write_bytes(as_xml(elements(town)))
    found = told("--osm", file, "--config", town, "--rows-to", table)
    assert [c["id"] for c in found["changed"]] == ["c-00001"]
    assert [f["what"] for f in found["findings"] if f["weight"] == "error"] == ["missing"], "the map knows no address"
    # Somebody fills in the address that the map does not know.
    with table.open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.reader(opened))
    assert rows[0] == [NOTICE]
    rows[3][rows[1].index("IP地址")] = "10.8.0.9"
    with table.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows(rows)
    assert told("--apply", table, "--config", town)["applied"] == 1
    camera = load(town).device_by_id["osm-node-12"]
    assert (camera.site_id, camera.address.host) == ("v03", "10.8.0.9")
    file.write_bytes(as_xml([{**elements(town)[1], "tags": {**WATCH, "direction": "60"}}]))
    assert told("--osm", file, "--apply", "--config", town)["applied"] == 2, "next year it is known by its own id"
    register = town.parent / "register.yaml"
    assert NOTICE in register.read_text(encoding="utf-8")
    assert run("export", town.parent / "o.xlsx", "--config", town)[0] == 0
    sources = sheets_of((town.parent / "o.xlsx").read_bytes(), "o.xlsx")[1]
    assert any(NOTICE in row for row in sources.rows)
    for _ in range(2):
        assert run("undo", "--config", town)[0] == 0
    assert town.read_bytes() == before
    assert not register.exists()


def test_a_camera_of_the_map_beside_two_of_ours_is_neither(town: Path) -> None:
    text = town.read_text(encoding="utf-8")
    line = next(at for at in text.splitlines() if "id: c-00001" in at)
    twin = line.replace("c-00001", "c-twin").replace("address: {host: ", "address: {port: 8080, host: ")
    twin = twin[: twin.index(" gb_id")].rstrip(",") + "}" if " gb_id" in twin else twin
    town.write_text(text + twin + "\n", encoding="utf-8")
    known = Known(registry=load(town))
    sheet = sheet_of_osm(as_overpass(elements(town)[:1]), "a.json", known)
    assert sheet.rows[1][0] == "osm-node-11"


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE osm [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b'<osm version="0.6"><node id="1" lat="1" lon="1"><tag k="man_made" v="&b;"/></node></osm>'
)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("broken.xlsx", b"PK\x03\x04 no workbook", "读不了"),
        ("paper.xlsx", b"%PDF-1.7 nothing", "PDF"),
        ("broken.csv", b"\xff\x00\x81\x00" * 20, "既不是"),
        ("empty.csv", b"  \n\n", "空"),
        ("bad.geojson", b'{"type": "FeatureCollection", "features": [', "JSON"),
        ("deep.json", b"[" * 100_000, "JSON"),
        ("laughs.osm", LAUGHS, "OSM"),
    ],
)
def test_what_is_no_register_is_told(name: str, data: bytes, said: str) -> None:
    with pytest.raises(UnreadableRegister) as caught:
        handed(data, name, EMPTY)
    assert said in caught.value.zh
    assert caught.value.en


@given(
    st.binary(max_size=300) | st.text(max_size=200).map(str.encode), st.sampled_from(["x.osm", "x.json", "x.osm.pbf"])
)
def test_any_bytes_are_told(data: bytes, name: str) -> None:
    with pytest.raises(UnreadableRegister):
        handed(data, name, EMPTY)


EMPTY = Known(registry=load(Path(__file__).parents[3] / "config" / "cameras.yaml"))


def test_who_answered_is_a_row_and_who_is_enrolled_is_left_alone(town: Path) -> None:
    known = Known(registry=load(town))
    ours = known.registry.devices[0].address
    found = (
        Found(host=ours.host, port=ours.port, onvif_path="/onvif/device_service", name="IPC", hardware="X"),
        Found(host="10.99.0.7", port=8000, onvif_path="/onvif/svc", hardware="DS-2CD", recorder=True),
    )
    heads, enrolled, new = sheet_of_found(found, known).rows
    assert enrolled[2:7] == ("", "", "", "", "")
    assert dict(zip(heads, new, strict=True))["设备类型"] == "recorder"
    assert new[5] == "", "nobody knows its village"
    assert sheet_of_found(found, known, "v02").rows[2][5] == "v02"
    with pytest.raises(UnreadableRegister):
        sheet_of_found((), known)


async def test_a_sweep_finds_who_speaks_onvif_and_sends_no_password() -> None:
    async with running(Camera()) as camera:
        found = await sweep(["127.0.0.1"], ports=[camera.port], clock=SystemClock(), timeout_s=0.5)
        assert [(f.host, f.port) for f in found if f.port == camera.port] == [("127.0.0.1", camera.port)]
        assert set(camera.asked) == {"GetSystemDateAndTime"}


def test_a_camera_of_other_people_is_found_and_enrolled(town: Path) -> None:
    with virtual_camera(town.parent) as camera:
        asked = ("--discover", "--net", "127.0.0.1/32", "--port", camera.onvif_port, "--site", "v05", "--wait", 2)
        found = told(*asked, "--apply", "--config", town)
        again = told(*asked, "--config", town)
        assert camera.refused == 0
    device = load(town).device_by_id[f"cam-127-0-0-1-{camera.onvif_port}"]
    assert (found["applied"], device.site_id, device.address.port) == (1, "v05", camera.onvif_port)
    assert (again["added"], again["changed"], again["unchanged"]) == ([], [], 1), "who is enrolled is left alone"


def test_networks() -> None:
    assert len(hosts_of(["10.0.0.0/24", "10.0.0.0/25"])) == 254
    assert networks_of(["10.1.2.3", "10.1.2.9", "camera.example"]) == ("10.1.2.0/24",)
    for wrong in ("8.8.8.0/24", "10.0.0.0/8", "nothing", "10.0.0.0/99"):
        with pytest.raises(ValueError, match=r".+"):
            hosts_of([wrong])


def test_words_of_the_command(town: Path) -> None:
    assert run("--config", town)[0] == 2
    assert run("--discover", "--osm", "x", "--config", town)[0] == 2
    assert run("--osm", "x", "--net", "10.0.0.0/24", "--config", town)[0] == 2
    assert run("--discover", "--net", "8.8.8.0/24", "--config", town)[0] == 2
    assert run("--osm", town.parent / "nowhere.osm", "--config", town)[0] == 1
    assert run("--discover", "--net", "127.0.0.1/32", "--port", "9", "--wait", "0.2", "--config", town)[0] == 1
