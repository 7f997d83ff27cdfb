"""Cameras nobody here wrote: PyPI's ipycam, and Debian's lighttpd as a snapshot host."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from tests.peers.digest_host import DigestHost, digest_host
from tests.peers.virtual_camera import PASSWORD, VirtualCamera, virtual_camera

from camkeeper.clock import SystemClock
from camkeeper.jpeg import read_header
from camkeeper.model.equipment import Address, Credential, Device, DeviceKind
from camkeeper.model.policy import ProbePolicy
from camkeeper.model.probing import Depth, ProbeResult, Rung, Verdict
from camkeeper.probe import discovery, reach, rtsp
from camkeeper.probe.latch import FileLatches
from camkeeper.probe.prober import Prober

OPEN = (Rung.REACH, Rung.TIME)
CLIMBED = (Rung.REACH, Rung.TIME, Rung.AUTH, Rung.SNAPSHOT, Rung.STREAM)
CREDENTIAL = Credential(id="admin", user="admin", secret_ref="env:UNUSED")


def device_of(camera: VirtualCamera) -> Device:
    address = Address(host=camera.host, port=camera.onvif_port, rtsp_port=camera.rtsp_port)
    return Device(id="ipycam", name="村口", kind=DeviceKind.CAMERA, site_id="s", address=address, credential_id="admin")


def with_snapshots_at(host: DigestHost, camera: VirtualCamera) -> Device:
    """Return the camera as many are: ONVIF on one port, the snapshot behind HTTP Digest on another."""
    device = device_of(camera)
    return replace(device, address=replace(device.address, snapshot_port=host.port))


@asynccontextmanager
async def prober_of(folder: Path, password: str, *, timeout_s: float = 20) -> AsyncIterator[Prober]:
    async with Prober(
        clock=SystemClock(),
        password_of=lambda _: password,
        policy=ProbePolicy(timeout_s=timeout_s),
        latches=FileLatches(folder / "latches.json"),
    ) as prober:
        yield prober


def verdicts(result: ProbeResult) -> dict[Rung, Verdict]:
    return {r.rung: r.verdict for r in result.rungs}


def no_secret_in(result: ProbeResult, *secrets: str) -> None:
    assert not any(secret in repr(result) for secret in secrets)


def only_reads(camera: VirtualCamera) -> None:
    """Nothing but questions reached the camera."""
    allowed = {"OPTIONS", "DESCRIBE", ""}
    actions = {str(r["action"]) for r in camera.requests}
    assert all(a.startswith("Get") or a in allowed for a in actions), actions


async def test_ipycam_is_climbed_to_snapshot_and_stream(tmp_path: Path) -> None:
    with virtual_camera(tmp_path) as camera:
        async with prober_of(tmp_path, camera.password) as prober:
            result = await prober.probe(device_of(camera), CREDENTIAL, Depth.FULL)
            found = verdicts(result)
            assert [found[r] for r in CLIMBED] == [Verdict.OK] * 5, result.rungs
            assert found[Rung.RECORDING] is Verdict.NOT_OFFERED
            assert result.facts.manufacturer == "PythonCam"
            assert result.facts.model == "VirtualCam-1"
            assert [(p.width, p.height) for p in result.facts.profiles] == [(768, 576), (384, 288)]
            assert result.facts.snapshot is not None
            assert (result.facts.snapshot.width, result.facts.snapshot.height) == (768, 576)
            assert result.facts.clock_offset_s == pytest.approx(0, abs=5)
            for depth in (Depth.QUICK, Depth.PICTURE, Depth.FULL):
                again = await prober.probe(device_of(camera), CREDENTIAL, depth)
                assert not any(r.verdict.is_failure for r in again.rungs), again.rungs
                no_secret_in(again, camera.password)
        no_secret_in(result, camera.password)
        assert camera.refused == 0
        only_reads(camera)


async def test_a_wrong_password_is_refused_once_and_then_latched_over_200_cycles(tmp_path: Path) -> None:
    with virtual_camera(tmp_path) as camera:
        device = device_of(camera)
        async with prober_of(tmp_path, "canary-wrong-0c4d") as prober:
            first = await prober.probe(device, CREDENTIAL, Depth.FULL)
            assert verdicts(first)[Rung.AUTH] is Verdict.AUTH_REFUSED, first.rungs
            assert [verdicts(first)[r] for r in OPEN] == [Verdict.OK] * 2
            for cycle in range(200):
                result = await prober.probe(device, CREDENTIAL, Depth.FULL if cycle % 2 else Depth.QUICK)
                found = verdicts(result)
                assert [found[r] for r in OPEN] == [Verdict.OK] * 2, "it answers: degraded, never down"
                assert found.get(Rung.AUTH, Verdict.LATCHED) is Verdict.LATCHED
                no_secret_in(result, camera.password, "canary-wrong-0c4d")
            assert camera.refused == 1
        # A restart of the monitor does not try again either.
        async with prober_of(tmp_path, "canary-wrong-0c4d") as prober:
            assert verdicts(await prober.probe(device, CREDENTIAL, Depth.FULL))[Rung.AUTH] is Verdict.LATCHED
        assert camera.refused == 1
        # The credential changes: tried again, and right.
        async with prober_of(tmp_path, camera.password) as prober:
            assert verdicts(await prober.probe(device, CREDENTIAL, Depth.FULL))[Rung.AUTH] is Verdict.OK
        assert camera.refused == 1
        only_reads(camera)


@pytest.mark.parametrize("offset_s", [3600.0, -3600.0])
async def test_a_clock_an_hour_off_still_authenticates(tmp_path: Path, offset_s: float) -> None:
    with virtual_camera(tmp_path, clock_offset_s=offset_s) as camera:
        async with prober_of(tmp_path, camera.password) as prober:
            result = await prober.probe(device_of(camera), CREDENTIAL, Depth.FULL)
        assert [verdicts(result)[r] for r in CLIMBED] == [Verdict.OK] * 5, result.rungs
        assert result.facts.clock_offset_s == pytest.approx(offset_s, abs=5)
        assert camera.refused == 0


async def test_a_wrong_clock_that_nobody_can_read_is_named_beside_the_password(tmp_path: Path) -> None:
    # ipycam wants a password even for the time; without an HTTP Date there is nothing to learn its clock from, and a
    # refusal may be the clock's or the password's. The verdict is the fact, both causes are named, nothing is retried.
    with virtual_camera(tmp_path, clock_offset_s=3600, tells_date=False) as camera:
        async with prober_of(tmp_path, camera.password) as prober:
            for cycle in range(20):
                result = await prober.probe(device_of(camera), CREDENTIAL, Depth.FULL)
                auth = result.rung(Rung.AUTH)
                assert auth is not None
                expected = Verdict.LATCHED if cycle else Verdict.AUTH_REFUSED
                assert auth.verdict is expected, (cycle, result.rungs)
                assert "a wrong password, or a wrong clock" in auth.detail
        assert camera.refused == 1


async def test_a_camera_that_hangs_and_one_that_is_gone(tmp_path: Path) -> None:
    async with prober_of(tmp_path, PASSWORD, timeout_s=3) as prober:
        with virtual_camera(tmp_path) as camera:
            device = device_of(camera)
            before = verdicts(await prober.probe(device, CREDENTIAL, Depth.FULL))
            with camera.hanging():
                hanging = verdicts(await prober.probe(device, CREDENTIAL, Depth.FULL))
            after = verdicts(await prober.probe(device, CREDENTIAL, Depth.FULL))
        gone = verdicts(await prober.probe(device, CREDENTIAL, Depth.FULL))
    assert [before[r] for r in CLIMBED] == [after[r] for r in CLIMBED] == [Verdict.OK] * 5
    assert [hanging[r] for r in OPEN] == [Verdict.OK, Verdict.TIMEOUT]
    assert gone[Rung.REACH] is Verdict.REFUSED
    assert {v for r, v in gone.items() if r is not Rung.REACH} == {Verdict.SKIPPED}


async def test_a_stream_port_that_nobody_enrolled_is_not_asked(tmp_path: Path) -> None:
    with virtual_camera(tmp_path) as camera:
        device = device_of(camera)
        device = replace(device, address=replace(device.address, rtsp_port=554))
        async with prober_of(tmp_path, camera.password) as prober:
            stream = (await prober.probe(device, CREDENTIAL, Depth.FULL)).rung(Rung.STREAM)
            assert stream is not None
            assert stream.verdict is Verdict.OFF_ENROLMENT
            assert str(camera.rtsp_port) in stream.detail
            assert not any(r["protocol"] == "rtsp" for r in camera.requests)
            approved = replace(device.address, approved_ports=frozenset({camera.rtsp_port}))
            again = await prober.probe(replace(device, address=approved), CREDENTIAL, Depth.FULL)
            assert verdicts(again)[Rung.STREAM] is Verdict.OK, again.rungs


async def test_the_rungs_one_by_one_against_ipycam(tmp_path: Path) -> None:
    with virtual_camera(tmp_path) as camera:
        assert (await reach.tcp_reach(camera.host, camera.onvif_port, timeout_s=5)).verdict is Verdict.OK
        login = {"user": camera.user, "password": camera.password}
        stream = await rtsp.describe(camera.host, camera.rtsp_port, camera.stream_path, timeout_s=30, **login)
        assert (stream.verdict, stream.detail) == (Verdict.OK, "video H264")
        gone = await rtsp.describe(camera.host, camera.rtsp_port, "/nowhere", user=None, password=None, timeout_s=30)
        assert gone.verdict is Verdict.FAULT
        assert {r["action"] for r in camera.requests if r["protocol"] == "rtsp"} == {"OPTIONS", "DESCRIBE"}
        (found,) = await discovery.discover(timeout_s=1, target=(camera.host, camera.discovery_port))
        assert (found.host, found.port, found.onvif_path) == (camera.host, camera.onvif_port, camera.onvif_path)
        assert found.told_host is None


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
async def test_a_snapshot_behind_digest_on_a_port_of_its_own(
    tmp_path: Path, algorithm: Literal["MD5", "SHA-256"]
) -> None:
    with (
        virtual_camera(tmp_path) as camera,
        digest_host(tmp_path, algorithm=algorithm, password=camera.password) as host,
    ):
        device = with_snapshots_at(host, camera)
        async with prober_of(tmp_path, camera.password) as prober:
            result = await prober.probe(device, CREDENTIAL, Depth.FULL)
            assert verdicts(result)[Rung.SNAPSHOT] is Verdict.OK, result.rungs
            header, told = read_header(host.picture), result.facts.snapshot
            assert told is not None
            assert (told.size_bytes, told.width, told.height) == (len(host.picture), header.width, header.height)
            for _ in range(5):
                again = await prober.probe(device, CREDENTIAL, Depth.PICTURE)
                assert verdicts(again)[Rung.SNAPSHOT] is Verdict.OK, again.rungs
            no_secret_in(result, camera.password)
    assert host.refused == 0
    assert sum(status == 200 for status, _ in host.requests) == 6


async def test_a_digest_host_with_another_password_is_asked_once(tmp_path: Path) -> None:
    with virtual_camera(tmp_path) as camera, digest_host(tmp_path) as host:
        device = with_snapshots_at(host, camera)
        async with prober_of(tmp_path, camera.password) as prober:
            for cycle in range(50):
                result = await prober.probe(device, CREDENTIAL, Depth.FULL)
                found = verdicts(result)
                assert found[Rung.AUTH] is Verdict.OK, result.rungs
                assert found[Rung.SNAPSHOT] is (Verdict.LATCHED if cycle else Verdict.AUTH_REFUSED), result.rungs
                assert found[Rung.STREAM] is Verdict.OK
    assert (host.refused, camera.refused) == (1, 0)
