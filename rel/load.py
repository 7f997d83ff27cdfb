"""Many virtual devices asked again and again, the fleet in its own process: what the monitor costs, and how late it is.

Shared by the scorecard and by bench/bench_load.py. CPU seconds and memory are the kernel's word of the monitor's
process; lateness, missed and stored are what its own metrics page counts.
"""

from __future__ import annotations

import subprocess
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from prometheus_client.parser import text_string_to_metric_families

from rel.town import Town, monitor, town

DEAD_SHARE = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many devices, how often, how long before and while it is measured."""

    devices: int
    every_s: float
    warm_s: float
    measured_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The monitor at one moment: its process, and what it counts since it began."""

    cpu_s: float
    rss_mb: float
    late: dict[str, dict[float, float]]
    worst_s: dict[str, float]
    probes: float
    missed: float
    stored: float
    at_s: float


def scraped(address: str, process: psutil.Process) -> Reading:
    """Read the metrics page of the board at `address` and the kernel's accounts of the process."""
    with urllib.request.urlopen(f"{address}metrics", timeout=30) as reply:  # noqa: S310 - our own loopback address
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
    return bound_of(before, after, 0.99)


def bound_of(before: dict[float, float], after: dict[float, float], share: float) -> float:
    """Return the least bucket bound, seconds, under which that share of the starts between two readings lies."""
    counts = {bound: after[bound] - before.get(bound, 0) for bound in sorted(after)}
    total = max(counts.values())
    return next((bound for bound, count in counts.items() if count >= share * total), float("inf"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the monitor did between two readings."""

    probes: float
    expected: int
    black_holed: int
    missed: float
    samples_stored: float
    late_p99_s: float
    """At most; a bucket's bound."""
    late_max_s: float
    """Of healthy devices, at most; a bucket's bound."""
    late_worst_s_since_start: dict[str, float]
    waited_s: float
    """The loop's thread was ready and had no core: the machine's lateness, not the monitor's."""
    passed_s: float
    core_share: float
    rss_mb: float
    fleet_cpu_s: float

    def figures(self) -> dict[str, Any]:
        """Return it as figures for printing."""
        return {
            "probes": self.probes,
            "expected": self.expected,
            "black_holed": self.black_holed,
            "missed": self.missed,
            "samples_stored": self.samples_stored,
            "late_p99_s_at_most": self.late_p99_s,
            "late_max_s_at_most": self.late_max_s,
            "late_worst_s_since_start": self.late_worst_s_since_start,
            "poller_core_share": self.core_share,
            "poller_rss_mb": self.rss_mb,
        }


def measured(plan: Plan, *, dead: bool, folder: Path) -> Measured:
    """Serve the devices, black-hole a share of them where `dead`, and watch the monitor watching them."""
    with town(folder, devices=plan.devices, every_s=plan.every_s) as here:
        config = here.amend(lambda wished: _paced(wished, plan.every_s), name="load.yaml")
        blacked = _struck(here) if dead else 0
        with monitor(config, folder / "load.ledger") as watching:
            process = psutil.Process(watching.process.pid)
            time.sleep(plan.warm_s)
            before = scraped(watching.address, process)
            rss, began, waited = before.rss_mb, time.monotonic(), _waited_s(process.pid)
            for _ in range(10):
                time.sleep(plan.measured_s / 10)
                after = scraped(watching.address, process)
                rss = max(rss, after.rss_mb)
            passed_s = time.monotonic() - began
            return Measured(
                probes=after.probes - before.probes,
                expected=round(plan.devices * (after.at_s - before.at_s) / plan.every_s),
                black_holed=blacked,
                missed=after.missed - before.missed,
                samples_stored=after.stored - before.stored,
                late_p99_s=p99_bound(before.late["healthy"], after.late["healthy"]),
                late_max_s=bound_of(before.late["healthy"], after.late["healthy"], 1.0),
                late_worst_s_since_start=after.worst_s,
                waited_s=round(_waited_s(process.pid) - waited, 2),
                passed_s=round(passed_s, 1),
                core_share=round((after.cpu_s - before.cpu_s) / passed_s, 4),
                rss_mb=round(rss, 1),
                fleet_cpu_s=_cpu_s(here.fleet),
            )


def _paced(wished: dict[str, Any], every_s: float) -> None:
    probe = wished.setdefault("policy", {}).setdefault("probe", {})
    probe.update(every_s=every_s, picture_every_s=5 * every_s, full_every_s=60 * every_s)


def _struck(here: Town) -> int:
    answer = here.say(do="apply", fault="power", target={"kind": "camera", "share": f"{DEAD_SHARE:.0%}"})
    return len(answer["devices"])


def _waited_s(pid: int) -> float:
    """Return the seconds that the main thread waited for a core (the kernel's scheduler statistics)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[1]) / 1e9


def _cpu_s(process: subprocess.Popen[str]) -> float:
    times = psutil.Process(process.pid).cpu_times()
    return times.user + times.system
