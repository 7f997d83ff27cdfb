"""Who depends on what: each device's chain of links up to the operator, and of sites up to the root.

Domains are numbered, because counters for every domain above a device are moved at each of its changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from camkeeper.model.equipment import Device, Link, LinkKind
from camkeeper.model.incident import Domain, DomainKind
from camkeeper.model.registry import Registry

OPERATOR_PREFIX = "operator:"
"""Two or more lines of one operator have a domain above them, `operator:NAME`: no link of the register."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Fault domains as numbered nodes: links first, then sites."""

    nodes: tuple[Domain, ...]
    links_of: Mapping[str, tuple[int, ...]]
    """Device -> the links it depends on, nearest first; one that embodies a link begins with that link."""
    sites_of: Mapping[str, tuple[int, ...]]
    """Device -> its site and those above, nearest first."""
    chains: Mapping[str, tuple[int, ...]]
    """Device -> both."""
    own: Mapping[int, tuple[str, ...]]
    """Link node -> the monitored devices that embody it."""
    devices_of: tuple[tuple[str, ...], ...]
    """Node -> ids of all devices in or behind it, in the order of ids."""
    node_of: Mapping[Domain, int]
    above_node: tuple[tuple[int, ...], ...]
    """Node -> the nodes that hold all of it, nearest first: links above a link, then sites with all its devices."""
    credential_of: Mapping[str, str]
    """Device -> its credential's id, empty where it has none."""
    powered: Mapping[int, str]
    """Link node -> id of the power feed that it hangs on directly."""

    @classmethod
    def of(cls, registry: Registry) -> Graph:
        """Build the graph of a register. A cycle, which the configuration forbids, is cut where it closes."""
        return _build(registry)

    def above(self, domain: Domain) -> tuple[Domain, ...]:
        """Return the domains that hold all of this one, nearest first; empty for one that is not enrolled."""
        if domain.kind is DomainKind.DEVICE:
            return tuple(self.nodes[n] for n in self.chain(domain.id))
        node = self.node_of.get(domain)
        return () if node is None else tuple(self.nodes[n] for n in self.above_node[node])

    def chain(self, device_id: str) -> tuple[int, ...]:
        """Return every node that has the device: links nearest first, then sites nearest first."""
        return self.chains.get(device_id, ())

    def below(self, domain: Domain) -> tuple[str, ...]:
        """Return the ids of the devices in or behind a domain."""
        if domain.kind is DomainKind.DEVICE:
            return (domain.id,) if domain.id in self.sites_of else ()
        node = self.node_of.get(domain)
        return () if node is None else self.devices_of[node]

    def knows(self, device_id: str) -> bool:
        """Return whether the device is enrolled."""
        return device_id in self.sites_of


def _build(registry: Registry) -> Graph:
    link_up = {link.id: link.upstream_id for link in registry.links}
    groups = _operators(registry.links)
    site_up = {site.id: site.parent_id for site in registry.sites}
    nodes = [Domain(kind=DomainKind(link.kind.value), id=link.id) for link in registry.links]
    nodes += [Domain(kind=DomainKind.OPERATOR_LINE, id=group) for group in sorted(set(groups.values()))]
    links = {domain.id: n for n, domain in enumerate(nodes)}
    sites = {site.id: len(nodes) + n for n, site in enumerate(registry.sites)}
    nodes += [Domain(kind=DomainKind.SITE, id=site.id) for site in registry.sites]

    def up(link_id: str | None) -> tuple[int, ...]:
        chain = _climb(link_id, link_up)
        group = groups.get(chain[-1]) if chain else None
        return tuple(links[i] for i in chain) + ((links[group],) if group is not None else ())

    embodied: dict[str, str] = {}
    for link in sorted(registry.links, key=lambda link: link.id, reverse=True):
        if link.device_id is not None:
            embodied[link.device_id] = link.id
    links_of = {d.id: up(embodied.get(d.id, d.link_id)) for d in registry.devices}
    sites_of = {d.id: tuple(sites[i] for i in _climb(d.site_id, site_up)) for d in registry.devices}
    devices_of = _members(len(nodes), registry.devices, links_of, sites_of)
    own: dict[int, tuple[str, ...]] = {}
    for device_id, link_id in sorted(embodied.items()):
        if device_id in links_of:
            own[links[link_id]] = (*own.get(links[link_id], ()), device_id)
    above = [up(link.id)[1:] for link in registry.links]
    above += [()] * (len(links) - len(above))
    above = [chain + _common_sites(devices_of[n], sites_of) for n, chain in enumerate(above)]
    above += [tuple(sites[i] for i in _climb(site.id, site_up)[1:]) for site in registry.sites]
    power = {link.id for link in registry.links if link.kind is LinkKind.POWER}
    return Graph(
        nodes=tuple(nodes),
        links_of=links_of,
        sites_of=sites_of,
        chains={i: chain + sites_of[i] for i, chain in links_of.items()},
        own=own,
        devices_of=devices_of,
        node_of={domain: n for n, domain in enumerate(nodes)},
        above_node=tuple(above),
        credential_of={d.id: d.credential_id or "" for d in registry.devices},
        powered={links[i]: u for i, u in link_up.items() if u is not None and u in power},
    )


def _climb(start: str | None, up: Mapping[str, str | None]) -> tuple[str, ...]:
    out: list[str] = []
    at = start
    while at is not None and at in up and at not in out:
        out.append(at)
        at = up[at]
    return tuple(out)


def _operators(links: Iterable[Link]) -> dict[str, str]:
    """Return line -> the domain above it, for operators that have two lines or more without anything above."""
    by_operator: dict[str, list[str]] = {}
    for link in links:
        if link.kind is LinkKind.OPERATOR_LINE and link.operator and link.upstream_id is None:
            by_operator.setdefault(link.operator, []).append(link.id)
    return {i: OPERATOR_PREFIX + name for name, ids in by_operator.items() if len(ids) > 1 for i in ids}


def _members(
    count: int,
    devices: Iterable[Device],
    links_of: Mapping[str, tuple[int, ...]],
    sites_of: Mapping[str, tuple[int, ...]],
) -> tuple[tuple[str, ...], ...]:
    out: list[list[str]] = [[] for _ in range(count)]
    for device_id in sorted(d.id for d in devices):
        for node in links_of[device_id] + sites_of[device_id]:
            out[node].append(device_id)
    return tuple(tuple(ids) for ids in out)


def _common_sites(device_ids: Iterable[str], sites_of: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    chains = {sites_of[i] for i in device_ids}
    if not chains:
        return ()
    first, *rest = sorted(chains)
    shared = set(first).intersection(*rest)
    return tuple(n for n in first if n in shared)
