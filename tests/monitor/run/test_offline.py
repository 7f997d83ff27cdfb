"""How the township stands, from the ledger alone: where nobody looks any more, nobody knows."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.monitor.run.township import DAY_MS, HOUR_MS, OCTOBER_MS, Story, device, registry, write

from camkeeper.availability.tally import tally
from camkeeper.clock import SimulatedClock
from camkeeper.ledger import Boot, Ledger, LedgerError
from camkeeper.model.registry import Registry
from camkeeper.model.span import Span
from camkeeper.model.status import Reason, Status
from camkeeper.run.offline import standing_of
from camkeeper.standing.view import Standing

TICK_MS = OCTOBER_MS + 2 * DAY_MS + 6 * HOUR_MS
TOWN = registry([device("a"), device("b", site="v2")])
LIFE = Span(start_ms=OCTOBER_MS, end_ms=2**50)
STORIES = (
    Story(device=TOWN.devices[0], life=LIFE, changes=((OCTOBER_MS, Status.UP),)),
    Story(
        device=TOWN.devices[1],
        life=LIFE,
        changes=((OCTOBER_MS, Status.UP), (TICK_MS - HOUR_MS, Status.DOWN)),
    ),
)


@pytest.fixture(name="ledger")
def _ledger(tmp_path: Path) -> Path:
    write(tmp_path / "l", TOWN, STORIES, tick_ms=TICK_MS)
    return tmp_path / "l"


def standing(ledger: Path, *, after_ms: int, town: Registry = TOWN) -> Standing:
    return standing_of(ledger, town, wall_ms=TICK_MS + after_ms, silent_ms=60_000)


@pytest.mark.parametrize("after_ms", [-HOUR_MS, 0, 60_000])
def test_a_living_ledger_says_what_it_has(ledger: Path, after_ms: int) -> None:
    found = standing(ledger, after_ms=after_ms)
    assert [d.status for d in found.devices] == [Status.UP, Status.DOWN]
    assert found.devices[1].since_ms == TICK_MS - HOUR_MS
    assert found.at_ms == TICK_MS
    assert found.monitor.warnings == ()
    assert found.total.today.buckets.unknown_ms == 0
    assert found.villages_with_camera == 1


def test_a_silent_ledger_makes_everything_unknown_from_its_last_tick_on(ledger: Path) -> None:
    now_ms = TICK_MS + 2 * HOUR_MS
    found = standing(ledger, after_ms=2 * HOUR_MS)
    assert {d.status for d in found.devices} == {Status.UNKNOWN}
    assert {d.reason for d in found.devices} == {Reason.SILENCE}
    assert {d.since_ms for d in found.devices} == {TICK_MS}
    assert found.villages_with_camera == 0
    assert found.total.cameras == {Status.UP: 0, Status.DEGRADED: 0, Status.DOWN: 0, Status.UNKNOWN: 2}
    (warning,) = found.monitor.warnings
    assert "7200" in warning
    # The silence counts in today's and this month's figures, as it does in the month's settlement.
    assert found.at_ms == now_ms
    assert found.total.today.buckets.unknown_ms == found.total.month.buckets.unknown_ms == 2 * 2 * HOUR_MS
    for story in STORIES:
        shown = next(d for d in found.devices if d.id == story.device.id)
        assert shown.month.buckets == tally(
            changes=story.told,
            life=[LIFE],
            excluded=[],
            period=Span(start_ms=OCTOBER_MS, end_ms=now_ms),
            known_until_ms=TICK_MS,
        )
        assert (shown.strip[-1].status, shown.strip[-1].span.length_ms) == (Status.UNKNOWN, 2 * HOUR_MS)


def test_silent_for_days_today_has_nothing_known(ledger: Path) -> None:
    found = standing(ledger, after_ms=3 * DAY_MS)
    assert found.total.today.buckets.ratio is None
    assert found.total.today.buckets.unknown_ms == 2 * 6 * HOUR_MS


def test_a_device_that_the_ledger_never_saw_is_unknown(ledger: Path) -> None:
    found = standing(ledger, after_ms=0, town=registry([*TOWN.devices, device("new")]))
    assert found.devices[-1].status is Status.UNKNOWN
    assert found.devices[-1].month.buckets.ratio is None


def test_nothing_to_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="no such file"):
        standing(tmp_path / "missing", after_ms=0)
    Ledger.open(tmp_path / "l", boot=Boot(boot_id="b", version="t"), clock=SimulatedClock()).close()
    with pytest.raises(LedgerError, match="still empty"):
        standing(tmp_path / "l", after_ms=0)
    (tmp_path / "foreign").write_text("no database, no ledger: a letter")
    with pytest.raises(LedgerError, match="cannot be read"):
        standing(tmp_path / "foreign", after_ms=0)
