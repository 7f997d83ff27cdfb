"""Laws of a township's coverage: bounds in order, sums exact, and a change counted just as from scratch."""

from __future__ import annotations

from dataclasses import replace

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box
from tests.monitor.cover.towns import (
    HOUSES,
    LAT_M,
    LINKS,
    LON_M,
    camera,
    lonlat,
    site,
    some_states,
    square,
    township,
    townships,
)

from camkeeper.cover.board import Board
from camkeeper.cover.ground import Obstacle
from camkeeper.cover.sight import State, state_of
from camkeeper.cover.township import TownshipCover
from camkeeper.model.place import SiteKind
from camkeeper.model.registry import Registry
from camkeeper.model.status import Reason, Status
from camkeeper.standing.coverage import SiteCover

CASES = settings(max_examples=40, deadline=None)


def sites(cover: TownshipCover, states: dict[str, State]) -> dict[tuple[str, bool], SiteCover]:
    return {(one.site_id, one.night): one for one in cover.standing(states, at_ms=0).sites}


@CASES
@given(st.data())
def test_bounds_are_in_order_and_night_is_never_more_than_day(data: st.DataObject) -> None:
    registry = data.draw(townships())
    found = sites(TownshipCover.build(registry, HOUSES), data.draw(some_states(registry)))
    for one in found.values():
        for cover in [*(layer.cover for layer in one.layers), *(place.cover for place in one.places)]:
            assert 0 <= cover.lower <= cover.upper <= cover.design <= cover.total
    for (site_id, night), one in found.items():
        for dark, light in zip(one.layers, found[site_id, False].layers, strict=True):
            assert dark.cover.design <= light.cover.design + 0.001 or not night


@CASES
@given(st.data())
def test_a_town_is_the_sum_of_its_villages_to_the_last_digit(data: st.DataObject) -> None:
    registry = data.draw(townships())
    found = sites(TownshipCover.build(registry, HOUSES), data.draw(some_states(registry)))
    villages = [s.id for s in registry.sites if s.kind is SiteKind.VILLAGE]
    for night in (False, True):
        town = found["town", night]
        for n, layer in enumerate(town.layers):
            below = [found[i, night].layers[n].cover for i in villages]
            for field in ("total", "design", "lower", "upper"):
                own = round(getattr(layer.cover, field) * 1000)
                assert own == sum(round(getattr(cover, field) * 1000) for cover in below)
        # The school lies in the first village and below it: its ground is not counted again, its gate once.
        assert len(town.places) == len(registry.key_places)
        exits = next(layer.cover for layer in found["v0", night].layers if layer.layer == "exit")
        assert exits.total == 2


@CASES
@given(st.data())
def test_any_sequence_of_changes_ends_as_from_scratch(data: st.DataObject) -> None:
    registry = data.draw(townships())
    cover = TownshipCover.build(registry, HOUSES)
    board, known = Board(cover), dict[str, State]()
    for states in data.draw(st.lists(some_states(registry), max_size=6)):
        board.update(states)
        known |= states
    assert board.standing(5) == cover.standing(known, at_ms=5)


@CASES
@given(st.data())
def test_a_reload_that_takes_over_what_did_not_change_gives_what_a_fresh_start_gives(data: st.DataObject) -> None:
    before, after = data.draw(townships()), data.draw(townships())
    kept = data.draw(st.sets(st.sampled_from([d.id for d in before.devices]))) if before.devices else set()
    mixed = {d.id: d for d in after.devices} | {d.id: d for d in before.devices if d.id in kept}
    after = replace(after, devices=tuple(mixed.values()))
    old = TownshipCover.build(before, HOUSES)
    walls = data.draw(st.sampled_from([HOUSES, HOUSES[:2], ()]))
    taken, fresh = TownshipCover.build(after, walls, previous=old), TownshipCover.build(after, walls)
    states = data.draw(some_states(after))
    assert taken.standing(states, at_ms=0) == fresh.standing(states, at_ms=0)
    for mine, other in zip(taken.map.fields, fresh.map.fields, strict=True):
        assert mine.device_id == other.device_id
        assert mine.day.equals(other.day)
        assert mine.night.equals(other.night)


