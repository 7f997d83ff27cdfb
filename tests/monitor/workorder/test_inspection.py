"""Rounds: opened when their time comes, once, and signed for."""

from __future__ import annotations

from datetime import datetime

import pytest
from tests.monitor.workorder.make import DAY, HOUR, POLICY, SECRET, event

from camkeeper.model.span import Span
from camkeeper.model.workorder import Finding, OrderState, Refusal, Signature, Step
from camkeeper.window.rule import read_rule
from camkeeper.workorder.book import WorkOrderBook, fold, step
from camkeeper.workorder.deadline import Overdue, overdue
from camkeeper.workorder.inspection import Round, open_rounds
from camkeeper.workorder.proof import settle

_ROUND = Round(
    id="r1",
    name="每周巡检",
    site_ids=("v1", "v2"),
    contractor_id="wei",
    first=datetime(2026, 10, 5, 9, 0),  # noqa: DTZ001 (local)
    tz="Asia/Shanghai",
    within_ms=8 * HOUR,
    rule=read_rule("FREQ=WEEKLY;BYDAY=MO"),
    checklist=("箱体", "接地"),
)
_MONDAY = 1_791_162_000_000  # 2026-10-05 09:00 in Shanghai


def _tick(book: WorkOrderBook, now_ms: int) -> WorkOrderBook:
    reaction = open_rounds(book, [_ROUND], now_ms, policy=POLICY, secret=SECRET)
    assert not reaction.refused
    return reaction.book


def test_each_round_is_opened_once_and_missed_ones_are_not() -> None:
    book = _tick(WorkOrderBook(), _MONDAY - 1)
    assert not book.orders
    for at_ms in (_MONDAY, _MONDAY + HOUR, _MONDAY + 8 * HOUR - 1, _MONDAY + 8 * HOUR):
        book = _tick(book, at_ms)
        assert len(book.orders) == 1
    assert (book.orders[1].state, book.orders[1].subject.due_ms) == (OrderState.ASSIGNED, _MONDAY + 8 * HOUR)
    book = _tick(book, _MONDAY + 21 * DAY)
    assert len(book.orders) == 2, "two Mondays went by while nothing ran"


def _good(note: str = "") -> Signature:
    return Signature(
        name="李工", findings=(Finding(item="接地", good=True), Finding(item="箱体", good=not note, note=note))
    )


@pytest.mark.parametrize(
    ("signature", "refusal"),
    [
        (None, Refusal.UNSIGNED),
        (Signature(name=" "), Refusal.UNSIGNED),
        (Signature(name="李工"), Refusal.UNANSWERED),
        (Signature(name="李工", findings=(Finding(item="箱体", good=True),)), Refusal.UNANSWERED),
        (
            Signature(name="李工", findings=(Finding(item="箱体", good=False), Finding(item="接地", good=True))),
            Refusal.UNANSWERED,
        ),
        (_good(), None),
        (_good("锈蚀"), None),
    ],
)
def test_signed_for_every_item(signature: Signature | None, refusal: Refusal | None) -> None:
    book = _tick(WorkOrderBook(), _MONDAY)
    book, _ = fold(book, [event(1, Step.ACCEPTED, _MONDAY), event(1, Step.ON_SITE, _MONDAY + HOUR)])
    book, no = step(book, event(1, Step.SIGNED, _MONDAY + 2 * HOUR, signature=signature))
    assert (no.reason if no is not None else None) is refusal
    if refusal is None:
        book, _ = settle(book, _MONDAY + 2 * HOUR)
        assert book.orders[1].state is OrderState.CLOSED
        assert overdue(book.orders[1], _MONDAY + 90 * DAY) is None


def test_not_signed_in_time_is_late() -> None:
    order = _tick(WorkOrderBook(), _MONDAY).orders[1]
    assert overdue(order, _MONDAY + 8 * HOUR) is None
    assert overdue(order, _MONDAY + 8 * HOUR + 1) is Overdue.REPAIR


def test_a_probe_does_not_touch_a_round() -> None:
    book = _tick(WorkOrderBook(), _MONDAY)
    assert settle(book, _MONDAY + 90 * DAY) == (book, ())
    _, no = step(book, event(1, Step.REPAIRED, _MONDAY))
    assert no is not None
    assert no.reason is Refusal.WRONG_KIND


def test_rounds_go_into_the_calendar() -> None:
    month = _ROUND.occurrences(Span(start_ms=_MONDAY, end_ms=_MONDAY + 28 * DAY))
    assert [o.key for o in month] == [f"2026-10-{d:02d}T09:00" for d in (5, 12, 19, 26)]
