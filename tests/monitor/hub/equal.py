"""Whether a hub has what its edges have, to the integer."""

from __future__ import annotations

from typing import Any

from tests.peers.county import County, end_of, wait_for

from camkeeper.availability.days import month_of
from camkeeper.hub.figures import county as county_figure
from camkeeper.ledger.verify import verify
from camkeeper.run.sla import sla


def copied(it: County, edge_id: str, more_than: int = 0) -> bool:
    end = end_of(it.copy(edge_id))
    return end is not None and end[0].seq > more_than


def quiet(it: County, *edge_ids: str) -> None:
    for edge_id in edge_ids:
        (it.edge_folder(edge_id) / "quiet").touch()
    wait_for(it, "the hub has all", lambda: all(end_of(it.copy(e)) == end_of(it.ledger(e)) for e in edge_ids))


def equal_figures(it: County, *edge_ids: str) -> None:
    """To the integer, each edge's and the county's, some time after the edges fell silent."""
    nets = []
    for edge_id in edge_ids:
        _, _, tick_ms = end_of(it.ledger(edge_id))
        month, now_ms = month_of(tick_ms, "Asia/Shanghai"), tick_ms + 3_600_000
        ask: dict[str, Any] = {"month": month, "site_id": None, "policy": None, "now_ms": now_ms}
        assert sla(it.copy(edge_id), **ask) == sla(it.ledger(edge_id), **ask)
        found = verify(it.copy(edge_id))
        assert found.ok, found.faults
        originals = {e: it.ledger(e) for e in edge_ids}
        copies = {e: it.copy(e) for e in edge_ids}
        ours = county_figure(copies, month=month, now_ms=now_ms)
        assert ours == county_figure(originals, month=month, now_ms=now_ms)
        assert ours.net.up_ms > 0
        assert ours.net.unknown_ms > 3_600_000
        nets.append(ours.net)
    assert nets
