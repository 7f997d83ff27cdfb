"""What the hub reads again, and when: for whoever looks soon, for nobody seldom; never wrongly, never not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.monitor.hub.county_stage import CountyStage, county_stage

from camkeeper.hub.sums import GROWN_MS, LOOKED_MS, OLD_MS, REST_GROWN_MS, REST_OLD_MS, REST_STATUS_MS, Sums


def due(stage: CountyStage) -> str | None:
    found = stage.sums._due()
    return None if found is None else found[1].edge_id


async def read_all(stage: CountyStage) -> None:
    while (found := stage.sums._due()) is not None:
        await stage.sums._month(found[1], found[0])
    for edge in stage.copies.edges.values():
        await stage.sums._statuses(edge)


def grow(sums: Sums, edge_id: str) -> None:
    """Let what was read be of an earlier record, as after a parcel."""
    for kept in sums.months.values():
        kept[edge_id].seq -= 1
    sums._now[edge_id].seq -= 1


@pytest.mark.parametrize("looked", [True, False])
async def test_a_month_is_read_again_sooner_for_whoever_looks(tmp_path: Path, looked: bool) -> None:
    async with county_stage(tmp_path) as stage:
        await read_all(stage)
        clock, sums = stage.clock, stage.sums
        clock.advance(LOOKED_MS)
        await read_all(stage)
        clock.advance(REST_OLD_MS)
        await read_all(stage)
        assert not sums.looked_at
        grow(sums, "e1")
        grown_ms, old_ms = (GROWN_MS, OLD_MS) if looked else (REST_GROWN_MS, REST_OLD_MS)
        clock.advance(grown_ms - 1)
        if looked:
            stage.view.county()
        assert due(stage) is None
        clock.advance(1)
        assert due(stage) == "e1", "it grew"
        clock.advance(old_ms - grown_ms)
        if looked:
            stage.view.county()
        assert due(stage) in {"e1", "e2"}
        await read_all(stage)
        assert due(stage) is None


async def test_statuses_wait_for_somebody_to_look(tmp_path: Path) -> None:
    async with county_stage(tmp_path) as stage:
        await read_all(stage)
        sums, edge = stage.sums, stage.copies.edges["e1"]
        stage.clock.advance(LOOKED_MS)
        await read_all(stage)
        grow(sums, "e1")
        assert not await sums._statuses(edge), "nobody looks"
        stage.view.county()
        assert await sums._statuses(edge), "and now somebody does"
        assert not await sums._statuses(edge)
        stage.clock.advance(LOOKED_MS)
        assert not sums.looked_at
        assert await sums._statuses(edge)
        stage.clock.advance(REST_STATUS_MS)
        assert await sums._statuses(edge), "time passes for nobody, too"


async def test_whoever_looks_is_waited_for_with_more_of_a_core(tmp_path: Path) -> None:
    async with county_stage(tmp_path) as stage:
        stage.clock.advance(LOOKED_MS)
        rest = [stage.sums._share(fresh=fresh) for fresh in (True, False)]
        stage.view.county()
        looked = [stage.sums._share(fresh=fresh) for fresh in (True, False)]
        assert all(0 < slow < fast <= 0.5 for slow, fast in zip(rest, looked, strict=True))
