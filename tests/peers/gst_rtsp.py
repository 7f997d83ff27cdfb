"""GStreamer's RTSP server with a password: what many cameras are built on."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.peers.process import missing, running

# Debian's own Python has the bindings; the virtual environment has not.
PYTHON = "/usr/bin/python3"
PASSWORD = "canary-gst-81ab"


@dataclass(frozen=True, slots=True, kw_only=True)
class RtspServer:
    """Where the server listens, and who may see `/live`."""

    port: int
    user: str = "admin"
    password: str = field(default=PASSWORD, repr=False)
    host: str = "127.0.0.1"
    path: str = "/live"


@contextmanager
def rtsp_server(folder: Path, *, method: Literal["digest", "basic"]) -> Iterator[RtspServer]:
    """Run the server on 127.0.0.1 and a free port until the block ends."""
    bindings = "import gi; gi.require_version('GstRtspServer', '1.0')"
    if subprocess.run([PYTHON, "-c", bindings], check=False, capture_output=True).returncode:
        missing("GStreamer's RTSP server is missing: scripts/debian-packages.sh --test")
    log = folder / f"gst-{method}.log"
    program = str(Path(__file__).with_name("gst_rtsp_peer.py"))

    def port() -> int | None:
        return next((int(w.split()[1]) for w in log.read_text().splitlines() if w.startswith("port ")), None)

    with running([PYTHON, program, "admin", PASSWORD, method], ready=lambda: port() is not None, log=log):
        yield RtspServer(port=port() or 0)
