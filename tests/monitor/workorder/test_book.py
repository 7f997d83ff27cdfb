"""Laws of the fold, over steps of every kind in any order."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.workorder.make import DAY, HOUR, MIN, T0, change, event, opened, walked

from camkeeper.model.change import Transition
from camkeeper.model.status import Status
from camkeeper.model.wire import WireError
from camkeeper.model.workorder import (
    PROBE,
    Faulty,
    OrderEvent,
    OrderKind,
    OrderState,
    Photo,
    Refusal,
    Step,
    Why,
)
from camkeeper.workorder.book import WorkOrderBook, fold, step
from camkeeper.workorder.law import LEADS_TO, LEGAL
from camkeeper.workorder.proof import settle, told, told_all

_DEVICES = ("a", "b", "c")
_PHOTOS = [Photo(digest=d * 64, size_bytes=10, media_type="image/jpeg") for d in "abc"]


@st.composite
def _anything(draw: st.DrawFn) -> tuple[str, object]:
    """A step of any kind with any of its belongings, a transition, or time that passes."""
    what = draw(st.sampled_from(["step"] * 6 + ["told", "settle", "open"]))
    wait_ms = draw(st.sampled_from([0, MIN, HOUR, 3 * HOUR, DAY, 8 * DAY]))
    if what == "told":
        status = draw(st.sampled_from([Status.UP, Status.UP, Status.DOWN, Status.DEGRADED, Status.UNKNOWN]))
        return what, (wait_ms, draw(st.sampled_from(_DEVICES)), status)
    if what in {"settle", "open"}:
        return what, (wait_ms,)
    one = event(
        draw(st.integers(1, 4)),
        draw(st.sampled_from(list(Step))),
        wait_ms,
        by=draw(st.sampled_from(["zhang", "li", PROBE, " "])),
        text=draw(st.sampled_from(["", "换电源"])),
        why=draw(st.sampled_from([None, *Why])),
        code=draw(st.sampled_from(["", "0001", "0002", "12345"])),
        incident_id=draw(st.sampled_from(["", "I000001", "I000009"])),
        contractor_id=draw(st.sampled_from(["", "wei"])),
        photo=draw(st.sampled_from([None, *_PHOTOS])),
        into=draw(st.sampled_from([None, 1, 2, 3])),
        restored_ms=draw(st.sampled_from([None, T0])),
        devices=draw(st.sampled_from([(), (Faulty(device_id="c", status=Status.DOWN, since_ms=T0),)])),
    )
    return what, one


def _play(
    book: WorkOrderBook,
    now_ms: int,
    acts: list[tuple[str, object]],
    log: list[Transition | OrderEvent] | None = None,
) -> tuple[WorkOrderBook, int]:
    log = [] if log is None else log
    for what, about in acts:
        if isinstance(about, OrderEvent):
            now_ms += about.at_ms
            one = replace(about, at_ms=now_ms)
            book, no = step(book, one)
            log += [one] if no is None else []
            continue
        assert isinstance(about, tuple)
        now_ms += about[0]
        if what == "told":
            transition = change(about[1], now_ms, about[2])
            book, took = told(book, transition)
            log += [transition, *took]
        elif what == "settle":
            book, took = settle(book, now_ms)
            log += took
        else:
            one = opened(book, at_ms=now_ms, devices=_DEVICES[: 1 + len(book.orders) % 3])
            book, no = step(book, one)
            log += [one] if no is None else []
    return book, now_ms


@given(st.lists(_anything(), max_size=40), st.integers(0, 40))
def test_all_at_once_is_the_same_as_stopped_in_the_middle(acts: list[tuple[str, object]], cut: int) -> None:
    whole, _ = _play(WorkOrderBook(), T0, [("open", (0,)), *acts])
    half, now_ms = _play(WorkOrderBook(), T0, [("open", (0,)), *acts[:cut]])
    restored = WorkOrderBook.from_json(json.loads(json.dumps(half.to_json())))
    assert restored == half
    assert _play(restored, now_ms, acts[cut:])[0] == whole


@given(st.lists(_anything(), max_size=40))
def test_what_holds_of_every_book(acts: list[tuple[str, object]]) -> None:
    book, _ = _play(WorkOrderBook(), T0, [("open", (0,)), *acts])
    live = [o for o in book.orders.values() if o.state.live]
    assert tuple(o.number for o in live) == book.live_numbers
    assert len({o.code for o in live}) == len(live)
    assert [o.number for o in book.orders.values()] == list(range(1, len(book.orders) + 1))
    for order in book.orders.values():
        times = [e.at_ms for e in order.history]
        assert times == sorted(times)
        assert all(e.by.strip() for e in order.history)
        assert all(e.by == PROBE for e in order.history if e.step is Step.VERIFIED)
        state = OrderState.OPENED
        for e in order.history[1:]:
            assert state in LEGAL[order.kind][e.step]
            state = LEADS_TO.get(e.step, state)
        assert state is order.state or (state, order.state) == (OrderState.ASSIGNED, OrderState.OPENED)
        assert book.heir(order).merged_into is None


@given(st.lists(_anything(), max_size=25), _anything())
def test_a_refused_step_changes_nothing_and_says_why(acts: list[tuple[str, object]], last: tuple[str, object]) -> None:
    book, now_ms = _play(WorkOrderBook(), T0, [("open", (0,)), *acts])
    if isinstance(last[1], OrderEvent):
        after, no = step(book, replace(last[1], at_ms=now_ms))
        assert (no is None) == (after is not book)
        if no is None:
            assert after.orders[last[1].number].history[-1].step is last[1].step


@given(st.lists(_anything(), max_size=40))
def test_transitions_and_taken_steps_make_the_very_book_again(acts: list[tuple[str, object]]) -> None:
    # What the ledger has: every transition, and the steps that were taken. Replayed, a relapse tells itself a second
    # time, and the second is refused.
    log: list[Transition | OrderEvent] = []
    book, _ = _play(WorkOrderBook(), T0, [("open", (0,)), *acts], log)
    again = WorkOrderBook()
    for one in log:
        again = told(again, one)[0] if isinstance(one, Transition) else step(again, one)[0]
    assert again == book


def test_every_way_from_opened_to_closed() -> None:
    book = walked(
        event(1, Step.ASSIGNED, T0, by=PROBE, contractor_id="wei"),
        event(1, Step.ACCEPTED, T0 + MIN),
        event(1, Step.ON_SITE, T0 + HOUR),
        event(1, Step.NOTED, T0 + HOUR, text="12 V 电源 1 只"),
        event(1, Step.PHOTO, T0 + HOUR, photo=_PHOTOS[0]),
        event(1, Step.REPAIRED, T0 + 2 * HOUR),
        event(1, Step.VERIFIED, T0 + 4 * HOUR, by=PROBE, restored_ms=T0 + 2 * HOUR),
        event(1, Step.CLOSED, T0 + 4 * HOUR, by="township"),
    )
    order = book.orders[1]
    assert (order.id, order.state, order.contractor_id) == ("WO-0001", OrderState.CLOSED, "wei")
    assert order.cycle.accepted_ms == T0 + MIN
    assert order.cycle.restored_ms == T0 + 2 * HOUR
    assert [e.by for e in order.history] == [
        PROBE,
        PROBE,
        "zhang",
        "zhang",
        "zhang",
        "zhang",
        "zhang",
        PROBE,
        "township",
    ]
    assert not book.live_numbers


@pytest.mark.parametrize(
    ("events", "refusal"),
    [
        ([event(9, Step.ACCEPTED, T0)], Refusal.NO_SUCH_ORDER),
        ([event(1, Step.ACCEPTED, T0, by="  ")], Refusal.NOBODY),
        ([event(1, Step.ON_SITE, T0)], Refusal.OUT_OF_TURN),
        ([event(1, Step.ACCEPTED, T0), event(1, Step.ACCEPTED, T0)], Refusal.ALREADY_DONE),
        ([event(1, Step.ACCEPTED, T0 - 1)], Refusal.OUT_OF_TIME),
        ([event(1, Step.SIGNED, T0)], Refusal.WRONG_KIND),
        ([event(1, Step.ASSIGNED, T0)], Refusal.INCOMPLETE),
        ([event(1, Step.NOTED, T0, text=" ")], Refusal.INCOMPLETE),
        ([event(1, Step.CANCELLED, T0)], Refusal.NO_REASON),
        ([event(1, Step.CANCELLED, T0, why=Why.RECOVERED_ALONE)], Refusal.NO_REASON),
        ([event(1, Step.MERGED, T0, into=1)], Refusal.INTO_ITSELF),
        ([event(1, Step.MERGED, T0, into=7)], Refusal.NO_SUCH_ORDER),
        ([event(1, Step.CANCELLED, T0, text="误报"), event(1, Step.ACCEPTED, T0)], Refusal.FINISHED),
        (
            [event(1, Step.ACCEPTED, T0), event(1, Step.REPAIRED, T0), event(1, Step.VERIFIED, T0, restored_ms=T0)],
            Refusal.NOT_THE_PROBE,
        ),
        (
            [event(1, Step.PHOTO, T0, photo=_PHOTOS[0]), event(1, Step.PHOTO, T0, photo=_PHOTOS[0])],
            Refusal.ALREADY_DONE,
        ),
        ([event(2, Step.OPENED, T0)], Refusal.INCOMPLETE),
        ([event(1, Step.OPENED, T0)], Refusal.WRONG_NUMBER),
        ([event(5, Step.OPENED, T0)], Refusal.WRONG_NUMBER),
    ],
)
def test_refusals(events: list[OrderEvent], refusal: Refusal) -> None:
    book = walked(*events[:-1])
    after, no = step(book, events[-1])
    assert no is not None
    assert no.reason is refusal
    assert after is book


def test_a_code_belongs_to_one_live_order() -> None:
    book = walked()
    second = replace(opened(book), code=book.orders[1].code)
    assert step(book, second)[1] is not None
    closed = fold(book, [event(1, Step.CANCELLED, T0, text="误报")])[0]
    assert step(closed, second)[1] is None
    assert book.by_code(book.orders[1].code) is book.orders[1]
    assert closed.by_code(book.orders[1].code) is None


def test_merged_orders_have_an_heir() -> None:
    book = walked()
    book, no = step(book, opened(book, devices=("b",)))
    book, refused = fold(book, [event(2, Step.MERGED, T0, into=1)])
    assert no is None
    assert not refused
    assert book.orders[2].state is OrderState.MERGED
    assert book.of_incident("I000002") is book.orders[1]
    assert book.heir(book.orders[2]) is book.orders[1]


def test_a_damaged_book_is_told_with_its_path() -> None:
    good = json.loads(json.dumps(walked(event(1, Step.ACCEPTED, T0)).to_json()))
    for path, value, words in [
        (("version",), 2, "version 1"),
        (("orders", 0, "history", 1, "step"), "flown", r"history\[1\]\.step: 'flown'"),
        (("orders", 0, "history", 1, "step"), "closed", r"history\[1\]: out_of_turn"),
        (("orders", 0, "history", 1, "number"), 3, r"history\[1\]: wrong_number"),
        (("orders", 0, "history", 0, "at_ms"), "soon", r"at_ms: int"),
        (("orders", 0, "history", 0, "colour"), "red", r"unknown colour"),
        (("orders", 0, "devices"), {}, r"devices"),
        (("orders", 0, "history"), [], r"history"),
    ]:
        bad = json.loads(json.dumps(good))
        at = bad
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value
        with pytest.raises(WireError, match=words):
            WorkOrderBook.from_json(bad)


def test_kinds_have_a_whole_table() -> None:
    for kind in OrderKind:
        assert set(LEGAL[kind]) == set(Step) - {Step.OPENED}


@given(
    st.lists(_anything(), max_size=30),
    st.lists(
        st.tuples(st.integers(0, 2 * HOUR), st.sampled_from(_DEVICES), st.sampled_from(list(Status))), max_size=12
    ),
)
def test_changes_told_together_are_those_told_one_by_one(
    acts: list[tuple[str, object]], changes: list[tuple[int, str, Status]]
) -> None:
    book, now_ms = _play(WorkOrderBook(), T0, [("open", (0,)), *acts])
    transitions = []
    for after_ms, device_id, status in changes:
        now_ms += after_ms
        transitions.append(change(device_id, now_ms, status))
    one_by_one, steps = book, list[OrderEvent]()
    for transition in transitions:
        one_by_one, took = told(one_by_one, transition)
        steps.extend(took)
    assert told_all(book, transitions) == (one_by_one, tuple(steps))
