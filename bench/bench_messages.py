"""Messages that one fault makes: ours, measured, beside the documented rules of two uptime monitors.

The demo township, polled every 60 s with a phase of its own for each device; ours goes through judge and correlator.
The rules of the others are modelled from their documentation, not run:

- Uptime Kuma: every monitor tells by itself, down after the first check and its retries (1 here) have failed, and up at
  the first success (github.com/louislam/uptime-kuma, issues 1089, 5452: no dependencies between monitors).
- Gatus: every endpoint tells by itself, after 3 failures in a row, and that it is resolved after 2 successes
  (github.com/TwiN/gatus, README, `failure-threshold`, `success-threshold`, `send-on-resolved`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from zlib import crc32

from camkeeper.config import load
from camkeeper.incident import Correlator, Graph
from camkeeper.judge.fold import judge
from camkeeper.judge.track import Track
from camkeeper.model.change import Transition
from camkeeper.model.incident import IncidentPolicy
from camkeeper.model.probing import Sample
from camkeeper.model.registry import Registry
from camkeeper.model.status import Reason, Status
from figures import arguments, print_figures

CONFIG = Path(__file__).parents[1] / "config" / "cameras.yaml"
POLL_MS = 60_000
MINUTE_MS = 60_000
LASTS_MS = 3 * 60 * MINUTE_MS
FAULT_MS = 30 * MINUTE_MS
Outages = Mapping[str, tuple[tuple[int, int], ...]]
"""Device -> spans [from, to) in which it does not answer."""


def behind(graph: Graph, link_id: str) -> tuple[str, ...]:
    """Return every device in or behind a link."""
    return next(graph.below(domain) for domain in graph.nodes if domain.id == link_id)


def scenarios(registry: Registry, graph: Graph) -> dict[str, Outages]:
    """Return the five faults; all begin at 30 min, and all but the flapping last 30 min."""
    once = ((FAULT_MS, 2 * FAULT_MS),)
    village = tuple(d.id for d in registry.devices if d.site_id == "dg20")
    flaps = tuple((FAULT_MS + k * 8 * MINUTE_MS, FAULT_MS + k * 8 * MINUTE_MS + 4 * MINUTE_MS) for k in range(15))
    return {
        "pole": dict.fromkeys(behind(graph, "pole-dg04-1"), once),
        "switch": dict.fromkeys(behind(graph, "sw-03"), once),
        "operator line": dict.fromkeys(behind(graph, "line-mobile"), once),
        "whole village": dict.fromkeys(village, once),
        "one camera flapping, 2 h": {"dg07-cam-03": flaps},
    }


def polls(registry: Registry, outages: Outages) -> Iterable[tuple[int, str, bool]]:
    """Yield (instant, device, answers) in order of time."""
    rows: list[tuple[int, str, bool]] = []
    for device in registry.devices:
        phase = crc32(device.id.encode()) % POLL_MS
        spans = outages.get(device.id, ())
        rows.extend(
            (at_ms, device.id, not any(a <= at_ms < b for a, b in spans)) for at_ms in range(phase, LASTS_MS, POLL_MS)
        )
    return sorted(rows)


def one_by_one(rows: Iterable[tuple[int, str, bool]], *, failures: int, successes: int) -> int:
    """Count the messages of a monitor that tells of each device by itself."""
    run: dict[str, int] = {}
    down: set[str] = set()
    told = 0
    for _, device, answers in rows:
        before = run.get(device, 0)
        run[device] = (max(before, 0) + 1) if answers else (min(before, 0) - 1)
        if device not in down and run[device] == -failures:
            down.add(device)
            told += 1
        elif device in down and run[device] == successes:
            down.discard(device)
            told += 1
    return told


def ours(registry: Registry, graph: Graph, rows: Iterable[tuple[int, str, bool]]) -> tuple[int, int]:
    """Return (messages that something is wrong, messages that it is over)."""
    desk = Correlator(graph, IncidentPolicy())
    tracks: dict[str, Track] = {}
    alerts = over = 0
    for at_ms, device, answers in rows:
        status, reason = (Status.UP, Reason.RECOVERED) if answers else (Status.DOWN, Reason.NO_ANSWER)
        sample = Sample(device_id=device, at_ms=at_ms, status=status, reason=reason)
        changes: tuple[Transition, ...]
        tracks[device], changes = judge(tracks.get(device), sample, registry.judge, hold_ms=5 * POLL_MS)
        for event in (*desk.fold(changes, at_ms), *desk.tick(at_ms)):
            alerts += event.tells and event.incident.resolved_ms is None
            over += event.tells and event.incident.resolved_ms is not None
    return alerts, over


def main() -> None:
    """Print a table and one JSON line."""
    arguments(__doc__ or "").parse_args()
    registry = load(CONFIG)
    graph = Graph.of(registry)
    figures: dict[str, object] = {}
    print(f"{'fault':28} {'devices':>8} {'Uptime Kuma':>12} {'Gatus':>7} {'camkeeper':>22}")
    for name, outages in scenarios(registry, graph).items():
        rows = list(polls(registry, outages))
        kuma, gatus = one_by_one(rows, failures=2, successes=1), one_by_one(rows, failures=3, successes=2)
        alerts, over = ours(registry, graph, rows)
        print(f"{name:28} {len(outages):8} {kuma:12} {gatus:7} {alerts + over:8} ({alerts} + {over} over)")
        figures[name] = {"devices": len(outages), "kuma": kuma, "gatus": gatus, "alerts": alerts, "over": over}
    print_figures("messages", figures)


if __name__ == "__main__":
    main()
