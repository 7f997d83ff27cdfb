"""Laws of walks, and the blind zones of a hamlet as a patrol."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely import LineString, MultiPolygon, Point, Polygon, box
from tests.coverage import hamlet

from camcover.camera import View
from camcover.overlay import Place
from camcover.patrol import PatrolPlan, patrol
from camcover.tour import legs_m, length_m, nearest_neighbour, rounds, shorten, tour
from camcover.viewshed import fields
from camcover.ways import straight_m, walking_m

many = settings(max_examples=100, deadline=None)
metre = st.floats(-1000, 1000).map(lambda value: round(value, 1))


@st.composite
def points(draw: st.DrawFn, *, most: int = 12) -> NDArray[np.float64]:
    """Return start and stops (n, 2)."""
    return np.array(draw(st.lists(st.tuples(metre, metre), min_size=1, max_size=most)), dtype=np.float64)


def blind() -> shapely.Geometry:
    seen = fields(hamlet.cameras(45.0, 200.0, 90.0), hamlet.terrain(), View())
    return hamlet.AREA.difference(shapely.union_all(seen))


def walked(plan: PatrolPlan) -> list[tuple[float, float]]:
    return [(stop.x_m, stop.y_m) for stop in plan.stops]


@many
@given(points(), st.booleans())
def test_a_tour_visits_each_stop_once_and_is_never_longer_than_nearest_neighbour(
    at: NDArray[np.float64], closed: bool
) -> None:
    away = straight_m(at)
    first = nearest_neighbour(away)
    found = shorten(first, away, closed=closed)
    assert sorted(found) == list(range(1, len(at)))
    assert length_m(found, away, closed=closed) <= length_m(first, away, closed=closed) + 1e-6
    assert tour(away, closed=closed) == found
    assert sum(legs_m(found, away, closed=closed)) == pytest.approx(length_m(found, away, closed=closed))


def test_a_walk_past_many_stops_is_ordered_stretch_by_stretch() -> None:
    away = straight_m(np.random.default_rng(3).uniform(0, 5000, (901, 2)))
    first, found = nearest_neighbour(away), tour(away)
    assert sorted(found) == list(range(1, 901))
    assert length_m(found, away, closed=True) < 0.95 * length_m(first, away, closed=True)


@many
@given(points(most=7), st.booleans())
def test_no_walk_of_few_stops_is_much_shorter(at: NDArray[np.float64], closed: bool) -> None:
    away = straight_m(at)
    best = min(length_m(order, away, closed=closed) for order in permutations(range(1, len(at))))
    assert length_m(tour(away, closed=closed), away, closed=closed) <= 1.25 * best + 1e-6


@many
@given(points(), st.booleans(), st.floats(100, 5000))
def test_rounds_keep_the_order_and_the_budget(at: NDArray[np.float64], closed: bool, budget: float) -> None:
    away = straight_m(at)
    order = tour(away, closed=closed)
    cut = rounds(order, away, budget, closed=closed)
    assert [stop for one in cut for stop in one] == order
    assert all(length_m(one, away, closed=closed) <= budget or len(one) == 1 for one in cut)
    if order and length_m(order, away, closed=closed) <= budget:
        assert cut == [order] or not closed


@many
@given(points(most=6), st.lists(st.tuples(metre, metre, metre, metre), max_size=5))
def test_walking_is_symmetric_and_never_shorter_than_flying(
    at: NDArray[np.float64], ends: list[tuple[float, float, float, float]]
) -> None:
    roads = [LineString([(a, b), (c, d)]) for a, b, c, d in ends if (a, b) != (c, d)]
    away = walking_m(at, roads)
    assert np.array_equal(away, away.T)
    assert np.allclose(np.diag(away), 0.0)
    assert (away >= straight_m(at) - 0.1).all()


def test_the_way_leads_along_roads_round_the_corner() -> None:
    roads = [LineString([(0, 0), (100, 0)]), LineString([(100, -50), (100, 100)])]
    away = walking_m(np.array([[0.0, 5.0], [105.0, 100.0], [0.0, 10.0], [50.0, -5.0]]), roads)
    assert away[0, 1] == pytest.approx(5 + 100 + 100 + 5)
    assert away[0, 2] == pytest.approx(5)  # neighbours do not walk by the road
    assert away[0, 3] == pytest.approx(5 + 50 + 5)


def test_roads_that_do_not_meet_are_crossed_straight() -> None:
    apart = [LineString([(0, 0), (10, 0)]), LineString([(0, 500), (10, 500)])]
    away = walking_m(np.array([[0.0, 0.0], [0.0, 500.0]]), apart)
    assert away[0, 1] == pytest.approx(500)


def test_stops_stand_on_blind_ground_outside_houses() -> None:
    zones = blind()
    plan = patrol(zones, places=hamlet.places()[1:], obstacles=hamlet.houses(), roads=hamlet.lanes(), start=(2, 2))
    ground = shapely.union_all([house.shape for house in hamlet.houses()])
    outside = zones.difference(ground)
    stands = shapely.points(walked(plan))
    assert shapely.intersects(outside, stands).all()
    assert plan.area_m2 + plan.dropped_m2 == pytest.approx(outside.area)
    assert shapely.union_all([stop.zone for stop in plan.stops]).area == pytest.approx(plan.area_m2)
    assert [stop.number for stop in plan.stops] == list(range(1, len(plan.stops) + 1))
    assert sum(stop.area_m2 for stop in plan.stops) == pytest.approx(plan.area_m2)
    assert plan.by_road
    for walk in plan.rounds:
        assert walk.length_m <= 4000
        assert walk.minutes == pytest.approx((walk.length_m + 60 * len(walk.stops)) / 60)
        assert sum(stop.leg_m for stop in walk.stops) <= walk.length_m


def test_the_same_hamlet_is_walked_the_same() -> None:
    first, second = (patrol(blind(), obstacles=hamlet.houses(), start=(0, 0)) for _ in range(2))
    assert walked(first) == walked(second)


def test_slivers_are_dropped_and_told() -> None:
    zones = MultiPolygon([box(0, 0, 10, 10), box(50, 0, 50.2, 30), box(80, 0, 84, 4)])
    plan = patrol(zones, start=(0, 0), min_area_m2=20.0)
    assert (len(plan.stops), plan.dropped) == (1, 2)
    assert plan.dropped_m2 == pytest.approx(22.0)
    assert (plan.stops[0].place_id, plan.stops[0].place_m) == (None, None)


def test_near_zones_are_one_stop_and_wide_ones_are_several() -> None:
    near = MultiPolygon([box(0, 0, 10, 10), box(12, 0, 22, 10), box(200, 0, 210, 10)])
    assert len(patrol(near, start=(0, 0)).stops) == 2
    wide = patrol(box(0, 0, 300, 100), start=(0, 0))
    assert len(wide.stops) == 10
    assert max(shapely.minimum_bounding_radius(stop.zone) for stop in wide.stops) <= 60


def test_a_key_place_in_the_dark_brings_its_weight() -> None:
    zones = MultiPolygon([box(0, 0, 10, 10), box(200, 0, 210, 10)])
    road = LineString([(195, 5), (215, 5)])
    places = [
        Place(id="pond", layer="pond", shape=Point(5, 5), weight=3.0),
        Place(id="road", layer="road", shape=road, weight=2.0),
    ]
    plan = patrol(zones, places=places, start=(100, 0), near_m=1.0)
    told = {stop.place_id: (stop.weight, stop.place_m) for stop in plan.stops}
    assert told["pond"] == pytest.approx((0.5 + 3.0, 0.0))
    assert told["road"] == pytest.approx((0.5 + 2.0 * 12 / 20, 0.0))


def test_a_long_walk_is_cut_into_rounds_the_weightiest_first() -> None:
    zones = MultiPolygon([box(x, 0, x + 10, 10) for x in (-900, -800, 800, 900)])
    gate = Place(id="gate", layer="exit", shape=Point(905, 5), weight=5.0)
    plan = patrol(zones, places=[gate], start=(0, 0), budget_m=2000)
    assert [len(walk.stops) for walk in plan.rounds] == [2, 2]
    assert {stop.x_m > 0 for stop in plan.rounds[0].stops} == {True}
    assert plan.rounds[0].weight > plan.rounds[1].weight
    assert plan.length_m == pytest.approx(sum(walk.length_m for walk in plan.rounds))
    assert plan.minutes == pytest.approx(plan.length_m / 60 + 4)
    far = patrol(zones, start=(0, 0), budget_m=1000)
    assert [walk.over_budget for walk in far.rounds] == [True] * 4
    one_way = patrol(zones, start=(-900, 0), budget_m=2000, closed=False)
    assert len(one_way.rounds) == 1
    assert one_way.length_m < 2000


def test_nothing_blind_is_no_walk() -> None:
    for nothing in (Polygon(), box(0, 0, 10, 10)):
        plan = patrol(nothing, obstacles=hamlet.houses(), start=(0, 0), min_area_m2=101.0)
        assert (plan.rounds, plan.length_m, plan.minutes) == ((), 0, 0)


def test_what_cannot_be_walked_is_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        patrol(box(0, 0, 1, 1), start=(0, 0), pace_m_s=0.0)
