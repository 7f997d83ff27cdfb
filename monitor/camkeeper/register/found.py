"""Devices that answered a discovery, as a sheet: those that are enrolled change nothing, the others are new rows."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from camkeeper.probe.discovery import Found
from camkeeper.register.known import Known
from camkeeper.register.reading import UnreadableRegister
from camkeeper.register.table import Sheet

HEADINGS: Final = ("IP地址", "端口", "ONVIF路径", "设备名称", "设备类型", "所属村", "型号", "备注")


def sheet_of_found(found: Sequence[Found], known: Known, site: str | None = None) -> Sheet:
    """Return one row a device; UnreadableRegister where nobody answered.

    A device says nothing of its village: it is `site`, else that of all its enrolled neighbours in the same /24.
    """
    if not found:
        raise UnreadableRegister(
            "没有设备应答；这不说明设备离线", "no device answered; that does not mean they are down"
        )
    villages = _villages(known)
    rows = [_row(one, known, site or villages.get(_network(one.host), "")) for one in found]
    return Sheet(name="ONVIF", rows=(HEADINGS, *rows))


def _row(one: Found, known: Known, site: str) -> tuple[str, ...]:
    where = (one.host, str(one.port))
    if (one.host, one.port) in known.by_address:
        # What a device calls itself is no reason to rename it: `camkeeper doctor` compares the two.
        return (*where, "", "", "", "", "", one.endpoint)
    name = one.name or one.hardware or f"ONVIF {one.host}"
    return (*where, one.onvif_path, name, "recorder" if one.recorder else "camera", site, one.hardware, one.endpoint)


def _villages(known: Known) -> dict[str, str]:
    sites: dict[str, set[str]] = defaultdict(set)
    for device in known.registry.devices:
        sites[_network(device.address.host)].add(device.site_id)
    return {network: next(iter(own)) for network, own in sites.items() if network and len(own) == 1}


def _network(host: str) -> str:
    try:
        return str(ipaddress.IPv4Network(f"{ipaddress.IPv4Address(host)}/24", strict=False))
    except ValueError:
        return ""
