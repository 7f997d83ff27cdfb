"""The sender with a real ledger, real adapters and a real platform that misbehaves."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.monitor.outbox.chat import Manner, Platform
from tests.monitor.outbox.kill9 import letters, pace

from camkeeper.clock import SystemClock
from camkeeper.ledger import Batch, Boot, Ledger, LedgerReader
from camkeeper.model.channel import AnyChannel, BotSetting, ChannelKind, WebhookSetting
from camkeeper.model.letter import Channel, Letter, Outcome, Receipt
from camkeeper.model.outbox import ChannelPace, WatchdogPolicy
from camkeeper.model.post import WAITING, LetterState
from camkeeper.notify import connect, http_session
from camkeeper.outbox.watchdog import Vitals
from camkeeper.run.sender import Sender
from camkeeper.run.watchdog import keep_watch

CLOCK = SystemClock()


@dataclass
class Desk:
    """A sender at work."""

    ledger: Ledger
    sender: Sender
    channels: dict[str, Channel]

    async def tell(self, *found: Letter) -> None:
        await asyncio.wrap_future(self.ledger.append(Batch(letters=found)))
        self.sender.post(found)

    async def until(self, met: Callable[[], bool]) -> None:
        async with asyncio.timeout(15):
            while not met():  # noqa: ASYNC110 - many things may make it true
                await asyncio.sleep(0.01)

    async def until_sent(self) -> None:
        await self.until(lambda: not any(view.waiting for view in self.sender.views()))


@asynccontextmanager
async def desk(path: Path, url: str, one: ChannelPace | None = None, *, patience_s: float = 0.3) -> AsyncIterator[Desk]:
    with Ledger.open(path, boot=Boot(boot_id="b", version="t"), clock=CLOCK) as ledger:
        async with http_session() as session:
            settings: list[AnyChannel] = [
                BotSetting(id="wecom", kind=ChannelKind.WECOM, url=f"{url}/wecom", timeout_s=patience_s),
                WebhookSetting(id="hook", url=f"{url}/hook", timeout_s=patience_s),
            ]
            sender = Sender(ledger=ledger, clock=CLOCK, note_wait_s=0.2)
            channels = connect(settings, session=session, secrets=lambda _: "", clock=CLOCK)
            sender.enrol(channels, dict.fromkeys(channels, one or pace(digests=False)))
            sender.restore(ledger.recover().posts, {})
            running = asyncio.create_task(sender.run())
            await asyncio.sleep(0)
            try:
                yield Desk(ledger=ledger, sender=sender, channels=dict(channels))
            finally:
                await sender.stop(5)
                await running


def stored(path: Path) -> dict[str, tuple[LetterState, int, str]]:
    with LedgerReader(path) as reader:
        return {p.letter.id: (p.state, p.tries, p.code) for p in reader.letters()}


@pytest.mark.parametrize("trouble", list(Manner))
async def test_every_manner_of_trouble_ends_in_a_delivered_letter(tmp_path: Path, trouble: Manner) -> None:
    manners = [trouble, trouble]

    def manner(_n: int, channel: str) -> Manner:
        return manners.pop() if channel == "wecom" and manners else Manner.OK

    async with Platform(manner=manner) as platform, desk(tmp_path / "l", platform.url) as at:
        await at.tell(*letters(1, 5, over=False))
        await at.until_sent()
    state, tries, code = stored(tmp_path / "l")["I000001/wecom/1"]
    assert (state, code) == (LetterState.DELIVERED, "0")
    # Each trouble costs a try; on a busy machine an answer may come after our patience, and cost one more.
    assert tries == 1 if trouble is Manner.OK else tries >= 3
    assert stored(tmp_path / "l")["I000001/hook/1"] == (LetterState.DELIVERED, 1, "200")


async def test_a_refused_letter_is_kept_and_shown_and_the_next_one_goes(tmp_path: Path) -> None:
    refusing = True

    async def send(letter: Letter) -> Receipt:
        if refusing and letter.seq == 1:
            return Receipt(outcome=Outcome.REFUSED, code="93000", detail="invalid webhook url")
        return Receipt(outcome=Outcome.ACCEPTED, code="0")

    class Robot:
        async def send(self, letter: Letter) -> Receipt:
            return await send(letter)

    async with Platform() as platform, desk(tmp_path / "l", platform.url) as at:
        at.sender.enrol({"wecom": Robot(), "hook": at.channels["hook"]}, {"wecom": pace(digests=False)})
        await at.tell(*letters(1, 5, over=False), *letters(1, 6, over=True))
        await at.until_sent()
        view = next(v for v in at.sender.views() if v.channel_id == "wecom")
        assert (view.delivered, view.dead) == (1, 1)
        await asyncio.wrap_future(at.ledger.append(Batch()))
        with LedgerReader(tmp_path / "l") as reader:
            (dead,) = reader.letters({LetterState.DEAD})
        assert (dead.letter.id, dead.code, dead.detail) == ("I000001/wecom/1", "93000", "invalid webhook url")
        refusing = False
        at.sender.again(dead.letter)
        await at.until_sent()
    assert stored(tmp_path / "l")["I000001/wecom/1"] == (LetterState.DELIVERED, 1, "0")


async def test_a_channel_with_a_bug_or_no_end_silences_nobody_else(tmp_path: Path) -> None:
    class Broken:
        async def send(self, letter: Letter) -> Receipt:
            if letter.seq == 1:
                raise RuntimeError("https://qyapi.example/send?key=SECRET")
            await asyncio.sleep(60)
            raise AssertionError

    short = replace(pace(digests=False), timeout_s=0.05, max_tries=2)
    async with Platform() as platform, desk(tmp_path / "l", platform.url) as at:
        at.sender.enrol({"wecom": Broken(), "hook": at.channels["hook"]}, {"wecom": short})
        await at.tell(*letters(1, 5, over=False), *letters(1, 6, over=True))
        await at.until_sent()
        assert len(platform.received) == 2
    found = stored(tmp_path / "l")
    assert found["I000001/wecom/1"] == (LetterState.DEAD, 2, "bug")
    assert found["I000001/wecom/2"] == (LetterState.DEAD, 2, "timeout")
    assert b"SECRET" not in (tmp_path / "l").read_bytes()


async def test_a_flood_is_ten_letters_and_digests_that_their_letters_share_the_fate_of(tmp_path: Path) -> None:
    fast = replace(pace(digests=True), digest_wait_s=0.2)
    async with Platform() as platform, desk(tmp_path / "l", platform.url, fast) as at:
        await at.tell(*(one for n in range(1, 101) for one in letters(n, 5, over=False)))
        await at.until_sent()
        robot = [r for r in platform.received if r.channel_id == "wecom"]
    assert len(robot) == 10 + 3
    assert sorted(i for r in robot for i in r.ids) == [f"I{n:06}/wecom/1" for n in range(1, 101)]
    with LedgerReader(tmp_path / "l") as reader:
        posts = reader.letters()
    assert {p.state for p in posts} == {LetterState.DELIVERED}
    digests = {p.letter.id for p in posts if p.letter.id.startswith("digest-")}
    assert len(digests) == 2 * 3
    assert {p.digest_id for p in posts} == digests | {None}


async def test_a_letter_for_a_channel_that_is_gone_is_given_up_and_shown(tmp_path: Path) -> None:
    async with Platform() as platform, desk(tmp_path / "l", platform.url) as at:
        at.sender.enrol({"hook": at.channels["hook"]}, {})
        await at.tell(*letters(1, 5, over=False))
        await at.until_sent()
    assert stored(tmp_path / "l")["I000001/wecom/1"] == (LetterState.DEAD, 0, "no_channel")


async def test_quiet_letters_wait_and_outlive_a_restart(tmp_path: Path) -> None:
    until_ms = CLOCK.wall_ms() + 1_500
    robot, hook = letters(1, 5, over=False)
    async with Platform() as platform:
        async with desk(tmp_path / "l", platform.url) as at:
            batch = Batch(letters=(robot, hook), quiet_until={robot.id: until_ms})
            await asyncio.wrap_future(at.ledger.append(batch))
            at.sender.post(batch.letters, batch.quiet_until)
            await at.until(lambda: len(platform.received) == 1)
        with LedgerReader(tmp_path / "l") as reader:
            (waiting,) = reader.letters(WAITING)
        assert (waiting.letter.id, waiting.due_ms) == (robot.id, until_ms)
        async with desk(tmp_path / "l", platform.url) as at:
            await at.until_sent()
        assert CLOCK.wall_ms() >= until_ms
        assert [r.channel_id for r in platform.received] == ["hook", "wecom"]


async def test_a_stop_lets_the_letter_under_way_arrive_and_leaves_the_rest_for_the_next_life(tmp_path: Path) -> None:
    gate = asyncio.Event()

    async def taken(_: int) -> None:
        gate.set()
        await asyncio.sleep(0.2)

    async with Platform(taken=taken) as platform:
        async with desk(tmp_path / "l", platform.url, patience_s=5) as at:
            await at.tell(*(one for n in range(1, 6) for one in letters(n, 5, over=False)))
            await gate.wait()
        states = [state for state, _, _ in stored(tmp_path / "l").values()]
        assert states.count(LetterState.DELIVERED) == 2
        assert states.count(LetterState.QUEUED) == 8
        async with desk(tmp_path / "l", platform.url, patience_s=5) as at:
            await at.until_sent()
        assert len(platform.received) == 10
        assert len({r.key for r in platform.received}) == 10


async def test_a_disk_that_takes_nothing_silences_nobody(tmp_path: Path) -> None:
    async with Platform() as platform, desk(tmp_path / "l", platform.url) as at:
        found = letters(1, 5, over=False)
        await asyncio.wrap_future(at.ledger.append(Batch(letters=found)))
        other = sqlite3.connect(tmp_path / "l", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")  # nobody else writes now
        at.sender.post(found)
        await at.until_sent()
        assert len(platform.received) == 2
        other.execute("ROLLBACK")
        other.close()
        await asyncio.wrap_future(at.ledger.append(Batch()))
    assert {state for state, _, _ in stored(tmp_path / "l").values()} == {LetterState.DELIVERED}


async def test_a_refused_word_of_trouble_is_no_new_trouble(tmp_path: Path) -> None:
    class Deaf:
        async def send(self, letter: Letter) -> Receipt:
            return Receipt(outcome=Outcome.REFUSED, code="93000", detail=letter.id)

    async with Platform() as platform, desk(tmp_path / "l", platform.url) as at:
        at.sender.enrol({"wecom": Deaf()}, {})
        at.sender.say(replace(letters(1, 5, over=False)[0], id="watchdog-trouble-1", incident_id="", seq=0))
        await at.until_sent()
        (view,) = at.sender.views()
    assert (view.dead, view.waiting) == (0, 0)
    assert view.last is not None
    assert view.last.code == "93000"


async def test_the_watchdog_pings_while_all_is_well_and_says_what_is_wrong(tmp_path: Path) -> None:
    tick_ms = [CLOCK.wall_ms()]
    policy = WatchdogPolicy(
        ping_channel_ids=("hook",), ping_every_s=0.05, trouble_channel_ids=("wecom", "nobody"), tick_age_s=0.5
    )

    def vitals() -> Vitals:
        return Vitals(tick_ms=tick_ms[0])

    async with Platform() as platform, desk(tmp_path / "l", platform.url) as at:
        watch = asyncio.create_task(
            keep_watch(sender=at.sender, vitals=vitals, policy=policy, clock=CLOCK, look_s=0.02)
        )
        await at.until(lambda: any(r.channel_id == "wecom" for r in platform.received))
        pings = sum(r.channel_id == "hook" for r in platform.received)
        await asyncio.sleep(0.2)
        silent = sum(r.channel_id == "hook" for r in platform.received)
        tick_ms[0] = CLOCK.wall_ms() + 60_000
        await at.until(lambda: sum(r.channel_id == "wecom" for r in platform.received) == 2)
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
    told = [r.text for r in platform.received if r.channel_id == "wecom"]
    assert pings >= 2
    assert silent <= pings + 1
    assert told[0].startswith("【监控自身异常】记录写不进磁盘")
    assert told[1].startswith("【恢复】监控自身恢复正常")
    assert not stored(tmp_path / "l")
