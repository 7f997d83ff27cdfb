"""Puts a `Standing` together from what is known now and what the ledger says of today and of this month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from camkeeper.availability.buckets import Buckets
from camkeeper.availability.rollup import is_camera, site_buckets, villages_with_camera
from camkeeper.judge.fold import is_unstable
from camkeeper.judge.track import Track
from camkeeper.model.equipment import Device
from camkeeper.model.place import Site, SiteKind
from camkeeper.model.policy import AccountingPolicy
from camkeeper.model.probing import DeviceFacts, RungResult
from camkeeper.model.registry import Registry
from camkeeper.model.span import Span
from camkeeper.model.status import Reason, Status
from camkeeper.standing.view import (
    DeviceStanding,
    MonitorStanding,
    RateView,
    SiteStanding,
    Standing,
    StripSegment,
)

ALL_ID = ""
"""Id of the made-up site above several roots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceNow:
    """What the monitor knows of one device at this moment; from the ledger alone there are no rungs."""

    track: Track | None = None
    rungs: tuple[RungResult, ...] = ()
    facts: DeviceFacts = field(default_factory=DeviceFacts)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodBuckets:
    """A period up to now, and every device's buckets in it."""

    period: Span
    buckets: Mapping[str, Buckets]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Everything a Standing is made of."""

    at_ms: int
    registry: Registry
    now: Mapping[str, DeviceNow]
    today: PeriodBuckets
    month: PeriodBuckets
    strips: Mapping[str, Sequence[StripSegment]]
    monitor: MonitorStanding
    retired: Mapping[str, str] = field(default_factory=dict)
    """Cameras that left the register this month -> their site: their life still counts."""


def build(inputs: Inputs) -> Standing:
    """Return the township at one instant; sites before their children, devices in the register's order."""
    registry = inputs.registry
    devices = tuple(_device(device, inputs) for device in registry.devices)
    statuses = {d.id: d.status for d in devices}
    sites = _sites(inputs, statuses)
    roots = registry.children.get(None, ())
    total = next(s for s in sites if s.id == roots[0].id) if len(roots) == 1 else _all(inputs, sites, roots)
    working, villages = villages_with_camera(registry, statuses)
    return Standing(
        at_ms=inputs.at_ms,
        name=registry.name,
        synthetic_geometry=registry.synthetic_geometry,
        timezone=timezone_of(registry),
        total=total,
        sites=sites,
        devices=devices,
        villages_total=villages,
        villages_with_camera=working,
        monitor=inputs.monitor,
        unknown_limit_bp=_policy(registry).unknown_limit_bp,
        contractors=tuple((contractor.id, contractor.name) for contractor in registry.contractors),
        links=tuple((link.id, link.name) for link in registry.links),
    )


def timezone_of(registry: Registry) -> str:
    """Return the zone that today and this month are of: the root's."""
    roots = registry.children.get(None, ())
    return roots[0].timezone if roots else "UTC"


def _device(device: Device, inputs: Inputs) -> DeviceStanding:
    registry, now = inputs.registry, inputs.now.get(device.id, DeviceNow())
    target = registry.site_by_id[device.site_id].target_bp
    track = now.track
    return DeviceStanding(
        id=device.id,
        name=device.name,
        kind=device.kind,
        site_id=device.site_id,
        status=Status.UNKNOWN if track is None else track.status,
        reason=Reason.FIRST_SEEN if track is None else track.reason,
        since_ms=None if track is None else track.since_ms,
        last_sample_ms=None if track is None else track.last_ms,
        unstable=track is not None and is_unstable(track, inputs.at_ms, registry.judge),
        in_window=registry.in_window(device, inputs.at_ms),
        today=_rate(inputs.today.period, inputs.today.buckets.get(device.id, Buckets()), target, _policy(registry)),
        month=_rate(inputs.month.period, inputs.month.buckets.get(device.id, Buckets()), target, _policy(registry)),
        strip=tuple(inputs.strips.get(device.id, ())),
        rungs=now.rungs,
        facts=now.facts,
        host=device.address.host,
        contractor_id=device.contractor_id or "",
        link_ids=tuple(link.id for link in registry.upstream(device)),
        maker=device.maker,
        model=device.model,
        tags=device.tags,
    )


def _sites(inputs: Inputs, statuses: Mapping[str, Status]) -> tuple[SiteStanding, ...]:
    registry = inputs.registry
    today = site_buckets(registry, _of_all(inputs, inputs.today.buckets), retired=inputs.retired)
    month = site_buckets(registry, _of_all(inputs, inputs.month.buckets), retired=inputs.retired)
    counts = _counts(registry, statuses)
    ordered = [site for root in registry.children.get(None, ()) for site in registry.subtree(root.id)]
    return tuple(
        SiteStanding(
            id=site.id,
            name=site.name,
            name_en=site.name_en,
            kind=site.kind,
            code=site.code,
            parent_id=site.parent_id,
            target_bp=site.target_bp,
            cameras=counts[site.id][0],
            others=counts[site.id][1],
            today=_rate(inputs.today.period, today[site.id], site.target_bp, _policy(registry)),
            month=_rate(inputs.month.period, month[site.id], site.target_bp, _policy(registry)),
        )
        for site in ordered
    )


def _all(inputs: Inputs, sites: Sequence[SiteStanding], roots: Sequence[Site]) -> SiteStanding:
    """Return all roots together, held to the strictest of their targets."""
    tops = [site for site in sites if site.id in {root.id for root in roots}]
    policy = _policy(inputs.registry)
    target = max((site.target_bp for site in tops), default=0)
    return SiteStanding(
        id=ALL_ID,
        name=inputs.registry.name,
        name_en="",
        kind=SiteKind.COUNTY,
        code=None,
        parent_id=None,
        target_bp=target,
        cameras=_summed([site.cameras for site in tops]),
        others=_summed([site.others for site in tops]),
        today=_rate(inputs.today.period, sum((s.today.buckets for s in tops), Buckets()), target, policy),
        month=_rate(inputs.month.period, sum((s.month.buckets for s in tops), Buckets()), target, policy),
    )


def _counts(
    registry: Registry, statuses: Mapping[str, Status]
) -> dict[str, tuple[dict[Status, int], dict[Status, int]]]:
    """Return per site (cameras, other devices) by status, with all below it."""
    out = {site.id: (dict.fromkeys(Status, 0), dict.fromkeys(Status, 0)) for site in registry.sites}
    for device in registry.devices:
        for site_id in registry.ancestry(device.site_id):
            out[site_id][0 if is_camera(device) else 1][statuses[device.id]] += 1
    return out


def _summed(counts: Sequence[Mapping[Status, int]]) -> dict[Status, int]:
    return {status: sum(count.get(status, 0) for count in counts) for status in Status}


def _of_all(inputs: Inputs, buckets: Mapping[str, Buckets]) -> dict[str, Buckets]:
    ids = (*(device.id for device in inputs.registry.devices), *inputs.retired)
    return {device_id: buckets.get(device_id, Buckets()) for device_id in ids}


def _rate(period: Span, buckets: Buckets, target_bp: int, policy: AccountingPolicy) -> RateView:
    verdict = buckets.verdict(target_bp=target_bp, unknown_limit_bp=policy.unknown_limit_bp)
    return RateView(period=period, buckets=buckets, target_bp=target_bp, verdict=verdict)


def _policy(registry: Registry) -> AccountingPolicy:
    """Return the rule that decides: the first one."""
    return registry.accounting[0]
