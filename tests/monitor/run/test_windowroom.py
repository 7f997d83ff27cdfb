"""Agreed windows in a recorder on a real ledger: the desk is silent in them, the figure leaves them out."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from tests.monitor.run.test_desk import CAMERAS, DARK, Rig, rig, town
from tests.monitor.run.township import OCTOBER_MS

from camkeeper.clock import SimulatedClock
from camkeeper.ledger import LedgerReader, snapshot_of
from camkeeper.ledger.verify import verify
from camkeeper.model.contract import Window, WindowKind
from camkeeper.model.span import Span
from camkeeper.run.desk.windows import WindowRoom
from camkeeper.run.sla import sla
from camkeeper.standing.windows import WindowAct, WindowActed, WindowAction
from camkeeper.window.book import Deed, WindowBook
from camkeeper.window.plan import WindowPlan
from camkeeper.window.rule import read_rule

PAPER = b"%PDF-1.7 notice"
MINUTE_MS = 60_000


@pytest.fixture(name="clock")
def _clock() -> SimulatedClock:
    return SimulatedClock(wall_ms=OCTOBER_MS)


def room_of(one: Rig, path: Path, book: WindowBook | None) -> WindowRoom:
    return WindowRoom(book=book, township=one.township, recorder=one.recorder, timeline=one.timeline, ledger=path)


async def entered(one: Rig, room: WindowRoom, act: WindowAct) -> WindowActed:
    """Let the recorder flush until the deed is on disk or refused."""
    asked = asyncio.create_task(room.act(act))
    for _ in range(200):
        await asyncio.sleep(0.005)
        if asked.done():
            break
        await one.recorder.flush()
    return await asked


def add(**fields: str) -> WindowAct:
    usual = {"kind": "maintenance", "from": "now", "length": "30m", "reason": "换电源", "links": "sw"}
    given = {**usual, **{name.rstrip("_"): value for name, value in fields.items()}}
    return WindowAct(action=WindowAction.ADD, by="张三", fields=given)


def step(action: WindowAction, plan_id: str, text: str = "") -> WindowAct:
    return WindowAct(action=action, by="李四", plan_id=plan_id, text=text)


async def test_a_parent_in_maintenance_by_a_plan_that_comes_again(tmp_path: Path, clock: SimulatedClock) -> None:
    """The switch fails in its window, and is still out when that ends: no incident before, one after."""
    path = tmp_path / "t.ledger"
    with rig(path, clock) as one:
        room = room_of(one, path, WindowBook())
        await one.round(times=2)
        acted = await entered(one, room, add(repeat="FREQ=DAILY", length="5m"))
        assert (acted.done, acted.plan_id) == (True, "W0001")
        await one.round(DARK, times=20)
        assert not one.desk.shown.incidents
        assert one.mail.sender.letters == []
        await one.round(DARK, times=20)
        (incident,) = one.desk.shown.incidents
        assert incident.members.keys() == DARK
        assert len(one.mail.sender.letters) == 1
        await one.round(times=2)
    again = SimulatedClock(wall_ms=OCTOBER_MS + 86_400_000 + MINUTE_MS)
    with LedgerReader(path) as reader:
        book = reader.window_book()
    with rig(path, again, known=replace(town(), agreed=book.plans)) as two:
        await two.round(times=2)
        await two.round(DARK, times=8)  # a day later it is in its window again
        assert two.mail.sender.letters == []
        assert all(i.opened_ms is None or i.resolved_ms is not None for i in two.desk.shown.incidents)
    assert verify(path).faults == ()


async def test_an_end_and_a_withdrawal(tmp_path: Path, clock: SimulatedClock) -> None:
    path = tmp_path / "t.ledger"
    with rig(path, clock) as one:
        room = room_of(one, path, WindowBook())
        await one.round(times=2)
        await entered(one, room, add())
        (now,) = room.windows().now
        assert (now.devices, now.cameras, now.may_end, now.may_withdraw) == (6, 5, True, False)
        await entered(one, room, add(from_="2026-10-02T09:00"))
        (coming,) = room.windows().coming
        assert (coming.plan_id, coming.may_end, coming.may_withdraw) == ("W0002", False, True)
        assert (await entered(one, room, step(WindowAction.WITHDRAW, "W0002", "改期"))).done
        assert room.windows().coming == ()
        await one.round(times=6)
        refused = await entered(one, room, step(WindowAction.WITHDRAW, "W0001", "改期"))
        assert (refused.done, "结束" in refused.zh) == (False, True)
        assert (await entered(one, room, step(WindowAction.END, "W0001"))).done
        assert room.windows().now == ()
        (past,) = room.windows().past
        assert past.span.length_ms < 30 * MINUTE_MS
        await one.round(DARK, times=5)
        assert len(one.mail.sender.letters) == 1
        assert not (await entered(one, room, step(WindowAction.END, "W0009"))).done
        deeds = [Deed.ENDED, Deed.WITHDRAWN, Deed.PLANNED, Deed.PLANNED]
        assert [e.deed for e in room.windows().audit] == deeds
        assert [e.by for e in room.windows().audit] == ["李四", "李四", "张三", "张三"]


async def test_an_exclusion_wants_its_papers_and_is_in_the_figure(tmp_path: Path, clock: SimulatedClock) -> None:
    path = tmp_path / "t.ledger"
    with rig(path, clock) as one:
        room = room_of(one, path, WindowBook())
        await one.round(times=2)
        await one.round(DARK, times=30)
        begun = datetime.fromisoformat("2026-10-01T00:00")
        words = {"kind": "exclusion", "from_": begun.isoformat(), "length": "4m", "reason": "停电"}
        refused = await entered(one, room, add(**words))
        assert "依据文件" in refused.zh
        assert "approved" in refused.en
        wrong = replace(add(**words, approver="综治中心"), file_name="x.pdf", file=b"<html>")
        assert "PDF" in (await entered(one, room, wrong)).en
        assert not list(tmp_path.glob("*.files"))  # noqa: ASYNC240 - a test
        good = replace(wrong, file_name="../停电通知.pdf", file=PAPER)
        assert (await entered(one, room, good)).done
        (view,) = room.windows().past
        assert (view.late, view.counted_out_ms) == (True, 5 * 4 * MINUTE_MS)
        assert view.evidence is not None
        document, data = await room.evidence(view.evidence.digest)
        assert (document.name, data) == ("停电通知.pdf", PAPER)
        with pytest.raises(LookupError):
            await room.evidence("0" * 64)
        await one.round(DARK)
    with LedgerReader(path) as reader:
        newest = reader.config_at()
        assert newest is not None
        (entry,) = newest.config.plans
    assert _down_ms(path) == _down_ms_by_hand(path, entry.plan)
    assert _down_ms(path)[0] < _down_ms(path)[1]


def _down_ms(path: Path) -> tuple[int, int]:
    found = sla(path, month="2026-10", site_id=None, policy=None, now_ms=OCTOBER_MS + 400_000)
    figure = found["sites"][0]["figures"][found["deciding_policy"]]
    return figure["net"]["time"]["down_ms"], figure["gross"]["time"]["down_ms"]


def _down_ms_by_hand(path: Path, plan: WindowPlan) -> tuple[int, int]:
    """The same figure from a register that has the window written one by one, for each switch and camera."""
    (span,) = (w.span for w in plan.windows(Span(start_ms=0, end_ms=OCTOBER_MS + 10**9)))
    window = Window(
        id="w", kind=WindowKind.EXCLUSION, span=span, reason="x", device_ids=frozenset({*CAMERAS, "switch"})
    )
    config = snapshot_of(replace(town(), windows=(window,)))
    with LedgerReader(path) as reader:
        tick_ms = reader.last_tick_ms() or 0
        period = Span(start_ms=span.start_ms, end_ms=tick_ms)
        kinds = config.policies[0].excludes
        cameras = [*CAMERAS, "far"]
        net = reader.buckets(period, excluded=config.excluded(kinds, period), device_ids=cameras)
        gross = reader.buckets(period, device_ids=cameras)
    return sum(b.down_ms for b in net.values()), sum(b.down_ms for b in gross.values())


async def test_what_cannot_be_read_is_told_and_nothing_is_entered(tmp_path: Path, clock: SimulatedClock) -> None:
    path = tmp_path / "t.ledger"
    with rig(path, clock) as one:
        room = room_of(one, path, None)
        assert room.warnings
        assert room.windows().unreadable
        assert not (await entered(one, room, add())).done


def test_a_link_has_its_own_switch_in_its_windows() -> None:
    known = town()
    by_link = Window(
        id="w", kind=WindowKind.MAINTENANCE, span=Span(start_ms=0, end_ms=1), reason="x", link_ids=frozenset({"sw"})
    )
    plan = WindowPlan(
        id="p",
        kind=WindowKind.MAINTENANCE,
        first=datetime.fromisoformat("2026-10-06T09:00"),
        tz="Asia/Shanghai",
        length_ms=MINUTE_MS,
        rule=read_rule("FREQ=DAILY"),
        reason="x",
        agreed_ms=0,
        link_ids=frozenset({"sw"}),
    )
    known = replace(known, windows=(by_link,), plans=(plan,))
    assert {d.id for d in known.devices if known.windows_of(d)} == DARK
    assert {d.id for d in known.devices if known.plans_of(d)} == DARK
