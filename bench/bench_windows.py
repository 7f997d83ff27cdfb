"""Agreed windows of a county, 2,500 devices and 10 plans: who is in one now, and what a month leaves out."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from camkeeper.ledger.snapshot import snapshot_of
from camkeeper.model.contract import WindowKind
from camkeeper.model.registry import Registry
from camkeeper.model.span import Span
from camkeeper.window.plan import WindowPlan
from camkeeper.window.rule import read_rule
from figures import arguments, median, print_figures

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.monitor.incident.township import county

PLANS, MONTH = 10, Span(start_ms=1_790_784_000_000, end_ms=1_793_462_400_000)
"""October 2026 in Shanghai, 31 days."""
OUTSIDE_MS = MONTH.start_ms + 15 * 86_400_000 + 5_400_000
"""Half past one: none of them holds it, so each is asked."""


def agreed() -> tuple[WindowPlan, ...]:
    """Return ten daily plans, an hour each, at ten hours of the day: of everything, and of what hangs on a line."""
    return tuple(
        WindowPlan(
            id=f"w{hour}",
            kind=WindowKind.MAINTENANCE,
            first=datetime(2026, 1, 1, 2 * hour),  # noqa: DTZ001  (local time of the plan)
            tz="Asia/Shanghai",
            length_ms=3_600_000,
            rule=read_rule("FREQ=DAILY"),
            reason="保养",
            agreed_ms=0,
            everything=hour % 2 == 0,
            link_ids=frozenset({"line-0", "line-1"}) if hour % 2 else frozenset(),
        )
        for hour in range(PLANS)
    )


def seconds(work: Callable[[], object]) -> float:
    """Return how long it took."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def everyone(registry: Registry, at_ms: int) -> int:
    """Return how many devices are in a window."""
    return sum(registry.in_window(device, at_ms) for device in registry.devices)


def main() -> None:
    """Print the first question of all, one a minute later, and a month's excluded time."""
    options = arguments(__doc__ or "").parse_args()
    first, again, month = [], [], []
    for _ in range(3 if options.quick else 9):
        registry = replace(county(lines=2, switches=25, poles=10, cameras=5), plans=agreed())
        first.append(seconds(lambda: everyone(registry, OUTSIDE_MS)))  # noqa: B023
        again.append(seconds(lambda: everyone(registry, OUTSIDE_MS + 60_000)))  # noqa: B023
        config = snapshot_of(registry)
        month.append(seconds(lambda: config.excluded(frozenset(WindowKind), MONTH)))  # noqa: B023
    figures: dict[str, object] = {"devices": len(registry.devices), "plans": PLANS, "windows": 31 * PLANS}
    figures |= {"first_s": round(median(first), 3), "again_s": round(median(again), 3)}
    print_figures("windows", figures | {"month_excluded_s": round(median(month), 3)})


if __name__ == "__main__":
    main()
