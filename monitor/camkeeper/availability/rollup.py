"""From devices to villages, towns and the county: sums of time, never a mean of percentages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from camkeeper.availability.buckets import Buckets
from camkeeper.availability.daily import DaySum, DayTally, added, day_sums
from camkeeper.model.equipment import Device
from camkeeper.model.place import SiteKind
from camkeeper.model.registry import Registry
from camkeeper.model.status import Status

ONLINE = frozenset({Status.UP, Status.DEGRADED})
"""在线: the device answers."""


def is_camera(device: Device) -> bool:
    """Tell whether the device counts in the camera rate of its site."""
    return device.kind.has_picture


def site_buckets(
    registry: Registry,
    buckets: Mapping[str, Buckets],
    *,
    counts: Callable[[Device], bool] = is_camera,
    retired: Mapping[str, str] | None = None,
) -> dict[str, Buckets]:
    """Return the buckets of every site with all below it, from those of each device.

    `retired` names the sites of devices that left the register within the period: their life still counts. KeyError
    where an enrolled device that counts has no buckets: leaving it out would flatter the figure.
    """
    own = dict.fromkeys(registry.site_by_id, Buckets())
    for device_id, site_id in _counted(registry, counts, retired or {}):
        own[site_id] += buckets[device_id]
    for site_id in _children_first(registry):
        parent_id = registry.site_by_id[site_id].parent_id
        if parent_id is not None:
            own[parent_id] += own[site_id]
    return own


def site_days(
    registry: Registry,
    tallies: Iterable[DayTally],
    *,
    counts: Callable[[Device], bool] = is_camera,
    retired: Mapping[str, str] | None = None,
) -> dict[str, tuple[DaySum, ...]]:
    """Return the day sums of every site with all below it, ready for `figures.figure`."""
    site_of = dict(_counted(registry, counts, retired or {}))
    at_site: dict[str, list[DayTally]] = {}
    for one in tallies:
        site_id = site_of.get(one.device_id)
        if site_id is not None:
            at_site.setdefault(site_id, []).append(one)
    sums: dict[str, list[DaySum]] = {s: list(day_sums(at_site.get(s, ()))) for s in registry.site_by_id}
    out: dict[str, tuple[DaySum, ...]] = {}
    for site_id in _children_first(registry):
        out[site_id] = added(sums[site_id])
        parent_id = registry.site_by_id[site_id].parent_id
        if parent_id is not None:
            sums[parent_id].extend(out[site_id])
    return out


def villages_with_camera(
    registry: Registry, statuses: Mapping[str, Status], *, site_id: str | None = None
) -> tuple[int, int]:
    """Return (villages in which any camera answers now, all villages), under `site_id` or everywhere.

    A grid's or campus's camera counts for the village it lies in. A camera without a status is unknown.
    """
    within = registry.sites if site_id is None else tuple(registry.subtree(site_id))
    villages = {site.id for site in within if site.kind is SiteKind.VILLAGE}
    alive: set[str] = set()
    for device in registry.devices:
        if is_camera(device) and statuses.get(device.id, Status.UNKNOWN) in ONLINE:
            alive.update(registry.ancestry(device.site_id))
    return len(villages & alive), len(villages)


def _counted(
    registry: Registry, counts: Callable[[Device], bool], retired: Mapping[str, str]
) -> Iterable[tuple[str, str]]:
    enrolled = {device.id: device.site_id for device in registry.devices if counts(device)}
    return (enrolled | {gone: at for gone, at in retired.items() if gone not in registry.device_by_id}).items()


def _children_first(registry: Registry) -> tuple[str, ...]:
    """Return every site after all below it."""
    downwards = [site.id for root in registry.children.get(None, ()) for site in registry.subtree(root.id)]
    return tuple(reversed(downwards))
