"""Datums: worked numbers, inverses, and what is suspected of a batch."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from camcover import datum as datum_module
from camcover.datum import Datum, from_wgs84, suspect_datum, to_wgs84

LINYING = (113.94, 33.81)
MILLIMETRE_DEG = 1e-3 / 111_195

SHIFTED = st.sampled_from([Datum.GCJ02, Datum.BD09])
chinese = st.lists(st.tuples(st.floats(73, 135), st.floats(4, 54)), min_size=1, max_size=20)


def metres(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    scale = np.column_stack((np.cos(np.radians(a[:, 1])), np.ones(len(a)))) * 111_195
    east, north = ((a - b) * scale).T
    apart: NDArray[np.float64] = np.hypot(east, north)
    return apart


def test_examples() -> None:
    assert doctest.testmod(datum_module).failed == 0


def test_the_published_point() -> None:
    here = np.array([[121.5272106, 31.1774276]])
    there = from_wgs84(here, Datum.GCJ02)
    assert there[0] == pytest.approx([121.531541859215, 31.17530398364597], abs=1e-12)
    assert np.abs(to_wgs84(there, Datum.GCJ02) - here).max() < MILLIMETRE_DEG


def test_the_offset_at_linying() -> None:
    here = np.array([LINYING])
    assert metres(here, from_wgs84(here, Datum.GCJ02))[0] == pytest.approx(563, abs=3)
    assert 700 < metres(here, from_wgs84(here, Datum.BD09))[0] < 1500


def test_a_published_baidu_point() -> None:
    """Tiananmen as the Amap and Baidu pickers show it: the two differ by about 1.1 km, to the north-east."""
    gcj = np.array([[116.404, 39.915]])
    there = from_wgs84(to_wgs84(gcj, Datum.GCJ02), Datum.BD09)
    assert there[0] == pytest.approx([116.41036949, 39.92133699], abs=2e-8)


@given(points=chinese, datum=SHIFTED)
def test_there_and_back_within_a_millimetre(points: list[tuple[float, float]], datum: Datum) -> None:
    here = np.array(points)
    assert np.abs(to_wgs84(from_wgs84(here, datum), datum) - here).max() < MILLIMETRE_DEG
    assert np.abs(from_wgs84(to_wgs84(here, datum), datum) - here).max() < MILLIMETRE_DEG


@given(points=chinese)
def test_the_national_datum_is_taken_as_one_with_wgs84(points: list[tuple[float, float]]) -> None:
    here = np.array(points)
    assert (to_wgs84(here, Datum.CGCS2000) == here).all()
    assert (from_wgs84(here, Datum.CGCS2000) == here).all()


@pytest.mark.parametrize("datum", Datum)
def test_elsewhere_nothing_is_shifted(datum: Datum) -> None:
    abroad = np.array([[24.94, 60.17], [-17.45, 14.69], [151.2, -33.9]])
    assert (from_wgs84(abroad, datum) == abroad).all()
    assert (to_wgs84(abroad, datum) == abroad).all()
    assert to_wgs84(np.empty((0, 2)), datum).shape == (0, 2)


def test_points_have_two_columns() -> None:
    with pytest.raises(ValueError, match=r"\(n, 2\)"):
        to_wgs84(np.zeros(4), Datum.GCJ02)


def village(column: int) -> shapely.Polygon:
    """A square of some 700 m, 3 km from the next."""
    west, south = LINYING[0] + column * 0.032, LINYING[1]
    return shapely.box(west, south, west + 0.0075, south + 0.0065)


AREAS = [village(column) for column in range(6)]


def batch(seed: int, count: int = 40) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    random = np.random.default_rng(seed)
    own = random.integers(0, len(AREAS), count)
    corner = np.array([AREAS[i].bounds[:2] for i in own])
    return corner + random.random((count, 2)) * (0.0075, 0.0065), own


@given(seed=st.integers(0, 200), datum=SHIFTED, by_own=st.booleans())
def test_a_shifted_batch_is_told(seed: int, datum: Datum, *, by_own: bool) -> None:
    points, own = batch(seed)
    found = suspect_datum(from_wgs84(points, datum), AREAS, own=own if by_own else None)
    assert found is not None
    assert (found.stated, found.datum, found.points) == (Datum.WGS84, datum, 40)
    assert found.inside_after == 40
    assert found.inside_before < 32
    assert found.offset_m == pytest.approx(563 if datum is Datum.GCJ02 else 1100, abs=300)


@given(seed=st.integers(0, 200), datum=SHIFTED)
def test_a_batch_brought_back_that_was_never_away(seed: int, datum: Datum) -> None:
    points, own = batch(seed)
    found = suspect_datum(points, AREAS, own=own, stated=datum)
    assert found is not None
    assert found.datum is Datum.WGS84


@given(seed=st.integers(0, 200), stated=st.sampled_from(Datum), stray=st.floats(0, 0.01))
def test_a_right_batch_is_left_alone(seed: int, stated: Datum, stray: float) -> None:
    points, own = batch(seed)
    points[:3] += stray  # three cameras beside their village are three mistakes, not a datum
    assert suspect_datum(from_wgs84(points, stated), AREAS, own=own, stated=stated) is None


def test_no_verdict_without_ground() -> None:
    points, own = batch(1)
    shifted = from_wgs84(points, Datum.GCJ02)
    assert suspect_datum(shifted[:7], AREAS, own=own[:7]) is None
    assert suspect_datum(shifted, []) is None
    assert suspect_datum(points + 0.2, AREAS, own=own) is None  # outside in every datum


def test_without_own_areas_neighbours_hide_a_shift_that_own_areas_tell() -> None:
    touching = [shapely.box(113.9 + i * 0.008, 33.75, 113.908 + i * 0.008, 33.85) for i in range(10)]
    random = np.random.default_rng(5)
    own = random.integers(2, 7, 60)
    points = np.column_stack((113.9 + 0.008 * own + 0.008 * random.random(60), random.uniform(33.79, 33.81, 60)))
    shifted = from_wgs84(points, Datum.GCJ02)
    assert suspect_datum(shifted, touching) is None
    found = suspect_datum(shifted, touching, own=own)
    assert found is not None
    assert found.datum is Datum.GCJ02
