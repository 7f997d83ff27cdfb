"""Once, whatever happens: real ledgers, real restarts, a real mail server and a robot's platform on loopback."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.dashboards.report_town import written
from tests.monitor.digest.lettertown import ZONE, channels, lettered
from tests.monitor.run.township import DAY_MS, OCTOBER_MS, QUICK_DISK, REASON
from tests.peers.mail_stub import Mailbox, mail_server
from tests.peers.platform_stub import platform, says

from camkeeper.availability.days import local_ms
from camkeeper.clock import SimulatedClock, SystemClock, Timeline
from camkeeper.ledger import Batch, Boot, Ledger, LedgerReader, LifeChange, snapshot_of
from camkeeper.model.change import Transition
from camkeeper.model.letter import Letter
from camkeeper.model.post import LetterState
from camkeeper.model.registry import Registry
from camkeeper.model.routing import QuietHours, Route, RoutingPolicy
from camkeeper.model.status import Status
from camkeeper.run.digests import DigestRoom
from camkeeper.run.mail import mailing

MONDAY = date(2026, 11, 2)
MORNING_MS = local_ms(MONDAY, time(8, 31), ZONE)
DAILY, WEEKLY = "daily-2026-11-01", "weekly-2026-W45"


@dataclass(slots=True)
class Postman:
    """Keeps what it is given to send."""

    letters: list[Letter] = field(default_factory=list)
    quiet: dict[str, int] = field(default_factory=dict)

    def post(self, letters: Iterable[Letter], quiet_until: Mapping[str, int] | None = None) -> None:
        self.letters += letters
        self.quiet |= quiet_until or {}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a ledger of two months, by the middle of the second."""
    path = tmp_path_factory.mktemp("digests") / "town.ledger"
    written(path, lettered())
    return path


def copied(town: Path, folder: str) -> Path:
    path = Path(folder) / "town.ledger"
    path.write_bytes(town.read_bytes())
    return path


def opened(path: Path, now_ms: int) -> Ledger:
    return Ledger.open(path, boot=Boot(boot_id="d", version="test"), clock=SimulatedClock(wall_ms=now_ms))


def on_record(path: Path) -> list[tuple[str, LetterState]]:
    with LedgerReader(path) as reader:
        return sorted((post.letter.id, post.state) for post in reader.letters())


async def look(path: Path, registry: Registry, now_ms: int) -> tuple[Postman, DigestRoom]:
    man = Postman()
    with opened(path, now_ms) as ledger:
        await asyncio.wrap_future(ledger.booted)
        room = DigestRoom(ledger=ledger, sender=man, registry=lambda: registry, now_ms=lambda: now_ms)
        await room.run()
        await room.run()
    return man, room


async def test_each_addressee_has_one_letter_a_day_and_one_a_week(town: Path, tmp_path: Path) -> None:
    path, registry = copied(town, str(tmp_path)), lettered()
    man, _ = await look(path, registry, MORNING_MS)
    wanted = [f"{key}/{who}" for key in (DAILY, WEEKLY) for who in ("mail", "chat")]
    assert [x.id for x in man.letters] == wanted
    again, _ = await look(path, registry, MORNING_MS + 60_000)
    assert again.letters == [], "a restart sends none"
    assert [i for i, _ in on_record(path)] == sorted(wanted)
    by_id = {x.id: x for x in man.letters}
    assert "在线率" in by_id[f"{DAILY}/chat"].text
    assert "http://10.1.2.3:8080/reports/2026-11" in by_id[f"{DAILY}/mail"].text


async def test_who_is_added_later_gets_the_letter_alone(town: Path, tmp_path: Path) -> None:
    path, whole = copied(town, str(tmp_path)), lettered()
    first = replace(
        whole,
        digests=replace(whole.digests, rules=tuple(replace(r, channel_ids=("mail",)) for r in whole.digests.rules)),
    )
    await look(path, first, MORNING_MS)
    man, _ = await look(path, whole, MORNING_MS + 60_000)
    assert [x.id for x in man.letters] == [f"{DAILY}/chat", f"{WEEKLY}/chat"]


