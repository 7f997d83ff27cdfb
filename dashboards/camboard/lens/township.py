"""A Standing as one scope shows it: figures are sums of whole milliseconds of what is shown. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from camboard.lens.reach import Reach, reach
from camkeeper.availability.buckets import Buckets
from camkeeper.model.access import Scope
from camkeeper.model.place import SiteKind
from camkeeper.model.status import Status
from camkeeper.standing.view import DeviceStanding, MonitorStanding, RateView, SiteStanding, Standing

ALL_ID = ""
"""Of the made-up site above several roots."""
_WARNED = "监测端有提醒，请看管理员的看板 / the monitor has warnings; its keeper's board says which"


def scoped(standing: Standing, scope: Scope) -> Standing:
    """Return what the scope shows; the value itself where that is everything."""
    return standing if scope.whole else within(standing, reach(standing, scope))


def within(standing: Standing, seen: Reach) -> Standing:
    """Return the part of a Standing that is within reach.

    A site that is shown whole keeps its figures: they are of nothing else, cameras that were taken down this month
    counted, as in the settlement. Where only one contractor's devices are shown they are added up anew.
    """
    devices = tuple(_device(d, seen) for d in standing.devices if d.id in seen.device_ids)
    sites = tuple(_placed(s, seen) for s in standing.sites if s.id in seen.site_ids)
    if seen.contractor_id is not None:
        sites = _added_up(standing, sites, devices)
    villages = [site for site in sites if site.kind is SiteKind.VILLAGE]
    return replace(
        standing,
        total=_total(standing, sites),
        sites=sites,
        devices=devices,
        villages_total=len(villages),
        villages_with_camera=sum(site.cameras_online > 0 for site in villages),
        monitor=_monitor(standing.monitor),
        contractors=tuple((i, name) for i, name in standing.contractors if seen.shows_contractor(i)),
        links=tuple((i, name) for i, name in standing.links if i in seen.link_ids),
    )


def _device(device: DeviceStanding, seen: Reach) -> DeviceStanding:
    own = tuple(link for link in device.link_ids if link in seen.link_ids)
    return device if own == device.link_ids else replace(device, link_ids=own)


def _placed(site: SiteStanding, seen: Reach) -> SiteStanding:
    return site if site.parent_id in seen.site_ids else replace(site, parent_id=None)


def _added_up(
    standing: Standing, sites: Sequence[SiteStanding], devices: Iterable[DeviceStanding]
) -> tuple[SiteStanding, ...]:
    """Return the sites with the figures of these devices alone, all below counted."""
    parents = {site.id: site.parent_id for site in sites}
    cameras: dict[str, list[DeviceStanding]] = {site.id: [] for site in sites}
    others: dict[str, Counter[Status]] = {site.id: Counter() for site in sites}
    for device in devices:
        at: str | None = device.site_id
        while at is not None:
            if device.kind.has_picture:
                cameras[at].append(device)
            else:
                others[at][device.status] += 1
            at = parents[at]
    return tuple(
        replace(
            site,
            cameras=_all(Counter(d.status for d in cameras[site.id])),
            others=_all(others[site.id]),
            today=_rate(standing, site.today, (d.today for d in cameras[site.id]), site.target_bp),
            month=_rate(standing, site.month, (d.month for d in cameras[site.id]), site.target_bp),
        )
        for site in sites
    )


def _total(standing: Standing, sites: Sequence[SiteStanding]) -> SiteStanding:
    """Return the one root, or all of them together, held to the strictest of their targets."""
    roots = [site for site in sites if site.parent_id is None]
    if len(roots) == 1:
        return roots[0]
    target = max((site.target_bp for site in roots), default=standing.total.target_bp)
    return SiteStanding(
        id=ALL_ID,
        name=standing.name,
        name_en="",
        kind=SiteKind.COUNTY,
        code=None,
        parent_id=None,
        target_bp=target,
        cameras=_all(sum((Counter(site.cameras) for site in roots), Counter())),
        others=_all(sum((Counter(site.others) for site in roots), Counter())),
        today=_rate(standing, standing.total.today, (site.today for site in roots), target),
        month=_rate(standing, standing.total.month, (site.month for site in roots), target),
    )


def _all(counts: Counter[Status]) -> dict[Status, int]:
    return {status: counts[status] for status in Status}


def _rate(standing: Standing, of: RateView, parts: Iterable[RateView], target_bp: int) -> RateView:
    buckets = sum((part.buckets for part in parts), Buckets())
    verdict = buckets.verdict(target_bp=target_bp, unknown_limit_bp=standing.unknown_limit_bp)
    return RateView(period=of.period, buckets=buckets, target_bp=target_bp, verdict=verdict)


def _monitor(value: MonitorStanding) -> MonitorStanding:
    """Return what everybody has to know of the monitor: that it sees. Its sentences may name anything."""
    return replace(value, warnings=(_WARNED,) if value.warnings else (), lanes=(), mirror=None, crew=None)
