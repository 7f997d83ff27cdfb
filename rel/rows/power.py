"""Power cuts: writes that were not synced are dropped or torn, at random moments of a real life of the ledger."""

from __future__ import annotations

import asyncio
import random
import shutil
from pathlib import Path

from tests.monitor.ledger import kill9

from camkeeper.clock import SimulatedClock
from camkeeper.ledger import Boot, Ledger
from camkeeper.ledger.record import LedgerError
from camkeeper.ledger.verify import verify
from rel.lives import Story, command, live, wrong
from rel.platter import Cut, cuts
from rel.row import Outcome, Row, Setting, equal
from rel.trace import CALLS, Call, calls
from rel.tracing import settled, traced

STRACE = ["-y", "-xx", "-s", "70000", "-e", f"trace={CALLS}"]


def _lives(setting: Setting, story: Story, ledger: Path) -> list[Call]:
    """Trace lives one after another: opening, recovery and the fold of the log into the file come again and again."""
    asked: list[Call] = []
    lives = setting.sized(3, 8)
    for n in range(1, lives + 1):
        log = setting.folder / f"trace-{n}"
        words = command(ledger, story, steps=story.steps * n // lives)
        lived = live(traced(log, STRACE, words))
        if lived.code != 0:
            raise RuntimeError(f"life {n} ended with {lived.code} after step {lived.newest}: {lived.said}")
        asked.extend(calls(settled(log).splitlines()))
        log.unlink()
    return asked


def after(cut: Cut, folder: Path, story: Story) -> list[str]:
    """Start from what a cut left, as the monitor does, and return what is wrong."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in cut.files.items():
        (folder / name).write_bytes(content)
    ledger = folder / "l"
    newest = kill9.acknowledged(cut.heard)
    try:
        with Ledger.open(ledger, boot=Boot(boot_id="after", version="rel"), clock=SimulatedClock()) as opened:
            damaged = list(opened.recover().damaged)
    except (LedgerError, OSError) as error:
        return [f"does not open: {error}"]
    return [*damaged, *wrong(ledger, story, newest), *(fault.en for fault in verify(ledger).faults)]


def _power(setting: Setting) -> Outcome:
    story = Story(seed=setting.seed, devices=20, steps=setting.sized(240, 1600))
    before = setting.folder / "before"
    before.mkdir()
    asked = _lives(setting, story, before / "l")
    rng = random.Random(setting.seed)
    wanted = setting.sized(20, 200)
    points = sorted(rng.sample(range(1, len(asked)), wanted))
    faults: list[str] = []
    dropped = torn = losing = lost = made = 0
    for cut in cuts(asked, points, rng, str(before)):
        made += 1
        found = after(cut, setting.folder / "after", story)
        faults.extend(found)
        lost += any("acknowledged" in fault for fault in found)
        dropped, torn = dropped + cut.dropped, torn + cut.torn
        losing += bool(cut.dropped or cut.torn)
        if made % 20 == 0:
            setting.say(f"断电 {made}/{wanted}", f"{made} of {wanted} cuts")
    samples = sum(len(kill9.samples_of(story.seed, n, kill9.ids(story.devices))) for n in range(1, story.steps + 1))
    return Outcome(
        checks=(
            equal("cuts", made, wanted),
            equal("acknowledged_lost", lost, 0),
            equal("opened, verified and as sent: faults", len(faults), 0),
        ),
        injected={"cuts_that_lost_writes": losing, "writes_dropped": dropped, "writes_torn": torn},
        figures={"disk_calls": len(asked), "samples": samples, "faults": "; ".join(faults[:5])},
    )


async def _run(setting: Setting) -> Outcome:
    return await asyncio.to_thread(_power, setting)


ROW = Row(
    name="power",
    does_zh="在随机时刻断电：未同步到盘的写入丢失或只留下部分扇区。",
    does_en="Cuts the power at random moments: writes that were not synced are lost, or torn at sectors.",
    mark_zh="200 次断电，已确认的样本一条不丢",
    mark_en="200 cuts: 0 acknowledged lost",
    run=_run,
)
