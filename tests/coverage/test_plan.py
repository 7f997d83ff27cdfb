"""Laws of choosing and of plans; plans on a small village."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.coverage import hamlet
from tests.coverage.choices import Case, best_of, cases, naive, worth

from camcover.choice import GUARANTEE, Limit, Options, fewest, greedy
from camcover.demand import Demand
from camcover.plan import Kit, Wish, propose
from camcover.sight import Ask
from camcover.spots import Spot, spots
from camcover.viewshed import fields

many = settings(max_examples=150, deadline=None)
limits = st.one_of(
    st.builds(Limit, number=st.integers(0, 5), least=st.sampled_from([1, 10**10])),
    st.builds(Limit, target=st.integers(0, 400).map(lambda tens: tens * 10**9)),
)


@many
@given(cases(), limits)
def test_lazily_is_the_same_as_looking_at_all(case: Case, limit: Limit) -> None:
    choice = greedy(*case, limit)
    assert (choice.chosen, choice.gains) == naive(case, limit)
    assert greedy(*case, limit) == choice


@many
@given(cases(equal=False), st.sampled_from([0.5, 2.0, 5.5]), st.sampled_from([1, 10**10]))
def test_lazily_is_the_same_where_costs_differ(case: Case, budget: float, least: int) -> None:
    limit = Limit(budget=budget, least=least)
    choice = greedy(*case, limit)
    assert (choice.chosen, choice.gains) == naive(case, limit)
    assert case[0].cost[list(choice.chosen)].sum() <= budget


@many
@given(cases(), st.integers(1, 5))
def test_gains_shrink_and_the_best_lies_between_choice_and_bound(case: Case, number: int) -> None:
    choice = greedy(*case, Limit(number=number))
    assert list(choice.gains) == sorted(choice.gains, reverse=True)
    assert all(gain > 0 for gain in choice.gains)
    assert choice.parts == worth(case, choice.chosen)
    assert list(choice.bound) == sorted(choice.bound)
    for count, bound in enumerate(choice.bound, start=1):
        had = worth(case, choice.chosen[:count])
        top = best_of(case, number=count)
        assert had <= top <= bound
        assert had - choice.first >= GUARANTEE * (top - choice.first)


@many
@given(cases(equal=False), st.sampled_from([0.5, 2.0, 5.5]))
def test_no_budget_buys_more_than_the_bound(case: Case, budget: float) -> None:
    choice = greedy(*case, Limit(budget=budget))
    if choice.chosen:
        assert best_of(case, budget=budget) <= choice.bound[-1]


@many
@given(cases(), st.floats(0.1, 1.0))
def test_nobody_reaches_a_target_with_fewer_than_the_fewest(case: Case, share: float) -> None:
    target = round(best_of(case) * share)
    choice = greedy(*case, Limit(target=target))
    least = fewest(choice, target)
    needed = next(count for count in range(len(case[0]) + 1) if best_of(case, number=count) >= target)
    assert least is not None
    assert least <= needed <= len(choice.chosen)


def test_options_and_limits_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="costs something"):
        Options.of([np.array([0])], [0.0])
    with pytest.raises(ValueError, match="a start, an end and a cost"):
        Options(start=np.array([0]), element=np.array([0]), cost=np.array([1.0]))
    with pytest.raises(ValueError, match="must stop somewhere"):
        Limit()
    with pytest.raises(ValueError, match="not negative"):
        Limit(number=-1)


VILLAGE = hamlet.terrain()
DEMAND = Demand.sample(hamlet.places(), cell_m=4.0, step_m=2.0)
SPOTS = spots(hamlet.AREA, hamlet.houses(), hamlet.lanes(), every_m=20.0)
KIT = Kit(mount=hamlet.MOUNT, lens=hamlet.LENS)
CAMERAS = hamlet.cameras(200.0, 10.0, 300.0)


def test_spots_stand_outside_and_apart() -> None:
    ground = shapely.union_all([house.shape for house in hamlet.houses()])
    points = shapely.points([[spot.x_m, spot.y_m] for spot in SPOTS])
    assert {spot.kind for spot in SPOTS} == {"corner", "road", "wall"}
    assert len({spot.id for spot in SPOTS}) == len(SPOTS)
    assert not shapely.intersects(ground, points).any()
    assert shapely.intersects(hamlet.AREA, points).all()
    away = shapely.distance(points[:, None], points[None, :]) + np.eye(len(points)) * 99
    assert away.min() >= 5.0
    assert spots(hamlet.AREA, hamlet.houses(), hamlet.lanes(), every_m=20.0) == SPOTS
    corners = [point for point, spot in zip(points, SPOTS, strict=True) if spot.kind == "corner"]
    assert len(corners) == 4 * 12
    assert shapely.distance(ground, corners).max() < 0.5


def test_too_many_spots_are_thinned_out() -> None:
    few = spots(hamlet.AREA, hamlet.houses(), hamlet.lanes(), most=20)
    assert 10 <= len(few) <= 20
    assert spots(hamlet.AREA) == ()
    with pytest.raises(ValueError, match="at least one"):
        spots(hamlet.AREA, most=0)


def test_turns_come_first_and_posts_win_what_the_fields_say() -> None:
    plan = propose(CAMERAS, DEMAND, VILLAGE, SPOTS, KIT, Wish(number=5))
    assert len(plan.posts) == 5
    assert plan.before == plan.turns.before <= plan.turns.after < plan.after <= plan.total
    assert plan.turns.steps
    gains = [post.weight for post in plan.posts]
    assert gains == sorted(gains, reverse=True)
    assert plan.after == pytest.approx(plan.turns.after + sum(gains))
    assert plan.guarantee == GUARANTEE
    for post in plan.posts:
        assert post.after <= post.bound + 1e-9
    points = shapely.points(DEMAND.x_m, DEMAND.y_m)
    everyone = [*plan.turns.aimed(CAMERAS), *(post.camera for post in plan.posts)]
    seen = np.zeros(len(DEMAND), dtype=np.bool_)
    for index, band in enumerate(DEMAND.bands):
        shapes = fields(everyone, VILLAGE, Ask().view(band))
        seen |= (DEMAND.band == index) & shapely.intersects(shapely.union_all(shapes), points)
    # Posts turned to have what they win in the middle may see a little more, never less.
    assert plan.after - 1e-3 <= DEMAND.weigh(int(DEMAND.parts[seen].sum())) <= plan.after + 0.1
    after = np.array(DEMAND.amounts(plan.turns.seen)) + np.sum([post.amounts for post in plan.posts], axis=0)
    assert (after <= np.array(DEMAND.amounts(np.ones(len(DEMAND), dtype=np.bool_))) + 1e-6).all()


def test_a_target_ends_buying_and_exact_never_needs_more() -> None:
    wish = Wish(target=0.45, least_share=0.0)
    plan = propose(CAMERAS, DEMAND, VILLAGE, SPOTS[::4], KIT, wish, step_deg=45.0)
    assert plan.reached
    assert plan.at_least is not None
    assert plan.after >= 0.45 * plan.total > plan.after - plan.posts[-1].weight
    better = propose(CAMERAS, DEMAND, VILLAGE, SPOTS[::4], KIT, replace(wish, exact_s=5.0), step_deg=45.0)
    assert better.exact is not None
    assert better.reached
    assert plan.at_least <= len(better.posts) <= len(plan.posts)
    never = propose(CAMERAS, DEMAND, VILLAGE, SPOTS[:2], KIT, Wish(target=1.0))
    assert (never.reached, never.at_least) == (False, None)


def test_exact_sees_at_least_as_much_with_as_many() -> None:
    wish = Wish(number=4)
    plan = propose(CAMERAS, DEMAND, VILLAGE, SPOTS[::3], KIT, wish, step_deg=30.0)
    better = propose(CAMERAS, DEMAND, VILLAGE, SPOTS[::3], KIT, replace(wish, exact_s=10.0), step_deg=30.0)
    assert len(better.posts) == len(plan.posts)
    assert plan.after <= better.after <= plan.posts[-1].bound
    assert better.posts[-1].bound <= plan.posts[-1].bound


def test_by_night_a_post_reaches_less() -> None:
    day = propose((), DEMAND, VILLAGE, SPOTS, KIT, Wish(number=3))
    night = propose((), DEMAND, VILLAGE, SPOTS, KIT, Wish(number=3), Ask(night=True))
    assert night.after < day.after
    blind = Kit(mount=hamlet.MOUNT, lens=replace(hamlet.LENS, ir_range_m=None))
    assert propose((), DEMAND, VILLAGE, SPOTS, blind, Wish(number=3), Ask(night=True)).posts == ()


def test_a_dear_spot_is_not_bought_before_a_cheap_one_that_wins_as_much() -> None:
    dear, cheap = (Spot(id=id_, x_m=80, y_m=40, cost=cost) for id_, cost in (("dear", 3.0), ("cheap", 1.0)))
    plan = propose((), DEMAND, VILLAGE, [dear, cheap], KIT, Wish(budget=3.5))
    assert {post.spot.id for post in plan.posts} == {"cheap"}
    assert plan.guarantee is None


def test_without_spots_there_are_turns_only() -> None:
    plan = propose(CAMERAS, DEMAND, VILLAGE, [], KIT, Wish(number=3, exact_s=1.0))
    assert plan.posts == ()
    assert plan.turns.steps
    with pytest.raises(ValueError, match="compass"):
        propose(CAMERAS, DEMAND, VILLAGE, [], KIT, Wish(number=3), step_deg=0.0)
