"""A turned camera sees what it sees from where it points now; nothing else changes, and the register stays."""

from __future__ import annotations

import shapely
from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.cover.towns import HOUSES, camera, township

from camcover.bands import SEEN
from camcover.optics import Mount
from camkeeper.cover.aim import adrift, aimed, azimuth_after, turned, turns
from camkeeper.cover.township import TownshipCover
from camkeeper.model.picture import Finding, PictureVerdict, Turn


def turn(yaw_deg: float, pitch_deg: float = 0.0) -> Turn:
    return Turn(yaw_deg=yaw_deg, pitch_deg=pitch_deg, roll_deg=0.0, error_deg=0.1, method="features", support=40.0)


def moved(device_id: str, by: Turn | None) -> Finding:
    return Finding(device_id=device_id, verdict=PictureVerdict.MOVED, since_ms=1, decided_ms=2, turn=by)


@given(st.floats(0, 359.999), st.floats(-180, 180), st.floats(-30, 60), st.floats(-100, 100))
def test_a_turn_and_its_opposite_is_none(azimuth: float, yaw: float, tilt: float, pitch: float) -> None:
    mount = Mount(lon_deg=113.9, lat_deg=33.8, azimuth_deg=azimuth, tilt_deg=tilt)
    there = turned(mount, turn(yaw, pitch))
    assert there.azimuth_deg is not None
    assert there.tilt_deg is not None
    assert -90 <= there.tilt_deg <= 90
    back = azimuth_after(there.azimuth_deg, turn(-yaw))
    assert min(abs(back - azimuth), 360 - abs(back - azimuth)) < 1e-6
    assert there.azimuth_error_deg > mount.azimuth_error_deg


def test_what_is_turned_and_what_is_adrift() -> None:
    registry = township((camera("a", 60, 60, azimuth_deg=90), camera("b", -60, 60, azimuth_deg=None)))
    findings = {
        "a": moved("a", turn(20)),
        "b": moved("b", turn(20)),  # nobody noted where it pointed
        "gone": moved("gone", turn(20)),
    }
    assert turns(registry, findings) == {"a": turn(20)}
    assert adrift({**findings, "a": moved("a", None)}) == {"a"}
    assert aimed(registry, {}) is registry


def test_only_the_turned_camera_is_computed_anew() -> None:
    registry = township((camera("a", 60, 60, azimuth_deg=350), camera("b", -60, 60, azimuth_deg=180)))
    plan = TownshipCover.build(registry, HOUSES)
    assert plan.with_turns({}) is plan
    now = plan.with_turns({"a": turn(20)})
    old, new = plan.eyes.fields[False, SEEN], now.eyes.fields[False, SEEN]
    assert new[1] is old[1]
    assert not shapely.equals(new[0], old[0])
    fresh = TownshipCover.build(aimed(registry, {"a": turn(20)}), HOUSES)
    assert shapely.equals(new[0], fresh.eyes.fields[False, SEEN][0])
    field = next(f for f in now.map.fields if f.device_id == "a")
    assert (field.azimuth_deg, field.planned_azimuth_deg, field.azimuth_error_deg) == (10.0, 350, 0.1)
    assert field.planned is not None
    assert shapely.equals(field.planned, next(f for f in plan.map.fields if f.device_id == "a").day)
    assert (now.basis.measured_azimuth, plan.basis.measured_azimuth) == (("a",), ())
    assert now.map.digest != plan.map.digest
    other = next(f for f in now.map.fields if f.device_id == "b")
    assert (other.planned, other.planned_azimuth_deg, other.azimuth_error_deg) == (None, None, None)
