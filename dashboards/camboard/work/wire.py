"""The JSON of single orders, of the month's figures and of the way to drive. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from camboard.desk import wire as deskwire
from camboard.source import JSON
from camkeeper.standing.work import OrderView, RouteStanding, WorkFigures
from camkeeper.workorder.figures import Spread
from camkeeper.workorder.priority import Ranked


def order(value: OrderView) -> dict[str, JSON]:
    """Write one order in full."""
    signature = value.order.signature
    signed: JSON = None
    if signature is not None:
        found: list[JSON] = [{"item": f.item, "good": f.good, "note": f.note} for f in signature.findings]
        signed = {"name": signature.name, "unit": signature.unit, "findings": found}
    return {
        **_order(value),
        "checklist": list(value.order.subject.checklist),
        "signature": signed,
        "steps": [deskwire.step(event) for event in value.order.history],
    }


def _order(value: OrderView) -> dict[str, JSON]:
    made = deskwire.order(
        value.order, respond_by_ms=value.respond_by_ms, repair_by_ms=value.repair_by_ms, overdue=value.overdue
    )
    return {**made, "name": value.name, "position": value.position, "contractor": value.contractor}


def figures(value: WorkFigures) -> dict[str, JSON]:
    """Write the month's repairs and, apart from them, its rounds."""
    repairs, rounds = value.repairs, value.rounds
    return {
        "start_ms": repairs.period.start_ms,
        "end_ms": repairs.period.end_ms,
        "faults": repairs.faults,
        "open": repairs.open,
        "recovered_alone": repairs.recovered_alone,
        "cancelled": repairs.cancelled,
        "reopened": repairs.reopened,
        "late_response": repairs.late_response,
        "late_repair": repairs.late_repair,
        "overdue_now": value.overdue_repairs,
        "mtta": _spread(repairs.acceptance),
        "mttr": _spread(repairs.repair),
        "mttr_by_class": {kind.value: _spread(spread) for kind, spread in repairs.by_class.items()},
        "inspections": {
            "due": rounds.due,
            "signed": rounds.signed,
            "open": rounds.open,
            "late": rounds.late,
            "cancelled": rounds.cancelled,
            "bad_items": rounds.bad_items,
            "overdue_now": value.overdue_rounds,
        },
    }


def _spread(value: Spread) -> JSON:
    return {
        "count": value.count,
        "mean_ms": value.mean_ms,
        "median_ms": value.median_ms,
        "longest_ms": value.longest_ms,
        "excluded_ms": value.excluded_ms,
    }


def route(value: RouteStanding, site_names: Mapping[str, str]) -> dict[str, JSON]:
    """Write the way; metres as the crow flies, `start` is [longitude, latitude] in WGS-84."""
    way = value.route
    return {
        "at_ms": value.at_ms,
        "contractor_id": value.contractor_id,
        "start": None if value.start is None else list(value.start),
        "measured": value.measured,
        "length_m": round(way.length_m, 1),
        "stops": [
            {
                "site_id": stop.site_id,
                "site": site_names.get(stop.site_id, stop.site_id),
                "leg_m": round(stop.leg_m, 1),
                "orders": [_ranked(r, value) for r in stop.orders],
            }
            for stop in way.stops
        ],
        "unplaced": [_ranked(r, value) for r in way.unplaced],
    }


def _ranked(ranked: Ranked, value: RouteStanding) -> JSON:
    number = ranked.order.number
    gain = value.gains.get(number)
    return {
        **_order(value.orders[number]),
        "gain": None
        if gain is None
        else {"area_m2": round(gain.area_m2, 3), "places": round(gain.places, 6), "place_ids": list(gain.place_ids)},
    }
