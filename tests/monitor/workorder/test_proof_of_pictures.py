"""An order about a picture closes when the picture is proved good: answering alone proves no repair."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.monitor.workorder.make import HOUR, MIN, T0, event, incident, opened, township

from camkeeper.model.change import Transition
from camkeeper.model.incident import Cause, Domain, DomainKind
from camkeeper.model.status import Reason, Status
from camkeeper.model.workorder import Faulty, OrderState, Step, Why
from camkeeper.workorder.book import WorkOrderBook, step
from camkeeper.workorder.contract import contractor_of
from camkeeper.workorder.proof import settle, told

_CLAIM = T0 + HOUR


def covered(*, claimed: bool = True) -> WorkOrderBook:
    """A book with one order about a covered camera, said to be repaired."""
    first = opened(WorkOrderBook())
    first = replace(first, devices=(Faulty(device_id="a", status=Status.DEGRADED, since_ms=T0 - MIN),))
    book = WorkOrderBook()
    steps = [first, event(1, Step.ACCEPTED, T0 + MIN), *([event(1, Step.REPAIRED, _CLAIM)] if claimed else [])]
    for one in steps:
        book, no = step(book, one)
        assert no is None
    return book


def becomes(book: WorkOrderBook, at_ms: int, old: Status, new: Status, reason: Reason) -> WorkOrderBook:
    transition = Transition(device_id="a", at_ms=at_ms, decided_ms=at_ms, old=old, new=new, reason=reason)
    return settle(told(book, transition)[0], at_ms)[0]


def test_a_covered_camera_that_answers_is_not_repaired() -> None:
    book = settle(covered(), _CLAIM + 31 * MIN)[0]
    assert (book.orders[1].state, book.orders[1].why) == (OrderState.OPENED, Why.NOT_RESTORED)


def test_a_good_picture_for_the_agreed_time_is_the_proof() -> None:
    book = becomes(covered(), _CLAIM + MIN, Status.DEGRADED, Status.UP, Reason.RECOVERED)
    assert settle(book, _CLAIM + 2 * HOUR)[0].orders[1].state is OrderState.REPAIRED
    order = settle(book, _CLAIM + 2 * HOUR + MIN)[0].orders[1]
    assert (order.state, order.cycle.restored_ms) == (OrderState.CLOSED, _CLAIM + MIN)


@pytest.mark.parametrize("reason", [Reason.IMAGE_COVER, Reason.IMAGE_BLUR, Reason.IMAGE_PLATFORM])
def test_no_good_picture_again_within_the_agreed_time_reopens(reason: Reason) -> None:
    book = becomes(covered(), _CLAIM + MIN, Status.DEGRADED, Status.UP, Reason.RECOVERED)
    book = becomes(book, _CLAIM + HOUR, Status.UP, Status.DEGRADED, reason)
    assert (book.orders[1].state, book.orders[1].why) == (OrderState.OPENED, Why.RELAPSED)


def test_pictures_behind_a_switch_are_not_the_switchs_contractors() -> None:
    switch, cameras = Domain(kind=DomainKind.SWITCH, id="sw"), ("v1-c0", "v2-c1")
    assert contractor_of(incident("I1", switch, *cameras, cause=Cause.SWITCH), township()) == "net"
    assert contractor_of(incident("I1", switch, *cameras, cause=Cause.IMAGE), township()) == "wei"


def test_going_down_and_answering_covered_is_no_proof_either() -> None:
    book = becomes(covered(claimed=False), T0 + 10 * MIN, Status.DEGRADED, Status.DOWN, Reason.NO_ANSWER)
    book = becomes(book, T0 + 20 * MIN, Status.DOWN, Status.DEGRADED, Reason.IMAGE_COVER)
    assert settle(book, T0 + 30 * HOUR)[0].orders[1].state is OrderState.ACCEPTED
