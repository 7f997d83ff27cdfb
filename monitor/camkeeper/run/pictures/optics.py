"""What the register says of how and where a camera looks, with what is taken where it says nothing. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from camkeeper.model.equipment import Device
from camkeeper.model.place import LonLat
from camkeeper.model.registry import Registry

HFOV_DEG = 90.0
"""Where the register names no lens."""


def hfov_deg(camera: Device) -> float:
    """Return the camera's horizontal view as the register has it."""
    return HFOV_DEG if camera.lens is None else camera.lens.hfov_deg


def places(registry: Registry) -> Mapping[str, LonLat]:
    """Return where the sun is asked for, of every camera: its mount, else its site, else the middle of them all.

    A township is some 20 km wide: there the sun stands alike to 0.2 degrees.
    """
    cameras = [d for d in registry.devices if d.kind.has_picture]
    rings = {site.id: _middle(site.boundary) for site in registry.sites if site.boundary}
    known = {c.id: (c.mount.lon_deg, c.mount.lat_deg) for c in cameras if c.mount is not None}
    everywhere = _middle([*known.values(), *rings.values()]) if known or rings else NOWHERE
    out = {}
    for camera in cameras:
        near = (rings[site_id] for site_id in registry.ancestry(camera.site_id) if site_id in rings)
        out[camera.id] = known.get(camera.id) or next(near, everywhere)
    return out


NOWHERE: LonLat = (113.6, 34.7)
"""Where a register has no coordinates at all: Zhengzhou. Day and night are then known to half an hour or so."""


def _middle(points: Collection[LonLat]) -> LonLat:
    return sum(p[0] for p in points) / len(points), sum(p[1] for p in points) / len(points)


def tilt_deg(camera: Device) -> float:
    """Return how far down the camera looks, as registered; 0 where nobody noted it."""
    return 0.0 if camera.mount is None or camera.mount.tilt_deg is None else camera.mount.tilt_deg
