"""Proof: every flipped byte of the chain is found, figures follow from it, and what is derived can be made anew."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.monitor.ledger.stories import Story, open_ledger, snapshot_of_stories, write
from typer.testing import CliRunner

from camkeeper.cli import app
from camkeeper.clock import SimulatedClock
from camkeeper.ledger import Batch, Boot, Ledger, LedgerReader, LifeChange
from camkeeper.ledger.closing import amend, close_month
from camkeeper.ledger.rebuild import rebuild
from camkeeper.ledger.record import LedgerError
from camkeeper.ledger.replay import pack_tracks
from camkeeper.ledger.rollup import roll_up
from camkeeper.ledger.verify import verify
from camkeeper.model.span import Span
from camkeeper.model.status import Status

START_MS = 1_790_784_000_000  # October in Shanghai
DAY_MS = 86_400_000
ZONE = "Asia/Shanghai"


def three() -> list[Story]:
    life = Span(start_ms=START_MS - 3 * DAY_MS, end_ms=START_MS + 90 * DAY_MS)
    rng = random.Random(5)

    def changes() -> tuple[tuple[int, Status], ...]:
        return tuple(
            (START_MS + i * DAY_MS // 2 + rng.randrange(DAY_MS // 3), rng.choice(list(Status))) for i in range(-4, 66)
        )

    window = Span(start_ms=START_MS + DAY_MS, end_ms=START_MS + 2 * DAY_MS)
    return [Story(device_id=f"d{i}", lives=(life,), changes=changes(), excluded=(window,)) for i in range(3)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger of three devices over five weeks: rolled up, October closed."""
    path = tmp_path_factory.mktemp("whole") / "l"
    session = write(path, three(), zone=ZONE, tick_ms=START_MS + 35 * DAY_MS)
    session.begin()
    while roll_up(session, days=60):
        pass
    close_month(session, "2026-10", zone=ZONE, by="镇政府", at_ms=START_MS + 35 * DAY_MS)
    session.checkpoint(pack_tracks(()))
    session.commit()
    session.db.close()
    with open_ledger(path) as ledger:
        ledger.append(Batch(tick_ms=START_MS + 36 * DAY_MS)).result(10)
    assert verify(path).ok
    return path


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    path = tmp_path / "copy"
    shutil.copy(whole, path)
    return path


def test_counts(whole: Path) -> None:
    found = verify(whole)
    assert found.counts["chain"] == found.records > 100
    assert found.counts["interval"] > 100
    assert found.counts["day_rollup"] == 38
    assert found.counts["close"] == 1
    assert verify(whole, month="2026-10").counts["interval"] <= found.counts["interval"]


def flip(value: object, rng: random.Random) -> object:
    """The value with one bit of it turned over."""
    if isinstance(value, int):
        return value ^ (1 << rng.randrange(40))
    data = bytearray(value if isinstance(value, bytes) else str(value).encode())
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def test_every_flip_in_the_chain_is_found(copy: Path) -> None:
    rng = random.Random(11)
    db = sqlite3.connect(copy, isolation_level=None)
    db.execute("PRAGMA ignore_check_constraints = ON")
    seqs = [seq for (seq,) in db.execute("SELECT seq FROM chain")]
    missed = []
    for _ in range(200):
        seq, column = rng.choice(seqs), rng.choice(["seq", "kind", "at_ms", "body", "hash"])
        (before,) = db.execute(f"SELECT {column} FROM chain WHERE seq = ?", (seq,)).fetchone()  # noqa: S608
        after = flip(before, rng)
        if column == "seq" and after in seqs:
            continue
        db.execute(f"UPDATE chain SET {column} = ? WHERE seq = ?", (after, seq))  # noqa: S608
        if verify(copy).ok:
            missed.append((seq, column, before, after))
        at = after if column == "seq" else seq
        db.execute(f"UPDATE chain SET {column} = ? WHERE seq = ?", (before, at))  # noqa: S608
    db.close()
    assert missed == []
    assert verify(copy).ok


def test_flips_anywhere_in_the_file_never_change_a_figure_silently(copy: Path) -> None:
    """A flip in a page's unused space, most of so small a file, changes no row; any other is found."""
    rng = random.Random(13)
    sound, figures, rows = copy.read_bytes(), buckets(copy), contents(copy)
    found = 0
    for _ in range(200):
        damaged = bytearray(sound)
        damaged[rng.randrange(100, len(sound))] ^= 1 << rng.randrange(8)
        copy.write_bytes(damaged)
        try:
            fine = verify(copy).ok
            found += not fine
            assert not fine or (buckets(copy) == figures and contents(copy) == rows)
        except LedgerError:
            found += 1
    assert found > 20


