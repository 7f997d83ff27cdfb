"""5,000 virtual devices every 60 s for ten minutes, the fleet in its own process; then again with 40% black-holed.

Bars: nothing missed, lateness p99 under 1 s, the poller under 30% of one core and 300 MB; with the dead ones, no
healthy device late by more than 2 s. `--quick` asks as many a second of fewer devices, more often, for seconds.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from figures import arguments, print_figures

sys.path.insert(0, str(Path(__file__).parents[1]))
from rel.load import Plan, measured, p99_bound, scraped
from rel.town import camkeeper

__all__ = ["camkeeper", "p99_bound", "scraped"]


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
                found = measured(plan, dead=name == "dead", folder=Path(folder) / name)
                print(f"fleet: {found.fleet_cpu_s:.1f} s CPU in all", file=sys.stderr)
                figures[name] = found.figures()
                print(name, json.dumps(figures[name]), file=sys.stderr)
    print_figures("load", figures)


if __name__ == "__main__":
    main()
