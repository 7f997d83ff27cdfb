"""Malicious devices among healthy ones, met by a whole monitor in a network namespace with listeners elsewhere."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sys
from typing import Any

from rel.drive import ROOT
from rel.row import Outcome, Row, Setting, at_most, equal

HOSTILE = 20
PATIENCE_S = 600.0
LATE_S = 2.5


async def _told(plan: dict[str, Any]) -> dict[str, Any]:
    program = shutil.which("unshare")
    if program is None:
        raise FileNotFoundError("缺少 unshare / unshare is missing: util-linux")
    child = await asyncio.create_subprocess_exec(
        program, "--net", sys.executable, "-m", "rel.siege", json.dumps(plan),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(PATIENCE_S):
            out, err = await child.communicate()
    finally:
        if child.returncode is None:
            child.terminate()
            await child.wait()
    if child.returncode != 0:
        raise RuntimeError(f"the siege broke off: {err.decode(errors='replace')[-600:]}")
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return found


async def _run(setting: Setting) -> Outcome:
    devices = setting.sized(50, 500)
    plan = {
        "folder": str(setting.folder / "town"),
        "devices": devices,
        "hostile": HOSTILE,
        "quick": setting.quick,
        "every_s": setting.sized(3, 30),
        "watch_s": setting.sized(2, 60),
    }
    found = await _told(plan)
    out, tricks = found["out"], found["tricks"]
    return Outcome(
        checks=(
            equal("bytes at foreign listeners", found["canary_bytes"] + found["canary_connections"], 0),
            equal("packets to foreign hosts", out["foreign"], 0),
            equal("connections to ports not enrolled", out["unenrolled"], 0),
            equal("datagrams and IPv6", out["datagrams"] + out["six"], 0),
            equal("places with the secret", len(found["secrets"]), 0),
            equal("pages and tables with raw words", len(found["raw"]), 0),
            equal("memory images after a crash", found["cores"], 0),
            equal("healthy devices not up", len(found["healthy_not_up"]), 0),
            at_most("healthy lateness p99, s", found["late_p99_s"], LATE_S),
            equal("tracebacks", found["tracebacks"], 0),
            equal("crashed as told to", found["crashed_with"], -signal.SIGABRT),
        ),
        injected={
            **{f"trick_{name}": count for name, count in tricks.items()},
            "decoders_killed": found["workers_killed"],
            "canaries_that_hear": found["canaries_heard_us"],
            "packets_counted_on_trial": found["counted_us"]["foreign"],
            # Where their words are shown nowhere, it proves nothing that they are nowhere raw.
            "files_that_show_their_words": found["shown"],
        },
        figures={
            "devices": devices,
            "hostile": HOSTILE,
            "packets_to_enrolled": out["enrolled"],
            "pieces_searched": found["searched"],
            "rss_mb": found["rss_mb"],
            "missed": found["missed"],
            "faults": "; ".join([*found["secrets"], *found["raw"], *found["healthy_not_up"]][:5]),
        },
    )


ROW = Row(
    name="hostile",
    does_zh="健康设备中混入 20 台恶意设备：重定向、外部地址、炸弹、慢滴、垃圾、恶意名称；并杀死图像解码进程。",
    does_en="Puts 20 malicious devices among healthy ones: redirects, foreign addresses, bombs, drips, garbage, names; "
    "kills the process that decodes pictures.",
    mark_zh="500 台中 20 台恶意：登记主机与端口之外 0 字节，日志与导出中 0 处秘密，健康设备不受影响",
    mark_en="20 malicious devices among 500: 0 bytes outside enrolled host:port, 0 canary secrets in logs/exports, "
    "healthy devices unaffected",
    run=_run,
)
