"""What a turned camera sees, and laws of turning before buying."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiPoint, Point, box
from tests.coverage import hamlet

from camcover.aim import turns
from camcover.camera import Camera
from camcover.demand import Demand
from camcover.obstacle import Obstacle
from camcover.overlay import Place
from camcover.sight import Ask, Sight
from camcover.terrain import Terrain
from camcover.viewshed import fields

some = settings(max_examples=25, deadline=None)
bearings = st.floats(0, 359.99)
aims = st.lists(bearings, min_size=1, max_size=6)
OPEN = Terrain.build([])
VILLAGE = hamlet.terrain()
DEMAND = Demand.sample(hamlet.places(), cell_m=4.0, step_m=2.0)


def seen_by(
    cameras: tuple[Camera, ...], demand: Demand, terrain: Terrain, ask: Ask
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    sight = Sight.of(cameras, demand, terrain, ask)
    seen = np.zeros(len(demand), dtype=np.bool_)
    for index, camera in enumerate(cameras):
        seen[sight.towards(index, camera.mount.azimuth_deg)] = True
    return seen


def test_elements_of_a_place_sum_to_it() -> None:
    courtyard = box(0, 0, 41, 33).difference(box(10, 10, 20, 20))
    two = [Point(1, 1), Point(2, 2)]
    demand = Demand.sample(
        [
            Place(id="yard", layer="area", shape=courtyard, weight=2.0),
            Place(id="lane", layer="road", shape=LineString([(0, 0), (7, 0), (7, 4)])),
            Place(id="gates", layer="exit", shape=MultiPoint(two)),
            Place(id="tiny", layer="pond", shape=box(3.1, 3.1, 3.2, 3.2)),
            Place(id="none", layer="pond", shape=shapely.Polygon()),
        ],
        cell_m=5.0,
        step_m=2.0,
    )
    everything = np.ones(len(demand), dtype=np.bool_)
    assert demand.amounts(everything) == pytest.approx((41 * 33 - 100, 11, 2, 0.01))
    assert [place.id for place in demand.places] == ["yard", "lane", "gates", "tiny"]
    assert demand.weight == 5.0
    shares = np.bincount(demand.place, demand.parts) / demand.total_parts
    assert shares == pytest.approx([0.4, 0.2, 0.2, 0.2], rel=1e-6)
    assert not shapely.contains_xy(box(10, 10, 20, 20), demand.x_m, demand.y_m).any()


def test_steps_without_length_are_refused() -> None:
    with pytest.raises(ValueError, match="have a length"):
        Demand.sample([], cell_m=0.0)


@some
@given(
    st.floats(0, 160), st.floats(0, 120), bearings, st.booleans(), st.sampled_from([10.0, 85.0, 179.0, 300.0, 360.0])
)
def test_what_it_sees_is_what_lies_in_its_field(x: float, y: float, azimuth: float, night: bool, hfov: float) -> None:
    one = hamlet.camera("one", x, y, azimuth)
    one = replace(one, lens=replace(one.lens, hfov_deg=hfov))
    ask = Ask(night=night)
    seen = seen_by((one,), DEMAND, VILLAGE, ask)
    points = shapely.points(DEMAND.x_m, DEMAND.y_m)
    for index, band in enumerate(DEMAND.bands):
        (field,) = fields([one], VILLAGE, ask.view(band))
        mine = DEMAND.band == index
        differ = mine & (seen != shapely.intersects(field, points))
        # Arcs are chords: the two fields may differ by millimetres at the rim.
        assert not differ.any() or shapely.distance(field.boundary, points[differ]).max() < 0.01


@some
@given(aims)
def test_turning_only_wins(azimuths: list[float]) -> None:
    cameras = hamlet.cameras(*azimuths)
    found = turns(cameras, DEMAND, VILLAGE)
    least = 0.001 * DEMAND.weight
    assert all(step.weight >= least * (1 - 1e-6) for step in found.steps)
    assert found.after == pytest.approx(found.before + sum(step.weight for step in found.steps))
    assert 0 <= found.before <= found.after <= found.total == DEMAND.weight
    assert len({step.camera_id for step in found.steps}) == len(found.steps)
    before, after = seen_by(cameras, DEMAND, VILLAGE, Ask()), seen_by(found.aimed(cameras), DEMAND, VILLAGE, Ask())
    assert found.before == pytest.approx(DEMAND.weigh(int(DEMAND.parts[before].sum())))
    assert (found.seen == after).all()
    won = np.array(DEMAND.amounts(after)) - np.array(DEMAND.amounts(before))
    assert np.sum([step.amounts for step in found.steps] or [won * 0], axis=0) == pytest.approx(won)


@some
@given(aims)
def test_a_second_time_nothing_is_left_that_the_first_could_turn(azimuths: list[float]) -> None:
    cameras = hamlet.cameras(*azimuths)
    first = turns(cameras, DEMAND, VILLAGE)
    moved = [step.camera_id for step in first.steps]
    again = turns(first.aimed(cameras), DEMAND, VILLAGE, keep=moved)
    assert again.steps == ()
    assert again.before == again.after == pytest.approx(first.after)


@some
@given(aims)
def test_the_first_turn_is_the_best_of_all_single_ones(azimuths: list[float]) -> None:
    cameras = hamlet.cameras(*azimuths)
    sight = Sight.of(cameras, DEMAND, VILLAGE, Ask())
    base = int(DEMAND.parts[seen_by(cameras, DEMAND, VILLAGE, Ask())].sum())
    top = 0
    for index in range(len(cameras)):
        others = np.zeros(len(DEMAND), dtype=np.bool_)
        for other, camera in enumerate(cameras):
            if other != index:
                others[sight.towards(other, camera.mount.azimuth_deg)] = True
        for azimuth in range(0, 360, 15):
            seen = others.copy()
            seen[sight.towards(index, float(azimuth))] = True
            top = max(top, int(DEMAND.parts[seen].sum()) - base)
    found = turns(cameras, DEMAND, VILLAGE, step_deg=15.0, least_share=0.0)
    assert (found.steps[0].weight if found.steps else 0.0) == pytest.approx(DEMAND.weigh(top))


@some
@given(aims)
def test_the_same_cameras_are_turned_the_same(azimuths: list[float]) -> None:
    cameras = hamlet.cameras(*azimuths)
    assert turns(cameras, DEMAND, VILLAGE).steps == turns(cameras, DEMAND, VILLAGE).steps


def test_a_camera_that_looks_away_is_turned_to_the_road() -> None:
    road = Place(id="road", layer="road", shape=LineString([(-25, 30), (25, 30)]))
    demand = Demand.sample([road], step_m=1.0)
    south = hamlet.camera("south", 0, 0, 180.0)
    found = turns([south], demand, OPEN)
    (step,) = found.steps
    assert (step.from_deg, found.before) == (180.0, 0.0)
    assert min(step.to_deg, 360 - step.to_deg) <= 1  # due north, to the middle of the road
    assert step.amounts == pytest.approx((50,))


@pytest.mark.parametrize("bearing", [0.0, 90.0, 200.0, 359.0])
def test_of_equal_azimuths_the_one_in_the_middle_is_proposed(bearing: float) -> None:
    x, y = 20 * np.sin(np.radians(bearing)), 20 * np.cos(np.radians(bearing))
    gate = Place(id="gate", layer="exit", shape=Point(x, y))
    found = turns([hamlet.camera("one", 0, 0, (bearing + 180) % 360)], Demand.sample([gate]), OPEN)
    assert [step.to_deg for step in found.steps] == [bearing]


def test_what_cannot_or_must_not_be_turned_stays() -> None:
    gate = Place(id="gate", layer="exit", shape=Point(0, 20))
    house = Obstacle(id="house", shape=box(40, -5, 50, 5), height_m=None)
    stay = (
        hamlet.camera("dome", 0, 0, 180.0, ptz=True),
        hamlet.camera("unknown", 1, 0, None),
        hamlet.camera("kept", 2, 0, 180.0),
        hamlet.camera("in the house", 41, 0, 270.0),
    )
    round_about = replace(stay[0], id="all round", lens=replace(stay[0].lens, hfov_deg=360.0, range_m=10.0))
    found = turns([*stay, round_about], Demand.sample([gate]), Terrain.build([house]), keep=["kept"])
    assert found.steps == ()
    assert found.azimuth_unknown == ("unknown",)
    assert found.inside_building == ("in the house",)
    assert found.aimed(stay) == stay


def test_no_camera_and_no_demand_make_no_turn() -> None:
    assert turns([], DEMAND, VILLAGE).steps == ()
    empty = turns(hamlet.cameras(10.0), Demand.sample([]), VILLAGE)
    assert (empty.steps, empty.total, empty.after) == ((), 0.0, 0.0)


def test_one_id_twice_and_steps_without_size_are_refused() -> None:
    with pytest.raises(ValueError, match="one id"):
        turns([*hamlet.cameras(1.0), *hamlet.cameras(2.0)], DEMAND, VILLAGE)
    with pytest.raises(ValueError, match="step or share"):
        turns(hamlet.cameras(1.0), DEMAND, VILLAGE, step_deg=0.0)
