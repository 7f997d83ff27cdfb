"""Files of every earlier schema open, are brought to today's, verify, and give the same figures. Newer ones don't."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from camkeeper.access import Access, AccessError
from camkeeper.access import file as access_file
from camkeeper.access import verify as verify_access
from camkeeper.album import schema as album_schema
from camkeeper.album.record import AlbumError
from camkeeper.clock import SimulatedClock
from camkeeper.ledger import Ledger, LedgerReader
from camkeeper.ledger.record import Boot, LedgerFormatError
from camkeeper.ledger.schema import STEPS, VERSION, connect_writer, found_version
from camkeeper.ledger.verify import verify
from camkeeper.model.span import Span
from camkeeper.upgrade import Step, UpgradeError, plain, shape, upgrade, version_of

DATA = Path(__file__).parents[2] / "data" / "ledgers"
T0 = 1_788_105_600_000
PERIOD = Span(start_ms=T0, end_ms=T0 + 3 * 86_400_000)
LEDGERS = sorted(int(path.name[1:].partition(".")[0]) for path in DATA.glob("v*.ledger.gz"))
BOOT = Boot(boot_id="later", version="9")


def old(number: int, folder: Path, kind: str = "ledger") -> Path:
    path = folder / f"old.{kind}"
    path.write_bytes(gzip.decompress((DATA / f"v{number}.{kind}.gz").read_bytes()))
    return path


def shape_of(path: Path) -> frozenset[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as db:
        return shape(db)


def figures(path: Path) -> object:
    with LedgerReader(path) as reader:
        return (
            reader.buckets(PERIOD, known_until_ms=PERIOD.end_ms),
            reader.newest(),
            reader.heads("Asia/Shanghai"),
        )


def later(path: Path) -> Ledger:
    return Ledger.open(path, boot=BOOT, clock=SimulatedClock(wall_ms=PERIOD.end_ms + 60_000))


def test_there_is_a_file_of_every_schema() -> None:
    assert list(range(1, VERSION + 1)) == LEDGERS, "a new schema wants its file: scripts/old_ledgers.py"
    assert [step.to for step in STEPS] == list(range(2, VERSION + 1))


@pytest.mark.parametrize("number", LEDGERS)
def test_every_earlier_ledger_opens_upgrades_and_verifies(number: int, tmp_path: Path) -> None:
    path = old(number, tmp_path)
    with closing(sqlite3.connect(path)) as db:
        assert found_version(db) == number
    before = figures(path)  # read as it is, before any monitor opened it
    assert verify(path).ok
    records = verify(path).records
    with later(path):
        pass
    proof = verify(path)
    assert (proof.faults, proof.records) == ((), records + 1)  # the boot
    assert figures(path) == before
    with closing(sqlite3.connect(path)) as db:
        assert version_of(db) == VERSION
    with later(tmp_path / "new.ledger"):
        pass
    assert shape_of(path) == shape_of(tmp_path / "new.ledger")
    kept = tmp_path / f"old.ledger.before-v{VERSION}"
    assert kept.exists() is (number < VERSION)
    if kept.exists():
        assert verify(kept).records == records
        assert verify(kept).ok
    with later(path):  # and once more: nothing is left to do
        pass
    assert verify(path).ok


def test_all_tell_the_same_story(tmp_path: Path) -> None:
    told = []
    for number in LEDGERS:
        folder = tmp_path / str(number)
        folder.mkdir()
        with LedgerReader(old(number, folder)) as reader:
            told.append(reader.buckets(PERIOD, known_until_ms=PERIOD.end_ms))
    assert all(one == told[0] for one in told)
    assert sum(b.down_ms for b in told[0].values()) == 10 * 1_800_000  # ten outages of half an hour


def test_a_ledger_that_grew_by_tables_alone(tmp_path: Path) -> None:
    """Programs of before added tables and left the hours' key as it was."""
    path = old(2, tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("INSERT INTO coverage_hour VALUES (0, 1, 2, 3, 4, 5)")
        for step in STEPS[2:]:
            db.executescript(step.sql)
        assert found_version(db) == 2
    with later(path):
        pass
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT * FROM coverage_hour").fetchall() == [(0, 1, 2, 3, 4, 5)]
    with later(tmp_path / "new.ledger"):
        pass
    assert shape_of(path) == shape_of(tmp_path / "new.ledger")


def test_a_newer_file_is_refused_by_all_and_left_alone(tmp_path: Path) -> None:
    path = old(1, tmp_path)
    with later(path):
        pass
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    data = path.read_bytes()
    with pytest.raises(LedgerFormatError, match="newer release") as told:
        later(path)
    assert "请升级程序" in str(told.value)
    with pytest.raises(LedgerFormatError, match="newer release"), LedgerReader(path):
        pass
    with pytest.raises(LedgerFormatError, match="newer release"):
        verify(path)
    assert path.read_bytes() == data
    access = old(1, tmp_path, "access")
    with closing(sqlite3.connect(access)) as db:
        db.execute("PRAGMA user_version = 99")
    data = access.read_bytes()
    with pytest.raises(AccessError, match="newer release"):
        access_file.connect_writer(access, created_ms=0)
    with pytest.raises(AccessError, match="newer release"):
        verify_access(access)
    assert access.read_bytes() == data


async def test_accounts_of_the_first_release(tmp_path: Path) -> None:
    path = old(1, tmp_path, "access")
    assert verify_access(path).entries == 4
    with Access.open(path, clock=SimulatedClock(wall_ms=PERIOD.end_ms)) as access:
        assert {account.name for account in access.accounts()} == {"admin", "carl", "王工"}
    with closing(sqlite3.connect(path)) as db:
        assert version_of(db) == access_file.VERSION
    assert verify_access(path).entries == 4


def test_the_first_album(tmp_path: Path) -> None:
    path = tmp_path / "t.album"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript((DATA / "v1.album.sql").read_text(encoding="utf-8"))
        db.execute(f"PRAGMA application_id = {album_schema.APPLICATION_ID}")
        db.execute("INSERT INTO album VALUES (1, 1, 0)")
        db.execute("INSERT INTO baseline VALUES (1, 'c', 'day', 1, 5, 3, 1, zeroblob(32), x'01')")
    with closing(album_schema.connect_writer(path, created_ms=0)) as db:
        row = db.execute("SELECT device, accepted, retired, body FROM baseline").fetchone()
        assert row == ("c", 1, 0, b"\x01")
        assert version_of(db) == album_schema.VERSION
    with closing(album_schema.connect_writer(tmp_path / "new.album", created_ms=0)):
        pass
    assert shape_of(path) == shape_of(tmp_path / "new.album")
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(AlbumError, match="newer release"):
        album_schema.connect_writer(path, created_ms=0)


def test_no_room_for_the_copy_changes_nothing(tmp_path: Path) -> None:
    path = old(1, tmp_path)
    (tmp_path / f"old.ledger.before-v{VERSION}.new").mkdir()  # the copy cannot be written
    before = shape_of(path)
    with pytest.raises(LedgerFormatError, match="the copy before the upgrade cannot be written"):
        connect_writer(path, created_ms=0)
    assert shape_of(path) == before


def test_a_step_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("CREATE TABLE a (x INTEGER)")
        before = shape(db)
        steps = (Step(to=2, sql="CREATE TABLE b (y);\nDROP TABLE a;\n"), Step(to=3, sql="DROP TABLE nothing;\n"))
        with pytest.raises(UpgradeError, match="保持原样"):
            upgrade(db, path, steps, found=1)
        assert shape(db) == before
        assert version_of(db) == 0
        assert upgrade(db, path, steps[:1], found=1) is True
        assert upgrade(db, path, steps[:1], found=2) is False
        assert {name for name, _ in shape(db)} == {"b"}


KILLED = """
import sys
from pathlib import Path
from camkeeper.ledger.schema import connect_writer
print("ready", flush=True)
sys.stdin.readline()
connect_writer(Path(sys.argv[1]), created_ms=0).close()
"""


def test_killed_while_upgrading(tmp_path: Path) -> None:
    """Whatever moment: the old file or the new one, whole; and the next start goes on."""
    seen = set()
    for turn in range(10):
        folder = tmp_path / str(turn)
        folder.mkdir()
        path = old(1, folder)
        command = [sys.executable, "-c", KILLED, str(path)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdout.readline()
            process.stdin.write(b"\n")
            process.stdin.flush()
            time.sleep(0.003 * turn)
            process.send_signal(signal.SIGKILL)
        with closing(sqlite3.connect(path)) as db:
            seen.add(found_version(db))
        assert seen <= {1, VERSION}
        assert verify(path).ok
        with later(path):
            pass
        assert verify(path).ok
        with closing(sqlite3.connect(path)) as db:
            assert version_of(db) == VERSION
    assert 1 in seen


def test_plain() -> None:
    one = "CREATE TABLE a (\n  x INTEGER NOT NULL, -- why\n  y BLOB\n)"
    assert plain(one) == plain('CREATE TABLE "a" (x INTEGER NOT NULL,y BLOB)')
    assert plain(one) != plain("CREATE TABLE a (x INTEGER, y BLOB)")


def test_the_copy_has_the_mode_of_the_file(tmp_path: Path) -> None:
    path = old(1, tmp_path)
    path.chmod(0o600)
    mask = os.umask(0)
    try:
        with later(path):
            pass
    finally:
        os.umask(mask)
    assert (tmp_path / f"old.ledger.before-v{VERSION}").stat().st_mode & 0o777 == 0o600
    shutil.rmtree(tmp_path)
