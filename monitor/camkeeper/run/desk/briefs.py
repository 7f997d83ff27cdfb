"""What a message may say, gathered: names, what was checked, what it hangs on, deadlines, the month's rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from fractions import Fraction

from camkeeper.availability.buckets import BASIS_POINTS, Buckets
from camkeeper.availability.days import local_date, local_ms
from camkeeper.message import Brief, Checked, Effect, Neighbours, Upstream
from camkeeper.model.equipment import Device, Link
from camkeeper.model.incident import Domain, DomainKind, Incident, IncidentEvent
from camkeeper.model.picture import Finding
from camkeeper.model.probing import Rung, Verdict
from camkeeper.model.registry import Registry
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from camkeeper.model.workorder import WorkOrder
from camkeeper.run.township import Township
from camkeeper.standing.view import SiteStanding, Standing
from camkeeper.workorder.deadline import due, excluded_for

_NAMES = 40
_LOOKED_AT_MS = 100 * 86_400_000
_SAYS_NOTHING = frozenset({Verdict.SKIPPED, Verdict.NOT_OFFERED, Verdict.MONITOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What there is beside the incident itself."""

    township: Township
    standing: Standing | None
    """The newest figures; None before there are any."""
    timezone: str
    findings: Mapping[str, Finding] = field(default_factory=dict)
    """What pictures prove of cameras now, by their ids."""

    @property
    def registry(self) -> Registry:
        """The register in force."""
        return self.township.registry


def brief_of(
    event: IncidentEvent,
    around: Around,
    *,
    order: WorkOrder | None,
    url: str = "",
    escalation: int = 0,
    into: WorkOrder | None = None,
) -> Brief:
    """Return the brief of one step."""
    registry, incident = around.registry, event.incident
    site_id = place_of(incident, registry)
    out = still_out(incident, registry)
    by = due(order, excluded_of(order, registry)) if order is not None else None
    site = _standing_of(site_id, around)
    return Brief(
        event=event,
        timezone=around.timezone,
        site=registry.site_by_id[site_id].name if site_id is not None else registry.name,
        domain=name_of(incident.domain, registry),
        device_names=tuple(d.name for d in out[:_NAMES]),
        domain_total=_total(incident, registry),
        checked=_checked(out, around.township),
        rounds=registry.judge.confirm_down,
        upstream=_upstream(incident, around),
        neighbours=_neighbours(incident, site_id, around),
        position=position_of(out),
        respond_by_ms=by.respond_by_ms if by is not None else None,
        repair_by_ms=by.repair_by_ms if by is not None else None,
        budget_ms=None if site is None else budget_ms(site, around.timezone),
        effect=None if site is None else _effect(incident, site, registry, event.at_ms),
        work_order=order.id if order is not None else "",
        code=order.code if order is not None else "",
        contact=_contact(order, registry),
        url=url,
        escalation=escalation,
        names=names_in(incident, registry),
        findings=tuple(around.findings[d.id] for d in out[:_NAMES] if d.id in around.findings),
        merged_into=into.id if into is not None else incident.merged_into or "",
    )


def name_of(domain: Domain, registry: Registry) -> str:
    """Return how people call a fault domain; its id where the register has left it."""
    if domain.kind is DomainKind.DEVICE and domain.id in registry.device_by_id:
        return registry.device_by_id[domain.id].name
    if domain.kind is DomainKind.SITE and domain.id in registry.site_by_id:
        return registry.site_by_id[domain.id].name
    if domain.kind is DomainKind.MONITOR:
        return next((u.name for u in registry.uplinks if u.id == domain.id), domain.id)
    link = registry.link_by_id.get(domain.id)
    return link.name if link is not None else domain.id.removeprefix("operator:")


def names_in(incident: Incident, registry: Registry) -> dict[str, str]:
    """Return how people call the devices, links, sites and uplinks that an incident's evidence speaks of, by id."""
    ids = {v for fact in incident.evidence for k, v in fact.facts.items() if k.endswith("_id") and isinstance(v, str)}
    found: dict[str, str] = {u.id: u.name for u in registry.uplinks if u.id in ids}
    for known in (registry.device_by_id, registry.link_by_id, registry.site_by_id):
        found |= {i: known[i].name for i in ids if i in known}
    return found


def place_of(incident: Incident, registry: Registry) -> str | None:
    """Return the smallest site that holds all of an incident's devices; None where there is none."""
    if incident.domain.kind is DomainKind.SITE and incident.domain.id in registry.site_by_id:
        return incident.domain.id
    chains = [registry.ancestry(d.site_id) for d in members(incident, registry)]
    if not chains:
        return None
    shared = set(chains[0]).intersection(*chains[1:])
    return next((site_id for site_id in chains[0] if site_id in shared), None)


def members(incident: Incident, registry: Registry) -> list[Device]:
    """Return the devices of an incident that are enrolled."""
    return [registry.device_by_id[i] for i in incident.members if i in registry.device_by_id]


def excluded_of(order: WorkOrder, registry: Registry) -> tuple[Span, ...]:
    """Return when nothing of an order counts: all its devices are in agreed spans that the deciding rule excludes.

    Looked at from its opening on, past any deadline that a contract knows.
    """
    period = Span(start_ms=order.opened_ms, end_ms=max(order.opened_ms, order.cycle.terms_ms) + _LOOKED_AT_MS)
    kinds = registry.accounting[0].excludes
    found = {
        i: tuple(w.span for w in registry.windows_within(registry.device_by_id[i], period) if w.kind in kinds)
        for i in order.devices
        if i in registry.device_by_id
    }
    return excluded_for(order, found)


