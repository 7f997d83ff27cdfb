"""A day's polls in 24 minutes: the whole monitor at sixty times the rate, faults come and go, pages are read."""

from __future__ import annotations

import asyncio
import random
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from rel import record
from rel.row import Check, Figure, Outcome, Row, Setting, at_least, at_most, equal
from rel.town import Monitor, Town, eventually, monitor, town

RATE = 60
"""Devices that are asked once a minute are asked once a second: a day's polls in 24 minutes of real time. The clock
is the machine's, so what goes by the hour or the day comes as often as in those 24 minutes."""
DAY_H = 24
FAULTS = (
    "power",
    "hanging",
    "resetting",
    "malformed",
    "slow",
    "wrong_password",
    "half_open",
    "no_picture",
    "no_stream",
)
PAGES = ("", "devices", "incidents", "map", "wall", "api/v1/standing", "api/v1/devices", "api/v1/sla", "metrics")
DESCRIPTORS = 8
"""So many more in the mean are connections under way; a leak of one an hour is more by the end of the day."""
QUICK_DESCRIPTORS = 20
"""In its first quarter of an hour the monitor still opens the connections that it keeps: one to each of 20 devices."""
QUICK_MB = 12.0
"""A quarter of an hour has no slope: a quick run asks only that the second half isn't that much above the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The monitor's process at one moment of the simulated day."""

    at_h: float
    rss_mb: float
    descriptors: int
    threads: int


@dataclass(kw_only=True)
class _Seen:
    readings: list[Reading] = field(default_factory=list)
    faults_struck: int = 0
    hit: int = 0
    """Devices that the fleet says it struck."""
    pages: int = 0
    pages_failed: list[str] = field(default_factory=list)
    polls: int = 0
    missed: int = 0
    faults: list[str] = field(default_factory=list)


