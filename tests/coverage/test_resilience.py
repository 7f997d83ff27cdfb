from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.coverage.sectors import column, scenes, sets_of

from camcover.overlay import Overlay, Place
from camcover.resilience import repair_order, without

LAWS = settings(max_examples=40, deadline=None)


@st.composite
def failing(draw: st.DrawFn) -> tuple[Overlay, NDArray[np.bool_], dict[str, list[str]]]:
    overlay, _ = draw(scenes())
    ids = st.sampled_from([*overlay.camera_ids, "a camera of another village"])
    groups = draw(st.dictionaries(st.sampled_from("abcde"), st.lists(ids, max_size=4), max_size=4))
    return overlay, draw(sets_of(overlay)), groups


def up(overlay: Overlay, cameras: NDArray[np.bool_], down: list[list[str]]) -> NDArray[np.bool_]:
    return cameras & ~overlay.mask({one for group in down for one in group})


@LAWS
@given(failing())
def test_a_failure_costs_what_computing_without_it_says(
    case: tuple[Overlay, NDArray[np.bool_], dict[str, list[str]]],
) -> None:
    overlay, working, groups = case
    losses = without(overlay, working, groups)
    assert {loss.group_id for loss in losses} == set(groups)
    for loss in losses:
        lost = overlay.seen(working) - overlay.seen(up(overlay, working, [groups[loss.group_id]]))
        assert (loss.amounts == lost).all()
        assert loss.weight == pytest.approx(float(overlay.weigh(lost)))
        assert loss.weight >= 0
    weights = [loss.weight for loss in losses]
    assert weights == pytest.approx(sorted(weights, reverse=True))


@LAWS
@given(failing())
def test_repairs_add_up_and_each_is_the_best_next(
    case: tuple[Overlay, NDArray[np.bool_], dict[str, list[str]]],
) -> None:
    overlay, working, groups = case
    order = repair_order(overlay, working, groups)
    assert sorted(one.group_id for one in order) == sorted(groups)
    healthy = working | overlay.mask({one for group in groups.values() for one in group})
    left = dict(groups)
    now = overlay.seen(up(overlay, healthy, list(left.values())))
    start = now
    for regain in order:
        offers = {
            one: float(overlay.weigh(overlay.seen(up(overlay, healthy, [left[o] for o in left if o != one])) - now))
            for one in left
        }
        assert regain.weight == pytest.approx(max(offers.values()), abs=1e-9)
        assert regain.weight == pytest.approx(offers[regain.group_id], abs=1e-9)
        del left[regain.group_id]
        now = now + regain.amounts
    assert now == pytest.approx(overlay.seen(healthy))
    assert start + sum(one.amounts for one in order) == pytest.approx(overlay.seen(healthy))


@LAWS
@given(failing())
def test_the_order_of_the_question_does_not_matter(
    case: tuple[Overlay, NDArray[np.bool_], dict[str, list[str]]],
) -> None:
    overlay, working, groups = case
    plain = [one.group_id for one in repair_order(overlay, working, groups)]
    lost = [one.group_id for one in without(overlay, working, groups)]
    for keys in list(permutations(groups))[:6]:
        other = {key: groups[key] for key in keys}
        assert [one.group_id for one in repair_order(overlay, working, other)] == plain
        assert [one.group_id for one in without(overlay, working, other)] == lost


def street() -> Overlay:
    """Three cameras along a street of 90 m, 30 m each, and a gate that the last one sees."""
    fields = column([shapely.box(30 * number, -5, 30 * number + 30, 5) for number in range(3)])
    places = [
        Place(id="street", layer="road", shape=shapely.LineString([(0, 0), (90, 0)])),
        Place(id="gate", layer="exit", shape=shapely.Point(80, 0), weight=2.0),
    ]
    return Overlay.build(places, ["c1", "c2", "c3"], {"seen": fields})


def test_what_darkens_if_a_switch_fails() -> None:
    losses = without(street(), [True, True, True], {"switch": ["c1", "c2"], "pole": ["c3"], "spare": []})
    assert [(loss.group_id, loss.amounts.round(6).tolist()) for loss in losses] == [
        ("pole", [30.0, 1.0]),
        ("switch", [60.0, 0.0]),
        ("spare", [0.0, 0.0]),
    ]
    assert losses[0].weight == pytest.approx(1 / 3 + 2)


def test_a_pole_behind_a_dead_switch_regains_nothing_alone() -> None:
    order = repair_order(street(), [False, False, False], {"switch": ["c1", "c2", "c3"], "pole": ["c3"]})
    assert [(one.group_id, one.amounts.round(6).tolist()) for one in order] == [
        ("switch", [60.0, 0.0]),
        ("pole", [30.0, 1.0]),
    ]


def test_where_no_single_repair_helps_the_most_promising_comes_first() -> None:
    groups = {"line": ["c1"], "pole-a": ["c1"], "switch-b": ["c3"], "pole-b": ["c3"]}
    order = repair_order(street(), [False, True, False], groups)
    assert [one.group_id for one in order] == ["pole-b", "switch-b", "line", "pole-a"]
    assert [round(one.weight, 6) for one in order] == [0.0, round(1 / 3 + 2, 6), 0.0, round(1 / 3, 6)]


def test_nothing_is_down() -> None:
    assert repair_order(street(), [True, True, True], {}) == ()
    assert without(street(), [True, True, True], {}) == ()
