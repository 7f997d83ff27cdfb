"""The poller with the real prober on virtual devices: on time, whoever is dead; and honest about our own faults."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from tests.monitor.fleet.town import PASSWORD, PASSWORDS, camera, free_host, free_ports, town
from tests.monitor.run.township import result

from camfleet.faults import FaultKind
from camfleet.fleet import Fleet
from camkeeper.clock import SystemClock, Timeline
from camkeeper.model.equipment import Beacon, Credential, Device, DeviceKind, Link, LinkKind, Uplink
from camkeeper.model.policy import JudgePolicy, ProbePolicy
from camkeeper.model.probing import Depth, ProbeResult, Rung, Sample, Verdict
from camkeeper.model.registry import Registry
from camkeeper.model.status import Reason, Status
from camkeeper.probe.latch import MemoryLatches
from camkeeper.probe.prober import Prober
from camkeeper.run.calendar import Calendar
from camkeeper.run.poller import Poller, Probes
from camkeeper.run.township import Township
from camkeeper.schedule.wheel import Cadence, Wheel
from camkeeper.sight.pulse import BEAT_MS, STALL_MS, Pulse
from camkeeper.sight.uplinks import UplinkWatch

FAST = ProbePolicy(every_s=1.2, picture_every_s=60.0, full_every_s=600.0, timeout_s=0.6, retry_s=0.3)

STALL_S = (BEAT_MS + STALL_MS) / 1000 + 0.3


def speaker(name: str, *, link: str | None = None) -> Device:
    """A device of the shortest ONVIF ladder: reach and time."""
    return camera(name, kind=DeviceKind.SPEAKER, link=link)


class Buggy:
    """The real prober, with a fault of ours for one device."""

    def __init__(self, prober: Prober, victim: str) -> None:
        self._prober, self._victim = prober, victim

    async def probe(self, device: Device, credential: Credential | None, depth: Depth) -> ProbeResult:
        if device.id == self._victim:
            raise RuntimeError("a bug of ours")
        return await self._prober.probe(device, credential, depth)


async def soon(what: Callable[[], object]) -> None:
    """Wait until `what` holds."""
    async with asyncio.timeout(25):
        while not what():  # noqa: ASYNC110  (there is no event for what sockets will have done)
            await asyncio.sleep(0.02)


class Rig:
    """The monitor's wiring from the calendar to the township, without a ledger: samples are kept here."""

    def __init__(self, registry: Registry, prober: Probes) -> None:
        self.clock = SystemClock()
        self.timeline = Timeline(self.clock)
        self.township, self.wheel, self.pulse = Township(registry), Wheel(), Pulse(self.clock)
        self.uplinks = UplinkWatch(clock=self.clock, on_change=lambda *_: None)
        self.uplinks.replace({u.id: u for u in registry.uplinks})
        self.full = False
        self.poller = Poller(
            clock=self.clock,
            timeline=self.timeline,
            township=self.township,
            wheel=self.wheel,
            prober=prober,
            uplinks=self.uplinks,
            pulse=self.pulse,
            accepting=lambda: not self.full,
        )
        for device in registry.devices:
            self.wheel.put(device.id, Cadence.of(device, registry.probe), self.clock.elapsed_ms())
        self.samples: list[Sample] = []

    def of(self, device_ids: Collection[str]) -> list[Sample]:
        """Samples of these devices since the last `forget`."""
        self.samples.extend(self.township.drain()[0])
        return [s for s in self.samples if s.device_id in device_ids]

    def forget(self) -> None:
        self.of(())
        self.samples.clear()

    async def until(self, *device_ids: str, count: int = 1) -> list[Sample]:
        """Wait for so many samples of each."""
        await soon(lambda: all(len(self.of({name})) >= count for name in device_ids))
        return self.of(set(device_ids))


@asynccontextmanager
async def polling(registry: Registry, *, victim: str | None = None) -> AsyncIterator[tuple[Rig, Fleet]]:
    prober = Prober(clock=SystemClock(), password_of=lambda _: PASSWORD, policy=registry.probe, latches=MemoryLatches())
    async with Fleet(registry, PASSWORDS, pictures="light") as fleet, prober:
        rig = Rig(registry, Buggy(prober, victim) if victim else prober)
        calendar = Calendar(rig.clock)
        calendar.every_tick(rig.poller.tick)
        helpers = [asyncio.create_task(rig.pulse.run()), asyncio.create_task(rig.uplinks.run())]
        calendar.start()
        try:
            yield rig, fleet
        finally:
            calendar.stop()
            for task in helpers:
                task.cancel()
            await rig.poller.close()


