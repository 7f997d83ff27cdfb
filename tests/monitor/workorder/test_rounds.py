"""Laws of rounds: each occurrence once however often one looks, none that is over, figures apart from repairs."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.workorder.make import DAY, POLICY, SECRET

from camkeeper.model.inspection import Inspection
from camkeeper.model.registry import Registry
from camkeeper.model.service import FaultClass, preset
from camkeeper.model.span import Span
from camkeeper.model.workorder import Finding, OrderEvent, OrderKind, OrderState, Signature, Step
from camkeeper.workorder.book import WorkOrderBook, fold
from camkeeper.workorder.centres import centres
from camkeeper.workorder.figures import round_figures, service_figures
from camkeeper.workorder.inspection import open_rounds, round_of

FIRST_MS = 1_791_162_000_000  # 2026-10-05 09:00 in Shanghai


def said(every_days: int, within_days: int, n: int = 0) -> Inspection:
    return Inspection(
        id=f"r{n}",
        name="巡检",
        site_ids=("v1",),
        device_ids=("cam-1",),
        contractor_id="own" if n % 2 else "wei",
        first=datetime(2026, 10, 5, 9, 0),  # noqa: DTZ001 (local)
        tz="Asia/Shanghai",
        rule=f"FREQ=DAILY;INTERVAL={every_days}",
        within_ms=within_days * DAY,
        items=("箱体",),
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.lists(st.integers(0, 60 * 24), min_size=1, max_size=25))
def test_each_occurrence_is_opened_once_and_in_its_time(every: int, within: int, looks_h: list[int]) -> None:
    book, one = WorkOrderBook(), round_of(said(every, within))
    for hour in sorted(looks_h):
        now_ms = FIRST_MS + hour * 3_600_000
        for _ in range(2):
            done = open_rounds(book, [one], now_ms, policy=POLICY, secret=SECRET)
            assert not done.refused
            book = done.book
    keys = [o.subject.round_key for o in book.orders.values()]
    assert len(keys) == len(set(keys))
    for order in book.orders.values():
        assert order.subject.due_ms is not None
        assert order.subject.due_ms - within * DAY <= order.opened_ms < order.subject.due_ms
        assert (order.subject.name, order.subject.device_ids, order.kind) == ("巡检", ("cam-1",), OrderKind.INSPECTION)
    starts = {f"{datetime(2026, 10, 5, 9) + timedelta(days=k * every):%Y-%m-%dT%H:%M}" for k in range(80)}  # noqa: DTZ001
    assert {key.partition("@")[2] for key in keys} <= starts
    again = WorkOrderBook.from_json(book.to_json())
    assert open_rounds(again, [one], FIRST_MS + max(looks_h) * 3_600_000, policy=POLICY, secret=SECRET).steps == ()


def test_a_contractor_of_its_own_contract_and_figures_apart() -> None:
    own = preset("working-hours", tz="Asia/Shanghai")
    rounds = [round_of(said(30, 2, n)) for n in range(4)]
    book = open_rounds(WorkOrderBook(), rounds, FIRST_MS, policy=POLICY, secret=SECRET, policy_of={"own": own}).book
    assert [o.terms.policy for o in book.orders.values()] == [POLICY.id, own.id, POLICY.id, own.id]
    assert all(o.terms.fault_class is FaultClass.INSPECTION for o in book.orders.values())

    def event(number: int, step: Step, at_ms: int, **more: object) -> OrderEvent:
        return OrderEvent(number=number, at_ms=at_ms, step=step, by="李", **more)  # type: ignore[arg-type]

    bad = Signature(name="李", findings=(Finding(item="箱体", good=False, note="锈"),))
    good = Signature(name="李", findings=(Finding(item="箱体", good=True),))
    steps = []
    for number, signature, at_ms in ((1, bad, FIRST_MS + DAY), (2, good, FIRST_MS + 3 * DAY)):
        steps += [event(number, step, FIRST_MS) for step in (Step.ACCEPTED, Step.ON_SITE)]
        steps.append(event(number, Step.SIGNED, at_ms, signature=signature))
    steps.append(event(3, Step.CANCELLED, FIRST_MS, text="暴雨"))
    book, refused = fold(book, steps)
    assert refused == ()
    assert book.orders[3].state is OrderState.CANCELLED
    month = Span(start_ms=FIRST_MS - DAY, end_ms=FIRST_MS + 20 * DAY)
    found = round_figures(book.orders.values(), month, now_ms=FIRST_MS + 4 * DAY)
    assert (found.due, found.signed, found.open, found.late, found.cancelled, found.bad_items) == (3, 2, 1, 2, 1, 1)
    assert service_figures(book.orders.values(), month, now_ms=FIRST_MS + 4 * DAY).faults == 0


def test_a_register_without_positions_has_no_centres() -> None:
    assert centres(Registry(name="x", sites=(), devices=())) == {}
