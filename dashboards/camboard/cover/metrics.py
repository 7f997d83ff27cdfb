"""Coverage for Prometheus: numerators and denominators, never percents."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from camkeeper.standing.coverage import CoverageStanding

_BOUNDS = ("lower", "upper", "design")


def families(view: CoverageStanding | None) -> Iterator[Metric]:
    """Yield every family of coverage; while it is being computed only that nothing is known."""
    yield GaugeMetricFamily(
        "camkeeper_coverage_known", "1 once coverage has been computed", value=int(view is not None)
    )
    if view is None:
        return
    labels = ["site", "layer", "unit", "night"]
    seen = GaugeMetricFamily(
        "camkeeper_coverage_seen",
        "Numerator: square metres, metres or places seen; lower counts unknown as blind, upper as seeing",
        labels=[*labels, "bound"],
    )
    total = GaugeMetricFamily("camkeeper_coverage_total", "Denominator: what there is to see", labels=labels)
    goal = GaugeMetricFamily("camkeeper_coverage_target_basis_points", "What must be seen", labels=labels)
    for site in view.sites:
        for layer in site.layers:
            own = [site.site_id, layer.layer, layer.cover.unit.value, "1" if site.night else "0"]
            total.add_metric(own, layer.cover.total)
            for bound in _BOUNDS:
                seen.add_metric([*own, bound], getattr(layer.cover, bound))
            if layer.target_bp is not None:
                goal.add_metric(own, layer.target_bp)
    yield seen
    yield total
    yield goal
    unplaced = {"azimuth": view.basis.unknown_azimuth, "position": view.basis.no_position}
    missing = GaugeMetricFamily("camkeeper_coverage_cameras_unclaimed", "Cameras that lack this", labels=["lacks"])
    for name, ids in unplaced.items():
        missing.add_metric([name], len(ids))
    yield missing
