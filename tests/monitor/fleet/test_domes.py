"""Virtual domes: they go round, say where they point, and can be turned at the mount without knowing it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitor.fleet.test_dialects import MAKERS
from tests.monitor.fleet.town import PASSWORD, PASSWORDS, camera, town

from camfleet import dome
from camfleet.dialect import HABITS
from camfleet.faults import Fault, FaultKind, effect, truth_of
from camfleet.fleet import Fleet
from camfleet.mistake import MistakeError
from camfleet.scenario import fault_of
from camkeeper.clock import SystemClock
from camkeeper.model.dome import DomeReport, Position
from camkeeper.model.equipment import DeviceKind
from camkeeper.model.policy import ProbePolicy
from camkeeper.model.probing import Depth, Rung, Verdict
from camkeeper.probe.latch import MemoryLatches
from camkeeper.probe.prober import Prober

PATROL = Fault(kind=FaultKind.PATROL, by_deg=30.0, period_ms=60_000)
MOVED = Fault(kind=FaultKind.MOVED, by_deg=12.0)
SAYS = {"bosch_dome": True, "hikvision_oem": True, "uniview_sunba": True, "xiongmai": False, "reolink": False}


@pytest.mark.parametrize("name", sorted(SAYS))
async def test_a_dome_of_each_make_is_asked_by_the_monitor_and_says_what_its_make_says(name: str) -> None:
    one = camera(name, maker=MAKERS[name], kind=DeviceKind.PTZ)
    registry, got = town([one]), list[DomeReport | None]()
    asker = Prober(
        clock=SystemClock(), password_of=lambda _: PASSWORD, policy=ProbePolicy(timeout_s=20.0),
        latches=MemoryLatches(), on_picture=lambda _, __, report: got.append(report),
    )  # fmt: skip
    async with Fleet(registry, PASSWORDS, pictures="light") as fleet, asker:
        found = await asker.probe(one, registry.credentials[0], Depth.FULL)
        assert {r.verdict for r in found.rungs} <= {Verdict.OK, Verdict.NOT_OFFERED}
        fleet.apply(MOVED, [one.id])
        found = await asker.probe(one, registry.credentials[0], Depth.PICTURE)
        assert next(r.verdict for r in found.rungs if r.rung is Rung.SNAPSHOT) is Verdict.OK
        asked = fleet.counters([one.id])[one.id]
    assert asked["refused"] == 0
    assert asked["requests"]["ptz.GetPresets"] == 1
    assert asked["requests"]["ptz.GetStatus"] == 2
    first, second = (r for r in got if r is not None)
    assert first == second  # turned at the mount: it does not know
    says = first.position is not None and not first.position.is_blank
    assert says is SAYS[name]
    if HABITS[name].presets is dome.Presets.PLACED:
        assert first.position is not None
        assert first.home == first.position
    else:
        assert first.home is None


@given(st.integers(0, 10**13), st.integers(5_000, 600_000), st.floats(1, 60))
def test_a_patrol_stays_at_each_preset_and_travels_for_three_seconds(at_ms: int, every_ms: int, by: float) -> None:
    patrol = replace(PATROL, period_ms=every_ms, by_deg=by)
    head = dome.head((patrol,), at_ms)
    into_ms = at_ms % every_ms
    assert head.moving is (into_ms < dome.TRAVEL_MS)
    if not head.moving:
        assert head.by_deg == pytest.approx(at_ms // every_ms % len(dome.STOPS) * by)
        assert dome.head((patrol,), at_ms + len(dome.STOPS) * every_ms) == head


def test_a_patrol_comes_by_every_preset_and_the_picture_follows() -> None:
    stops = [dome.head((PATROL,), leg * 60_000 + 10_000).by_deg for leg in range(4)]
    assert stops == [0.0, 30.0, 60.0, 0.0]
    at_gate = dome.seen_by((PATROL, MOVED), 70_000, turns=True)
    assert set(at_gate) == {PATROL, MOVED}  # thirty degrees further, and turned at the mount
    assert dome.seen_by((PATROL, MOVED), 10_000, turns=True) == (MOVED,)
    assert dome.seen_by((PATROL, MOVED), 70_000, turns=False) == (MOVED,)


def test_what_it_says_is_where_its_head_is() -> None:
    pans = [float(dome.pan_of("d", by)) for by in (0.0, 30.0, 60.0)]
    told = [Position(pan=pan, tilt=dome.TILT, zoom=dome.ZOOM) for pan in pans]
    assert not any(a.is_at(b) for a, b in pairwise(told))
    assert [(b - a) % 2 for a, b in pairwise(pans)] == pytest.approx([30 / 180] * 2, abs=1e-5)
    assert [pan for _, pan in dome.presets("d", dome.Presets.PLACED, 30.0)] == [f"{pan:.6f}" for pan in pans]


def test_a_patrol_is_no_fault_and_is_written_in_a_scenario() -> None:
    assert fault_of("patrol", {"period": "2m", "by": "30deg"}) == replace(PATROL, period_ms=120_000)
    with pytest.raises(MistakeError, match="stays some time"):
        fault_of("patrol", {"period": "0s"})
    assert truth_of(effect(PATROL, 0), timeout_ms=1000, ladder=tuple(Rung)) == "up"
