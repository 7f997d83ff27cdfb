"""What people agreed on is a fold: nothing is changed, only ended or withdrawn, and the past stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camkeeper.model.contract import WindowKind
from camkeeper.model.span import Span
from camkeeper.model.wire import from_json, to_json
from camkeeper.window.book import Deed, Refusal, RefusedError, WindowBook, WindowEvent
from camkeeper.window.plan import Document, WindowPlan
from camkeeper.window.rule import read_rule

HOUR, DAY = 3_600_000, 86_400_000
START_MS = 1_791_248_400_000  # 2026-10-06 09:00 in Shanghai, a Tuesday
PAPER = Document(name="停电通知.pdf", digest="ab" * 32, size_bytes=1000, media_type="application/pdf")


def plan(**more: Any) -> WindowPlan:
    fields: dict[str, Any] = {
        "id": "W0001",
        "kind": WindowKind.MAINTENANCE,
        "first": datetime.fromisoformat("2026-10-06T09:00"),
        "tz": "Asia/Shanghai",
        "length_ms": 2 * HOUR,
        "rule": read_rule("FREQ=WEEKLY"),
        "reason": "例行保养",
        "agreed_ms": START_MS - DAY,
        "link_ids": frozenset({"sw-03"}),
    }
    return WindowPlan(**fields | more)


def exclusion(**more: Any) -> WindowPlan:
    fields = {"kind": WindowKind.EXCLUSION, "evidence": PAPER, "approver": "镇综治中心", "rule": None}
    return plan(**fields | more)


def planned(found: WindowPlan, at_ms: int = START_MS - DAY) -> WindowEvent:
    one = replace(found, agreed_ms=at_ms)
    return WindowEvent(plan_id=one.id, at_ms=at_ms, deed=Deed.PLANNED, by="张三", plan=one)


def deed(what: Deed, at_ms: int, text: str = "") -> WindowEvent:
    return WindowEvent(plan_id="W0001", at_ms=at_ms, deed=what, by="张三", text=text)


def refused(book: WindowBook, event: WindowEvent) -> Refusal:
    with pytest.raises(RefusedError) as told:
        book.take(event)
    return told.value.reason


def test_maintenance_is_announced_and_an_exclusion_may_come_late() -> None:
    late_ms = START_MS + HOUR
    assert refused(WindowBook(), planned(plan(), late_ms)) is Refusal.AFTER_THE_FACT
    assert refused(WindowBook(), replace(planned(plan()), by=" ")) is Refusal.NOBODY
    book = WindowBook().take(planned(exclusion(), late_ms))
    assert book.agreements["W0001"].late
    assert not WindowBook().take(planned(exclusion())).agreements["W0001"].late
    assert refused(book, planned(exclusion())) is Refusal.TAKEN_ID


def test_what_may_be_ended_and_what_withdrawn() -> None:
    book = WindowBook().take(planned(plan()))
    before, within = START_MS - HOUR, START_MS + HOUR
    assert refused(book, deed(Deed.ENDED, before)) is Refusal.NOT_BEGUN
    assert refused(book, deed(Deed.WITHDRAWN, before)) is Refusal.NO_REASON
    assert refused(book, deed(Deed.WITHDRAWN, within, "改期")) is Refusal.BEGUN
    assert refused(WindowBook(), deed(Deed.ENDED, within)) is Refusal.NO_SUCH_PLAN
    withdrawn = book.take(deed(Deed.WITHDRAWN, before, "改期"))
    assert withdrawn.plans == ()
    assert refused(withdrawn, deed(Deed.ENDED, within)) is Refusal.OVER
    assert refused(withdrawn, deed(Deed.WITHDRAWN, within, "又")) is Refusal.OVER
    ended = book.take(deed(Deed.ENDED, within))
    assert refused(ended, deed(Deed.ENDED, within + HOUR)) is Refusal.OVER
    mistaken = WindowBook().take(planned(exclusion(), within)).take(deed(Deed.WITHDRAWN, within + HOUR, "登错"))
    assert mistaken.plans == ()
    assert [e.deed for e in mistaken.events] == [Deed.PLANNED, Deed.WITHDRAWN]


@given(end_ms=st.integers(START_MS + 60_000, START_MS + 60 * DAY), look=st.integers(0, 70))
def test_an_end_leaves_the_past_as_it_was(end_ms: int, look: int) -> None:
    book = WindowBook().take(planned(plan()))
    later = book.take(deed(Deed.ENDED, end_ms))
    past = Span(start_ms=START_MS - DAY, end_ms=min(end_ms, START_MS + look * DAY))

    def counted(found: WindowBook) -> list[Span | None]:
        return [w.span.clip(past) for p in found.plans for w in p.windows(past)]

    assert [s for s in counted(later) if s] == [s for s in counted(book) if s]
    (left,) = later.plans
    assert left.windows(Span(start_ms=end_ms, end_ms=end_ms + 60 * DAY)) == ()
    assert not left.holds(end_ms)


@given(at_ms=st.integers(START_MS - 40 * DAY, START_MS + 400 * DAY))
def test_an_instant_is_in_a_plan_as_it_is_in_its_windows(at_ms: int) -> None:
    found = plan().windows(Span(start_ms=at_ms, end_ms=at_ms + 1))
    assert plan().holds(at_ms) is any(at_ms in w.span for w in found)


def test_the_fold_of_what_was_written_is_the_book() -> None:
    events = (
        planned(exclusion(until_ms=START_MS + 30 * DAY, rule=read_rule("FREQ=WEEKLY;BYDAY=TU;UNTIL=20271231"))),
        replace(deed(Deed.APPROVED, START_MS - DAY, "张三"), by="镇综治中心"),
        deed(Deed.ENDED, START_MS + HOUR),
    )
    again = WindowBook.of(from_json(WindowEvent, to_json(event)) for event in events)
    assert again == WindowBook.of(events)
    assert again.events == events
    assert again.agreements["W0001"].over(START_MS + HOUR)


def test_numbers_are_given_once() -> None:
    book = WindowBook().take(planned(plan()))
    assert WindowBook().next_id() == "W0001"
    assert book.next_id() == "W0002"
    assert book.next_id({"W0002", "W0003"}) == "W0004"