def small_town(devices: Iterable[Device], policy: ProbePolicy = FAST, **more: Any) -> Registry:
    return replace(town(devices, **more), probe=policy)


@pytest.mark.slow
async def test_the_dead_and_the_hanging_never_delay_the_healthy() -> None:
    policy = replace(FAST, max_in_flight=2, max_dead_in_flight=40)
    devices = [speaker(f"s{n:02}") for n in range(15)]
    names = [d.id for d in devices]
    dead, healthy = names[:6], names[6:]
    async with polling(small_town(devices, policy)) as (rig, fleet):
        await rig.until(*names)
        fleet.apply(FaultKind.POWER, dead[:3])
        fleet.apply(FaultKind.HANGING, dead[3:])
        # Until each has failed once it is held for healthy.
        await soon(lambda: all(rig.township.status(name) is Status.DOWN for name in dead))
        rig.forget()
        rig.poller.healthy.worst_late_ms = 0
        # The dead alone would fill 3 places (6 x 0.6 s of every 1.2 s), and the healthy have but 2.
        await rig.until(*healthy, count=2)
        assert rig.poller.healthy.worst_late_ms < 1_000
        assert {s.status for s in rig.of(set(healthy))} == {Status.UP}
        assert {s.status for s in rig.of(set(dead))} == {Status.DOWN}
        fleet.clear()
        await soon(lambda: all(rig.township.status(name) is Status.UP for name in dead))
    assert rig.poller.counts.bugs == 0


async def test_a_full_lane_makes_wait_and_counts_a_turn_that_passed_unasked() -> None:
    policy = replace(FAST, every_s=1.0, timeout_s=2.5, max_in_flight=1, max_dead_in_flight=1)
    devices = [speaker("a"), speaker("b"), speaker("c")]
    async with polling(small_town(devices, policy)) as (rig, fleet):
        fleet.apply(FaultKind.POWER, ["a", "b", "c"])
        await soon(lambda: rig.poller.counts.missed)
        lanes = (rig.poller.healthy, rig.poller.dead)
        assert all(lane.busy <= 1 for lane in lanes)
        assert any(lane.waiting for lane in lanes)
        fleet.clear()
        await rig.until("a", "b", "c", count=2)
    assert sum(map(sum, (lane.late for lane in lanes))) == rig.poller.counts.probes


async def test_a_failure_while_our_own_loop_stood_still_is_no_sample_and_is_asked_again() -> None:
    async with polling(small_town([speaker("a"), speaker("b")])) as (rig, fleet):
        await rig.until("a", "b")
        fleet.apply(FaultKind.HANGING, ["a"])
        await soon(lambda: "a" in rig.poller.asking)
        rig.forget()
        time.sleep(STALL_S)  # noqa: ASYNC251  (the stall is the point)
        stalled_until_ms = rig.timeline.now_ms()
        first, *_ = await rig.until("a")
        assert first.status is Status.DOWN
        assert first.at_ms >= stalled_until_ms - 100
        assert rig.pulse.worst_ms() >= STALL_MS
        assert {s.status for s in await rig.until("b")} == {Status.UP}  # an answer counts, however late we read it


class Standing:
    """A probe of another making, that blames the device for what our own standstill did."""

    def __init__(self) -> None:
        self.stalls = True

    async def probe(self, device: Device, credential: Credential | None, depth: Depth) -> ProbeResult:
        del credential
        await asyncio.sleep(0.01)
        at_ms = SystemClock().wall_ms()
        if self.stalls:
            self.stalls = False
            time.sleep(STALL_S)  # noqa: ASYNC251  (the stall is the point)
        return result(device.id, at_ms, [(Rung.REACH, Verdict.TIMEOUT)], depth=depth)


async def test_whatever_a_probe_says_of_a_standstill_the_poller_does_not_believe_it() -> None:
    registry = small_town([speaker("a")])
    rig = Rig(registry, Standing())
    beating = asyncio.create_task(rig.pulse.run())
    began_ms = rig.timeline.now_ms()
    while not rig.of({"a"}):
        await rig.poller.tick()
        await asyncio.sleep(0.3)
    assert rig.poller.counts.discarded >= 1
    assert rig.poller.counts.probes == rig.poller.counts.discarded + 1
    (found,) = rig.of({"a"})
    assert found.at_ms >= began_ms + STALL_S * 1000
    beating.cancel()
    await rig.poller.close()


