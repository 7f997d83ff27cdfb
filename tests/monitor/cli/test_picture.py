"""`camkeeper picture` as people call it: real frames, a real decoding process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from tests.monitor.picture.bombs import bomb
from tests.monitor.picture.photos import covered, jpeg, look, photo, view
from typer.testing import CliRunner, Result

from camkeeper.cli import app
from camkeeper.model.picture import PictureVerdict

KEYS = {"file", "verdict", "alarms", "moved_deg", "features"}


def picture(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["picture", *map(str, words)])


def checked(*words: str | Path) -> list[dict[str, Any]]:
    done = picture("check", *words, "--json")
    assert done.exit_code == 0, (done.stderr, done.exception)
    found: list[dict[str, Any]] = json.loads(done.stdout)["pictures"]
    assert all(set(one) >= KEYS for one in found)
    assert {one["verdict"] for one in found} <= {verdict.value for verdict in PictureVerdict}
    return found


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("looks")
    for seed in range(8):
        (folder / f"look-{seed}.jpg").write_bytes(jpeg(look(seed)))
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def baseline(looks: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("baseline") / "day.baseline"
    done = picture("learn", *looks[:6], "--context", "day", "--out", out)
    assert done.exit_code == 0, (done.stderr, done.exception)
    assert "用了 6 张，舍弃 0 张 · 6 used, 0 left out" in done.stdout
    assert out.stat().st_size <= 2**19
    return out


def test_verdicts_of_a_day(baseline: Path, looks: list[Path], tmp_path: Path) -> None:
    files = {
        "healthy.jpg": looks[6].read_bytes(),
        "cover.jpg": jpeg(covered(look(20))),
        "black.jpg": jpeg(np.zeros((720, 960, 3), np.uint8)),
        "login.jpg": b"<html><title>login</title></html>",
        "bomb.jpg": bomb(),
        "empty.jpg": b"",
        "again-1.jpg": looks[7].read_bytes(),
        "again-2.jpg": looks[7].read_bytes(),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    found = checked(*(tmp_path / name for name in files), "--baseline", baseline, "--context", "day")
    assert [one["file"] for one in found] == [str(tmp_path / name) for name in files]
    verdicts = {Path(one["file"]).stem: one["verdict"] for one in found}
    assert verdicts == {
        "healthy": "ok",
        "cover": "cover",
        "black": "no_signal",
        "login": "no_signal",
        "bomb": "no_signal",
        "empty": "no_signal",
        "again-1": "ok",
        "again-2": "frozen",
    }
    healthy = found[0]
    assert healthy["alarms"] == []
    assert healthy["moved_deg"] is None
    assert healthy["features"]
    assert found[1]["alarms"][0] == "cover"


def test_a_turned_camera_is_told_in_degrees(tmp_path: Path) -> None:
    files = {f"learn-{seed}.jpg": look(40 + seed, view(0)) for seed in range(6)}
    files |= {"still.jpg": look(30, view(0)), "right.jpg": look(31, view(4)), "left.jpg": look(32, view(-6))}
    for name, image in files.items():
        (tmp_path / name).write_bytes(jpeg(image))
    own = tmp_path / "own"
    paths = [tmp_path / name for name in files]
    assert picture("learn", *paths[:6], "--context", "day", "--out", own).exit_code == 0
    still, right, left = checked(*paths[6:], "--baseline", own, "--hfov-deg", "60")
    assert (still["verdict"], right["verdict"], left["verdict"]) == ("ok", "moved", "moved")
    assert right["moved_deg"] == pytest.approx(4, abs=0.25)
    assert left["moved_deg"] == pytest.approx(-6, abs=0.25)
    # One that looks 30 degrees down turns by more about its mast than about its own axis: tan(4) / cos(30).
    (steep,) = checked(paths[7], "--baseline", own, "--hfov-deg", "60", "--tilt-deg", "30")
    assert steep["moved_deg"] == pytest.approx(4.61, abs=0.25)


def test_without_a_baseline_common_sense_remains(looks: list[Path], tmp_path: Path) -> None:
    flat = tmp_path / "flat.png"
    flat.write_bytes(bytes(cv2.imencode(".png", photo())[1]))
    first, second = checked(looks[0], flat)
    assert first["verdict"] == "ok"
    assert (second["verdict"], second["detail"]) == ("no_signal", "a PNG, not a JPEG")


def test_people_read_chinese_first(baseline: Path, looks: list[Path], tmp_path: Path) -> None:
    page = tmp_path / "login.jpg"
    page.write_bytes(b"<html>")
    done = picture("check", looks[6], page, "--baseline", baseline)
    assert done.exit_code == 0
    assert "正常 ok" in done.stdout
    assert "无信号 no signal" in done.stdout
    assert "是网页，不是 JPEG" in done.stdout
    assert "共 2 张，1 张有问题 · 2 pictures, 1 with a fault" in done.stdout


def test_faulty_pictures_are_not_learned_from(looks: list[Path], tmp_path: Path) -> None:
    page = tmp_path / "login.jpg"
    page.write_bytes(b"<html>")
    done = picture("learn", *looks[:5], page, looks[5], looks[5], "--context", "night", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.stderr
    assert "用了 6 张，舍弃 2 张" in done.stdout
    assert "login.jpg: 无信号 no signal，是网页，不是 JPEG" in done.stderr
    assert "画面冻结 frozen" in done.stderr


def told(done: Result, *words: str) -> None:
    assert done.exit_code == 1, done.output
    assert "Traceback" not in done.output
    assert "错误：" in done.stderr
    for word in words:
        assert word in done.stderr


def test_too_few_are_refused(looks: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    told(picture("learn", *looks[:4], "--context", "day", "--out", out), "4", "至少要 5 张", "5 are needed")
    assert not out.exists()


def test_the_wrong_baseline_is_refused(baseline: Path, looks: list[Path]) -> None:
    done = picture("check", looks[0], "--baseline", baseline, "--context", "night")
    told(done, "day.baseline", "白天", "夜间", "--context night")


def test_what_cannot_be_read_is_one_error_with_a_remedy(looks: list[Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken.baseline"
    broken.write_bytes(b"not a baseline" * 100)
    told(picture("check", tmp_path), str(tmp_path), "是文件夹", "is a folder")
    told(picture("check", tmp_path / "none.jpg"), "none.jpg", "没有这个文件", "there is no file")
    told(picture("check", looks[0], "--baseline", tmp_path / "none"), "读不了基线", "camkeeper picture learn")
    told(picture("check", looks[0], "--baseline", broken), "broken.baseline", "不能用", "learn it again")
    told(picture("check", looks[0], "--baseline", tmp_path), "读不了基线")
    told(picture("learn", *looks, "--context", "day", "--out", tmp_path), "是文件夹", "name a file")
    told(picture("learn", *looks, "--context", "day", "--out", tmp_path / "no" / "out"), "没有文件夹", "make it first")


@pytest.mark.parametrize(
    "words",
    [("check",), ("check", "a.jpg", "--context", "dusk"), ("check", "a.jpg", "--hfov-deg", "0"), ("learn", "a.jpg")],
)
def test_wrong_usage_is_two(words: tuple[str, ...]) -> None:
    assert picture(*words).exit_code == 2


def test_help_is_there_in_both_languages() -> None:
    for words in ((), ("learn",), ("check",)):
        done = picture(*words, "--help")
        assert done.exit_code == 0
        assert any("一" <= letter <= "鿿" for letter in done.stdout)
