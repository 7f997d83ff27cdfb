"""The fold: steps into work orders. A step that is not allowed leaves the book as it was and says why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from camkeeper.model.letter import JSON
from camkeeper.model.service import Terms
from camkeeper.model.wire import WireError, from_json, to_json
from camkeeper.model.workorder import OrderEvent, Refusal, Step, Subject, Watched, WorkOrder
from camkeeper.workorder.advance import begin, objection, taken
from camkeeper.workorder.code import order_code, same_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A step that was not taken."""

    event: OrderEvent
    reason: Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrderBook:
    """All orders ever, by number. The next number is one more than the last: none is given twice."""

    orders: Mapping[int, WorkOrder] = field(default_factory=lambda: MappingProxyType({}))
    live_numbers: tuple[int, ...] = ()
    """Of the orders that are not finished, ascending."""

    @property
    def next_number(self) -> int:
        """The number of the next order; 1 is the first."""
        return len(self.orders) + 1

    def live(self) -> Iterator[WorkOrder]:
        """Yield the orders that are not finished, oldest first."""
        return (self.orders[number] for number in self.live_numbers)

    def codes(self) -> frozenset[str]:
        """Codes of the live orders."""
        return frozenset(order.code for order in self.live())

    def by_code(self, code: str) -> WorkOrder | None:
        """Return the live order with this code."""
        found = [order for order in self.live() if same_code(order.code, code)]
        return found[0] if found else None

    def of_incident(self, incident_id: str) -> WorkOrder | None:
        """Return the newest order that an incident has; of a merged one the order that it went into."""
        for number in range(len(self.orders), 0, -1):
            order = self.orders[number]
            if incident_id in order.incident_ids:
                return self.heir(order)
        return None

    def heir(self, order: WorkOrder) -> WorkOrder:
        """Follow mergers to the order that goes on."""
        while order.merged_into is not None:
            order = self.orders[order.merged_into]
        return order

    def to_json(self) -> JSON:
        """Return all of it as JSON: each order's history, and what the probe said of its devices."""
        return {"version": 1, "orders": [_to_json(order) for order in self.orders.values()]}

    @classmethod
    def from_json(cls, value: object) -> WorkOrderBook:
        """Return the very book that was written; WireError where it is damaged or contradicts itself."""
        if not isinstance(value, dict) or value.get("version") != 1 or not isinstance(value.get("orders"), list):
            raise WireError("$: a book of work orders, version 1, is wanted")
        orders = {number: _from_json(v, number) for number, v in enumerate(value["orders"], 1)}
        live = tuple(number for number, order in orders.items() if order.state.live)
        return cls(orders=MappingProxyType(orders), live_numbers=live)


def step(book: WorkOrderBook, event: OrderEvent) -> tuple[WorkOrderBook, Refused | None]:
    """Fold in one step; refused, it leaves the book as it was."""
    reason = _objection(book, event)
    if reason is not None:
        return book, Refused(event=event, reason=reason)
    if event.step is Step.OPENED:
        return with_order(book, begin(event)), None
    return with_order(book, taken(book.orders[event.number], event)), None


def fold(book: WorkOrderBook, events: Iterable[OrderEvent]) -> tuple[WorkOrderBook, tuple[Refused, ...]]:
    """Fold in steps, one after the other."""
    refused: list[Refused] = []
    for event in events:
        book, no = step(book, event)
        if no is not None:
            refused.append(no)
    return book, tuple(refused)


def opening(
    book: WorkOrderBook, *, at_ms: int, by: str, subject: Subject, terms: Terms, secret: bytes
) -> OrderEvent | Refusal:
    """Return the step that opens the next order, with number and code; devices and incident are the caller's to add."""
    code = order_code(secret, book.next_number, book.codes())
    if code is None:
        return Refusal.NO_CODE_LEFT
    return OrderEvent(
        number=book.next_number, at_ms=at_ms, step=Step.OPENED, by=by, subject=subject, terms=terms, code=code
    )


def with_order(book: WorkOrderBook, order: WorkOrder) -> WorkOrderBook:
    """Return the book with this order in place of the one with its number."""
    live = set(book.live_numbers) - {order.number}
    if order.state.live:
        live.add(order.number)
    orders = MappingProxyType({**book.orders, order.number: order})
    return WorkOrderBook(orders=orders, live_numbers=tuple(sorted(live)))


def _objection(book: WorkOrderBook, event: OrderEvent) -> Refusal | None:
    if event.step is Step.OPENED:
        if event.number != book.next_number:
            return Refusal.WRONG_NUMBER
        if event.code in book.codes():
            return Refusal.CODE_TAKEN
        return objection(None, event)
    order = book.orders.get(event.number)
    if order is None:
        return Refusal.NO_SUCH_ORDER
    return objection(order, event) or _clash(book, order, event)


def _clash(book: WorkOrderBook, order: WorkOrder, event: OrderEvent) -> Refusal | None:
    """Return what other orders have against a step."""
    if event.step is Step.REOPENED:
        others = (o.code for o in book.live() if o.number != order.number)
        return Refusal.CODE_TAKEN if event.code in others else None
    if event.step is Step.MERGED:
        into = book.orders.get(event.into or 0)
        if into is None:
            return Refusal.NO_SUCH_ORDER
        return None if into.state.live else Refusal.FINISHED
    return None


def _to_json(order: WorkOrder) -> JSON:
    watched = {i: to_json(w) for i, w in order.devices.items()}
    return {"history": to_json(order.history), "devices": watched}


def _from_json(value: object, number: int) -> WorkOrder:
    at = f"$.orders[{number - 1}]"
    if not isinstance(value, dict) or not isinstance(value.get("history"), list) or not value["history"]:
        raise WireError(f"{at}: an order with a history is wanted")
    order: WorkOrder | None = None
    for i, raw in enumerate(value["history"]):
        event = from_json(OrderEvent, raw, at=f"{at}.history[{i}]")
        reason = objection(order, event)
        if reason is not None or event.number != number:
            raise WireError(f"{at}.history[{i}]: {reason or Refusal.WRONG_NUMBER}")
        order = begin(event) if order is None else taken(order, event)
    watched = value.get("devices")
    if order is None or not isinstance(watched, dict) or watched.keys() != order.devices.keys():
        raise WireError(f"{at}.devices: the order's devices are wanted")
    devices = {i: from_json(Watched, watched[i], at=f"{at}.devices.{i}") for i in order.devices}
    return replace(order, devices=MappingProxyType(devices))
