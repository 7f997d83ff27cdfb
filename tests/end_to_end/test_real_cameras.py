"""Cameras nobody here wrote: PyPI's ipycam, Debian's lighttpd as a snapshot host."""

from __future__ import annotations

from pathlib import Path

from tests.peers.digest_host import digest_host
from tests.peers.virtual_camera import virtual_camera

from camkeeper.model.probing import Verdict
from camkeeper.probe import discovery, reach, rtsp


async def test_the_rungs_against_ipycam(tmp_path: Path) -> None:
    with virtual_camera(tmp_path) as camera:
        assert (await reach.tcp_reach(camera.host, camera.onvif_port, timeout_s=5)).verdict is Verdict.OK
        stream = await rtsp.describe(
            camera.host, camera.rtsp_port, camera.stream_path, user=camera.user, password=camera.password, timeout_s=30
        )
        assert (stream.verdict, stream.detail) == (Verdict.OK, "video H264")
        gone = await rtsp.describe(camera.host, camera.rtsp_port, "/nowhere", user=None, password=None, timeout_s=30)
        assert gone.verdict is Verdict.FAULT
        assert {r["action"] for r in camera.requests if r["protocol"] == "rtsp"} == {"OPTIONS", "DESCRIBE"}
        (found,) = await discovery.discover(timeout_s=1, target=(camera.host, camera.discovery_port))
        assert (found.host, found.port, found.onvif_path) == (camera.host, camera.onvif_port, camera.onvif_path)
        assert found.name == "Virtual"
        assert found.told_host is None


def test_lighttpd(tmp_path: Path) -> None:
    with digest_host(tmp_path) as host:
        assert len(host.picture) > 1000
