"""A start whose disk takes nothing: it says so, waits, and goes on by itself once the disk is back."""

from __future__ import annotations

from pathlib import Path

from rel import record
from rel.rows.ioerr import injecting
from rel.town import end, eventually, ready, started, town
from rel.tracing import traced

from camkeeper.clock import SystemClock
from camkeeper.ledger import Boot, Ledger

STARVED = 7
"""Syncs that fail: as many attempts, over some twenty seconds."""


def test_a_start_on_a_disk_that_takes_nothing_says_so_and_goes_on_by_itself(tmp_path: Path) -> None:
    ledger, log = tmp_path / "town.ledger", Path(tmp_path / "town.ledger.log")
    with town(tmp_path / "town", devices=2, every_s=1.0) as here:
        Ledger.open(ledger, boot=Boot(boot_id="made", version="rel"), clock=SystemClock()).close()
        how = injecting("fsync,fdatasync", 3, 1)
        how = [word.replace("when=3+1", f"when=3..{3 + STARVED}") for word in how]
        process = started(here.config, ledger, wrap=lambda words: traced(tmp_path / "strace", how, words))
        try:
            eventually(lambda: "ledger_not_written" in log.read_text(encoding="utf-8"), why="it waits in silence")
            watching = ready(process, ledger)
            eventually(lambda: watching.stored() >= 4, why="it did not go on")
            assert watching.stop() == 0
        finally:
            end(process)
    said = log.read_text(encoding="utf-8")
    assert "disk I/O error" in said
    assert "腾出空间或换盘" in said
    assert record.faults(ledger) == []
