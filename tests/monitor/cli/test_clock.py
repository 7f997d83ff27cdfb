"""A clock's history in words, and what the time on old footage really was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.monitor.cli.test_desk_commands import said
from tests.monitor.run.township import DAY_MS, HOUR_MS, OCTOBER_MS, device, registry

from camkeeper.clock import SimulatedClock
from camkeeper.ledger import Batch, Boot, Ledger, LifeChange, snapshot_of
from camkeeper.model.picture import Drift

FAST_S = 252.0


@pytest.fixture(name="ledger")
def _ledger(tmp_path: Path) -> Path:
    """A camera that is four minutes fast, gains a second a day, and is set right in the end."""
    path, town = tmp_path / "t.ledger", registry([device("cam"), device("mute")])
    points = [Drift(device_id="cam", at_ms=OCTOBER_MS + n * DAY_MS, offset_s=FAST_S + n) for n in range(3)]
    points.append(Drift(device_id="cam", at_ms=OCTOBER_MS + 2 * DAY_MS + HOUR_MS, offset_s=0.0))
    with Ledger.open(path, boot=Boot(boot_id="b", version="1"), clock=SimulatedClock(wall_ms=OCTOBER_MS)) as ledger:
        lives = tuple(LifeChange(device_id=i, at_ms=OCTOBER_MS, enrolled=True) for i in ("cam", "mute"))
        ledger.append(Batch(config=snapshot_of(town), lives=lives, drifts=tuple(points), at_ms=OCTOBER_MS)).result(9)
    return path


def test_the_history_and_a_correction_in_words(ledger: Path) -> None:
    out = said("clock", "cam", "--at", "2026-10-02T12:04:13.500", "--ledger", str(ledger))
    assert "10月1日快 4 分 12 秒" in out
    assert "4 min 12 s fast on 1 Oct" in out
    assert "10月3日准" in out
    assert "实为 2026-10-02 12:00:00" in out


def test_where_the_clock_was_set_both_answers_are_told(ledger: Path) -> None:
    out = json.loads(said("clock", "cam", "--at", "2026-10-03T00:30", "--ledger", str(ledger), "--json"))
    found = out["correction"]
    assert (found["basis"], found["offset_s"], found["or_s"]) == ("step", 254.0, 0.0)
    assert found["shown_ms"] - found["true_ms"] == 254_000
    assert len(out["history"]) == 4
    words = said("clock", "cam", "--at", "2026-10-03T00:30", "--ledger", str(ledger))
    assert "若在变动的另一侧，则为 2026-10-03 00:30:00" in words


def test_what_cannot_be_answered_is_told(ledger: Path, tmp_path: Path) -> None:
    assert "没有记录" in said("clock", "mute", "--ledger", str(ledger))
    assert "no device nobody" in said("clock", "nobody", "--ledger", str(ledger), code=1)
    assert "cannot read the ledger" in said("clock", "cam", "--ledger", str(tmp_path / "none"), code=1)
    said("clock", "cam", "--at", "3 May", "--ledger", str(ledger), code=2)


def test_learning_anew_wants_a_running_monitor(ledger: Path) -> None:
    said("picture", "relearn", "cam", "--by", "张三", "--why", "按新方位", "--ledger", str(ledger), code=1)
