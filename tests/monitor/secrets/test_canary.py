"""A sealed password is used by a real monitor against a camera that asks for it, and is nowhere else afterwards."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import signal
import subprocess
import sys
import tarfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest

from camkeeper.secrets import Store, places_of

CANARY = "Kanarie-9f13-x"
TOKEN = "Kanarie-77d0-y"
FORMS = [f(CANARY) for f in (str, quote)] + [TOKEN]
PAGES = ("", "devices", "devices/cam-1", "audit", "metrics", "api/v1/standing", "api/v1/devices", "reports")
NEEDLES = [text.encode() for text in FORMS] + [
    base64.b64encode(f"monitor:{CANARY}".encode()),
    base64.b64encode(CANARY.encode()).rstrip(b"="),
    hashlib.md5(f"monitor:camera:{CANARY}".encode()).hexdigest().encode(),  # noqa: S324 - HA1 of digest: as good as it
    CANARY.encode("utf-16-le"),
    CANARY.encode().hex().encode(),
]


class Camera(BaseHTTPRequestHandler):
    """Answers the time to everybody and wants Digest for the rest."""

    asked = 0
    proofs = 0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        type(self).asked += 1
        type(self).proofs += "Authorization" in self.headers or "Security" in self.headers
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Digest realm="camera", nonce="abc123", qop="auth"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST  # noqa: N815 - the name that http.server calls

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def camera() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Camera)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def town(port: int) -> str:
    device = f"address: {{host: 127.0.0.1, port: {port}, rtsp_port: {port}}}, credential: main"
    return f"""name: 试验
datum: wgs84
policy: {{probe: {{every_s: 1, picture_every_s: 1, full_every_s: 1, timeout_s: 1, retry_s: 1}}}}
credentials: [{{id: main, user: monitor, secret: "store:town"}}]
channels: [{{id: hook, kind: webhook, url: "http://127.0.0.1:{port}/hook", secret: "store:hook"}}]
uplinks: [{{id: up, name: 上行, beacons: ["127.0.0.1:{port}"]}}]
sites: [{{id: town, name: 试验镇, kind: town, target: 95, timezone: Asia/Shanghai}}]
devices: [{{id: cam-1, name: 东口, kind: camera, site: town, {device}}}]
"""


def camkeeper(*words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "camkeeper", *words], capture_output=True, check=False, timeout=90)


@pytest.mark.slow
def test_a_secret_is_nowhere_but_in_its_file(tmp_path: Path, camera: int) -> None:
    config, ledger = tmp_path / "cameras.yaml", tmp_path / "var" / "t.ledger"
    ledger.parent.mkdir()
    config.write_text(town(camera), encoding="utf-8")
    store = Store(places_of(tmp_path, {}))
    store.set("town", CANARY, at_s=1)
    store.set("hook", TOKEN, at_s=1)
    paths = ["--config", str(config), "--ledger", str(ledger)]
    said: dict[str, bytes] = {}
    log = tmp_path / "log"
    with (
        log.open("wb") as err,
        subprocess.Popen(
            [sys.executable, "-m", "camkeeper", "run", *paths, "--listen", "127.0.0.1:0", "--login", "open"],
            stdout=subprocess.PIPE,
            stderr=err,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            first = process.stdout.readline().decode()
            address = re.search(r"http://\S+", first)
            assert address, log.read_text(encoding="utf-8")
            until = time.monotonic() + 30
            while time.monotonic() < until and not Camera.proofs:
                time.sleep(0.2)
            assert Camera.proofs, f"the camera was asked {Camera.asked} times, and never with a proof"
            for page in (
                "",
                "devices",
                "devices/cam-1",
                "audit",
                "metrics",
                "api/v1/standing",
                "api/v1/devices",
                "reports",
            ):
                said[page] = fetched(f"{address[0]}{page}")
            said["limits"] = Path(f"/proc/{process.pid}/limits").read_bytes()
            for name, words in {
                "backup": ("backup", str(tmp_path / "backup.tar"), *paths),
                "self": ("doctor", "--self", "--json", *paths),
                "kml": ("export", "--kml", str(tmp_path / "out.kml"), *paths),
            }.items():
                done = camkeeper(*words)
                said[name] = done.stdout + done.stderr
        finally:
            process.send_signal(signal.SIGABRT)  # a crash
            process.wait(20)
    assert re.search(rb"Max core file size\s+0\s+0\s", said["limits"])  # no memory image is left
    assert sum(len(text) for text in said.values()) > 10_000
    with tarfile.open(tmp_path / "backup.tar") as tar:
        members = tar.getnames()
        for member in tar.getmembers():
            file = tar.extractfile(member)
            said[f"tar:{member.name}"] = b"" if file is None else file.read()
    assert any(name.endswith("cameras.yaml") for name in members)
    assert not any("camkeeper.secrets" in name for name in members)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            said[str(path)] = path.read_bytes()
    found = [(where, needle) for where, text in said.items() for needle in NEEDLES if needle in text]
    assert found == []
    assert store.get("town") == CANARY
    assert os.environ.get("CAMKEEPER_SECRETS") is None


def fetched(address: str) -> bytes:
    try:
        with urllib.request.urlopen(address, timeout=20) as reply:  # noqa: S310 - loopback
            body: bytes = reply.read()
            return body
    except urllib.error.HTTPError as error:
        return error.read()
