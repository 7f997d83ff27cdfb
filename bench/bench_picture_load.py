"""5,000 virtual cameras every 60 s, a snapshot of each every 600 s: the monitor and the process that decodes.

The first round asks every device for everything, 83 snapshots a second: the line for the decoder is bounded and drops
what is overtaken. Measured once each camera was looked at: nothing missed, nothing dropped, memory of both flat.
`--quick`: 500 devices, ten times as often.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil
import yaml
from prometheus_client.parser import text_string_to_metric_families

from bench_load import camkeeper, p99_bound, scraped
from figures import arguments, print_figures

READINGS = 12


@dataclass(frozen=True, kw_only=True)
class Plan:
    devices: int
    every_s: float
    warm_s: float
    measured_s: float


def picture_figures(address: str) -> dict[str, float]:
    """What the board's metrics say of pictures, by name."""
    with urllib.request.urlopen(f"{address}metrics", timeout=30) as reply:  # noqa: S310  (our own loopback address)
        text = reply.read().decode()
    return {
        sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("camkeeper_picture_") and not sample.labels
    }


def rss_mb(process: psutil.Process) -> tuple[float, float]:
    """Return the monitor's memory, and that of the processes it started."""
    children = [child.memory_info().rss for child in process.children(recursive=True)]
    return process.memory_info().rss / 1e6, sum(children) / 1e6


def slope_mb_per_min(values: list[float], span_s: float) -> float:
    """Return how fast memory grows: the later third's mean less the earlier third's."""
    third = max(1, len(values) // 3)
    grown = sum(values[-third:]) / third - sum(values[:third]) / third
    return round(grown / (span_s * 2 / 3) * 60, 2)


async def measured(plan: Plan, folder: Path) -> dict[str, object]:
    config = folder / "load.yaml"
    with ExitStack() as stack:
        environment = {**os.environ, "CAMKEEPER_FLEET_PASSWORD": "load-only"}
        words = ("fleet", "--count", str(plan.devices), "--port-base", "20000", "--write-config", str(config))
        fleet = stack.enter_context(
            subprocess.Popen(
                camkeeper(*words, "--pictures", "light", "--with-parent"),
                stdout=subprocess.PIPE,
                text=True,
                env=environment,
            )
        )
        stack.callback(fleet.terminate)
        if fleet.stdout is not None:
            fleet.stdout.readline()
        wished = yaml.safe_load(config.read_text())
        wished.setdefault("policy", {}).setdefault("probe", {}).update(
            every_s=plan.every_s, picture_every_s=10 * plan.every_s, full_every_s=600 * plan.every_s
        )
        config.write_text(yaml.safe_dump(wished, allow_unicode=True))
        monitor = stack.enter_context(
            subprocess.Popen(
                camkeeper(
                    *("run", "--config", str(config), "--ledger", str(folder / "load.ledger")),
                    *("--listen", "127.0.0.1:0", "--log", "json", "--login", "open"),
                ),
                stdout=subprocess.PIPE,
                stderr=(folder / "monitor.log").open("w"),
                text=True,
                env=environment,
            )
        )
        stack.callback(monitor.terminate)
        address = monitor.stdout.readline().split()[-1] if monitor.stdout else ""
        return await watched(plan, address, psutil.Process(monitor.pid))


async def watched(plan: Plan, address: str, process: psutil.Process) -> dict[str, object]:
    await asyncio.sleep(plan.warm_s)
    before, first = scraped(address, process), picture_figures(address)
    memory = [rss_mb(process)]
    for _ in range(READINGS):
        await asyncio.sleep(plan.measured_s / READINGS)
        memory.append(rss_mb(process))
    after, last = scraped(address, process), picture_figures(address)
    monitors, decoders = [m for m, _ in memory], [d for _, d in memory]
    return {
        "probes": after.probes - before.probes,
        "missed": after.missed - before.missed,
        "late_p99_s_at_most": p99_bound(before.late["healthy"], after.late["healthy"]),
        "dropped_in_the_first_round": first["camkeeper_picture_dropped_total"],
        "diagnosed": last["camkeeper_picture_diagnosed_total"] - first["camkeeper_picture_diagnosed_total"],
        "dropped": last["camkeeper_picture_dropped_total"] - first["camkeeper_picture_dropped_total"],
        "crashed": last["camkeeper_picture_crashed_total"],
        "monitor_core_share": round((after.cpu_s - before.cpu_s) / plan.measured_s, 3),
        "monitor_rss_mb": round(max(monitors), 1),
        "decoder_rss_mb": round(max(decoders), 1),
        "monitor_growth_mb_per_min": slope_mb_per_min(monitors, plan.measured_s),
        "decoder_growth_mb_per_min": slope_mb_per_min(decoders, plan.measured_s),
    }


def main() -> None:
    wishes = arguments(__doc__ or "").parse_args()
    plan = (
        Plan(devices=500, every_s=6, warm_s=20, measured_s=20)
        if wishes.quick
        else Plan(devices=5000, every_s=60, warm_s=700, measured_s=600)
    )
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(measured(plan, Path(folder)))
    print(json.dumps(figures), file=sys.stderr)
    wanted: dict[str, object] = {"devices": plan.devices, "every_s": plan.every_s, "measured_s": plan.measured_s}
    print_figures("picture_load", wanted | figures)


if __name__ == "__main__":
    main()
