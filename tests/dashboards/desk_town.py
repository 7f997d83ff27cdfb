"""A township with a duty desk made by hand: real values, and orders that follow the real law of steps."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tests.dashboards.township import AT_MS, HOUR_MS, Township

from camkeeper.model.incident import (
    Cause,
    Confidence,
    Domain,
    DomainKind,
    Evidence,
    Happening,
    Incident,
    IncidentEvent,
    IncidentState,
    Member,
)
from camkeeper.model.service import FaultClass, preset
from camkeeper.model.status import Reason, Status
from camkeeper.model.workorder import Faulty, OrderEvent, Step, Subject, WorkOrder
from camkeeper.standing.desk import Act, Acted, Action, DeadLetter, DeskStanding, IncidentStory, IncidentView
from camkeeper.workorder.advance import begin, objection, taken
from camkeeper.workorder.deadline import due, overdue

MINUTE_MS = 60_000
TOKEN = "t-9fK2uQ0vYw"
MESSAGE = "【离线·疑似断电】大郭村 3台 #WO-0931 码4821\n对象：大郭村北杆，同杆全部3台\n时限：23:10前修复"
_TERMS = preset("standard", tz="Asia/Shanghai").terms(FaultClass.DOMAIN)
_STEP = {
    Action.ACCEPT: Step.ACCEPTED,
    Action.ON_SITE: Step.ON_SITE,
    Action.REPAIRED: Step.REPAIRED,
    Action.NOTE: Step.NOTED,
    Action.CANCEL: Step.CANCELLED,
}


def incident(
    number: int,
    *devices: str,
    kind: DomainKind = DomainKind.POLE,
    cause: Cause = Cause.POWER,
    ago_ms: int = 35 * MINUTE_MS,
    recovered: tuple[str, ...] = (),
    status: Status = Status.DOWN,
) -> Incident:
    """Return an open incident of some devices."""
    began = AT_MS - ago_ms
    members = {
        d: Member(
            device_id=d,
            status=status,
            reason=Reason.NO_ANSWER,
            since_ms=began,
            recovered_ms=AT_MS - MINUTE_MS if d in recovered else None,
        )
        for d in devices
    }
    return Incident(
        id=f"I{number:06d}",
        domain=Domain(kind=kind, id=f"{kind}-{number}" if kind is not DomainKind.DEVICE else devices[0]),
        cause=cause,
        confidence=Confidence.MEDIUM,
        evidence=(
            Evidence(name="all_out", facts={"known": len(devices)}),
            Evidence(name="began_within", facts={"spread_ms": 900}),
        ),
        state=IncidentState.OPEN,
        began_ms=began,
        held_ms=began + 20_000,
        opened_ms=began + 110_000,
        members=members,
    )


def order(number: int, of: Incident, *steps: Step, site_id: str = "v00", by: str = "王强") -> WorkOrder:
    """Return the order of an incident after some steps, five minutes apart."""
    began = of.began_ms
    made = begin(
        OrderEvent(
            number=number,
            at_ms=began,
            step=Step.OPENED,
            by="probe",
            subject=Subject(domain=of.domain, cause=of.cause, site_ids=(site_id,)),
            terms=_TERMS,
            code="4821",
            incident_id=of.id,
            devices=tuple(
                Faulty(device_id=m.device_id, status=m.status, since_ms=m.since_ms) for m in of.members.values()
            ),
        )
    )
    for n, step in enumerate(steps, 1):
        contractor = "tuwei" if step is Step.ASSIGNED else ""
        event = OrderEvent(number=number, at_ms=began + n * 5 * MINUTE_MS, step=step, by=by, contractor_id=contractor)
        assert objection(made, event) is None
        made = taken(made, event)
    return made


def view(of: Incident, made: WorkOrder | None = None, *, site_id: str = "v00", name: str = "") -> IncidentView:
    """Return an incident with its order, deadlines and people."""
    by = due(made) if made else None
    return IncidentView(
        incident=of,
        order=made,
        site_ids=(site_id,),
        respond_by_ms=by.respond_by_ms if by else None,
        repair_by_ms=by.repair_by_ms if by else None,
        overdue=made is not None and overdue(made, AT_MS) is not None,
        name=name,
        position="文化广场北侧电杆，箱号B12" if name else "",
        contractor="县通维保",
        contact="值班室",
        phone="0395-123 4567",
        letters=1,
    )


def events(of: Incident) -> tuple[IncidentEvent, ...]:
    """Return how an incident came about."""
    ids = tuple(of.members)
    held = IncidentEvent(at_ms=of.held_ms, happening=Happening.HELD, incident=of, tells=False, device_ids=ids[:1])
    opened = IncidentEvent(at_ms=of.opened_ms or 0, happening=Happening.OPENED, incident=of, tells=True, device_ids=ids)
    return held, opened


def lively() -> DeskStanding:
    """Return a desk with a pole out, a switch out with a child, a refused login, one over, and trouble with letters."""
    pole = incident(123, "cam-0005", "cam-0052", "cam-0099", recovered=("cam-0099",))
    switch = incident(
        121, "sw-01", "cam-0009", kind=DomainKind.SWITCH, cause=Cause.SWITCH, ago_ms=3 * HOUR_MS + 7 * MINUTE_MS
    )
    switch = replace(switch, acknowledged_by="李值班", acknowledged_ms=AT_MS - 2 * HOUR_MS)
    login = incident(
        118, "cam-0003", kind=DomainKind.DEVICE, cause=Cause.AUTH, ago_ms=26 * HOUR_MS, status=Status.DEGRADED
    )
    uplink = incident(125, kind=DomainKind.MONITOR, cause=Cause.MONITOR, ago_ms=2 * MINUTE_MS)
    over = replace(
        incident(117, "cam-0011", kind=DomainKind.DEVICE, cause=Cause.DEVICE, ago_ms=50 * HOUR_MS),
        state=IncidentState.RESOLVED,
        resolved_ms=AT_MS - 40 * HOUR_MS,
    )
    late = order(930, switch, Step.ASSIGNED, site_id="v01")
    fresh = order(931, pole, Step.ASSIGNED)
    views = (
        replace(view(switch, late, site_id="v01", name="汇聚交换机 SW-07"), children=("I000122",), undelivered=1),
        view(pole, fresh, name="大郭村北杆"),
        view(login, site_id="v03"),
        view(uplink, site_id="town", name="移动专线"),
    )
    return DeskStanding(
        at_ms=AT_MS,
        open=views,
        recent=(view(over, site_id="v05"),),
        orders=(late, fresh),
        dead_letters=(
            DeadLetter(
                id="l1",
                incident_id=switch.id,
                channel_id="wecom-duty",
                subject="【离线·交换机】葛岗村 2台",
                created_ms=AT_MS - HOUR_MS,
                code="93000",
                detail="invalid webhook url",
            ),
        ),
        waiting_letters=2,
        checked_ms=AT_MS - 4000,
    )


def quiet() -> DeskStanding:
    """Return a desk with nothing on it."""
    return DeskStanding(
        at_ms=AT_MS, open=(), recent=(), orders=(), dead_letters=(), waiting_letters=0, checked_ms=AT_MS - 4000
    )


@dataclass(slots=True, kw_only=True)
class DeskTown(Township):
    """A township whose desk a test moves, and on which people act."""

    now: DeskStanding | None = field(default_factory=lively)
    acts: list[Act] = field(default_factory=list)

    def desk(self) -> DeskStanding | None:
        return self.now

    async def story(self, incident_id: str) -> IncidentStory:
        found = next(v for v in self._views() if v.incident.id == incident_id) if self._has(incident_id) else None
        if found is None:
            raise LookupError(incident_id)
        steps = found.order.history if found.order else ()
        return IncidentStory(
            view=found,
            events=events(found.incident),
            steps=steps,
            message_zh=MESSAGE,
            message_en="[Down: power?] Dagou, devices: 3",
            phone_token=TOKEN if incident_id == "I000123" else "",
        )

    def by_token(self, token: str) -> IncidentView | None:
        return next((v for v in self._views() if v.incident.id == "I000123"), None) if token == TOKEN else None

    async def act(self, act: Act) -> Acted:
        self.acts.append(act)
        found = next((v for v in self._views() if self._meant(v, act)), None)
        if found is None:
            raise LookupError(act)
        if act.action is Action.ACKNOWLEDGE:
            if found.incident.acknowledged_ms is not None:
                return Acted(done=False, zh="这起事件已有人认领", en="Somebody has acknowledged it already")
            changed = replace(found.incident, acknowledged_by=act.by, acknowledged_ms=AT_MS)
            self._put(found, replace(found, incident=changed))
            return Acted(done=True)
        if found.order is None:
            return Acted(done=False, zh="这起事件没有工单", en="This incident has no order")
        step = OrderEvent(number=found.order.number, at_ms=AT_MS, step=_STEP[act.action], by=act.by, text=act.text)
        if objection(found.order, step) is not None:
            return Acted(done=False, zh="现在还不能走这一步：先接单", en="Not in turn: accept it first")
        self._put(found, replace(found, order=taken(found.order, step)))
        return Acted(done=True)

    def _views(self) -> tuple[IncidentView, ...]:
        assert self.now is not None
        return (*self.now.open, *self.now.recent)

    def _has(self, incident_id: str) -> bool:
        return any(v.incident.id == incident_id for v in self._views())

    @staticmethod
    def _meant(each: IncidentView, act: Act) -> bool:
        if act.order_number is not None:
            return each.order is not None and each.order.number == act.order_number
        return each.incident.id == act.incident_id

    def _put(self, old: IncidentView, new: IncidentView) -> None:
        assert self.now is not None
        self.now = replace(
            self.now,
            open=tuple(new if v is old else v for v in self.now.open),
            orders=tuple(new.order if new.order and o.number == new.order.number else o for o in self.now.orders),
        )
        self.feed.publish(frozenset())
