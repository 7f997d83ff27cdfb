"""Each check on a real monitor's files: fine as they are, found when they are not, and never an end of the others."""

from __future__ import annotations

import gzip
import json
import os
import resource
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tests.monitor.run.test_tls import certify

from camkeeper.clock import ClockStep, SimulatedClock
from camkeeper.config import load
from camkeeper.ledger import Ledger
from camkeeper.ledger.record import Batch, Boot
from camkeeper.secrets import Store, places_of
from camkeeper.selfcheck import Finding, Level, Subject, examine, machine
from camkeeper.selfcheck.check import CHECKS
from camkeeper.selfcheck.files import last_day

OLD = Path(__file__).parents[2] / "data" / "ledgers"
NOW_MS = 1_788_105_600_000 + 3 * 86_400_000 + 120_000
CANARY = "canary-40aa"
TOWN = """name: 试验
datum: wgs84
backup_to: backups
board: {tls: {certificate: board.pem, key: board.key}}
credentials:
- {id: main, user: monitor, secret: "store:town"}
uplinks: [{id: up, name: 上行, beacons: ["127.0.0.1:9"]}]
sites:
- {id: town, name: 试验镇, kind: town, target: 95, timezone: Asia/Shanghai}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A monitor's folder in which all is well."""
    (tmp_path / "cameras.yaml").write_text(TOWN, encoding="utf-8")
    (tmp_path / "t.ledger").write_bytes(gzip.decompress((OLD / "v7.ledger.gz").read_bytes()))
    (tmp_path / "t.access").write_bytes(gzip.decompress((OLD / "v1.access.gz").read_bytes()))
    for path in (tmp_path / "t.ledger", tmp_path / "t.access", tmp_path / "cameras.yaml"):
        path.chmod(0o600)
    (tmp_path / "backups").mkdir()
    fresh = tmp_path / "backups" / "camkeeper-00000000-20260902T160000Z.tar"
    fresh.touch()
    os.utime(fresh, (NOW_MS / 1000 - 3600,) * 2)
    Store(places_of(tmp_path, {})).set("town", CANARY, at_s=1)
    certify(tmp_path)
    return tmp_path


def found(folder: Path, *, deep: bool = False, now_ms: int = NOW_MS) -> dict[str, Finding]:
    subject = Subject(
        ledger=folder / "t.ledger",
        config=folder / "cameras.yaml",
        registry=load(folder / "cameras.yaml"),
        now_ms=now_ms,
        deep=deep,
        environ={},
    )
    return {one.check: one for one in examine(subject)}


def bad(told: dict[str, Finding]) -> set[str]:
    here = {"clock", "memory", "disk", "backup_disk", "python"}  # of the machine that tests run on
    return {name for name, one in told.items() if one.level is not Level.OK} - here


@pytest.mark.parametrize("deep", [False, True])
def test_all_is_well(folder: Path, *, deep: bool) -> None:
    told = found(folder, deep=deep)
    assert bad(told) == set()
    wanted = {
        "configuration",
        "disk",
        "backup_disk",
        "clock",
        "clock_steps",
        "descriptors",
        "memory",
        "sqlite",
        "python",
    }
    wanted |= {"zones", "fonts", "secrets", "secret_files", "data_files", "certificate", "ledger", "chain", "accounts"}
    assert wanted | {"backups", "outbox"} == set(told)
    assert CANARY not in repr(told)
    assert told["chain"].figures["records"]


def test_a_flipped_bit_in_the_last_day_and_before(folder: Path) -> None:
    path = folder / "t.ledger"
    with closing(sqlite3.connect(path)) as db:
        (seq,) = db.execute("SELECT max(seq) - 3 FROM chain").fetchone()
        db.execute("UPDATE chain SET at_ms = at_ms + 1 WHERE seq = ?", (seq,))
        db.commit()
    assert "chain" in bad(found(folder))
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE chain SET at_ms = at_ms - 1 WHERE seq = ?", (seq,))
        db.execute("UPDATE chain SET body = x'5b5d' WHERE seq = 4")
        db.commit()
    assert last_day(path, NOW_MS - 86_400_000)[1] == []
    assert "chain" not in bad(found(folder))
    assert "chain" in bad(found(folder, deep=True))