def slope(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return the slope of a line through the points by least squares, and its standard error. (x, y) to y per x."""
    n = len(points)
    mean_x, mean_y = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    rise = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    rest = sum((y - mean_y - rise * (x - mean_x)) ** 2 for x, y in points)
    return rise, (rest / max(1, n - 2) / spread) ** 0.5


def _strike(here: Town, rng: random.Random, seen: _Seen) -> None:
    """Heal everything, then break a tenth of the cameras in several ways."""
    here.say(do="clear")
    for fault in rng.sample(FAULTS, 3):
        answer = here.say(do="apply", fault=fault, target={"device": _some(here, rng)})
        seen.faults_struck += 1
        seen.hit += len(answer["devices"])


def _some(here: Town, rng: random.Random) -> str:
    return f"cam-{rng.randrange(here.devices):05d}"


def _look(watching: Monitor, rng: random.Random, seen: _Seen) -> None:
    for path in rng.sample(PAGES, 3):
        seen.pages += 1
        try:
            with urllib.request.urlopen(watching.address + path, timeout=30) as reply:  # noqa: S310 - our own board
                reply.read()
        except OSError as error:
            seen.pages_failed.append(f"/{path}: {error}")


def _read(process: psutil.Process, began_s: float) -> Reading:
    with process.oneshot():
        return Reading(
            at_h=(time.monotonic() - began_s) * RATE / 3600,
            rss_mb=process.memory_info().rss / 1e6,
            descriptors=process.num_fds(),
            threads=process.num_threads(),
        )


def _wished(document: dict[str, Any]) -> None:
    document["policy"]["probe"] |= {"picture_every_s": 300 / RATE, "full_every_s": 3600 / RATE}


def _soak(setting: Setting, here: Town) -> _Seen:
    seen, rng = _Seen(), random.Random(setting.seed)
    config, ledger = here.amend(_wished), setting.folder / "l"
    measured_s = setting.sized(15, DAY_H * 3600 // RATE)
    with monitor(config, ledger) as watching:
        eventually(lambda: watching.stored() >= 3 * here.devices)
        process, began_s, struck_h = psutil.Process(watching.process.pid), time.monotonic(), -1.0
        while (passed_s := time.monotonic() - began_s) < measured_s:
            seen.readings.append(_read(process, began_s))
            at_h = seen.readings[-1].at_h
            if at_h - struck_h >= setting.sized(1, 6) / 12:
                struck_h = at_h
                _strike(here, rng, seen)
            _look(watching, rng, seen)
            if len(seen.readings) % 120 == 0:
                setting.say(f"{at_h:.1f} 小时", f"{at_h:.1f} h, {seen.readings[-1].rss_mb:.0f} MB")
            time.sleep(max(0.0, min(1.0, measured_s - passed_s)))
        figures = watching.figures()
        seen.polls, seen.missed = int(figures["camkeeper_probes_total"]), int(figures["camkeeper_probes_missed_total"])
        seen.faults += ["the monitor did not end in peace"] if watching.stop() else []
    seen.faults += record.faults(ledger)
    seen.faults += ["a Traceback in its log"] if "Traceback" in Path(f"{ledger}.log").read_text() else []
    return seen


def _memory(seen: _Seen, *, quick: bool) -> tuple[Check, dict[str, Figure]]:
    """Judge what the process holds once it is warm: caches, kernels and pools fill in the first third."""
    warm = seen.readings[len(seen.readings) // 3 :]
    rise, error = slope([(one.at_h, one.rss_mb) for one in warm])
    half = len(warm) // 2
    step = median(one.rss_mb for one in warm[half:]) - median(one.rss_mb for one in warm[:half])
    told: dict[str, Figure] = {
        "rss_mb": round(warm[-1].rss_mb, 1),
        "rss_slope_mb_an_hour": round(rise, 3),
        "rss_slope_error": round(error, 3),
        "rss_second_half_above_first_mb": round(step, 2),
        "simulated_h": round(seen.readings[-1].at_h, 2),
    }
    if quick:
        return at_most("RSS: second half above the first, MB", round(step, 2), QUICK_MB), told
    return at_most("RSS slope, MB an hour of the simulated day", round(rise, 3), 1.0), told


async def _run(setting: Setting) -> Outcome:
    with town(setting.folder / "town", devices=setting.sized(20, 60), every_s=60 / RATE) as here:
        seen = await asyncio.to_thread(_soak, setting, here)
    memory, figures = _memory(seen, quick=setting.quick)
    third = len(seen.readings) // 3
    first, last = seen.readings[third : 2 * third], seen.readings[-third:]
    more = median(one.descriptors for one in last) - median(one.descriptors for one in first)
    threads = median(one.threads for one in last) - median(one.threads for one in first)
    return Outcome(
        checks=(
            memory,
            at_most(
                "descriptors, last third above the one before", more, setting.sized(QUICK_DESCRIPTORS, DESCRIPTORS)
            ),
            at_most("threads, last third above the one before", threads, 4),
            equal("pages that failed", len(seen.pages_failed), 0),
            at_least("pages asked for", seen.pages, 10),
            equal("faults", len(seen.faults), 0),
        ),
        injected={"faults_struck": seen.faults_struck, "devices_hit": seen.hit},
        figures={
            **figures,
            "rate": RATE,
            "polls": seen.polls,
            "polls_missed": seen.missed,
            "descriptors": last[-1].descriptors,
            "threads": last[-1].threads,
            "pages": seen.pages,
            "faults": "; ".join([*seen.faults, *seen.pages_failed][:5])[:300],
        },
    )


ROW = Row(
    name="soak",
    does_zh="整个监测进程以 60 倍轮询频率运行 24 分钟（一天的轮询量），故障来去，页面不断被访问。",
    does_en="Runs the whole monitor at 60 times the rate for 24 minutes, a day's polls, among faults and readers.",
    mark_zh="内存斜率 < 1 MB/小时（模拟），文件描述符持平",
    mark_en="RSS slope < 1 MB/h (simulated), descriptors flat",
    run=_run,
)
