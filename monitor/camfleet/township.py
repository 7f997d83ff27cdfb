"""A township for load tests: thousands of like cameras on 127.0.0.1, a port each, as registry and configuration."""

from __future__ import annotations

from typing import Any

import yaml

from camfleet.limits import FleetError
from camkeeper.model.equipment import Address, Beacon, Credential, Device, DeviceKind, Link, LinkKind, Uplink
from camkeeper.model.place import Site, SiteKind
from camkeeper.model.registry import Registry

PASSWORD_ENV = "CAMKEEPER_FLEET_PASSWORD"  # noqa: S105 - the name of a variable
_PER_VILLAGE = 50
_EPHEMERAL = 32_768
_ZONE = "Asia/Shanghai"


def township(count: int, port_base: int) -> Registry:
    """Return `count` cameras, fifty to a village, each village behind its switch, two operators' lines in turns.

    One port serves a camera's ONVIF, snapshot and RTSP: five thousand cameras are five thousand sockets.
    """
    if count < 1 or port_base < 1024 or port_base + count > 65_535:
        raise FleetError(
            f"端口不够：从 {port_base} 起放不下 {count} 台设备（1024 至 65535）",
            f"{count} devices do not fit from port {port_base} upwards (1024 to 65535)",
        )
    villages = range((count + _PER_VILLAGE - 1) // _PER_VILLAGE)
    lines = tuple(
        Link(id=f"line-{name}", name=title, kind=LinkKind.OPERATOR_LINE, operator=name)
        for name, title in (("mobile", "移动专线"), ("telecom", "电信专线"))
    )
    switches = tuple(
        Link(id=f"sw-{v:03d}", name=f"压测{v:03d}村交换机", kind=LinkKind.SWITCH, upstream_id=lines[v % 2].id)
        for v in villages
    )
    sites = (
        Site(id="load", name="压测镇", kind=SiteKind.TOWN, timezone=_ZONE, target_bp=9500),
        *(
            Site(
                id=f"v{v:03d}",
                name=f"压测{v:03d}村",
                kind=SiteKind.VILLAGE,
                timezone=_ZONE,
                target_bp=9500,
                parent_id="load",
            )
            for v in villages
        ),
    )
    devices = tuple(
        Device(
            id=f"cam-{i:05d}",
            name=f"压测{i:05d}号",
            kind=DeviceKind.CAMERA,
            site_id=f"v{i // _PER_VILLAGE:03d}",
            address=Address(host="127.0.0.1", port=port_base + i, rtsp_port=port_base + i),
            credential_id="fleet",
            link_id=f"sw-{i // _PER_VILLAGE:03d}",
        )
        for i in range(count)
    )
    # One port more for the beacon by which a monitor knows that it can see.
    beacon = Beacon(host="127.0.0.1", port=port_base + count)
    credential = Credential(id="fleet", user="camkeeper", secret_ref=f"env:{PASSWORD_ENV}")
    return Registry(
        name="压测镇",
        sites=sites,
        devices=devices,
        links=(*lines, *switches),
        credentials=(credential,),
        uplinks=(Uplink(id="up", name="压测上行", beacons=(beacon,)),),
        synthetic_geometry=True,
    )


def meets_ephemeral(count: int, port_base: int) -> bool:
    """Tell whether the ports reach into those that Linux hands to outgoing connections, where one may be taken."""
    return port_base + count > _EPHEMERAL


def configuration(registry: Registry, *, every_s: float) -> str:
    """Return the township as a configuration that camkeeper reads; whoever starts it sets the password's variable."""
    credential = registry.credentials[0]
    document: dict[str, Any] = {
        "name": registry.name,
        "datum": "wgs84",
        "synthetic_geometry": "true",
        "policy": {
            "probe": {
                "every_s": every_s,
                "timeout_s": min(every_s, 5.0),
                "picture_every_s": max(every_s, 300.0),
                "full_every_s": max(every_s, 3600.0),
            }
        },
        "credentials": [{"id": credential.id, "user": credential.user, "secret": credential.secret_ref}],
        "uplinks": [
            {"id": uplink.id, "name": uplink.name, "beacons": [f"{b.host}:{b.port}" for b in uplink.beacons]}
            for uplink in registry.uplinks
        ],
        "sites": [
            {
                "id": site.id,
                "name": site.name,
                "kind": site.kind.value,
                "target": f"{site.target_bp / 100:g}",
                "timezone": site.timezone,
            }
            | ({"parent": site.parent_id} if site.parent_id else {})
            for site in registry.sites
        ],
        "links": [
            {"id": link.id, "name": link.name, "kind": link.kind.value}
            | ({"upstream": link.upstream_id} if link.upstream_id else {})
            | ({"operator": link.operator} if link.operator else {})
            for link in registry.links
        ],
        "devices": [
            {
                "id": d.id,
                "name": d.name,
                "kind": d.kind.value,
                "site": d.site_id,
                "link": d.link_id,
                "credential": d.credential_id,
                "address": {"host": d.address.host, "port": d.address.port, "rtsp_port": d.address.rtsp_port},
            }
            for d in registry.devices
        ],
    }
    head = (
        f"# 压力测试乡镇：{len(registry.devices)} 台虚拟摄像机，由 camkeeper fleet --count 生成，仅限本机。\n"
        "# A township for load tests, written by camkeeper fleet --count; loopback only.\n"
    )
    return head + yaml.dump(document, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False, width=200)
