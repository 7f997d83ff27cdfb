"""What one look at the copies and the disk says: signs for `hub.alarms`. No sign where nobody can tell."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from camkeeper.clock import Timeline
from camkeeper.hub.alarms import HUB, Key, Kind, Limits, Sign
from camkeeper.hub.copies import Edge

DISK_CALM_PERCENT = 2
"""So much more than the limit must be free before the disk is well again: it should not flicker."""


def signs_of(edges: Iterable[Edge], *, started_ms: int, timeline: Timeline, limits: Limits) -> dict[Key, Sign]:
    """Return the signs of all edges; `started_ms` is elapsed time when the hub began to listen."""
    out: dict[Key, Sign] = {}
    for edge in edges:
        for kind, sign in _of_edge(edge, started_ms, timeline, limits):
            out[kind, edge.edge_id] = sign
    return out


def _of_edge(edge: Edge, started_ms: int, timeline: Timeline, limits: Limits) -> Iterator[tuple[Kind, Sign]]:
    if edge.heard_ms is None and edge.place.seq == 0:
        return  # enrolled, and never set up yet: the page says so, nobody is woken
    now_ms, elapsed_ms = timeline.now_ms(), timeline.elapsed_ms()
    heard = edge.heard_ms is not None and edge.heard_ms >= started_ms
    heard_ms = max(started_ms, edge.heard_ms or started_ms)
    silent = elapsed_ms - heard_ms >= limits.silent_ms
    if silent or heard:
        yield Kind.SILENT, Sign(bad=silent, since_ms=timeline.at(heard_ms) if silent else now_ms)
    if edge.refused is not None:
        since_ms = timeline.at(edge.refused_ms or elapsed_ms)
        yield Kind.REFUSED, Sign(bad=True, since_ms=since_ms, detail=f"{edge.refused.verdict}: {edge.refused.detail}")
    elif edge.accepted:
        yield Kind.REFUSED, Sign(bad=False, since_ms=now_ms)
    for kind, began_ms, after_ms in (
        (Kind.GAP, edge.gap_ms, limits.gap_ms),
        (Kind.UNWRITABLE, edge.unwritten_ms, 0),
    ):
        if began_ms is not None and elapsed_ms - began_ms >= after_ms:
            yield kind, Sign(bad=True, since_ms=timeline.at(began_ms))
        elif began_ms is None and edge.accepted:
            yield kind, Sign(bad=False, since_ms=now_ms)
    clear = edge.refused is None and edge.gap_ms is None and edge.unwritten_ms is None
    if clear and heard and not silent and edge.tick_ms is not None:
        old = now_ms - edge.tick_ms >= limits.lag_ms
        yield Kind.LAGGING, Sign(bad=old, since_ms=edge.tick_ms if old else now_ms)


def disk_sign(folder: Path, now_ms: int, limits: Limits) -> Sign | None:
    """Return how the disk under the copies is; None between the limit and well. OSError where it cannot be asked."""
    usage = shutil.disk_usage(folder)
    free_percent = 100 * usage.free // max(1, usage.total)
    if free_percent < limits.disk_free_percent:
        detail = f"{folder}: {usage.free / 2**30:.1f} GB / {free_percent}%"
        return Sign(bad=True, since_ms=now_ms, detail=detail)
    if free_percent >= limits.disk_free_percent + DISK_CALM_PERCENT:
        return Sign(bad=False, since_ms=now_ms)
    return None


HUB_DISK: Key = (Kind.DISK, HUB)
