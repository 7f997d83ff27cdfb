"""`/metrics`: the newest Standing for Prometheus. Milliseconds, not percents: whoever divides sees what is unknown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate

from aiohttp import web
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

_END = b"# EOF\n"
_FORMATS_KEPT = 32
_PACKED_BESIDE = 64 * 1024
"""From this size on a text is compressed beside the loop."""
_Encoder = Callable[[Collector], bytes]


class _Families(Collector):
    """Some families, made when they are written."""

    def __init__(self, made: Callable[[], Iterable[Metric]]) -> None:
        self._made = made

    def collect(self) -> Iterable[Metric]:
        """Return the families."""
        return self._made()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """Families that stay as they are while the values are these very ones."""

    of: tuple[object, ...]
    made: Callable[[], Iterable[Metric]]


def _parts(board: Board) -> Mapping[str, _Part]:
    """Return what a county has thousands of lines of: frozen values, so a thread may write them."""
    view, pictures = board.source.standing(), board.pictures_now()
    out = {
        "devices": _Part(of=(view.devices,), made=lambda: _devices(view)),
        "rates": _Part(of=(view.sites, view.total), made=lambda: _rates(view)),
        "pictures": _Part(of=(pictures,), made=lambda: picturemetrics.families(pictures)),
    }
    if board.coverage is not None:
        seen = board.coverage.coverage()
        of = (None,) if seen is None else (seen.sites, seen.basis)  # its instant moves on without them
        out["coverage"] = _Part(of=of, made=lambda: covermetrics.families(seen))
    return out


def _few(board: Board) -> Iterator[Metric]:
    """Yield what is different each time, or is a line or two."""
    view = board.source.standing()
    yield from _monitor(view.monitor)
    yield from deskmetrics.families(board.desk_now())
    if board.work is not None:
        yield from deskmetrics.work_families(board.work.figures())
    yield _gauge("last_tick_age_ms", "Age of the newest acknowledged tick", board.age_ms(view))
    yield _gauge("at_seconds", "Ledger time of what is told here, seconds since 1970", view.at_ms / 1000)
    yield _gauge("villages", "Villages enrolled", view.villages_total)
    yield _gauge("villages_with_camera", "Villages with any working camera now", view.villages_with_camera)
    health = board.source.health()
    yield _gauge("ready", "1 when the monitor says that it is ready", int(health.live and health.ready))
    yield _gauge("board_streams", "Browsers listening for changes", board.feed.listeners)


class Exposition:
    """Writes the text for Prometheus: long parts beside the loop, and each once while its values stay.

    5,000 devices with coverage are 14,000 lines, a third of a second of the processor: most of it for coverage, which
    changes seldom. Kept for the formats of one role and scope. One owner, the event loop.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], tuple[tuple[object, ...], bytes]] = {}
        self._turn = asyncio.Lock()

    async def text(self, board: Board, encode: _Encoder, content_type: str) -> bytes:
        """Return every family in one format."""
        out = []
        async with self._turn:
            for name, part in _parts(board).items():
                known = self._kept.get((name, content_type))
                if known is None or not _same(known[0], part.of):
                    written = await asyncio.to_thread(encode, _Families(part.made))
                    if len(self._kept) >= _FORMATS_KEPT:
                        self._kept.clear()  # versions in an Accept header are anybody's to make up
                    known = self._kept[name, content_type] = (part.of, written)
                out.append(known[1].removesuffix(_END))
        out.append(encode(_Families(lambda: _few(board))))  # OpenMetrics ends with it, once
        return b"".join(out)


def _same(some: tuple[object, ...], others: tuple[object, ...]) -> bool:
    return len(some) == len(others) and all(a is b for a, b in zip(some, others, strict=True))


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


async def metrics(request: web.Request) -> web.Response:
    """`GET /metrics`, in the format that the Accept header asks for."""
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    board = board_of(request)
    made = board.kept.get("metrics")
    if not isinstance(made, Exposition):
        made = board.kept["metrics"] = Exposition()
    text = await made.text(board, encode, content_type)
    response = web.Response(body=text, headers={"Content-Type": content_type}, zlib_executor_size=_PACKED_BESIDE)
    response.enable_compression()
    return response
