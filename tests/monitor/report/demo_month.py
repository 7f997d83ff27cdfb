"""A month of the demo township: what a monitor would have written of its 144 cameras in October, faults and repairs."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from tests.monitor.run.township import DAY_MS, HOUR_MS, NOVEMBER_MS, OCTOBER_MS, REASON, ZONE

from camkeeper.clock import SimulatedClock
from camkeeper.config import load
from camkeeper.ledger import Batch, Boot, Ledger, LifeChange, snapshot_of
from camkeeper.model.change import Transition
from camkeeper.model.deduction import DeductionTerms, LateRule
from camkeeper.model.deduction import Step as Below
from camkeeper.model.equipment import Device, DeviceKind
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
from camkeeper.model.registry import Registry
from camkeeper.model.service import FaultClass, preset
from camkeeper.model.span import Span
from camkeeper.model.status import Reason, Status
from camkeeper.model.workorder import PROBE, Faulty, OrderEvent, Step, Subject, Watched

MONTH = "2026-10"
CONFIG = Path(__file__).resolve().parents[3] / "config" / "cameras.yaml"
TICK_MS = NOVEMBER_MS + 2 * DAY_MS
MIN_MS = 60_000
SEED = 144
TERMS = DeductionTerms(
    name="daguo-demo",
    total=(Below(below_bp=9500, fen=300_000), Below(below_bp=9000, fen=800_000)),
    village=(Below(below_bp=9500, fen=20_000), Below(below_bp=9000, fen=50_000)),
    device={
        DeviceKind.CAMERA: (Below(below_bp=9000, fen=5_000), Below(below_bp=8000, fen=10_000)),
        DeviceKind.PTZ: (Below(below_bp=9000, fen=10_000),),
    },
    response=LateRule(every_min=30, fen=5_000, most_fen=20_000),
    repair=LateRule(every_min=240, fen=10_000, most_fen=50_000),
)
"""Of an invented contract: the demo's configuration has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One cause and the devices that it takes down; `told`: an incident, and an order for a long one."""

    span: Span
    cause: Cause
    domain: Domain
    devices: tuple[Device, ...]
    status: Status = Status.DOWN
    told: bool = True


def demo_registry() -> Registry:
    """Return the demo township with terms of deduction."""
    return replace(load(CONFIG), deductions=(TERMS,))


def write_month(path: Path, registry: Registry, *, close: bool) -> None:
    """Write October and the first days of November by the real writer."""
    faults = sorted(_faults(registry), key=lambda f: (f.span.start_ms, f.domain))
    boot = Boot(boot_id="demo", version="test")
    with Ledger.open(path, boot=boot, clock=SimulatedClock(wall_ms=OCTOBER_MS)) as ledger:
        lives = tuple(LifeChange(device_id=d.id, at_ms=OCTOBER_MS, enrolled=True) for d in registry.devices)
        ledger.append(Batch(config=snapshot_of(registry), at_ms=OCTOBER_MS, lives=lives)).result(60)
        ledger.append(Batch(transitions=tuple(_changes(registry, faults)), tick_ms=TICK_MS)).result(60)
    told = [fault for fault in faults if fault.told]
    with Ledger.open(path, boot=replace(boot, boot_id="demo2"), clock=SimulatedClock(wall_ms=TICK_MS)) as ledger:
        for number, fault in enumerate(told, 1):
            ledger.append(Batch(incidents=(_incident(number, fault),))).result(60)
        for step, fault in _orders(told):
            watched = {
                d.id: Watched(
                    status=Status.UP, since_ms=fault.span.end_ms, fault=fault.status, restored_ms=fault.span.end_ms
                )
                for d in fault.devices
            }
            ledger.append(Batch(orders=(step,), watched={step.number: watched})).result(60)
        while ledger.roll_up().result(60):
            pass
        if close:
            ledger.close_month(MONTH, zone=ZONE, by="李主任").result(60)


def _faults(registry: Registry) -> Iterator[Fault]:
    rng = random.Random(SEED)
    cameras = [d for d in registry.devices if d.kind.has_picture]
    for n, one in enumerate(registry.devices):
        bad = n % 37 == 5
        at_ms = OCTOBER_MS + rng.randrange(DAY_MS, 20 * DAY_MS)
        for _ in range(rng.choice((0, 1, 1, 2)) + 3 * bad):
            length_ms = int(rng.lognormvariate(4.4 + 1.6 * bad, 1.1) * MIN_MS)
            span = Span(start_ms=at_ms, end_ms=min(at_ms + length_ms, NOVEMBER_MS + DAY_MS))
            status, cause = (
                (Status.DEGRADED, Cause.IMAGE) if one.kind.has_picture and n % 5 == 2 else (Status.DOWN, Cause.DEVICE)
            )
            yield Fault(
                span=span,
                cause=cause,
                domain=Domain(kind=DomainKind.DEVICE, id=one.id),
                devices=(one,),
                status=status,
                told=length_ms > 5 * MIN_MS,
            )
            at_ms = span.end_ms + rng.randrange(HOUR_MS, 6 * DAY_MS)
            if at_ms > NOVEMBER_MS - HOUR_MS:
                break
    for sites, kind, cause, day, hour, length in (
        ({"dg21", "dg22"}, DomainKind.POWER, Cause.POWER, 19, 7.6, 9.3),
        ({"dg07"}, DomainKind.SWITCH, Cause.SWITCH, 9, 21.2, 6.5),
        ({"dg14", "dg15", "dg16"}, DomainKind.OPERATOR_LINE, Cause.OPERATOR_LINE, 24, 2.1, 11.4),
        ({"dg03"}, DomainKind.POLE, Cause.POWER, 3, 18.0, 60.0),
    ):
        start_ms = OCTOBER_MS + day * DAY_MS + int(hour * HOUR_MS)
        yield Fault(
            span=Span(start_ms=start_ms, end_ms=start_ms + int(length * HOUR_MS)),
            cause=cause,
            domain=Domain(kind=kind, id=min(sites)),
            devices=tuple(d for d in registry.devices if d.site_id in sites),
        )
    start_ms = OCTOBER_MS + 8 * DAY_MS + 14 * HOUR_MS
    yield Fault(
        span=Span(start_ms=start_ms, end_ms=start_ms + 3 * HOUR_MS),
        cause=Cause.MONITOR,
        domain=Domain(kind=DomainKind.MONITOR, id="up-mobile"),
        devices=tuple(cameras),
        status=Status.UNKNOWN,
        told=False,
    )