def budget_ms(site: SiteStanding, tz: str) -> int | None:
    """Return how long a site's cameras may still be down this month, all together; negative: the promise is broken.

    The rest of the month counts with the cameras of now; None where nothing was accountable yet.
    """
    buckets, period = site.month.buckets, site.month.period
    if not buckets.accountable_ms:
        return None
    first = local_date(period.start_ms, tz)
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    rest_ms = max(0, local_ms(following, time.min, tz) - period.end_ms)
    total_ms = buckets.accountable_ms + rest_ms * site.cameras_total
    return total_ms * (BASIS_POINTS - site.target_bp) // BASIS_POINTS - buckets.down_ms


def still_out(incident: Incident, registry: Registry) -> list[Device]:
    """Return the devices that are out: what carries others first, then cameras."""
    out = [d for d in members(incident, registry) if incident.members[d.id].recovered_ms is None]
    return sorted(out, key=lambda d: (d.id != _embodied(incident.domain, registry), not d.kind.has_picture, d.id))


def _embodied(domain: Domain, registry: Registry) -> str | None:
    link = registry.link_by_id.get(domain.id)
    return link.device_id if link is not None else None


def _total(incident: Incident, registry: Registry) -> int | None:
    domain = incident.domain
    if domain.kind is DomainKind.SITE and domain.id in registry.site_by_id:
        return len(registry.devices_in(domain.id))
    if domain.id not in registry.link_by_id:
        return None
    own = _embodied(domain, registry)
    return sum(d.id == own or any(li.id == domain.id for li in registry.upstream(d)) for d in registry.devices)


def _checked(devices: Sequence[Device], township: Township) -> tuple[Checked, ...]:
    """Return the rungs that were asked of them, each device's up to the one that failed.

    One counts as answered where any device answered. Answers above a failure are older than it: not told.
    """
    found: dict[Rung, bool] = {}
    for d in devices:
        known = township.known(d.id)
        for rung in d.ladder if known is not None else ():
            result = known.rungs.get(rung) if known is not None else None
            if result is None or result.verdict in _SAYS_NOTHING:
                continue
            found[rung] = found.get(rung, False) or not result.verdict.is_failure
            if result.verdict.is_failure:
                break
    return tuple(Checked(rung=rung, ok=found[rung]) for rung in Rung if rung in found)


def _upstream(incident: Incident, around: Around) -> Upstream | None:
    """Return the nearest thing above the domain that is itself asked, and how it is."""
    registry, domain = around.registry, incident.domain
    above: tuple[Link, ...] = ()
    if domain.kind is DomainKind.DEVICE and domain.id in registry.device_by_id:
        above = registry.upstream(registry.device_by_id[domain.id])
    elif domain.id in registry.link_by_id:
        chain: list[Link] = []
        link = registry.link_by_id[domain.id]
        while link.upstream_id is not None:
            link = registry.link_by_id[link.upstream_id]
            chain.append(link)
        above = tuple(chain)
    for link in above:
        if link.device_id is not None:
            return Upstream(name=link.name, status=around.township.status(link.device_id))
    return None


def _neighbours(incident: Incident, site_id: str | None, around: Around) -> Neighbours | None:
    if site_id is None or incident.domain.kind is DomainKind.SITE:
        return None
    others = [d for d in around.registry.devices_in(site_id) if d.id not in incident.members]
    up = sum(around.township.status(d.id) is Status.UP for d in others)
    return Neighbours(total=len(others), up=up) if others else None


def position_of(devices: Sequence[Device]) -> str:
    """Return where the first of them with a position stands."""
    mount = next((d.mount for d in devices if d.mount is not None), None)
    return f"{mount.lat_deg:.5f}, {mount.lon_deg:.5f} (WGS-84)" if mount is not None else ""


def _contact(order: WorkOrder | None, registry: Registry) -> str:
    contractor = next((c for c in registry.contractors if order is not None and c.id == order.contractor_id), None)
    if contractor is None:
        return ""
    person = next((c for c in registry.contacts if c.id in contractor.contact_ids), None)
    return f"{contractor.name} {person.phone}".strip() if person is not None else contractor.name


def _standing_of(site_id: str | None, around: Around) -> SiteStanding | None:
    if around.standing is None or site_id is None:
        return None
    return next((s for s in around.standing.sites if s.id == site_id), None)


def _effect(incident: Incident, site: SiteStanding, registry: Registry, now_ms: int) -> Effect:
    """Return the month's rate as it is, and as it were had the incident's cameras been up."""
    buckets, period = site.month.buckets, site.month.period
    lost_ms = sum(
        max(0, min(m.recovered_ms or now_ms, period.end_ms) - max(m.since_ms, period.start_ms))
        for m in incident.members.values()
        if m.status is Status.DOWN and (d := registry.device_by_id.get(m.device_id)) is not None and d.kind.has_picture
    )
    lost_ms = min(lost_ms, buckets.down_ms)
    without = Buckets(up_ms=buckets.up_ms + lost_ms, down_ms=buckets.down_ms - lost_ms)
    return Effect(without_bp=_bp(without.ratio), with_bp=_bp(buckets.ratio), target_bp=site.target_bp)


def _bp(ratio: Fraction | None) -> int | None:
    return None if ratio is None else ratio.numerator * BASIS_POINTS // ratio.denominator
