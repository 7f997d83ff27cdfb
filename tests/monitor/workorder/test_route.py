"""Repairs by coverage lost, and a van's way that is short and always the same."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.monitor.workorder.make import POLE, T0, event, opened

from camkeeper.model.incident import Domain, DomainKind
from camkeeper.model.place import LonLat
from camkeeper.model.workorder import Step, Subject, WorkOrder
from camkeeper.workorder.book import WorkOrderBook, fold, step
from camkeeper.workorder.priority import rank
from camkeeper.workorder.route import metres, van_route


def _orders(sites: list[tuple[str, ...]], devices: list[tuple[str, ...]] | None = None) -> list[WorkOrder]:
    book = WorkOrderBook()
    for i, site_ids in enumerate(sites):
        one = opened(book, at_ms=T0 + i, devices=devices[i] if devices else (f"d{i}",))
        subject = Subject(domain=Domain(kind=DomainKind.POLE, id=f"p{i}"), site_ids=site_ids)
        book, no = step(book, replace(one, subject=subject))
        assert no is None
    return list(book.orders.values())


def test_the_weightiest_first_then_the_oldest() -> None:
    orders = _orders([("v",)] * 4, [("a",), ("b", "c"), ("x",), ("y",)])
    ranked = rank(orders, {"a": 5.0, "b": 3.0, "c": 3.0}, groups={4: 5.5})
    assert [(r.order.number, r.weight, r.whole) for r in ranked] == [
        (2, 6.0, False),
        (4, 5.5, True),
        (1, 5.0, False),
        (3, 0.0, False),
    ]


def test_what_is_repaired_needs_no_van() -> None:
    book, _ = step(WorkOrderBook(), opened(WorkOrderBook(), domain=POLE))
    book, _ = fold(book, [event(1, Step.ACCEPTED, T0), event(1, Step.REPAIRED, T0)])
    assert rank(book.orders.values(), {}) == ()


_POINT = st.tuples(st.floats(113.7, 114.0), st.floats(33.7, 33.9))


@settings(max_examples=40)
@given(st.lists(_POINT, min_size=1, max_size=6, unique=True), st.one_of(st.none(), _POINT))
def test_no_turning_round_is_shorter_and_few_ways_are(points: list[LonLat], start: LonLat | None) -> None:
    centres = {f"v{i}": p for i, p in enumerate(points)}
    ranked = rank(_orders([(s,) for s in centres]), {})
    route = van_route(ranked, centres, start=start)
    way = [s.site_id for s in route.stops]
    assert sorted(way) == sorted(centres)
    first = [start] if start is not None else [centres[way[0]]]
    rest = way if start is not None else way[1:]

    def length(sites: tuple[str, ...] | list[str]) -> float:
        return sum(metres(a, b) for a, b in pairwise(first + [centres[s] for s in sites]))

    assert route.length_m == pytest.approx(length(rest), abs=1e-6)
    best = min(length(p) for p in permutations(rest))
    assert route.length_m <= 2 * best + 1
    for i in range(len(rest)):
        for j in range(i + 1, len(rest)):
            turned = rest[:i] + rest[i : j + 1][::-1] + rest[j + 1 :]
            assert length(turned) >= route.length_m - 0.02
    assert van_route(reversed(ranked), centres, start=start).length_m == pytest.approx(route.length_m)


def test_villages_are_visited_once_and_the_lightest_wait() -> None:
    centres = {"v1": (113.80, 33.80), "v2": (113.90, 33.80), "v3": (113.81, 33.80)}
    orders = _orders([("v1",), ("v2", "v1"), ("v1",), ("nowhere",), ("v3",)])
    ranked = rank(orders, {"d0": 1.0, "d1": 4.0, "d2": 2.0, "d4": 0.5})
    route = van_route(ranked, centres, max_stops=2)
    assert [(s.site_id, [r.order.number for r in s.orders], s.weight) for s in route.stops] == [
        ("v2", [2], 4.0),
        ("v1", [3, 1], 3.0),
    ]
    assert [r.order.number for r in route.unplaced] == [4]
    assert [r.order.number for r in route.left_out] == [5]
    assert route.length_m == pytest.approx(9240, rel=0.01)
    assert van_route([], centres).stops == ()
