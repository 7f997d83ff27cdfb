"""SIGKILL: lives of the ledger's writer whose every sample is known, and the whole monitor on a fleet."""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from itertools import chain
from pathlib import Path
from typing import Any

from tests.monitor.ledger import kill9

from camkeeper.clock import SystemClock
from camkeeper.model.span import Span
from rel import record
from rel.row import Check, Outcome, Row, Setting, equal
from rel.town import Town, end, eventually, ready, started, town

EVERY_S = 1.0
GRACE_POLLS = 2.5
GAP_S = 3.0
"""Longer than a sample holds: what lies behind it is nobody's knowledge."""
DEVICES = 12


def _writer(setting: Setting, kills: int) -> dict[str, Any]:
    """Kill the writer again and again, then compare with a run that nobody killed."""
    folder = setting.folder / "writer"
    folder.mkdir()
    steps = setting.sized(300, 6000)
    wishes = argparse.Namespace(seed=setting.seed, devices=20, steps=steps, kills=kills)
    return kill9.experiment(wishes, folder)


class _Monitors:
    """Lives of `camkeeper run` on one ledger, killed while they watch or while they start."""

    def __init__(self, here: Town, rng: random.Random) -> None:
        self._here, self._rng, self._clock = here, rng, SystemClock()
        self.ledger = here.folder / "town.ledger"
        self.kills = self.starting = self.lost = 0
        self.acknowledged = 0
        self.died_ms: list[int] = []

    def life(self, *, starting: bool) -> None:
        """Kill one life; nothing that it said is stored may be missing afterwards."""
        process = started(self._here.config, self.ledger)
        try:
            if starting:
                time.sleep(self._rng.random() * 2.0)
            else:
                watching = ready(process, self.ledger)
                began = watching.stored()
                eventually(lambda: watching.stored() > began)
                until = time.monotonic() + self._rng.random() * 2.5
                while time.monotonic() < until:
                    self.acknowledged = max(self.acknowledged, watching.stored())
            process.kill()
            self.kills += process.wait(30) < 0
            self.starting += starting
        finally:
            end(process)
        self.died_ms.append(self._clock.wall_ms())
        on_record = record.stored(self.ledger) if self.ledger.exists() else 0
        self.lost += max(0, self.acknowledged - on_record)

    def last(self) -> None:
        """Live once more, and end in peace."""
        process = started(self._here.config, self.ledger)
        try:
            watching = ready(process, self.ledger)
            eventually(lambda: watching.stored() > self.acknowledged)
            if watching.stop() != 0:
                raise RuntimeError("the last life did not end in peace")
        finally:
            end(process)

    def claimed_ms(self) -> int:
        """Return what the record claims to know of the gaps: from when a sample no longer holds to the next start."""
        boots, claimed = record.boots(self.ledger), 0
        hold_ms = round(EVERY_S * 1000 * GRACE_POLLS)
        for died_ms in self.died_ms:
            began = next((at_ms for at_ms in boots if at_ms > died_ms), died_ms)
            if began > died_ms + hold_ms:
                known = record.known_ms(self.ledger, Span(start_ms=died_ms + hold_ms, end_ms=began))
                claimed += sum(ms for status, ms in known.items() if status != "unknown")
        return claimed


def _monitors(setting: Setting, kills: int) -> _Monitors:
    rng = random.Random(setting.seed)
    with town(setting.folder / "town", devices=DEVICES, every_s=EVERY_S) as here:
        lives = _Monitors(here, rng)
        for n in range(kills):
            # The first is at work: there is a record then.
            lives.life(starting=n % 4 == 3)
            time.sleep(GAP_S)
        lives.last()
        setting.say(f"监测进程被杀 {lives.kills} 次", f"{lives.kills} monitors killed")
    return lives


async def _run(setting: Setting) -> Outcome:
    of_writer, of_monitor = setting.sized(5, 88), setting.sized(1, 12)
    found, lives = await asyncio.gather(
        asyncio.to_thread(_writer, setting, of_writer), asyncio.to_thread(_monitors, setting, of_monitor)
    )
    claims = lives.claimed_ms()
    return Outcome(
        checks=(*_of_writer(found, of_writer), *_of_monitors(lives, of_monitor, claims)),
        injected={"SIGKILL_writer": found["kills"], "SIGKILL_monitor": lives.kills},
        figures={
            "samples_of_writer": found["samples"],
            "records_of_writer": found["records"],
            "kills_before_first_acknowledgement": found["kills_before_its_first_acknowledgement"],
            "monitors_killed_while_starting": lives.starting,
            "samples_of_monitor": record.stored(lives.ledger),
            "faults": "; ".join([*found["faults"], *chain(*found["verify"].values())][:5]),
        },
    )


def _of_writer(found: dict[str, Any], wanted: int) -> tuple[Check, ...]:
    return (
        equal("kills of the writer", found["kills"], wanted),
        equal("acknowledged_lost", found["acknowledged_lost"], 0),
        equal("differs from the uninterrupted run", len(found["different"]), 0),
        equal("verify: faults", sum(map(len, found["verify"].values())), 0),
    )


def _of_monitors(lives: _Monitors, wanted: int, claimed_ms: int) -> tuple[Check, ...]:
    ledger: Path = lives.ledger
    return (
        equal("kills of the monitor", lives.kills, wanted),
        equal("monitor: acknowledged_lost", lives.lost, 0),
        equal("monitor: counted twice", record.doubled(ledger), 0),
        equal("monitor: ms of the gaps claimed known", claimed_ms, 0),
        equal("monitor: verify faults", len(record.faults(ledger)), 0),
    )


ROW = Row(
    name="kill9",
    does_zh="在随机时刻以 SIGKILL 杀死账本写入进程与整个监测进程。",
    does_en="Kills the ledger's writer and whole monitors at random moments.",
    mark_zh="100 次 SIGKILL：已确认的样本一条不丢，链与数字同未中断的一样，空档为未知",
    mark_en="100 SIGKILLs: 0 acknowledged samples lost, chain and figures equal to the uninterrupted run, gaps unknown",
    run=_run,
)