async def test_quiet_hours_hold_it_back(town: Path, tmp_path: Path) -> None:
    quiet = QuietHours(start_minute=20 * 60, end_minute=9 * 60, timezone=ZONE)
    routing = RoutingPolicy(routes=(Route(id="r", channel_ids=("mail",), quiet=quiet),))
    path = copied(town, str(tmp_path))
    man, _ = await look(path, replace(lettered(), routing=routing), MORNING_MS)
    nine_ms = local_ms(MONDAY, time(9, 0), ZONE)
    assert man.quiet == {f"{DAILY}/mail": nine_ms, f"{WEEKLY}/mail": nine_ms}
    with LedgerReader(path) as reader:
        post = reader.letter(f"{DAILY}/mail")
    assert post is not None
    assert post.due_ms == nine_ms


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moments=st.lists(st.tuples(st.integers(0, 900), st.sampled_from(["whole", "asked", "queued"])), max_size=5))
def test_restarts_at_whatever_moment_leave_one_letter(town: Path, moments: list[tuple[int, str]]) -> None:
    """Killed before anything is on disk, between disk and sender, or not at all: one letter of each id."""
    registry = lettered()
    with tempfile.TemporaryDirectory(dir=QUICK_DISK) as folder:
        path = copied(town, folder)
        handed: list[str] = []
        now_ms = MORNING_MS
        for minutes, how in [*moments, (0, "whole")]:
            now_ms += minutes * 60_000 if minutes < 600 else 0
            handed += asyncio.run(_life(path, registry, now_ms, how))
        ids = [i for i, _ in on_record(path)]
        assert len(ids) == len(set(ids))
        assert len(handed) == len(set(handed)), "never handed to the sender twice as new"
        dailies = [i for i in ids if i.startswith("daily-")]
        assert all(ids.count(i) == 1 for i in dailies)


async def _life(path: Path, registry: Registry, now_ms: int, how: str) -> list[str]:
    """One process: it ends at the moment that `how` names. Returns what it gave to its sender as new."""
    man = Postman()
    with opened(path, now_ms) as ledger:
        await asyncio.wrap_future(ledger.booted)
        room = DigestRoom(ledger=ledger, sender=man, registry=lambda: registry, now_ms=lambda: now_ms)
        if how == "whole":
            await room.run()
        elif how == "queued":
            task = asyncio.create_task(room.run())
            await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    return [x.id for x in man.letters]


async def test_an_empty_township_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "empty.ledger"
    man, _ = await look(path, lettered(always=True), MORNING_MS)
    assert man.letters == []
    assert on_record(path) == []


@pytest.mark.parametrize(("always", "wanted"), [(False, 0), (True, 2)])
async def test_a_day_on_which_all_was_well_is_silent(tmp_path: Path, always: bool, wanted: int) -> None:
    path, registry = tmp_path / "well.ledger", lettered(always=always)
    _well(path, registry)
    man, _ = await look(path, registry, local_ms(date(2026, 10, 4), time(8, 1), ZONE))
    assert len(man.letters) == wanted
    if always:
        assert "100.00%" in man.letters[0].text


def _well(path: Path, registry: Registry) -> None:
    with Ledger.open(path, boot=Boot(boot_id="w", version="t"), clock=SimulatedClock(wall_ms=OCTOBER_MS)) as ledger:
        lives = tuple(LifeChange(device_id=d.id, at_ms=OCTOBER_MS, enrolled=True) for d in registry.devices)
        ledger.append(Batch(config=snapshot_of(registry), at_ms=OCTOBER_MS, lives=lives)).result(10)
        story = [(OCTOBER_MS, Status.UNKNOWN), (OCTOBER_MS + 1000, Status.UP)]
        ledger.append(
            Batch(
                transitions=tuple(
                    Transition(device_id=d.id, at_ms=at_ms, decided_ms=at_ms, old=old, new=new, reason=REASON[new])
                    for (_, old), (at_ms, new) in pairwise(story)
                    for d in registry.devices
                ),
                tick_ms=OCTOBER_MS + 4 * DAY_MS,
            )
        ).result(10)


async def test_mail_and_chat_get_it_in_their_language(town: Path, tmp_path: Path) -> None:
    """Through the real outbox: a real mail server and a robot's platform; the sender dies and goes on."""
    path = copied(town, str(tmp_path))
    async with mail_server(Mailbox()) as box, platform(says('{"errcode":0,"errmsg":"ok"}')) as chat:
        registry = lettered(settings=channels(mail_port=box.port, chat=f"{chat.url}/robot"))
        for _ in range(2):
            await _sent(path, registry)
    assert sorted(str(m["Subject"])[:8] for m in box.mails) == ["[Daily] ", "[Weekly]"]
    assert len(chat.asked) == 2
    bodies = b"".join(one.body for one in chat.asked).decode()
    assert "日报" in bodies
    assert "周报" in bodies
    assert {state for _, state in on_record(path)} == {LetterState.DELIVERED}


async def _sent(path: Path, registry: Registry) -> None:
    """One process of the monitor's mail: look, queue, send what waits, end."""
    clock = SimulatedClock(wall_ms=MORNING_MS)
    with Ledger.open(path, boot=Boot(boot_id="s", version="t"), clock=SystemClock()) as ledger:
        recovery, timeline = ledger.recover(), Timeline(clock)
        async with mailing(ledger=ledger, recovery=recovery, registry=registry, clock=clock, timeline=timeline) as mail:
            room = DigestRoom(ledger=ledger, sender=mail.sender, registry=lambda: registry, now_ms=timeline.now_ms)
            await room.run()
            running = asyncio.create_task(mail.sender.run())
            async with asyncio.timeout(20):
                while sum(view.waiting for view in mail.sender.views()):  # noqa: ASYNC110 - nothing tells of it
                    await asyncio.sleep(0.02)
            await mail.sender.stop(5)
            await running
