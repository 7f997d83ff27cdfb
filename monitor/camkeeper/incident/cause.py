"""The probable cause of an incident, and the facts for it. The names of facts are keys of the messages' texts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from camkeeper.incident.blame import Blame
from camkeeper.incident.census import Census, Family
from camkeeper.incident.graph import Graph
from camkeeper.model.incident import Cause, Confidence, Domain, DomainKind, Evidence, IncidentPolicy
from camkeeper.model.status import Reason, Status

_DEGRADED = {
    Family.AUTH: Cause.AUTH,
    Family.IMAGE: Cause.IMAGE,
    Family.IMPAIRED: Cause.DEVICE,
    Family.PLATFORM: Cause.IMAGE,
}
_LINKS = {
    DomainKind.SWITCH: Cause.SWITCH,
    DomainKind.TRANSCEIVER: Cause.LINK,
    DomainKind.OPERATOR_LINE: Cause.OPERATOR_LINE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Cause, how sure, and why."""

    cause: Cause
    confidence: Confidence
    evidence: tuple[Evidence, ...]


def find(
    census: Census, policy: IncidentPolicy, family: Family, domain: Domain, device_ids: Collection[str]
) -> Finding:
    """Say what most probably took these devices of a domain. `device_ids`: those that are out, at least one."""
    if family is not Family.DOWN:
        return _degraded(census, family, device_ids)
    if domain.kind is DomainKind.DEVICE:
        return _device(census, domain.id)
    if not Blame(census, policy, family).holds(domain):
        # What is left of something larger: the domain works again, these do not.
        return Finding(cause=Cause.DEVICE, confidence=Confidence.LOW, evidence=(_counts(census, domain, family),))
    spread_ms = _spread_ms(census, device_ids)
    at_once = spread_ms <= policy.same_instant_ms
    facts = [_counts(census, domain, family), _starts(spread_ms)]
    if domain.kind is DomainKind.POLE:
        return _pole(census, domain, facts, at_once=at_once)
    if domain.kind in {DomainKind.POWER, DomainKind.SITE}:
        by_power = at_once or domain.kind is DomainKind.POWER
        sure = Confidence.HIGH if domain.kind is DomainKind.POWER else Confidence.LOW
        return Finding(cause=Cause.POWER if by_power else Cause.LINK, confidence=sure, evidence=tuple(facts))
    return _link(census, domain, facts)


def changes(device_ids: Collection[str], census: Census, policy: IncidentPolicy) -> Finding:
    """Return the finding of devices that come and go."""
    most = max(len(census.conditions[i].changes_ms) for i in device_ids)
    fact = Evidence(
        name="unstable", facts={"changes": most, "window_ms": policy.unstable_window_ms, "devices": len(device_ids)}
    )
    return Finding(cause=Cause.UNSTABLE, confidence=Confidence.HIGH, evidence=(fact,))


def blind(uplink_id: str) -> Finding:
    """Return the finding of an uplink of ours whose beacons are all silent."""
    fact = Evidence(name="beacons_silent", facts={"uplink_id": uplink_id})
    return Finding(cause=Cause.MONITOR, confidence=Confidence.HIGH, evidence=(fact,))


def _pole(census: Census, domain: Domain, facts: list[Evidence], *, at_once: bool) -> Finding:
    node = census.graph.node_of[domain]
    feed = census.graph.powered.get(node)
    if feed is not None:
        facts.append(Evidence(name="power_link", facts={"link_id": feed}))
    facts += _parent_answers(census, census.graph, node)
    if at_once:
        sure = Confidence.MEDIUM if feed is None else Confidence.HIGH
        return Finding(cause=Cause.POWER, confidence=sure, evidence=tuple(facts))
    return Finding(cause=Cause.LINK, confidence=Confidence.LOW, evidence=tuple(facts))


def _link(census: Census, domain: Domain, facts: list[Evidence]) -> Finding:
    node = census.graph.node_of[domain]
    own = census.graph.own.get(node, ())
    gone = [i for i in own if census.conditions[i].status is Status.DOWN]
    facts += [Evidence(name="own_device_down", facts={"device_id": i}) for i in gone]
    facts += _parent_answers(census, census.graph, node)
    all_out = census.out(node, Family.DOWN) == census.known(node)
    # An operator's line has no device of ours at its end: that everything behind it is out is all there is to see.
    sure = bool(gone) or (domain.kind is DomainKind.OPERATOR_LINE and all_out)
    confidence = Confidence.HIGH if sure else Confidence.MEDIUM
    return Finding(cause=_LINKS[domain.kind], confidence=confidence, evidence=tuple(facts))


def _device(census: Census, device_id: str) -> Finding:
    condition = census.conditions[device_id]
    facts = [Evidence(name=condition.reason.value, facts={"devices": 1})]
    links = census.graph.links_of[device_id]
    up, total = 0, 0
    if links:
        node = links[0]
        up, total = census.known(node) - census.out(node, Family.DOWN), census.known(node)
        if up:
            where = census.graph.nodes[node]
            facts.append(Evidence(name="neighbours_up", facts={"up": up, "of": total, "link_id": where.id}))
    # The port accepts and ONVIF does not answer: power and line are there, the device itself is what fails.
    sure = condition.reason is Reason.NO_ONVIF
    confidence = Confidence.HIGH if sure else Confidence.MEDIUM if up else Confidence.LOW
    return Finding(cause=Cause.DEVICE, confidence=confidence, evidence=tuple(facts))


def _degraded(census: Census, family: Family, device_ids: Collection[str]) -> Finding:
    by_reason: dict[Reason, int] = {}
    for device_id in device_ids:
        reason = census.conditions[device_id].reason
        by_reason[reason] = by_reason.get(reason, 0) + 1
    # The commonest first: it is what a title speaks of.
    counted = sorted(by_reason.items(), key=lambda pair: (-pair[1], pair[0]))
    facts = tuple(Evidence(name=r.value, facts={"devices": n}) for r, n in counted)
    # The device itself said so, except where all that is known is that it answers wrongly.
    confidence = Confidence.LOW if family is Family.IMPAIRED else Confidence.HIGH
    return Finding(cause=_DEGRADED[family], confidence=confidence, evidence=facts)


def _counts(census: Census, domain: Domain, family: Family) -> Evidence:
    node = census.graph.node_of[domain]
    of = len(census.graph.devices_of[node])
    facts: dict[str, str | int] = {"out": census.out(node, family), "known": census.known(node), "of": of}
    return Evidence(name="all_out" if facts["out"] == facts["known"] else "most_out", facts=facts)


def _starts(spread_ms: int) -> Evidence:
    return Evidence(name="began_within", facts={"spread_ms": spread_ms})


def _spread_ms(census: Census, device_ids: Collection[str]) -> int:
    starts = [census.conditions[i].since_ms for i in device_ids]
    return max(starts) - min(starts)


def _parent_answers(census: Census, graph: Graph, node: int) -> list[Evidence]:
    """Return the nearest device upstream that answers: the fault lies below it."""
    for above in graph.above_node[node]:
        for device_id in graph.own.get(above, ()):
            if census.conditions[device_id].status is Status.UP:
                return [Evidence(name="upstream_up", facts={"device_id": device_id, "link_id": graph.nodes[above].id})]
    return []
