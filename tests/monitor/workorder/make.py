"""Orders, steps and a small township for the tests of work orders."""

from __future__ import annotations

from typing import Any

from camkeeper.model.change import Transition
from camkeeper.model.contract import Contractor
from camkeeper.model.equipment import Address, Device, DeviceKind, Link, LinkKind
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
from camkeeper.model.service import FaultClass, ServicePolicy, preset
from camkeeper.model.status import Reason, Status
from camkeeper.model.workorder import PROBE, Faulty, OrderEvent, Step, Subject
from camkeeper.workorder.book import WorkOrderBook, opening, step

T0 = 1_790_000_000_000
MIN, HOUR, DAY = 60_000, 3_600_000, 86_400_000
SECRET = b"0123456789abcdef"
POLICY: ServicePolicy = preset("standard", tz="Asia/Shanghai")
POLE = Domain(kind=DomainKind.POLE, id="p1")


def opened(
    book: WorkOrderBook, *, at_ms: int = T0, devices: tuple[str, ...] = ("a",), domain: Domain = POLE
) -> OrderEvent:
    event = opening(
        book,
        at_ms=at_ms,
        by=PROBE,
        subject=Subject(domain=domain, cause=Cause.POWER, site_ids=("v1",)),
        terms=POLICY.terms(FaultClass.DOMAIN),
        secret=SECRET,
    )
    assert isinstance(event, OrderEvent)
    down = tuple(Faulty(device_id=i, status=Status.DOWN, since_ms=at_ms - MIN) for i in devices)
    return OrderEvent(
        number=event.number,
        at_ms=at_ms,
        step=Step.OPENED,
        by=PROBE,
        subject=event.subject,
        terms=event.terms,
        code=event.code,
        incident_id=f"I{event.number:06d}",
        devices=down,
    )


def event(number: int, what: Step, at_ms: int, *, by: str = "zhang", **more: Any) -> OrderEvent:
    return OrderEvent(number=number, at_ms=at_ms, step=what, by=by, **more)


def walked(*events: OrderEvent, devices: tuple[str, ...] = ("a",)) -> WorkOrderBook:
    """A book whose first order was opened at T0 and went these steps."""
    book, no = step(WorkOrderBook(), opened(WorkOrderBook(), devices=devices))
    assert no is None
    for one in events:
        book, no = step(book, one)
        assert no is None, no
    return book


def change(device_id: str, at_ms: int, new: Status, old: Status = Status.UNKNOWN) -> Transition:
    reason = Reason.RECOVERED if new is Status.UP else Reason.NO_ANSWER
    old = old if old is not new else Status.UNKNOWN if new is not Status.UNKNOWN else Status.UP
    return Transition(device_id=device_id, at_ms=at_ms, decided_ms=at_ms, old=old, new=new, reason=reason)


def township() -> Registry:
    """Two villages of three cameras each on a pole, and a switch above both; the switch has a contractor of its own."""
    sites = [Site(id="town", name="镇", kind=SiteKind.TOWN, timezone="Asia/Shanghai", target_bp=9500)]
    links = [Link(id="sw", name="SW-01", kind=LinkKind.SWITCH, device_id="sw-dev")]
    devices = [_device("sw-dev", DeviceKind.SWITCH, "town", None, "net")]
    for v in ("v1", "v2"):
        sites.append(
            Site(id=v, name=v, kind=SiteKind.VILLAGE, timezone="Asia/Shanghai", target_bp=9500, parent_id="town")
        )
        links.append(Link(id=f"{v}-pole", name=f"{v} 杆", kind=LinkKind.POLE, upstream_id="sw"))
        devices += [_device(f"{v}-c{i}", DeviceKind.CAMERA, v, f"{v}-pole", "wei") for i in range(3)]
    return Registry(
        name="t",
        sites=tuple(sites),
        devices=tuple(devices),
        links=tuple(links),
        contractors=(Contractor(id="wei", name="维保甲"), Contractor(id="net", name="网络乙")),
    )


def _device(device_id: str, kind: DeviceKind, site_id: str, link_id: str | None, contractor_id: str) -> Device:
    return Device(
        id=device_id,
        name=device_id,
        kind=kind,
        site_id=site_id,
        address=Address(host="10.0.0.1"),
        link_id=link_id,
        contractor_id=contractor_id,
    )


def incident(
    incident_id: str,
    domain: Domain,
    *device_ids: str,
    at_ms: int = T0,
    cause: Cause = Cause.POWER,
    state: IncidentState = IncidentState.OPEN,
    **more: Any,
) -> Incident:
    return Incident(
        id=incident_id,
        domain=domain,
        cause=cause,
        confidence=Confidence.MEDIUM,
        evidence=(),
        state=state,
        began_ms=at_ms - 2 * MIN,
        held_ms=at_ms - MIN,
        opened_ms=at_ms,
        members={
            i: Member(device_id=i, status=Status.DOWN, reason=Reason.NO_ANSWER, since_ms=at_ms - 2 * MIN)
            for i in device_ids
        },
        **more,
    )


def happened(what: Happening, about: Incident, at_ms: int = T0, by: str = "") -> IncidentEvent:
    return IncidentEvent(at_ms=at_ms, happening=what, incident=about, tells=True, by=by)
