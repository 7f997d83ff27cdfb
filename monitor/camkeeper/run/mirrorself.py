"""The monitor's own state as numbers for the mirror: so that its health, too, has a past."""

from __future__ import annotations

from collections.abc import Iterator

from camkeeper.mirror.lines import Fields, Value
from camkeeper.standing.desk import DeskStanding
from camkeeper.standing.view import LaneStanding, MonitorStanding

LATE_S = 1.0
"""A probe that begins later than this is late."""


def self_fields(view: MonitorStanding, desk: DeskStanding | None, *, now_ms: int) -> Fields:
    """Return counters since the start, and gauges of this moment; a duty desk, where there is one."""
    return (*_own(view, now_ms), *_mirror(view, now_ms), *_desk(desk))


def _own(view: MonitorStanding, now_ms: int) -> Iterator[tuple[str, Value]]:
    yield "up_ms", max(0, now_ms - view.started_ms)
    yield "loop_lag_ms", float(view.lag_ms)
    yield "ledger_lag_ms", max(0, now_ms - view.last_tick_ms)
    yield "probes", view.probes_total
    yield "missed", view.probes_missed
    yield "discarded", view.probes_discarded
    yield "bugs", view.probe_bugs
    yield "samples", view.samples_stored
    yield "uplinks_lost", sum(not uplink.sees for uplink in view.uplinks)
    yield "warnings", len(view.warnings)
    for lane in view.lanes:
        yield f"{lane.name}_started", sum(lane.counts)
        yield f"{lane.name}_late", late(lane)
        yield f"{lane.name}_waiting", lane.waiting
        yield f"{lane.name}_worst_s", float(lane.worst_s)


def late(lane: LaneStanding) -> int:
    """Return how many probes of a lane began late since the start."""
    return sum(count for n, count in enumerate(lane.counts) if n and lane.bounds_s[n - 1] >= LATE_S)


def _mirror(view: MonitorStanding, now_ms: int) -> Iterator[tuple[str, Value]]:
    mirror = view.mirror
    if mirror is None:
        return
    yield "mirror_records", mirror.behind.records
    yield "mirror_hours", mirror.behind.hours
    yield "mirror_lag_ms", 0 if mirror.behind.since_ms is None else max(0, now_ms - mirror.behind.since_ms)
    yield "mirror_rejected", mirror.rejected
    yield "heartbeats_lost", mirror.heartbeats_lost


def _desk(desk: DeskStanding | None) -> Iterator[tuple[str, Value]]:
    if desk is None:
        return
    yield "incidents_open", len(desk.open)
    yield "incidents_overdue", sum(view.overdue for view in desk.open)
    yield "orders_live", len(desk.orders)
    yield "letters_waiting", desk.waiting_letters
    yield "letters_dead", len(desk.dead_letters)
