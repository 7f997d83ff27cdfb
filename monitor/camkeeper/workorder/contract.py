"""Which promise an incident falls under, and who gave it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from camkeeper.model.incident import Cause, DomainKind, Incident
from camkeeper.model.place import SiteKind
from camkeeper.model.registry import Registry
from camkeeper.model.service import FaultClass
from camkeeper.model.status import Status

_VILLAGES = frozenset({SiteKind.VILLAGE, SiteKind.CAMPUS})


def fault_class(incident: Incident, registry: Registry) -> FaultClass:
    """Return the class of an incident's fault, by what is down of it now."""
    down = {m.device_id for m in incident.members.values() if m.recovered_ms is None and m.status is Status.DOWN}
    if dark_villages(down, registry):
        return FaultClass.VILLAGE
    if incident.cause in {Cause.AUTH, Cause.IMAGE}:
        return FaultClass.PICTURE
    return FaultClass.DEVICE if incident.domain.kind is DomainKind.DEVICE else FaultClass.DOMAIN


def dark_villages(device_ids: Collection[str], registry: Registry) -> tuple[str, ...]:
    """Return the villages and campuses that have cameras, all of which are among these devices."""
    touched = {a for i in device_ids if i in registry.device_by_id for a in _ancestry(i, registry)}
    out: list[str] = []
    for site in registry.sites:
        if site.kind in _VILLAGES and site.id in touched:
            cameras = [d.id for d in registry.devices_in(site.id) if d.kind.has_picture]
            if cameras and all(i in device_ids for i in cameras):
                out.append(site.id)
    return tuple(out)


def sites_of(device_ids: Collection[str], registry: Registry) -> tuple[str, ...]:
    """Return the sites of these devices, the one with most of them first."""
    counted = Counter(registry.device_by_id[i].site_id for i in device_ids if i in registry.device_by_id)
    return tuple(sorted(counted, key=lambda site_id: (-counted[site_id], site_id)))


def contractor_of(incident: Incident, registry: Registry) -> str:
    """Return who has to repair it: the contractor of the failing link's own device, else of most members, else "".

    Where pictures are at fault the link is only where they are: the switch's own contractor has nothing to repair.
    """
    link = registry.link_by_id.get(incident.domain.id)
    if link is not None and link.device_id is not None and incident.cause is not Cause.IMAGE:
        own = registry.device_by_id[link.device_id].contractor_id
        if own is not None:
            return own
    devices = (registry.device_by_id.get(i) for i in incident.members)
    counted = Counter(d.contractor_id for d in devices if d is not None and d.contractor_id is not None)
    return min(counted, key=lambda i: (-counted[i], i), default="")


def _ancestry(device_id: str, registry: Registry) -> tuple[str, ...]:
    return registry.ancestry(registry.device_by_id[device_id].site_id)
