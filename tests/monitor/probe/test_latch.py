"""Latches outlive the process, keep no password, and are replaced whole."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from camkeeper.model.probing import Rung, Verdict
from camkeeper.probe.latch import FileLatches, Latch, LatchFileError, LatchStore, MemoryLatches


def _latch(device_id: str = "d", scope: Rung = Rung.AUTH) -> Latch:
    return Latch(device_id=device_id, scope=scope, fingerprint="f", cause=Verdict.AUTH_REFUSED, at_ms=7, detail="词")


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> LatchStore:
    return MemoryLatches() if request.param == "memory" else FileLatches(tmp_path / "l.json")


def test_every_store_keeps_the_same_promises(store: LatchStore) -> None:
    assert store.get("d", Rung.AUTH) is None
    assert not store.remove("d")
    store.put(_latch())
    store.put(_latch(scope=Rung.SNAPSHOT))
    store.put(_latch("e"))
    assert store.get("d", Rung.AUTH) == _latch()
    assert store.remove("d", Rung.SNAPSHOT)
    assert store.get("d", Rung.SNAPSHOT) is None
    assert store.remove("d")
    assert store.get("d", Rung.AUTH) is None
    assert store.get("e", Rung.AUTH) == _latch("e")


def test_fingerprints_tell_credentials_apart(store: LatchStore) -> None:
    one = store.fingerprint("u", "p")
    assert one == store.fingerprint("u", "p")
    assert len({one, store.fingerprint("u", "q"), store.fingerprint("up", ""), store.fingerprint("", "up")}) == 4


def test_a_restart_remembers(tmp_path: Path) -> None:
    first = FileLatches(tmp_path / "l.json")
    first.put(_latch())
    again = FileLatches(tmp_path / "l.json")
    assert again.get("d", Rung.AUTH) == _latch()
    assert again.fingerprint("u", "p") == first.fingerprint("u", "p")
    assert first.fingerprint("u", "p") != FileLatches(tmp_path / "other.json").fingerprint("u", "p")


def test_another_process_may_unlatch(tmp_path: Path) -> None:
    ours, theirs = FileLatches(tmp_path / "l.json"), FileLatches(tmp_path / "l.json")
    ours.put(_latch())
    assert theirs.remove("d")
    assert ours.get("d", Rung.AUTH) is None
    theirs.put(_latch("e"))
    ours.put(_latch("f"))
    assert {i for i in "def" if FileLatches(tmp_path / "l.json").get(i, Rung.AUTH)} == {"e", "f"}


def test_the_files_are_private_and_have_no_password(tmp_path: Path) -> None:
    store = FileLatches(tmp_path / "l.json")
    store.fingerprint("admin", "canary-secret-77")
    store.put(_latch())
    for path in (tmp_path / "l.json", tmp_path / "l.key"):
        assert path.stat().st_mode & 0o077 == 0
        assert b"canary" not in path.read_bytes()
    assert not list(tmp_path.glob("*.new"))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 2, "latches": []}', '{"version": 1, "latches": [{}]}'])
def test_a_broken_file_is_told_not_survived(tmp_path: Path, text: str) -> None:
    (tmp_path / "l.json").write_text(text)
    with pytest.raises(LatchFileError, match=r"l\.json"):
        FileLatches(tmp_path / "l.json")


def test_a_file_broken_later_opens_no_latch(tmp_path: Path) -> None:
    store = FileLatches(tmp_path / "l.json")
    store.put(_latch())
    (tmp_path / "l.json").write_text("{ half a")
    assert store.get("d", Rung.AUTH) == _latch()
    store.put(_latch("e"))
    assert FileLatches(tmp_path / "l.json").get("d", Rung.AUTH) == _latch()


def test_a_broken_key_is_told(tmp_path: Path) -> None:
    (tmp_path / "l.key").write_bytes(b"short")
    with pytest.raises(LatchFileError, match="32 bytes"):
        FileLatches(tmp_path / "l.json")


def test_a_disk_that_takes_nothing_still_latches_here(tmp_path: Path) -> None:
    store = FileLatches(tmp_path / "l.json")
    (tmp_path / "l.new").mkdir()
    with pytest.raises(OSError, match="directory"):
        store.put(_latch())
    assert store.get("d", Rung.AUTH) == _latch()
    (tmp_path / "l.new").rmdir()
    store.put(_latch("e"))
    assert {row["device_id"] for row in json.loads((tmp_path / "l.json").read_text())["latches"]} == {"d", "e"}


def test_refusals_that_come_at_once_are_all_kept(tmp_path: Path) -> None:
    store = FileLatches(tmp_path / "l.json")
    latches = [_latch(f"d{n}") for n in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(store.put, latches))
    assert FileLatches(tmp_path / "l.json").all() == tuple(sorted(latches, key=lambda latch: latch.device_id))
