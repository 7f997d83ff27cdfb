"""Whether we can see: real sockets for the uplinks, a simulated clock for the pulse."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from camkeeper.clock import SimulatedClock, SystemClock
from camkeeper.model.equipment import Beacon, Uplink
from camkeeper.sight.pulse import BEAT_MS, STALL_MS, Pulse
from camkeeper.sight.uplinks import Sight, UplinkWatch


@asynccontextmanager
async def beacon() -> AsyncIterator[Beacon]:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        yield Beacon(host="127.0.0.1", port=server.sockets[0].getsockname()[1])


@asynccontextmanager
async def silent() -> AsyncIterator[Beacon]:
    """A listener whose queue is full: a connection to it hangs, as to a host that is gone."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = []
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
            fillers.append(filler)
        await asyncio.sleep(0.05)
        yield Beacon(host="127.0.0.1", port=listener.getsockname()[1])
        for filler in fillers:
            filler.close()


@asynccontextmanager
async def watching(*uplinks: Uplink) -> AsyncIterator[tuple[UplinkWatch, list[tuple[str, bool]]]]:
    told: list[tuple[str, bool]] = []

    def note(uplink: Uplink, sight: Sight) -> None:
        told.append((uplink.id, sight.sees))

    watch = UplinkWatch(clock=SystemClock(), on_change=note)
    watch.replace({u.id: u for u in uplinks})
    task = asyncio.create_task(watch.run())
    try:
        yield watch, told
    finally:
        task.cancel()


async def sees(watch: UplinkWatch, *uplinks: str) -> bool:
    now = SystemClock().elapsed_ms()
    return await watch.seen_all_along(frozenset(uplinks), began_ms=now, ended_ms=now)


async def test_what_began_while_we_were_blind_is_not_believed_after_sight_is_back() -> None:
    async with (
        silent() as gone,
        beacon() as good,
        watching(Uplink(id="u", name="u", beacons=(gone,))) as (watch, told),
    ):
        assert not await sees(watch, "u")
        began = SystemClock().elapsed_ms()
        watch.replace({"u": Uplink(id="u", name="u", beacons=(good,))})
        ended = SystemClock().elapsed_ms() + 1
        assert not await watch.seen_all_along(frozenset({"u"}), began_ms=began - 100, ended_ms=ended)
        assert told == [("u", False), ("u", True)]
        assert await sees(watch, "u")


async def test_one_beacon_of_two_is_enough() -> None:
    async with (
        beacon() as good,
        silent() as bad,
        watching(Uplink(id="u", name="u", beacons=(bad, good))) as (watch, told),
    ):
        assert await sees(watch, "u")
        assert told == []


async def test_a_refusal_is_an_answer() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = Beacon(host="127.0.0.1", port=taken.getsockname()[1])
        async with watching(Uplink(id="u", name="u", beacons=(closed,))) as (watch, _):
            assert await sees(watch, "u")


async def test_all_silent_is_blind_and_told_once_and_only_for_its_own() -> None:
    async with (
        beacon() as good,
        silent() as bad,
        watching(Uplink(id="a", name="a", beacons=(bad,)), Uplink(id="b", name="b", beacons=(good,))) as (watch, told),
    ):
        assert not await sees(watch, "a")
        assert await sees(watch, "b")
        assert not await sees(watch, "a", "b")
        assert told == [("a", False)]


async def test_nothing_to_ask_means_seeing() -> None:
    async with watching() as (watch, _):
        assert await sees(watch, "gone")


def test_pulse_tells_a_stall_also_before_its_own_beat() -> None:
    clock = SimulatedClock()
    pulse = Pulse(clock)
    for _ in range(10):
        clock.advance(BEAT_MS)
        pulse.beat()
    assert not pulse.stalled_since(0)
    before = clock.elapsed_ms()
    clock.advance(BEAT_MS + STALL_MS)
    assert pulse.stalled_since(before)
    pulse.beat()
    assert pulse.stalled_since(before)
    assert pulse.worst_ms() == STALL_MS
    clock.advance(1)
    assert not pulse.stalled_since(clock.elapsed_ms())
