"""A thousand cameras that come and go for a day: few are told of, and each one's figure is exact."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from tests.monitor.incident.township import county
from tests.monitor.run.test_desk import Rig, rig
from tests.monitor.run.township import OCTOBER_MS, sample

from camkeeper.availability.buckets import Buckets
from camkeeper.clock import SimulatedClock
from camkeeper.ledger import LedgerReader
from camkeeper.model.channel import WebhookSetting
from camkeeper.model.incident import Happening, IncidentPolicy
from camkeeper.model.registry import Registry
from camkeeper.model.routing import Route, RoutingPolicy
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from rel import record
from rel.row import Outcome, Row, Setting, at_most, equal

POLL_MS = 60_000
HOLD_MS = 150_000
REALERT_MS = IncidentPolicy().realert_ms
NO_ALERT = frozenset({Happening.RESOLVED, Happening.SPLIT})


def _town(devices: int) -> Registry:
    """Poles of five cameras, ten on a village's switch; everything is told to one channel."""
    plain = county(lines=2, switches=max(1, devices // 100), poles=10, cameras=5)
    return replace(
        plain,
        channels=(WebhookSetting(id="hook", url="http://127.0.0.1:9/"),),
        routing=RoutingPolicy(routes=(Route(id="all", channel_ids=("hook",)),)),
    )


def answers(seed: str, polls: int) -> Iterator[bool]:
    """Yield whether a camera answers, poll by poll: some minutes so, some minutes not, the first time always."""
    rng, there, left = random.Random(seed), True, 1
    for _ in range(polls):
        yield there
        left -= 1
        if left == 0:
            there, left = not there, rng.randint(1, 9)


def naive(told: Sequence[tuple[int, bool]], period: Span) -> Buckets:
    """Reckon one camera's day as one would by hand: two silent polls in a row are an outage, from the first of them."""
    up = down = 0
    edges = [at_ms for at_ms, _ in told] + [min(period.end_ms, told[-1][0] + HOLD_MS)]
    out = False
    for n, (_, there) in enumerate(told):
        follows = n + 1 < len(told) and not told[n + 1][1]
        out = not there and (out or follows)
        up, down = (up, down + edges[n + 1] - edges[n]) if out else (up + edges[n + 1] - edges[n], down)
    return Buckets(up_ms=up, down_ms=down, unknown_ms=period.length_ms - up - down)


async def _day(it: Rig, ids: Sequence[str], polls: int, setting: Setting) -> dict[str, list[tuple[int, bool]]]:
    """Let each camera be asked once a minute at its own second, and the desk do what follows."""
    rng = random.Random(setting.seed)
    phases = {i: rng.randrange(POLL_MS) for i in ids}
    said = {i: answers(f"{setting.seed}/{i}", polls) for i in ids}
    told: dict[str, list[tuple[int, bool]]] = {i: [] for i in ids}
    await it.recorder.flush()
    for n in range(polls):
        it.clock.advance(POLL_MS)
        now_ms = it.timeline.now_ms()
        for i in ids:
            at_ms, there = now_ms - phases[i], next(said[i])
            told[i].append((at_ms, there))
            it.township.take(sample(i, at_ms, Status.UP if there else Status.DOWN))
        await it.recorder.flush()
        if n % 240 == 239:
            setting.say(f"{(n + 1) // 60} 小时", f"{(n + 1) // 60} h of it")
    return told


def _alerts(ledger: Path) -> tuple[int, int]:
    """Return how many alerts people were told, and the most of one camera within any half hour."""
    of: dict[str, list[int]] = defaultdict(list)
    count = 0
    with LedgerReader(ledger) as reader:
        for incident in reader.incidents():
            for event in reader.incident_events(incident.id):
                if event.tells and event.happening not in NO_ALERT:
                    count += 1
                    for device_id in event.device_ids:
                        of[device_id].append(event.at_ms)
    most = (sum(at <= other < at + REALERT_MS for other in times) for times in of.values() for at in times)
    return count, max(most, default=0)


async def _run(setting: Setting) -> Outcome:
    devices, polls = setting.sized(100, 1000), setting.sized(8, 24) * 60
    town = _town(devices)
    ids = [device.id for device in town.devices]
    ledger = setting.folder / "l"
    with rig(ledger, SimulatedClock(wall_ms=OCTOBER_MS), known=town) as it:
        told = await _day(it, ids, polls, setting)
        letters = [letter for letter in it.mail.sender.letters if not letter.recovery]
    period = Span(start_ms=OCTOBER_MS, end_ms=record.last_tick_ms(ledger))
    count, most = await asyncio.to_thread(_alerts, ledger)
    with LedgerReader(ledger) as reader:
        figures = reader.buckets(period, device_ids=ids)
    wrong = [i for i in ids if figures[i] != naive(told[i], period)]
    turns = sum(a != b for one in told.values() for (_, a), (_, b) in pairwise(one))
    faults = record.faults(ledger)
    return Outcome(
        checks=(
            at_most("alerts of a device within 30 min", most, 1),
            equal("devices whose figure is not the oracle's to the millisecond", len(wrong), 0),
            equal("alerts without their letter", max(0, count - len(letters)), 0),
            equal("faults", len(faults), 0),
        ),
        injected={"comings_and_goings": turns},
        figures={
            "devices": len(ids),
            "hours": polls // 60,
            "alerts": count,
            "alerts_a_device_a_day": round(count / len(ids) * 1440 / polls, 2),
            "first_wrong": ", ".join(wrong[:3]),
        },
    )


ROW = Row(
    name="flap",
    does_zh="1,000 台摄像机一整天（模拟时间）时断时续；样本经过判定、事件、账本。",
    does_en="1,000 cameras come and go for a simulated day, through judge, incidents and ledger.",
    mark_zh="每台设备 30 分钟内至多一次告警，可用率与逐样本手算完全一致",
    mark_en="<= 1 alert per device per 30 min, figure exact",
    run=_run,
)
