"""The monitor's own prober and judge on the fleet: what it comes to is what the fleet did."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from tests.monitor.fleet.test_dialects import device_of
from tests.monitor.fleet.town import PASSWORD, PASSWORDS, camera, town

from camfleet.dialect import HABITS
from camfleet.faults import Fault, FaultKind, Reach, truth_of
from camfleet.fleet import Fleet
from camkeeper.clock import SystemClock
from camkeeper.judge.ladder import NOTHING, sample_of
from camkeeper.model.equipment import Device, DeviceKind
from camkeeper.model.policy import JudgePolicy, ProbePolicy
from camkeeper.model.probing import Depth, ProbeResult, Verdict
from camkeeper.model.registry import Registry
from camkeeper.probe.latch import MemoryLatches
from camkeeper.probe.prober import Prober

POLICY = ProbePolicy(timeout_s=1.5)


def prober() -> Prober:
    return Prober(clock=SystemClock(), password_of=lambda _: PASSWORD, policy=POLICY, latches=MemoryLatches())


async def probed(asker: Prober, registry: Registry) -> Sequence[ProbeResult]:
    credential = registry.credentials[0]
    return await asyncio.gather(*(asker.probe(d, credential, Depth.FULL) for d in registry.devices))


async def test_every_dialect_climbs_every_rung() -> None:
    registry = town(device_of(name, split=i % 2 == 0) for i, name in enumerate(sorted(HABITS)))
    async with Fleet(registry, PASSWORDS, pictures="light") as fleet, prober() as asker:
        results = await probed(asker, registry)
        assert {c["refused"] for c in fleet.counters().values()} == {0}
    for result in results:
        assert {r.verdict for r in result.rungs} <= {Verdict.OK, Verdict.NOT_OFFERED}, result
        assert result.facts.snapshot is not None
        assert abs(result.facts.clock_offset_s or 99) < 2


@pytest.mark.parametrize(
    "fault",
    [Fault(kind=kind, by_ms=-5_000_000) for kind in FaultKind if kind is not FaultKind.NO_RECORDING]
    + [Fault(kind=FaultKind.POWER, dead=Reach.REFUSED), Fault(kind=FaultKind.SLOW, latency_ms=100)]
    + [Fault(kind=FaultKind.SLOW, latency_ms=900)],
    ids=lambda f: f"{f.kind}-{f.dead.name}-{f.latency_ms}",
)
async def test_the_monitor_finds_what_the_fleet_did(fault: Fault) -> None:
    devices: list[Device] = [device_of("hikvision_oem"), device_of("reolink", split=True), device_of("xiongmai")]
    devices.append(camera("speaker", kind=DeviceKind.SPEAKER))
    registry = town(devices)
    async with Fleet(registry, PASSWORDS, pictures="light") as fleet, prober() as asker:
        fleet.apply(fault, list(fleet.devices))
        results = await probed(asker, registry)
        condition = fleet.devices["reolink"].condition
    for device, result in zip(devices, results, strict=True):
        _, sample = sample_of(result, NOTHING, JudgePolicy())
        assert sample is not None
        truth = truth_of(condition, timeout_ms=round(POLICY.timeout_s * 1000), ladder=device.ladder)
        # A spoilt picture is no matter of this judge: the device is online.
        assert sample.status == ("up" if truth == "picture" else truth), result


async def test_a_wrong_password_costs_one_refusal_and_no_more() -> None:
    registry = town(device_of(name) for name in sorted(HABITS))
    async with Fleet(registry, PASSWORDS, pictures="light") as fleet, prober() as asker:
        fleet.apply(FaultKind.WRONG_PASSWORD, list(fleet.devices))
        for _ in range(3):
            await probed(asker, registry)
        assert {name: c["refused"] for name, c in fleet.counters().items()} == dict.fromkeys(HABITS, 1)
