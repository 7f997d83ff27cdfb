"""Whose doing: weather, platform, or the camera's own. No fault is lost, and order within the window is nothing."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.incident.township import township
from tests.monitor.judge.looking import HOUR, MIN, POLICY, V

from camkeeper.judge.fleetlooks import FleetLooks, Neighbours, settle, take
from camkeeper.model.picture import Finding, PictureVerdict, Scope

V1 = [f"cam-{n}" for n in (111, 112, 113, 121, 122, 123, 131, 132, 331)]
AROUND = Neighbours.of(township())


def finding(camera: str, verdict: PictureVerdict, since_ms: int = 0, decided_ms: int | None = None) -> Finding:
    return Finding(
        device_id=camera,
        verdict=verdict,
        since_ms=since_ms,
        decided_ms=since_ms + HOUR if decided_ms is None else decided_ms,
    )


def over(camera: str, at_ms: int) -> Finding:
    return Finding(device_id=camera, verdict=V.OK, since_ms=at_ms - MIN, decided_ms=at_ms)


def scopes(found: tuple[Finding, ...]) -> dict[str, tuple[PictureVerdict, Scope]]:
    return {f.device_id: (f.verdict, f.scope) for f in found}


def test_the_nearest_place_with_enough_cameras() -> None:
    assert AROUND.place_of["cam-331"] == "v1"  # by its site, whatever line it hangs on
    assert AROUND.cameras_in["v1"] == frozenset(V1)
    assert set(AROUND.platform_of.values()) == {"town"}
    assert "sw-01" not in AROUND.platform_of  # shows no picture


def test_fog_over_a_village_is_nobodys_fault() -> None:
    fleet = FleetLooks()
    for n, camera in enumerate(V1[:5]):
        fleet, found = take(fleet, [finding(camera, V.FOG, n * MIN)], HOUR + n * MIN, AROUND, POLICY)
        assert found == ()
        assert fleet.finding(camera) is None
    fleet, found = take(fleet, [finding(V1[5], V.FOG, 5 * MIN)], HOUR + 5 * MIN, AROUND, POLICY)
    assert scopes(found) == dict.fromkeys(V1[:6], (V.FOG, Scope.WEATHER))
    # It lifts: those that are clear are over, and one stays milky. It has an hour more, then it is its own.
    clear_ms = 5 * HOUR
    fleet, found = take(fleet, [over(camera, clear_ms) for camera in V1[:5]], clear_ms, AROUND, POLICY)
    assert scopes(found) == dict.fromkeys(V1[:5], (V.OK, Scope.WEATHER))
    fleet, found = settle(fleet, clear_ms + HOUR - 1, AROUND, POLICY)
    assert found == ()
    fleet, (dirty,) = settle(fleet, clear_ms + HOUR, AROUND, POLICY)
    assert (dirty.device_id, dirty.scope, dirty.since_ms) == (V1[5], Scope.DEVICE, clear_ms)
    assert fleet.finding(V1[5]) == dirty


def test_one_dark_camera_among_good_ones_is_its_own_after_the_hold() -> None:
    fleet, found = take(FleetLooks(), [finding("cam-111", V.DARK)], HOUR, AROUND, POLICY)
    assert found == ()
    assert fleet.next_due_ms == 2 * HOUR
    fleet, (own,) = settle(fleet, 2 * HOUR + 7, AROUND, POLICY)
    assert (own.scope, own.since_ms, own.decided_ms) == (Scope.DEVICE, 0, 2 * HOUR)
    assert settle(fleet, 9 * HOUR, AROUND, POLICY) == (fleet, ())


def test_over_while_held_was_never_told() -> None:
    fleet, _ = take(FleetLooks(), [finding("cam-111", V.DARK)], HOUR, AROUND, POLICY)
    assert take(fleet, [over("cam-111", HOUR + MIN)], HOUR + MIN, AROUND, POLICY) == (FleetLooks(cameras={}), ())


def test_an_old_fault_does_not_become_weather() -> None:
    fleet, _ = take(FleetLooks(), [finding("cam-111", V.FOG)], HOUR, AROUND, POLICY)
    fleet, _ = settle(fleet, 2 * HOUR, AROUND, POLICY)
    late = 48 * HOUR
    fleet, found = take(fleet, [finding(c, V.FOG, late) for c in V1[1:7]], late + HOUR, AROUND, POLICY)
    assert scopes(found) == dict.fromkeys(V1[1:7], (V.FOG, Scope.WEATHER))
    own = fleet.finding("cam-111")
    assert own is not None
    assert own.scope is Scope.DEVICE


def test_who_gives_no_picture_is_no_witness() -> None:
    three = [finding(c, V.FOG) for c in V1[:3]]
    assert take(FleetLooks(), three, HOUR, AROUND, POLICY)[1] == ()
    _, found = take(FleetLooks(), three, HOUR, AROUND, POLICY, blind=V1[5:])
    assert set(scopes(found).values()) == {(V.FOG, Scope.WEATHER)}
    # Two are no witnesses of anything, whoever else is blind.
    assert take(FleetLooks(), three[:2], HOUR, AROUND, POLICY, blind=V1[2:])[1] == ()


def test_a_platform_that_stands_still_is_one_fault() -> None:
    cameras = [f"cam-{n}" for n in range(401, 413)]
    fleet = FleetLooks()
    for n, camera in enumerate(cameras[:3]):
        fleet, found = take(fleet, [finding(camera, V.FROZEN, n * MIN, 20 * MIN)], 20 * MIN, AROUND, POLICY)
        assert found == ()
    fleet, found = take(fleet, [finding(c, V.FROZEN, 9 * MIN) for c in cameras[3:]], 25 * MIN, AROUND, POLICY)
    assert scopes(found) == dict.fromkeys(cameras, (V.FROZEN, Scope.PLATFORM))
    # All but one move again: that one is its own.
    fleet, found = take(fleet, [over(c, 60 * MIN) for c in cameras[1:]], 60 * MIN, AROUND, POLICY)
    assert {scope for _, scope in scopes(found).values()} == {Scope.PLATFORM}
    fleet, found = settle(fleet, 75 * MIN, AROUND, POLICY)
    assert scopes(found) == {"cam-401": (V.FROZEN, Scope.DEVICE)}


def test_a_cover_waits_for_nobody_and_replaces_the_fog() -> None:
    fleet, found = take(FleetLooks(), [finding("cam-111", V.COVER, 0, 20 * MIN)], 20 * MIN, AROUND, POLICY)
    assert scopes(found) == {"cam-111": (V.COVER, Scope.DEVICE)}
    fleet, found = take(fleet, [finding("cam-111", V.FOG, 30 * MIN)], 90 * MIN, AROUND, POLICY)
    assert found == ()
    told = fleet.finding("cam-111")
    assert told is not None
    assert told.verdict is V.COVER  # what was told stands until the other is decided
    fleet, found = settle(fleet, 150 * MIN, AROUND, POLICY)
    assert scopes(found) == {"cam-111": (V.FOG, Scope.DEVICE)}


def test_devices_that_left_the_register_are_forgotten() -> None:
    fleet, _ = take(FleetLooks(), [finding("gone", V.DARK), finding("cam-111", V.COVER)], HOUR, AROUND, POLICY)
    assert set(fleet.only(AROUND.platform_of).cameras) == {"cam-111"}
    for text in ("", "[]", '{"a":1}', '{"a":[{},null,null]}'):
        with pytest.raises(ValueError, match="no findings"):
            FleetLooks.from_json(text)


held = st.sampled_from([V.DARK, V.FOG, V.FROZEN])
bunches = st.dictionaries(st.sampled_from(V1), st.tuples(held, st.integers(0, 90)), max_size=9)


def _final(
    bunch: Mapping[str, tuple[PictureVerdict, int]], order: list[str]
) -> dict[str, tuple[PictureVerdict, Scope]]:
    """Fold in findings in an order of their own, within the shortest hold; then let all holds pass."""
    fleet = FleetLooks()
    last: dict[str, tuple[PictureVerdict, Scope]] = {}
    for n, camera in enumerate(order):
        verdict, since_min = bunch[camera]
        at_ms = 3 * HOUR + n * MIN
        one = finding(camera, verdict, since_min * MIN, at_ms)
        fleet, found = take(fleet, [one], at_ms, AROUND, POLICY)
        last |= scopes(found)
        text = fleet.to_json()
        fleet = FleetLooks.from_json(text)
        assert fleet.to_json() == text
    fleet, found = settle(fleet, 6 * HOUR, AROUND, POLICY)
    last |= scopes(found)
    assert {i: (s.told.verdict, s.told.scope) for i, s in fleet.cameras.items() if s.told} == last
    assert fleet.next_due_ms is None
    return last


@given(bunches, st.data())
def test_order_within_the_window_changes_nothing_and_no_fault_is_lost(
    bunch: dict[str, tuple[PictureVerdict, int]], data: st.DataObject
) -> None:
    straight = _final(bunch, sorted(bunch))
    assert _final(bunch, data.draw(st.permutations(sorted(bunch)))) == straight
    assert {camera: verdict for camera, (verdict, _) in straight.items()} == {c: v for c, (v, _) in bunch.items()}
    for verdict in (V.DARK, V.FOG, V.FROZEN):
        starts = sorted(since for v, since in bunch.values() if v is verdict)
        least, window = (4, 15) if verdict is V.FROZEN else (6, 60)
        crowd = any(starts[n + least - 1] - starts[n] <= window for n in range(len(starts) - least + 1))
        scope = Scope.PLATFORM if verdict is V.FROZEN else Scope.WEATHER
        assert (scope in {s for v, s in straight.values() if v is verdict}) is crowd


@given(st.lists(st.tuples(st.sampled_from(V1), st.sampled_from(list(V)), st.integers(1, 50)), max_size=30))
def test_what_is_given_out_is_what_stands(steps: list[tuple[str, PictureVerdict, int]]) -> None:
    fleet, now_ms, out = FleetLooks(), 0, dict[str, Finding]()
    standing: dict[str, PictureVerdict] = {}
    for camera, verdict, wait_min in steps:
        now_ms += wait_min * MIN
        if verdict is V.CAST or standing.get(camera, V.OK) is verdict:
            continue
        standing[camera] = verdict
        fleet, found = take(fleet, [finding(camera, verdict, now_ms - 20 * MIN, now_ms)], now_ms, AROUND, POLICY)
        for f in found:
            assert f.decided_ms <= now_ms
            if f.verdict is V.OK:
                del out[f.device_id]
            else:
                assert out.get(f.device_id) != f
                out[f.device_id] = f
        assert {i: fleet.finding(i) for i in out} == dict(out)
    fleet, found = settle(fleet, now_ms + 3 * HOUR, AROUND, POLICY)
    told = {i: s.told.verdict for i, s in fleet.cameras.items() if s.told}
    assert told == {i: v for i, v in standing.items() if v.is_fault}
