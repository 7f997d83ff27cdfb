"""The way to drive, as a sheet that goes along in the van. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from camboard.cover.amount import amount
from camboard.desk.incidents import place_of
from camboard.desk.words import ORDER_STATE, cause_word
from camboard.i18n import Language
from camboard.index import Index
from camboard.text import clock_time, plain
from camkeeper.standing.coverage import Unit
from camkeeper.standing.work import RouteStanding


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteOrder:
    """One order on the sheet."""

    id: str
    address: str
    name: str
    cause: str
    state: str
    devices: tuple[str, ...]
    position: str
    contractor: str
    phone: str
    repair_by: str
    overdue: bool
    gain: str
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteStop:
    """One village on the way."""

    n: int
    place: str
    leg: str
    orders: tuple[RouteOrder, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutePage:
    """The sheet that goes along in the van."""

    at: str
    summary: str
    measured: bool
    from_depot: bool
    length: str
    stops: tuple[RouteStop, ...]
    unplaced: tuple[RouteOrder, ...]
    choices: tuple[tuple[str, str, bool], ...]
    """(contractor id, name, chosen)."""


def route_page(
    route: RouteStanding,
    index: Index,
    contractors: tuple[tuple[str, str], ...],
    place_names: Mapping[str, str],
    at: str,
    say: Language,
) -> RoutePage:
    """Write the way. `place_names`: key place id -> name."""
    way = route.route
    stops = tuple(
        RouteStop(
            n=n,
            place=place_of((stop.site_id,), index, say),
            leg=_km(stop.leg_m, say) if stop.leg_m else "",
            orders=tuple(_route_order(r.order.number, route, index, place_names, say) for r in stop.orders),
        )
        for n, stop in enumerate(way.stops, 1)
    )
    chosen = route.contractor_id
    orders = sum(len(s.orders) for s in stops) + len(way.unplaced)
    return RoutePage(
        at=at,
        summary=say("%(n)d 张工单，%(stops)d 站", n=orders, stops=len(stops)),
        measured=route.measured,
        from_depot=route.start is not None,
        length=_km(way.length_m, say),
        stops=stops,
        unplaced=tuple(_route_order(r.order.number, route, index, place_names, say) for r in way.unplaced),
        choices=(("", say("全部维保单位"), not chosen), *((i, plain(name), i == chosen) for i, name in contractors)),
    )


def _km(metres: float, say: Language) -> str:
    return say("%(km)s 公里（直线）", km=f"{metres / 1000:.1f}")


def _route_order(
    number: int, route: RouteStanding, index: Index, place_names: Mapping[str, str], say: Language
) -> RouteOrder:
    view, gain = route.orders[number], route.gains.get(number)
    order, zone, now_ms = view.order, ZoneInfo(index.standing.timezone), index.standing.at_ms
    return RouteOrder(
        id=order.id,
        address=f"/orders/{number}",
        name=plain(view.name),
        cause=cause_word(order.subject.cause, say) if order.subject.cause is not None else "",
        state=say(ORDER_STATE[order.state]),
        devices=tuple(plain(name) for name in view.devices[:6]),
        position=plain(view.position, limit=240),
        contractor=plain(view.contractor),
        phone=plain(view.phone),
        repair_by="" if view.repair_by_ms is None else clock_time(view.repair_by_ms, now_ms, zone),
        overdue=view.overdue,
        gain="" if gain is None or gain.area_m2 <= 0 else amount(gain.area_m2, Unit.AREA),
        places=() if gain is None else tuple(plain(place_names.get(i, i)) for i in gain.place_ids[:6]),
    )
