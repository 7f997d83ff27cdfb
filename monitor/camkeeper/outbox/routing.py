"""Who is told of an incident's step, pure: (event, scope, routes, who was told before, now) -> targets.

A recovery goes to those who were told of the fault, and to nobody else. Quiet hours hold a letter back until their end,
they never drop one; a whole village, an operator's line and the monitor's own blindness are not held back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from camkeeper.model.equipment import DeviceKind
from camkeeper.model.incident import DomainKind, Happening, Incident, IncidentEvent, IncidentState
from camkeeper.model.registry import Registry
from camkeeper.model.routing import Match, QuietHours, Route, RoutingPolicy, Severity
from camkeeper.model.status import Status

_MAJOR = frozenset({DomainKind.SITE, DomainKind.OPERATOR_LINE, DomainKind.MONITOR})
_MINUTE_MS = 60_000
_OVER = frozenset({Happening.RESOLVED, Happening.WITHDRAWN, Happening.MERGED})


class Why(StrEnum):
    """Why a channel gets a letter."""

    ROUTE = "route"
    OTHERWISE = "otherwise"  # no route matched
    TOLD_BEFORE = "told_before"  # it heard of the incident, by escalation for instance, so it hears how it goes on
    ESCALATED = "escalated"  # nobody acknowledged in time


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What routes ask of an incident."""

    severity: Severity
    site_ids: frozenset[str] = frozenset()
    """Where its devices stand, and all sites above."""
    contractor_ids: frozenset[str] = frozenset()
    device_kinds: frozenset[DeviceKind] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One letter to be written."""

    channel_id: str
    why: Why
    route_id: str = ""
    level: int = 0
    """Of escalation: 0 is the first message, 1 the first step."""
    not_before_ms: int = 0
    """The end of quiet hours; 0: at once."""


def severity_of(incident: Incident) -> Severity:
    """Return how grave an incident is, by its domain and by the worst that its members have or had."""
    if incident.domain.kind in _MAJOR:
        return Severity.MAJOR
    down = any(member.status in {Status.DOWN, Status.UNKNOWN} for member in incident.members.values())
    return Severity.FAULT if down else Severity.NOTICE


def scope_of(incident: Incident, registry: Registry) -> Scope:
    """Return what routes ask of an incident; devices that have left the register count for nothing."""
    devices = [d for i in incident.members if (d := registry.device_by_id.get(i)) is not None]
    sites = {d.site_id for d in devices}
    if incident.domain.kind is DomainKind.SITE and incident.domain.id in registry.site_by_id:
        sites.add(incident.domain.id)
    return Scope(
        severity=severity_of(incident),
        site_ids=frozenset(above for site_id in sites for above in registry.ancestry(site_id)),
        contractor_ids=frozenset(d.contractor_id for d in devices if d.contractor_id is not None),
        device_kinds=frozenset(d.kind for d in devices),
    )


def targets(
    event: IncidentEvent, scope: Scope, policy: RoutingPolicy, *, told: Collection[str], now_ms: int
) -> tuple[Target, ...]:
    """Return who gets a letter about a step, each channel once.

    `told`: channels that have had a letter of this incident. Nobody, where the step isn't for telling.
    """
    if not event.tells:
        return ()
    routes = list(_matching(policy, scope))
    if event.happening in _OVER:
        deaf = {c for r in routes if not r.recovery for c in r.channel_ids} - {
            c for r in routes if r.recovery for c in r.channel_ids
        }
        found = [_before(c, routes, scope, now_ms) for c in sorted(told) if c not in deaf]
    else:
        found = [
            Target(channel_id=c, why=Why.ROUTE, route_id=r.id, not_before_ms=_held_until(r, scope, now_ms))
            for r in routes
            for c in r.channel_ids
        ]
        if not routes:
            found = [Target(channel_id=c, why=Why.OTHERWISE) for c in policy.otherwise]
        found += [_before(c, routes, scope, now_ms) for c in sorted(told)]
    return _once(found)


def escalations(
    incident: Incident, scope: Scope, policy: RoutingPolicy, *, told: Collection[str], now_ms: int
) -> tuple[Target, ...]:
    """Return who else is to be told now, because nobody acknowledged; call it every minute or at `escalates_at_ms`.

    A channel that has had a letter already is not told again: a step is for others.
    """
    if not _calls_for_someone(incident) or incident.opened_ms is None:
        return ()
    found = [
        Target(
            channel_id=channel_id,
            why=Why.ESCALATED,
            route_id=route.id,
            level=level,
            not_before_ms=_held_until(route, scope, now_ms),
        )
        for route in _matching(policy, scope)
        for level, step in enumerate(route.steps, 1)
        if now_ms >= incident.opened_ms + step.after_min * _MINUTE_MS
        for channel_id in step.channel_ids
        if channel_id not in told
    ]
    return _once(found)


def escalates_at_ms(incident: Incident, scope: Scope, policy: RoutingPolicy, *, told: Collection[str]) -> int | None:
    """Return when `escalations` will next have something to say; None: never, as things are."""
    if not _calls_for_someone(incident) or incident.opened_ms is None:
        return None
    due = (
        incident.opened_ms + step.after_min * _MINUTE_MS
        for route in _matching(policy, scope)
        for step in route.steps
        if not set(step.channel_ids) <= set(told)
    )
    return min(due, default=None)


def quiet_until_ms(quiet: QuietHours, now_ms: int) -> int:
    """Return the end of the quiet hours that `now_ms` lies in; 0 where it is not quiet.

    By the local clock: a night in which it is turned lasts an hour more or less.
    """
    start, end = quiet.start_minute, quiet.end_minute
    if start == end:
        return 0
    zone = ZoneInfo(quiet.timezone)
    local = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(zone)
    minute = local.hour * 60 + local.minute
    if not (start <= minute < end if start < end else minute >= start or minute < end):
        return 0
    day = local.date() + timedelta(days=1 if minute >= end else 0)
    over = datetime(day.year, day.month, day.day, end // 60, end % 60, tzinfo=zone)
    until_ms = round(over.timestamp() * 1000)
    return until_ms if until_ms > now_ms else 0  # an hour that the clock goes through twice


def _calls_for_someone(incident: Incident) -> bool:
    return (
        incident.state is IncidentState.OPEN
        and incident.acknowledged_ms is None
        and incident.suppressed_by is None
        and incident.merged_into is None
    )


def _matching(policy: RoutingPolicy, scope: Scope) -> Iterator[Route]:
    for route in policy.routes:
        if _matches(route.match, scope):
            yield route
            if route.last:
                return


def _matches(match: Match, scope: Scope) -> bool:
    return (
        scope.severity >= match.at_least
        and _meets(match.site_ids, scope.site_ids)
        and _meets(match.contractor_ids, scope.contractor_ids)
        and (not match.device_kinds or not match.device_kinds.isdisjoint(scope.device_kinds))
    )


def _meets(wanted: frozenset[str], there: frozenset[str]) -> bool:
    return not wanted or not wanted.isdisjoint(there)


def _before(channel_id: str, routes: Collection[Route], scope: Scope, now_ms: int) -> Target:
    """Return the target for a channel told before; its quiet hours are those of the route that knows it."""
    held = [
        _held_until(r, scope, now_ms)
        for r in routes
        if channel_id in r.channel_ids or any(channel_id in s.channel_ids for s in r.steps)
    ]
    return Target(channel_id=channel_id, why=Why.TOLD_BEFORE, not_before_ms=min(held, default=0))


def _held_until(route: Route, scope: Scope, now_ms: int) -> int:
    if route.quiet is None or scope.severity is Severity.MAJOR:
        return 0
    return quiet_until_ms(route.quiet, now_ms)


def _once(found: Collection[Target]) -> tuple[Target, ...]:
    """Keep each channel's first target, with the earliest time that any of its routes allows."""
    out: dict[str, Target] = {}
    for target in found:
        known = out.get(target.channel_id)
        if known is None or target.not_before_ms < known.not_before_ms:
            out[target.channel_id] = target
    return tuple(out.values())
