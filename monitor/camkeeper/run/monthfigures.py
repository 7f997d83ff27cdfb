"""A month's rates for one scope, from the ledger's day sums: sites, contractors, and all together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from camkeeper.availability.daily import DaySum, added
from camkeeper.availability.figures import Figure, figure_pair
from camkeeper.ledger import LedgerReader, Snapshot
from camkeeper.ledger.snapshot import SiteEntry
from camkeeper.model.access import Scope
from camkeeper.model.contract import WindowKind
from camkeeper.model.policy import AccountingPolicy
from camkeeper.model.registry import Registry
from camkeeper.run.sla import Asked, cameras_of, subtree
from camkeeper.standing.report import Rated

_Pair = tuple[tuple[DaySum, ...], tuple[DaySum, ...]]
_APART = "\0"
"""Between a site's and a contractor's id in the name of a group; no id has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """All rates of a month."""

    total: Rated
    sites: tuple[Rated, ...]
    contractors: tuple[Rated, ...]
    others: tuple[Figure, ...]
    cameras: Mapping[str, str]
    """Camera id -> site id."""
    own: Mapping[str, _Pair]
    """The deciding policy's days, net and gross, of each group: a site's cameras in one contractor's care."""


def cameras_within(cameras: Mapping[str, str], scope: Scope, config: Snapshot, registry: Registry) -> dict[str, str]:
    """Return the cameras (id -> site) that a scope shows."""
    sites = None if scope.site_ids is None else sites_within(scope, config)
    return {
        device_id: site_id
        for device_id, site_id in cameras.items()
        if (sites is None or site_id in sites)
        and (scope.contractor_id is None or contractor_of(device_id, registry) == scope.contractor_id)
    }


def sites_within(scope: Scope, config: Snapshot) -> frozenset[str]:
    """Return the ids of the sites that a scope shows: its roots with all below them."""
    if scope.site_ids is None:
        return frozenset(config.site_by_id)
    known = scope.site_ids & config.site_by_id.keys()
    return frozenset(site.id for root in known for site in subtree(config, root))


def contractor_of(device_id: str, registry: Registry) -> str:
    """Return who cares for a device by the present register; empty: nobody, or it is not registered any more."""
    device = registry.device_by_id.get(device_id)
    return "" if device is None or device.contractor_id is None else device.contractor_id


def rates(reader: LedgerReader, asked: Asked, scope: Scope, registry: Registry) -> Rates:
    """Return the rates of what the scope shows, as sums of its own cameras. LookupError where it shows no site."""
    config = asked.config
    shown = sites_within(scope, config)
    sites = [site for site in subtree(config, None) if site.id in shown]
    if not sites:
        raise LookupError("no site of this scope is in the month's configuration")
    cameras = cameras_within(cameras_of(reader, asked), scope, config, registry)
    groups = {i: f"{site}{_APART}{contractor_of(i, registry)}" for i, site in cameras.items()}
    deciding = config.policies[0]
    read: dict[tuple[frozenset[WindowKind], str], dict[str, _Pair]] = {}
    for policy in config.policies:  # policies that look at the same hours share them
        if (policy.excludes, policy.patrol_at) not in read:
            read[policy.excludes, policy.patrol_at] = _pairs(reader, asked, groups, policy)
    sums = {key: _sum(own.values()) for key, own in read.items()}
    target_bp = sites[0].target_bp
    others = tuple(
        figure_pair(p, net=net, gross=gross, target_bp=target_bp).net
        for p in config.policies[1:]
        for net, gross in (sums[p.excludes, p.patrol_at],)
    )
    key = deciding.excludes, deciding.patrol_at
    return _figured(deciding, sites, cameras, registry, read[key], sums[key], others)


def of_contractor(whole: Rates, contractor_id: str, config: Snapshot, registry: Registry) -> Rates:
    """Return what `rates` would of one contractor's share of `whole`, by the deciding policy alone.

    Nothing is read again: a county's month takes a second for each question.
    """
    own = {group: pair for group, pair in whole.own.items() if group.partition(_APART)[2] == contractor_id}
    cameras = {i: site for i, site in whole.cameras.items() if contractor_of(i, registry) == contractor_id}
    sites = [config.site_by_id[site.id] for site in whole.sites]
    return _figured(config.policies[0], sites, cameras, registry, own, _sum(own.values()), ())


