"""A township with its pollers as real processes, each killed in turn: nobody is asked twice for one turn, nothing is
counted twice, nobody is called down, and a wrong password is tried once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.peers.county import debian_or_bundled
from tests.peers.pollers import Township

from camkeeper.ledger import LedgerReader
from camkeeper.ledger.verify import verify
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from camkeeper.probe.latch import FileLatches
from camkeeper.run.app import latches_beside

EVERY_S = 3.0


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Township]:
    probe = {"full_every_s": 9.0, "picture_every_s": 9.0, "retry_s": 1.0}
    # By TLS, as where pollers are machines of their own.
    it = Township(tmp_path / "town", count=24, every_s=EVERY_S, program=debian_or_bundled(), probe=probe, tls=True)
    try:
        yield it
    finally:
        it.stop()


def all_asked_again(town: Township) -> float:
    """Return the seconds until every camera has had another question."""
    before = town.questions()
    return town.wait_for("a question to everybody", lambda: all(n > before[i] for i, n in town.questions().items()))


def counts_agree(town: Township) -> bool:
    """Whether the keeper's counts are what the cameras counted; the board's are a few seconds old."""
    now = town.metrics()
    asked = now["camkeeper_crew_asked_total"]
    return sum(town.questions().values()) == asked == now["camkeeper_samples_stored_total"]


@pytest.mark.slow
def test_killed_in_turn_nothing_is_counted_twice(town: Township) -> None:
    town.init("p1", "p2")
    wrong = [f"cam-{n:05d}" for n in range(8)]
    town.control(do="apply", fault="wrong_password", target={"device": wrong})
    town.start_member("p1")
    town.start_member("p2")
    town.start_keeper()
    town.wait_for("both pollers", lambda: town.all_held("p1", "p2"))
    town.wait_for("refusals", lambda: all(town.refused()[i] for i in wrong))
    town.pace(every_s=3600.0, picture_every_s=3600.0, full_every_s=3600.0)
    town.wait_for("equal counts", lambda: counts_agree(town))
    town.pace(every_s=EVERY_S, picture_every_s=9.0, full_every_s=9.0)
    all_asked_again(town)
    before, began_s = town.questions(), time.monotonic()
    time.sleep(2 * EVERY_S)
    turns = (time.monotonic() - began_s) / EVERY_S
    assert all(n - before[i] <= turns + 2 for i, n in town.questions().items()), "each once a turn"
    town.kill("p1")
    took_s = all_asked_again(town)
    print(f"a killed poller's cameras were asked again within {took_s:.1f} s")
    assert took_s < 3 * EVERY_S
    town.wait_for("one poller for all", lambda: town.metrics()["camkeeper_crew_member_shards{p2}"] == town.shards)
    town.start_member("p1")
    town.kill_bus()
    print(f"a killed bus: {all_asked_again(town):.1f} s")
    town.kill("keeper")
    town.start_keeper()
    town.wait_for("both pollers again", lambda: town.all_held("p1", "p2"), timeout_s=40)
    print(f"a killed keeper: {all_asked_again(town):.1f} s")
    time.sleep(3 * EVERY_S)  # another whole climb of everybody
    refused = town.refused()
    assert refused == {i: int(i in wrong) for i in refused}, "one attempt each, whoever asked"
    assert {latch.device_id for latch in FileLatches(latches_beside(town.ledger)).all()} == set(wrong)
    town.stop()
    with LedgerReader(town.ledger) as reader:
        ever = Span(start_ms=0, end_ms=(reader.last_tick_ms() or 0) + 1)
        statuses = {(i, change.new) for i in refused for change in reader.changes(i, ever)}
    assert not {i for i, status in statuses if status is Status.DOWN}
    assert {i for i, status in statuses if status is Status.DEGRADED} == set(wrong)
    found = verify(town.ledger)
    assert found.ok, found.faults


@pytest.mark.slow
def test_alone_the_keeper_asks_as_without_a_crew(tmp_path: Path) -> None:
    town = Township(tmp_path / "town", count=6, every_s=2.0, local=True, program=debian_or_bundled())
    try:
        town.init("p1")
        town.start_keeper()
        all_asked_again(town)
        assert town.metrics()["camkeeper_crew_asked_total"] == 0
        town.start_member("p1")
        town.wait_for("a share for each", lambda: town.all_held("keeper", "p1"))
        town.wait_for("answers of the other", lambda: town.metrics()["camkeeper_crew_asked_total"] > 3)
        town.kill_bus()
        assert all_asked_again(town) < 3 * town.every_s, "without the bus the keeper asks"
    finally:
        town.stop()
