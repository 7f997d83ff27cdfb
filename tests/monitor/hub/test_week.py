"""An uplink that is cut for a week: all of it is kept, and arrives in order, once, when the cable is there again."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.monitor.hub.equal import copied, equal_figures
from tests.monitor.hub.week_process import T0, USUAL, WEEK_MS
from tests.peers.county import County, end_of, wait_for
from tests.peers.netns import HERE, cable


@pytest.mark.slow
def test_a_week_without_an_uplink_arrives_whole(tmp_path: Path) -> None:
    with cable() as it:
        county = County(
            tmp_path,
            host=HERE,
            listen="0.0.0.0",
            hub_enter=("nsenter", "-t", str(it.near), "-n"),
            edge_enter=("nsenter", "-t", str(it.far), "-n"),
        )
        try:
            county.init("e1")
            county.start_hub()
            county.start_week("e1", USUAL)
            wait_for(county, "its beginning", lambda: copied(county, "e1"))
            it.run(it.far, "ip", "link", "set", "v0", "down")
            time.sleep(1)
            before = end_of(county.copy("e1"))
            (county.edge_folder("e1") / "week").touch()
            wait_for(county, "a week", (county.edge_folder("e1") / "done").exists, 60)
            assert end_of(county.copy("e1")) == before, "nothing comes through a cut cable"
            kept = end_of(county.ledger("e1"))
            assert kept[0].seq > before[0].seq + USUAL
            assert kept[2] == T0 + WEEK_MS
            it.run(it.far, "ip", "link", "set", "v0", "up")
            wait_for(county, "the first of it", lambda: end_of(county.copy("e1"))[0] > before[0], 60)
            county.kill("hub")  # in the middle, if it is one: what was answered for is on disk
            county.start_hub()
            wait_for(county, "all of it", lambda: end_of(county.copy("e1")) == kept, 60)
            equal_figures(county, "e1")
            assert not (county.hub_folder / "edges/refused.jsonl").exists()
        finally:
            county.stop()
