"""Backups: restored they give the same figures; killed at any moment they leave none or a whole one."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest
from tests.monitor.bundle.towns import DAY_MS, NOVEMBER_MS, ZONE, stories, written
from typer.testing import CliRunner

from camkeeper.album.schema import album_beside
from camkeeper.backup.restore import restore
from camkeeper.backup.write import KEPT, BackupError, backup, check, sweep
from camkeeper.cli import app
from camkeeper.clock import SimulatedClock
from camkeeper.config import load
from camkeeper.ledger import Boot, Ledger
from camkeeper.ledger.closing import close_month
from camkeeper.ledger.files import keep_file, read_file
from camkeeper.ledger.verify import verify
from camkeeper.run.sla import sla

NOW_MS = NOVEMBER_MS + 2 * DAY_MS
SECRET = "canary-8c1f2e"
CONFIG = """\
name: 备份镇
datum: wgs84
registers: [register.yaml]
credentials: [{id: main, user: u, secret: "file:%s"}]
sites: [{id: town, name: 镇, kind: town, target: 95, timezone: Asia/Shanghai}]
devices: [{id: cam-00, name: 一, kind: camera, site: town, credential: main, address: {host: 127.0.0.1}}]
"""


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A ledger with a closed month, an evidence file, an album, a configuration, and a secret that must stay."""
    home = tmp_path / "home"
    path = home / "var" / "camkeeper.ledger"
    session = written(path, stories(), until_ms=NOW_MS)
    session.begin()
    close_month(session, "2026-10", zone=ZONE, by="x", at_ms=NOW_MS)
    session.commit()
    session.db.close()
    keep_file(path, b"%PDF evidence")
    (home / "password").write_text(SECRET)
    path.with_suffix(".secret").write_text(SECRET)
    (home / "cameras.yaml").write_text(CONFIG % (home / "password"), encoding="utf-8")
    (home / "register.yaml").write_text("devices: []\n", encoding="utf-8")
    with sqlite3.connect(album_beside(path)) as db:
        db.execute("CREATE TABLE baseline (x)")
        db.execute("CREATE TABLE thumbnail (x)")
        db.execute("INSERT INTO baseline VALUES ('kept')")
        db.execute("INSERT INTO thumbnail VALUES ('a face')")
    db.close()
    return path


def made(ledger: Path, target: Path) -> Path:
    config = ledger.parents[1] / "cameras.yaml"
    return backup(ledger, config, load(config), target, NOW_MS).path


def figures(ledger: Path) -> object:
    return sla(ledger, month="2026-10", site_id=None, policy=None, now_ms=NOW_MS)


def test_restored_it_is_the_same(ledger: Path, tmp_path: Path) -> None:
    archive = made(ledger, tmp_path / "kept")
    assert archive.stat().st_mode & 0o077 == 0
    new = tmp_path / "new" / "var" / "other.ledger"
    done = restore(archive, new, tmp_path / "new" / "cameras.yaml")
    assert figures(new) == figures(ledger)
    assert verify(new).ok
    assert verify(new).head == verify(ledger).head
    assert read_file(new, next(iter(new.parent.glob("other.ledger.files/*"))).name) == b"%PDF evidence"
    assert done.config is not None
    assert load(done.config).name == "备份镇"
    assert (tmp_path / "new" / "register.yaml").is_file()
    with sqlite3.connect(album_beside(new)) as db:
        assert db.execute("SELECT x FROM baseline").fetchall() == [("kept",)]
        assert db.execute("SELECT x FROM thumbnail").fetchall() == []
    db.close()
    assert any("file:" in line for line in done.manifest["by_hand"])


def test_no_secret_and_no_picture_is_in_it(ledger: Path, tmp_path: Path) -> None:
    data = made(ledger, tmp_path / "b.tar").read_bytes()
    assert SECRET.encode() not in data
    assert b"a face" not in data


def test_a_living_ledger_is_backed_up_and_never_overwritten(ledger: Path, tmp_path: Path) -> None:
    clock = SimulatedClock(wall_ms=NOW_MS)
    with Ledger.open(ledger, boot=Boot(boot_id="b", version="t"), clock=clock) as living:
        living.booted.result(10)
        archive = made(ledger, tmp_path / "kept")
        with pytest.raises(BackupError, match="already"):
            restore(archive, ledger, tmp_path / "c.yaml")
    new = tmp_path / "new.ledger"
    restore(archive, new, tmp_path / "c.yaml")
    assert figures(new) == figures(ledger)
    with pytest.raises(BackupError, match="already"):
        restore(archive, new, tmp_path / "c.yaml")


