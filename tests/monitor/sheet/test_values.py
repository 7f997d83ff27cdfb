"""Laws of what goes onto the sheet: text, ground, labels, figures."""

from __future__ import annotations

import unicodedata

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.sheet.hamlet import LAT, LON, box, hamlet, lon_lat

from camkeeper.availability.buckets import Promise
from camkeeper.sheet.figures import between, camera_rows, lost_rows, percent, promise
from camkeeper.sheet.ground import Ground, degree_m
from camkeeper.sheet.labels import Box, Wanted, place
from camkeeper.sheet.paper import states_of
from camkeeper.sheet.text import clean
from camkeeper.standing.coverage import Cover, LayerCover, Unit


@given(st.text(), st.integers(1, 60))
def test_a_printed_name_is_one_short_harmless_line(text: str, limit: int) -> None:
    found = clean(text, limit)
    assert len(found) <= limit
    assert not {unicodedata.category(c) for c in found} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert found == found.strip()
    assert clean(found, limit) == found


def test_marks_do_not_pile_up() -> None:
    assert len(clean("e" + "\u0301" * 30)) <= 3


@given(st.floats(0, 1), st.floats(0, 1))
def test_percents_are_never_rounded_up(share: float, other: float) -> None:
    assert float(percent(share)) <= share * 100 + 1e-3
    low, high = sorted((share, other))
    assert percent(low) in between(low, high)


@pytest.mark.parametrize(
    ("lower", "upper", "verdict"),
    [
        (95.0, 95.0, Promise.MET),
        (94.99, 99.0, Promise.UNDETERMINED),
        (90.0, 94.99, Promise.MISSED),
        (95.0 - 1e-12, 99.0, Promise.MET),
    ],
)
def test_the_promise_is_judged_by_its_bounds(lower: float, upper: float, verdict: Promise) -> None:
    cover = Cover(unit=Unit.AREA, total=100.0, design=100.0, lower=lower, upper=upper)
    assert promise(LayerCover(layer="area", target_bp=9500, cover=cover)) is verdict
    assert promise(LayerCover(layer="area", target_bp=None, cover=cover)) is None


def test_nothing_to_see_has_no_verdict() -> None:
    cover = Cover(unit=Unit.AREA, total=0.0, design=0.0, lower=0.0, upper=0.0)
    assert promise(LayerCover(layer="road", target_bp=9500, cover=cover)) is None


@given(st.floats(-150, 150), st.floats(-150, 150))
def test_north_is_up_and_a_metre_is_to_scale(x_m: float, y_m: float) -> None:
    ground = Ground(lon_deg=LON, lat_deg=LAT, scale=2000, width_mm=194, height_mm=160)
    spot = ground.project(shapely.Point(lon_lat(x_m, y_m)))
    assert spot.x == pytest.approx(97 + x_m / 2, abs=0.01)
    assert spot.y == pytest.approx(80 - y_m / 2, abs=0.01)


def test_degrees_are_those_of_the_ellipsoid() -> None:
    # One degree at the equator and the pole, WGS-84.
    assert degree_m(0.0)[0] == pytest.approx(111319.49, abs=0.01)
    assert degree_m(0.0)[1] == pytest.approx(110574.28, abs=0.01)
    assert degree_m(90.0)[1] == pytest.approx(111693.98, abs=0.01)


@given(st.floats(1, 5000), st.floats(1, 5000))
def test_everything_fits_the_panel_with_its_margin(half_wide_m: float, half_high_m: float) -> None:
    shape = shapely.box(*lon_lat(-half_wide_m, -half_high_m), *lon_lat(half_wide_m, half_high_m))
    ground = Ground.over(shape, width_mm=194, height_mm=160)
    west, north, east, south = ground.project(shape).bounds
    assert west >= 7.9
    assert north >= 7.9
    assert east <= 186.1
    assert south <= 152.1
    assert 0 < ground.bar_m() / ground.scale * 1000 <= 50


def test_what_lies_outside_the_window_is_cut_off() -> None:
    ground = Ground.over(box(0, 0, 50), width_mm=100, height_mm=100)
    assert ground.project(box(5000, 5000, 10)).is_empty
    assert ground.project(box(0, 0, 9000)).area == pytest.approx(100 * 100)


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100), st.booleans()), max_size=40))
def test_names_share_no_paper(spots: list[tuple[float, float, bool]]) -> None:
    panel = Box(left=0, top=0, right=100, bottom=100)
    wanted = [Wanted(text="dg01-cam-01", x_mm=x, y_mm=y, size_pt=6.0, urgent=urgent) for x, y, urgent in spots]
    placed, left_out = place(wanted, [], panel=panel)
    assert len(placed) + left_out == len(wanted)
    boxes = [found for _, found in placed]
    assert all(found.inside(panel) for found in boxes)
    assert not any(a.touches(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_dark_cameras_come_first_and_the_rest_is_counted() -> None:
    one = hamlet()
    states = states_of(one.cover, one.darkness, one.devices)
    rows, more = camera_rows(states, one.devices)
    assert [row["id"] for row in rows] == ["cam-01", "cam-02", "cam-03"]
    assert [row["state"] for row in rows] == ["dark", "dark", "unknown"]
    assert more == 0


def test_only_places_that_lose_are_listed() -> None:
    one = hamlet()
    site = one.standing.sites[0]
    rows, more = lost_rows(site.places)
    assert [(row["kind"], row["lost"], row["of"]) for row in rows] == [("学校", "1,700 m²", "3,600 m²")]
    assert more == 0
