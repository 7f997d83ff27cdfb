"""Registers for the tests of incidents: from a text, or by numbers."""

from __future__ import annotations

from pathlib import Path

from camkeeper.model.equipment import Address, Device, DeviceKind, Link, LinkKind
from camkeeper.model.place import Site, SiteKind
from camkeeper.model.registry import Registry

HERE = Path(__file__).parent
KINDS = {"line": LinkKind.OPERATOR_LINE} | {kind.value: kind for kind in LinkKind}
MONITORED = {LinkKind.SWITCH: DeviceKind.SWITCH, LinkKind.TRANSCEIVER: DeviceKind.TRANSCEIVER}


def device(device_id: str, site_id: str, link_id: str | None, *, kind: DeviceKind = DeviceKind.CAMERA) -> Device:
    return Device(
        id=device_id,
        name=device_id,
        kind=kind,
        site_id=site_id,
        link_id=link_id,
        address=Address(host="192.0.2.1"),
        credential_id="cred" if kind is DeviceKind.CAMERA else None,
    )


def site(site_id: str, parent_id: str | None = None) -> Site:
    kind = SiteKind.TOWN if parent_id is None else SiteKind.VILLAGE
    return Site(id=site_id, name=site_id, kind=kind, timezone="Asia/Shanghai", target_bp=9500, parent_id=parent_id)


def registry(text: str) -> Registry:
    sites: list[Site] = []
    links: list[Link] = []
    devices: list[Device] = []
    above: list[tuple[int, str]] = []
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "site":
            sites.append(site(words[1], words[3] if len(words) > 3 else None))
            continue
        depth = len(line) - len(line.lstrip())
        above = [(d, i) for d, i in above if d < depth]
        kind, up = KINDS[words[0]], above[-1][1] if above else None
        own = words[1] if words[2:] == ["+"] else None
        operator = words[3] if words[2:3] == ["operator"] else None
        links.append(Link(id=words[1], name=words[1], kind=kind, upstream_id=up, device_id=own, operator=operator))
        if own is not None:
            devices.append(device(own, sites[0].id, up, kind=MONITORED[kind]))
        if kind is LinkKind.POLE:
            devices.extend(device(i, words[2].removesuffix(":"), words[1]) for i in words[3:])
        above.append((depth, words[1]))
    return Registry(name="test", sites=tuple(sites), devices=tuple(devices), links=tuple(links))


def township() -> Registry:
    return registry((HERE / "township.txt").read_text(encoding="utf-8"))


def county(*, lines: int, switches: int, poles: int, cameras: int) -> Registry:
    """A regular tree; every pole is in the village of its switch. Nothing but cameras is monitored."""
    sites, links = [site("county")], list[Link]()
    devices: list[Device] = []
    for a in range(lines):
        links.append(Link(id=f"line-{a}", name="", kind=LinkKind.OPERATOR_LINE))
        for b in range(switches):
            sites.append(site(f"v-{a}-{b}", "county"))
            links.append(Link(id=f"sw-{a}-{b}", name="", kind=LinkKind.SWITCH, upstream_id=f"line-{a}"))
            for c in range(poles):
                pole = f"pole-{a}-{b}-{c}"
                links.append(Link(id=pole, name="", kind=LinkKind.POLE, upstream_id=f"sw-{a}-{b}"))
                devices.extend(device(f"cam-{a}-{b}-{c}-{d}", f"v-{a}-{b}", pole) for d in range(cameras))
    return Registry(name="county", sites=tuple(sites), devices=tuple(devices), links=tuple(links))
