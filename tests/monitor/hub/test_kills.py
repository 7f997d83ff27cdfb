"""A hub, two edges and their servers, all real, killed in turn: afterwards the hub has what the edges have."""

from __future__ import annotations

import time

import pytest
from tests.monitor.hub.equal import copied, equal_figures, quiet
from tests.peers.county import County, debian_or_bundled, end_of, wait_for


@pytest.mark.slow
def test_killed_in_turn_nothing_is_lost_and_nothing_counted_twice(county: County) -> None:
    county.program = debian_or_bundled()
    county.init("e1", "e2")
    county.start_hub()
    county.start_edge("e1")
    county.start_edge("e2")
    wait_for(county, "first records", lambda: copied(county, "e1") and copied(county, "e2"))
    county.kill_server(county.edge_folder("e1"))
    time.sleep(1)
    county.kill("e2")
    county.start_edge("e2")
    time.sleep(1)
    county.kill("hub")
    time.sleep(1)
    county.start_hub()
    before = end_of(county.copy("e1"))[0].seq
    wait_for(county, "more of both", lambda: copied(county, "e1", before + 50) and copied(county, "e2", before + 50))
    county.kill_server(county.hub_folder)
    time.sleep(1)
    quiet(county, "e1", "e2")
    equal_figures(county, "e1", "e2")
    assert not (county.hub_folder / "edges/refused.jsonl").exists()
    county.stop()
    assert county.processes["hub"].returncode == 0, county.logs()
