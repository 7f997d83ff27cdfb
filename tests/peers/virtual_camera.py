"""PyPI's ipycam as a camera nobody here wrote: its own process, its own environment, on 127.0.0.1."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.peers.process import missing, program, running

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-ipycam/bin/python"
PASSWORD = "canary-ipycam-5e1f"
CLIP = Path("/usr/share/doc/opencv-doc/examples/data/vtest.avi")


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualCamera:
    """Where the camera listens, and what it was asked so far."""

    onvif_port: int
    rtsp_port: int
    discovery_port: int
    user: str
    password: str = field(repr=False)
    log: Path
    process: subprocess.Popen[bytes] = field(repr=False)
    host: str = "127.0.0.1"
    onvif_path: str = "/onvif/device_service"
    snapshot_path: str = "/snapshot.jpg"
    stream_path: str = "/video_main"

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Let the camera hang: its kernel still accepts connections, nobody answers."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    @property
    def requests(self) -> list[dict[str, Any]]:
        """Every request so far: protocol, action or path, status, and auth: none, ok or refused."""
        return [line for line in _lines(self.log) if line["event"] == "request"]

    @property
    def refused(self) -> int:
        """How many requests carried a credential that was refused."""
        return sum(r["auth"] == "refused" for r in self.requests)


@contextmanager
def virtual_camera(
    folder: Path,
    *,
    user: str = "admin",
    password: str = PASSWORD,
    clock_offset_s: float = 0.0,
    tells_date: bool = True,
) -> Iterator[VirtualCamera]:
    """Run ipycam on Debian's surveillance clip until the block ends. Empty user and password: it asks for none."""
    _environment()
    program("ffmpeg")
    if not CLIP.exists():
        missing(f"{CLIP} is missing: scripts/debian-packages.sh --test")
    command = [str(PYTHON), "-P", str(Path(__file__).with_name("ipycam_peer.py")), "--video", str(CLIP)]
    command += ["--user", user, "--password", password, "--clock-offset-s", str(clock_offset_s)]
    command += [] if tells_date else ["--no-date"]
    log = folder / "ipycam.jsonl"
    with running(command, ready=lambda: any(e["event"] == "ready" for e in _lines(log)), log=log) as process:
        (ready,) = [e for e in _lines(log) if e["event"] == "ready"]
        ports = {key: ready[key] for key in ("onvif_port", "rtsp_port", "discovery_port")}
        yield VirtualCamera(**ports, user=user, password=password, log=log, process=process)


def _environment() -> None:
    """Build the environment where it is missing or stale; with it ready this asks no network."""
    built = subprocess.run(
        [str(ROOT / "scripts/peer-ipycam.sh")], capture_output=True, text=True, check=False, timeout=600
    )
    if built.returncode:
        missing(f"the ipycam environment cannot be built: {built.stderr.strip()[-300:]}")


def _lines(log: Path) -> list[dict[str, Any]]:
    """Return the JSON lines so far; what ffmpeg and OpenCV say in between is passed over."""
    lines = log.read_text(errors="replace").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
