from __future__ import annotations

from dataclasses import replace
from math import acos, pi, sqrt

import numpy as np
import pytest
import shapely
from tests.coverage.sectors import EAST_M, NORTH_M

from camcover.camera import Camera, View
from camcover.doubt import Survey, survey_band
from camcover.obstacle import Obstacle
from camcover.optics import Lens, Mount
from camcover.overlay import Overlay, Place
from camcover.pieces import OverlayError
from camcover.terrain import Terrain
from camcover.viewshed import fields

OPEN = Terrain.build([])
AREA = shapely.box(EAST_M, NORTH_M, EAST_M + 400, NORTH_M + 400)
TOTAL = 400.0 * 400.0


def camera(
    name: str = "c1",
    at: tuple[float, float] = (200, 200),
    *,
    azimuth_deg: float | None = 90.0,
    hfov_deg: float = 90.0,
    position_error_m: float = 3.0,
    azimuth_error_deg: float = 5.0,
) -> Camera:
    mount = Mount(
        lon_deg=113.9,
        lat_deg=33.8,
        tilt_deg=None,
        azimuth_deg=azimuth_deg,
        position_error_m=position_error_m,
        azimuth_error_deg=azimuth_error_deg,
    )
    return Camera(id=name, x_m=EAST_M + at[0], y_m=NORTH_M + at[1], mount=mount, lens=Lens(hfov_deg=hfov_deg))


def village(cameras: int = 12) -> tuple[list[Camera], Terrain]:
    rng = np.random.default_rng(8)
    houses = [
        Obstacle(
            id=str(number), shape=shapely.box(EAST_M + x, NORTH_M + y, EAST_M + x + w, NORTH_M + y + d), height_m=h
        )
        for number, (x, y, w, d, h) in enumerate(rng.uniform((0, 0, 6, 6, 2), (400, 400, 15, 12, 8), (120, 5)))
    ]
    posts = [
        camera(str(number), (x, y), azimuth_deg=azimuth)
        for number, (x, y, azimuth) in enumerate(rng.uniform((0, 0, 0), (400, 400, 360), (cameras, 3)))
    ]
    return posts, Terrain.build(houses)


def band(cameras: list[Camera], terrain: Terrain = OPEN, *, trials: int = 40, seed: int = 1) -> Survey:
    return survey_band(cameras, terrain, AREA, View(), trials=trials, seed=seed)


def test_a_survey_without_errors_leaves_no_doubt() -> None:
    posts, terrain = village()
    exact = [replace(one, mount=replace(one.mount, position_error_m=0.0, azimuth_error_deg=0.0)) for one in posts]
    survey = band(exact, terrain, trials=3)
    assert survey.as_entered > 0
    assert [survey.p5, survey.p50, survey.p95] == pytest.approx([survey.as_entered] * 3, rel=1e-12)
    assert survey.known_azimuth_only == survey.as_entered


def test_as_entered_is_what_the_overlay_says() -> None:
    posts, terrain = village(22)
    seen = fields(posts, terrain, View())
    overlay = Overlay.build([Place(id="v", layer="area", shape=AREA)], [one.id for one in posts], {"seen": seen})
    everything = np.ones(22, dtype=np.bool_)
    assert overlay.seen(everything)[0] / overlay.totals[0] == pytest.approx(band(posts, terrain).as_entered, rel=1e-6)
    union = shapely.intersection(shapely.union_all(seen), AREA)
    assert overlay.shape(0, everything).area == pytest.approx(union.area, rel=1e-6)


def test_the_seed_decides_and_the_order_does_not() -> None:
    posts, terrain = village()
    first = band(posts, terrain)
    assert band(posts[::-1], terrain) == pytest.approx(first, rel=1e-12)
    assert band(posts, terrain, seed=2)[1:4] != first[1:4]
    assert 0 <= first.p5 < first.p50 < first.p95 <= 1


def test_cameras_of_other_villages_change_nothing() -> None:
    posts, terrain = village()
    assert band([*posts, camera("far", (5_000, 0))], terrain) == band(posts, terrain)


