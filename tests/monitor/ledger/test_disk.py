"""A full disk: the process lives, says what is wrong, goes on when there is room, and nothing acknowledged is lost."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.monitor.ledger.stories import open_ledger

from camkeeper.ledger import Batch, Ledger, LedgerFullError, LifeChange
from camkeeper.ledger.verify import verify
from camkeeper.model.probing import Sample
from camkeeper.model.status import Reason, Status

T0 = 1_790_000_000_000
NAMES = [f"d{i}" for i in range(200)]


def batch(i: int) -> Batch:
    at_ms = T0 + i
    samples = (Sample(device_id=n, at_ms=at_ms, status=Status.UP, reason=Reason.RECOVERED) for n in NAMES)
    return Batch(samples=tuple(samples), tick_ms=at_ms)


def enrol(ledger: Ledger) -> None:
    lives = tuple(LifeChange(device_id=n, at_ms=T0, enrolled=True) for n in NAMES)
    ledger.append(Batch(lives=lives, tick_ms=T0)).result(20)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Six megabytes, for real."""
    if os.geteuid() != 0:
        pytest.skip("mounting a tmpfs needs root")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(place)], check=False, capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no tmpfs here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def until_trouble(ledger: Ledger, first: int) -> int:
    """Append until the disk says no for good (folding the log into the file may make room once); the next number."""
    i = first
    deadline = time.monotonic() + 60
    while ledger.health.retries < 4 and time.monotonic() < deadline:
        if ledger.health.pending_batches < 20:
            ledger.append(batch(i))
            i += 1
        time.sleep(0.0005)
    assert ledger.health.error is not None
    return i


def test_full_disk(small_disk: Path) -> None:
    filler = small_disk / "filler"
    filler.write_bytes(b"\0" * 3_000_000)
    path = small_disk / "l"
    with open_ledger(path, max_pending_samples=20_000) as ledger:
        enrol(ledger)
        last = until_trouble(ledger, 1)
        assert "full" in str(ledger.health.error)
        refused = 0
        for _ in range(200):
            try:
                waiting = ledger.append(batch(last))
            except LedgerFullError:
                refused += 1
            else:
                last += 1
        assert refused > 0
        assert not waiting.done()
        filler.unlink()
        ack = waiting.result(30)
        assert ledger.health.error is None
        assert ack.samples == (last - 1) * len(NAMES)
    with open_ledger(path) as again:
        stored = [b.tick_ms for b in again.recover().batches if b.samples]
    assert stored == [T0 + i for i in range(1, last)]
    assert verify(path).ok


def test_close_ends_in_time_on_a_full_disk(small_disk: Path) -> None:
    filler = small_disk / "filler"
    filler.write_bytes(b"\0" * 3_000_000)
    ledger = open_ledger(small_disk / "l")
    enrol(ledger)
    last = until_trouble(ledger, 1)
    pending = ledger.append(batch(last))
    began = time.monotonic()
    assert not ledger.close()
    assert time.monotonic() - began < 8
    assert pending.exception(1) is not None
    filler.unlink()
    with open_ledger(small_disk / "l") as again:
        assert (again.recover().last_tick_ms or 0) >= T0
    assert verify(small_disk / "l").ok


LIMITED = """
import resource, signal, sys, time
from pathlib import Path
from tests.monitor.ledger.stories import open_ledger
from tests.monitor.ledger.test_disk import batch, enrol, until_trouble
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with open_ledger(Path(sys.argv[1])) as ledger:
    enrol(ledger)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
    last = until_trouble(ledger, 1)
    waiting = ledger.append(batch(last))
    time.sleep(0.3)
    assert not waiting.done()
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert waiting.result(30).samples == last * 200
    print("acknowledged", last)
"""


def test_files_that_may_not_grow(tmp_path: Path) -> None:
    """The same with a limit on the size of files, which needs no root: the disk's word is an I/O error."""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path / "l")], capture_output=True, text=True, check=False, timeout=100
    )
    assert "acknowledged" in done.stdout, done.stderr
    assert verify(tmp_path / "l").ok
