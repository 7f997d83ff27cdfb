"""Broken input for every decoder: mutations of captured messages, pictures, files, and bombs made by hand.

Each family is fed in a process of its own that counts its processor time and memory; where it dies, the number of the
input it died of is on disk, and feeding goes on behind it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass, field
from typing import Any

from rel.drive import ROOT
from rel.fuzz.bombs import count
from rel.fuzz.watch import CPU_S, RSS_MB, before
from rel.row import Outcome, Row, Setting, at_least, at_most, equal

CALLED, SERVED = "rel.fuzz.watch", "rel.fuzz.served"
PLAN: dict[str, tuple[str, int, int]] = {
    # name: module, mutations of a quick and of a full run
    "jpeg": (SERVED, 300, 10_000),
    "soap": (CALLED, 300, 10_000),
    "rtsp": (SERVED, 150, 5_000),
    "discovery": (CALLED, 150, 5_000),
    "http": (SERVED, 100, 2_000),
    "register": (CALLED, 100, 3_000),
    "backup": (CALLED, 60, 1_000),
    "bundle": (CALLED, 60, 1_000),
    "yaml": (CALLED, 150, 3_000),
    "account": (CALLED, 100, 2_000),
    "obstacles": (CALLED, 100, 2_000),
    "digest": (CALLED, 150, 3_000),
    "snmp": (CALLED, 150, 3_000),
    "header": (CALLED, 150, 3_000),
    "handed": (SERVED, 1, 100),
}
BESIDE = 2
MOST_DEATHS = 5
PATIENCE_S = 900


@dataclass(slots=True, kw_only=True)
class Family:
    """What feeding one family found."""

    name: str
    mutations: int
    fed: int = 0
    refused: int = 0
    crashes: list[str] = field(default_factory=list)
    rss_mb: float = 0.0
    slowest_cpu_s: float = 0.0

    def add(self, told: dict[str, Any]) -> None:
        """Take in one process's word."""
        self.fed += told["fed"]
        self.refused += told["refused"]
        self.crashes += told["crashes"]
        self.rss_mb = max(self.rss_mb, told["rss_mb"])
        self.slowest_cpu_s = max(self.slowest_cpu_s, told["slowest_cpu_s"])


async def _process(words: list[str]) -> tuple[int, str, str]:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *words, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            out, err = await child.communicate()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    assert child.returncode is not None
    return child.returncode, out.decode(errors="replace"), err.decode(errors="replace")


async def feed(name: str, setting: Setting) -> Family:
    """Feed one family, over the deaths of its processes."""
    module, quick, full = PLAN[name]
    found = Family(name=name, mutations=setting.sized(quick, full))
    folder = setting.folder / name
    folder.mkdir()
    first, end = 0, before(name) + found.mutations
    for _ in range(MOST_DEATHS):
        code, out, err = await _process([module, name, str(setting.seed), str(first), str(end), str(folder)])
        if code == 0:
            found.add(json.loads(out.splitlines()[-1]))
            break
        at = int((folder / "at").read_text(encoding="ascii")) if (folder / "at").exists() else first
        why = err.strip().splitlines()[-1][:160] if err.strip() else ""
        found.crashes.append(f"{name} #{at}: ended with {code} {why}".strip())
        found.fed += at + 1 - first
        first = at + 1
    setting.say(
        f"{name}：{found.fed} 个，崩溃 {len(found.crashes)}",
        f"{name}: {found.fed} fed, {len(found.crashes)} crashes, {found.slowest_cpu_s} s, +{found.rss_mb} MB",
    )
    return found


async def _run(setting: Setting) -> Outcome:
    lanes = asyncio.Semaphore(BESIDE)

    async def one(name: str) -> Family:
        async with lanes:
            return await feed(name, setting)

    families = await asyncio.gather(*map(one, PLAN))
    by = {family.name: family for family in families}
    crashes = [crash for family in families for crash in family.crashes]
    fed = {name: by[name].fed for name in PLAN}
    missing = [name for name in PLAN if fed[name] != before(name) + by[name].mutations]
    return Outcome(
        checks=(
            equal("crashes", len(crashes), 0),
            at_most("memory, MB more", max(family.rss_mb for family in families), RSS_MB),
            at_most("slowest input, s of CPU", max(family.slowest_cpu_s for family in families), CPU_S),
            equal("families not fed to their end", len(missing), 0),
            at_least("bombs made by hand", sum(map(count, PLAN)), 30),
        ),
        injected={
            "soap": fed["soap"],
            "jpeg": fed["jpeg"],
            "rtsp_and_discovery": fed["rtsp"] + fed["discovery"],
            "files_and_others": sum(fed.values()) - sum(fed[name] for name in ("soap", "jpeg", "rtsp", "discovery")),
        },
        figures={
            "crashes": "; ".join(crashes[:5]),
            "slowest_family": max(families, key=lambda family: family.slowest_cpu_s).name,
            "largest_family_mb": max(families, key=lambda family: family.rss_mb).name,
            "refused_by_name": sum(family.refused for family in families),
            "kept_from_earlier_finds": sum(before(name) - count(name) for name in PLAN),
        },
    )


ROW = Row(
    name="fuzz",
    does_zh="向每个解码器送入变异与手工炸弹：SOAP、JPEG、RTSP、WS-Discovery、HTTP、配置、台账、证据包、备份。",
    does_en="Feeds every decoder mutations and handmade bombs: SOAP, JPEG, RTSP, discovery, HTTP, configuration, "
    "registers, bundles, backups.",
    mark_zh="SOAP、JPEG、RTSP/发现各 10,000 个变异加 30 个以上手工炸弹：0 次崩溃，内存增加不到 64 MB，每个不到 2 秒",
    mark_en="10,000 SOAP + 10,000 JPEG + 10,000 RTSP/discovery mutations + 30 handmade bombs: 0 crashes, RSS < +64 MB, "
    "each < 2 s of CPU",
    run=_run,
)
