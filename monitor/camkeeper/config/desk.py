"""`notify`, `policy.incident`, `policy.service`: who hears of what, what belongs together, what is promised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, model_validator

from camkeeper.config import scalars as s
from camkeeper.config.channels import Address
from camkeeper.config.contracts import ServiceTermsEntry
from camkeeper.config.entry import Entry
from camkeeper.config.fault import Loc
from camkeeper.config.findings import Findings
from camkeeper.config.scalars import refuse
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.incident import IncidentPolicy
from camkeeper.model.outbox import WatchdogPolicy
from camkeeper.model.routing import Match, QuietHours, Route, RoutingPolicy, Severity, Step
from camkeeper.model.service import ServicePolicy, preset

_SEVERITIES = {severity.name.lower(): severity for severity in Severity}


def _severity(value: Any) -> Severity:
    if not isinstance(value, str) or value not in _SEVERITIES:
        listed = " ".join(_SEVERITIES)
        raise refuse(zh=f"应为下列之一：{listed}", en=f"wants one of: {listed}")
    return _SEVERITIES[value]


Grade = Annotated[Severity, BeforeValidator(_severity)]
Percent = Annotated[int, BeforeValidator(s.whole(1, 100))]
Several = Annotated[int, BeforeValidator(s.whole(2, 1_000))]
Minutes = Annotated[int, BeforeValidator(s.whole(1, 10_080))]


class IncidentEntry(Entry):
    """When outages belong together, and when people are told."""

    hold_s: s.Cadence = 90.0
    window_s: s.Cadence = 120.0
    share_percent: Percent = 90
    unstable_changes: Several = 6
    unstable_window_s: s.Cadence = 3600.0
    calm_s: s.Cadence = 1800.0
    realert_s: s.Cadence = 1800.0


class ServiceEntry(Entry):
    """What the contract promises of repairs."""

    preset: s.Preset = "standard"
    stable_s: s.Cadence = 7200.0
    restore_within_s: s.Cadence = 1800.0
    relapse_days: s.Days = 7
    auto_close: s.Flag = True


class QuietEntry(Entry):
    """Local hours in which a letter waits."""

    start: s.TimeOfDay
    end: s.TimeOfDay


class EscalationEntry(Entry):
    """One level: who else is told, and after how long."""

    after_min: Minutes
    channels: tuple[s.Id, ...]


class RouteEntry(Entry):
    """Incidents that match go to these channels."""

    id: s.Id
    channels: tuple[s.Id, ...]
    contractors: tuple[s.Id, ...] = ()
    sites: tuple[s.Id, ...] = ()
    kinds: tuple[DeviceKind, ...] = ()
    at_least: Grade = Severity.NOTICE
    quiet: QuietEntry | None = None
    recovery: s.Flag = True
    escalate: tuple[EscalationEntry, ...] = ()
    last: s.Flag = False

    @model_validator(mode="after")
    def _goes_on(self) -> RouteEntry:
        minutes = [step.after_min for step in self.escalate]
        if minutes != sorted(set(minutes)):
            raise refuse(
                zh="升级各级的 after_min 应由小到大、不重复",
                en="each level of escalation comes later than the one before it",
                key="escalate",
            )
        return self


class WatchdogEntry(Entry):
    """Who hears of the monitor itself."""

    ping: tuple[s.Id, ...] = ()
    ping_every_s: s.Cadence = 60.0
    daily: tuple[s.Id, ...] = ()
    daily_at: s.TimeOfDay = "08:30"
    trouble: tuple[s.Id, ...] = ()


class NotifyEntry(Entry):
    """Who hears of what."""

    routes: tuple[RouteEntry, ...] = ()
    otherwise: tuple[s.Id, ...] = ()
    public_url: Address | None = None
    watchdog: WatchdogEntry | None = None


def incident(e: IncidentEntry) -> IncidentPolicy:
    """Return the policy; what the file doesn't name is as built in."""
    return IncidentPolicy(
        hold_ms=round(e.hold_s * 1000),
        window_ms=round(e.window_s * 1000),
        share_percent=e.share_percent,
        unstable_changes=e.unstable_changes,
        unstable_window_ms=round(e.unstable_window_s * 1000),
        calm_ms=round(e.calm_s * 1000),
        realert_ms=round(e.realert_s * 1000),
    )


