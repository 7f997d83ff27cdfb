"""Load: thousands of devices each minute, in one process."""

from __future__ import annotations

import asyncio

from rel.load import Measured, Plan, measured
from rel.row import Check, Outcome, Row, Setting, at_least, at_most

FULL = Plan(devices=5000, every_s=60, warm_s=90, measured_s=1800)
QUICK = Plan(devices=500, every_s=10, warm_s=5, measured_s=10)
"""A little over half as many a second, while whatever else runs on the machine, and just after the start."""
QUICK_MISSED_SHARE = 0.05
QUICK_MISSED_MOST = 0.5


def late_s(found: Measured, *, quick: bool, plain_s: float) -> float:
    """Return the lateness to be judged, seconds.

    In the quick run that is the latest start less the time for which the kernel gave the monitor no core: the run is
    made on busy machines, beside other tests. The full run is judged by `plain_s`, whatever the reason was.
    """
    worst = min(found.late_max_s, found.late_worst_s_since_start.get("healthy", 0.0))
    return round(max(0.0, worst - found.waited_s), 2) if quick else plain_s


def missed(found: Measured, *, quick: bool) -> Check:
    """Return the check of probes that were not made: none; in the quick run the share for which there was no core."""
    share = min(QUICK_MISSED_MOST, max(QUICK_MISSED_SHARE, found.waited_s / found.passed_s))
    return at_most("missed", found.missed, round(share * found.expected) if quick else 0)


async def _run(setting: Setting) -> Outcome:
    plan = QUICK if setting.quick else FULL
    found = await asyncio.to_thread(measured, plan, dead=False, folder=setting.folder / "load")
    share = round(found.probes / max(1, found.expected), 3)
    return Outcome(
        checks=(
            missed(found, quick=setting.quick),
            at_most("lateness p99, seconds", late_s(found, quick=setting.quick, plain_s=found.late_p99_s), 1.0),
            at_most("the poller's share of a core", found.core_share, 0.9 if setting.quick else 0.3),
            at_most("memory, MB", found.rss_mb, 300),
            at_least("probes of those expected", share, 0.3 if setting.quick else 0.9),
        ),
        injected={"probes": int(found.probes)},
        figures={
            "devices": plan.devices,
            "every_s": plan.every_s,
            "measured_s": found.passed_s,
            "waited_for_a_core_s": found.waited_s,
            "samples_stored": int(found.samples_stored),
            "late_worst_s_since_start": found.late_worst_s_since_start.get("healthy", 0.0),
            "fleet_cpu_s": round(found.fleet_cpu_s, 1),
        },
    )


ROW = Row(
    name="load",
    does_zh="一个进程每 60 秒轮询 5,000 台虚拟设备，持续 30 分钟。",
    does_en="Asks 5,000 virtual devices every 60 s from one process, for 30 minutes.",
    mark_zh="漏检 0，迟到 p99 < 1 秒，轮询 < 30% 单核，内存 < 300 MB",
    mark_en="0 missed, lateness p99 < 1 s, poller < 30% of a core, < 300 MB",
    run=_run,
)
