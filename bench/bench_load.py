"""5,000 virtual devices every 60 s for ten minutes, the fleet in its own process; then again with 40% black-holed.

Bars: nothing missed, lateness p99 under 1 s, the poller under 30% of one core and 300 MB; with the dead ones, no
healthy device late by more than 2 s. `--quick` asks as many a second of fewer devices, more often, for seconds.
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

from figures import arguments, print_figures

DEAD_SHARE = 0.4


@dataclass(frozen=True, kw_only=True)
class Plan:
    devices: int
    every_s: float
    warm_s: float
    measured_s: float


@dataclass(frozen=True, kw_only=True)
class Reading:
    cpu_s: float
    rss_mb: float
    late: dict[str, dict[float, float]]
    worst_s: dict[str, float]
    probes: float
    missed: float
    stored: float
    at_s: float


def camkeeper(*words: str) -> list[str]:
    return [sys.executable, "-m", "camkeeper", *words]


def scraped(address: str, process: psutil.Process) -> Reading:
    with urllib.request.urlopen(f"{address}metrics", timeout=30) as reply:  # noqa: S310  (our own loopback address)
        text = reply.read().decode()
    late: dict[str, dict[float, float]] = {}
    worst: dict[str, float] = {}
    single: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "camkeeper_probe_lateness_seconds_bucket":
                late.setdefault(sample.labels["lane"], {})[float(sample.labels["le"])] = sample.value
            elif sample.name == "camkeeper_probe_lateness_worst_seconds":
                worst[sample.labels["lane"]] = sample.value
            elif not sample.labels:
                single[sample.name] = sample.value
    times = process.cpu_times()
    return Reading(
        cpu_s=times.user + times.system,
        rss_mb=process.memory_info().rss / 1e6,
        late=late,
        worst_s=worst,
        probes=single["camkeeper_probes_total"],
        missed=single["camkeeper_probes_missed_total"],
        stored=single["camkeeper_samples_stored_total"],
        at_s=single["camkeeper_at_seconds"],
    )


def p99_bound(before: dict[float, float], after: dict[float, float]) -> float:
    """Return the bucket bound under which 99% of the starts between two readings lie."""
    counts = {bound: after[bound] - before.get(bound, 0) for bound in sorted(after)}
    total = max(counts.values())
    return next((bound for bound, count in counts.items() if count >= 0.99 * total), float("inf"))


async def control(port: int, **words: object) -> dict[str, object]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(json.dumps(words).encode() + b"\n")
    answer: dict[str, object] = json.loads(await reader.readline())
    writer.close()
    return answer


async def measured(plan: Plan, *, dead: bool, folder: Path) -> dict[str, object]:
    config = folder / f"load-{dead}.yaml"
    blacked = 0
    with ExitStack() as stack:
        environment = {**os.environ, "CAMKEEPER_FLEET_PASSWORD": "load-only"}
        fleet = stack.enter_context(
            subprocess.Popen(
                camkeeper(
                    *("fleet", "--count", str(plan.devices), "--port-base", "20000", "--write-config", str(config)),
                    *("--pictures", "light", "--control-port", "0", "--with-parent"),
                ),
                stdout=subprocess.PIPE,
                text=True,
                env=environment,
            )
        )
        stack.callback(fleet.terminate)
        ready = json.loads(fleet.stdout.readline()) if fleet.stdout else {}
        wished = yaml.safe_load(config.read_text())
        wished.setdefault("policy", {}).setdefault("probe", {}).update(
            every_s=plan.every_s, picture_every_s=5 * plan.every_s, full_every_s=60 * plan.every_s
        )
        config.write_text(yaml.safe_dump(wished, allow_unicode=True))
        if dead:
            target = {"kind": "camera", "share": f"{DEAD_SHARE:.0%}"}
            answer = await control(int(ready["control_port"]), do="apply", fault="power", target=target)
            if not answer["ok"]:
                raise RuntimeError(f"the fleet did not take the fault: {answer}")
            blacked = len(answer["devices"]) if isinstance(answer["devices"], list) else 0
        poller = stack.enter_context(
            subprocess.Popen(
                camkeeper(
                    *("run", "--config", str(config), "--ledger", str(folder / f"load-{dead}.ledger")),
                    *("--listen", "127.0.0.1:0", "--log", "json", "--login", "open"),
                ),
                stdout=subprocess.PIPE,
                stderr=(folder / f"poller-{dead}.log").open("w"),
                text=True,
                env=environment,
            )
        )
        stack.callback(poller.terminate)
        address = poller.stdout.readline().split()[-1] if poller.stdout else ""
        process = psutil.Process(poller.pid)
        await asyncio.sleep(plan.warm_s)
        before = scraped(address, process)
        rss = before.rss_mb
        for _ in range(10):
            await asyncio.sleep(plan.measured_s / 10)
            after = scraped(address, process)
            rss = max(rss, after.rss_mb)
        fleet_cpu = psutil.Process(fleet.pid).cpu_times()
        print(f"fleet: {fleet_cpu.user + fleet_cpu.system:.1f} s CPU in all", file=sys.stderr)
        poller.terminate()
        poller.wait(20)
    return {
        "probes": after.probes - before.probes,
        "expected": round(plan.devices * (after.at_s - before.at_s) / plan.every_s),
        "black_holed": blacked,
        "missed": after.missed - before.missed,
        "samples_stored": after.stored - before.stored,
        "late_p99_s_at_most": p99_bound(before.late["healthy"], after.late["healthy"]),
        "late_worst_s_since_start": after.worst_s,
        "poller_core_share": round((after.cpu_s - before.cpu_s) / plan.measured_s, 4),
        "poller_rss_mb": round(rss, 1),
    }


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--only", choices=("alive", "dead"), help="one of the two rounds")
    wishes = parser.parse_args()
    plan = (
        Plan(devices=500, every_s=6, warm_s=8, measured_s=10)
        if wishes.quick
        else Plan(devices=5000, every_s=60, warm_s=90, measured_s=600)
    )
    figures: dict[str, object] = {"devices": plan.devices, "every_s": plan.every_s, "measured_s": plan.measured_s}
    with tempfile.TemporaryDirectory() as folder:
        for name in ("alive", "dead"):
            if wishes.only in {None, name}:
                figures[name] = asyncio.run(measured(plan, dead=name == "dead", folder=Path(folder)))
                print(name, json.dumps(figures[name]), file=sys.stderr)
    print_figures("load", figures)


if __name__ == "__main__":
    main()
