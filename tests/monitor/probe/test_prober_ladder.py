"""The ladder against a small camera: which rung answers, which is skipped, and what is remembered."""

from __future__ import annotations

import asyncio

import pytest
from tests.monitor.probe.bench_of_one import CREDENTIAL, ONVIF, detail, device, probing, verdicts
from tests.monitor.probe.camera import Camera, listening, running

from camkeeper.clock import SystemClock
from camkeeper.model.equipment import Credential
from camkeeper.model.policy import ProbePolicy
from camkeeper.model.probing import Depth, Rung, SnapshotInfo, Verdict
from camkeeper.probe.latch import MemoryLatches
from camkeeper.probe.prober import Prober

DIGEST = 'Digest realm="cam", qop="auth", nonce="@NONCE@"'
ALL = (*ONVIF, Rung.STREAM, Rung.RECORDING)


async def test_a_full_climb_reads_everything() -> None:
    async with running(Camera(challenges=(DIGEST,))) as camera, probing() as prober:
        result = await prober.probe(device(camera.port), CREDENTIAL, Depth.FULL)
    assert verdicts(result) == dict.fromkeys(ONVIF, Verdict.OK)
    facts = result.facts
    assert (facts.manufacturer, facts.model, facts.firmware) == ("Acme", "M1", "1.0")
    assert facts.clock_offset_s == pytest.approx(0, abs=1.5)
    assert [(p.token, p.width, p.height) for p in facts.profiles] == [("P&1", 1920, 1080)]
    assert facts.snapshot == SnapshotInfo(size_bytes=len(camera.picture), width=16, height=9)
    assert camera.refused == 0
    assert {s.path for s in camera.seen} == {"/onvif/device_service", "/onvif/media", "/snap.jpg"}


async def test_a_quick_probe_is_one_unsigned_question() -> None:
    async with running(Camera()) as camera, probing() as prober:
        for _ in range(3):
            result = await prober.probe(device(camera.port), CREDENTIAL, Depth.QUICK)
        assert verdicts(result) == {Rung.REACH: Verdict.OK, Rung.TIME: Verdict.OK}
        assert camera.asked == ["GetSystemDateAndTime"] * 3
        assert not any(s.proofs for s in camera.seen)
        assert camera.connections == 3
        assert all(r.ms > 0 for r in result.rungs)


async def test_a_quick_probe_hangs_up_even_where_the_camera_would_not() -> None:
    ends: list[bytes] = []

    async def keeping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"Connection: close" in head
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await reader.read(4096)
        ends.append(await reader.read())

    async with listening(keeping) as port, probing() as prober:
        for _ in range(2):
            await prober.probe(device(port), None, Depth.QUICK)
        await asyncio.sleep(0.05)
    assert ends == [b"", b""]


async def test_a_picture_probe_goes_by_memory() -> None:
    async with running(Camera(challenges=(DIGEST,))) as camera, probing() as prober:
        cold = await prober.probe(device(camera.port), CREDENTIAL, Depth.PICTURE)
        assert verdicts(cold)[Rung.SNAPSHOT] is Verdict.SKIPPED
        await prober.probe(device(camera.port), CREDENTIAL, Depth.FULL)
        del camera.seen[:]
        warm = await prober.probe(device(camera.port), CREDENTIAL, Depth.PICTURE)
        assert verdicts(warm) == dict.fromkeys((Rung.REACH, Rung.TIME, Rung.SNAPSHOT), Verdict.OK)
        assert camera.asked == ["GetSystemDateAndTime", "snapshot", "snapshot"]
        prober.forget("d")
        forgotten = await prober.probe(device(camera.port), CREDENTIAL, Depth.PICTURE)
        assert verdicts(forgotten)[Rung.SNAPSHOT] is Verdict.SKIPPED


async def test_a_picture_is_handed_over_and_kept_nowhere() -> None:
    got: list[tuple[str, bytes]] = []
    async with (
        running(Camera(snapshot_takes=frozenset())) as camera,
        Prober(
            clock=SystemClock(), password_of=lambda _: "canary-secret-77", policy=ProbePolicy(),
            latches=MemoryLatches(), on_picture=lambda d, data, _: got.append((d.id, data)),
        ) as prober,
    ):  # fmt: skip
        await prober.probe(device(camera.port), CREDENTIAL, Depth.FULL)
    assert got == [("d", camera.picture)]


async def test_without_a_credential_the_rungs_above_are_skipped() -> None:
    async with running(Camera()) as camera, probing() as prober:
        result = await prober.probe(device(camera.port, ladder=ALL), None, Depth.FULL)
    assert [r.verdict for r in result.rungs] == [Verdict.OK, Verdict.OK, *[Verdict.SKIPPED] * 4]
    assert "no credential" in detail(result, Rung.AUTH)
    assert not any(s.proofs for s in camera.seen)


