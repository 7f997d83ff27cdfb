"""Where a van goes for a village: to the middle of its poles, else of its boundary. WGS-84 degrees."""

from __future__ import annotations

from collections.abc import Sequence

from camkeeper.model.place import LonLat
from camkeeper.model.registry import Registry


def centres(registry: Registry) -> dict[str, LonLat]:
    """Return a place to drive to for each site that has one: devices with a position, or a boundary, there or below."""
    out: dict[str, LonLat] = {}
    for site in registry.sites:
        mounts = [d.mount for d in registry.devices_in(site.id) if d.mount is not None]
        if mounts:
            out[site.id] = _mean([(m.lon_deg, m.lat_deg) for m in mounts])
            continue
        corners = [corner for s in registry.subtree(site.id) for corner in s.boundary or ()]
        if corners:
            out[site.id] = _mean(corners)
    return out


def _mean(points: Sequence[LonLat]) -> LonLat:
    n = len(points)
    return sum(lon for lon, _ in points) / n, sum(lat for _, lat in points) / n
