"""Which domains explain a set of outages: the smallest ones of which all, or nearly all, devices are out.

Links are asked first, from the top down: a domain is blamed where outages came from at least two of its branches, its
own device does not answer, and enough of its known devices are out. A domain that only repeats what one branch below
says explains nothing more, so the branch is blamed. What several links explain apart and one site explains together,
the site does: a village's power feeds several lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from camkeeper.incident.census import Census, Family
from camkeeper.model.incident import Domain, DomainKind, IncidentPolicy
from camkeeper.model.status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Outages with one explanation. `device_ids` in order."""

    domain: Domain
    device_ids: tuple[str, ...]


@dataclass(slots=True)
class _Tally:
    """What the outages at hand say of one node."""

    count: int = 0
    branches: set[int | str] = field(default_factory=set)


class Blame:
    """Asks one family's outages, against everything known of the devices."""

    def __init__(self, census: Census, policy: IncidentPolicy, family: Family) -> None:
        self._census, self._graph, self._policy, self._family = census, census.graph, policy, family

    def groups(self, device_ids: Iterable[str], context: Iterable[str] = ()) -> tuple[Group, ...]:
        """Return the explanations of these outages, each device in exactly one. AUTH is never a domain's doing.

        `context`: outages already explained elsewhere that began at about the same time. They count, and stay there.
        """
        ids = sorted(device_ids)
        tallies = _tally((*ids, *sorted(context)), self._graph.links_of)
        blamed: dict[int, bool] = {}
        out: dict[Domain, list[str]] = {}
        for device_id in ids:
            domain = Domain(kind=DomainKind.DEVICE, id=device_id)
            for node in reversed(self._graph.links_of[device_id]):
                if node not in blamed:
                    blamed[node] = self._is_link_to_blame(node, tallies[node])
                if blamed[node]:
                    domain = self._graph.nodes[node]
                    break
            out.setdefault(domain, []).append(device_id)
        groups = [Group(domain=domain, device_ids=tuple(members)) for domain, members in sorted(out.items())]
        return self._by_site(groups) if len(groups) > 1 else tuple(groups)

    def holds(self, domain: Domain) -> bool:
        """Return whether a blamed domain still has enough of its devices out."""
        node = self._graph.node_of.get(domain)
        return node is not None and not self._answers_by(node) and self._enough(node)

    def _is_link_to_blame(self, node: int, tally: _Tally) -> bool:
        if tally.count < self._policy.min_members or len(tally.branches) < 2:
            return False
        return not self._answers_by(node) and self._enough(node)

    def _answers_by(self, node: int) -> bool:
        """Return whether a device that embodies the domain answers: then the domain itself works."""
        if self._family is not Family.DOWN:
            return False
        own = self._graph.own.get(node, ())
        return any(self._census.conditions[i].status in {Status.UP, Status.DEGRADED} for i in own)

    def _enough(self, node: int) -> bool:
        census, policy = self._census, self._policy
        known, out = census.known(node), census.out(node, self._family)
        share = policy.share_percent
        if self._family is Family.DOWN:
            own = self._graph.own.get(node, ())
            if any(census.conditions[i].status is Status.DOWN for i in own):
                share = policy.own_share_percent
        total = len(self._graph.devices_of[node])
        return out > 0 and out * 100 >= known * share and known * 100 >= total * policy.known_percent

    def _by_site(self, groups: Sequence[Group]) -> tuple[Group, ...]:
        """Join what one site explains together."""
        chains = [_shared(group.device_ids, self._graph.sites_of) for group in groups]
        tallies: dict[int, _Tally] = {}
        for number, (group, chain) in enumerate(zip(groups, chains, strict=True)):
            for node in chain:
                tally = tallies.setdefault(node, _Tally())
                tally.count += len(group.device_ids)
                tally.branches.add(number)
        out: dict[Domain, list[str]] = {}
        for group, chain in zip(groups, chains, strict=True):
            best: int | None = None
            for node in reversed(chain):
                wider = best is None or tallies[node].branches == tallies[best].branches
                if wider and self._is_site_to_blame(node, tallies[node]):
                    best = node
            domain = group.domain if best is None else self._graph.nodes[best]
            out.setdefault(domain, []).extend(group.device_ids)
        return tuple(Group(domain=domain, device_ids=tuple(sorted(ids))) for domain, ids in sorted(out.items()))

    def _is_site_to_blame(self, node: int, tally: _Tally) -> bool:
        enough = tally.count >= self._policy.min_members and len(tally.branches) >= 2
        return enough and self._enough(node)


def clusters(since_ms: Mapping[str, int], window_ms: int) -> tuple[tuple[str, ...], ...]:
    """Cut outages apart where more than `window_ms` lies between one start and the next."""
    out: list[list[str]] = []
    last_ms: int | None = None
    for device_id in sorted(since_ms, key=lambda i: (since_ms[i], i)):
        if last_ms is None or since_ms[device_id] - last_ms > window_ms:
            out.append([])
        out[-1].append(device_id)
        last_ms = since_ms[device_id]
    return tuple(tuple(ids) for ids in out)


def _tally(device_ids: Iterable[str], links_of: Mapping[str, tuple[int, ...]]) -> dict[int, _Tally]:
    tallies: dict[int, _Tally] = {}
    for device_id in device_ids:
        branch: int | str = device_id
        for node in links_of[device_id]:
            tally = tallies.get(node)
            if tally is None:
                tally = tallies[node] = _Tally()
            tally.count += 1
            tally.branches.add(branch)
            branch = node
    return tallies


def _shared(device_ids: Sequence[str], sites_of: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    chains = {sites_of[i] for i in device_ids}
    first = min(chains)
    shared = set(first).intersection(*chains)
    return tuple(n for n in first if n in shared)
