from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from tests.coverage.sectors import EAST_M, NORTH_M, column, scenes, sector, sets_of

from camcover.overlay import Overlay, Place
from camcover.pieces import OverlayError, cut, inner_points, united

Scene = tuple[Overlay, NDArray[np.object_]]
LAWS = settings(max_examples=40, deadline=None)


def measure(shape: BaseGeometry, dimension: int) -> float:
    if dimension == 2:
        return float(shape.area)
    return float(shape.length) if dimension == 1 else float(len(shapely.get_parts(shape)))


def by_geometry(place: Place, fields: NDArray[np.object_], working: NDArray[np.bool_]) -> float:
    """What a union and an intersection say."""
    union = shapely.union_all(fields[working])
    if place.dimension == 0:
        return float(shapely.intersects(shapely.get_parts(place.shape), union).sum())
    if place.dimension == 1:  # a road that passes a spot twice is seen twice: line by line, segment by segment
        lines = [
            shapely.LineString(pair)
            for line in shapely.get_parts(place.shape)
            for pair in zip(line.coords[:-1], line.coords[1:], strict=True)
        ]
        return float(sum(shapely.intersection(line, union).length for line in lines))
    return float(shapely.intersection(place.shape, union).area)


def close(value: float, other: float, total: float) -> bool:
    return abs(value - other) <= 1e-5 * max(total, 1.0)


@LAWS
@given(scenes(), st.data())
def test_what_is_seen_is_what_union_and_intersection_say(scene: Scene, data: st.DataObject) -> None:
    overlay, fields = scene
    working = data.draw(sets_of(overlay))
    for place, seen, total in zip(overlay.places, overlay.seen(working), overlay.totals, strict=True):
        if place.dimension != 0:  # a point on the very edge of a rounded union may fall on either side
            assert close(seen, by_geometry(place, fields, working), total), place.shape.wkt


@LAWS
@given(scenes())
def test_pieces_sum_to_the_place(scene: Scene) -> None:
    overlay, _ = scene
    for index, place in enumerate(overlay.places):
        total = overlay.totals[index]
        assert total == pytest.approx(measure(place.shape, place.dimension), rel=1e-9)
        everything = overlay.mask(overlay.camera_ids)
        assert overlay.depth(everything, index).sum() == pytest.approx(total, rel=1e-9)


@LAWS
@given(scenes(), st.data())
def test_live_is_at_most_nominal_and_a_camera_never_lowers(scene: Scene, data: st.DataObject) -> None:
    overlay, _ = scene
    working = data.draw(sets_of(overlay))
    nominal = overlay.seen(np.ones(len(working), dtype=np.bool_))
    live = overlay.seen(working)
    assert (live >= 0).all()
    assert (live <= nominal).all()
    assert (nominal <= overlay.totals).all()
    for camera in range(len(working)):
        more = working.copy()
        more[camera] = True
        assert (overlay.seen(more) >= live).all()
        more[camera] = False
        assert (overlay.seen(more) <= live).all()


@LAWS
@given(scenes(), st.data())
def test_toggling_a_camera_twice_is_the_identity_and_a_stack_is_its_sets(scene: Scene, data: st.DataObject) -> None:
    overlay, _ = scene
    working = data.draw(sets_of(overlay))
    stack = np.stack([working, *(working ^ one for one in np.eye(len(working), dtype=np.bool_)), working])
    seen = overlay.seen(stack)
    assert (seen[0] == seen[-1]).all()
    assert all((overlay.seen(one) == row).all() for one, row in zip(stack, seen, strict=True))
    assert (overlay.seen(stack[:, None, :])[:, 0] == seen).all()


@LAWS
@given(scenes(), st.data())
def test_a_union_is_at_most_the_sum(scene: Scene, data: st.DataObject) -> None:
    overlay, _ = scene
    working = data.draw(sets_of(overlay))
    alone = overlay.seen(np.eye(len(working), dtype=np.bool_) & working)
    assert (overlay.seen(working) <= alone.sum(axis=0) * (1 + 1e-12)).all()


@LAWS
@given(scenes(), st.data())
def test_depths_sum_to_what_is_seen_and_counted_often_to_the_sum(scene: Scene, data: st.DataObject) -> None:
    overlay, _ = scene
    working = data.draw(sets_of(overlay))
    alone = overlay.seen(np.eye(len(working), dtype=np.bool_) & working).sum(axis=0)
    for place, total in enumerate(overlay.totals):
        depth = overlay.depth(working, place)
        assert depth.sum() == pytest.approx(total)
        assert depth[1:].sum() == pytest.approx(overlay.seen(working)[place], abs=1e-9 * max(total, 1))
        assert (depth * np.arange(len(depth))).sum() == pytest.approx(alone[place], abs=1e-9 * max(total, 1))