def contents(path: Path) -> object:
    """Every row that anybody reads, but for the bases of rollups: a damaged one only makes its day outdated."""
    tables = ("chain", "journal", "poller", "track_checkpoint", "device", "life", "interval", "open_interval")
    with LedgerReader(path) as reader, reader.reading() as db:
        return [db.execute(f"SELECT * FROM {table}").fetchall() for table in (*tables, "day_rollup")]  # noqa: S608


def buckets(path: Path) -> object:
    with LedgerReader(path) as reader:
        return reader.buckets(Span(start_ms=START_MS, end_ms=START_MS + 31 * DAY_MS))


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ("UPDATE interval SET t1 = t1 - 1 WHERE rowid_of", "interval"),
        ("DELETE FROM interval WHERE rowid_of", "interval"),
        ("UPDATE interval SET status = status % 4 + 1 WHERE rowid_of", "interval"),
        ("UPDATE open_interval SET t0 = t0 + 1", "open_interval"),
        ("UPDATE life SET t0 = t0 + 1", "life"),
        ("UPDATE device SET id = 'x' WHERE device = 1", "device"),
        ("UPDATE day_rollup SET up = up - 1 WHERE up > 0", "day_rollup"),
        ("DELETE FROM day_rollup WHERE device = 1", "day_rollup"),
        ("UPDATE poller SET last_tick_ms = last_tick_ms + 1", "poller"),
        ("UPDATE track_checkpoint SET tracks = x'00'", "track_checkpoint"),
        ("UPDATE journal SET tick_ms = tick_ms + 1", "journal"),
        ("DELETE FROM chain WHERE seq = (SELECT max(seq) - 1 FROM chain)", "chain"),
        ("UPDATE ledger SET created_ms = 5", "chain"),
    ],
)
def test_tampering_is_named(copy: Path, change: str, where: str) -> None:
    db = sqlite3.connect(copy, isolation_level=None)
    one = "(month, device, t0) = (SELECT month, device, t0 FROM interval WHERE device = 2 LIMIT 1 OFFSET 9)"
    done = db.execute(change.replace("rowid_of", one))
    assert done.rowcount
    db.close()
    assert where in {fault.where for fault in verify(copy).faults}


def test_a_cut_off_end_is_seen_by_the_heads_kept(copy: Path) -> None:
    head = verify(copy).head
    assert verify(copy, heads=[head]).ok
    db = sqlite3.connect(copy, isolation_level=None)
    db.execute("DELETE FROM chain WHERE seq = (SELECT max(seq) FROM chain)")
    db.close()
    found = verify(copy, heads=[head])
    assert any(head in fault.en for fault in found.faults)


@pytest.mark.parametrize("missing", ["seal", "boot"])
def test_a_cut_off_seal_or_boot_is_missed(tmp_path: Path, missing: str) -> None:
    """No table is derived from them: the bookmark remembers them."""
    path = tmp_path / "l"
    with open_ledger(path, wall_ms=START_MS) as ledger:
        ledger.append(Batch(tick_ms=START_MS)).result(10)  # seals
    if missing == "boot":
        again = Boot(boot_id="second", version="test")
        Ledger.open(path, boot=again, clock=SimulatedClock(wall_ms=START_MS)).close()
    assert verify(path).ok
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("DELETE FROM chain WHERE seq = (SELECT max(seq) FROM chain)")
    db.close()
    (fault,) = verify(path).faults
    assert fault.where == "poller"
    assert missing in fault.en


def test_rebuilding_gives_the_same_tables(copy: Path) -> None:
    tables = ("device", "life", "interval", "open_interval", "rollup_day", "day_rollup")
    db = sqlite3.connect(copy, isolation_level=None)
    before = [sorted(db.execute(f"SELECT * FROM {t}").fetchall(), key=repr) for t in tables]  # noqa: S608
    db.execute("DELETE FROM interval WHERE device = 1")
    db.execute("UPDATE day_rollup SET up = 0, degraded = 0")
    db.close()
    assert not verify(copy).ok
    assert rebuild(copy) == verify(copy).records
    db = sqlite3.connect(copy, isolation_level=None)
    assert [sorted(db.execute(f"SELECT * FROM {t}").fetchall(), key=repr) for t in tables] == before  # noqa: S608
    assert verify(copy).ok
    db.execute("UPDATE chain SET body = x'00' WHERE seq = 5")
    db.close()
    with pytest.raises(LedgerError, match="record 5 "):
        rebuild(copy)