def service(e: ServiceEntry, tz: str) -> ServicePolicy:
    """Return the contract; its working hours are of the zone `tz`."""
    return _contract(e, tz, name=e.preset)


def contract_of(own: ServiceTermsEntry, usual: ServiceEntry, contractor_id: str, tz: str) -> ServicePolicy:
    """Return one contractor's contract: what it doesn't name is as in `policy.service`."""
    said = {key: value for key, value in dict(own).items() if value is not None}
    e = ServiceEntry.model_construct(**{**dict(usual), **said})
    return _contract(e, tz, name=f"{e.preset}-{contractor_id}")


def _contract(e: ServiceEntry, tz: str, *, name: str) -> ServicePolicy:
    usual = preset(e.preset, tz=tz)
    return ServicePolicy(
        name=name,
        pledges=usual.pledges,
        hours=usual.hours,
        stable_ms=round(e.stable_s * 1000),
        restore_within_ms=round(e.restore_within_s * 1000),
        relapse_days=e.relapse_days,
        auto_close=e.auto_close,
    )


def routing(e: NotifyEntry, routes: Iterable[RouteEntry], tz: str) -> RoutingPolicy:
    """Return the routes; quiet hours are of the zone `tz`."""
    return RoutingPolicy(routes=tuple(_route(route, tz) for route in routes), otherwise=e.otherwise)


def watchdog(e: WatchdogEntry, tz: str) -> WatchdogPolicy:
    """Return who hears of the monitor itself."""
    return WatchdogPolicy(
        ping_channel_ids=e.ping,
        ping_every_s=e.ping_every_s,
        daily_channel_ids=e.daily,
        daily_minute=_minute(e.daily_at),
        trouble_channel_ids=e.trouble,
        timezone=tz,
    )


def check(e: NotifyEntry, routes: Mapping[int, RouteEntry], root: Mapping[str, Any], findings: Findings) -> None:
    """Add the faults of ids that are not in the file, and of routes that have the same id."""
    seen: set[str] = set()
    for place, route in routes.items():
        at: Loc = ("notify", "routes", place)
        if route.id in seen:
            findings.fault((*at, "id"), zh="编号重复", en="this id is taken")
        seen.add(route.id)
        _refer((*at, "channels"), route.channels, "channels", root, findings)
        _refer((*at, "contractors"), route.contractors, "contractors", root, findings)
        _refer((*at, "sites"), route.sites, "sites", root, findings)
        for level, step in enumerate(route.escalate):
            _refer((*at, "escalate", level, "channels"), step.channels, "channels", root, findings)
    _refer(("notify", "otherwise"), e.otherwise, "channels", root, findings)
    if e.watchdog is not None:
        for key in ("ping", "daily", "trouble"):
            _refer(("notify", "watchdog", key), getattr(e.watchdog, key), "channels", root, findings)


_WORDS = {"channels": ("通道", "channel"), "contractors": ("维保单位", "contractor"), "sites": ("地点", "site")}


def _refer(at: Loc, ids: Iterable[str], section: str, root: Mapping[str, Any], findings: Findings) -> None:
    """Add the fault of each id that no entry of a section has, valid or not."""
    entries = root.get(section)
    if not isinstance(entries, list | None):
        return  # told already
    there = tuple(str(entry["id"]) for entry in entries or () if isinstance(entry, dict) and "id" in entry)
    zh, en = _WORDS[section]
    for place, one in enumerate(ids):
        if one not in there:
            findings.unknown_id((*at, place), one, there, zh=zh, en=en)


def _route(e: RouteEntry, tz: str) -> Route:
    quiet = None
    if e.quiet is not None:
        quiet = QuietHours(start_minute=_minute(e.quiet.start), end_minute=_minute(e.quiet.end), timezone=tz)
    return Route(
        id=e.id,
        channel_ids=e.channels,
        match=Match(
            contractor_ids=frozenset(e.contractors),
            site_ids=frozenset(e.sites),
            device_kinds=frozenset(e.kinds),
            at_least=e.at_least,
        ),
        quiet=quiet,
        recovery=e.recovery,
        steps=tuple(Step(after_min=step.after_min, channel_ids=step.channels) for step in e.escalate),
        last=e.last,
    )


def _minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
