"""`/metrics`: the newest Standing for Prometheus. Milliseconds, not percents: whoever divides sees what is unknown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from camboard.board import Board, board_of
from camboard.cover import metrics as covermetrics
from camboard.desk import metrics as deskmetrics
from camboard.picture import metrics as picturemetrics
from camboard.text import plain
from camkeeper.model.crew import CrewStanding
from camkeeper.model.mirror import MirrorStanding
from camkeeper.model.status import Status
from camkeeper.standing.view import LaneStanding, MonitorStanding, SiteStanding, Standing


class StandingCollector(Collector):
    """Reads the Standing when asked; keeps nothing."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def collect(self) -> Iterator[Metric]:
        """Yield every family."""
        view = self._board.source.standing()
        yield from _devices(view)
        yield from _rates(view)
        yield from _monitor(view.monitor)
        if self._board.coverage is not None:
            yield from covermetrics.families(self._board.coverage.coverage())
        yield from deskmetrics.families(self._board.desk_now())
        yield from picturemetrics.families(self._board.pictures_now())
        if self._board.work is not None:
            yield from deskmetrics.work_families(self._board.work.figures())
        yield _gauge("last_tick_age_ms", "Age of the newest acknowledged tick", self._board.age_ms(view))
        yield _gauge("at_seconds", "Ledger time of what is told here, seconds since 1970", view.at_ms / 1000)
        yield _gauge("villages", "Villages enrolled", view.villages_total)
        yield _gauge("villages_with_camera", "Villages with any working camera now", view.villages_with_camera)
        health = self._board.source.health()
        yield _gauge("ready", "1 when the monitor says that it is ready", int(health.live and health.ready))
        yield _gauge("board_streams", "Browsers listening for changes", self._board.feed.listeners)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"camkeeper_{name}", text, value=value)


def _devices(view: Standing) -> Iterator[Metric]:
    devices = GaugeMetricFamily("camkeeper_devices", "Devices by status now", labels=["site", "kind", "status"])
    windows = GaugeMetricFamily(
        "camkeeper_devices_in_window", "Devices in an agreed window now", labels=["site", "kind"]
    )
    counts: dict[tuple[str, str], dict[Status, int]] = {}
    in_window: dict[tuple[str, str], int] = {}
    for device in view.devices:
        key = (device.site_id, device.kind.value)
        by_status = counts.setdefault(key, dict.fromkeys(Status, 0))
        by_status[device.status] += 1
        in_window[key] = in_window.get(key, 0) + device.in_window
    for (site, kind), by_status in counts.items():
        for status, number in by_status.items():
            devices.add_metric([site, kind, status.value], number)
        windows.add_metric([site, kind], in_window[site, kind])
    yield devices
    yield windows


def _rates(view: Standing) -> Iterator[Metric]:
    labels = ["site", "site_kind", "period"]
    texts = {
        "up_ms": "Numerator: milliseconds online of the site's cameras, all below included",
        "known_ms": "Denominator: milliseconds online or offline",
        "unknown_ms": "Milliseconds in which nobody knows; neither up nor down",
        "excluded_ms": "Milliseconds under agreed maintenance or exclusion",
        "degraded_ms": "Part of up_ms without a usable picture",
    }
    families = {name: GaugeMetricFamily(f"camkeeper_site_{name}", text, labels=labels) for name, text in texts.items()}
    goals = GaugeMetricFamily("camkeeper_site_target_basis_points", "The promise; 9500 is 95%", labels=["site"])
    info = GaugeMetricFamily("camkeeper_site_info", "Names of sites", labels=["site", "name", "parent"])
    for site in _all(view):
        goals.add_metric([site.id], site.target_bp)
        info.add_metric([site.id, plain(site.name), site.parent_id or ""], 1)
        for period, rate in (("today", site.today), ("month", site.month)):
            value = rate.buckets
            figures = (
                value.up_ms,
                value.up_ms + value.down_ms,
                value.unknown_ms,
                value.excluded_ms,
                value.degraded_ms,
            )
            for family, figure in zip(families.values(), figures, strict=True):
                family.add_metric([site.id, site.kind.value, period], figure)
    yield from families.values()
    yield goals
    yield info


def _all(view: Standing) -> Iterator[SiteStanding]:
    if all(site.id != view.total.id for site in view.sites):
        yield view.total
    yield from view.sites