def test_a_closed_month_changes_only_by_amendment(tmp_path: Path) -> None:
    path = tmp_path / "l"
    some = three()
    session = write(path, some, zone=ZONE, tick_ms=START_MS + 31 * DAY_MS + 1)
    session.begin()
    with pytest.raises(ValueError, match="not over"):
        close_month(session, "2026-10", zone=ZONE, by="x", at_ms=0)
    session.write(Batch(tick_ms=START_MS + 32 * DAY_MS), 0)
    first = close_month(session, "2026-10", zone=ZONE, by="x", at_ms=1)
    with pytest.raises(ValueError, match="amend it"):
        close_month(session, "2026-10", zone=ZONE, by="x", at_ms=2)
    longer = Span(start_ms=START_MS + DAY_MS, end_ms=START_MS + 9 * DAY_MS)
    edited = [replace(s, excluded=(longer,)) for s in some]
    session.write(Batch(config=snapshot_of_stories(edited, ZONE), at_ms=3), 3)
    session.commit()
    with LedgerReader(path) as reader:
        config = reader.config_for("2026-10")
        assert config is not None
        assert config.windows[0].span != longer, "a closed month keeps the windows it was closed with"
        later = reader.config_for("2026-11")
        assert later is not None
        assert later.windows[0].span == longer
    assert verify(path).ok
    session.begin()
    with pytest.raises(ValueError, match="who makes it and why"):
        amend(session, "2026-10", by="镇", why=" ", at_ms=4)
    second = amend(session, "2026-10", by="镇", why="漏记停电", at_ms=4)
    session.commit()
    assert first.figures != second.figures
    assert first.windows != second.windows
    assert verify(path).ok
    with LedgerReader(path) as reader:
        assert reader.closed()["2026-10"] == second
    session.db.close()


def test_a_late_life_in_a_closed_month_is_a_fault(copy: Path) -> None:
    with open_ledger(copy) as ledger:
        late = LifeChange(device_id="new", at_ms=START_MS + 5, enrolled=True)
        ledger.append(Batch(lives=(late,))).result(10)
    assert {fault.where for fault in verify(copy).faults} == {"close"}


def test_command_line(copy: Path) -> None:
    run = CliRunner()
    done = run.invoke(app, ["verify", str(copy), "--json"])
    assert done.exit_code == 0, done.output
    value = json.loads(done.output)
    assert value["ok"]
    assert len(value["head"]) == 64
    assert run.invoke(app, ["verify", "--ledger", str(copy), "--month", "2026-10"]).exit_code == 0
    assert run.invoke(app, ["verify", str(copy), "--month", "October"]).exit_code == 2
    missing = run.invoke(app, ["verify", str(copy.with_name("none"))])
    assert missing.exit_code == 1
    db = sqlite3.connect(copy, isolation_level=None)
    db.execute("UPDATE chain SET at_ms = at_ms + 1 WHERE seq = 17")
    db.execute("DELETE FROM interval WHERE device = 2")
    db.close()
    done = run.invoke(app, ["verify", str(copy)])
    assert done.exit_code == 1
    assert "第 17 条的哈希不符" in done.output
    assert "record 17 does not have its hash" in done.output
    refused = run.invoke(app, ["verify", str(copy), "--rebuild"])
    assert refused.exit_code == 1
    assert "record 17" in refused.output


def test_the_documents_own_program_verifies(copy: Path, tmp_path: Path) -> None:
    """What the other party runs: the program printed in the design note, with nothing of ours."""
    text = Path(__file__).parents[3].joinpath("docs/design/0002-ledger.md").read_text(encoding="utf-8")
    program = tmp_path / "their.py"
    program.write_text(text.split("```python")[1].split("```")[0], encoding="utf-8")
    command = [sys.executable, "-I", str(program), str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == [str(verify(copy).records), verify(copy).head]
    db = sqlite3.connect(copy, isolation_level=None)
    db.execute("UPDATE chain SET at_ms = at_ms + 1 WHERE seq = 9")
    db.close()
    refused = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert "record 9" in refused.stderr
