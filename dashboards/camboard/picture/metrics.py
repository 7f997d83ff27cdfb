"""Pictures for Prometheus: what is proved, what is learned, how the examining keeps up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from camkeeper.model.picture import Context, PictureVerdict, Scope
from camkeeper.standing.picture import PictureStanding


def families(view: PictureStanding | None) -> Iterator[Metric]:
    """Yield every family of the pictures; nothing where none are looked at."""
    if view is None:
        return
    cameras = view.cameras.values()
    seen = sum(camera.looked_ms is not None for camera in cameras)
    yield GaugeMetricFamily(
        "camkeeper_picture_cameras", "Cameras whose pictures are asked for", value=len(view.cameras)
    )
    yield GaugeMetricFamily("camkeeper_picture_cameras_looked", "Of these, with any picture looked at", value=seen)
    proved = Counter((c.finding.verdict, c.finding.scope) for c in cameras if c.finding and c.finding.verdict.is_fault)
    findings = GaugeMetricFamily(
        "camkeeper_picture_findings", "Cameras with this proved against their picture", labels=["verdict", "scope"]
    )
    for verdict in PictureVerdict:
        for scope in Scope:
            if verdict.is_fault:
                findings.add_metric([verdict.value, scope.value], proved[verdict, scope])
    yield findings
    baselines = GaugeMetricFamily("camkeeper_picture_baselines", "Cameras with a baseline", labels=["context"])
    for context in Context:
        baselines.add_metric([context.value], sum(any(b.context is context for b in c.baselines) for c in cameras))
    yield baselines
    aims = sum(camera.aimed is not None for camera in cameras)
    yield GaugeMetricFamily("camkeeper_picture_aims_measured", "Cameras that point elsewhere than planned", value=aims)
    yield from _work(view)
    drift = GaugeMetricFamily("camkeeper_clock_offset_seconds", "Device's clock; positive is fast", labels=["device"])
    for camera in cameras:
        if camera.drift is not None:
            drift.add_metric([camera.device_id], camera.drift.offset_s)
    yield drift


def _work(view: PictureStanding) -> Iterator[Metric]:
    text = "Snapshots examined since the monitor started"
    yield CounterMetricFamily("camkeeper_picture_diagnosed", text, value=view.diagnosed)
    text = "Snapshots examined since the monitor started, by what they showed"
    shown = CounterMetricFamily("camkeeper_pictures", text, labels=["verdict"])
    for verdict in PictureVerdict:
        shown.add_metric([verdict.value], view.verdicts.get(verdict, 0))
    yield shown
    text = "Snapshots that could not be examined, by our fault"
    yield CounterMetricFamily("camkeeper_picture_failed", text, value=view.failed)
    text = "Snapshots that a newer one overtook before they were examined"
    yield CounterMetricFamily("camkeeper_picture_dropped", text, value=view.dropped)
    text = "Times that the decoding process died"
    yield CounterMetricFamily("camkeeper_picture_crashed", text, value=view.crashed)
    yield GaugeMetricFamily("camkeeper_picture_waiting", "Snapshots waiting to be examined", value=view.waiting)
    text = "Sites whose pictures are all poor at once"
    yield GaugeMetricFamily("camkeeper_picture_weather_sites", text, value=len(view.weather_site_ids))