def test_a_torn_page_and_no_database(folder: Path) -> None:
    data = bytearray((folder / "t.ledger").read_bytes())
    data[3 * 4096 : 4 * 4096] = b"\xff" * 4096
    (folder / "t.ledger").write_bytes(data)
    (folder / "t.access").write_bytes(b"not a database, not at all")
    assert {"ledger", "accounts"} <= bad(found(folder))


def test_others_can_read_or_write(folder: Path) -> None:
    (folder / "camkeeper.secrets.key").chmod(0o640)
    (folder / "board.key").chmod(0o644)
    (folder / "t.ledger").chmod(0o666)
    told = found(folder)
    assert bad(told) == {"secret_files", "data_files"}
    assert str(folder / "board.key") in told["secret_files"].remedy_en
    assert str(folder / "t.ledger") in told["data_files"].remedy_zh


def test_what_is_behind(folder: Path) -> None:
    assert bad(found(folder, now_ms=NOW_MS + 40 * 3_600_000)) == {"backups"}
    for path in (folder / "backups").iterdir():
        path.unlink()
    assert found(folder)["backups"].figures == {"hours": None}
    assert bad(found(folder, now_ms=NOW_MS + 10_000 * 86_400_000)) >= {"certificate", "backups"}
    (folder / "board.pem").unlink()
    assert found(folder)["certificate"].level is Level.BAD
    Store(places_of(folder, {})).remove("town")
    assert "camkeeper secrets set town" in found(folder)["secrets"].en


def test_a_clock_that_was_set(folder: Path) -> None:
    step = ClockStep(at_ms=NOW_MS - 5_000, by_ms=-3_600_000, skew_ms=-3_600_000, adopted=False)
    clock = SimulatedClock(wall_ms=NOW_MS)
    with Ledger.open(folder / "t.ledger", boot=Boot(boot_id="b", version="1"), clock=clock) as ledger:
        ledger.append(Batch(clock_steps=(step,), tick_ms=NOW_MS)).result(10)
    told = found(folder)["clock_steps"]
    assert told.figures == {"steps": 1, "max_ms": 3_600_000}


def test_limits(folder: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
    try:
        assert found(folder)["descriptors"].level is Level.BAD
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    full = machine._room("disk", folder, 10 * 2**20, 1_000_000, 0)
    few = machine._room("disk", folder, 10 * 2**30, 17, 0)
    large = machine._room("disk", folder, 10 * 2**30, None, 6 * 2**30)
    assert [one.level for one in (full, few, large)] == [Level.BAD, Level.BAD, Level.WARN]
    assert machine.synchronised() is not None


def test_one_check_that_fails_does_not_end_the_others(folder: Path) -> None:
    (folder / "backups" / "camkeeper-x.tar").symlink_to(folder / "nowhere")
    told = found(folder)
    assert told["backups"].level is Level.UNKNOWN
    assert len(told) > len(CHECKS) - 2


def test_every_finding_has_both_languages_and_a_remedy(folder: Path) -> None:
    (folder / "t.ledger").write_bytes(b"SQLite format 3\0 broken")
    (folder / "camkeeper.secrets.key").unlink()
    for one in found(folder, now_ms=NOW_MS + 9_000 * 86_400_000).values():
        assert one.zh
        assert one.en
        if one.level in {Level.WARN, Level.BAD}:
            assert one.remedy_zh, one
            assert one.remedy_en, one


def camkeeper(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "camkeeper", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_command(folder: Path) -> None:
    paths = ["--config", str(folder / "cameras.yaml"), "--ledger", str(folder / "t.ledger")]
    (folder / "t.ledger").chmod(0o666)
    command = [sys.executable, "-m", "camkeeper"]
    done = subprocess.run(
        [*command, "selfcheck", *paths, "--json"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1, done.stderr
    said = json.loads(done.stdout)
    assert said["ok"] is False
    assert {"data_files"} <= {one["check"] for one in said["findings"] if one["level"] == "bad"}
    shown = subprocess.run(
        [*command, "doctor", "--self", *paths], capture_output=True, text=True, check=False, timeout=60
    )
    assert shown.returncode == 1
    assert "chmod go-w" in shown.stdout
    assert CANARY not in shown.stdout + done.stdout
