"""Incidents into orders: one order a fault, by contract, and a relapse within the warranty is the same order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.monitor.workorder.make import DAY, HOUR, MIN, SECRET, T0, change, event, happened, incident, township

from camkeeper.model.incident import Cause, Domain, DomainKind, Happening, Incident, IncidentState
from camkeeper.model.service import FaultClass, preset
from camkeeper.model.status import Status
from camkeeper.model.workorder import OrderState, Step, Why
from camkeeper.workorder.book import WorkOrderBook, fold, step
from camkeeper.workorder.contract import contractor_of, dark_villages, fault_class
from camkeeper.workorder.proof import settle, told
from camkeeper.workorder.react import Desk, react

_REGISTRY = township()
_DESK = Desk(registry=_REGISTRY, policy=preset("standard", tz="Asia/Shanghai"), secret=SECRET)
_POLE = Domain(kind=DomainKind.POLE, id="v1-pole")
_SWITCH = Domain(kind=DomainKind.SWITCH, id="sw")
_V1 = ("v1-c0", "v1-c1", "v1-c2")
_V2 = ("v2-c0", "v2-c1", "v2-c2")


def _opened(about: Incident, book: WorkOrderBook | None = None) -> WorkOrderBook:
    reaction = react(book or WorkOrderBook(), happened(Happening.OPENED, about, about.opened_ms or T0), _DESK)
    assert not reaction.refused
    assert [e.step for e in reaction.steps] == [Step.OPENED, Step.ASSIGNED]
    return reaction.book


def test_an_incident_opens_one_order_and_the_contract_assigns_it() -> None:
    order = _opened(incident("I000001", _POLE, *_V1[:2])).orders[1]
    assert (order.state, order.contractor_id, order.subject.site_ids) == (OrderState.ASSIGNED, "wei", ("v1",))
    assert order.terms.fault_class is FaultClass.DOMAIN
    assert set(order.devices) == set(_V1[:2])
    again = happened(Happening.OPENED, incident("I000001", _POLE, *_V1[:2]))
    assert react(_opened(again.incident), again, _DESK).steps == ()


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        (incident("I1", _POLE, *_V1), FaultClass.VILLAGE),
        (incident("I1", _POLE, *_V1[:2]), FaultClass.DOMAIN),
        (incident("I1", Domain(kind=DomainKind.DEVICE, id="v1-c0"), "v1-c0", cause=Cause.DEVICE), FaultClass.DEVICE),
        (incident("I1", Domain(kind=DomainKind.DEVICE, id="v1-c0"), "v1-c0", cause=Cause.AUTH), FaultClass.PICTURE),
    ],
)
def test_classes_of_faults(about: Incident, expected: FaultClass) -> None:
    assert fault_class(about, _REGISTRY) is expected


def test_who_repairs() -> None:
    assert contractor_of(incident("I1", _SWITCH, *_V1, *_V2), _REGISTRY) == "net", "the switch's own contractor"
    assert contractor_of(incident("I1", _POLE, *_V1), _REGISTRY) == "wei"
    assert contractor_of(incident("I1", Domain(kind=DomainKind.SITE, id="v9"), "gone"), _REGISTRY) == ""
    assert dark_villages({*_V1, "v2-c0"}, _REGISTRY) == ("v1",)


def test_a_blind_monitor_and_suppressed_children_open_nothing() -> None:
    blind = incident("I1", Domain(kind=DomainKind.MONITOR, id="u1"), *_V1, cause=Cause.MONITOR)
    child = incident("I2", _POLE, *_V1, suppressed_by="I1")
    for about in (blind, child, incident("I3", _POLE, *_V1, state=IncidentState.HELD)):
        assert react(WorkOrderBook(), happened(Happening.OPENED, about), _DESK).steps == ()
    released = replace(child, suppressed_by=None)
    assert react(WorkOrderBook(), happened(Happening.RELEASED, released), _DESK).steps[0].step is Step.OPENED


def test_a_fault_that_grows_takes_devices_place_and_a_faster_answer_along() -> None:
    book = _opened(incident("I000001", _POLE, "v1-c0"))
    spread = incident("I000001", _SWITCH, *_V1, *_V2)
    reaction = react(book, happened(Happening.SPREAD, spread, T0 + HOUR), _DESK)
    order = reaction.book.orders[1]
    assert [e.step for e in reaction.steps] == [Step.GREW]
    assert order.subject.domain == _SWITCH
    assert set(order.devices) == {*_V1, *_V2}
    assert (order.terms.fault_class, order.cycle.terms_ms) == (FaultClass.VILLAGE, T0 + HOUR)
    assert order.cycle.began_ms == T0
    assert react(reaction.book, happened(Happening.GREW, spread, T0 + HOUR), _DESK).steps == ()


def test_merged_incidents_have_one_order() -> None:
    book = _opened(incident("I000001", _POLE, *_V1))
    book = _opened(incident("I000002", _SWITCH, *_V2), book)
    child = incident("I000001", _POLE, *_V1, merged_into="I000002")
    reaction = react(book, happened(Happening.MERGED, child, T0 + MIN), _DESK)
    assert [(e.number, e.step) for e in reaction.steps] == [(2, Step.GREW), (1, Step.MERGED)]
    assert reaction.book.of_incident("I000001") is reaction.book.orders[2]
    assert set(reaction.book.orders[2].devices) == {*_V1, *_V2}
    assert react(reaction.book, happened(Happening.MERGED, child, T0 + MIN), _DESK).steps == ()


def test_an_older_fault_below_keeps_its_own_order() -> None:
    book = _opened(incident("I000001", _POLE, *_V1))
    book = _opened(incident("I000002", _SWITCH, *_V2), book)
    silent = incident("I000001", _POLE, *_V1, suppressed_by="I000002")
    assert react(book, happened(Happening.SUPPRESSED, silent, T0 + MIN), _DESK).steps == ()


def test_what_is_another_fault_leaves_the_order_and_gets_its_own() -> None:
    book = _opened(incident("I000001", _SWITCH, *_V1, *_V2))
    narrower, split = (
        incident("I000001", _POLE, *_V1),
        incident("I000002", Domain(kind=DomainKind.POLE, id="v2-pole"), *_V2),
    )
    first = react(book, happened(Happening.SPLIT, narrower, T0 + HOUR), _DESK)
    assert [e.step for e in first.steps] == [Step.GREW, Step.LEFT]
    assert set(first.book.orders[1].devices) == set(_V1)
    assert first.book.orders[1].subject.domain == _POLE
    second = react(first.book, happened(Happening.SPLIT, split, T0 + HOUR), _DESK)
    assert [(e.number, e.step) for e in second.steps] == [(2, Step.OPENED), (2, Step.ASSIGNED)]


def test_an_acknowledgement_accepts() -> None:
    book = _opened(incident("I000001", _POLE, *_V1))
    seen = happened(Happening.ACKNOWLEDGED, incident("I000001", _POLE, *_V1), T0 + MIN, by="wang")
    reaction = react(book, seen, _DESK)
    assert [(e.step, e.by) for e in reaction.steps] == [(Step.ACCEPTED, "wang")]
    assert react(reaction.book, seen, _DESK).steps == ()


def _closed() -> WorkOrderBook:
    book = _opened(incident("I000001", _POLE, "v1-c0"))
    book, _ = fold(book, [event(1, Step.ACCEPTED, T0 + MIN), event(1, Step.REPAIRED, T0 + HOUR)])
    book, _ = told(book, change("v1-c0", T0 + HOUR, Status.UP))
    book, _ = settle(book, T0 + 3 * HOUR)
    assert book.orders[1].state is OrderState.CLOSED
    return book


def test_a_relapse_within_the_warranty_reopens_with_a_new_clock() -> None:
    book = _closed()
    again = incident("I000007", _POLE, "v1-c0", at_ms=T0 + 5 * DAY)
    reaction = react(book, happened(Happening.OPENED, again, T0 + 5 * DAY), _DESK)
    order = reaction.book.orders[1]
    assert [e.step for e in reaction.steps] == [Step.REOPENED]
    assert (order.state, order.why, order.contractor_id) == (OrderState.ASSIGNED, Why.RELAPSED_LATER, "wei")
    assert (len(order.past), order.cycle.began_ms, order.opened_ms) == (1, T0 + 5 * DAY, T0)
    assert order.incident_ids == ("I000001", "I000007")


def test_after_the_warranty_it_is_a_new_order() -> None:
    later = T0 + 3 * HOUR + 7 * DAY + 1
    book = _opened(incident("I000007", _POLE, "v1-c0", at_ms=later), _closed())
    assert book.orders[2].number == 2
    _, no = step(book, event(1, Step.REOPENED, later, why=Why.BY_HAND, text="再坏", code="9999"))
    assert no is not None
    assert no.reason == "too_late"
