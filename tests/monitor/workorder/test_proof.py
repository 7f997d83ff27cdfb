"""The probe's word: verified only by N stable hours, reopened by a relapse, silence proves nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.workorder.make import HOUR, MIN, T0, change, event, walked

from camkeeper.model.status import Status
from camkeeper.model.workorder import PROBE, OrderEvent, OrderState, Step, Why
from camkeeper.workorder.book import WorkOrderBook, step
from camkeeper.workorder.proof import proof_due_ms, settle, told

_CLAIM = T0 + HOUR
_ACCEPTED = event(1, Step.ACCEPTED, T0 + MIN)
_REPAIRED = event(1, Step.REPAIRED, _CLAIM)


def _states(book: WorkOrderBook, *acts: tuple[int, str, Status] | int) -> list[tuple[int, OrderState]]:
    """Play transitions (at, device, status) and ticks (at); return the state after each."""
    out = []
    for act in acts:
        at_ms = act if isinstance(act, int) else act[0]
        book = settle(book, act)[0] if isinstance(act, int) else told(book, change(act[1], at_ms, act[2]))[0]
        out.append((at_ms, book.orders[1].state))
    return out


def _after(book: WorkOrderBook, *acts: tuple[int, str, Status] | int) -> WorkOrderBook:
    for act in acts:
        book = settle(book, act)[0] if isinstance(act, int) else told(book, change(act[1], act[0], act[2]))[0]
    return book


def test_verified_and_closed_after_stable_hours_since_the_repair() -> None:
    book = _after(walked(_ACCEPTED), (T0 + 50 * MIN, "a", Status.UP))
    book = _after(_after_step(book, _REPAIRED), _CLAIM + 2 * HOUR - 1)
    assert book.orders[1].state is OrderState.REPAIRED
    assert proof_due_ms(book.orders[1]) == _CLAIM + 2 * HOUR
    book = _after(book, _CLAIM + 2 * HOUR)
    order = book.orders[1]
    assert order.state is OrderState.CLOSED
    # By the probe it was up before anybody said so; that is the time that counts.
    assert order.cycle.restored_ms == T0 + 50 * MIN
    assert [e.by for e in order.history[-2:]] == [PROBE, PROBE]


def test_a_relapse_before_the_proof_reopens_at_once_and_the_first_clock_runs_on() -> None:
    book = walked(_ACCEPTED, _REPAIRED)
    book = _after(book, (_CLAIM + MIN, "a", Status.UP), (_CLAIM + 90 * MIN, "a", Status.DOWN))
    order = book.orders[1]
    assert (order.state, order.why) == (OrderState.OPENED, Why.RELAPSED)
    assert order.cycle.began_ms == T0
    assert order.cycle.accepted_ms == T0 + MIN
    assert order.restored_ms is None


def test_said_to_be_repaired_and_never_up_is_not_repaired() -> None:
    book = walked(_ACCEPTED, _REPAIRED)
    assert _states(book, _CLAIM + 30 * MIN - 1, _CLAIM + 30 * MIN) == [
        (_CLAIM + 30 * MIN - 1, OrderState.REPAIRED),
        (_CLAIM + 30 * MIN, OrderState.OPENED),
    ]
    assert _after(book, _CLAIM + 30 * MIN).orders[1].why is Why.NOT_RESTORED


def test_up_without_a_picture_is_not_restored() -> None:
    book = _after(walked(_ACCEPTED, _REPAIRED), (_CLAIM + MIN, "a", Status.DEGRADED), _CLAIM + 31 * MIN)
    assert book.orders[1].why is Why.NOT_RESTORED


def test_silence_neither_proves_nor_disproves() -> None:
    book = walked(_ACCEPTED, _REPAIRED)
    blind = (_CLAIM + 2 * MIN, "a", Status.UNKNOWN)
    up, again = (_CLAIM + MIN, "a", Status.UP), (_CLAIM + 5 * HOUR, "a", Status.UP)
    book = _after(book, up, blind, _CLAIM + 4 * HOUR)
    assert book.orders[1].state is OrderState.REPAIRED
    book = _after(book, again, _CLAIM + 7 * HOUR - 1)
    assert book.orders[1].state is OrderState.REPAIRED
    book = _after(book, _CLAIM + 7 * HOUR)
    assert book.orders[1].state is OrderState.CLOSED
    assert book.orders[1].cycle.restored_ms == _CLAIM + MIN


def test_blind_from_the_claim_on_reopens_nothing() -> None:
    book = _after(walked(_ACCEPTED, _REPAIRED), (_CLAIM - MIN, "a", Status.UNKNOWN), _CLAIM + 9 * HOUR)
    assert book.orders[1].state is OrderState.REPAIRED


@pytest.mark.parametrize(
    ("accepted", "state", "why"),
    [(False, OrderState.CANCELLED, Why.RECOVERED_ALONE), (True, OrderState.CLOSED, None)],
)
def test_up_although_nobody_said_so(accepted: bool, state: OrderState, why: Why | None) -> None:
    book = walked(_ACCEPTED) if accepted else walked()
    book = _after(book, (T0 + HOUR, "a", Status.UP), T0 + 3 * HOUR)
    assert (book.orders[1].state, book.orders[1].why) == (state, why)


def test_all_devices_have_to_be_up() -> None:
    book = walked(_ACCEPTED, _REPAIRED, devices=("a", "b"))
    book = _after(book, (_CLAIM + MIN, "a", Status.UP), (_CLAIM + 20 * MIN, "b", Status.UP), _CLAIM + 2 * HOUR + MIN)
    assert book.orders[1].state is OrderState.REPAIRED
    assert _after(book, _CLAIM + 2 * HOUR + 20 * MIN).orders[1].state is OrderState.CLOSED


def test_reopened_by_hand_is_not_closed_over_anybodys_head() -> None:
    book = _after(walked(_ACCEPTED, _REPAIRED), (_CLAIM + MIN, "a", Status.UP))
    code = book.orders[1].code
    book = _after_step(book, event(1, Step.REOPENED, _CLAIM + HOUR, why=Why.BY_HAND, text="画面仍偏", code=code))
    book = _after(book, _CLAIM + 90 * HOUR)
    assert book.orders[1].state is OrderState.OPENED


def _after_step(book: WorkOrderBook, one: OrderEvent) -> WorkOrderBook:
    book, no = step(book, one)
    assert no is None
    return book


_STATUS = st.sampled_from(list(Status))


@given(st.lists(st.tuples(st.integers(1, 90), st.sampled_from("ab"), _STATUS), max_size=30), st.integers(1, 60))
def test_verified_means_up_without_a_break_for_as_long_as_agreed(
    changes: list[tuple[int, str, Status]], tick_min: int
) -> None:
    book = walked(_ACCEPTED, _REPAIRED, devices=("a", "b"))
    now_ms = _CLAIM
    statuses = {"a": [(T0, Status.DOWN)], "b": [(T0, Status.DOWN)]}
    for wait_min, device_id, status in changes:
        end_ms = now_ms + wait_min * MIN
        while now_ms + tick_min * MIN < end_ms:
            now_ms += tick_min * MIN
            book = _after(book, now_ms)
        now_ms = end_ms
        if status is not statuses[device_id][-1][1]:
            book = _after(book, (now_ms, device_id, status))
            statuses[device_id].append((now_ms, status))
    order = _after(book, now_ms).orders[1]
    for one in order.history:
        if one.step is Step.VERIFIED:
            for spans in statuses.values():
                before = [s for at, s in spans if at <= one.at_ms - 2 * HOUR]
                within = [s for at, s in spans if one.at_ms - 2 * HOUR < at <= one.at_ms]
                assert [before[-1], *within] == [Status.UP]
    assert settle(_after(book, now_ms), now_ms)[1] == ()
