"""A damaged album is moved aside and the monitor goes on; a full disk is told; a kill harms nothing."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.monitor.album.prints import DAY, HOUR, T0, body, finding, jpeg, look, open_album

from camkeeper.album import Album, AlbumError
from camkeeper.clock import SimulatedClock, SystemClock
from camkeeper.model.picture import Context


def filled(path: Path, *, devices: int = 40) -> None:
    with open_album(path) as album:
        for i in range(devices):
            album.put_baseline(f"c{i}", Context.DAY, body(9000), frames=5, learned_ms=T0)
            album.note(look(f"c{i}"), "{}")


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 500, b"SQLite format 3\0" + bytes(5000)])
def test_whatever_lies_there_the_album_opens(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)
    with open_album(path) as album:
        album.put_baseline("c1", Context.DAY, body(), frames=5, learned_ms=T0).result(5)
        assert album.baseline("c1", Context.DAY) is not None
        warning = album.health.warning
    if content:
        assert warning is not None
        assert "a.damaged-" in warning
        [kept] = tmp_path.glob("a.damaged-*")
        assert kept.read_bytes()[:16] == content[:16]
    else:
        assert warning is None


def test_a_strange_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE mine (x)")
    db.close()
    with open_album(path) as album:
        assert album.health.moved_aside is not None
    [kept] = tmp_path.glob("a.damaged-*")
    assert sqlite3.connect(kept).execute("SELECT count(*) FROM mine").fetchone() == (0,)


def test_flips_in_the_file_never_stop_it(tmp_path: Path) -> None:
    path = tmp_path / "a"
    filled(path)
    sound = path.read_bytes()
    rng = random.Random(7)
    moved = 0
    for _ in range(60):
        for old in tmp_path.glob("a*"):
            old.unlink()
        damaged = bytearray(sound)
        for _ in range(40):
            damaged[rng.randrange(len(sound))] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        with open_album(path) as album:
            for i in range(40):
                album.baseline(f"c{i}", Context.DAY)
            album.looks()
            album.tracks()
            note = album.note(look("new"), "{}")
            album.put_baseline("new", Context.DAY, body(), frames=5, learned_ms=T0).result(9)
            note.result(5)
            assert album.baseline("new", Context.DAY) is not None
            moved += album.health.moved_aside is not None
    assert moved > 12


def test_damage_under_way_is_found_by_a_reader_and_the_next_write_lands_in_a_new_album(tmp_path: Path) -> None:
    path = tmp_path / "a"
    filled(path)
    with open_album(path) as album:
        size = path.stat().st_size
        with path.open("r+b") as file:  # all but the first page
            file.seek(4096)
            file.write(random.Random(1).randbytes(size - 4096))
        assert album.baseline("c7", Context.DAY) is None
        album.put_baseline("c7", Context.DAY, body(), frames=5, learned_ms=T0).result(9)
        assert album.baseline("c7", Context.DAY) is not None
        assert album.health.moved_aside is not None
        assert [i.device_id for i in album.baselines()] == ["c7"]


def test_damaged_albums_do_not_keep_pictures_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "a"
    clock = SimulatedClock(wall_ms=T0)
    for _ in range(2):
        path.write_bytes(b"broken" * 999)
        with open_album(path, clock) as album:
            assert len(list(tmp_path.glob("a.damaged-*"))) == 1  # the older one went
        clock.advance(HOUR)
    with open_album(path, clock) as album:
        assert album.sweep(T0 + 3 * DAY).result(5).files == 0
        assert album.sweep(T0 + 3 * DAY + HOUR).result(5).files == 1
    assert list(tmp_path.glob("a.damaged-*")) == []


def test_a_disk_that_takes_nothing_fails_the_work_and_is_told_until_it_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("camkeeper.album.writer.RETRY_S", (0.01,))
    with open_album(tmp_path / "a") as album:
        full = album._writer.put(_disk_full)
        with pytest.raises(AlbumError, match="full"):
            full.result(9)
        assert "full" in (album.health.warning or "")
        album.put_thumbnail(finding("c2"), at_ms=T0, jpeg=jpeg(160, 90)).result(9)
        assert album.health.error is None
        assert album.health.lost >= 1
        assert album.health.moved_aside is None


def _disk_full(desk: object) -> None:
    """SQLite itself says it: no page more than there are."""
    db = desk.db  # type: ignore[attr-defined]
    db.execute("PRAGMA max_page_count = 1")
    db.execute("INSERT INTO material (device, context, at_ms, bytes, sheet) VALUES ('x', 'day', 0, 1, zeroblob(99999))")


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(AlbumError, match="cannot be opened"):
        open_album(tmp_path / "a")


_WRITES = """
import sys
from pathlib import Path
from tests.monitor.album.prints import jpeg, finding, look, T0
from camkeeper.album import Album
from camkeeper.clock import SystemClock
from camkeeper.model.picture import Context
album = Album.open(Path(sys.argv[1]), clock=SystemClock())
n = 0
while True:
    n += 1
    album.note(look(f"c{n % 50}", at_ms=T0 + n), str(n))
    album.note_fleet(str(n))
    if n % 5 == 0:
        kept = album.put_baseline(f"c{n % 7}", Context.DAY, bytes([n % 256]) * 9000, frames=5, learned_ms=T0)
        print(kept.result(9).version, flush=True)
        album.drop_thumbnails([f"c{n % 50}"])
        album.put_thumbnail(finding(f"c{n % 50}"), at_ms=T0, jpeg=jpeg(160, 90))
"""


def test_kills_harm_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a"
    rng = random.Random(3)
    for _ in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", _WRITES, str(path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]
        )
        assert process.stdout is not None
        assert process.stdout.readline().strip().isdigit()
        time.sleep(rng.random() * 0.3)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        process.stdout.close()
        with Album.open(path, clock=SystemClock()) as album:
            assert album.health.moved_aside is None
            (answer,) = album._writer.put(lambda desk: desk.db.execute("PRAGMA integrity_check").fetchone()).result(20)
            assert answer == "ok"
            assert all(album.baseline(i.device_id, i.context, version=i.version) for i in album.baselines())
            assert len(album.looks()) == len(album.tracks()) > 0
