"""What each fault does to a real socket."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest
from tests.monitor.fleet.town import (
    GET_INFORMATION,
    GET_TIME,
    PASSWORD,
    PASSWORDS,
    ask,
    camera,
    envelope,
    free_host,
    free_ports,
    grown_town,
    post,
    town,
    wsse,
)

from camfleet.faults import Fault, FaultKind, Reach
from camfleet.fleet import Fleet
from camfleet.limits import FleetError
from camkeeper.clock import SimulatedClock
from camkeeper.model.equipment import Address, Device, DeviceKind
from camkeeper.model.registry import Registry

TIME = post(GET_TIME)


@contextlib.asynccontextmanager
async def serving(registry: Registry) -> AsyncIterator[Fleet]:
    async with Fleet(registry, PASSWORDS, pictures="light") as fleet:
        yield fleet


async def connects(device: Device, port: int | None = None, timeout_s: float = 0.5) -> bool:
    """True where a connect is accepted; False where nobody answers within `timeout_s`."""
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(device.address.host, port or device.address.port)
    except TimeoutError:
        return False
    writer.close()
    return True


async def test_the_power_goes_and_comes_back() -> None:
    device = camera("cam", split=True)
    async with serving(town([device])) as fleet:
        ports = (device.address.port, device.address.rtsp_port, device.address.snapshot_port)
        reader, writer = await asyncio.open_connection(device.address.host, device.address.port)
        writer.write(TIME)
        assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
        fleet.apply(FaultKind.POWER, ["cam"])
        assert [await connects(device, port) for port in ports] == [False, False, False]
        # What was connected hears nothing more, no FIN and no RST either.
        writer.write(TIME)
        await reader.read(65_536)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.3)
        fleet.clear()
        assert (await ask(device, TIME))[0] == 200
        with pytest.raises(ConnectionResetError):
            await reader.read(1)
        writer.close()
        assert fleet.counters()["cam"]["boots"] == 2


async def test_a_syn_sent_into_the_dark_is_answered_after_the_power_is_back() -> None:
    device = camera("cam")
    async with serving(town([device])) as fleet:
        fleet.apply(FaultKind.POWER, ["cam"])
        waiting = asyncio.create_task(ask(device, TIME, timeout_s=10))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        fleet.clear()
        assert (await waiting)[0] == 200


async def test_a_dead_device_may_refuse_instead() -> None:
    device = camera("cam")
    async with serving(town([device])) as fleet:
        fleet.apply(Fault(kind=FaultKind.POWER, dead=Reach.REFUSED), ["cam"])
        with pytest.raises(ConnectionRefusedError):
            await connects(device)
        fleet.clear(["cam"])
        assert await connects(device)


async def test_refused_and_blackhole_follow_each_other() -> None:
    device = camera("cam")
    async with serving(town([device])) as fleet:
        fleet.apply(Fault(kind=FaultKind.POWER, dead=Reach.REFUSED), ["cam"])
        fleet.apply(FaultKind.POWER, ["cam"])
        assert not await connects(device)
        fleet.clear()
        fleet.apply(Fault(kind=FaultKind.POWER, dead=Reach.REFUSED), ["cam"])
        with pytest.raises(ConnectionRefusedError):
            await connects(device)
        fleet.clear()
        assert (await ask(device, TIME))[0] == 200


async def test_a_black_hole_costs_no_descriptor_and_keeps_its_promise_to_many() -> None:
    devices = [camera(f"cam-{i}") for i in range(50)]
    async with serving(town(devices)) as fleet:
        before = _descriptors()
        fleet.apply(FaultKind.POWER, list(fleet.devices))
        assert _descriptors() == before
        assert await asyncio.gather(*(connects(d, timeout_s=1) for d in devices)) == [False] * 50
        fleet.clear()
        assert await asyncio.gather(*(connects(d) for d in devices)) == [True] * 50


async def test_hanging_reads_and_never_answers() -> None:
    device = camera("cam")
    async with serving(town([device])) as fleet:
        fleet.apply(FaultKind.HANGING, ["cam"])
        with pytest.raises(TimeoutError):
            await ask(device, TIME, timeout_s=0.5)
        assert fleet.counters()["cam"]["bytes_in"] == len(TIME)
        fleet.clear()
        assert (await ask(device, TIME))[0] == 200


async def test_half_open_accepts_and_never_reads() -> None:
    device = camera("cam")
    async with serving(town([device])) as fleet:
        fleet.apply(FaultKind.HALF_OPEN, ["cam"])
        with pytest.raises(TimeoutError):
            await ask(device, TIME, timeout_s=0.5)
        assert fleet.counters()["cam"]["bytes_in"] == 0
        listener = fleet._listeners["cam"][0]
        assert len(listener.connections) == 1
        await asyncio.sleep(0.1)
        listener.sweep()  # the client has gone: nothing is kept for it
        assert not listener.connections


async def test_resetting_answers_with_rst() -> None:
    device = camera("cam")
    async with serving(town([device])) as fleet:
        reader, _ = await asyncio.open_connection(device.address.host, device.address.port)
        fleet.apply(FaultKind.RESETTING, ["cam"])
        with pytest.raises(ConnectionResetError):
            await reader.read(1)
        with pytest.raises((ConnectionResetError, BrokenPipeError, asyncio.IncompleteReadError)):
            await ask(device, TIME)


async def test_slow_answers_late() -> None:
    device = camera("cam")
    async with serving(town([device])) as fleet:
        fleet.apply(Fault(kind=FaultKind.SLOW, latency_ms=400), ["cam"])
        with pytest.raises(TimeoutError):
            await ask(device, TIME, timeout_s=0.2)
        assert (await ask(device, TIME))[0] == 200


async def test_flapping_goes_and_comes_by_itself() -> None:
    device = camera("cam")
    async with serving(town([device])) as fleet:
        fault = Fault(kind=FaultKind.FLAPPING, period_ms=600, down_ms=300, dead=Reach.REFUSED)
        fleet.apply(fault, ["cam"])
        seen = set()
        for _ in range(40):
            try:
                seen.add(await connects(device))
            except ConnectionRefusedError:
                seen.add(False)
            await asyncio.sleep(0.05)
        assert seen == {True, False}
        assert fleet.counters()["cam"]["boots"] >= 3


async def test_malformed_is_never_a_time() -> None:
    device = camera("cam")
    async with serving(town([device])) as fleet:
        fleet.apply(FaultKind.MALFORMED, ["cam"])
        for _ in range(4):
            assert b"UTCDateTime" not in (await ask(device, TIME))[1]


async def test_bytes_that_are_no_request_end_the_connection_and_nothing_else() -> None:
    device = camera("cam")
    async with serving(town([device])):
        for junk in (
            b"\x00\xff\r\n\r\n",
            b"GET /\r\n\r\n",
            b"A" * 40_000,
            b"POST / HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n",
        ):
            reader, writer = await asyncio.open_connection(device.address.host, device.address.port)
            writer.write(junk)
            with contextlib.suppress(ConnectionResetError):
                assert await asyncio.wait_for(reader.read(), 2) == b""
            writer.close()
        assert (await ask(device, TIME))[0] == 200


async def test_requests_in_pieces_and_one_after_the_other_are_answered() -> None:
    device = camera("cam", maker="axis")
    async with serving(town([device])):
        reader, writer = await asyncio.open_connection(device.address.host, device.address.port)
        writer.write(TIME[:40])
        await asyncio.sleep(0.05)
        writer.write(TIME[40:] + TIME + TIME[:10])
        writer.write(TIME[10:])
        for _ in range(3):
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 2)
            assert head.startswith(b"HTTP/1.1 200 ")
            await reader.readexactly(int(head.split(b"Content-Length: ")[1].split(b"\r")[0]))
        writer.close()


async def test_one_port_tells_rtsp_from_http() -> None:
    device = camera("cam")
    async with serving(town([device])):
        options = f"OPTIONS rtsp://{device.address.host}/ RTSP/1.0\r\nCSeq: 7\r\n\r\n".encode()
        status, head = await ask(device, options)
        assert (status, b"CSeq: 7" in head, b"DESCRIBE" in head) == (200, True, True)
        assert (await ask(device, TIME))[0] == 200
    lone = camera("cam", split=True)
    async with serving(town([lone])):
        assert (await ask(lone, options))[0] == 400
        assert (await ask(lone, options, port=lone.address.rtsp_port))[0] == 200


async def test_a_switch_accepts_and_says_nothing() -> None:
    async with serving(grown_town()) as fleet:
        (address,) = fleet.addresses("switch-1")
        reader, writer = await asyncio.open_connection(*address)
        writer.write(TIME)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.3)
        writer.close()
        speaker = fleet.devices["speaker-1"].enrolled
        assert (await ask(speaker, TIME))[0] == 200


async def test_a_link_takes_along_what_hangs_on_it_and_beacons_go_with_their_uplink() -> None:
    registry = grown_town()
    async with serving(registry) as fleet:
        from camfleet.targets import Target

        fleet.apply(FaultKind.POWER, fleet.resolve(Target(link=("sw-1",))))
        found = {d.id: await connects(d, timeout_s=0.2) for d in registry.devices}
        assert found == {"cam-1": False, "cam-2": False, "switch-1": False, "cam-3": True, "speaker-1": True}
        fleet.clear()
        fleet.apply(FaultKind.POWER, fleet.resolve(Target(uplink=("up-a",))))
        assert not await connects(fleet.devices["beacon:up-a:0"].enrolled)
        assert await connects(fleet.devices["beacon:up-all:0"].enrolled)
        with pytest.raises(ValueError, match="did you mean sw-1"):
            fleet.resolve(Target(link=("sw1",)))


async def test_three_hundred_devices_and_stop_frees_everything() -> None:
    host = free_host()
    ports = free_ports(host, 300)
    devices = [
        Device(
            id=f"cam-{port}", name="机", kind=DeviceKind.CAMERA, site_id="v1", credential_id="town",
            address=Address(host=host, port=port, rtsp_port=port),
        )
        for port in ports
    ]  # fmt: skip
    before = _descriptors()
    fleet = Fleet(town(devices), PASSWORDS, pictures="light")
    await fleet.start()
    assert fleet.ports == 300
    answers = await asyncio.gather(*(ask(d, TIME) for d in devices[::10]))
    assert {status for status, _ in answers} == {200}
    fleet.apply(FaultKind.POWER, [d.id for d in devices[:100]])
    await fleet.stop()
    assert _descriptors() <= before
    with pytest.raises(ConnectionRefusedError):
        await connects(devices[0])
    async with Fleet(town(devices), PASSWORDS, pictures="light") as again:
        assert again.ports == 300


def _descriptors() -> int:
    from pathlib import Path

    return len(list(Path("/proc/self/fd").iterdir()))


async def test_only_loopback() -> None:
    for host in ("192.0.2.1", "camera.example", "::", "0.0.0.0", "fe80::1"):
        device = Device(id="cam", name="机", kind=DeviceKind.CAMERA, site_id="v1", address=Address(host=host))
        with pytest.raises(FleetError, match=r"loopback.*1 addresses are not: cam \(") as caught:
            Fleet(town([device]), PASSWORDS)
        assert "回环" in caught.value.zh


async def test_ipv6_loopback() -> None:
    with socket.socket(socket.AF_INET6) as sock:
        sock.bind(("::1", 0))
        port = sock.getsockname()[1]
    device = Device(id="cam", name="机", kind=DeviceKind.SPEAKER, site_id="v1", address=Address(host="::1", port=port))
    async with serving(town([device])) as fleet:
        assert (await ask(device, TIME))[0] == 200
        fleet.apply(FaultKind.POWER, ["cam"])
        assert not await connects(device)


async def test_taken_ports_are_told_together() -> None:
    device = camera("cam-1")
    async with serving(town([device])):
        other = Fleet(town([device]), PASSWORDS, pictures="light")
        with pytest.raises(FleetError, match=f"1 ports cannot .*{device.address.port} EADDRINUSE"):
            await other.start()


async def test_a_reboot_wakes_in_1970_and_then_knows_the_time() -> None:
    clock = SimulatedClock(wall_ms=1_790_000_000_000, elapsed_ms=50_000)
    device = camera("cam", maker="axis")
    async with Fleet(town([device]), PASSWORDS, pictures="light", clock=clock) as fleet:
        fleet.apply(Fault(kind=FaultKind.REBOOT, down_ms=30_000, unsynced_ms=60_000), ["cam"])
        assert not await connects(device)
        for advance, year in ((30_000, b"1970"), (60_000, b"2026")):
            clock.advance(advance)
            fleet._conductor.reconcile()
            assert b"<tt:Year>%s</tt:Year>" % year in (await ask(device, TIME))[1]


async def test_the_login_is_checked_against_the_devices_own_clock() -> None:
    device = camera("cam", maker="reolink")
    async with serving(town([device])) as fleet:

        async def status(skew_ms: int = 0) -> int:
            return (await ask(device, post(envelope(GET_INFORMATION, wsse(PASSWORD, skew_ms=skew_ms)))))[0]

        assert await status() == 200
        fleet.apply(Fault(kind=FaultKind.CLOCK_SKEW, by_ms=3_600_000), ["cam"])
        assert (await status(), await status(skew_ms=3_600_000)) == (400, 200)
        fleet.clear()
        fleet.apply(FaultKind.WRONG_PASSWORD, ["cam"])
        assert await status() == 400
        assert fleet.counters()["cam"]["refused"] == 2
