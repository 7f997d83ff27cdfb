"""The prober against cameras and servers nobody here wrote: ipycam, lighttpd's digest."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from tests.monitor.probe.bench_of_one import CREDENTIAL, ONVIF, detail, device, probing, verdicts
from tests.monitor.probe.camera import Camera, running
from tests.peers.digest_host import digest_host
from tests.peers.virtual_camera import virtual_camera

from camkeeper.model.probing import Depth, Rung, Verdict
from camkeeper.probe.latch import FileLatches

ALL = (*ONVIF, Rung.STREAM, Rung.RECORDING)


async def test_ipycam_refuses_once_and_then_never_again(tmp_path: Path) -> None:
    with virtual_camera(tmp_path) as camera:
        latches = FileLatches(tmp_path / "latches.json")
        at = device(camera.onvif_port, ladder=ALL, rtsp_port=camera.rtsp_port)
        async with probing(password="canary-wrong", latches=latches, timeout_s=15) as prober:
            first = await prober.probe(at, CREDENTIAL, Depth.FULL)
            assert verdicts(first)[Rung.AUTH] is Verdict.AUTH_REFUSED
            for depth in (Depth.FULL, Depth.QUICK, Depth.PICTURE, Depth.QUICK) * 50:
                later = await prober.probe(at, CREDENTIAL, depth)
                assert verdicts(later)[Rung.TIME] is Verdict.OK
                assert verdicts(later).get(Rung.AUTH, Verdict.LATCHED) is Verdict.LATCHED
        assert camera.refused == 1
        async with probing(password=camera.password, latches=latches, timeout_s=15) as prober:
            assert set(verdicts(await prober.probe(at, CREDENTIAL, Depth.FULL)).values()) == {
                Verdict.OK,
                Verdict.NOT_OFFERED,
            }
        assert camera.refused == 1


@pytest.mark.parametrize("offset_s", [-3600.0, 3600.0])
async def test_ipycam_with_a_wrong_clock_still_takes_the_credential(tmp_path: Path, offset_s: float) -> None:
    with virtual_camera(tmp_path, clock_offset_s=offset_s) as camera:
        async with probing(password=camera.password, timeout_s=15) as prober:
            result = await prober.probe(device(camera.onvif_port), CREDENTIAL, Depth.FULL)
        assert verdicts(result) == dict.fromkeys(ONVIF, Verdict.OK)
        assert result.facts.clock_offset_s == pytest.approx(offset_s, abs=5)
        assert camera.refused == 0


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
async def test_lighttpd_hands_out_the_snapshot(tmp_path: Path, algorithm: Literal["MD5", "SHA-256"]) -> None:
    with digest_host(tmp_path, algorithm=algorithm, user="admin", password="canary-secret-77") as host:
        async with running(Camera(snapshot_uri=f"http://10.0.0.1{host.path}")) as camera:
            at = device(camera.port, snapshot_port=host.port)
            async with probing() as prober:
                result = await prober.probe(at, CREDENTIAL, Depth.FULL)
                assert verdicts(result)[Rung.SNAPSHOT] is Verdict.OK, detail(result, Rung.SNAPSHOT)
                assert result.facts.snapshot is not None
                assert result.facts.snapshot.size_bytes == len(host.picture)
                again = await prober.probe(at, CREDENTIAL, Depth.PICTURE)
                assert verdicts(again)[Rung.SNAPSHOT] is Verdict.OK


async def test_lighttpd_refuses_once(tmp_path: Path) -> None:
    with digest_host(tmp_path, user="admin", password="another") as host:
        async with running(Camera(snapshot_uri=f"http://10.0.0.1{host.path}")) as camera:
            at = device(camera.port, snapshot_port=host.port)
            async with probing() as prober:
                results = [await prober.probe(at, CREDENTIAL, Depth.FULL) for _ in range(5)]
            found = [verdicts(r)[Rung.SNAPSHOT] for r in results]
            assert found == [Verdict.AUTH_REFUSED, *[Verdict.LATCHED] * 4]