def _monitor(view: MonitorStanding) -> Iterator[Metric]:
    sees = GaugeMetricFamily("camkeeper_uplink_sees", "1 while this uplink's beacons answer", labels=["uplink"])
    for uplink in view.uplinks:
        sees.add_metric([uplink.id], int(uplink.sees))
    yield sees
    yield _gauge("loop_lag_ms", "Worst lateness of the event loop in the last minute", view.lag_ms)
    yield _gauge("warnings", "Warnings that the monitor shows now", len(view.warnings))
    yield CounterMetricFamily("camkeeper_probes", "Probes since start", value=view.probes_total)
    yield CounterMetricFamily("camkeeper_probes_missed", "Probes that were not made in time", value=view.probes_missed)
    yield CounterMetricFamily("camkeeper_probes_discarded", "Failures of our own stalls", value=view.probes_discarded)
    yield CounterMetricFamily("camkeeper_probe_bugs", "Probes that ended in a fault of ours", value=view.probe_bugs)
    yield CounterMetricFamily("camkeeper_samples_stored", "Samples acknowledged on disk", value=view.samples_stored)
    yield from _lanes(view.lanes)
    if view.mirror is not None:
        yield from _mirror(view.mirror, view.last_tick_ms)
    if view.crew is not None:
        yield from _crew(view.crew)


def _crew(view: CrewStanding) -> Iterator[Metric]:
    yield _gauge("crew_connected", "1 while the bus of the pollers is there", int(view.connected))
    yield _gauge("crew_members", "Pollers that live", len(view.members))
    yield _gauge("crew_shards_unheld", "Shards of devices that no poller holds", view.unheld)
    shards = GaugeMetricFamily("camkeeper_crew_member_shards", "Shards that a poller holds", labels=["member"])
    sees = GaugeMetricFamily("camkeeper_crew_member_sees", "1 while a poller's uplinks are there", labels=["member"])
    for member in view.members:
        shards.add_metric([member.name], member.shards)
        sees.add_metric([member.name], int(not member.blind))
    yield shards
    yield sees
    yield CounterMetricFamily("camkeeper_crew_asked", "Probes that other pollers made", value=view.asked)
    yield CounterMetricFamily("camkeeper_crew_local", "Probes that the keeper made itself", value=view.local)
    yield CounterMetricFamily("camkeeper_crew_unanswered", "Turns that nobody asked for us", value=view.unanswered)
    yield CounterMetricFamily("camkeeper_crew_lost", "Probes whose poller was lost; asked again", value=view.lost)
    yield CounterMetricFamily(
        "camkeeper_crew_pictures_dropped", "Pictures that pollers kept to themselves", value=view.pictures_dropped
    )
    refused = CounterMetricFamily("camkeeper_crew_refused", "Answers that were no results", labels=["reason"])
    for reason, count in view.refused.items():
        refused.add_metric([reason], count)
    yield refused


def _mirror(view: MirrorStanding, now_ms: int) -> Iterator[Metric]:
    late_ms = 0 if view.behind.since_ms is None else max(0, now_ms - view.behind.since_ms)
    yield _gauge("mirror_behind_records", "Ledger records that the mirror has not read yet", view.behind.records)
    yield _gauge("mirror_behind_hours", "Finished hours that are not in the mirror yet", view.behind.hours)
    yield _gauge("mirror_behind_ms", "Age of the oldest that the mirror lacks", late_ms)
    yield _gauge("mirror_trouble", "1 while the mirror's server is away or refuses something", int(bool(view.error)))
    yield CounterMetricFamily("camkeeper_mirror_lines", "Lines that the server took since start", value=view.written)
    yield CounterMetricFamily("camkeeper_mirror_rejected", "Lines refused for good", value=view.rejected)
    yield CounterMetricFamily(
        "camkeeper_mirror_heartbeats_lost", "Heartbeats overtaken since start", value=view.heartbeats_lost
    )


def _lanes(lanes: Iterable[LaneStanding]) -> Iterator[Metric]:
    late = HistogramMetricFamily(
        "camkeeper_probe_lateness_seconds", "How late probes began, by budget", labels=["lane"]
    )
    worst = GaugeMetricFamily("camkeeper_probe_lateness_worst_seconds", "The latest since start", labels=["lane"])
    busy = GaugeMetricFamily("camkeeper_probes_under_way", "Probes under way now", labels=["lane"])
    for lane in lanes:
        bounds = [*(str(bound) for bound in lane.bounds_s), "+Inf"]
        late.add_metric([lane.name], list(zip(bounds, accumulate(lane.counts), strict=True)), sum_value=None)
        worst.add_metric([lane.name], lane.worst_s)
        busy.add_metric([lane.name], lane.busy)
    yield late
    yield worst
    yield busy


def registry(board: Board) -> CollectorRegistry:
    """Return a registry of our own: nothing of the process leaks in, and two boards in one process don't meet."""
    out = CollectorRegistry(auto_describe=False)
    out.register(StandingCollector(board))
    return out


async def metrics(request: web.Request) -> web.Response:
    """`GET /metrics`, in the format that the Accept header asks for."""
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    board = board_of(request)
    made = board.kept.get("metrics")
    if not isinstance(made, CollectorRegistry):
        made = board.kept["metrics"] = registry(board)
    response = web.Response(body=encode(made), headers={"Content-Type": content_type})
    response.enable_compression()
    return response
