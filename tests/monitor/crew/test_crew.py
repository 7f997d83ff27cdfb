"""Keeper and members on a real bus and virtual cameras: what is asked, refused, believed, remembered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import nats.errors
import pytest
from nats.aio.msg import Msg
from tests.monitor.crew.bus import EDGE, SHARDS, Bus, bus, soon
from tests.monitor.fleet.town import PASSWORD, PASSWORDS, camera, town

from camfleet.faults import FaultKind
from camfleet.fleet import Fleet
from camkeeper import jpeg
from camkeeper.crew.journal import Journal, key_check
from camkeeper.crew.shards import shard_of
from camkeeper.crew.subjects import ask_subject, beat_subject
from camkeeper.crew.wire import Ask, Beat, Refusal, pack, unpack_answer
from camkeeper.model.equipment import Beacon, Device, Uplink
from camkeeper.model.policy import ProbePolicy
from camkeeper.model.probing import Depth, ProbeResult, Rung, Verdict
from camkeeper.model.registry import Registry

FAST = ProbePolicy(timeout_s=1.0)


def small_town(count: int = 6) -> Registry:
    return replace(town(camera(f"cam-{n}") for n in range(count)), probe=FAST, digest="a" * 64)


@asynccontextmanager
async def crewed(folder: Path, registry: Registry) -> AsyncIterator[tuple[Bus, Fleet]]:
    async with Fleet(registry, PASSWORDS, pictures="light") as fleet, bus(folder, registry) as it:
        yield it, fleet


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOWN", PASSWORD)


async def asked(it: Bus, device: Device, depth: Depth = Depth.FULL) -> ProbeResult:
    return await it.asker.probe(device, it.registry.credentials[0], depth)


def refusals(fleet: Fleet) -> dict[str, int]:
    return {i: c["refused"] for i, c in fleet.counters(tuple(fleet.devices)).items()}


async def test_a_crew_divides_asks_and_takes_over(tmp_path: Path) -> None:
    registry = small_town()
    async with crewed(tmp_path, registry) as (it, _):
        first, second = await it.join("p1"), await it.join("p2")
        await it.held(first, second)
        await soon(lambda: len(first.leases.mine) == len(second.leases.mine) == SHARDS // 2)
        results = await asyncio.gather(*(asked(it, d) for d in registry.devices))
        assert [r.device_id for r in results] == [d.id for d in registry.devices]
        assert all(rung.verdict is Verdict.OK for r in results for rung in r.rungs if rung.rung is not Rung.RECORDING)
        assert all(r.saw for r in results)
        assert {i for i, _ in it.pictures} == {d.id for d in registry.devices}
        assert all(jpeg.read_header(data).width for _, data in it.pictures)
        assert (it.asker.asked, it.asker.unanswered) == (len(results), 0)
        await soon(lambda: set(it.asker.present()) == {"p1", "p2"})
        await it.vanish("p1")
        results = await asyncio.gather(*(asked(it, d, Depth.QUICK) for d in registry.devices))
        assert all(r.rungs[0].verdict is Verdict.OK for r in results), "a turn waits for who takes over"
        assert sorted(second.leases.mine) == list(range(SHARDS))
        assert first.leases.mine == (), "and who is cut off knows that it holds nothing"


async def test_one_refused_attempt_over_the_whole_crew(tmp_path: Path) -> None:
    registry = small_town(2)
    async with crewed(tmp_path, registry) as (it, fleet):
        names = [d.id for d in registry.devices]
        fleet.apply(FaultKind.WRONG_PASSWORD, names)
        first = await it.join("p1")
        await it.held(first)
        # The first one's answer never arrives: who asks next finds the refusal in the journal.
        device = registry.devices[0]
        ask = Ask(
            device_id=device.id,
            depth=Depth.FULL,
            register=registry.digest,
            key_check=key_check(it.latches.key),
            budget_ms=20_000,
        )
        shard = ask_subject(EDGE, shard_of(device.id, SHARDS))
        lost = await it.link.request(shard, pack(ask), timeout=20)
        answer, _ = unpack_answer(lost.data, device=device, depth=Depth.FULL)
        assert answer.latches
        assert not it.latches.all(), "the keeper never heard of it"
        await it.vanish("p1")
        second = await it.join("p2")
        await it.held(second)
        for _ in range(2):
            for each in registry.devices:
                result = await asked(it, each)
                found = result.rung(Rung.AUTH)
                assert found is not None
                assert found.verdict in {Verdict.AUTH_REFUSED, Verdict.LATCHED}
        assert refusals(fleet) == dict.fromkeys(names, 1)
        assert {latch.device_id for latch in it.latches.all()} == set(names), "the keeper's file has them"
        assert await Journal(it.link, EDGE).get(device.id) == ((), 0), "and the journal is cleared"
        # An operator says that it may be tried once more: the file is all that he needs.
        it.latches.remove(names[0])
        fleet.clear()
        result = await asked(it, device)
        found = result.rung(Rung.AUTH)
        assert found is not None
        assert found.verdict is Verdict.OK
        assert [latch.device_id for latch in it.latches.all()] == names[1:]


async def test_a_member_that_cannot_see_says_so(tmp_path: Path) -> None:
    registry = small_town(2)
    gone = registry.devices[1].address  # what takes the camera away takes the member's beacon too
    uplink = Uplink(id="up", name="上行", beacons=(Beacon(host=gone.host, port=gone.port),))
    blind = replace(registry, uplinks=(uplink,))
    async with crewed(tmp_path, registry) as (it, fleet):
        fleet.apply(FaultKind.POWER, [d.id for d in registry.devices])
        member = await it.join("p1", blind)
        await it.held(member)
        result = await asked(it, registry.devices[0], Depth.QUICK)
        assert result.rungs[0].verdict.is_failure
        assert result.saw is False
        await soon(lambda: it.asker.present()["p1"].beat.blind == ("up",))


async def test_who_has_another_configuration_asks_nothing(tmp_path: Path) -> None:
    registry = small_town(2)
    async with crewed(tmp_path, registry) as (it, fleet):
        member = await it.join("p1", replace(registry, digest="b" * 64))
        await it.held(member)
        result = await asked(it, registry.devices[0])
        assert result.rungs[0].verdict is Verdict.MONITOR, "no word on the device"
        assert it.asker.refused[Refusal.OTHER_REGISTER] == 1
        assert it.asker.unanswered == 1
        assert fleet.counters((registry.devices[0].id,))[registry.devices[0].id]["connections"] == 0


async def test_questions_that_the_keeper_never_asks_are_refused(tmp_path: Path) -> None:
    registry = small_town(2)
    device = registry.devices[0]
    async with crewed(tmp_path, registry) as (it, _):
        member = await it.join("p1")
        await it.held(member)
        good = Ask(
            device_id=device.id,
            depth=Depth.QUICK,
            register=registry.digest,
            key_check=key_check(it.latches.key),
            budget_ms=5_000,
        )
        shard = shard_of(device.id, SHARDS)
        cases = {
            Refusal.WRONG_SHARD: ((shard + 1) % SHARDS, pack(good)),
            Refusal.OTHER_KEY: (shard, pack(replace(good, key_check="another"))),
            Refusal.UNKNOWN_DEVICE: (shard_of("stranger", SHARDS), pack(replace(good, device_id="stranger"))),
            Refusal.BAD_ASK: (shard, b"noise"),
        }
        for wanted, (where, data) in cases.items():
            message = await it.link.request(ask_subject(EDGE, where), data, timeout=5)
            answer, _ = unpack_answer(message.data, device=device, depth=Depth.QUICK)
            assert answer.refusal is wanted


async def test_a_member_may_do_its_part_and_nothing_else(tmp_path: Path) -> None:
    async with crewed(tmp_path, small_town(1)) as (it, _):
        await it.join("p1")
        link = it.links["p1"]
        heard: list[str] = []
        told: list[str] = []

        async def hear(message: Msg) -> None:
            heard.append(message.subject)

        async def tell(message: Msg) -> None:
            told.append(message.subject)

        for subject in ("camkeeper.edge.e1.>", "_KEEPER.e1.>", "camkeeper.crew.e1.ask.*", "_CREW.p2.>"):
            await link.subscribe(subject, cb=hear)
        await link.flush()
        await it.link.subscribe("camkeeper.>", cb=tell)
        await it.link.flush()
        for subject in ("camkeeper.edge.e1.parcel", "camkeeper.hub.e1.parcel", beat_subject(EDGE, "p2")):
            await link.publish(subject, b"forged")
        with pytest.raises(nats.errors.Error):
            await link.jetstream(domain=EDGE, timeout=0.5).delete_stream("KV_CREW_LATCHES")
        for subject in ("camkeeper.edge.e1.x", "_KEEPER.e1.x", "camkeeper.crew.e1.ask.99", "_CREW.p2.x"):
            await it.link.publish(subject, b"for others")
        await it.link.flush()
        await asyncio.sleep(0.3)
        assert heard == []
        forged = {"camkeeper.edge.e1.parcel", "camkeeper.hub.e1.parcel", beat_subject(EDGE, "p2")}
        assert not forged & set(told)


async def test_what_no_member_says_is_counted_and_changes_nothing(tmp_path: Path) -> None:
    async with crewed(tmp_path, small_town(1)) as (it, _):
        it.asker.hear(beat_subject(EDGE, "p1"), pack(Beat(member="p2", register="r")))
        it.asker.hear(beat_subject(EDGE, "p1"), pack(Beat(member="p1", register="r", shards=(SHARDS,))))
        it.asker.hear(beat_subject(EDGE, "p1"), b"noise")
        assert it.asker.refused["beat"] == 3
        assert it.asker.present() == {}


async def test_time_and_clocks_are_the_keepers(tmp_path: Path) -> None:
    """A member whose wall clock is an hour off: its answer is dated here, and the camera's offset is against ours."""
    registry = small_town(1)
    device = registry.devices[0]
    async with crewed(tmp_path, registry) as (it, _):
        member = await it.join("p1")
        await it.held(member)
        clock, hour_ms = member._clock, 3_600_000

        class Ahead:
            def wall_ms(self) -> int:
                return clock.wall_ms() + hour_ms

            def elapsed_ms(self) -> int:
                return clock.elapsed_ms()

        member._clock = Ahead()
        member._prober._clock = member._clock  # type: ignore[attr-defined]
        result = await asked(it, device, Depth.QUICK)
        assert abs(result.at_ms - clock.wall_ms()) < 10_000
        assert result.facts.clock_offset_s is not None
        assert abs(result.facts.clock_offset_s) < 10
        await soon(lambda: abs(it.asker.present()["p1"].skew_ms - hour_ms) < 10_000)
