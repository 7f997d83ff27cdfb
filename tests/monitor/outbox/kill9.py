"""SIGKILL between sending and noting it: each letter arrives, in order, a repeat only for a kill and with the same id.

    python kill9.py run --kills 8 --incidents 200     the whole experiment; one JSON line, exit code 1 on a failure
    python kill9.py run ... --digests                 the same with floods going into digests
    python kill9.py work LEDGER --url URL ...         one life of the monitor: recover, go on, until all is delivered

Each incident is told twice (fault and recovery) to two channels, a WeCom robot and a signed webhook, by the real
adapters. The platform is in the parent, so it outlives the kills. It answers a share of the requests with 500, 429, 200
with an error code, silence, or half an answer. Most kills come in the very moment when the platform has taken a message
and its answer has not left; the others some milliseconds later, or while a life begins.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.monitor.outbox.chat import Manner, Platform, Received

from camkeeper.clock import SystemClock
from camkeeper.ledger import Batch, Boot, Ledger, LedgerReader
from camkeeper.ledger.verify import verify
from camkeeper.model.channel import AnyChannel, BotSetting, ChannelKind, WebhookSetting
from camkeeper.model.incident import (
    Cause,
    Confidence,
    Domain,
    DomainKind,
    Happening,
    Incident,
    IncidentEvent,
    IncidentState,
)
from camkeeper.model.letter import Letter
from camkeeper.model.outbox import ChannelPace
from camkeeper.model.post import WAITING
from camkeeper.notify import connect, http_session
from camkeeper.outbox.address import letter_id
from camkeeper.run.sender import Sender

CHANNELS = ("wecom", "hook")
PATIENCE_S = 0.3
TROUBLE = (Manner.ERRCODE, Manner.TOO_MANY, Manner.BROKEN, Manner.HANG, Manner.HALF)
ROOT = Path(__file__).parents[3]


def pace(*, digests: bool) -> ChannelPace:
    """As fast as the loop goes; pauses of milliseconds, so that an experiment ends."""
    return ChannelPace(
        burst=100_000,
        per_min=600_000,
        digest_over=10 if digests else 10**9,
        digest_wait_s=0.02,
        timeout_s=5,
        base_s=0.01,
        cap_s=0.05,
        channel_cap_s=0.02,
        retry_after_cap_s=0.02,
        max_tries=1000,
    )


def event(n: int, at_ms: int, *, over: bool) -> IncidentEvent:
    incident = Incident(
        id=f"I{n:06}",
        domain=Domain(kind=DomainKind.SWITCH, id=f"sw-{n}"),
        cause=Cause.SWITCH,
        confidence=Confidence.HIGH,
        evidence=(),
        state=IncidentState.RESOLVED if over else IncidentState.OPEN,
        began_ms=at_ms,
        held_ms=at_ms,
        opened_ms=at_ms,
        resolved_ms=at_ms if over else None,
    )
    return IncidentEvent(
        at_ms=at_ms, happening=Happening.RESOLVED if over else Happening.OPENED, incident=incident, tells=True
    )


def letters(n: int, at_ms: int, *, over: bool) -> tuple[Letter, ...]:
    seq, incident = 2 if over else 1, f"I{n:06}"
    ids = {channel: letter_id(incident, channel, seq) for channel in CHANNELS}
    return tuple(
        Letter(
            id=key,
            incident_id=incident,
            seq=seq,
            channel_id=channel,
            subject=key,
            text=key,
            created_ms=at_ms,
            recovery=over,
        )
        for channel, key in ids.items()
    )


async def work(path: Path, *, url: str, incidents: int, digests: bool) -> None:
    """One life of the monitor: what is on record is not made again, what waits is sent."""
    clock = SystemClock()
    with Ledger.open(path, boot=Boot(boot_id=f"boot-{os.getpid()}", version="test"), clock=clock) as ledger:
        recovery = ledger.recover()
        with LedgerReader(path) as reader:
            newest = reader.newest_incident_id()
            begun = 0 if newest is None else int(newest[1:])
            half = {i.id for i in reader.incidents(open_only=True)}
            tried = reader.tried_since(clock.wall_ms() - 60_000)
        async with http_session() as session:
            settings: list[AnyChannel] = [
                BotSetting(id="wecom", kind=ChannelKind.WECOM, url=f"{url}/wecom", timeout_s=PATIENCE_S),
                WebhookSetting(id="hook", url=f"{url}/hook", timeout_s=PATIENCE_S),
            ]
            sender = Sender(ledger=ledger, clock=clock)
            channels = connect(settings, session=session, secrets=lambda _: "", clock=clock)
            sender.enrol(channels, dict.fromkeys(channels, pace(digests=digests)))
            sender.restore(recovery.posts, tried)
            running = asyncio.create_task(sender.run())
            steps = [(int(i[1:]), True) for i in sorted(half)]
            steps += [(n, over) for n in range(begun + 1, incidents + 1) for over in (False, True)]
            for n, over in steps:
                at_ms = clock.wall_ms()
                found = letters(n, at_ms, over=over)
                batch = Batch(tick_ms=at_ms, incidents=(event(n, at_ms, over=over),), letters=found)
                await asyncio.wrap_future(ledger.append(batch))
                sender.post(found)
            while any(view.waiting for view in sender.views()):  # noqa: ASYNC110 - a monitor waits for nobody
                await asyncio.sleep(0.01)
            await sender.stop(5)
            await running


class Experiment:
    """Kills, and what the platform saw."""

    def __init__(self, args: argparse.Namespace, folder: Path) -> None:
        self.args, self.ledger = args, folder / "killed.ledger"
        self.rng = random.Random(args.seed)
        self.kills = self.pointed = 0
        self.child: asyncio.subprocess.Process | None = None
        self.later: asyncio.Task[bool] | None = None
        self.kill_at: int | None = None
        self.manners: Counter[str] = Counter()

    def manner(self, _n: int, channel: str) -> Manner:
        trouble = self.rng.random() < self.args.trouble
        # Silence costs its patience each time: rarer than the others.
        manner = self.rng.choices(TROUBLE, weights=(4, 4, 4, 1, 4))[0] if trouble else Manner.OK
        if manner is Manner.ERRCODE and channel != "wecom":
            manner = Manner.BROKEN  # a webhook's receiver speaks by its status alone
        self.manners[manner] += 1
        return manner

    async def taken(self, n: int) -> None:
        """A message was taken and the answer has not left: the moment for a kill."""
        if self.kill_at is None or n < self.kill_at:
            return
        self.kill_at = None
        if self.rng.random() < 0.3:
            self.later = asyncio.create_task(self.kill(self.rng.random() * 0.02))
            return
        self.pointed += 1
        await self.kill(0)

    async def kill(self, after_s: float) -> bool:
        await asyncio.sleep(after_s)
        child = self.child
        if child is None or child.returncode is not None:
            return False
        child.send_signal(signal.SIGKILL)
        await child.wait()
        return True

    async def life(self, url: str, *, early: bool) -> int:
        command = [sys.executable, __file__, "work", str(self.ledger), "--url", url]
        command += ["--incidents", str(self.args.incidents), *(["--digests"] if self.args.digests else [])]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path[1:]])}
        # Its log is for people; what is printed here is one JSON line.
        self.child = await asyncio.create_subprocess_exec(*command, env=environment, stdout=sys.stderr)
        if early:  # while it opens and recovers
            self.later = asyncio.create_task(self.kill(0.3 + self.rng.random() * 0.5))
        code = await self.child.wait()
        if self.later is not None:
            await self.later
        return code

    async def run(self) -> dict[str, object]:
        began = time.perf_counter()
        # As many messages as come at least: a digest has thirty letters at most, and two channels share the incidents.
        messages = self.args.incidents * (0.15 if self.args.digests else 4)
        share = max(1, round(messages / (self.args.kills + 1)))
        async with Platform(manner=self.manner, taken=self.taken) as platform:
            for _ in range(2 * self.args.kills + 2):
                last = self.kills == self.args.kills
                early = not last and self.rng.random() < 0.15
                self.kill_at = None if last or early else platform.requests + self.rng.randrange(share)
                code = await self.life(platform.url, early=early)
                self.kills += code == -signal.SIGKILL
                if code == 0:
                    break
            found = self.judge(platform.received, code)
        return found | {"seconds": round(time.perf_counter() - began, 1)}

    def judge(self, received: list[Received], code: int) -> dict[str, object]:
        every = {
            letter_id(f"I{n:06}", c, seq) for n in range(1, self.args.incidents + 1) for c in CHANNELS for seq in (1, 2)
        }
        said = [r for r in received if r.said]
        arrived = {i for r in said for i in r.ids}
        repeats = {c: _repeats([r for r in said if r.channel_id == c]) for c in CHANNELS}
        with LedgerReader(self.ledger) as reader:
            waiting = len(reader.letters(WAITING))
            marked = Counter(str(post.state) for post in reader.letters())
        faults = [] if code == 0 else [f"the last life ended with {code}"]
        faults += [f"never arrived: {i}" for i in sorted(every - arrived)[:5]]
        faults += [f"arrived, and nobody sent it: {i}" for i in sorted({i for r in received for i in r.ids} - every)]
        faults += _disorder(received)
        named = Counter(i for _, ids in {(r.key, r.ids) for r in received} for i in ids)
        faults += [f"in {n} different messages: {i}" for i, n in named.items() if n > 1]
        faults += [f"{waiting} letters still wait"] if waiting else []
        faults += [f"verify: {fault.en}" for fault in verify(self.ledger).faults]
        faults += [f"{c}: {n} repeats, {self.kills} kills" for c, n in repeats.items() if n > self.kills]
        return {
            "ok": not faults,
            "kills": self.kills,
            "kills_between_taken_and_answered": self.pointed,
            "incidents": self.args.incidents,
            "letters": len(every),
            "delivered_at_least_once": len(every & arrived),
            "messages_taken": len(said),
            "repeats": repeats,
            "half_answers": sum(not r.said for r in received),
            "answers": dict(self.manners),
            "marked": dict(marked),
            "faults": faults[:10],
            "seed": self.args.seed,
        }


def _repeats(said: list[Received]) -> int:
    """Messages that were acknowledged in full more than once; each must be the very same."""
    texts: dict[str, set[str]] = {}
    for one in said:
        texts.setdefault(one.key, set()).add(one.text)
    return len(said) - len(texts) + sum(len(found) - 1 for found in texts.values()) * 1000


def _disorder(received: list[Received]) -> list[str]:
    """An incident's second letter before its first one arrived in full, on any channel."""
    out, there = [], set[str]()
    for one in received:
        for i in one.ids:
            first = i.rsplit("/", 1)[0] + "/1"
            if i != first and first not in there and first not in one.ids:
                out.append(f"{i} came before {first}")
        if one.said:
            there.update(one.ids)
    return out


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mode", choices=["run", "work"])
    parser.add_argument("ledger", nargs="?", type=Path)
    parser.add_argument("--url", default="")
    parser.add_argument("--kills", type=int, default=8)
    parser.add_argument("--incidents", type=int, default=200)
    parser.add_argument("--digests", action="store_true")
    parser.add_argument("--trouble", type=float, default=0.1, help="share of requests that go wrong")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if args.mode == "work":
        asyncio.run(work(args.ledger, url=args.url, incidents=args.incidents, digests=args.digests))
        return 0
    with tempfile.TemporaryDirectory(prefix="camkeeper-outbox-") as folder:
        found = asyncio.run(Experiment(args, Path(folder)).run())
    print(json.dumps(found, ensure_ascii=False))
    return 0 if found["ok"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
