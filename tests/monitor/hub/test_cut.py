"""The way to the hub is cut, what was kept is lost, somebody lies: in two network namespaces, or with the files."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
from tests.monitor.hub.equal import copied, equal_figures, quiet
from tests.peers.county import County, end_of, wait_for
from tests.peers.netns import HERE, cable


@pytest.mark.slow
def test_an_uplink_cut_is_kept_and_delivered_in_order(tmp_path: Path) -> None:
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
            county.start_edge("e1")
            wait_for(county, "first records", lambda: copied(county, "e1"))
            it.run(it.far, "ip", "link", "set", "v0", "down")
            time.sleep(2)
            arrived = end_of(county.copy("e1"))
            county.kill("e1")
            county.start_edge("e1")
            time.sleep(4)
            assert end_of(county.copy("e1")) == arrived, "nothing comes through a cut cable"
            assert end_of(county.ledger("e1"))[0].seq > arrived[0].seq + 50, "and the edge goes on"
            it.run(it.far, "ip", "link", "set", "v0", "up")
            quiet(county, "e1")
            equal_figures(county, "e1")
        finally:
            county.stop()


@pytest.mark.slow
def test_what_the_hub_or_the_stream_lost_is_read_from_the_ledger_again(county: County) -> None:
    county.init("e1")
    county.start_hub()
    county.start_edge("e1")
    wait_for(county, "first records", lambda: copied(county, "e1"))
    county.kill("hub")
    for file in county.copy("e1").parent.glob("e1.ledger*"):
        file.unlink()  # the hub's disk was replaced
    county.kill("e1")
    county.kill_server(county.edge_folder("e1"))
    shutil.rmtree(county.edge_folder("e1") / "jetstream")  # and with the edge's server went what waited
    county.start_edge("e1")
    county.start_hub()
    quiet(county, "e1")
    equal_figures(county, "e1")


@pytest.mark.slow
def test_another_ledger_under_the_same_name_is_refused_and_told(county: County) -> None:
    county.init("e1")
    county.start_hub()
    county.start_edge("e1")
    wait_for(county, "first records", lambda: copied(county, "e1"))
    county.kill("e1")
    county.kill_server(county.edge_folder("e1"))
    for file in county.edge_folder("e1").glob("camkeeper.ledger*"):
        file.unlink()  # somebody begins the history anew
    before = end_of(county.copy("e1"))
    county.start_edge("e1")
    refused = county.copy("e1").parent / "refused.jsonl"
    wait_for(county, "a refusal", refused.exists)
    assert '"verdict": "foreign"' in refused.read_text()
    kept = end_of(county.copy("e1"))
    assert kept[0].seq >= before[0].seq
    wait_for(county, "the edge tells it", lambda: "refuses" in county.logs())
