"""The wall clock of running monitors is set: a second, an hour, a day, at a month's border, where summer time ends."""

from __future__ import annotations

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from camkeeper.clock import STEP_MS, SystemClock
from camkeeper.ledger import LedgerReader
from camkeeper.ledger.chain import Kind
from camkeeper.ledger.schema import connect_reader
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from rel import record
from rel.hook import Hook, hook
from rel.row import Outcome, Row, Setting, at_most, equal
from rel.town import Monitor, Town, eventually, monitor, told, town

DEVICES = 8
EVERY_S = 2.0
HOUR_S, DAY_S = 3600, 86_400


class Wall:
    """A process's wall clock. Its elapsed clocks (monotonic, since boot) are left alone, as by a real step."""

    def __init__(self, file: Path) -> None:
        found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
        if not found:
            raise FileNotFoundError("缺少 libfaketime / libfaketime is missing: scripts/debian-packages.sh --test")
        self._file = file
        self.offset_s = 0
        self.env = {
            "LD_PRELOAD": str(found[0]),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            # Looked at once a second: to read it at each of the loop's many readings costs seconds.
            "FAKETIME_CACHE_DURATION": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",
            # Its mending of timed waits makes two threads that share the interpreter spin: tenfold slower.
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        }
        self.step(0)

    def step(self, by_s: int) -> None:
        """Set the wall by so many seconds against what it shows."""
        self.offset_s += by_s
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{self.offset_s:+d}\n")
        fresh.replace(self._file)  # never half a line


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One monitor: where its wall begins, in which zone it counts, and by what its clock is set while it runs."""

    name: str
    begins: str | None
    """Instant of the wall, ISO; None: now."""
    zone: str
    steps_s: tuple[int, ...] = ()
    months: tuple[str, ...] = ()
    """Whose figures must add up to the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a monitor's record says afterwards."""

    off_s: float
    """Seconds counted as up less those that passed, of a device in the mean, sign dropped."""
    by_month_off_ms: int
    """Device milliseconds that the months' figures have more or less than the record."""
    otherwise_ms: int
    """Device milliseconds that are anything but up, once all answered."""
    steps: int
    unlogged: int
    alerts: int
    faults: list[str]


STORIES = (
    Story(name="steps", begins=None, zone="Asia/Shanghai", steps_s=(1, -1, HOUR_S, -HOUR_S, -DAY_S)),
    # Some seconds before the border: a monitor is at work by then.
    Story(name="month", begins="2026-09-30T15:59:35+00:00", zone="Asia/Shanghai", months=("2026-09", "2026-10")),
    Story(
        name="summer", begins="2026-10-25T00:59:35+00:00", zone="Europe/Berlin", steps_s=(HOUR_S,), months=("2026-10",)
    ),
)


def _steps(ledger: Path) -> list[tuple[dict[str, Any], bool]]:
    """Return the steps on record, and whether the boot under which each was seen is on record before it."""
    query = "SELECT seq, body FROM chain WHERE kind = ? ORDER BY seq"
    with closing(connect_reader(ledger)) as db:
        steps = db.execute(query, (int(Kind.CLOCK_STEP),)).fetchall()
        boots = db.execute(query, (int(Kind.BOOT),)).fetchall()
    return [
        (json.loads(body), any(at < seq and json.loads(boot).get("boot") for at, boot in boots)) for seq, body in steps
    ]


def _logged(ledger: Path, by_s: int) -> bool:
    return any(abs(step["by_ms"] - by_s * 1000) < STEP_MS and booted for step, booted in _steps(ledger))


def _answered(ledger: Path) -> bool:
    with LedgerReader(ledger) as reader:
        return list(reader.statuses().values()).count(Status.UP) == DEVICES