def test_errors_of_position_are_standard_deviations_along_each_axis() -> None:
    """A disc of 50 m on the edge of the area: what lies inside follows its distance from the edge."""
    survey = band([camera("c1", (400, 200), hfov_deg=360.0, azimuth_deg=None)], trials=2_000)

    def inside(shift_m: float) -> float:
        return (50**2 * acos(shift_m / 50) - shift_m * sqrt(50**2 - shift_m**2)) / TOTAL

    assert survey.as_entered == pytest.approx(pi * 50**2 / 2 / TOTAL, rel=1e-3)
    assert survey.known_azimuth_only == survey.as_entered  # one that sees all round has no azimuth to know
    assert survey.p50 == pytest.approx(inside(0), rel=0.02)
    assert survey.p5 == pytest.approx(inside(1.645 * 3.0), rel=0.02)
    assert survey.p95 == pytest.approx(inside(-1.645 * 3.0), rel=0.02)


def test_errors_of_azimuth_turn_the_field() -> None:
    """A quarter of a disc, looking along the edge of the area: what lies inside follows its azimuth."""
    survey = band([camera("c1", (200, 400), azimuth_deg=90.0, position_error_m=0.0)], trials=2_000)
    whole = pi * 50**2 / TOTAL
    assert survey.as_entered == pytest.approx(whole * 45 / 360, rel=1e-3)
    assert survey.p50 == pytest.approx(whole * 45 / 360, rel=0.02)
    assert survey.p95 == pytest.approx(whole * (45 + 1.645 * 5) / 360, rel=0.02)


@pytest.mark.parametrize(("azimuth_deg", "error_deg"), [(None, 5.0), (90.0, 90.0), (90.0, 180.0)])
def test_an_azimuth_that_says_nothing_is_drawn_from_the_whole_circle(
    azimuth_deg: float | None, error_deg: float
) -> None:
    """At the middle of the area's edge, looking anywhere: as often quite outside as quite inside."""
    blind = camera("c1", (400, 200), azimuth_deg=azimuth_deg, azimuth_error_deg=error_deg, position_error_m=0.0)
    survey = band([blind], trials=1_000)
    quarter = pi * 50**2 / 4 / TOTAL
    assert survey.known_azimuth_only == 0.0
    assert survey.as_entered == (0.0 if azimuth_deg is None else pytest.approx(0.0, abs=1e-9))
    assert survey.p5 == pytest.approx(0.0, abs=1e-9)
    assert survey.p50 == pytest.approx(quarter / 2, rel=0.1)
    assert survey.p95 == pytest.approx(quarter, rel=1e-3)


def test_a_camera_drawn_into_a_building_sees_from_its_nearest_wall() -> None:
    house = Obstacle(id="house", shape=shapely.box(EAST_M + 202, NORTH_M + 180, EAST_M + 230, NORTH_M + 220))
    survey = band([camera(azimuth_deg=270.0)], Terrain.build([house]), trials=200)
    assert survey.p5 > 0.5 * survey.as_entered > 0


def test_no_cameras_see_nothing_and_no_area_is_no_question() -> None:
    assert band([]) == (0.0, 0.0, 0.0, 0.0, 0.0)
    with pytest.raises(OverlayError, match="needs an area"):
        survey_band([], OPEN, shapely.Polygon(), View())
    with pytest.raises(OverlayError, match="needs an area"):
        band([], trials=0)


def test_a_boundary_that_crosses_itself_is_mended() -> None:
    bow_tie = shapely.Polygon(
        [(EAST_M, NORTH_M), (EAST_M + 400, NORTH_M + 400), (EAST_M + 400, NORTH_M), (EAST_M, NORTH_M + 400)]
    )
    survey = survey_band([camera()], OPEN, bow_tie, View(), trials=2)
    assert survey.as_entered == pytest.approx(pi * 50**2 / 4 / (TOTAL / 2), rel=1e-3)


def test_night_without_infrared_is_dark() -> None:
    assert survey_band([camera()], OPEN, AREA, View(night=True), trials=2) == (0.0, 0.0, 0.0, 0.0, 0.0)
