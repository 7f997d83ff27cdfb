"""`camkeeper import` as people type it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.monitor.register.messy import config, messy
from typer.testing import CliRunner

from camkeeper.cli import app
from camkeeper.config import load
from camkeeper.register.reading import sheets_of


@pytest.fixture(name="town")
def _town(tmp_path: Path) -> Path:
    path = tmp_path / "cameras.yaml"
    path.write_text(config(20), encoding="utf-8")
    (tmp_path / "r.csv").write_bytes(messy(30, layout="csv-gb", faults=3).data)
    return path


def _run(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["import", *map(str, words)])
    return result.exit_code, result.output


def test_preview_apply_history_undo(town: Path) -> None:
    before = {p.name: p.read_bytes() for p in town.parent.iterdir()}
    code, said = _run(town.parent / "r.csv", "--config", town, "--json")
    told = json.loads(said)
    assert (code, told["applied"]) == (0, None)
    assert {p.name: p.read_bytes() for p in town.parent.iterdir()} == before
    assert sum(f["weight"] == "error" for f in told["findings"]) >= 2
    assert _run("--apply", "--by", "甲", town.parent / "r.csv", "--config", town)[0] == 0
    assert len(load(town).devices) == 20 + len(told["added"])
    code, said = _run("history", "--config", town, "--json")
    assert [(v["by"], v["added"]) for v in json.loads(said)] == [("甲", len(told["added"]))]
    assert _run("undo", "--config", town)[0] == 0
    assert town.read_bytes() == before["cameras.yaml"]
    assert _run("undo", "--config", town)[0] == 1


def test_told_errors(town: Path) -> None:
    assert _run(town.parent / "nowhere.csv", "--config", town)[0] == 1
    assert _run(town.parent / "r.csv", "--config", town, "--map", "x=nothing")[0] == 2
    assert _run(town.parent / "r.csv", "--config", town, "--datum", "mars")[0] == 2
    assert _run(town.parent / "r.csv", "--config", town, "--strict", "--apply")[0] == 1
    (town.parent / "x.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    assert _run(town.parent / "x.xlsx", "--config", town)[0] == 1


def test_export_marks_what_was_corrected_and_comes_back_unchanged(town: Path) -> None:
    out = town.parent / "out.xlsx"
    text = town.read_text(encoding="utf-8").replace("name: 赵家庄村点位0,", 'name: "=1+1",')
    town.write_text(text, encoding="utf-8")
    (town.parent / "fix.csv").write_text("设备编号,设备名称,方位角\nc-00001,改名,西\n", encoding="utf-8")
    assert _run(town.parent / "fix.csv", "--config", town, "--apply")[0] == 0
    assert _run("export", out, "--config", town)[0] == 0
    rows = sheets_of(out.read_bytes(), out.name)[0].rows
    assert (rows[1][1], rows[2][1]) == ("=1+1", "改名")
    code, said = _run(out, "--config", town, "--json")
    told = json.loads(said)
    assert (code, told["unchanged"], told["changed"], told["added"]) == (0, 20, [], [])