def test_a_neighbours_camera_counts_and_one_nobody_knows_the_azimuth_of_does_not() -> None:
    west = camera("west", 110, 60, azimuth_deg=90, site_id="v0")
    blind = camera("blind", 160, 60, azimuth_deg=None, site_id="v1")
    registry = township((west, blind))
    cover = TownshipCover.build(registry)
    area = sites(cover, {"west": State.WORKING, "blind": State.WORKING})["v1", False].layers[0].cover
    assert 800 < area.lower < 1300  # what of 40 m x 90 degrees lies beyond the boundary
    assert cover.basis.unknown_azimuth == ("blind",)
    assert sites(cover, {"west": State.DARK})["v1", False].layers[0].cover.upper == 0


def test_ground_that_two_sites_claim_is_counted_once_above_them() -> None:
    registry = township((camera("c", 5, 5, azimuth_deg=45),))
    beside = site("campus", SiteKind.CAMPUS, "town", square(10, 10, 20))
    half = site("half", SiteKind.CAMPUS, "town", square(230, 0, 20))
    cover = TownshipCover.build(replace(registry, sites=(beside, half, *registry.sites)))
    found = {one.site_id: one.layers[0].cover for one in cover.standing({}, at_ms=0).sites if not one.night}
    villages = found["v0"].total + found["v1"].total
    assert found["campus"].total == pytest.approx(400, rel=0.01)
    assert found["campus"].design > 0
    assert found["town"].total == pytest.approx(villages + 200, abs=2)
    assert found["town"].design == found["v0"].design


@CASES
@given(
    st.lists(st.tuples(*[st.integers(0, 200), st.integers(0, 110), st.integers(2, 40), st.integers(2, 40)]), max_size=9)
)
def test_open_ground_is_the_boundary_less_all_roofs(corners: list[tuple[int, int, int, int]]) -> None:
    houses: list[Obstacle] = [
        (
            box(*lonlat(x, y), *lonlat(x + w, y + h)).difference(
                box(*lonlat(x + 3, y + 3), *lonlat(x + w - 3, y + h - 3))
            )
            if w > 20 < h
            else box(*lonlat(x, y), *lonlat(x + w, y + h)),
            float(w),
            f"h{n}",
        )
        for n, (x, y, w, h) in enumerate(corners)
    ]
    cover = TownshipCover.build(township(()), houses)
    ground, roofs = cover.ground, shapely.union_all(cover.eyes.terrain.roofs)
    for site_id in ground.measured:
        left = shapely.difference(ground.boundaries[site_id], roofs)
        assert ground.open[site_id].is_valid
        # Two roofs that share a corner and almost a side leave a sliver a millimetre wide, one way or the other.
        assert shapely.symmetric_difference(left, ground.open[site_id]).area < 1e-2


def test_roofs_are_no_ground_so_all_round_eyes_see_all_there_is_to_see() -> None:
    registry = township((camera("eye", 60, 60, hfov_deg=360),))
    whole = site("yard", SiteKind.CAMPUS, "v0", square(50, 50, 20))
    roofed = site("hall", SiteKind.CAMPUS, "v0", square(62, 31, 4))
    registry = replace(registry, sites=(*registry.sites, whole, roofed))
    barn: Obstacle = (box(*lonlat(55, 63), *lonlat(60, 70)), 6.0, "barn")
    cover = TownshipCover.build(registry, (*HOUSES, barn))
    found = sites(cover, {"eye": State.WORKING})
    yard, hall = (found[i, False].layers[0].cover for i in ("yard", "hall"))
    assert yard.total == pytest.approx(400 - 35, rel=0.01)
    assert (hall.total, hall.share(hall.lower)) == (0, None)
    assert Board(cover).unsurveyed() == ["v0", "v1", "school", "yard"]
    assert cover.darkness({}, "hall", night=False, at_ms=0).blind.is_empty
    blind = cover.darkness({"eye": State.WORKING}, "yard", night=False, at_ms=0).blind
    hidden = shapely.intersection(blind, box(*lonlat(55, 63), *lonlat(60, 70)))
    assert hidden.area < 1e-4 * LON_M * LAT_M
    assert cover.map.boundaries["yard"].area == pytest.approx(400 * LON_M * LAT_M, rel=0.001)


