"""One device's page as one value: everything that its template writes. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from camboard.desk.incidents import IncidentRow
from camboard.desk.incidents import row as incident_row
from camboard.desk.story import order_word
from camboard.device.aim import AimView
from camboard.device.way import device_address
from camboard.figure import Figure, figure
from camboard.i18n import Language
from camboard.index import Index
from camboard.picture.goodrate import Good, good
from camboard.picture.view import ClockView, PicturePart
from camboard.query import Query
from camboard.rows import Row
from camboard.rows import row as device_row
from camboard.text import plain
from camboard.words import RUNG, VERDICT
from camkeeper.model.probing import RungResult, Verdict
from camkeeper.standing.desk import DeskStanding
from camkeeper.standing.view import DeviceStanding, RateView

_INCIDENTS_SHOWN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class RungRow:
    """One rung of the ladder."""

    word: str
    tone: str
    verdict: str
    ms: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRow:
    """A period: 在线率 and 完好率 side by side."""

    period: str
    online: Figure
    good: Good


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePage:
    """The page of one device."""

    at: str
    summary: str
    id: str
    name: str
    address: str
    host: str
    made: str
    row: Row
    rungs: tuple[RungRow, ...]
    rates: tuple[RateRow, ...]
    has_picture: bool
    picture: PicturePart | None
    """None: nobody looks at pictures here, or it has none."""
    aim: AimView | None
    clock: ClockView
    incidents: tuple[IncidentRow, ...]
    incidents_total: int
    orders: tuple[tuple[str, str, str], ...]
    """(order, state, address); no address where orders have no page."""


def device_page(
    device: DeviceStanding,
    index: Index,
    desk: DeskStanding | None,
    at: str,
    say: Language,
    *,
    picture: PicturePart | None,
    aim: AimView | None,
    clock: ClockView,
    has_orders: bool,
) -> DevicePage:
    """Write one device for one reader."""
    zone = ZoneInfo(index.standing.timezone)
    shown = device_row(device, index, Query(), zone, say)
    incidents = _incidents(device.id, desk, index, zone, say)
    facts = device.facts
    made = " · ".join(plain(part) for part in (facts.manufacturer, facts.model, facts.firmware) if part)
    return DevicePage(
        at=at,
        summary=say("%(name)s：%(state)s，%(reason)s", name=shown.name, state=shown.word, reason=shown.reason),
        id=plain(device.id),
        name=shown.name,
        address=device_address(device.id),
        host=plain(device.host),
        made=made,
        row=shown,
        rungs=tuple(_rung(result, say) for result in device.rungs),
        rates=(_rate(say("今日"), device.today, say), _rate(say("本月"), device.month, say)),
        has_picture=device.kind.has_picture,
        picture=picture,
        aim=aim,
        clock=clock,
        incidents=incidents[:_INCIDENTS_SHOWN],
        incidents_total=len(incidents),
        orders=_orders(device.id, desk, say, has_orders=has_orders),
    )


def _rate(period: str, rate: RateView, say: Language) -> RateRow:
    return RateRow(
        period=period,
        online=figure(rate.buckets, rate.target_bp, rate.verdict, say),
        good=good(rate.buckets, say),
    )


def _rung(result: RungResult, say: Language) -> RungRow:
    tone = "ok" if result.verdict is Verdict.OK else "bad" if result.verdict.is_failure else "mute"
    return RungRow(
        word=say(RUNG[result.rung]),
        tone=tone,
        verdict=say(VERDICT[result.verdict]),
        ms=f"{result.ms:.0f} ms" if result.ms > 0 else "",
        detail=plain(result.detail, limit=200) if result.detail else "",
    )


def _incidents(
    device_id: str, desk: DeskStanding | None, index: Index, zone: ZoneInfo, say: Language
) -> tuple[IncidentRow, ...]:
    if desk is None:
        return ()
    own = [view for view in (*desk.open, *desk.recent) if device_id in view.incident.members]
    return tuple(incident_row(view, index, index.standing.at_ms, zone, say) for view in own)


def _orders(
    device_id: str, desk: DeskStanding | None, say: Language, *, has_orders: bool
) -> tuple[tuple[str, str, str], ...]:
    if desk is None:
        return ()
    own = (order for order in desk.orders if device_id in order.devices)
    return tuple((o.id, order_word(o, say), f"/orders/{o.number}" if has_orders else "") for o in own)
