"""Which sites, devices and links a scope shows. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from camkeeper.model.access import Scope
from camkeeper.model.incident import Domain, DomainKind
from camkeeper.standing.view import DeviceStanding, SiteStanding, Standing

OUTSIDE = "范围之外 / outside your scope"
"""Stands for the name of what something hangs on, where others hang on it, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The ids that a scope shows, of one Standing."""

    site_ids: frozenset[str]
    device_ids: frozenset[str]
    link_ids: frozenset[str]
    """Links that carry nothing else: what others hang on, too, is theirs as well and has no name here."""
    contractor_ids: frozenset[str] = frozenset()
    """Contractors that may be named."""
    contractor_id: str | None = None
    """The only one whose devices are shown."""
    sited: bool = False
    """Whether sites are left out; otherwise only other contractors' devices are."""

    def shows_contractor(self, contractor_id: str) -> bool:
        """Return whether a contractor may be named."""
        return not contractor_id or contractor_id in self.contractor_ids

    def shows_domain(self, domain: Domain | None) -> bool:
        """Return whether a fault domain may be named."""
        if domain is None:
            return True
        if domain.kind is DomainKind.DEVICE:
            return domain.id in self.device_ids
        if domain.kind is DomainKind.SITE:
            return domain.id in self.site_ids
        return domain.id in self.link_ids

    def shows(self, any_id: str) -> bool:
        """Return whether the thing of this id may be named, whatever it is."""
        return any_id in self.device_ids or any_id in self.site_ids or any_id in self.link_ids


def reach(standing: Standing, scope: Scope) -> Reach:
    """Return what the scope shows. A site or contractor that isn't there shows nothing."""
    inside = _below(standing.sites, scope.site_ids)
    devices = [d for d in standing.devices if d.site_id in inside and _cared_for(d, scope.contractor_id)]
    if scope.contractor_id is not None:
        inside &= _above(standing.sites, (d.site_id for d in devices))
    shown = frozenset(d.id for d in devices)
    foreign = {link for d in standing.devices if d.id not in shown for link in d.link_ids}
    return Reach(
        site_ids=frozenset(inside),
        device_ids=shown,
        link_ids=frozenset(link for d in devices for link in d.link_ids) - foreign,
        contractor_ids=_contractors(standing, scope.contractor_id),
        contractor_id=scope.contractor_id,
        sited=scope.site_ids is not None,
    )


def _contractors(standing: Standing, only: str | None) -> frozenset[str]:
    known = {i for i, _ in standing.contractors} | {d.contractor_id for d in standing.devices if d.contractor_id}
    return frozenset(known if only is None else known & {only})


def _cared_for(device: DeviceStanding, contractor_id: str | None) -> bool:
    return contractor_id is None or (bool(device.contractor_id) and device.contractor_id == contractor_id)


def _below(sites: Iterable[SiteStanding], roots: frozenset[str] | None) -> set[str]:
    """Return the ids of the roots and of all below them; parents stand before children."""
    inside: set[str] = set()
    for site in sites:
        if roots is None or site.id in roots or site.parent_id in inside:
            inside.add(site.id)
    return inside


def _above(sites: Iterable[SiteStanding], ids: Iterable[str]) -> set[str]:
    """Return the ids of these sites and of all above them."""
    parents = {site.id: site.parent_id for site in sites}
    out: set[str] = set()
    for each in ids:
        at: str | None = each
        while at is not None and at not in out:
            out.add(at)
            at = parents.get(at)
    return out