def _watch(story: Story, here: Town, rest_s: float) -> Told:
    folder = here.folder / story.name
    folder.mkdir()
    ledger, wall = folder / "l", Wall(folder / "wall")
    if story.begins is not None:
        wall.step(round(datetime.fromisoformat(story.begins).timestamp() - SystemClock().wall_ms() / 1000))
    with hook() as heard:
        config = here.amend(partial(_as_told, zone=story.zone, heard=heard), name=f"{story.name}.yaml")
        with monitor(config, ledger, env=wall.env) as watching:
            eventually(lambda: _answered(ledger))
            began_s, first_ms = time.monotonic(), record.last_tick_ms(ledger)
            unlogged = 0
            for by_s in story.steps_s:
                wall.step(by_s)
                unlogged += not _stepped(watching, ledger, by_s, rest_s)
            if story.begins is not None:
                over_ms = (
                    round(datetime.fromisoformat(story.begins).timestamp() * 1000) + 30_000
                )  # five seconds past the border
                eventually(lambda: record.last_tick_ms(ledger) > over_ms)
            passed_s, last_ms = time.monotonic() - began_s, record.last_tick_ms(ledger)
            if watching.stop() != 0:
                raise RuntimeError(f"{story.name}: did not end in peace")
        alerts = len(heard.came)
    known = record.known_ms(ledger, Span(start_ms=first_ms, end_ms=last_ms))
    said = Path(f"{ledger}.log").read_text(encoding="utf-8")
    return Told(
        off_s=abs(known["up"] / DEVICES / 1000 - passed_s),
        by_month_off_ms=_by_month_off_ms(ledger, story.months),
        otherwise_ms=sum(ms for status, ms in known.items() if status != "up"),
        steps=len(_steps(ledger)),
        unlogged=unlogged,
        alerts=alerts,
        faults=[*record.faults(ledger), *(["a Traceback in its log"] if "Traceback" in said else [])],
    )


def _as_told(wished: dict[str, Any], *, zone: str, heard: Hook) -> None:
    wished["channels"] = [heard.channel()]
    wished["notify"] = {"watchdog": {"trouble": ["hook"]}, "otherwise": ["hook"]}
    for site in wished["sites"]:
        site["timezone"] = zone


def _stepped(watching: Monitor, ledger: Path, by_s: int, rest_s: float) -> bool:
    """Wait for a round of samples after a step; return whether the step is on record where it is one."""
    logged = True
    if abs(by_s) * 1000 > STEP_MS:
        try:
            eventually(lambda: _logged(ledger, by_s), within_s=20)
        except TimeoutError:
            logged = False
    before = watching.stored()
    eventually(lambda: watching.stored() >= before + DEVICES)
    time.sleep(rest_s)
    return logged


def _by_month_off_ms(ledger: Path, months: tuple[str, ...]) -> int:
    """Compare the months' own figures with the record: nothing is won or lost at their borders."""
    if not months:
        return 0
    counted = 0
    for month in months:
        found = told(["sla", "--ledger", str(ledger), "--month", month, "--json"])
        town_figures = next(site for site in found["sites"] if site["kind"] == "town")["figures"]
        counted += int(town_figures[found["deciding_policy"]]["net"]["time"]["up_ms"])
    whole = Span(start_ms=0, end_ms=record.last_tick_ms(ledger))
    return abs(counted - record.known_ms(ledger, whole)["up"])


def _clock(setting: Setting, here: Town) -> list[Told]:
    rest_s = setting.sized(0, 20)
    with ThreadPoolExecutor(len(STORIES)) as pool:
        return list(pool.map(lambda story: _watch(story, here, rest_s), STORIES))


async def _run(setting: Setting) -> Outcome:
    with town(setting.folder / "town", devices=DEVICES, every_s=EVERY_S) as here:
        found = await asyncio.to_thread(_clock, setting, here)
    faults = [fault for each in found for fault in each.faults]
    return Outcome(
        checks=(
            at_most("figure off, seconds of a device (one poll)", round(max(each.off_s for each in found), 2), EVERY_S),
            equal("months' figures off, ms", max(each.by_month_off_ms for each in found), 0),
            equal("ms that are not up", sum(each.otherwise_ms for each in found), 0),
            equal("alerts", sum(each.alerts for each in found), 0),
            equal("steps over 2 s not on record with their boot", sum(each.unlogged for each in found), 0),
            equal("faults", len(faults), 0),
        ),
        injected={"steps_seen_by_the_monitors": sum(each.steps for each in found)},
        figures={"monitors": len(found), "faults": "; ".join(faults[:5])},
    )


ROW = Row(
    name="clock",
    does_zh="拨动运行中监测进程的系统时钟：±1 秒、±1 小时、−1 天；跨月界；夏令时结束之时。",
    does_en="Sets the wall clock of running monitors: a second, an hour, a day, over a month, as summer time ends.",
    mark_zh="数字与真实相差不超过一次轮询，0 次告警，跳变连同启动编号记入账本",
    mark_en="figure within 1 poll of truth, 0 alerts, step logged with its boot",
    run=_run,
)
