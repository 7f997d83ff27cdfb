"""`/metrics` of the county: sums in milliseconds, and how it stands with each edge."""

from __future__ import annotations

from collections.abc import Iterator

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from camboard.county.lens import county_of
from camboard.county.source import COUNTY, CountyBoard
from camkeeper.hub.view import Town, TownState


class CountyCollector(Collector):
    """Asks the hub when asked; keeps nothing."""

    def __init__(self, board: CountyBoard) -> None:
        self._board = board

    def collect(self) -> Iterator[Metric]:
        """Yield every family."""
        county = self._board.source.county()
        yield from _edges(county.towns)
        month = GaugeMetricFamily("camkeeper_hub_month_ms", "Device time of this month, net", labels=["bucket"])
        for name, ms in (
            ("up", county.net.up_ms),
            ("down", county.net.down_ms),
            ("unknown", county.net.unknown_ms),
            ("excluded", county.net.excluded_ms),
            ("absent", county.net.absent_ms),
        ):
            month.add_metric([name], ms)
        yield month
        now = GaugeMetricFamily("camkeeper_hub_cameras", "Cameras by status now", labels=["status"])
        for name, n in (
            ("up", county.now.up_ms - county.now.degraded_ms),
            ("degraded", county.now.degraded_ms),
            ("down", county.now.down_ms),
            ("unknown", county.now.unknown_ms),
        ):
            now.add_metric([name], n)
        yield now
        text = "Edges whose copy is still to be read for this month"
        yield GaugeMetricFamily("camkeeper_hub_edges_unread", text, value=county.reading)
        dead = GaugeMetricFamily("camkeeper_hub_letters_dead", "Messages given up since the start", labels=["channel"])
        waiting = GaugeMetricFamily("camkeeper_hub_letters_waiting", "Messages not sent yet", labels=["channel"])
        for view in self._board.source.channels():
            dead.add_metric([view.channel_id], view.dead)
            waiting.add_metric([view.channel_id], view.waiting)
        yield dead
        yield waiting


def _edges(towns: tuple[Town, ...]) -> Iterator[Metric]:
    up = GaugeMetricFamily("camkeeper_hub_edge_up", "1 where the edge tells what it sees", labels=["edge"])
    state = GaugeMetricFamily("camkeeper_hub_edges", "Edges by how it stands with them", labels=["state"])
    behind = GaugeMetricFamily("camkeeper_hub_edge_behind", "Records that are not here yet", labels=["edge"])
    lag = GaugeMetricFamily("camkeeper_hub_edge_lag_seconds", "Age of the newest report", labels=["edge"])
    refusals = CounterMetricFamily("camkeeper_hub_edge_refusals", "Parcels refused", labels=["edge"])
    for town in towns:
        up.add_metric([town.edge_id], int(town.state is TownState.LIVE))
        behind.add_metric([town.edge_id], town.behind)
        if town.lag_ms is not None:
            lag.add_metric([town.edge_id], town.lag_ms / 1000)
        refusals.add_metric([town.edge_id], town.refusals)
    for one in TownState:
        state.add_metric([one.value], sum(town.state is one for town in towns))
    yield from (up, state, behind, lag, refusals)


REGISTRY = web.AppKey("county_registry", CollectorRegistry)


def registry(board: CountyBoard) -> CollectorRegistry:
    """Return a registry of our own: nothing of the process's leaks in."""
    made = CollectorRegistry(auto_describe=False)
    made.register(CountyCollector(board))
    return made


async def metrics(request: web.Request) -> web.Response:
    """`GET /metrics`."""
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    whole, shown = request.app[COUNTY], county_of(request)
    asked = request.app[REGISTRY] if shown is whole else registry(shown)
    response = web.Response(body=encode(asked))
    response.headers["Content-Type"] = content_type
    response.enable_compression()
    return response
