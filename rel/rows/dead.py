"""Dead devices: the load again, with four in ten black-holed."""

from __future__ import annotations

import asyncio

from rel.load import DEAD_SHARE, measured
from rel.row import Outcome, Row, Setting, at_least, at_most, equal
from rel.rows.load import FULL, QUICK, late_s, missed


async def _run(setting: Setting) -> Outcome:
    plan = QUICK if setting.quick else FULL
    found = await asyncio.to_thread(measured, plan, dead=True, folder=setting.folder / "dead")
    return Outcome(
        checks=(
            at_most("latest healthy poll, seconds", late_s(found, quick=setting.quick, plain_s=found.late_max_s), 2.0),
            missed(found, quick=setting.quick),
            at_least("probes of those expected", round(found.probes / max(1, found.expected), 3), 0.3),
            equal("black-holed", found.black_holed, round(plan.devices * DEAD_SHARE)),
        ),
        injected={"black_holed_devices": found.black_holed},
        figures={
            "devices": plan.devices,
            "every_s": plan.every_s,
            "measured_s": found.passed_s,
            "core_share": found.core_share,
            "waited_for_a_core_s": found.waited_s,
            "rss_mb": found.rss_mb,
            "late_worst_s_since_start": found.late_worst_s_since_start.get("healthy", 0.0),
        },
    )


ROW = Row(
    name="dead",
    does_zh="同样的负载，其中 40% 的设备毫无应答（黑洞）。",
    does_en="The same load with 40% of the devices black-holed.",
    mark_zh="健康设备的轮询迟到不超过 2 秒",
    mark_en="no healthy poll late by > 2 s",
    run=_run,
)
