"""SIGKILL while hours of coverage are kept: what is kept is what the intervals say, or is not kept."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.monitor.cover.towns import HOUSES
from tests.monitor.run.kill9_hours import BEGIN_MS, STEPS, TOWN, tick_ms
from tests.monitor.run.township import ZONE

from camkeeper.cover.township import TownshipCover
from camkeeper.ledger import LedgerReader
from camkeeper.ledger.rebuild import rebuild
from camkeeper.ledger.verify import verify
from camkeeper.model.span import Span
from camkeeper.run.coverage.hours import day_and_month, hours_within

PROGRAM = Path(__file__).with_name("kill9_hours.py")
ROOT = Path(__file__).parents[3]
KILLS = 6


def life(path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-P", str(PROGRAM), str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )


def check(path: Path, cover: TownshipCover, bare: Path) -> int:
    """Compare the kept hours with what the intervals alone say; return how many of them were kept."""
    shutil.copy(path, bare)
    for beside in (f"{path}-wal",):
        if Path(beside).exists():
            shutil.copy(beside, f"{bare}-wal")
    rebuild(bare)
    assert verify(path).ok
    with LedgerReader(path) as kept, LedgerReader(bare) as without:
        until_ms = kept.last_tick_ms()
        assert until_ms == without.last_tick_ms()
        assert until_ms is not None
        whole = Span(start_ms=BEGIN_MS, end_ms=max(until_ms, BEGIN_MS + 1))
        found = kept.coverage_stored(Span(start_ms=0, end_ms=until_ms))
        assert without.coverage_stored(whole) == {}
        assert hours_within(kept, cover, whole, whole) == hours_within(without, cover, whole, whole)
        return sum(hours.hours for hours in found.values())


@pytest.mark.slow
def test_kept_hours_are_right_or_not_there(tmp_path: Path) -> None:
    cover, path, rng = TownshipCover.build(TOWN, HOUSES), tmp_path / "ledger", random.Random(7)
    most = 0
    for kill in range(KILLS):
        with life(path) as process:
            assert process.stdout is not None
            for _ in range(rng.randrange(2, 25)):
                assert process.stdout.readline()
            time.sleep(rng.random() * 0.01)
            process.send_signal(signal.SIGKILL)
            process.stdout.read()
        most = max(most, check(path, cover, tmp_path / f"bare{kill}"))
    assert most > 0
    with life(path) as process:
        process.communicate(timeout=100)
        assert process.returncode == 0
    assert check(path, cover, tmp_path / "bare") > most
    assert day_and_month(path, cover, at_ms=tick_ms(STEPS), tz=ZONE)
