"""One, two and four pollers on the same cameras: what a probe costs, and how many devices a core carries.

    python bench/bench_crew.py            1,500 cameras, 45 s each of one, two, four pollers
    python bench/bench_crew.py --quick    300 cameras, 6 s each

`camkeeper edge run` (which does not ask) and `camkeeper edge poller` as people start them, on `camkeeper fleet` in a
process of its own. What counts is processor time, never the wall's clock: of the pollers, of the keeper that decides
and records, of the bus between them, divided by the probes that *the cameras* counted in the same window. The
keeper's own count on /metrics is of its last standing, on a busy machine many seconds old: windows shorter than that
saw no probe at all. A device asked each 60 s costs a sixtieth of a probe a second. The virtual cameras share the
machine: more pollers than free cores show that dividing costs nothing, not that the wall's clock goes faster.
In the end nobody is asked any more, and what the cameras, the keeper and the ledger counted is compared.
Bar: a probe through four pollers costs at most 1.25 of one through one, and nothing is counted twice.
"""

from __future__ import annotations

import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import psutil
from prometheus_client.parser import text_string_to_metric_families

from figures import arguments, print_figures

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.peers.pollers import Township

BAR = 1.25
EVERY_S = 60.0
NAMES = ("p1", "p2", "p3", "p4")
LONGEST_S = 120.0
"""Windows grow on a machine too busy to ask everybody in time, up to this."""
FIRST_S = 300.0
LATE_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Reading:
    """CPU seconds since the start, and probes."""

    pollers_s: float
    keeper_s: float
    bus_s: float
    fleet_s: float
    probes: int
    at_s: float


def spent(process: psutil.Process) -> float:
    """Return the CPU seconds of one process."""
    times = process.cpu_times()
    return float(times.user + times.system)


def read(town: Township, members: tuple[str, ...]) -> Reading:
    """Return what was used up to now. Probes are what the cameras counted: true at this very instant."""
    bus = psutil.Process(int((town.edge / "nats.pid").read_text()))
    probes = sum(town.questions().values())
    return Reading(
        pollers_s=sum(spent(psutil.Process(town.processes[name].pid)) for name in members),
        keeper_s=spent(psutil.Process(town.processes["keeper"].pid)),
        bus_s=spent(bus),
        fleet_s=spent(psutil.Process(town.processes["fleet"].pid)),
        probes=probes,
        at_s=time.perf_counter(),
    )


