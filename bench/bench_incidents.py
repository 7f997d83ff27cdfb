"""Incidents: a thousand devices that flap for a day, and one line of 2,500 devices that drops out of 5,000."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from camkeeper.incident import Correlator, Graph
from camkeeper.model.incident import Happening
from camkeeper.model.status import Status
from figures import arguments, median, print_figures

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.monitor.incident.test_scale import HOUR_MS, all_up, change, day, flapping
from tests.monitor.incident.township import county


def drop(graph: Graph) -> dict[str, float]:
    """Seconds of the fold that takes the drop, of the end of its hold, and of the recovery."""
    keeper = Correlator(graph)
    keeper.fold(all_up(graph), 0)
    gone = [i for i in sorted(graph.sites_of) if i.startswith("cam-0-")]
    down = [change(i, HOUR_MS, Status.DOWN, Status.UP) for i in gone]
    back = [change(i, 2 * HOUR_MS, Status.UP, Status.DOWN) for i in gone]
    times = [time.perf_counter()]
    keeper.fold(down, HOUR_MS)
    times.append(time.perf_counter())
    keeper.tick(HOUR_MS + 90_000)
    times.append(time.perf_counter())
    keeper.to_json()
    times.append(time.perf_counter())
    keeper.fold(back, 2 * HOUR_MS)
    times.append(time.perf_counter())
    steps = ("fold_s", "open_s", "to_json_s", "recover_s")
    return {name: after - before for name, before, after in zip(steps, times, times[1:], strict=False)}


def main() -> None:
    """Print both."""
    options = arguments(__doc__ or "").parse_args()
    began = time.perf_counter()
    graph = Graph.of(county(lines=2, switches=25, poles=10, cameras=10))
    graph_s = time.perf_counter() - began
    runs = [drop(graph) for _ in range(7)]
    hours = 4 if options.quick else 24
    small = Graph.of(county(lines=2, switches=10, poles=10, cameras=5))
    changes = flapping(small, hours=hours, seed=7)
    began = time.perf_counter()
    told = day(small, changes, hours=hours)
    flap_s = time.perf_counter() - began
    figures: dict[str, object] = {"devices": 5000, "dropped": 2500, "graph_s": round(graph_s, 3)}
    figures |= {name: round(median([run[name] for run in runs]), 3) for name in runs[0]}
    figures |= {"flapping": 1000, "hours": hours, "changes": len(changes), "flap_s": round(flap_s, 2)}
    figures |= {"alerts": sum(e.happening is not Happening.RESOLVED for e in told), "told": len(told)}
    print_figures("incidents", figures)


if __name__ == "__main__":
    main()
