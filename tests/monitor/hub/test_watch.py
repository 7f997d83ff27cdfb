"""From a silent edge to a message at a real webhook, through kills; the hub's clock is the test's."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from tests.monitor.hub.test_copies import T0, TICK, edge_ledger

from camkeeper.clock import SimulatedClock
from camkeeper.hub.alarmbook import FILE, AlarmBook
from camkeeper.hub.alarms import Kind
from camkeeper.hub.copies import Copies
from camkeeper.hub.watch import HubWatch
from camkeeper.ledger.parcel import pack

MINUTE = 60_000


@dataclass
class Phone:
    """A webhook that keeps what it is told."""

    heard: list[dict[str, Any]] = field(default_factory=list)
    answer: int = 200
    url: str = ""

    async def take(self, request: web.Request) -> web.Response:
        body = await request.json()
        said = {"subject": body["commonAnnotations"]["summary"], "text": body["commonAnnotations"]["description"]}
        self.heard.append({**said, **body["camkeeper"]})
        return web.json_response({"ok": True}, status=self.answer)


@pytest.fixture
async def phone() -> AsyncIterator[Phone]:
    it = Phone()
    app = web.Application()
    app.router.add_post("/", it.take)
    async with TestServer(app) as server:
        it.url = str(server.make_url("/"))
        yield it


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(wall_ms=TICK, elapsed_ms=10**6)


@pytest.fixture
async def copies(tmp_path: Path, clock: SimulatedClock) -> AsyncIterator[Copies]:
    it = Copies(tmp_path / "edges", clock)
    await it.open(["e1", "e2", "e3"])
    yield it
    await it.close()


def configured(folder: Path, phone: Phone) -> None:
    channel = {"id": "phone", "kind": "webhook", "url": phone.url}
    (folder / "hub.yaml").write_text(json.dumps({"name": "临颍县", "channels": [channel]}, ensure_ascii=False))


async def until(condition: Callable[[], bool], timeout_s: float = 10) -> None:
    for _ in range(round(timeout_s * 100)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come about")


def watched(folder: Path, copies: Copies, clock: SimulatedClock) -> HubWatch:
    return HubWatch(folder, copies, clock, lambda: {"e1": "大郭镇"}, look_s=0.01)


async def pass_time(clock: SimulatedClock, ms: int, step: int = 5_000) -> None:
    for _ in range(ms // step):
        clock.advance(step)
        await asyncio.sleep(0.025)


async def test_silence_is_told_once_with_a_name_and_once_when_it_is_over(
    tmp_path: Path, copies: Copies, clock: SimulatedClock, phone: Phone
) -> None:
    configured(tmp_path, phone)
    whole = edge_ledger(tmp_path / "e1.ledger", down_hours=1)
    await copies.take("e1", pack(whole))
    async with watched(tmp_path, copies, clock).running():
        await pass_time(clock, 3 * MINUTE)
        await until(lambda: len(phone.heard) == 1)
        said = phone.heard[0]["text"]
        assert "【乡镇失联】临颍县 大郭镇（e1）" in said
        assert "未知，不记为离线" in said
    # Killed or stopped: an hour later the same silence is no news.
    clock.advance(60 * MINUTE)
    watch = watched(tmp_path, copies, clock)
    async with watch.running():
        await pass_time(clock, 4 * MINUTE)
        assert len(phone.heard) == 1
        assert watch.troubled() == {"e1": frozenset({Kind.SILENT})}
        for n in range(1, 20):
            beat = replace(whole, start=whole.end, start_head=whole.head, records=(), tick_ms=clock.wall_ms() + n)
            await copies.hear("e1", pack(beat))
            await pass_time(clock, 5_000)
        await until(lambda: len(phone.heard) == 2)
        assert phone.heard[1]["subject"].startswith("【恢复：乡镇失联】")
        assert "历时1小时" in phone.heard[1]["text"]
        assert watch.troubled() == {}


async def test_a_message_that_did_not_arrive_goes_after_the_restart_with_the_same_id(
    tmp_path: Path, copies: Copies, clock: SimulatedClock, phone: Phone
) -> None:
    configured(tmp_path, phone)
    phone.answer = 503
    await copies.take("e1", pack(edge_ledger(tmp_path / "e1.ledger", down_hours=1)))
    async with watched(tmp_path, copies, clock).running():
        await pass_time(clock, 3 * MINUTE)
        await until(lambda: len(phone.heard) >= 1)
    phone.answer = 200
    clock.advance(10 * MINUTE)
    async with watched(tmp_path, copies, clock).running() as _:
        await until(lambda: len(phone.heard) >= 2)
    assert len({letter["id"] for letter in phone.heard}) == 1


async def test_a_forged_parcel_is_told_and_ends_when_something_is_accepted(
    tmp_path: Path, copies: Copies, clock: SimulatedClock, phone: Phone
) -> None:
    configured(tmp_path, phone)
    whole = edge_ledger(tmp_path / "e2.ledger", down_hours=1)
    await copies.take("e2", pack(replace(whole, head=bytes(32))))
    async with watched(tmp_path, copies, clock).running():
        for _ in range(12):
            await copies.take("e2", pack(replace(whole, head=bytes(32))))
            await pass_time(clock, 5_000)
        await until(lambda: len(phone.heard) == 1)
        assert phone.heard[0]["subject"].startswith("【上报账本被拒收】临颍县 e2")
        assert phone.heard[0]["facts"]["kind"] == "refused"
        for _ in range(15):
            await copies.take("e2", pack(whole))
            await pass_time(clock, 5_000)
        await until(lambda: len(phone.heard) == 2)
        assert phone.heard[1]["facts"]["status"] == "resolved"


async def test_an_edge_that_was_never_set_up_wakes_nobody(
    tmp_path: Path, copies: Copies, clock: SimulatedClock, phone: Phone
) -> None:
    configured(tmp_path, phone)
    async with watched(tmp_path, copies, clock).running():
        await pass_time(clock, 4 * MINUTE)
    assert phone.heard == []


async def test_a_changed_configuration_takes_effect_and_a_broken_one_changes_nothing(
    tmp_path: Path, copies: Copies, clock: SimulatedClock, phone: Phone
) -> None:
    watch = watched(tmp_path, copies, clock)
    async with watch.running():
        assert watch.duty.channels == ()
        configured(tmp_path, phone)
        await until(lambda: len(watch.duty.channels) == 1)
        (tmp_path / "hub.yaml").write_text("nmae: x\n")
        await until(lambda: bool(watch.faults))
        assert "did you mean name" in watch.faults[0]
        assert watch.duty.name == "临颍县"


def test_alarms_and_their_letters_are_one_transaction_in_a_private_file(tmp_path: Path) -> None:
    book = AlarmBook(tmp_path / FILE)
    try:
        assert book.recall(0).result().alarms == ()
        assert (tmp_path / FILE).stat().st_mode & 0o077 == 0
        with pytest.raises(KeyError):
            book.bundle(_letter("d"), ["nobody"], T0).result()
        assert book.recall(0).result().posts == (), "the digest went with its transaction"
        book.settle((), [_letter("a")]).result()
        book.settle((), [_letter("a")]).result()
        assert [p.letter.id for p in book.recall(0).result().posts] == ["a"]
    finally:
        book.close()
    with pytest.raises(sqlite3.Error):
        AlarmBook(tmp_path)


def _letter(letter_id: str) -> Any:
    from camkeeper.model.letter import Letter

    return Letter(id=letter_id, incident_id="x", seq=1, channel_id="c", subject="s", text="t", created_ms=T0)