def test_what_is_there_is_left_alone_and_told(ledger: Path, tmp_path: Path) -> None:
    archive = made(ledger, tmp_path / "kept")
    config = tmp_path / "new" / "cameras.yaml"
    config.parent.mkdir()
    config.write_text("mine")
    done = restore(archive, tmp_path / "new" / "l.ledger", config)
    assert config.read_text() == "mine"
    assert str(config) in done.left
    assert done.config is None


def test_flipped_bytes_of_any_file_in_it_are_found(ledger: Path, tmp_path: Path) -> None:
    archive = made(ledger, tmp_path / "b.tar")
    data, rng = archive.read_bytes(), random.Random(1)
    with tarfile.open(archive) as tar:
        spans = [(m.offset_data, m.size) for m in tar if m.size]
    for begin, size in spans:
        changed = bytearray(data)
        changed[begin + rng.randrange(size)] ^= 1 << rng.randrange(8)
        archive.write_bytes(bytes(changed))
        with pytest.raises(BackupError):
            restore(archive, tmp_path / "never.ledger", tmp_path / "never.yaml")
    assert not (tmp_path / "never.ledger").exists()


def test_a_name_that_leads_out_is_refused(tmp_path: Path) -> None:
    for name in ("../x", "/etc/x", "a/../../x", "a//b"):
        archive = tmp_path / "odd.tar"
        with tarfile.open(archive, "w") as tar:
            tar.addfile(tarfile.TarInfo(name))
        with pytest.raises(BackupError):
            check(archive)


def test_a_damaged_ledger_is_not_called_a_backup(ledger: Path, tmp_path: Path) -> None:
    with sqlite3.connect(ledger) as db:
        db.execute("UPDATE chain SET body = X'00' WHERE seq = 5")
    db.close()
    with pytest.raises(BackupError, match="does not hold"):
        made(ledger, tmp_path / "kept")
    assert not list((tmp_path / "kept").glob("*.tar"))


def test_killed_at_any_moment_there_is_none_or_a_whole_one(ledger: Path, tmp_path: Path) -> None:
    target, rng = tmp_path / "kept", random.Random(3)
    config = ledger.parents[1] / "cameras.yaml"
    command = [sys.executable, "-c", "from camkeeper.cli import main; main()", "backup", str(target)]
    command += ["--ledger", str(ledger), "--config", str(config)]
    killed = 0
    for _ in range(6):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        begun = time.monotonic() + 20
        while not list(target.glob(".new-backup-*")) and process.poll() is None and time.monotonic() < begun:
            time.sleep(0.002)
        time.sleep(rng.random() * 0.15)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            killed += 1
        process.wait(20)
        for archive in target.glob("*.tar"):
            check(archive)
    assert killed
    before = set(target.glob("*.tar"))
    archive = made(ledger, target)
    assert not list(target.glob(".new-backup-*"))
    assert figures(ledger) == figures(restore(archive, tmp_path / "r.ledger", tmp_path / "r.yaml").ledger)
    assert archive not in before


def test_the_oldest_go(tmp_path: Path) -> None:
    for day in range(1, KEPT + 4):
        (tmp_path / f"camkeeper-0123abcd-202611{day:02d}T000000Z.tar").touch()
    (tmp_path / "camkeeper-ffffffff-20251101T000000Z.tar").touch()
    (tmp_path / "camkeeper-0123abcd-mine.tar").touch()
    gone = sweep(tmp_path, "0123abcd" + "0" * 24)
    assert [p.name[19:27] for p in gone] == ["20261101", "20261102", "20261103"]
    assert len(list(tmp_path.iterdir())) == KEPT + 2


def test_commands(ledger: Path, tmp_path: Path) -> None:
    run = CliRunner().invoke
    config, archive = str(ledger.parents[1] / "cameras.yaml"), tmp_path / "b.tar"
    assert run(app, ["backup", str(archive), "--ledger", str(ledger), "--config", config]).exit_code == 0
    new = ["--ledger", str(tmp_path / "n.ledger"), "--config", str(tmp_path / "n.yaml")]
    assert run(app, ["restore", str(archive), *new]).exit_code == 0
    assert run(app, ["restore", str(archive), *new]).exit_code == 1
    assert run(app, ["backup", str(archive), "--ledger", str(tmp_path / "none"), "--config", config]).exit_code == 1
    said = run(app, ["month", "list", "--ledger", str(tmp_path / "n.ledger"), "--json"])
    assert [row["month"] for row in json.loads(said.stdout)] == ["2026-10"]
    assert run(app, ["month", "show", "2026-10", "--ledger", str(ledger)]).exit_code == 0
    assert run(app, ["month", "show", "2026-11", "--ledger", str(ledger)]).exit_code == 1