async def test_behind_a_lost_uplink_a_failure_is_our_blindness_and_others_go_on() -> None:
    host = free_host()
    port, other = free_ports(host, 2)
    links = (
        Link(id="line-a", name="甲线", kind=LinkKind.OPERATOR_LINE),
        Link(id="line-b", name="乙线", kind=LinkKind.OPERATOR_LINE),
    )
    uplinks = (
        Uplink(id="up-a", name="甲", beacons=(Beacon(host=host, port=port),), line_ids=frozenset({"line-a"})),
        Uplink(id="up-b", name="乙", beacons=(Beacon(host=host, port=other),), line_ids=frozenset({"line-b"})),
    )
    registry = small_town([speaker("a", link="line-a"), speaker("b", link="line-b")], links=links, uplinks=uplinks)
    # A check of a silent uplink takes 4 s: a sample must hold longer, or no failure is ever confirmed.
    registry = replace(registry, judge=JudgePolicy(grace_polls=20.0))
    async with polling(registry) as (rig, fleet):
        await rig.until("a", "b")
        beacons = [name for name in fleet.devices if name.startswith("beacon:up-a")]
        assert beacons
        fleet.apply(FaultKind.POWER, ["a", *beacons])
        rig.forget()
        await soon(lambda: rig.township.status("a") is not Status.UP)
        await rig.until("b", count=2)
        assert {s.status for s in rig.of({"b"})} == {Status.UP}
        assert {(s.status, s.reason) for s in rig.of({"a"}) if s.status is not Status.UP} == {
            (Status.UNKNOWN, Reason.MONITOR_BLIND)
        }
        fleet.clear()
        await soon(lambda: all(rig.township.status(name) is Status.UP for name in ("a", "b")))


async def test_a_bug_of_ours_leaves_no_sample_is_counted_and_hurts_nobody_else() -> None:
    async with polling(small_town([speaker("a"), speaker("b")]), victim="a") as (rig, _):
        await rig.until("b", count=2)
        assert rig.poller.counts.bugs >= 1
        assert rig.of({"a"}) == []
        assert rig.township.status("a") is Status.UNKNOWN
        assert "a" not in rig.poller.asking
        # And where nothing more can be stored, no sample is taken of the others either.
        rig.full = True
        await asyncio.sleep(0.2)
        rig.forget()
        before = rig.poller.counts.probes
        await soon(lambda: rig.poller.counts.probes >= before + 4)
        assert rig.of({"b"}) == []
        rig.full = False
        await rig.until("b")


async def test_the_first_climb_is_a_whole_one_and_a_failure_is_asked_again_soon() -> None:
    policy = replace(FAST, every_s=30.0, retry_s=0.3)
    registry = small_town([camera("cam")], policy)
    async with polling(registry) as (rig, fleet):
        rig.wheel.ask("cam", 0, Depth.QUICK)
        await rig.until("cam")
        known = rig.township.known("cam")
        assert known is not None
        assert known.climbed
        assert known.facts.snapshot is not None
        fleet.apply(FaultKind.POWER, ["cam"])
        rig.forget()
        rig.wheel.ask("cam", 0, Depth.QUICK)
        # The confirmation comes after the retry, long before the next turn in 30 s.
        found = await rig.until("cam", count=2)
        assert [s.status for s in found] == [Status.DOWN, Status.DOWN]
        assert rig.township.status("cam") is Status.DOWN


async def test_closed_it_starts_nothing_more() -> None:
    policy = replace(FAST, every_s=1.0, timeout_s=5.0, max_in_flight=1)
    devices = [speaker(f"s{n}") for n in range(6)]
    async with polling(small_town(devices, policy)) as (rig, fleet):
        fleet.apply(FaultKind.POWER, [d.id for d in devices])
        await soon(lambda: rig.poller.healthy.waiting)
        await rig.poller.close()
        assert not rig.poller._tasks
        before = rig.poller.counts.probes
        await asyncio.sleep(1.2)  # the turns of the second that was under way
        assert rig.poller.counts.probes == before
        assert rig.of({d.id for d in devices}) == []