def _changes(registry: Registry, faults: Iterable[Fault]) -> list[Transition]:
    """Return each device's changes: of faults that overlap, the one that began last holds until it ends."""
    of: dict[str, list[tuple[Span, Status]]] = {d.id: [] for d in registry.devices}
    for fault in faults:
        for device in fault.devices:
            of[device.id].append((fault.span, fault.status))
    out: list[Transition] = []
    for device_id, spans in of.items():
        cuts = sorted({edge for span, _ in spans for edge in (span.start_ms, span.end_ms)})
        told = [(OCTOBER_MS, Status.UNKNOWN), (OCTOBER_MS + MIN_MS, Status.UP)]
        for at_ms in cuts:
            now = [status for span, status in spans if at_ms in span]
            told.append((at_ms, now[-1] if now else Status.UP))
        for (_, old), (at_ms, new) in pairwise(
            [one for n, one in enumerate(told) if not n or one[1] != told[n - 1][1]]
        ):
            out.append(
                Transition(device_id=device_id, at_ms=at_ms, decided_ms=at_ms, old=old, new=new, reason=REASON[new])
            )
    return sorted(out, key=lambda change: (change.at_ms, change.device_id))


def _incident(number: int, fault: Fault) -> IncidentEvent:
    began_ms, end_ms = fault.span.start_ms, fault.span.end_ms
    members = {
        d.id: Member(
            device_id=d.id, status=fault.status, reason=Reason.NO_ANSWER, since_ms=began_ms, recovered_ms=end_ms
        )
        for d in fault.devices
    }
    made = Incident(
        id=f"I{number:06d}",
        domain=fault.domain,
        cause=fault.cause,
        confidence=Confidence.MEDIUM,
        evidence=(),
        state=IncidentState.RESOLVED,
        began_ms=began_ms,
        held_ms=began_ms,
        opened_ms=began_ms + 90_000,
        resolved_ms=end_ms,
        members=members,
        acknowledged_by="值班员",
        acknowledged_ms=min(end_ms, began_ms + (4 + number % 13) * MIN_MS),
    )
    return IncidentEvent(at_ms=end_ms, happening=Happening.RESOLVED, incident=made, tells=True, by="值班员")


def _orders(told: list[Fault]) -> Iterator[tuple[OrderEvent, Fault]]:
    """Yield the steps of orders for faults of an hour and more, from opening to closing."""
    policy = preset("standard", tz=ZONE)
    number = 0
    for at, fault in enumerate(told, 1):
        contractor = next((d.contractor_id for d in fault.devices if d.contractor_id), None)
        if fault.span.length_ms < HOUR_MS or contractor is None:
            continue
        number += 1
        began_ms, end_ms = fault.span.start_ms, fault.span.end_ms
        alone = fault.domain.kind is DomainKind.DEVICE
        answered_ms = min(end_ms - 20 * MIN_MS, began_ms + (10 + number * 37 % 170) * MIN_MS)
        opened = OrderEvent(
            number=number,
            at_ms=began_ms + 2 * MIN_MS,
            step=Step.OPENED,
            by=PROBE,
            subject=Subject(domain=fault.domain, cause=fault.cause, site_ids=(fault.devices[0].site_id,)),
            terms=policy.terms(FaultClass.DEVICE if alone else FaultClass.DOMAIN),
            code=f"{1000 + number}",
            incident_id=f"I{at:06d}",
            devices=tuple(Faulty(device_id=d.id, status=fault.status, since_ms=began_ms) for d in fault.devices),
        )
        assigned = OrderEvent(
            number=number, at_ms=began_ms + 3 * MIN_MS, step=Step.ASSIGNED, by="duty", contractor_id=contractor
        )
        by_hand = replace(assigned, by="王师傅", contractor_id="")
        proven = replace(assigned, at_ms=end_ms + 2 * HOUR_MS, by=PROBE, contractor_id="")
        for step in (
            opened,
            assigned,
            replace(by_hand, step=Step.ACCEPTED, at_ms=answered_ms),
            replace(by_hand, step=Step.REPAIRED, at_ms=end_ms),
            replace(proven, step=Step.VERIFIED, restored_ms=end_ms),
            replace(proven, step=Step.CLOSED),
        ):
            yield step, fault
