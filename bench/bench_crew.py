"""One, two and four pollers on the same cameras: what a probe costs, and how many devices a core carries.

    python bench/bench_crew.py            2,000 cameras, 60 s each of one, two, four pollers
    python bench/bench_crew.py --quick    400 cameras, 6 s each

`camkeeper edge run` (which does not ask) and `camkeeper edge poller` as people start them, on `camkeeper fleet` in a
process of its own. Cameras are asked so often that the machine is busy but nothing waits; what counts is processor
time: of the pollers, of the keeper that decides and records, of the bus between them. A device asked each 60 s costs
a sixtieth of a probe a second. The machine has as many cores as the figures say, and the virtual cameras need most of
one: more pollers than free cores show that dividing costs nothing, not that the wall's clock goes faster.
Bar: a probe through four pollers costs at most 1.25 of one through one.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from figures import arguments, print_figures

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.peers.pollers import Township

BAR = 1.25
EVERY_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Reading:
    """CPU seconds since the start, and probes."""

    pollers_s: float
    keeper_s: float
    bus_s: float
    fleet_s: float
    probes: float
    missed: float
    at_s: float


def spent(process: psutil.Process) -> float:
    """Return the CPU seconds of one process."""
    times = process.cpu_times()
    return float(times.user + times.system)


def read(town: Township, members: list[str]) -> Reading:
    """Return what was used up to now."""
    keeper = psutil.Process(town.processes["keeper"].pid)
    bus = psutil.Process(int((town.edge / "nats.pid").read_text()))
    now = town.metrics()
    return Reading(
        pollers_s=sum(spent(psutil.Process(town.processes[name].pid)) for name in members),
        keeper_s=spent(keeper),
        bus_s=spent(bus),
        fleet_s=spent(psutil.Process(town.processes["fleet"].pid)),
        probes=now["camkeeper_crew_asked_total"],
        missed=now["camkeeper_probes_missed_total"],
        at_s=time.perf_counter(),
    )


def measured(town: Township, members: list[str], seconds: float) -> dict[str, object]:
    """Let these pollers work for so long."""
    for name in members:
        if name not in town.processes:
            town.start_member(name)
    town.wait_for("shares for all", lambda: town.all_held(*members), timeout_s=90)
    time.sleep(2 * town.every_s)  # first climbs of those who are new
    before = read(town, members)
    time.sleep(seconds)
    after = read(town, members)
    probes, took_s = after.probes - before.probes, after.at_s - before.at_s
    pollers_ms = 1000 * (after.pollers_s - before.pollers_s) / probes
    keeper_ms = 1000 * (after.keeper_s - before.keeper_s) / probes
    bus_ms = 1000 * (after.bus_s - before.bus_s) / probes
    whole_ms = pollers_ms + keeper_ms + bus_ms
    return {
        "pollers": len(members),
        "probes_per_s": round(probes / took_s, 1),
        "missed": round(after.missed - before.missed),
        "cpu_ms_per_probe": {
            "pollers": round(pollers_ms, 3),
            "keeper": round(keeper_ms, 3),
            "bus": round(bus_ms, 3),
            "all": round(whole_ms, 3),
        },
        "devices_per_core_of_pollers": round(EVERY_S * 1000 / pollers_ms),
        "devices_per_core_of_keeper": round(EVERY_S * 1000 / (keeper_ms + bus_ms)),
        "devices_per_core_of_all": round(EVERY_S * 1000 / whole_ms),
        "fleet_cores": round((after.fleet_s - before.fleet_s) / took_s, 2),
    }


def main() -> None:
    """Measure one, two, four pollers on one fleet, and print."""
    options = arguments(__doc__ or "").parse_args()
    count, every_s, seconds = (400, 4.0, 6.0) if options.quick else (2_000, 15.0, 60.0)
    rows = []
    with tempfile.TemporaryDirectory() as name:
        # Pictures and whole climbs as seldom as people ask for them: most probes are quick ones.
        rare = {"picture_every_s": 5 * every_s, "full_every_s": 60 * every_s}
        town = Township(Path(name) / "town", count=count, every_s=every_s, shards=32, probe=rare)
        try:
            names = ["p1", "p2", "p3", "p4"]
            town.init(*names)
            town.start_keeper()
            for many in (1, 2, 4):
                rows.append(measured(town, names[:many], seconds))
                print(rows[-1], flush=True)
        finally:
            town.stop()
    costs = [row["cpu_ms_per_probe"]["all"] for row in rows]  # type: ignore[index]
    ratios = {f"{n}_pollers": round(cost / costs[0], 3) for n, cost in zip((2, 4), costs[1:], strict=True)}
    print_figures(
        "crew",
        {"cameras": count, "every_s": every_s, "rows": rows, "cost_ratio_to_one": ratios, "bar": BAR}
        | {"pass": ratios["4_pollers"] <= BAR},
    )


if __name__ == "__main__":
    main()
