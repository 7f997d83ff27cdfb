"""The hub's intake and page, without a network: who is silent, who was refused, what a county's month is."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.monitor.ledger.stories import Story, write

from camkeeper.availability.days import month_of
from camkeeper.clock import SimulatedClock
from camkeeper.hub.copies import SILENT_MS, Copies
from camkeeper.hub.figures import county
from camkeeper.ledger import LedgerReader
from camkeeper.ledger.excerpt import excerpt
from camkeeper.ledger.parcel import Parcel, Place, pack
from camkeeper.ledger.replica import Verdict
from camkeeper.model.span import Span
from camkeeper.model.status import Status

HOUR = 3_600_000
T0 = 1_790_000_000_000
TICK = T0 + 20 * HOUR


def edge_ledger(path: Path, *, down_hours: int) -> Parcel:
    story = Story(
        device_id="CAM-1",
        lives=(Span(start_ms=T0, end_ms=TICK + 100 * HOUR),),
        changes=((T0, Status.UP), (TICK - (down_hours + 1) * HOUR, Status.DOWN), (TICK - HOUR, Status.UP)),
    )
    write(path, [story], zone="Asia/Shanghai", tick_ms=TICK).db.close()
    with LedgerReader(path) as reader:
        return excerpt(reader, Place())


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(wall_ms=TICK, elapsed_ms=10**6)


@pytest.fixture
async def copies(tmp_path: Path, clock: SimulatedClock) -> AsyncIterator[Copies]:
    it = Copies(tmp_path / "edges", clock)
    await it.open(["e1", "e2"])
    yield it
    await it.close()


async def test_a_county_is_the_sum_of_its_edges_and_says_who_is_missing(copies: Copies, tmp_path: Path) -> None:
    originals = {}
    for edge_id, hours in (("e1", 2), ("e2", 5)):
        originals[edge_id] = tmp_path / f"{edge_id}.ledger"
        receipt = await copies.take(edge_id, pack(edge_ledger(originals[edge_id], down_hours=hours)))
        assert receipt is not None
        assert receipt.verdict is Verdict.TAKEN
    paths = {i: copies.path_of(i) for i in ("e1", "e2", "e3")}
    month = month_of(TICK, "Asia/Shanghai")
    found = county(paths, month=month, now_ms=TICK)
    assert found.missing == ("e3",)
    assert found.net.down_ms == 7 * HOUR
    assert found.net.up_ms == 33 * HOUR
    assert county(originals, month=month, now_ms=TICK).edges == found.edges
    later = county(paths, month=month, now_ms=TICK + 10 * HOUR)
    assert later.net.down_ms == 7 * HOUR, "silence is never down"
    assert later.net.unknown_ms == found.net.unknown_ms + 2 * 10 * HOUR


async def test_a_sign_of_life_moves_the_tick_and_silence_does_not(
    copies: Copies, clock: SimulatedClock, tmp_path: Path
) -> None:
    whole = edge_ledger(tmp_path / "e1.ledger", down_hours=1)
    await copies.take("e1", pack(whole))
    edge = copies.edges["e1"]
    beat = replace(whole, start=whole.end, start_head=whole.head, records=(), tick_ms=TICK + 10_000)
    await copies.hear("e1", pack(beat))
    assert (edge.tick_ms, edge.stored_tick_ms) == (TICK + 10_000, TICK), "told at once, on disk a little later"
    await copies.hear("e1", pack(replace(beat, tick_ms=TICK + 40_000)))
    assert edge.stored_tick_ms == TICK + 40_000
    await copies.hear("e1", pack(replace(beat, start_head=bytes(32), head=bytes(32), tick_ms=TICK + 10**6)))
    await copies.hear("e1", b"noise")
    await copies.hear("nobody", pack(beat))
    assert edge.tick_ms == TICK + 40_000
    assert not edge.silent(clock.elapsed_ms())
    clock.advance(SILENT_MS + 1)
    assert edge.silent(clock.elapsed_ms())
    assert edge.tick_ms == TICK + 40_000


async def test_a_tick_that_waited_is_on_disk_after_the_end(tmp_path: Path, clock: SimulatedClock) -> None:
    it = Copies(tmp_path / "edges", clock)
    await it.open(["e1"])
    whole = edge_ledger(tmp_path / "e1.ledger", down_hours=1)
    await it.take("e1", pack(whole))
    beat = replace(whole, start=whole.end, start_head=whole.head, records=(), tick_ms=TICK + 10_000)
    await it.hear("e1", pack(beat))
    await it.close()
    with LedgerReader(it.path_of("e1")) as reader:
        assert reader.last_tick_ms() == TICK + 10_000


async def test_what_is_refused_is_on_the_list_once(copies: Copies, tmp_path: Path) -> None:
    whole = edge_ledger(tmp_path / "e1.ledger", down_hours=1)
    forged = pack(replace(whole, head=bytes(32)))
    for _ in range(3):
        receipt = await copies.take("e1", forged)
        assert receipt is not None
        assert receipt.verdict is Verdict.FORGED
    noise = await copies.take("e1", b"CKP1 and then nothing that is one")
    assert noise is not None
    assert noise.verdict is Verdict.FORGED
    lines = [json.loads(line) for line in (tmp_path / "edges/refused.jsonl").read_text().splitlines()]
    assert [line["edge"] for line in lines] == ["e1", "e1"]
    assert copies.edges["e1"].refusals == 4
    assert copies.edges["e1"].place == Place()
    assert await copies.take("nobody", forged) is None
    accepted = await copies.take("e1", pack(whole))
    assert accepted is not None
    assert accepted.verdict is Verdict.TAKEN
    assert copies.edges["e1"].refused is None
