"""What to repair first: the order that gives back most coverage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from camkeeper.model.status import Status
from camkeeper.model.workorder import OrderKind, OrderState, WorkOrder

_TO_DO = frozenset({OrderState.OPENED, OrderState.ASSIGNED, OrderState.ACCEPTED, OrderState.ON_SITE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """An order and what its repair is worth, in the unit of the weights."""

    order: WorkOrder
    weight: float
    whole: bool
    """Whether the weight is of its devices together; False: a sum of each alone, where shared ground counts twice."""
    places: float = 0.0
    """Key places that the repair gives back, each by its share and weight; they come before any ground."""


def rank(
    orders: Iterable[WorkOrder],
    weights: Mapping[str, float],
    groups: Mapping[int, float] | None = None,
    places: Mapping[int, float] | None = None,
) -> tuple[Ranked, ...]:
    """Return the repairs that still have to be done, key places first, then the weightiest; ties go by age.

    `weights`: device id -> coverage lost while it alone is out; a device without one weighs nothing. `groups`: order
    number -> coverage lost while all its devices are out; where it is given it stands in place of the sum.
    `places`: order number -> key places given back.
    """
    out = [
        _weighed(o, weights, groups or {}, places or {})
        for o in orders
        if o.kind is OrderKind.REPAIR and o.state in _TO_DO
    ]
    return tuple(sorted(out, key=lambda r: (-r.places, -r.weight, r.order.opened_ms, r.order.number)))


def _weighed(
    order: WorkOrder, weights: Mapping[str, float], groups: Mapping[int, float], places: Mapping[int, float]
) -> Ranked:
    whole, back = groups.get(order.number), places.get(order.number, 0.0)
    if whole is not None:
        return Ranked(order=order, weight=whole, whole=True, places=back)
    out = sorted(i for i, w in order.devices.items() if w.status is not Status.UP)
    return Ranked(order=order, weight=sum(weights.get(i, 0.0) for i in out), whole=False, places=back)
