"""`camkeeper check`, as people and programs meet it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from camkeeper.cli import app

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
runner = CliRunner()


def test_the_demo_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("CAMKEEPER_DEMO_PASSWORD", raising=False)
    done = runner.invoke(app, ["check"])
    assert done.exit_code == 0, done.output
    assert "带画面的设备共 144 台" in done.stdout
    assert "144 cameras in all; 126 fixed cameras, 16 PTZ domes, 2 checkpoint devices, 39 loudspeakers" in done.stdout
    assert "27 villages" in done.stdout
    assert "几何为合成数据" in done.stdout


def test_faults_chinese_first() -> None:
    path = HERE / "bad" / "unknown-keys.yaml"
    done = runner.invoke(app, ["check", str(path)])
    assert done.exit_code == 1
    first, second = done.stdout.splitlines()[:2]
    assert first == f"{path}:2: datumm：未知的键（是否想写 datum？）"
    assert second == f"{path}:2: datumm: unknown key (did you mean datum?)"
    assert "6 处错误" in done.stderr
    assert "6 faults" in done.stderr


def test_json_of_both() -> None:
    done = runner.invoke(app, ["check", "--json", str(HERE / "good.yaml")])
    told = json.loads(done.stdout)
    assert (done.exit_code, told["ok"], told["counts"]["cameras"], told["warnings"]) == (0, True, 2, [])
    done = runner.invoke(app, ["check", "--json", str(HERE / "bad" / "datum-unknown.yaml")])
    told = json.loads(done.stdout)
    assert (done.exit_code, told["ok"]) == (1, False)
    assert (told["faults"][0]["line"], told["faults"][0]["path"]) == (2, "datum")


def test_warnings_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "cameras.yaml"
    path.write_text(
        "name: 镇\ndatum: wgs84\nsites: [{id: t, name: 镇, kind: town, target: 95, timezone: Asia/Shanghai}]\n",
        encoding="utf-8",
    )
    done = runner.invoke(app, ["check", str(path)])
    assert done.exit_code == 0
    assert "提醒：" in done.stdout
    assert "Warning: " in done.stdout
    assert done.stdout.splitlines()[-1] == "镇: no faults. 0 cameras in all."


def test_a_file_without_end_is_told() -> None:
    done = runner.invoke(app, ["check", "/dev/zero"])
    assert done.exit_code == 1
    assert "/dev/zero: the file is larger than 32 MiB" in done.stdout


def test_utf16_without_its_mark_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cameras.yaml"
    path.write_bytes("name: 镇\n".encode("utf-16-be"))
    assert "the file is UTF-16" in runner.invoke(app, ["check", str(path)]).stdout
