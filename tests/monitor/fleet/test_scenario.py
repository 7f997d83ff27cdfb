from __future__ import annotations

from pathlib import Path

import pytest
from tests.monitor.fleet.town import grown_town

from camfleet import scenario
from camfleet.faults import MS_2000, SPOILING, WEATHER, FaultKind, Reach, effect, truth_of
from camfleet.scenario import ScenarioError, duration_ms
from camfleet.targets import Target, resolve
from camkeeper.config import load as load_config
from camkeeper.model.equipment import LADDERS, DeviceKind

ROOT = Path(__file__).parents[3]
GOOD = """
seed: 7
repeat: 10m
events:
- {at: 1m30s, for: 2m, fault: power, dead: refused, target: {link: pole-1}}
- {at: 0s, fault: reboot, down: 10s, unsynced: 20s, wakes_at: 2000, target: {device: [cam-1, cam-3]}}
- {at: 5m, fault: slow, latency: 250ms, target: {kind: camera, share: 50%}}
- {at: 6m, fault: moved, by: -20, pitch: 3.5, target: {device: cam-1}}
- {at: 6m, fault: rotated, how: mirrored, target: {device: cam-2}}
- {at: 7m, fault: cover, share: 85%, how: leaf, target: {device: cam-3}}
- {at: 8m, fault: fog, density: 0.7, target: {site: v1}}
"""
BAD = """\
sed: 1
repeat: 10m
events:
- {at: 1m, for: 2m, fault: pwer, target: {link: pole-9}}
- {at: soon, fault: power, target: {}}
- {at: 9m, for: 2m, fault: power, target: {device: cam1}}
- {at: 1m, fault: power, latency: 2s, target: {line: pole-1}}
- {fault: flapping, period: 10s, down: 20s, target: {lnk: pole-1}}
- just words
- {at: -3s, fault: clock_skew, by: tomorrow, target: {share: 200%}}
- {at: 1s, fault: moved, by: 20m, target: {device: cam-1}}
- {at: 1s, fault: cover, how: bord, target: {device: cam-1}}
- {at: 1s, fault: cover, share: 120%, target: {device: cam-1}}
- {at: 1s, fault: fog, share: 50%, target: {device: cam-1}}
"""


@pytest.mark.parametrize(
    ("text", "ms"),
    [("90s", 90_000), ("1h30m", 5_400_000), ("-45m", -2_700_000), ("500ms", 500), ("2", 2000), ("1.5m", 90_000)],
)
def test_lengths_of_time(text: str, ms: int) -> None:
    assert duration_ms(text) == ms


@pytest.mark.parametrize("text", ["", "soon", "5 parsecs", "m", "1m x"])
def test_what_is_no_length_of_time(text: str) -> None:
    with pytest.raises(ValueError, match="length of time"):
        duration_ms(text)


def test_a_good_file() -> None:
    found = scenario.parse(GOOD, name="good.yaml", registry=grown_town())
    power, reboot, slow, moved, rotated, cover, fog = found.timeline.events
    assert (found.seed, found.timeline.repeat_ms) == (7, 600_000)
    assert (power.at_ms, power.for_ms, power.fault.dead, power.target) == (
        90_000, 120_000, Reach.REFUSED, Target(link=("pole-1",)),
    )  # fmt: skip
    assert (reboot.for_ms, reboot.fault.wakes_at_ms) == (30_000, MS_2000)
    assert (slow.for_ms, slow.fault.latency_ms, slow.target.share) == (300_000, 250, 0.5)
    assert (moved.fault.by_deg, moved.fault.pitch_deg, rotated.fault.how) == (-20.0, 3.5, "mirrored")
    assert (cover.fault.share, cover.fault.how, fog.fault.density) == (0.85, "leaf", 0.7)
    assert scenario.parse("", name="empty.yaml") == scenario.EMPTY


