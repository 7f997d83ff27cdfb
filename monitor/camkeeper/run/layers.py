"""Devices with their state and what they see, as features of a map and as rows of a table. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

import shapely
from shapely.geometry.base import BaseGeometry

from camkeeper.availability.buckets import truncated_percent
from camkeeper.geo.feature import Feature
from camkeeper.model.equipment import Device
from camkeeper.model.registry import Registry
from camkeeper.standing.view import DeviceStanding, Standing

COLUMNS: Final = (
    "id", "name", "kind", "site", "site_name", "status", "reason", "since_ms", "online_month", "lon_deg", "lat_deg",
    "height_m", "azimuth_deg", "hfov_deg", "range_m", "sees_m2", "host", "port", "gb_id", "contractor", "maker",
    "model", "serial",
)  # fmt: skip
_M_PER_DEG: Final = 111_320.0


def rows(
    standing: Standing, registry: Registry, seen: Mapping[str, BaseGeometry]
) -> Iterator[dict[str, str | int | float | None]]:
    """Yield one row a device by `COLUMNS`; what is not known is None. `seen`: viewsheds by device, WGS-84."""
    by_id = {device.id: device for device in standing.devices}
    for device in registry.devices:
        yield _row(device, by_id.get(device.id), registry, seen.get(device.id))


def _row(
    device: Device, now: DeviceStanding | None, registry: Registry, seen: BaseGeometry | None
) -> dict[str, str | int | float | None]:
    mount, lens = device.mount, device.lens
    return {
        "id": device.id,
        "name": device.name,
        "kind": device.kind.value,
        "site": device.site_id,
        "site_name": registry.site_by_id[device.site_id].name,
        "status": "unknown" if now is None else now.status.value,
        "reason": None if now is None else now.reason.value,
        "since_ms": None if now is None else now.since_ms,
        "online_month": None if now is None else truncated_percent(now.month.buckets.ratio),
        "lon_deg": None if mount is None else mount.lon_deg,
        "lat_deg": None if mount is None else mount.lat_deg,
        "height_m": None if mount is None else mount.height_m,
        "azimuth_deg": None if mount is None else mount.azimuth_deg,
        "hfov_deg": None if lens is None else lens.hfov_deg,
        "range_m": None if lens is None else lens.range_m,
        "sees_m2": None if seen is None else round(area_m2(seen), 1),
        "host": device.address.host,
        "port": device.address.port,
        "gb_id": device.gb_id or None,
        "contractor": device.contractor_id,
        "maker": device.maker or None,
        "model": device.model or None,
        "serial": device.serial or None,
    }


def features(standing: Standing, registry: Registry, seen: Mapping[str, BaseGeometry]) -> Iterator[Feature]:
    """Yield a point for each device (empty where nobody knows its place), and what each camera sees."""
    for row in rows(standing, registry, seen):
        device_id, lon, lat = str(row["id"]), row["lon_deg"], row["lat_deg"]
        placed = isinstance(lon, float) and isinstance(lat, float)
        where = shapely.Point(lon, lat) if placed else shapely.Point()
        about: dict[str, Any] = {**row, "device_kind": row["kind"], "kind": "camera"}
        yield Feature(device_id, where, about)
        if device_id in seen:
            told = {"kind": "viewshed", "name": row["name"], "camera": device_id, "status": row["status"]}
            yield Feature(f"viewshed:{device_id}", seen[device_id], {**told, "sees_m2": row["sees_m2"]})


def area_m2(shape: BaseGeometry) -> float:
    """Return the area of a small shape in WGS-84, to a thousandth: a camera sees some hundred metres."""
    if shape.is_empty:
        return 0.0
    return float(shape.area) * _M_PER_DEG**2 * math.cos(math.radians(shape.centroid.y))
