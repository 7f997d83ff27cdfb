"""Which orders speak of a repaired picture, and when they stop."""

from __future__ import annotations

from dataclasses import replace

from tests.monitor.workorder.make import HOUR, MIN, T0, event, opened

from camkeeper.judge.repair import Claim
from camkeeper.model.change import Transition
from camkeeper.model.incident import Cause
from camkeeper.model.status import Reason, Status
from camkeeper.model.workorder import Faulty, OrderEvent, Step, Why
from camkeeper.run.pictures.claims import LATE_MS, Claims, claims_of
from camkeeper.workorder.book import WorkOrderBook, step
from camkeeper.workorder.proof import settle, told

CLAIM = T0 + HOUR


def order(*steps: OrderEvent, cause: Cause = Cause.IMAGE) -> WorkOrderBook:
    """A book whose first order is about a camera's picture and went these steps."""
    first = opened(WorkOrderBook())
    assert first.subject is not None
    degraded = (Faulty(device_id="a", status=Status.DEGRADED, since_ms=T0 - MIN),)
    book = WorkOrderBook()
    for one in (replace(first, subject=replace(first.subject, cause=cause), devices=degraded), *steps):
        book, no = step(book, one)
        assert no is None
    return book


REPORTED = (event(1, Step.ACCEPTED, T0 + MIN), event(1, Step.REPAIRED, CLAIM))


def test_reported_then_proved_then_over() -> None:
    assert claims_of(order(REPORTED[0]), T0) == {}
    book = order(*REPORTED)
    assert claims_of(book, CLAIM) == {"a": Claim(at_ms=CLAIM, proved=False)}
    up = Transition(
        device_id="a", at_ms=CLAIM + MIN, decided_ms=CLAIM + MIN,
        old=Status.DEGRADED, new=Status.UP, reason=Reason.RECOVERED,
    )  # fmt: skip
    closed_ms = CLAIM + 3 * HOUR
    book = settle(told(book, up)[0], closed_ms)[0]
    assert claims_of(book, closed_ms) == {"a": Claim(at_ms=CLAIM, proved=True)}
    assert claims_of(book, closed_ms + 2 * LATE_MS) == {}


def test_a_claim_that_was_not_true_and_other_faults_say_nothing_of_a_picture() -> None:
    assert claims_of(order(*REPORTED, cause=Cause.POWER), CLAIM) == {}
    reopened = event(1, Step.REOPENED, CLAIM + HOUR, why=Why.NOT_RESTORED, code="1234")
    assert claims_of(order(*REPORTED, reopened), CLAIM + HOUR) == {}


def test_the_book_is_read_again_when_it_changed_and_each_minute() -> None:
    books, now = [order(REPORTED[0])], [CLAIM]
    claims = Claims(lambda: books[-1], lambda: now[-1])
    assert claims() == {}
    books.append(order(*REPORTED))
    first = claims()
    assert set(first) == {"a"}
    assert claims() is first
    now.append(CLAIM + 2 * MIN)
    assert claims() == first
    assert claims() is not first
