"""Which position is home, and where a picture was taken."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from camkeeper.judge.dome import OFTEN, Dome, place_of
from camkeeper.judge.looktrack import LookTrack
from camkeeper.model.dome import DomeReport, Place, Position, Space

HOME = Position(pan=0.25, tilt=-0.5, zoom=0.1)
GATE = Position(pan=-0.6, tilt=-0.4, zoom=0.1)
ZERO = Position(pan=0.0, tilt=0.0, zoom=0.0)

ones = st.floats(-1, 1, allow_nan=False, width=32)
positions = st.builds(
    Position, pan=ones, tilt=ones, zoom=st.none() | st.floats(0, 1, width=32), space=st.sampled_from(Space)
)
reports = st.builds(
    DomeReport,
    position=st.none() | positions | st.sampled_from((HOME, GATE, ZERO)),
    moving=st.none() | st.booleans(),
    home=st.none() | st.sampled_from((HOME, GATE)),
)


def seen(*reports_: DomeReport, dome: Dome | None = None) -> tuple[Dome, list[Place]]:
    dome, places = dome or Dome(), []
    for one in reports_:
        dome, place = place_of(dome, one)
        places.append(place)
    return dome, places


def at(position: Position | None, *, moving: bool | None = False, home: Position | None = None) -> DomeReport:
    return DomeReport(position=position, moving=moving, home=home)


@given(positions, positions)
def test_being_at_a_position_is_mutual_and_goes_round_the_circle(a: Position, b: Position) -> None:
    assert a.is_at(a)
    assert a.is_at(b) == b.is_at(a)
    circle = 2.0 if a.space is Space.GENERIC else 360.0
    round_ = Position(pan=a.pan - circle, tilt=a.tilt, zoom=a.zoom, space=a.space)
    assert round_.is_at(a)


def test_half_a_degree_is_the_same_place_and_one_is_not() -> None:
    def pan(degrees: float) -> Position:
        return Position(pan=HOME.pan + degrees / 180, tilt=HOME.tilt, zoom=HOME.zoom)

    assert HOME.is_at(pan(0.4))
    assert not HOME.is_at(pan(0.8))
    assert not HOME.is_at(Position(pan=HOME.pan, tilt=HOME.tilt, zoom=0.2))
    assert not HOME.is_at(Position(pan=HOME.pan, tilt=HOME.tilt))


def test_the_preset_called_home_is_home_at_once_also_when_it_is_moved() -> None:
    dome, places = seen(at(HOME, home=HOME), at(GATE, home=HOME), at(HOME, moving=True, home=HOME), at(HOME))
    assert places == [Place.HOME, Place.ELSEWHERE, Place.ELSEWHERE, Place.HOME]
    dome, places = seen(at(HOME, home=GATE), at(GATE), dome=dome)
    assert places == [Place.ELSEWHERE, Place.HOME]
    assert dome.home == GATE


def test_without_one_it_is_where_the_dome_is_seen_often() -> None:
    dome, places = seen(at(HOME), at(GATE), at(HOME), at(GATE, moving=True), at(HOME), at(GATE))
    assert places == [Place.ELSEWHERE] * 4 + [Place.HOME, Place.ELSEWHERE]
    assert dome.home == HOME
    assert seen(at(HOME, home=GATE), dome=dome)[0].home == GATE  # a preset wins over a guess


def test_zeros_say_nothing_until_something_else_was_said() -> None:
    dome, places = seen(*[at(ZERO)] * (2 * OFTEN))
    assert (dome, set(places)) == (Dome(), {Place.UNKNOWN})
    dome, places = seen(at(HOME), *[at(ZERO)] * OFTEN, at(None))
    assert places[-2:] == [Place.HOME, Place.UNKNOWN]
    assert dome.home == ZERO


@given(st.lists(reports, max_size=30))
def test_whatever_it_says_home_is_a_place_it_named_and_memory_is_bounded(told: list[DomeReport]) -> None:
    dome, places = seen(*told)
    assert len(dome.seen) <= 8
    assert Dome.from_json(dome.to_json()) == dome
    track = LookTrack(device_id="d", last_ms=1, dome=dome)
    assert LookTrack.from_json(track.to_json()) == track
    for report, place in zip(told, places, strict=True):
        if place is Place.HOME:
            assert report.position is not None
            assert not report.moving
        if report.position is None:
            assert place is Place.UNKNOWN
    if dome.home is not None:
        assert any(dome.home in {r.position, r.home} for r in told)
