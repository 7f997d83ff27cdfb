"""Incidents merged by hand, on a real ledger: one batch, over a restart, without a letter or a figure of difference."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.monitor.run.test_desk import Rig, rig, town
from tests.monitor.run.township import OCTOBER_MS

from camkeeper.clock import SimulatedClock
from camkeeper.ledger import LedgerReader
from camkeeper.model.incident import Happening, IncidentState
from camkeeper.model.span import Span
from camkeeper.model.workorder import OrderState, Step
from camkeeper.standing.desk import Act, Acted, Action

ONE, OTHER = "I000001", "I000002"


@pytest.fixture(name="clock")
def _clock() -> SimulatedClock:
    return SimulatedClock(wall_ms=OCTOBER_MS)


async def two_faults(one: Rig) -> None:
    await one.round(times=2)
    await one.round({"cam-1"}, times=40)
    await one.round({"cam-1", "cam-2"}, times=40)
    assert [v.incident.id for v in one.room.desk().open] == [ONE, OTHER]


async def acted(one: Rig, act: Act, down: set[str]) -> Acted:
    import asyncio

    task = asyncio.create_task(one.desk.act(act))
    await asyncio.sleep(0)
    await one.round(down)
    return await task


def merge(text: str = "同一电源") -> Act:
    return Act(action=Action.MERGE, by="王工", incident_id=OTHER, into_id=ONE, text=text)


BOTH = {"cam-1", "cam-2"}


async def test_merged_restarted_and_recovered_is_one(tmp_path: Path, clock: SimulatedClock) -> None:
    path = tmp_path / "t.ledger"
    with rig(path, clock) as one:
        await two_faults(one)
        assert (await acted(one, merge(""), BOTH)).en == "say why"
        sent = len(one.mail.sender.letters)
        assert (await acted(one, merge(), BOTH)).done
        (left,) = one.room.desk().open
        assert sorted(left.incident.members) == ["cam-1", "cam-2"]
        (order,) = one.room.desk().orders
        assert sorted(order.devices) == ["cam-1", "cam-2"]
        assert len(one.mail.sender.letters) == sent
        story = await one.room.story(OTHER)
        assert story.view.incident.state is IncidentState.MERGED
        assert story.events[-1].by == "王工"
        assert story.view.incident.merged_why == "同一电源"
        token = one.desk.url_of(OTHER).rpartition("/")[2]
        found = one.room.by_token(token)
        assert found is not None
        assert found.incident.id == ONE, "the letter's address leads on"
    with rig(path, clock) as one:
        await one.round(BOTH, times=10)
        (left,) = one.room.desk().open
        assert left.incident.absorbed == (OTHER,)
        await one.round(times=40)
        assert one.room.desk().open == ()
        letters = one.mail.sender.letters
        assert all(letter.recovery and letter.incident_id == ONE for letter in letters)
        assert sorted(letter.channel_id for letter in letters) == ["chief", "hook"], "each hears of the end once"


async def test_an_accepted_order_goes_on_by_itself(tmp_path: Path, clock: SimulatedClock) -> None:
    with rig(tmp_path / "t.ledger", clock) as one:
        await two_faults(one)
        assert (await acted(one, Act(action=Action.ACCEPT, by="李师傅", incident_id=OTHER), BOTH)).done
        assert (await acted(one, merge(), BOTH)).done
        first, second = one.room.desk().orders
        assert (sorted(first.devices), sorted(second.devices)) == (["cam-1"], ["cam-2"])
        assert (second.state, second.history[-1].step) == (OrderState.ACCEPTED, Step.NOTED)
        assert "同一电源" in second.history[-1].text
        await one.round(BOTH, times=10)
        first, _ = one.room.desk().orders
        assert sorted(first.devices) == ["cam-1"], "nothing is repaired twice"


async def test_taken_back_each_has_its_order(tmp_path: Path, clock: SimulatedClock) -> None:
    path = tmp_path / "t.ledger"
    with rig(path, clock) as one:
        await two_faults(one)
        assert (await acted(one, merge(), BOTH)).done
    with rig(path, clock) as one:
        assert (await acted(one, Act(action=Action.UNMERGE, by="王工", incident_id=OTHER), BOTH)).done
        assert {v.incident.id: sorted(v.incident.members) for v in one.room.desk().open} == {
            ONE: ["cam-1"],
            OTHER: ["cam-2"],
        }
        assert {tuple(o.devices) for o in one.room.desk().orders} == {("cam-1",), ("cam-2",)}
        assert one.mail.sender.letters == []
        no = await acted(one, Act(action=Action.UNMERGE, by="王工", incident_id=OTHER), BOTH)
        assert not no.done
        with LedgerReader(path) as reader:
            assert reader.incident_events(OTHER)[-1].happening is Happening.UNMERGED


async def test_no_figure_moves(tmp_path: Path) -> None:
    """The ledger's intervals and the number of letters, with and without merging."""
    found = []
    for merges in (False, True):
        clock, path = SimulatedClock(wall_ms=OCTOBER_MS), tmp_path / f"{merges}.ledger"
        with rig(path, clock, known=town()) as one:
            await two_faults(one)
            if merges:
                assert (await acted(one, merge(), BOTH)).done
            else:
                await one.round(BOTH)
            await one.round({"cam-2"}, times=20)
            await one.round(times=40)
            letters = len(one.mail.sender.letters)
        with LedgerReader(path) as reader:
            period = Span(start_ms=OCTOBER_MS, end_ms=OCTOBER_MS + 86_400_000)
            found.append((list(reader.intervals(period)), letters))
    assert found[0][0] == found[1][0]
    assert found[1][1] < found[0][1]