def test_every_fault_of_a_file_is_told_at_once_with_its_line_and_a_hint() -> None:
    with pytest.raises(ScenarioError) as caught:
        scenario.parse(BAD, name="bad.yaml", registry=grown_town())
    assert list(caught.value.faults) == [
        "bad.yaml:1: sed: unknown key 'sed' (did you mean seed?)",
        "bad.yaml:4: events.0.fault: unknown fault 'pwer' (did you mean power?)",
        "bad.yaml:4: events.0.target: unknown link 'pole-9' (did you mean pole-2?)",
        "bad.yaml:5: events.1.at: 'soon' is not a length of time (90s, 2m, 1h30m)",
        "bad.yaml:5: events.1.target: a target names at least one of link, line, device, site, kind, uplink, share",
        "bad.yaml:6: events.2.target: unknown device 'cam1' (did you mean cam-1?)",
        "bad.yaml:7: events.3.fault: unknown argument of power 'latency'",
        "bad.yaml:7: events.3.target: unknown line 'pole-1' (did you mean line-b?)",
        "bad.yaml:8: events.4: at is missing",
        "bad.yaml:8: events.4.fault: flapping: down 20000 ms must be inside the period of 10000 ms",
        "bad.yaml:8: events.4.target: unknown key 'lnk' (did you mean link?)",
        "bad.yaml:9: events.5: must be a mapping (key: value)",
        "bad.yaml:10: events.6.at: '-3s' is negative",
        "bad.yaml:10: events.6.fault: 'tomorrow' is not a length of time (90s, 2m, 1h30m)",
        "bad.yaml:10: events.6.target: share 200% is not in (0, 100%]",
        "bad.yaml:11: events.7.fault: '20m' is not an angle (-180 to 180 degrees)",
        "bad.yaml:12: events.8.fault: unknown cover how 'bord' (did you mean board?)",
        "bad.yaml:13: events.9.fault: share and density lie above 0, up to 1",
        "bad.yaml:14: events.10.fault: unknown argument of fog 'share'",
    ]
    assert caught.value.chinese[1] == "bad.yaml:4: events.0.fault：没有这样的 fault：pwer（是否指 power？）"
    assert len(caught.value.chinese) == len(caught.value.faults)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("events: [", "bad.yaml:1"),
        ("events: 3", "must be a list"),
        ("events: [{at: 1m, fault: power, target: {share: 5%}}]", "does not repeat"),
        ("repeat: 2m\nevents: [{at: 1m, for: 2m, fault: power, target: {share: 5%}}]", "after the cycle"),
        ("seed: many", "whole number"),
        ("events: [{at: 1m, for: 0s, fault: power, target: {share: 5%}}]", "lasts no time"),
        ("repeat: 1m\nrepeat: 2m", "given twice"),
    ],
)
def test_other_faults(text: str, reason: str) -> None:
    with pytest.raises(ScenarioError, match=reason):
        scenario.parse(text, name="bad.yaml")


def test_an_unreadable_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read"):
        scenario.load(tmp_path / "none.yaml")


def test_the_demo_is_lively_and_most_of_the_township_stays_up() -> None:
    registry = load_config(ROOT / "config" / "cameras.yaml")
    demo = scenario.load(ROOT / "config" / "demo-scenario.yaml", registry=registry)
    targets = [set(resolve(e.target, registry, draw=f"{demo.seed}/{i}")) for i, e in enumerate(demo.timeline.events)]
    cameras = {d.id for d in registry.devices if d.kind.has_picture}
    assert all(targets)
    shown = {e.fault.kind for e in demo.timeline.events}
    # A township's cameras break; that they mean harm is the scorecard's matter.
    assert shown >= set(FaultKind) - {FaultKind.NO_RECORDING, FaultKind.HOSTILE} - SPOILING - WEATHER
    assert shown >= {FaultKind(kind) for kind in ("cover", "moved", "fog", "blur", "dark", "bright", "no_signal")}
    shares, ladder = [], LADDERS[DeviceKind.CAMERA]
    for t_ms in range(0, demo.timeline.repeat_ms or 0, 5_000):
        down = {
            device_id
            for on in demo.timeline.active(t_ms)
            if truth_of(effect(demo.timeline.events[on.index].fault, on.since_ms), timeout_ms=2_000, ladder=ladder)
            == "down"
            for device_id in targets[on.index]
        }
        shares.append(len(cameras - down) / len(cameras))
    assert shares[2] < 1, "something is visible at once"
    assert sum(shares) / len(shares) > 0.88
    assert sorted(shares)[len(shares) // 4] > 0.8