def lateness(town: Township) -> dict[float, float]:
    """Return how many probes began at most so many seconds late, since the keeper started; of its last standing."""
    with urllib.request.urlopen(f"{town.address}metrics", timeout=20) as reply:  # noqa: S310 - loopback
        text = reply.read().decode()
    out: dict[float, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "camkeeper_probe_lateness_seconds_bucket":
                le = float(sample.labels["le"])
                out[le] = out.get(le, 0.0) + sample.value
    return dict(sorted(out.items()))


def late(before: dict[float, float], after: dict[float, float]) -> dict[str, float | None]:
    """Return the bound that 99 of 100 starts were within, and the share that began more than a second late."""
    starts = {le: after[le] - before.get(le, 0.0) for le in after}
    whole = max(starts.values(), default=0.0)
    if not whole:
        return {"p99_within_s": None, "over_1_s_percent": None}
    p99 = next((le for le, n in starts.items() if n >= 0.99 * whole), float("inf"))
    over = 100 * (1 - starts.get(LATE_S, whole) / whole)
    return {"p99_within_s": p99 if p99 != float("inf") else None, "over_1_s_percent": round(over, 2)}


def measured(town: Township, members: tuple[str, ...], seconds: float) -> dict[str, object]:
    """Let these pollers work for so long, and until every camera was asked once on the average."""
    for name in members:
        if name not in town.processes:
            town.start_member(name)
    town.wait_for("shares for all", lambda: town.all_held(*members), timeout_s=90)
    # First climbs are whole ones, with a picture: ten times a usual probe. Then the first contacts of who is new.
    town.wait_for("a climb of everybody", lambda: min(town.questions().values()) > 0, timeout_s=FIRST_S)
    time.sleep(town.every_s)
    late_before, before = lateness(town), read(town, members)
    until_s = before.at_s + LONGEST_S
    time.sleep(seconds)
    after = read(town, members)
    while after.probes - before.probes < town.count and after.at_s < until_s:
        time.sleep(1.0)
        after = read(town, members)
    probes, took_s = after.probes - before.probes, after.at_s - before.at_s
    if probes < town.count:
        raise SystemExit(
            f"{probes} probes of {town.count} cameras in {took_s:.0f} s: pollers stand still\n{town.logs()}"
        )
    each_ms = {
        "pollers": 1000 * (after.pollers_s - before.pollers_s) / probes,
        "keeper": 1000 * (after.keeper_s - before.keeper_s) / probes,
        "bus": 1000 * (after.bus_s - before.bus_s) / probes,
    }
    whole_ms = sum(each_ms.values())
    return {
        "pollers": len(members),
        "probes": probes,
        "wall_s": round(took_s, 1),
        "late": late(late_before, lateness(town)),
        "cpu_ms_per_probe": {name: round(ms, 3) for name, ms in each_ms.items()} | {"all": round(whole_ms, 3)},
        "devices_per_core_of_pollers": round(EVERY_S * 1000 / each_ms["pollers"]),
        "devices_per_core_of_keeper": round(EVERY_S * 1000 / (each_ms["keeper"] + each_ms["bus"])),
        "devices_per_core_of_all": round(EVERY_S * 1000 / whole_ms),
        "fleet_cores": round((after.fleet_s - before.fleet_s) / took_s, 2),
    }


def counted_twice(town: Township) -> dict[str, int]:
    """Ask nobody any more; compare what cameras, keeper and ledger counted when all three stand still."""
    never = 86_400.0
    town.pace(every_s=never, picture_every_s=never, full_every_s=never)
    seen: list[tuple[int, int, int]] = []

    def still() -> bool:
        now = town.metrics()
        asked, stored = now["camkeeper_crew_asked_total"], now["camkeeper_samples_stored_total"]
        seen.append((sum(town.questions().values()), round(asked), round(stored)))
        # Standings are seconds apart: the same figures for that long, and the ledger has all that was asked.
        settled = len(seen) > 8 and all(a == b for a, b in pairwise(seen[-8:]))
        time.sleep(0.9)
        return settled or len(set(seen[-1])) == 1

    town.wait_for("an end of the questions", still, timeout_s=90)
    asked_cameras, asked, stored = seen[-1]
    return {"questions": asked_cameras, "asked": asked, "stored": stored, "twice": max(0, stored - asked_cameras)}


def idle(town: Township, seconds: float) -> dict[str, float]:
    """Return CPU milliseconds a second while nobody is asked: leases, signs of life, ledger, board."""
    before = read(town, NAMES)
    time.sleep(seconds)
    after = read(town, NAMES)
    took_s = after.at_s - before.at_s
    return {
        "each_poller": round(1000 * (after.pollers_s - before.pollers_s) / took_s / len(NAMES), 2),
        "keeper": round(1000 * (after.keeper_s - before.keeper_s) / took_s, 2),
        "bus": round(1000 * (after.bus_s - before.bus_s) / took_s, 2),
    }


def main() -> None:
    """Measure one, two, four pollers on one fleet, and print."""
    options = arguments(__doc__ or "").parse_args()
    count, every_s, seconds = (300, 3.0, 6.0) if options.quick else (1_500, 15.0, 45.0)
    rows = []
    with tempfile.TemporaryDirectory() as name:
        # Pictures and whole climbs as seldom as people ask for them: most probes are quick ones.
        rare = {"picture_every_s": 5 * every_s, "full_every_s": 60 * every_s}
        town = Township(Path(name) / "town", count=count, every_s=every_s, shards=32, probe=rare)
        try:
            town.init(*NAMES)
            town.start_keeper()
            for many in (1, 2, 4):
                rows.append(measured(town, NAMES[:many], seconds))
                print(rows[-1], flush=True)
            twice = counted_twice(town)
            rest = idle(town, seconds)
        finally:
            town.stop()
    costs = [row["cpu_ms_per_probe"]["all"] for row in rows]  # type: ignore[index]
    ratios = {f"{n}_pollers": round(cost / costs[0], 3) for n, cost in zip((2, 4), costs[1:], strict=True)}
    print_figures(
        "crew",
        {"cameras": count, "every_s": every_s, "rows": rows, "cost_ratio_to_one": ratios, "bar": BAR}
        | {"idle_cpu_ms_per_s": rest, "counted": twice, "pass": ratios["4_pollers"] <= BAR and twice["twice"] == 0},
    )


if __name__ == "__main__":
    main()
