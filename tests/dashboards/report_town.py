"""A township with a real ledger of two months behind its reports: written by the real writer, read by the real room."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from tests.dashboards.township import AT_MS, VILLAGES, Township, device, standing
from tests.monitor.run.township import DAY_MS, HOUR_MS, NOVEMBER_MS, OCTOBER_MS, REASON, ZONE, Story

from camkeeper.clock import SimulatedClock
from camkeeper.ledger import Batch, Boot, Ledger, LifeChange, snapshot_of
from camkeeper.model.change import Transition
from camkeeper.model.contract import Contractor, Window, WindowKind
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
from camkeeper.model.span import Span
from camkeeper.model.status import Reason, Status
from camkeeper.run.reports import ReportRoom
from camkeeper.standing.view import Standing

TICK_MS = AT_MS
FOREVER = 2**50
FIRST, SECOND = "2026-10", "2026-11"
CONTRACTORS = (Contractor(id="k1", name="平安运维公司"), Contractor(id="k2", name="惠民网络公司"))


def registered(villages: int, cameras: int) -> Registry:
    """Return a town; every fourth camera in the care of the second contractor, the last in nobody's."""
    town = Site(id="town", name="大郭镇", kind=SiteKind.TOWN, timezone=ZONE, target_bp=9500)
    sites = tuple(
        Site(
            id=f"v{n:02d}",
            name=f"{VILLAGES[n % len(VILLAGES)]}村",
            kind=SiteKind.VILLAGE,
            timezone=ZONE,
            target_bp=9500,
            parent_id="town",
        )
        for n in range(villages)
    )
    devices = tuple(
        Device(
            id=f"cam-{n:04d}",
            name=f"{VILLAGES[n % villages % len(VILLAGES)]}村广场 {n // villages + 1}号",
            kind=DeviceKind.CAMERA,
            site_id=f"v{n % villages:02d}",
            address=Address(host="127.0.0.1"),
            contractor_id=None if n == cameras - 1 else CONTRACTORS[n % 4 == 3].id,
        )
        for n in range(cameras)
    )
    window = Window(
        id="w1",
        kind=WindowKind.EXCLUSION,
        span=Span(start_ms=OCTOBER_MS + 2 * DAY_MS, end_ms=OCTOBER_MS + 3 * DAY_MS),
        reason="道路施工，光缆迁改",
        evidence="会议纪要 12 号",
        approver="镇综治中心",
        site_ids=frozenset({"v01"}),
    )
    return Registry(name="大郭镇", sites=(town, *sites), devices=devices, contractors=CONTRACTORS, windows=(window,))


def stories(registry: Registry, seed: int = 7) -> list[Story]:
    """Return two months of each camera: some good, some bad, some unknown; one enrolled late."""
    rng = random.Random(seed)
    out = []
    for n, one in enumerate(registry.devices):
        start_ms = OCTOBER_MS + (5 * DAY_MS if n == 2 else 0)
        changes: list[tuple[int, Status]] = [(start_ms + 60_000, Status.UP)]
        at_ms = start_ms + 2 * HOUR_MS
        bad = 0.35 if n % 9 == 4 else 0.03
        while at_ms < TICK_MS - DAY_MS:
            at_ms += rng.randrange(HOUR_MS, 5 * DAY_MS)
            status = rng.choice((Status.DOWN, Status.DOWN, Status.DEGRADED, Status.UNKNOWN))
            length_ms = int(rng.random() * bad * 3 * DAY_MS) + 60_000
            if at_ms + length_ms >= TICK_MS:
                break
            changes += [(at_ms, status), (at_ms + length_ms, Status.UP)]
            at_ms += length_ms
        out.append(Story(device=one, life=Span(start_ms=start_ms, end_ms=FOREVER), changes=tuple(changes)))
    return out


