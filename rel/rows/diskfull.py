"""A disk that is really full: a small file system under the ledger is filled, held full, and freed."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.peers.smalldisk import SmallDisk, small_disk

from camkeeper.clock import SystemClock
from camkeeper.model.span import Span
from rel import record
from rel.hook import Hook, hook
from rel.row import Outcome, Row, Setting, at_least, equal
from rel.town import Monitor, Town, eventually, monitor, town
from rel.tracing import settled, traced

DEVICES = 12
EVERY_S = 1.0
HOLD_MS = 2_500
MIB = 64
ALERT_WITHIN_S = 60.0
"""Thirty seconds without an acknowledgement are trouble, and the monitor looks at itself every five."""
FAILED = ["-e", "trace=pwrite64,write,ftruncate,fallocate,openat,mkdir", "-Z"]
"""strace's words: calls that failed, and no others."""


@dataclass(kw_only=True)
class _Seen:
    full: int = 0
    """Calls that failed with ENOSPC, by strace."""
    lost: int = 0
    alive: bool = True
    waited: int = 0
    """Samples that were written after the disk was freed."""
    claimed_ms: int = 0
    alerts: list[dict[str, Any]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def _told_full(watching: Monitor) -> bool:
    return any("full" in str(warning) for warning in watching.get("api/v1/standing")["monitor"]["warnings"])


def _held(watching: Monitor, disk: SmallDisk, heard: Hook, seen: _Seen, setting: Setting) -> None:
    """Fill, hold until the alert came and a while longer, free: everything that waited is written."""
    disk.fill()
    eventually(lambda: bool(heard.came), within_s=ALERT_WITHIN_S, why="nobody was told of the full disk")
    acknowledged = watching.stored()
    setting.say("磁盘已满，已告警", "the disk is full, and it was told")
    time.sleep(setting.sized(6, 60))
    seen.alive = watching.process.poll() is None and _told_full(watching)
    seen.lost += max(0, acknowledged - watching.stored())
    disk.free()
    eventually(lambda: watching.stored() > acknowledged + 2 * DEVICES)
    eventually(lambda: len(heard.came) > 1, why="nobody was told that it is well again")
    seen.waited = watching.stored() - acknowledged


def _killed(watching: Monitor, disk: SmallDisk) -> tuple[int, int]:
    """Fill and kill while it is full; return what was acknowledged, and when it died."""
    disk.fill()
    acknowledged = watching.stored()
    time.sleep(3 * EVERY_S)
    acknowledged = max(acknowledged, watching.stored())
    watching.kill()
    died_ms = SystemClock().wall_ms()
    time.sleep(2 * EVERY_S)
    disk.free()
    return acknowledged, died_ms


def _story(setting: Setting, here: Town, disk: SmallDisk, heard: Hook) -> _Seen:
    seen = _Seen()

    def told(wished: dict[str, Any]) -> None:
        wished["channels"] = [heard.channel()]
        wished["notify"] = {"watchdog": {"trouble": ["hook"]}}

    config, ledger = here.amend(told), disk.point / "town.ledger"
    log = setting.folder / "strace"
    with monitor(config, ledger, wrap=lambda words: traced(log, FAILED, words)) as watching:
        eventually(lambda: watching.stored() >= 2 * DEVICES)
        _held(watching, disk, heard, seen, setting)
        acknowledged, died_ms = _killed(watching, disk)
    seen.full = settled(log).count("ENOSPC")
    with monitor(config, ledger) as watching:
        eventually(lambda: watching.stored() > acknowledged + DEVICES)
        seen.faults += ["the last life did not end in peace"] if watching.stop() else []
    seen.lost += max(0, acknowledged - record.stored(ledger))
    seen.alerts = [facts for facts in heard.facts() if facts["kind"] in {"trouble", "well"}]
    began = next(at_ms for at_ms in record.boots(ledger) if at_ms > died_ms)
    gap = Span(start_ms=min(began, died_ms + HOLD_MS), end_ms=began)
    seen.claimed_ms = sum(ms for status, ms in record.known_ms(ledger, gap).items() if status != "unknown")
    whole = record.known_ms(ledger, Span(start_ms=0, end_ms=SystemClock().wall_ms()))
    seen.faults += [f"{whole['down']} ms down"] if whole["down"] else []
    seen.faults += record.faults(ledger)
    seen.faults += ["a Traceback in its log"] if "Traceback" in _said(ledger) else []
    return seen


def _said(ledger: Path) -> str:
    return Path(f"{ledger}.log").read_text(encoding="utf-8", errors="replace")


def _diskfull(setting: Setting) -> Outcome:
    if os.geteuid() != 0:
        raise PermissionError("挂载小文件系统需要 root / mounting a small file system wants root")
    with (
        small_disk(setting.folder / "disk", mib=MIB) as disk,
        hook() as heard,
        town(setting.folder / "town", devices=DEVICES, every_s=EVERY_S) as here,
    ):
        seen = _story(setting, here, disk, heard)
    kinds = Counter(facts["kind"] for facts in seen.alerts)
    return Outcome(
        checks=(
            equal("alive and telling it", seen.alive, True),  # noqa: FBT003 - a figure
            equal("operator alerts", kinds["trouble"], 1),
            equal("told that it is over", kinds["well"], 1),
            equal("acknowledged_lost", seen.lost, 0),
            at_least("samples that waited and were written", seen.waited, 1),
            equal("ms of the gap claimed known", seen.claimed_ms, 0),
            equal("faults", len(seen.faults), 0),
        ),
        injected={"ENOSPC": seen.full},
        figures={"faults": "; ".join(seen.faults[:5])},
    )


async def _run(setting: Setting) -> Outcome:
    return await asyncio.to_thread(_diskfull, setting)


ROW = Row(
    name="diskfull",
    does_zh="把账本所在的小文件系统写满、保持、再腾空；第二次写满时杀死进程。",
    does_en="Fills the small file system under the ledger, holds it full, frees it; the second time it kills as well.",
    mark_zh="进程存活，恰好一次运维告警，空档为未知，已确认的样本一条不丢",
    mark_en="alive, one operator alert, gap = unknown, 0 acknowledged lost",
    run=_run,
)
