"""Asks each address of a network that somebody named whether it is an ONVIF device: by WS-Discovery sent to it alone,
and by the unsigned time question. For inventories; no credential is ever sent, and silence says nothing of uptime.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Sequence
from typing import Final

from camkeeper.clock import Clock
from camkeeper.model.equipment import Address, Credential, Device, DeviceKind
from camkeeper.model.policy import ProbePolicy
from camkeeper.model.probing import Depth, Rung, Verdict
from camkeeper.probe.discovery import Found, discover
from camkeeper.probe.latch import MemoryLatches
from camkeeper.probe.prober import Prober

MOST: Final = 4096
"""Addresses in one sweep: a /20."""
AT_ONCE: Final = 32
_DISCOVERY_PORT: Final = 3702


def hosts_of(networks: Sequence[str]) -> tuple[str, ...]:
    """Return the addresses of networks in CIDR notation, each once; ValueError for none, a public one, or too many."""
    out: dict[str, None] = {}
    for text in networks:
        network = ipaddress.IPv4Network(text, strict=False)
        if not network.is_private:
            raise ValueError(f"{network} 不是内网 / is no private network")
        if network.num_addresses > MOST:
            raise ValueError(f"{network}: > {MOST}")
        out.update(dict.fromkeys(str(host) for host in network.hosts()))
    if len(out) > MOST:
        raise ValueError(f"> {MOST}")
    return tuple(out)


def networks_of(hosts: Sequence[str]) -> tuple[str, ...]:
    """Return the /24 networks that enrolled addresses lie in; names are left out.

    >>> networks_of(["10.1.2.3", "10.1.2.9", "10.1.3.1", "camera.example"])
    ('10.1.2.0/24', '10.1.3.0/24')
    """
    out: dict[str, None] = {}
    for host in hosts:
        try:
            out[str(ipaddress.IPv4Network(f"{ipaddress.IPv4Address(host)}/24", strict=False))] = None
        except ValueError:
            continue
    return tuple(out)


async def sweep(hosts: Sequence[str], *, ports: Sequence[int], clock: Clock, timeout_s: float) -> tuple[Found, ...]:
    """Return who answered, in the order of `hosts`; one a host and port."""
    turn = asyncio.Semaphore(AT_ONCE)
    async with Prober(
        clock=clock, password_of=_no_password, policy=ProbePolicy(timeout_s=timeout_s), latches=MemoryLatches()
    ) as prober:

        async def asked(host: str) -> list[Found]:
            async with turn:
                told = await discover(timeout_s=timeout_s, target=(host, _DISCOVERY_PORT))
                own = [found for found in told if found.host == host]
                known = {found.port for found in own}
                return own + [
                    Found(host=host, port=port, onvif_path=Address(host=host).onvif_path)
                    for port in ports
                    if port not in known and await _speaks_onvif(prober, host, port)
                ]

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(asked(host)) for host in hosts]
    return tuple(found for task in tasks for found in task.result())


async def _speaks_onvif(prober: Prober, host: str, port: int) -> bool:
    device = Device(
        id=f"{host}:{port}", name=host, kind=DeviceKind.CAMERA, site_id="", address=Address(host=host, port=port)
    )
    result = await prober.probe(device, None, Depth.QUICK)
    return any(rung.rung is Rung.TIME and rung.verdict is Verdict.OK for rung in result.rungs)


def _no_password(_credential: Credential) -> str:
    return ""
