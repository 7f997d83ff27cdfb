"""MTTA and MTTR by hand."""

from __future__ import annotations

from tests.monitor.workorder.make import DAY, HOUR, MIN, T0, change, event, opened

from camkeeper.model.service import FaultClass
from camkeeper.model.span import Span
from camkeeper.model.status import Status
from camkeeper.model.workorder import Step
from camkeeper.workorder.book import WorkOrderBook, fold, step
from camkeeper.workorder.figures import Spread, service_figures
from camkeeper.workorder.proof import settle, told

_MONTH = Span(start_ms=T0 - DAY, end_ms=T0 + 29 * DAY)


def _month() -> WorkOrderBook:
    """Four faults: repaired after 1 h, after 3 h, late after 10 h, and one that went by itself."""
    book = WorkOrderBook()
    for number, (device_id, repaired_h) in enumerate([("a", 1), ("b", 3), ("c", 10), ("d", 1)], 1):
        at_ms = T0 + number * DAY
        book, _ = step(book, opened(book, at_ms=at_ms, devices=(device_id,)))
        if device_id != "d":
            book, _ = fold(
                book,
                [
                    event(number, Step.ACCEPTED, at_ms + number * 5 * MIN),
                    event(number, Step.REPAIRED, at_ms + repaired_h * HOUR),
                ],
            )
        book, _ = told(book, change(device_id, at_ms + repaired_h * HOUR, Status.UP))
        book, _ = settle(book, at_ms + (repaired_h + 2) * HOUR)
    return book


def test_a_month_by_hand() -> None:
    figures = service_figures(_month().orders.values(), _MONTH, now_ms=T0 + 20 * DAY)
    assert (figures.faults, figures.open, figures.recovered_alone, figures.cancelled) == (3, 0, 1, 0)
    assert (figures.late_response, figures.late_repair, figures.reopened) == (0, 1, 0)
    assert figures.acceptance == Spread(count=3, mean_ms=10 * MIN, median_ms=10 * MIN, longest_ms=15 * MIN)
    assert figures.repair == Spread(count=3, mean_ms=14 * HOUR // 3, median_ms=3 * HOUR, longest_ms=10 * HOUR)
    assert figures.by_class == {FaultClass.DOMAIN: figures.repair}


def test_excluded_time_is_taken_out_and_said() -> None:
    storm = Span(start_ms=T0 + 3 * DAY + HOUR, end_ms=T0 + 3 * DAY + 8 * HOUR)
    figures = service_figures(
        _month().orders.values(), _MONTH, now_ms=T0 + 20 * DAY, excluded_of=lambda o: [storm] if o.number == 3 else []
    )
    assert figures.late_repair == 0
    assert (figures.repair.longest_ms, figures.repair.excluded_ms) == (3 * HOUR, 7 * HOUR)


def test_nothing_measured_is_none() -> None:
    figures = service_figures([], _MONTH, now_ms=T0)
    assert figures.repair == Spread()
    assert figures.repair.mean_ms is None


def test_what_is_still_down_is_open_and_late() -> None:
    book, _ = step(WorkOrderBook(), opened(WorkOrderBook()))
    figures = service_figures(book.orders.values(), _MONTH, now_ms=T0 + DAY)
    assert (figures.faults, figures.open, figures.late_repair, figures.repair.count) == (1, 1, 1, 0)