@LAWS
@given(scenes(), st.data())
def test_sole_is_what_going_would_cost(scene: Scene, data: st.DataObject) -> None:
    overlay, _ = scene
    working = data.draw(sets_of(overlay))
    sole, seen = overlay.sole(working), overlay.seen(working)
    assert sole.shape == (len(working), len(overlay.places))
    assert (sole <= overlay.seen(np.eye(len(working), dtype=np.bool_)) * (1 + 1e-12)).all()
    for camera in range(len(working)):
        without = working.copy()
        without[camera] = False
        assert seen - overlay.seen(without) == pytest.approx(sole[camera], abs=1e-6)
    for place, total in enumerate(overlay.totals):
        once = overlay.depth(working, place)[1:2].sum()
        assert sole[:, place].sum() == pytest.approx(once, abs=1e-9 * max(total, 1))


@LAWS
@given(scenes(), st.data())
def test_shapes_measure_what_the_figures_say(scene: Scene, data: st.DataObject) -> None:
    overlay, _ = scene
    working, before = data.draw(sets_of(overlay)), data.draw(sets_of(overlay))
    for index, place in enumerate(overlay.places):
        total, seen = overlay.totals[index], overlay.seen(working)[index]
        lost = overlay.seen(working | before)[index] - seen
        shown = overlay.shape(index, working)
        dark = overlay.shape(index, working, blind=True)
        gone = overlay.shape(index, working, lost_from=before)
        assert all(shapely.is_valid(one) for one in (shown, dark, gone))
        # A line that runs over itself is shown once, and counted as often as it passes.
        if place.dimension != 1 or shapely.is_simple(place.shape):
            assert close(measure(shown, place.dimension), seen, total)
            assert close(measure(dark, place.dimension), total - seen, total)
            assert close(measure(gone, place.dimension), lost, total)


@LAWS
@given(scenes(), st.data())
def test_an_overlay_of_the_working_cameras_alone_says_the_same(scene: Scene, data: st.DataObject) -> None:
    overlay, fields = scene
    working = data.draw(sets_of(overlay))
    ids = [one for one, works in zip(overlay.camera_ids, working, strict=True) if works]
    alone = Overlay.build(overlay.places, ids, {"seen": fields[working]})
    everything = np.ones(len(ids), dtype=np.bool_)
    for place, total in enumerate(overlay.totals):
        assert close(alone.seen(everything)[place], overlay.seen(working)[place], total)


def village(side_m: float = 200.0) -> BaseGeometry:
    return shapely.box(EAST_M, NORTH_M, EAST_M + side_m, NORTH_M + side_m)


def build(shapes: list[BaseGeometry], fields: list[BaseGeometry]) -> Overlay:
    places = [Place(id=str(number), layer="area", shape=shape) for number, shape in enumerate(shapes)]
    return Overlay.build(places, [f"c{number}" for number in range(len(fields))], {"seen": column(fields)})


def test_two_overlapping_squares_have_the_amounts_a_child_can_count() -> None:
    field = [shapely.box(0, 0, 10, 10), shapely.box(5, 0, 15, 10)]
    road = shapely.LineString([(-5, 5), (20, 5)])
    overlay = build(
        [shapely.box(0, 0, 20, 10), road, shapely.Point(7, 7), shapely.MultiPoint([(1, 1), (18, 1)])], field
    )
    assert overlay.totals.tolist() == [200.0, 25.0, 1.0, 2.0]
    assert overlay.seen([True, True]).tolist() == pytest.approx([150.0, 15.0, 1.0, 1.0])
    assert overlay.seen([True, False]).tolist() == pytest.approx([100.0, 10.0, 1.0, 1.0])
    assert overlay.seen([False, False]).tolist() == [0.0, 0.0, 0.0, 0.0]
    assert overlay.depth([True, True], 0).tolist() == pytest.approx([50.0, 100.0, 50.0])
    assert overlay.sole([True, True]).tolist() == [
        pytest.approx([50.0, 5.0, 0.0, 1.0]),
        pytest.approx([50.0, 5.0, 0.0, 0.0]),
    ]
    assert overlay.mask({"c1", "a camera of another village"}).tolist() == [False, True]
    lost = overlay.shape(0, [True, False], lost_from=[True, True])
    assert shapely.equals(lost, shapely.box(10, 0, 15, 10))
    assert shapely.equals(overlay.shape(1, [True, False]), shapely.LineString([(0, 5), (10, 5)]))


