"""From transitions to closed orders through the real correlator: one fault, one order, closed by proof."""

from __future__ import annotations

from tests.monitor.workorder.make import HOUR, MIN, SECRET, T0, change, event, township

from camkeeper.incident.correlator import Correlator
from camkeeper.incident.graph import Graph
from camkeeper.model.incident import DomainKind, IncidentEvent
from camkeeper.model.service import FaultClass, preset
from camkeeper.model.status import Status
from camkeeper.model.workorder import OrderState, Step, WorkOrder
from camkeeper.workorder.book import WorkOrderBook, step
from camkeeper.workorder.proof import settle, told
from camkeeper.workorder.react import Desk, react

_REGISTRY = township()
_V1, _V2 = (tuple(f"{v}-c{i}" for i in range(3)) for v in ("v1", "v2"))


class _Town:
    """Correlator, reactions and proof side by side, as the monitor runs them."""

    def __init__(self) -> None:
        self.correlator = Correlator(Graph.of(_REGISTRY))
        self.desk = Desk(registry=_REGISTRY, policy=preset("standard", tz="Asia/Shanghai"), secret=SECRET)
        self.book = WorkOrderBook()
        self.now_ms = T0
        self._status: dict[str, Status] = {d.id: Status.UNKNOWN for d in _REGISTRY.devices}
        self.change(0, Status.UP, *self._status)

    def change(self, wait_ms: int, status: Status, *device_ids: str) -> None:
        self.wait(wait_ms)
        changes = [change(i, self.now_ms, status, self._status[i]) for i in device_ids]
        self._status |= dict.fromkeys(device_ids, status)
        for one in changes:
            self.book, _ = told(self.book, one)
        self._react(self.correlator.fold(changes, self.now_ms))

    def wait(self, wait_ms: int) -> None:
        until_ms = self.now_ms + wait_ms
        while self.now_ms < until_ms:
            self.now_ms = min(until_ms, self.now_ms + 30_000)
            self._react(self.correlator.tick(self.now_ms))
            self.book, _ = settle(self.book, self.now_ms)

    def step(self, number: int, what: Step) -> None:
        self.book, no = step(self.book, event(number, what, self.now_ms))
        assert no is None, no

    def order(self, number: int) -> WorkOrder:
        return self.book.orders[number]

    def _react(self, events: tuple[IncidentEvent, ...]) -> None:
        for one in events:
            reaction = react(self.book, one, self.desk)
            assert not reaction.refused, reaction.refused
            self.book = reaction.book


def test_a_pole_without_power_is_one_order_closed_by_proof() -> None:
    town = _Town()
    town.change(HOUR, Status.DOWN, *_V1)
    town.wait(3 * MIN)
    assert len(town.book.orders) == 1
    order = town.order(1)
    assert order.subject.domain is not None
    assert order.subject.domain.kind is DomainKind.POLE
    assert (order.terms.fault_class, order.contractor_id) == (FaultClass.VILLAGE, "wei")
    town.step(1, Step.ACCEPTED)
    town.wait(40 * MIN)
    town.change(0, Status.UP, *_V1)
    up_ms = town.now_ms
    town.wait(5 * MIN)
    town.step(1, Step.REPAIRED)
    town.wait(2 * HOUR - MIN)
    assert town.order(1).state is OrderState.REPAIRED
    town.wait(MIN)
    assert town.order(1).state is OrderState.CLOSED
    assert town.order(1).cycle.restored_ms == up_ms
    assert len(town.book.orders) == 1


def test_a_switch_repaired_with_a_dead_pole_behind_it() -> None:
    town = _Town()
    town.change(HOUR, Status.DOWN, "sw-dev", *_V1, *_V2)
    town.wait(3 * MIN)
    assert [o.contractor_id for o in town.book.orders.values()] == ["net"]
    town.step(1, Step.ACCEPTED)
    town.change(HOUR, Status.UP, "sw-dev", *_V2)
    town.wait(5 * MIN)
    # What is left is the pole's fault, and whoever is there hears of it under the number they know.
    assert {i for o in town.book.live() for i, w in o.devices.items() if w.status is Status.DOWN} == set(_V1)
    town.step(1, Step.REPAIRED)
    town.change(10 * MIN, Status.UP, *_V1)
    town.wait(3 * HOUR)
    assert not town.book.live_numbers


def test_a_second_fault_within_the_warranty_is_the_same_order() -> None:
    town = _Town()
    town.change(HOUR, Status.DOWN, *_V1)
    town.wait(5 * MIN)
    town.step(1, Step.ACCEPTED)
    town.change(HOUR, Status.UP, *_V1)
    town.wait(3 * HOUR)
    assert town.order(1).state is OrderState.CLOSED
    town.change(HOUR, Status.DOWN, *_V1)
    town.wait(5 * MIN)
    assert len(town.book.orders) == 1
    assert (town.order(1).state, len(town.order(1).past)) == (OrderState.ASSIGNED, 1)
