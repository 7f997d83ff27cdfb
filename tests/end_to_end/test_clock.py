"""The running monitor while somebody sets the wall clock: nobody goes down by it, and no hour is won or lost."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.end_to_end.town import Monitor, Town, eventually, program, town
from tests.peers.process import missing

from camkeeper.ledger.chain import Kind

HOUR_S = 3600
POLL_S = 10
LEARNS_WITHIN_S = 10


@pytest.fixture(name="library", scope="module")
def _library() -> Path:
    """libfaketime: it answers the wall clock's readings with an offset that a file has."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not found:
        missing("libfaketime is missing: scripts/debian-packages.sh --test")
    return found[0]


@pytest.fixture(name="dagou")
def _dagou(tmp_path: Path) -> Iterator[Town]:
    with town(tmp_path, net=73) as running:
        yield running


class Wall:
    """The monitor's wall clock. Its elapsed clocks (monotonic, since boot) are left alone, as by a real step."""

    def __init__(self, folder: Path, library: Path) -> None:
        self._file = folder / "wall"
        self.set(0)
        self.env = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            # Looked at once a second: to read it at each of the loop's many readings costs seconds.
            "FAKETIME_CACHE_DURATION": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",
            # Its mending of timed waits makes two threads that share the interpreter spin: tenfold slower.
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        }

    def set(self, offset_s: int) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{offset_s:+d}\n")
        fresh.replace(self._file)  # never half a line


def clocks(env: dict[str, str]) -> tuple[float, float, float]:
    """What a process of that environment reads: wall, monotonic, since boot."""
    script = "import time as t; print(t.time(), t.monotonic(), t.clock_gettime(t.CLOCK_BOOTTIME))"
    done = subprocess.run(["python3", "-c", script], capture_output=True, text=True, check=True, env=env)
    wall, monotonic, boot = map(float, done.stdout.split())
    return wall, monotonic, boot


def stored(ledger: Path) -> int:
    """Samples acknowledged on disk."""
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as db:
        return int(db.execute("SELECT samples FROM poller").fetchone()[0])


def up(monitor: Monitor) -> int:
    return int(monitor.get("api/v1/standing")["now"]["cameras"]["up"])


def steps(ledger: Path) -> list[tuple[int, dict[str, object]]]:
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as db:
        rows = db.execute("SELECT at_ms, body FROM chain WHERE kind = ? ORDER BY seq", (int(Kind.CLOCK_STEP),))
        return [(at_ms, json.loads(body)) for at_ms, body in rows]


def stepped(ledger: Path, by_s: int) -> bool:
    return any(abs(int(str(step["by_ms"])) - by_s * 1000) < 2000 for _, step in steps(ledger))


def warnings(monitor: Monitor) -> list[str]:
    return [str(w) for w in monitor.get("api/v1/standing")["monitor"]["warnings"]]


def test_only_the_wall_is_faked(tmp_path: Path, library: Path) -> None:
    wall = Wall(tmp_path, library)
    plain = clocks({})
    wall.set(HOUR_S)
    faked = clocks(wall.env)
    assert abs(faked[0] - plain[0] - HOUR_S) < 60
    assert 0 <= faked[1] - plain[1] < 60
    assert 0 <= faked[2] - plain[2] < 60


@pytest.mark.slow
def test_the_wall_stepped_an_hour_either_way_while_running(dagou: Town, library: Path) -> None:
    wall = Wall(dagou.folder, library)
    began = time.monotonic()
    with dagou.monitor(env=wall.env) as monitor:
        eventually(lambda: up(monitor) == 144)
        assert warnings(monitor) == []
        for offset_s, by_s in ((HOUR_S, HOUR_S), (-HOUR_S, -2 * HOUR_S)):
            wall.set(offset_s)
            eventually(lambda by=by_s: stepped(dagou.ledger, by), within_s=LEARNS_WITHIN_S)  # type: ignore[misc]
            # A whole round of 218 devices lasts 10 s: a good part of it in the next ten.
            least = stored(dagou.ledger) + 100
            eventually(lambda least=least: stored(dagou.ledger) > least, within_s=POLL_S)  # type: ignore[misc]
            sign = "+" if offset_s > 0 else "-"
            eventually(lambda sign=sign: any(f"stepped by {sign}3" in w for w in warnings(monitor)))  # type: ignore[misc]
            assert up(monitor) == 144
        ended = time.monotonic()
        monitor.stop()
    # The record goes on in one line: both steps within the minute that really passed.
    instants = [at_ms for at_ms, _ in steps(dagou.ledger)]
    assert len(instants) == 2
    assert 0 < instants[1] - instants[0] < (ended - began) * 1000
    verified = subprocess.run(program("verify", "--ledger", str(dagou.ledger)), capture_output=True, check=False)
    assert verified.returncode == 0, verified.stdout.decode()
    with closing(sqlite3.connect(f"file:{dagou.ledger}?mode=ro", uri=True)) as db:
        statuses = {
            row[0] for row in db.execute("SELECT DISTINCT status FROM interval UNION SELECT status FROM open_interval")
        }
    assert statuses == {1}
    figures = json.loads(
        subprocess.run(program("sla", "--ledger", str(dagou.ledger), "--json"), capture_output=True, check=True).stdout
    )
    counted = figures["sites"][0]["figures"][figures["deciding_policy"]]["net"]["time"]
    assert counted["down_ms"] == 0
    accountable_s = (counted["up_ms"] + counted["down_ms"] + counted["unknown_ms"]) / 144 / 1000
    assert abs(accountable_s - (ended - began)) < POLL_S, (accountable_s, ended - began)
    log = (dagou.folder / "monitor.log").read_text()
    assert "Traceback" not in log
    assert log.count("wall_clock_stepped") == 2