def test_what_no_field_meets_is_one_piece() -> None:
    overlay = build([village()], [sector(EAST_M + 100, NORTH_M + 100, 0, 90, 50), shapely.Polygon()])
    assert len(overlay.pieces) == 2
    assert build([village()], []).seen(np.zeros((3, 0), dtype=np.bool_)).tolist() == [[0.0], [0.0], [0.0]]
    assert Overlay.build([], ["a"], {}).seen([True]).tolist() == []


def test_full_cover_is_the_total_to_the_last_bit() -> None:
    rng = np.random.default_rng(5)
    spots = rng.uniform(-20, 220, (150, 2)) + np.array([EAST_M, NORTH_M])
    overlay = build([village()], [sector(x, y, 0, 360, 60) for x, y in spots])
    assert overlay.seen(np.ones(150, dtype=np.bool_))[0] == overlay.totals[0]
    assert overlay.totals[0] == pytest.approx(200 * 200, rel=1e-12)


def test_many_overlapping_fields_are_cut_where_noding_without_a_grid_fails() -> None:
    rng = np.random.default_rng(11)
    spots = rng.uniform(0, 200, (150, 2)) + np.array([EAST_M, NORTH_M])
    turns = rng.uniform(0, 360, 150)
    fields = [sector(x, y, turn, 90, 50) for (x, y), turn in zip(spots, turns, strict=True)]
    overlay = build([village()], fields)
    union = shapely.area(shapely.intersection(shapely.union_all(column(fields)), village()))
    assert overlay.seen(np.ones(150, dtype=np.bool_))[0] == pytest.approx(union, rel=1e-6)


def test_a_line_that_crosses_and_repeats_itself_is_counted_as_it_is_walked() -> None:
    there_and_back = shapely.LineString([(0, 0), (100, 0), (0, 0), (0, 50)])
    eight = shapely.LineString([(0, 0), (10, 10), (20, 0), (20, 10), (10, 0), (0, 10)])
    overlay = build([there_and_back, eight], [shapely.box(40, -1, 60, 1), shapely.box(4, 4, 6, 6)])
    assert overlay.totals.tolist() == pytest.approx([250.0, 4 * 200**0.5 + 10])
    assert overlay.seen([True, True]).tolist() == pytest.approx([40.0, 2 * 8**0.5])


def test_parts_of_a_road_keep_their_ends() -> None:
    road = shapely.MultiLineString([[(0, 0), (10, 0)], [(10, 0), (10, 10)], [(30, 0), (40, 0)]])
    overlay = build([road], [shapely.box(-1, -1, 35, 20)])
    assert overlay.totals.tolist() == [30.0]
    assert overlay.seen([True]).tolist() == pytest.approx([25.0])
    assert overlay.shape(0, [True], blind=True).equals(shapely.LineString([(35, 0), (40, 0)]))


def test_a_road_along_the_edge_of_a_field_is_seen() -> None:
    overlay = build([shapely.LineString([(0, 0), (10, 0)]), shapely.Point(5, 0)], [shapely.box(2, 0, 8, 5)])
    assert overlay.seen([True]).tolist() == pytest.approx([6.0, 1.0])


def test_multipolygons_holes_and_boundaries_that_cross_themselves() -> None:
    holed = shapely.Polygon(shapely.box(0, 0, 10, 10).exterior, [shapely.box(4, 4, 6, 6).exterior])
    two = shapely.union(holed, shapely.box(20, 0, 30, 10))
    bow_tie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    overlay = build([holed, two, bow_tie], [shapely.box(-1, -1, 5, 11), shapely.box(25, -1, 40, 11)])
    assert overlay.totals.tolist() == pytest.approx([96.0, 196.0, 50.0])
    assert overlay.seen([True, True]).tolist() == pytest.approx([48.0, 98.0, 25.0])


def test_places_with_nothing_to_see_are_told_by_a_total_of_zero() -> None:
    nothing = [shapely.Polygon(), shapely.LineString([(1, 1), (1, 1)]), shapely.Point()]
    overlay = build([*nothing, shapely.Point(0, 0)], [shapely.box(-1, -1, 5, 5)])
    assert overlay.totals.tolist() == [0.0, 0.0, 0.0, 1.0]
    assert overlay.seen([True]).tolist() == [0.0, 0.0, 0.0, 1.0]
    assert overlay.weigh([0.0, 0.0, 0.0, 1.0]) == 1.0


