"""`camkeeper account` as people call it: the real process, its words and its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).with_name("camkeeper")
TERMS = ("--from", "1970-01-01T00:00:00Z", "--to", "100", "--interval", "10ms", "--grace", "1")


def run(*words: str, columns: str = "80") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(COMMAND), "account", *words],
        capture_output=True,
        check=False,
        timeout=60,
        encoding="utf-8",
        env={"COLUMNS": columns, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
    )


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    path = tmp_path / "samples.csv"
    path.write_text("device,at,status\n[red]村口,0,up\nb,0,down\nb,90,degraded\n", encoding="utf-8")
    return path


def test_a_table_for_people(samples: Path) -> None:
    found = run(str(samples), *TERMS)
    assert found.returncode == 0, found.stderr
    lines = found.stdout.splitlines()
    assert any(line.startswith("[red]村口") and "100.00" in line for line in lines)
    assert any(line.startswith("合计 total") and "未定 undetermined" in line for line in lines)
    assert lines[-1].startswith("合计在线率 66.66%，范围 bounds [10.00, 95.00]，目标 target 95%：")
    assert found.stderr == ""


def test_json_has_the_keys_agreed_on(samples: Path) -> None:
    found = run(str(samples), *TERMS, "--json")
    figures = json.loads(found.stdout)
    assert list(figures) == ["devices", "total"]
    assert list(figures["devices"]) == ["[red]村口", "b"]
    keys = ["up_ms", "down_ms", "unknown_ms", "excluded_ms", "absent_ms", "ratio", "lower", "upper", "verdict"]
    assert list(figures["total"]) == keys
    assert figures["total"] == {
        "up_ms": 20,
        "down_ms": 10,
        "unknown_ms": 170,
        "excluded_ms": 0,
        "absent_ms": 0,
        "ratio": 20 / 30,
        "lower": 0.1,
        "upper": 0.95,
        "verdict": "undetermined",
    }


def test_bad_rows_stop_it_unless_skipped(samples: Path) -> None:
    with samples.open("a", encoding="utf-8") as file:
        file.write("b,91,sideways\n")
    refused = run(str(samples), *TERMS, "--json")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert f"{samples}:5: 状态 'sideways' 无效" in refused.stderr
    assert "1 bad rows, nothing computed" in refused.stderr
    skipped = run(str(samples), *TERMS, "--json", "--skip-bad")
    assert skipped.returncode == 0
    assert f"{samples}:5: " in skipped.stderr
    assert "略过 1 个坏行" in skipped.stderr
    assert json.loads(skipped.stdout)["total"]["up_ms"] == 20


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--to", "-5"), 2, "--to (-5) must be after --from"),
        (("--to", "0"), 2, "必须晚于"),
        (("--to", "2026-10-01T00:00:00"), 2, "--to: at '2026-10-01T00:00:00' has no offset"),
        (("--interval", "often"), 2, "--interval: 'often' is no duration"),
        (("--grace", "-1"), 2, "--grace: '-1' is no plain number"),
        (("--grace", "0"), 2, "below 1 ms"),
        (("--target", "101"), 2, "--target: the target '101' is above 100%"),
        (("--encoding", "ebcdic"), 2, "neither utf-8 nor gb18030"),
        (("--exclude", "/nowhere.csv"), 1, "no such file /nowhere.csv"),
        (("--exclude", "/"), 1, "cannot open /"),
    ],
)
def test_what_is_wrong_is_told_in_both_languages(samples: Path, words: tuple[str, ...], code: int, says: str) -> None:
    found = run(str(samples), *TERMS, *words)
    assert (found.returncode, found.stdout) == (code, "")
    assert says in found.stderr
    assert found.stderr.startswith("错误：")
    assert "\nError: " in found.stderr
    assert "Traceback" not in found.stderr


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    missing = run(str(tmp_path / "no.csv"), *TERMS)
    assert missing.returncode == 1
    assert "找不到文件" in missing.stderr
    headless = tmp_path / "headless.csv"
    headless.write_text("a,0,up\n", encoding="utf-8")
    found = run(str(headless), *TERMS)
    assert found.returncode == 1
    assert "缺少表头" in found.stderr
    assert run(str(headless), "--from", "0").returncode == 2


def test_what_may_surprise_is_told(tmp_path: Path) -> None:
    path, windows = tmp_path / "s.csv", tmp_path / "w.csv"
    path.write_text("device,at,status\na,1790812800,up\na,1790812800,down\n", encoding="utf-8")
    windows.write_text("device,start,end,reason\nz\u202e,0,1,x\n", encoding="utf-8")
    terms = ("--from", "2026-10-01T00:00:00Z", "--to", "2026-10-02T00:00:00Z", "--interval", "60s")
    found = run(str(path), *terms, "--exclude", str(windows))
    assert found.returncode == 0
    assert "if these are seconds, write milliseconds" in found.stderr
    assert "z\\u202e" in found.stderr
    early = run(str(path), "--from", "1790812800", "--to", "1790812900", "--interval", "1s")
    assert "1 instants have rival statuses" in early.stderr


def test_help_is_bilingual() -> None:
    found = run("--help", columns="160")
    assert found.returncode == 0
    assert "免责时段" in found.stdout
    assert "milliseconds up, down, unknown, excluded" in found.stdout
