"""The disk of an edge is filled while it writes, held, freed: a real file system, of a few MiB.

Whatever was acknowledged is at the hub afterwards; as long as it cannot be told, time is unknown there, and what an
edge never got to disk before it was killed stays unknown for ever. Nothing reads as down, nothing as up.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.monitor.hub.edge_process import DEVICES
from tests.monitor.hub.equal import copied, equal_figures, quiet
from tests.peers.county import County, debian_or_bundled, end_of, nats_server, wait_for
from tests.peers.smalldisk import SmallDisk, small_disk

from camkeeper.availability.days import month_of
from camkeeper.hub.figures import county as county_figure
from camkeeper.ledger import LedgerReader
from camkeeper.ledger.verify import verify
from camkeeper.model.span import Span
from camkeeper.model.status import Status

HOLD_S = 2.0
HOUR_MS = 3_600_000
ZONE = "Asia/Shanghai"


@pytest.mark.slow
@pytest.mark.timeout(150)
def test_a_full_disk_is_a_gap_that_nobody_fills_with_guesses(county: County) -> None:
    """One edge with each version of nats-server."""
    programs = {"e1": nats_server(), "e2": debian_or_bundled()}
    with ExitStack() as stack:
        disks = {e: stack.enter_context(small_disk(county.edge_folder(e), mib=24)) for e in programs}
        stack.callback(county.stop)
        county.init(*programs)
        county.start_hub()
        for county.program, edge_id in ((program, edge_id) for edge_id, program in programs.items()):
            county.start_edge(edge_id)
        wait_for(county, "first records", lambda: all(copied(county, e, 100) for e in programs))
        stuck = filled(county, disks)
        time.sleep(HOLD_S)
        for edge_id in programs:
            assert county.processes[edge_id].poll() is None, f"it lives\n{county.logs()}"
            assert end_of(county.ledger(edge_id)) == stuck[edge_id], "nothing was written that nobody could write"
            assert_silence_is_unknown(county, edge_id)
        for disk in disks.values():
            disk.free()
        wait_for(county, "they go on", lambda: all(copied(county, e, stuck[e][0].seq + 100) for e in programs))

        stuck = filled(county, disks)
        for edge_id in programs:
            county.kill(edge_id)  # with it goes what waited for the disk, none of it acknowledged
        time.sleep(HOLD_S)
        for county.program, edge_id in ((program, edge_id) for edge_id, program in programs.items()):
            disks[edge_id].free()
            county.start_edge(edge_id)
        quiet(county, *programs)
        equal_figures(county, *programs)
        for edge_id in programs:
            assert verify(county.ledger(edge_id)).ok
            assert missing(county, edge_id) == [], "what was acknowledged is at the hub"
            gap_ms = unknown_after(county.copy(edge_id), stuck[edge_id][2])
            assert gap_ms >= len(DEVICES) * HOLD_S * 1000, "what nobody wrote is unknown"
        assert not (county.hub_folder / "edges/refused.jsonl").exists()


@pytest.mark.slow
def test_a_hub_whose_disk_is_full_answers_for_nothing_that_it_has_not(county: County) -> None:
    """The edge keeps what the hub cannot take, and all of it arrives when there is room."""
    with small_disk(county.hub_folder, mib=12) as disk:
        try:
            county.init("e1")
            county.start_hub()
            county.start_edge("e1")
            wait_for(county, "first records", lambda: copied(county, "e1", 50))
            disk.fill()
            wait_for(county, "the hub says so", lambda: "copy_unwritable" in county.logs())
            stuck = end_of(county.copy("e1"))
            time.sleep(2)
            assert county.processes["hub"].poll() is None, f"it lives\n{county.logs()}"
            assert end_of(county.copy("e1")) == stuck
            disk.free()
            quiet(county, "e1")
            equal_figures(county, "e1")
            assert missing(county, "e1") == []
        finally:
            county.stop()


def filled(it: County, disks: dict[str, SmallDisk]) -> dict[str, Any]:
    """Fill the disks until no ledger grows any more (its log may have room of its own first); their ends."""
    found = {edge_id: end_of(it.ledger(edge_id)) for edge_id in disks}
    for _ in range(100):
        for disk in disks.values():
            disk.fill()
        time.sleep(0.5)
        before, found = found, {edge_id: end_of(it.ledger(edge_id)) for edge_id in disks}
        if before == found:
            return found
    raise AssertionError("the disks are full and the ledgers grow")


def assert_silence_is_unknown(it: County, edge_id: str) -> None:
    """At the hub an hour that nobody told of is unknown and nothing else."""
    tick_ms = end_of(it.copy(edge_id))[2]
    month, paths = month_of(tick_ms, ZONE), {edge_id: it.copy(edge_id)}
    then = county_figure(paths, month=month, now_ms=tick_ms).net
    now = county_figure(paths, month=month, now_ms=tick_ms + HOUR_MS).net
    assert (now.up_ms, now.down_ms) == (then.up_ms, then.down_ms)
    assert now.unknown_ms - then.unknown_ms == len(DEVICES) * HOUR_MS


def missing(it: County, edge_id: str) -> list[str]:
    """Changes that the edge's ledger acknowledged and the hub's copy does not have."""
    acked = it.acked(edge_id).read_text(encoding="ascii").splitlines()
    assert len(acked) > 100
    first_ms, last_ms = (int(acked[n].split()[0]) for n in (0, -1))
    with LedgerReader(it.copy(edge_id)) as reader:
        whole = Span(start_ms=first_ms, end_ms=last_ms + 1)
        there = {f"{t.at_ms} {d} {t.new.value}" for d in DEVICES for t in reader.changes(d, whole)}
    return [line for line in acked if line not in there]


def unknown_after(copy: Path, tick_ms: int) -> int:
    """Device milliseconds of unknown since an instant."""
    with LedgerReader(copy) as reader:
        since = Span(start_ms=tick_ms, end_ms=(reader.last_tick_ms() or tick_ms) + 1)
        told = reader.told_intervals(since)
        return sum(i.span.end_ms - i.span.start_ms for i in told if i.status is Status.UNKNOWN)