def test_a_place_smaller_than_the_grid_is_seen_or_not_as_a_whole() -> None:
    speck = shapely.box(EAST_M, NORTH_M, EAST_M + 1e-6, NORTH_M + 1e-6)
    overlay = build([speck], [sector(EAST_M, NORTH_M - 5, 0, 90, 50)])
    assert overlay.seen([True]).tolist() == overlay.totals.tolist()


def test_each_place_is_cut_by_the_fields_of_its_band() -> None:
    places = [
        Place(id="area", layer="area", shape=shapely.box(0, 0, 10, 10)),
        Place(id="gate", layer="exit", shape=shapely.Point(8, 5), band="recognition"),
    ]
    fields = {"seen": column([shapely.box(0, 0, 10, 10)]), "recognition": column([shapely.box(0, 0, 5, 10)])}
    assert Overlay.build(places, ["c"], fields).seen([True]).tolist() == [100.0, 0.0]
    with pytest.raises(OverlayError, match="gate: no fields of band 'recognition'; there are: seen"):
        Overlay.build(places, ["c"], {"seen": fields["seen"]})


def test_a_field_with_a_hairline_is_united_all_the_same() -> None:
    """A field among walls, as a floating-point difference left it: GEOS refuses its union."""
    hairline = shapely.from_wkt(
        "MULTIPOLYGON (((-24.251 0.835, 1.464 0.835, 7.471 11.562, 7.048 10.806, -22.801 3.206, -24.251 "
        "0.835)), ((7.471 11.562, 10.883 17.655, 10.883 17.655, 7.471 11.562)), ((10.883 17.655, 10.883 "
        "17.655, 12.133 19.888, -4.245 12.835, -10.58 19.376, 32.732 56.671, 10.883 17.655))) "
    )
    shapes = column([hairline, shapely.box(100, 0, 150, 50)])
    with pytest.raises(shapely.GEOSException, match="side location conflict"):
        shapely.union_all(shapes)
    assert united(shapes).area == pytest.approx(hairline.area + 50 * 50, rel=1e-4)
    overlay = build([shapely.box(-50, -50, 150, 100)], list(shapes))
    assert overlay.seen([True, True]).tolist() == pytest.approx([hairline.area + 50 * 50], rel=1e-4)


def test_a_face_with_a_hairline_spike_is_counted_on_its_own_side() -> None:
    # Two edges along one line of sight leave a spike of 1e-11 m, and a level line through the middle meets only that.
    corners = [
        (494069.58429555176, 3742011.140101341),
        (494060.741, 3742024.757),
        (494070.0, 3742010.5),
        (494099.99999999965, 3742000.0),
        (494046.92235802225, 3741999.9999999995),
    ]
    spiked = shapely.Polygon(corners)
    beside = shapely.Polygon([corners[2], corners[1], (494120.0, 3742024.757), corners[3]])
    assert spiked.boundary.distance(spiked.point_on_surface()) < 1e-9
    assert spiked.boundary.distance(inner_points(column([spiked]))[0]) > 1.0
    place = Place(id="place", layer="area", shape=shapely.box(494040, 3741990, 494130, 3742030))
    overlay = Overlay.build([place], ["spiked", "beside"], {"seen": column([spiked, beside])})
    assert overlay.sole([True, True])[:, 0] == pytest.approx([spiked.area, beside.area], rel=1e-6)


def test_what_cannot_be_laid_over_one_another_is_told() -> None:
    with pytest.raises(OverlayError, match="not unique"):
        Overlay.build([], ["c", "c"], {})
    with pytest.raises(OverlayError, match="fields for 2 cameras"):
        Overlay.build([], ["a", "b"], {"seen": column([shapely.Polygon()])})
    with pytest.raises(OverlayError, match="mixture"):
        cut(shapely.GeometryCollection([shapely.Point(0, 0), shapely.box(0, 0, 1, 1)]), column([]))
    with pytest.raises(OverlayError, match="weight"):
        Place(id="p", layer="area", shape=shapely.Point(0, 0), weight=-1.0)
    overlay = build([village()], [shapely.box(0, 0, 1, 1)])
    with pytest.raises(OverlayError, match="a set of 1 cameras"):
        overlay.seen([True, False])
    with pytest.raises(OverlayError, match="either"):
        overlay.shape(0, [True], lost_from=[True], blind=True)
    with pytest.raises(IndexError):
        overlay.shape(1, [True])