async def test_a_secret_that_cannot_be_read_is_our_own_fault() -> None:
    def gone(_: Credential) -> str:
        raise KeyError("X")

    async with (
        running(Camera()) as camera,
        Prober(clock=SystemClock(), password_of=gone, policy=ProbePolicy(), latches=MemoryLatches()) as prober,
    ):
        result = await prober.probe(device(camera.port), CREDENTIAL, Depth.FULL)
    assert verdicts(result)[Rung.TIME] is Verdict.OK
    assert verdicts(result)[Rung.AUTH] is Verdict.MONITOR


async def test_a_closed_port_is_refused_and_skips_the_rest() -> None:
    async with listening(_hang) as port:
        pass
    async with probing() as prober:
        result = await prober.probe(device(port), CREDENTIAL, Depth.FULL)
    assert [r.verdict for r in result.rungs] == [Verdict.REFUSED, *[Verdict.SKIPPED] * 3]


async def test_what_is_not_offered_is_neutral() -> None:
    camera = Camera(
        scopes=("device", "media"),
        answers={"GetSnapshotUri": (500, _FAULT)},
    )
    async with running(camera), probing() as prober:
        result = await prober.probe(device(camera.port, ladder=(*ONVIF, Rung.RECORDING)), CREDENTIAL, Depth.FULL)
    assert verdicts(result)[Rung.SNAPSHOT] is Verdict.NOT_OFFERED
    assert verdicts(result)[Rung.RECORDING] is Verdict.NOT_OFFERED


_FAULT = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code><s:Value>s:Receiver'
    "</s:Value><s:Subcode><s:Value>ter:ActionNotSupported</s:Value></s:Subcode></s:Code></s:Fault></s:Body></s:Envelope>"
)


async def test_a_device_without_a_time_to_tell_is_asked_on() -> None:
    camera = Camera(answers={"GetSystemDateAndTime": (500, _FAULT)}, challenges=(DIGEST,))
    async with running(camera), probing() as prober:
        result = await prober.probe(device(camera.port), CREDENTIAL, Depth.FULL)
    assert [r.verdict for r in result.rungs] == [Verdict.OK, Verdict.NOT_OFFERED, Verdict.OK, Verdict.OK]


async def test_a_recording_has_an_age() -> None:
    camera = Camera(scopes=("device", "media", "search"))
    async with running(camera), probing() as prober:
        result = await prober.probe(device(camera.port, ladder=(*ONVIF, Rung.RECORDING)), CREDENTIAL, Depth.FULL)
    assert verdicts(result)[Rung.RECORDING] is Verdict.OK
    assert result.facts.newest_recording_age_s == pytest.approx(3600, abs=5)


async def test_a_media2_device_is_asked_by_media2() -> None:
    camera = Camera(scopes=("device", "media2"), challenges=(DIGEST,))
    async with running(camera), probing() as prober:
        result = await prober.probe(device(camera.port), CREDENTIAL, Depth.FULL)
    assert verdicts(result) == dict.fromkeys(ONVIF, Verdict.OK)
    assert any(b"ver20/media/wsdl" in s.raw and s.path == "/onvif/media2" for s in camera.seen)


async def test_capabilities_stand_in_for_services() -> None:
    capabilities = (
        "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body><GetCapabilitiesResponse><Capabilities>"
        "<Media><XAddr>http://10.0.0.1/onvif/m</XAddr></Media></Capabilities></GetCapabilitiesResponse></s:Body></s:Envelope>"
    )
    camera = Camera(
        answers={"GetServices": (400, _FAULT), "GetCapabilities": (200, capabilities)}, challenges=(DIGEST,)
    )
    async with running(camera), probing() as prober:
        result = await prober.probe(device(camera.port), CREDENTIAL, Depth.FULL)
    assert verdicts(result)[Rung.AUTH] is Verdict.OK
    assert "/onvif/m" in {s.path for s in camera.seen}


async def test_one_connection_at_a_time_to_one_door() -> None:
    open_now = most = 0

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        await reader.read(1)
        await asyncio.sleep(0.02)
        open_now -= 1
        writer.close()

    async with listening(count) as port, probing() as prober:
        await asyncio.gather(*(prober.probe(device(port), None, Depth.QUICK) for _ in range(6)))
    assert most == 1


async def test_another_address_is_another_memory() -> None:
    async with (
        running(Camera(challenges=(DIGEST,))) as one,
        running(Camera(challenges=(DIGEST,))) as two,
        probing() as prober,
    ):
        await prober.probe(device(one.port), CREDENTIAL, Depth.FULL)
        result = await prober.probe(device(two.port), CREDENTIAL, Depth.PICTURE)
        assert verdicts(result)[Rung.SNAPSHOT] is Verdict.SKIPPED


async def test_equipment_without_onvif_has_its_own_rungs() -> None:
    async with listening(_hang) as port, probing() as prober:
        result = await prober.probe(device(port, ladder=(Rung.REACH,)), None, Depth.FULL)
        assert verdicts(result) == {Rung.REACH: Verdict.OK}
    async with probing(timeout_s=0.5) as prober:
        result = await prober.probe(device(port, ladder=(Rung.REACH, Rung.SNMP)), None, Depth.QUICK)
        assert verdicts(result) == {Rung.REACH: Verdict.REFUSED, Rung.SNMP: Verdict.SKIPPED}


async def _hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.close()
