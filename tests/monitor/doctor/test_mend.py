"""`camkeeper doctor`: told, and as JSON; --fix writes through the register's history, undo takes it back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from camkeeper.cli import app
from camkeeper.clock import SimulatedClock
from camkeeper.config import load
from camkeeper.doctor.bring import batches, patient_of
from camkeeper.doctor.examine import examine
from camkeeper.doctor.mend import mend
from camkeeper.register.store import Store, StoreRefused

AT_MS = 1_795_266_900_000


TOWN = """\
name: 柳河镇
datum: wgs84
uplinks:
- {id: up, name: 上行, beacons: ["10.0.0.9:80"]}
sites:
- {id: v1, name: 柳湾村, kind: village, target: 95, timezone: Asia/Shanghai, boundary: [[113.8, 33.7], [113.82, 33.7], [113.82, 33.72], [113.8, 33.72]]}
devices:
- {id: high, name: 东口, kind: camera, site: v1, address: {host: 10.0.0.1}, mount: {lon_deg: 113.81, lat_deg: 33.71, height_m: 400, azimuth_deg: 90}, lens: {hfov_deg: 80}}
- {id: slip, name: 西口, kind: camera, site: v1, address: {host: 10.0.0.2}, mount: {lon_deg: 113.805, lat_deg: 3.3705, azimuth_deg: 90}, lens: {hfov_deg: 80}}
- {id: blank, name: 南口, kind: camera, site: v1, address: {host: 10.0.0.3}, mount: {lon_deg: 113.806, lat_deg: 33.705}, lens: {hfov_deg: 80}}
"""  # noqa: E501 - a device a line


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A village with one height in centimetres, one latitude with a slipped point, one azimuth that nobody noted."""
    path = tmp_path / "cameras.yaml"
    path.write_text(TOWN, encoding="utf-8")
    return path


def run(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(word) for word in words])
    return done.exit_code, done.output


def ids(config: Path) -> set[str]:
    return {f.id for f in examine(patient_of(config, load(config))).findings}


def test_told_mended_and_taken_back(config: Path) -> None:
    before = config.read_bytes()
    code, told = run("doctor", "--config", config)
    assert code == 1
    assert "slip:slip" in told
    code, told = run("doctor", "--config", config, "--fix", "slip:slip", "--fix", "height:high")
    assert code == 0, told
    assert not ids(config) & {"slip:slip", "height:high"}
    registry = load(config)
    mount = registry.device_by_id["slip"].mount
    assert mount is not None
    assert (mount.lon_deg, mount.lat_deg) == (113.805, 33.705)
    assert batches(config) == {"1 doctor slip:slip +1": frozenset({"slip"})}
    code, _ = run("doctor", "--config", config)
    assert code == 0
    code, _ = run("import", "undo", "--config", config)
    assert code == 0
    assert config.read_bytes() == before
    assert "slip:slip" in ids(config)


def test_json_and_one_check(config: Path) -> None:
    code, told = run("doctor", "--config", config, "--json", "--only", "height")
    assert code == 0
    value = json.loads(told)
    assert [f["id"] for f in value["findings"]] == ["height:high"]
    assert value["findings"][0]["edits"] == [{"device": "high", "field": "mount.height_m", "old": "400", "new": "4"}]
    rows = {a["field"]: a for a in value["accuracy"]}
    assert rows["position"]["wrong"] == 1
    assert rows["model"]["rate"] is None


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--only", "nonsense"), 2),
        (("--fix", "nonsense:x"), 1),
        (("--fix", "azimuth:v1"), 1),
        (("--config", "nowhere.yaml"), 1),
    ],
)
def test_told_errors(config: Path, words: tuple[str, ...], code: int) -> None:
    before = config.read_bytes()
    assert run("doctor", "--config", config, *words)[0] == code
    assert config.read_bytes() == before
    assert not Store(config).history()


def test_what_was_changed_meanwhile_is_not_overwritten(config: Path) -> None:
    found = examine(patient_of(config, load(config))).by_id()["height:high"]
    config.write_text(config.read_text(encoding="utf-8").replace("height_m: 400", "height_m: 40"), encoding="utf-8")
    with pytest.raises(StoreRefused, match="changed since"):
        mend(config, [found], by="王强", clock=SimulatedClock(wall_ms=AT_MS))
