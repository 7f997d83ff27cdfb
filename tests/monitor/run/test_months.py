"""Closing and amending by the room that the monitor has: settled first, signed by a party, old beside new."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.dashboards.report_town import registered
from tests.monitor.bundle.towns import DAY_MS, HOUR_MS, NOVEMBER_MS, OCTOBER_MS, snapshot, stories, written

from camkeeper.bundle.export import export
from camkeeper.bundle.verify import verify_bundle
from camkeeper.clock import SimulatedClock
from camkeeper.keys.key import SigningKey
from camkeeper.ledger import Batch, Boot, Ledger, LedgerReader
from camkeeper.ledger.amending import KIND, basis_of
from camkeeper.model.contract import Party
from camkeeper.model.registry import Registry
from camkeeper.model.span import Span
from camkeeper.run.months import MonthRoom, settle_ms
from camkeeper.standing.month import MonthAct, MonthStep

OWNER, STRANGER = SigningKey.new("镇政府"), SigningKey.new("某人")
PARTY = Party(id="owner", name="镇政府", public_key=OWNER.public)


def registry(**changes: object) -> Registry:
    return replace(registered(1, 4), **changes)  # type: ignore[arg-type]


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    """A ledger half an hour into November."""
    session = written(tmp_path / "l", stories(), until_ms=NOVEMBER_MS + HOUR_MS // 2, parties=(PARTY,))
    session.db.close()
    clock = SimulatedClock(wall_ms=NOVEMBER_MS + HOUR_MS // 2)
    with Ledger.open(tmp_path / "l", boot=Boot(boot_id="b", version="test"), clock=clock) as opened:
        yield opened


def close(month: str = "2026-10") -> MonthAct:
    return MonthAct(step=MonthStep.CLOSE, month=month, by="张三")


async def test_a_month_settles_before_it_is_closed(ledger: Ledger) -> None:
    room = MonthRoom(ledger=ledger, registry=registry)
    refused = await room.act(close())
    assert (refused.done, "未满" in refused.zh) == (False, True)
    ledger.append(Batch(tick_ms=NOVEMBER_MS + settle_ms(registry()))).result(10)
    assert (await room.act(close())).done
    again = await room.act(close())
    assert (again.done, "已封账" in again.zh) == (False, True)
    assert not (await room.act(close("soon"))).done


def test_the_settling_time_is_that_of_the_slowest_device() -> None:
    one = registry()
    slow = replace(one, probe=replace(one.probe, every_s=3600, picture_every_s=3600, full_every_s=3600))
    assert settle_ms(one) == HOUR_MS
    assert settle_ms(slow) == 2 * round(3_600_000 * slow.judge.grace_polls)


async def test_the_calendar_proposes_or_closes(ledger: Ledger) -> None:
    asking = MonthRoom(ledger=ledger, registry=registry)
    await asking.propose()
    assert not asking.warnings
    ledger.append(Batch(tick_ms=NOVEMBER_MS + DAY_MS)).result(10)
    await asking.propose()
    assert "2026-10" in asking.warnings[0]
    closing = MonthRoom(ledger=ledger, registry=lambda: registry(closing="auto"))
    await closing.propose()
    assert closing.warnings == ()
    await asking.propose()
    assert asking.warnings == ()


async def test_an_amendment_wants_a_party_and_says_old_and_new(ledger: Ledger) -> None:
    room = MonthRoom(ledger=ledger, registry=lambda: registry(parties=(PARTY,)))
    ledger.append(Batch(tick_ms=NOVEMBER_MS + DAY_MS)).result(10)
    assert (await room.act(close())).done
    ask = MonthAct(step=MonthStep.PREVIEW, month="2026-10", by="张三", why="停电")
    assert (await room.act(ask)).told["empty"]
    assert not (await room.act(replace(ask, step=MonthStep.AMEND))).done
    longer = [replace(s, excluded=(Span(start_ms=OCTOBER_MS, end_ms=OCTOBER_MS + 9 * DAY_MS),)) for s in stories()]
    ledger.append(Batch(config=snapshot(longer, (PARTY,)), at_ms=NOVEMBER_MS + DAY_MS)).result(10)
    told = (await room.act(ask)).told
    statement = told["statement"]
    assert told["new"]["excluded_ms"] > told["old"]["excluded_ms"]
    unsigned = await room.act(replace(ask, step=MonthStep.AMEND))
    assert (unsigned.done, "签名" in unsigned.zh) == (False, True)

    def signed(key: SigningKey, over: dict[str, object]) -> MonthAct:
        one = {"public_key": key.public, "signature": key.sign(KIND, over)}
        expected = (str(statement["figures"]), str(statement["windows"]))
        return replace(ask, step=MonthStep.AMEND, signatures=(one,), expected=expected)

    assert not (await room.act(signed(STRANGER, statement))).done
    assert not (await room.act(signed(OWNER, statement | {"why": "别的"}))).done
    changed = replace(signed(OWNER, statement), expected=("0" * 64, "0" * 64))
    assert not (await room.act(changed)).done
    done = await room.act(signed(OWNER, statement))
    assert done.done, done
    assert done.told["figures"] == statement["figures"]
    proof = verify_bundle(export(ledger.path, "2026-10").data)
    assert proof.ok, proof.faults


def basis(ledger: Ledger) -> tuple[object, ...]:
    with LedgerReader(ledger.path) as reader, reader.reading() as db:
        return basis_of(db, "2026-10")


async def test_a_preview_is_made_anew_only_where_it_could_be_another(ledger: Ledger) -> None:
    open_still = basis(ledger)
    ledger.append(Batch(tick_ms=NOVEMBER_MS + DAY_MS)).result(10)
    assert (await MonthRoom(ledger=ledger, registry=registry).act(close())).done
    closed = basis(ledger)
    ledger.append(Batch(tick_ms=NOVEMBER_MS + 2 * DAY_MS)).result(10)
    assert basis(ledger) == closed != open_still, "time goes on, the month does not"
    longer = [replace(s, excluded=(Span(start_ms=OCTOBER_MS, end_ms=OCTOBER_MS + DAY_MS),)) for s in stories()]
    ledger.append(Batch(config=snapshot(longer, (PARTY,)), at_ms=NOVEMBER_MS + 2 * DAY_MS)).result(10)
    assert basis(ledger) != closed


async def test_a_bundle_with_an_unsigned_amendment_says_so(ledger: Ledger) -> None:
    """Whoever writes a ledger without this room is found by the other party."""
    ledger.append(Batch(tick_ms=NOVEMBER_MS + DAY_MS)).result(10)
    ledger.close_month("2026-10", zone="Asia/Shanghai", by="x").result(10)
    ledger.amend("2026-10", by="x", why="y").result(10)
    proof = verify_bundle(export(ledger.path, "2026-10").data)
    assert [f.where for f in proof.faults] == ["amend"]
