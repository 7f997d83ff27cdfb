"""Day and night by the sun: published values, the other reckoning in the house, and what must hold anywhere."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camfleet.sun import sun_at
from camkeeper.judge.sun import light_at, sun_elevation_deg
from camkeeper.model.picture import Context, PicturePolicy

DAGOU = {"lon_deg": 113.95, "lat_deg": 33.81}
MOMENTS = st.integers(0, 2_524_607_999_000)  # 1970 to 2049


def utc_ms(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc, arg-type]


def test_the_worked_example_of_the_solar_position_algorithm() -> None:
    """Reda and Andreas, NREL/TP-560-34302, table A5.1: 39.872046 degrees above Golden before refraction."""
    at_ms = utc_ms(2003, 10, 17, 19, 30, 30)
    assert sun_elevation_deg(at_ms, lon_deg=-105.1786, lat_deg=39.742476) == pytest.approx(39.872, abs=0.02)


@pytest.mark.parametrize(
    ("at", "lat_deg", "height_deg"),
    [
        ((2024, 6, 20, 12, 0), 0.0, 90 - 23.436),
        ((2024, 6, 20, 12, 0), 23.436, 90.0),
        ((2024, 12, 21, 12, 0), -23.436, 90.0),
        ((2024, 12, 21, 12, 0), 66.0, 90 - 66 - 23.436),
    ],
)
def test_noon_at_the_solstices(at: tuple[int, ...], lat_deg: float, height_deg: float) -> None:
    """The highest that the sun gets around noon: latitude and the tilt of the axis alone."""
    noon_ms = utc_ms(*at)
    around = range(noon_ms - 1_800_000, noon_ms + 1_800_000, 10_000)
    assert max(sun_elevation_deg(t, lon_deg=0.0, lat_deg=lat_deg) for t in around) == pytest.approx(height_deg, abs=0.1)


@given(MOMENTS, st.floats(-180, 180), st.floats(-89, 89))
def test_two_reckonings_agree(at_ms: int, lon_deg: float, lat_deg: float) -> None:
    other = sun_at(at_ms, lon_deg=lon_deg, lat_deg=lat_deg).elevation_deg
    assert sun_elevation_deg(at_ms, lon_deg=lon_deg, lat_deg=lat_deg) == pytest.approx(other, abs=0.1)


@given(MOMENTS, st.floats(-180, 180), st.floats(-89, 89))
def test_the_other_side_of_the_earth_sees_the_opposite(at_ms: int, lon_deg: float, lat_deg: float) -> None:
    here = sun_elevation_deg(at_ms, lon_deg=lon_deg, lat_deg=lat_deg)
    there = sun_elevation_deg(at_ms, lon_deg=lon_deg + 180, lat_deg=-lat_deg)
    assert here == pytest.approx(-there, abs=1e-4)


@pytest.mark.parametrize(
    ("at", "light"),
    [
        ((2026, 6, 21, 4, 0), (Context.DAY, False)),  # noon in China
        ((2026, 6, 21, 16, 0), (Context.NIGHT, False)),
        ((2026, 12, 21, 8, 30), (Context.DAY, False)),  # 16:30, the sun 6 degrees up
        ((2026, 12, 21, 9, 0), (Context.NIGHT, True)),  # 17:00, just before sunset
        ((2026, 12, 21, 9, 30), (Context.NIGHT, True)),
        ((2026, 12, 21, 10, 30), (Context.NIGHT, False)),  # 18:30
    ],
)
def test_day_twilight_and_night_in_dagou(at: tuple[int, ...], light: tuple[Context, bool]) -> None:
    assert light_at(utc_ms(*at), policy=PicturePolicy(), **DAGOU) == light


@given(MOMENTS)
def test_without_a_twilight_it_is_day_or_night(at_ms: int) -> None:
    policy = PicturePolicy(night_below_deg=-4.0, day_above_deg=-4.0)
    elevation_deg = sun_elevation_deg(at_ms, **DAGOU)
    context = Context.DAY if elevation_deg > -4 else Context.NIGHT
    assert light_at(at_ms, policy=policy, **DAGOU) == (context, elevation_deg == -4)
