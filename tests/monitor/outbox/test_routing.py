"""Who is told: by place, contractor, kind and gravity; not at night; and who else when nobody reacts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camkeeper.model.equipment import Address, Device, DeviceKind
from camkeeper.model.incident import (
    Cause,
    Confidence,
    Domain,
    DomainKind,
    Happening,
    Incident,
    IncidentEvent,
    IncidentState,
    Member,
)
from camkeeper.model.place import Site, SiteKind
from camkeeper.model.registry import Registry
from camkeeper.model.routing import Match, QuietHours, Route, RoutingPolicy, Severity, Step
from camkeeper.model.status import Reason, Status
from camkeeper.outbox.routing import (
    Target,
    Why,
    escalates_at_ms,
    escalations,
    quiet_until_ms,
    scope_of,
    severity_of,
    targets,
)

ZONE = ZoneInfo("Asia/Shanghai")
NIGHT = QuietHours(start_minute=22 * 60, end_minute=7 * 60)
MINUTE_MS = 60_000


def at(hour: int, minute: int = 0, day: int = 10) -> int:
    return round(datetime(2026, 10, day, hour, minute, tzinfo=ZONE).timestamp() * 1000)


def site(name: str, kind: SiteKind, parent: str | None = None) -> Site:
    return Site(id=name, name=name, kind=kind, timezone="Asia/Shanghai", target_bp=9500, parent_id=parent)


def device(name: str, place: str, kind: DeviceKind = DeviceKind.CAMERA, contractor: str | None = "wb1") -> Device:
    return Device(
        id=name, name=name, kind=kind, site_id=place, address=Address(host="192.0.2.1"), contractor_id=contractor
    )


REGISTRY = Registry(
    name="镇",
    sites=(
        site("town", SiteKind.TOWN),
        site("v1", SiteKind.VILLAGE, "town"),
        site("v2", SiteKind.VILLAGE, "town"),
        site("g1", SiteKind.GRID, "v1"),
    ),
    devices=(
        device("c1", "g1"),
        device("c2", "v2"),
        device("s1", "v2", DeviceKind.SPEAKER, "wb2"),
        device("orphan", "v2", contractor=None),
    ),
)


def incident(
    *devices: str, kind: DomainKind = DomainKind.POLE, status: Status = Status.DOWN, domain_id: str = "p1"
) -> Incident:
    return Incident(
        id="I000001",
        domain=Domain(kind=kind, id=domain_id),
        cause=Cause.POWER,
        confidence=Confidence.HIGH,
        evidence=(),
        state=IncidentState.OPEN,
        began_ms=at(12),
        held_ms=at(12),
        opened_ms=at(12),
        members={d: Member(device_id=d, status=status, reason=Reason.NO_ANSWER, since_ms=at(12)) for d in devices},
    )


def event(found: Incident, happening: Happening = Happening.OPENED, *, tells: bool = True) -> IncidentEvent:
    return IncidentEvent(at_ms=at(12), happening=happening, incident=found, tells=tells)


def told_of(found: Incident, policy: RoutingPolicy, *, now_ms: int = at(12), told: tuple[str, ...] = ()) -> list[str]:
    got = targets(event(found), scope_of(found, REGISTRY), policy, told=told, now_ms=now_ms)
    return [target.channel_id for target in got]


def test_by_place_contractor_kind_and_gravity() -> None:
    policy = RoutingPolicy(
        routes=(
            Route(id="v1", channel_ids=("v1-duty",), match=Match(site_ids=frozenset({"v1"}))),
            Route(id="wb2", channel_ids=("wb2-desk",), match=Match(contractor_ids=frozenset({"wb2"}))),
            Route(id="sound", channel_ids=("sound",), match=Match(device_kinds=frozenset({DeviceKind.SPEAKER}))),
            Route(id="leader", channel_ids=("leader",), match=Match(at_least=Severity.MAJOR)),
        ),
        otherwise=("office",),
    )
    assert told_of(incident("c1"), policy) == ["v1-duty"]  # the grid lies in the village
    assert told_of(incident("c2"), policy) == ["office"]
    assert told_of(incident("s1"), policy) == ["wb2-desk", "sound"]
    assert told_of(incident("c1", "s1"), policy) == ["v1-duty", "wb2-desk", "sound"]
    whole = incident("c1", kind=DomainKind.SITE, domain_id="v1")
    assert told_of(whole, policy) == ["v1-duty", "leader"]
    assert told_of(incident(kind=DomainKind.SITE, domain_id="v1"), policy) == ["v1-duty", "leader"]
    assert told_of(incident("gone"), policy) == ["office"]
    assert not targets(
        event(incident("c1"), tells=False), scope_of(incident("c1"), REGISTRY), policy, told=(), now_ms=0
    )


def test_a_last_route_ends_the_asking() -> None:
    routes = (Route(id="a", channel_ids=("a",), last=True), Route(id="b", channel_ids=("b",)))
    assert told_of(incident("c1"), RoutingPolicy(routes=routes)) == ["a"]


def test_gravity() -> None:
    assert severity_of(incident("c1")) is Severity.FAULT
    assert severity_of(incident("c1", status=Status.DEGRADED)) is Severity.NOTICE
    for kind in (DomainKind.SITE, DomainKind.OPERATOR_LINE, DomainKind.MONITOR):
        assert severity_of(incident(kind=kind)) is Severity.MAJOR


def test_night_holds_back_until_morning_but_not_a_whole_village() -> None:
    policy = RoutingPolicy(routes=(Route(id="a", channel_ids=("a",), quiet=NIGHT),))
    found = incident("c1")

    def held(one: Incident, now_ms: int) -> int:
        (target,) = targets(event(one), scope_of(one, REGISTRY), policy, told=(), now_ms=now_ms)
        return target.not_before_ms

    assert held(found, at(12)) == 0
    assert held(found, at(23)) == at(7, day=11)
    assert held(found, at(3)) == at(7)
    assert held(found, at(7)) == 0
    assert held(incident("c1", kind=DomainKind.OPERATOR_LINE), at(3)) == 0
    awake = Route(id="b", channel_ids=("a",))
    policy = RoutingPolicy(routes=(*policy.routes, awake))  # the same channel by a route that has no night
    assert held(found, at(3)) == 0


def test_the_end_is_for_those_who_heard_of_the_beginning() -> None:
    policy = RoutingPolicy(
        routes=(
            Route(id="a", channel_ids=("a",), steps=(Step(after_min=30, channel_ids=("boss",)),)),
            Route(id="b", channel_ids=("b",), recovery=False),
        )
    )
    found = incident("c1")
    over = event(replace(found, state=IncidentState.RESOLVED), Happening.RESOLVED)
    got = targets(over, scope_of(found, REGISTRY), policy, told=("b", "boss", "a"), now_ms=at(13))
    assert [(t.channel_id, t.why) for t in got] == [("a", Why.TOLD_BEFORE), ("boss", Why.TOLD_BEFORE)]
    assert not targets(over, scope_of(found, REGISTRY), policy, told=(), now_ms=at(13))
    grew = event(found, Happening.GREW)
    got = targets(grew, scope_of(found, REGISTRY), policy, told=("a", "boss"), now_ms=at(13))
    assert [t.channel_id for t in got] == ["a", "b", "boss"]


def test_escalation_until_somebody_acknowledges() -> None:
    steps = (Step(after_min=30, channel_ids=("boss",)), Step(after_min=120, channel_ids=("county", "a")))
    policy = RoutingPolicy(routes=(Route(id="r", channel_ids=("a",), steps=steps),))
    found = incident("c1")
    scope = scope_of(found, REGISTRY)

    def escalated(one: Incident, minutes: int, *told: str) -> list[tuple[str, int]]:
        got = escalations(one, scope, policy, told=told, now_ms=at(12) + minutes * MINUTE_MS)
        return [(t.channel_id, t.level) for t in got]

    assert escalated(found, 29, "a") == []
    assert escalated(found, 30, "a") == [("boss", 1)]
    assert escalated(found, 31, "a", "boss") == []
    assert escalated(found, 120, "a", "boss") == [("county", 2)]
    assert escalated(found, 120, "a") == [("boss", 1), ("county", 2)]  # the monitor was away meanwhile
    assert escalates_at_ms(found, scope, policy, told=("a",)) == at(12, 30)
    assert escalates_at_ms(found, scope, policy, told=("a", "boss")) == at(14)
    assert escalates_at_ms(found, scope, policy, told=("a", "boss", "county")) is None
    for quiet in (
        replace(found, acknowledged_ms=at(12, 5), acknowledged_by="王工"),
        replace(found, state=IncidentState.RESOLVED),
        replace(found, suppressed_by="I000009"),
    ):
        assert escalated(quiet, 500) == []
        assert escalates_at_ms(quiet, scope, policy, told=()) is None


@given(st.integers(0, 1439), st.integers(0, 1439), st.integers(at(0), at(0) + 3 * 24 * 3_600_000))
def test_quiet_hours_end_within_a_day_on_their_minute(start: int, end: int, now_ms: int) -> None:
    quiet = QuietHours(start_minute=start, end_minute=end)
    until_ms = quiet_until_ms(quiet, now_ms)
    if until_ms:
        assert now_ms < until_ms <= now_ms + 24 * 3_600_000
        local = datetime.fromtimestamp(until_ms / 1000, ZONE)
        assert local.hour * 60 + local.minute == end
        assert quiet_until_ms(quiet, until_ms) == 0
        assert quiet_until_ms(quiet, until_ms - 1) == until_ms


def test_a_night_in_which_the_clock_is_turned() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    quiet = QuietHours(start_minute=60, end_minute=150, timezone="Europe/Berlin")  # 01:00 to 02:30
    for day, month in ((29, 3), (25, 10)):
        start = round(datetime(2026, month, day, 0, 0, tzinfo=berlin).timestamp() * 1000)
        for minutes in range(0, 300, 7):
            now_ms = start + minutes * MINUTE_MS
            until_ms = quiet_until_ms(quiet, now_ms)
            assert until_ms == 0 or now_ms < until_ms <= now_ms + 3 * 3_600_000


def test_what_makes_no_sense_raises() -> None:
    with pytest.raises(ValueError, match="outside the day"):
        QuietHours(start_minute=0, end_minute=1440)
    with pytest.raises(ValueError, match="order of their minutes"):
        Route(id="r", channel_ids=(), steps=(Step(after_min=5, channel_ids=()), Step(after_min=5, channel_ids=())))
    with pytest.raises(ValueError, match="some minutes after"):
        Step(after_min=0, channel_ids=())
    assert Target(channel_id="a", why=Why.ROUTE).level == 0