def test_a_town_without_villages_is_measured_by_its_own_boundary() -> None:
    town = site("town", SiteKind.TOWN, None, square(0, 0, 100))
    registry = Registry(name="县城", sites=(town,), devices=(camera("c", 0, 50, site_id="town"),))
    one = sites(TownshipCover.build(registry), {"c": State.WORKING})["town", False]
    assert one.layers[0].cover.total == pytest.approx(10_000, rel=0.01)
    assert one.layers[0].cover.lower > 1000


@pytest.mark.parametrize(
    ("status", "reason", "state"),
    [
        (Status.UP, Reason.RECOVERED, State.WORKING),
        (Status.DEGRADED, Reason.NO_PICTURE, State.DARK),
        (Status.DEGRADED, Reason.NO_STREAM, State.DARK),
        (Status.DEGRADED, Reason.AUTH_REFUSED, State.WORKING),
        (Status.DEGRADED, Reason.CLOCK_SKEW, State.WORKING),
        (Status.DEGRADED, Reason.RECORDING_STALE, State.WORKING),
        (Status.DOWN, Reason.NO_ANSWER, State.DARK),
        (Status.UNKNOWN, Reason.SILENCE, State.UNKNOWN),
    ],
)
def test_who_gives_no_picture_does_not_see(status: Status, reason: Reason, state: State) -> None:
    assert state_of(status, reason) is state


@CASES
@given(st.data())
def test_darkness_is_what_the_figures_say(data: st.DataObject) -> None:
    registry = data.draw(townships())
    cover = TownshipCover.build(registry, HOUSES)
    states = data.draw(some_states(registry))
    failed = data.draw(st.sets(st.sampled_from(["sw", "line", *(d.id for d in registry.devices)]), max_size=2))
    night = data.draw(st.booleans())
    gone = {d.id for d in registry.devices if failed & {d.id, *(link.id for link in registry.upstream(d))}}
    then = sites(cover, states | dict.fromkeys(gone, State.DARK))["v0", night]
    dark = cover.darkness(states, "v0", night=night, failed=failed, at_ms=7)
    assert dark.layers == then.layers
    assert dark.places == tuple(p for p in then.places if p.cover.upper < p.cover.design)
    area = then.layers[0].cover
    lost = cover.frame.to_metric(dark.lost).area
    blind = cover.frame.to_metric(dark.blind).area
    assert lost == pytest.approx(area.lost, abs=0.5)
    assert blind == pytest.approx(area.total - area.design, abs=0.5)
    assert shapely.is_valid(dark.lost)
    assert shapely.is_valid(dark.blind)


def test_darkness_of_what_is_not_there_is_told() -> None:
    cover = TownshipCover.build(township((camera("c", 0, 0),), links=LINKS))
    for site_id, failed in (("nowhere", ()), ("v0", ("nothing",))):
        with pytest.raises(LookupError, match="/"):
            cover.darkness({}, site_id, night=False, failed=failed, at_ms=0)


def test_the_survey_band_holds_the_figure_as_entered() -> None:
    cover = TownshipCover.build(township((camera("c", 60, 60, azimuth_deg=90),)))
    band = cover.survey("v0", trials=60)
    area = sites(cover, {})["v0", False].layers[0].cover
    assert band.as_entered == pytest.approx(area.design / area.total, rel=0.02)
    assert 0 <= band.p5 <= band.p50 <= band.p95 <= 1


def test_sites_without_boundaries_still_have_key_places_and_cameras() -> None:
    registry = township((camera("c", 60, 30),), links=LINKS)
    bare = replace(registry, sites=tuple(replace(one, boundary=()) for one in registry.sites))
    found = sites(TownshipCover.build(bare, HOUSES), {"c": State.WORKING})
    assert any(one.places for one in found.values())
    nothing = replace(bare, key_places=())
    TownshipCover.build(nothing, HOUSES)
