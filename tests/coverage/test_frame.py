"""The metric frame: which one, how true it is, and that it comes back."""

from __future__ import annotations

import doctest
from concurrent.futures import ThreadPoolExecutor
from math import cos, radians

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer

from camcover import frame as frame_module
from camcover.frame import Frame, FrameError

LINYING = Frame.around(113.94, 33.81)
GEOD = Geod(ellps="GRS80")
SQUARE = shapely.box(113.93, 33.80, 113.95, 33.82)


def test_examples() -> None:
    assert doctest.testmod(frame_module).failed == 0


@pytest.mark.parametrize(
    ("lon", "lat", "epsg"),
    [
        (113.94, 33.81, 4547),  # Linying
        (125.5, 42.7, 4551),  # Dongfeng
        (111.2, 34.8, 4546),  # Sanmenxia
        (75.2, 39.5, 4534),  # Kashgar
        (134.3, 48.3, 4554),  # Fuyuan
        (112.34, 16.83, 4546),  # Sansha
    ],
)
def test_the_zone_in_china(lon: float, lat: float, epsg: int) -> None:
    found = Frame.around(lon, lat)
    assert found.crs == f"EPSG:{epsg}"
    crs = CRS.from_user_input(found.crs)
    meridian = int(crs.name.rpartition("CM ")[2].removesuffix("E"))
    assert crs.name.startswith("CGCS2000 / 3-degree Gauss-Kruger CM")
    assert abs(meridian - lon) <= 1.5
    easting = found.to_metric(np.array([[meridian, lat]]))[0, 0]
    assert easting == pytest.approx(500_000, abs=1e-6)  # no zone number in front


@given(lon=st.floats(-180, 180), lat=st.floats(-85, 85))
def test_any_township_of_the_world_has_a_true_frame(lon: float, lat: float) -> None:
    found = Frame.around(lon, lat)
    a, b = (lon - 0.01 if lon > 0 else lon, lat), (lon if lon > 0 else lon + 0.01, lat + 0.01)
    x, y = np.diff(found.to_metric(np.array([a, b])), axis=0)[0]
    true_m = GEOD.inv(*a, *b)[2]
    assert float(np.hypot(x, y)) == pytest.approx(true_m, rel=5e-4)


def test_areas_are_true_and_web_mercator_s_are_not() -> None:
    metric = LINYING.to_metric(SQUARE).area
    true_m2 = abs(GEOD.geometry_area_perimeter(SQUARE)[0])
    assert metric == pytest.approx(true_m2, rel=1e-5)
    assert LINYING.to_metric(shapely.LineString([(113.94, 33.81), (113.95, 33.81)])).length / GEOD.inv(
        113.94, 33.81, 113.95, 33.81
    )[2] == pytest.approx(1.0, abs=2e-6)
    to_web = Transformer.from_crs(4326, 3857, always_xy=True)
    web = shapely.transform(SQUARE, lambda p: np.column_stack(to_web.transform(p[:, 0], p[:, 1]))).area
    assert 1 / cos(radians(33.81)) ** 2 == pytest.approx(1.448, abs=1e-3)  # on a sphere; the ellipsoid adds its share
    assert web / true_m2 == pytest.approx(1.448, rel=5e-3)


@given(points=st.lists(st.tuples(st.floats(112.5, 115.5), st.floats(30, 38)), min_size=1, max_size=20))
def test_there_and_back(points: list[tuple[float, float]]) -> None:
    here = np.array(points)
    back = LINYING.to_lonlat(LINYING.to_metric(here))
    assert np.abs(back - here).max() < 1e-10  # a hundredth of a millimetre


def test_geometries_and_arrays_of_them() -> None:
    metric = LINYING.to_metric(SQUARE)
    assert isinstance(metric, shapely.Polygon)
    both = LINYING.to_metric(np.array([SQUARE, shapely.Point(113.94, 33.81)], dtype=object))
    assert both.shape == (2,)
    assert both[0].equals(metric)
    assert LINYING.to_lonlat(both)[1].distance(shapely.Point(113.94, 33.81)) < 1e-10
    assert LINYING.to_metric(np.empty((0, 2))).shape == (0, 2)
    assert LINYING.to_metric(np.empty(0, dtype=object)).shape == (0,)
    assert LINYING.to_metric(shapely.Polygon()).is_empty
    with pytest.raises(ValueError, match=r"\(n, 2\)"):
        LINYING.to_metric(np.zeros(3))


def test_a_frame_elsewhere_does_not_move_with_one_camera() -> None:
    assert Frame.around(24.9384, 60.1699) == Frame.around(24.9412, 60.1711)
    assert Frame.around(24.94, 60.17).to_metric(shapely.Point(24.94, 60.17)).coords[0] == pytest.approx((0, 0))


def test_the_same_in_every_thread() -> None:
    here = np.random.default_rng(3).uniform((113, 33), (115, 34), (2000, 2))
    alone = LINYING.to_metric(here)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(LINYING.to_metric, [here] * 16):
            assert (found == alone).all()


def test_places_that_no_frame_can_hold() -> None:
    with pytest.raises(FrameError, match="not on this globe"):
        Frame.around(200, 0)
    with pytest.raises(FrameError, match="1 points lie too far from EPSG:4547"):
        LINYING.to_metric(np.array([[-156.0, 0.0], [114.0, 33.8]]))
    with pytest.raises(FrameError):
        LINYING.to_metric(np.array([[np.nan, 33.8]]))
