"""From checked entries to the frozen values of the model."""

from __future__ import annotations

from typing import Any

from camkeeper.config.bands import USUAL_BAND
from camkeeper.config.places import opened
from camkeeper.config.policies import AccountingEntry, CoverageEntry, JudgeEntry
from camkeeper.config.schema import (
    DeviceEntry,
    KeyPlaceEntry,
    LinkEntry,
    PartyEntry,
    ProbeOverridesEntry,
    SiteEntry,
    UplinkEntry,
    WindowEntry,
)
from camkeeper.model.contract import Party, Window, WindowKind
from camkeeper.model.cover import CoveragePolicy
from camkeeper.model.equipment import Address, Beacon, Device, Link, ProbeOverrides, Uplink
from camkeeper.model.place import KeyPlace, LonLat, Shape, Site
from camkeeper.model.policy import AccountingPolicy, JudgePolicy
from camkeeper.model.span import Span


def device(e: DeviceEntry) -> Device:
    """Return the enrolled device."""
    address = e.address
    return Device(
        id=e.id,
        name=e.name,
        kind=e.kind,
        site_id=e.site,
        address=Address(
            host=address.host,
            port=address.port,
            onvif_path=address.onvif_path,
            rtsp_port=address.rtsp_port,
            snapshot_port=address.snapshot_port,
            snmp_port=address.snmp_port,
            approved_ports=frozenset(address.approved_ports),
        ),
        credential_id=e.credential,
        link_id=e.link,
        contractor_id=e.contractor,
        mount=e.mount.mount() if e.mount else None,
        lens=e.lens.lens() if e.lens else None,
        gb_id=e.gb_id,
        maker=e.maker or "",
        model=e.model or "",
        serial=e.serial or "",
        installed=e.installed or "",
        tags=e.tags,
        overrides=_overrides(e.probe),
    )


_NO_OVERRIDES = ProbeOverrides()


def _overrides(e: ProbeOverridesEntry | None) -> ProbeOverrides:
    return _NO_OVERRIDES if e is None else ProbeOverrides(**dict(e))


def site(e: SiteEntry) -> Site:
    """Return the place."""
    return Site(
        id=e.id,
        name=e.name,
        name_en=e.name_en or "",
        kind=e.kind,
        parent_id=e.parent,
        code=e.code,
        target_bp=e.target,
        timezone=e.timezone,
        boundary=opened(e.boundary),
        coverage_targets=e.coverage.targets() if e.coverage else {},
        pictures=e.pictures,
    )


def key_place(e: KeyPlaceEntry, standard: str) -> KeyPlace:
    """Return the key place; without a band of its own it wants the usual one of `standard`."""
    shape: Shape
    coordinates: tuple[LonLat, ...]
    if e.point is not None:
        shape, coordinates = Shape.POINT, (e.point,)
    elif e.line is not None:
        shape, coordinates = Shape.LINE, e.line
    else:
        shape, coordinates = Shape.POLYGON, opened(e.polygon)
    return KeyPlace(
        id=e.id,
        site_id=e.site,
        type=e.type,
        name=e.name,
        shape=shape,
        coordinates=coordinates,
        band=e.band or USUAL_BAND[standard],
        weight=e.weight,
    )


def link(e: LinkEntry) -> Link:
    """Return the fault domain."""
    return Link(id=e.id, name=e.name, kind=e.kind, upstream_id=e.upstream, device_id=e.device, operator=e.operator)


def window(e: WindowEntry) -> Window:
    """Return the agreed span."""
    return Window(
        id=e.id,
        kind=e.kind,
        span=Span(start_ms=e.start, end_ms=e.end),
        reason=e.reason,
        evidence=e.evidence or "",
        approver=e.approver or "",
        site_ids=frozenset(e.sites),
        device_ids=frozenset(e.devices),
        link_ids=frozenset(e.links),
    )


def party(e: PartyEntry) -> Party:
    """Return who signs for one side."""
    return Party(id=e.id, name=e.name, role=e.role or "", public_key=e.public_key)


def uplink(e: UplinkEntry) -> Uplink:
    """Return our own way out."""
    beacons = tuple(Beacon(host=host, port=port) for host, port in e.beacons)
    return Uplink(id=e.id, name=e.name, beacons=beacons, line_ids=frozenset(e.lines))


def coverage(e: CoverageEntry) -> CoveragePolicy:
    """Return the coverage policy."""
    given = dict(e)
    return CoveragePolicy(**{**given, "targets": e.targets.targets() if e.targets else {}})


def judge(e: JudgeEntry) -> JudgePolicy:
    """Return the judge's policy; rungs that are not named decide as built in."""
    given: dict[str, Any] = {k: frozenset(v) if k.endswith("_on") else v for k, v in dict(e).items() if v is not None}
    return JudgePolicy(**given)


def accounting(e: AccountingEntry) -> AccountingPolicy:
    """Return the accounting policy."""
    return AccountingPolicy(
        name=e.name,
        version=e.version,
        rule=e.rule,
        unknown_limit_bp=e.unknown_limit,
        patrol_at=e.patrol_at,
        excludes=frozenset(WindowKind if e.excludes is None else e.excludes),
    )