def _figured(
    policy: AccountingPolicy,
    sites: list[SiteEntry],
    cameras: Mapping[str, str],
    registry: Registry,
    own: Mapping[str, _Pair],
    total: _Pair,
    others: tuple[Figure, ...],
) -> Rates:
    target_bp = sites[0].target_bp
    return Rates(
        total=_rated(policy, "", registry.name, None, target_bp, len(cameras), total),
        sites=tuple(_sites(sites, own, cameras, policy)),
        contractors=tuple(_contractors(own, cameras, policy, registry, target_bp)),
        others=others,
        cameras=cameras,
        own=own,
    )


def _pairs(reader: LedgerReader, asked: Asked, groups: Mapping[str, str], policy: AccountingPolicy) -> dict[str, _Pair]:
    net, gross = reader.day_sum_pairs(asked.period, groups, tz=asked.tz, policy=policy, config=asked.config)
    return {key: (net[key], gross[key]) for key in net}


def _sum(pairs: Iterable[_Pair]) -> _Pair:
    listed = list(pairs)
    if len(listed) == 1:
        return listed[0]
    if all(net is gross for net, gross in listed):  # no window touches any of them: of a county's villages, most
        both = added(day for net, _ in listed for day in net)
        return both, both
    return added(day for net, _ in listed for day in net), added(day for _, gross in listed for day in gross)


def _sites(
    sites: list[SiteEntry], own: Mapping[str, _Pair], cameras: Mapping[str, str], policy: AccountingPolicy
) -> Iterable[Rated]:
    """Yield every site with all below it, parents first: a town is the sum of its cameras, never a mean."""
    parts: dict[str, list[_Pair]] = {site.id: [] for site in sites}
    for key, pair in own.items():
        parts[key.partition(_APART)[0]].append(pair)
    counts = Counter(cameras.values())
    made: dict[str, Rated] = {}
    for site in reversed(sites):
        pair = _sum(parts[site.id])
        made[site.id] = _rated(policy, site.id, site.name, site, site.target_bp, counts[site.id], pair)
        if site.parent_id in parts:
            parts[site.parent_id].append(pair)
            counts[site.parent_id] += counts[site.id]
    return (made[site.id] for site in sites)


def _contractors(
    own: Mapping[str, _Pair],
    cameras: Mapping[str, str],
    policy: AccountingPolicy,
    registry: Registry,
    target_bp: int,
) -> Iterable[Rated]:
    """Yield each contractor of the register, then what is in nobody's care, where there is any."""
    counts = Counter(contractor_of(device_id, registry) for device_id in cameras)
    parts: dict[str, list[_Pair]] = {}
    for key, pair in own.items():
        parts.setdefault(key.partition(_APART)[2], []).append(pair)
    names = {c.id: c.name for c in registry.contractors}
    order: Callable[[str], tuple[bool, str]] = lambda i: (not i, names.get(i, i))  # noqa: E731
    for contractor_id in sorted(parts, key=order):
        name = names.get(contractor_id, contractor_id)
        yield _rated(policy, contractor_id, name, None, target_bp, counts[contractor_id], _sum(parts[contractor_id]))


def _rated(
    policy: AccountingPolicy,
    rated_id: str,
    name: str,
    site: SiteEntry | None,
    target_bp: int,
    cameras: int,
    pair: _Pair,
) -> Rated:
    both = figure_pair(policy, net=pair[0], gross=pair[1], target_bp=target_bp)
    return Rated(
        id=rated_id,
        name=name,
        kind=None if site is None else site.kind,
        parent_id=None if site is None else site.parent_id,
        target_bp=target_bp,
        cameras=cameras,
        net=both.net,
        gross=both.gross,
        days=pair[0],
    )