def incidents() -> list[IncidentEvent]:
    """Return a repaired power cut, a line that is still out, and one that nobody was told of."""
    return [
        _event("I000001", Cause.POWER, OCTOBER_MS + DAY_MS, 3 * HOUR_MS, ("cam-0000", "cam-0001")),
        _event("I000002", Cause.POWER, OCTOBER_MS + 4 * DAY_MS, 5 * HOUR_MS, ("cam-0001",)),
        _event("I000003", Cause.OPERATOR_LINE, NOVEMBER_MS + 3 * DAY_MS, None, ("cam-0002", "cam-0003")),
        _event("I000004", Cause.DEVICE, NOVEMBER_MS + DAY_MS, HOUR_MS, ("cam-0001",), told=False),
    ]


def _event(
    number: str, cause: Cause, began_ms: int, lasted_ms: int | None, devices: tuple[str, ...], *, told: bool = True
) -> IncidentEvent:
    end_ms = None if lasted_ms is None else began_ms + lasted_ms
    made = Incident(
        id=number,
        domain=Domain(kind=DomainKind.DEVICE, id=devices[0]),
        cause=cause,
        confidence=Confidence.MEDIUM,
        evidence=(),
        state=IncidentState.OPEN if end_ms is None else IncidentState.RESOLVED,
        began_ms=began_ms,
        held_ms=began_ms,
        opened_ms=began_ms + 90_000 if told else None,
        resolved_ms=end_ms,
        members={
            i: Member(device_id=i, status=Status.DOWN, reason=Reason.NO_ANSWER, since_ms=began_ms, recovered_ms=end_ms)
            for i in devices
        },
        acknowledged_by="张三" if told else None,
        acknowledged_ms=began_ms + 690_000 if told else None,
    )
    return IncidentEvent(
        at_ms=began_ms + 690_000, happening=Happening.ACKNOWLEDGED, incident=made, tells=False, by="张三"
    )


def written(path: Path, registry: Registry, *, close: str | None = None) -> None:
    """Write the ledger, its incidents, its rollups, and close a month where one is named."""
    clock = SimulatedClock(wall_ms=OCTOBER_MS)
    with Ledger.open(path, boot=Boot(boot_id="b", version="test"), clock=clock) as ledger:
        for batch in _batches(registry):
            ledger.append(batch).result(60)
    clock = SimulatedClock(wall_ms=TICK_MS)
    with Ledger.open(path, boot=Boot(boot_id="b2", version="test"), clock=clock) as ledger:
        for event in incidents():
            ledger.append(Batch(incidents=(event,))).result(10)
        while ledger.roll_up().result(30):
            pass
        if close is not None:
            ledger.close_month(close, zone=ZONE, by="李主任").result(10)


def _batches(registry: Registry) -> Iterator[Batch]:
    """Yield what the monitor would have told, thousands of changes at a time."""
    told = stories(registry)
    lives = tuple(LifeChange(device_id=s.device.id, at_ms=s.life.start_ms, enrolled=True) for s in told)
    yield Batch(config=snapshot_of(registry), at_ms=OCTOBER_MS, lives=lives)
    changes = [
        Transition(device_id=s.device.id, at_ms=at_ms, decided_ms=at_ms, old=old, new=new, reason=REASON[new])
        for s in told
        for (_, old), (at_ms, new) in pairwise([(0, Status.UNKNOWN), *s.changes])
    ]
    changes.sort(key=lambda change: (change.at_ms, change.device_id))
    for n in range(0, len(changes), 4096):
        yield Batch(transitions=tuple(changes[n : n + 4096]))
    yield Batch(tick_ms=TICK_MS)


@dataclass(slots=True, kw_only=True)
class ReportTown(Township):
    """A source that has reports."""

    room: ReportRoom | None = field(default=None)

    def reports(self) -> ReportRoom | None:
        return self.room


def report_town(path: Path, *, villages: int = 6, cameras: int = 24, close: str | None = FIRST) -> ReportTown:
    """Return a township over a ledger that is written there."""
    registry = registered(villages, cameras)
    written(path, registry, close=close)
    return ReportTown(
        value=shown(registry), room=ReportRoom(ledger=path, now_ms=lambda: TICK_MS, registry=lambda: registry)
    )


def shown(registry: Registry) -> Standing:
    """Return a Standing of the register's devices."""
    return standing(device(d.id, name=d.name, site_id=d.site_id) for d in registry.devices)
