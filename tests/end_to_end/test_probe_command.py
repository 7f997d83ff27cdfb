"""`camkeeper probe` as a person runs it, against ipycam."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.peers.virtual_camera import VirtualCamera, virtual_camera

from camkeeper.jpeg import read_header

VARIABLE = "CAMKEEPER_TEST_PASSWORD"


def probe(camera: VirtualCamera, password: str, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from camkeeper.cli import main; main()", "probe"]
    command += [f"{camera.host}:{camera.onvif_port}", "--user", camera.user, "--password-env", VARIABLE, *more]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, env={**os.environ, VARIABLE: password}
    )
    assert password not in done.stdout + done.stderr
    return done


def rungs(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    told: dict[str, Any] = json.loads(done.stdout)
    return {r["rung"]: r["verdict"] for r in told["rungs"]}


def test_it_climbs_to_snapshot_and_stream(tmp_path: Path) -> None:
    with virtual_camera(tmp_path) as camera:
        picture = tmp_path / "shot.jpg"
        more = ["--rtsp-port", str(camera.rtsp_port), "--timeout", "20", "--snapshot", str(picture)]
        done = probe(camera, camera.password, *more, "--json")
        assert done.returncode == 0, done.stderr
        climbed = ("reach", "time", "auth", "snapshot", "stream")
        assert {rungs(done)[r] for r in climbed} == {"ok"}
        told = json.loads(done.stdout)
        assert told["manufacturer"] == "PythonCam"
        assert abs(told["clock_offset_s"]) < 5
        assert (told["profiles"][0]["width"], told["profiles"][0]["height"]) == (768, 576)
        size = read_header(picture.read_bytes())
        assert told["snapshot"] == {"bytes": len(picture.read_bytes()), "width": size.width, "height": size.height}
        bare = probe(camera, camera.password, "--timeout", "20", "--json")  # finds the stream's port by itself
        assert bare.returncode == 0, bare.stdout
        assert rungs(bare)["stream"] == "ok"
        people = probe(camera, camera.password, *more)
        assert people.returncode == 0, people.stderr
        assert "抓图" in people.stdout
        assert camera.refused == 0


def test_a_wrong_password_is_told_and_tried_once(tmp_path: Path) -> None:
    with virtual_camera(tmp_path) as camera:
        done = probe(camera, "canary-wrong-77e0", "--json")
        assert done.returncode == 1
        assert rungs(done)["auth"] == "auth_refused"
        assert rungs(done)["reach"] == rungs(done)["time"] == "ok"
        assert camera.refused == 1
