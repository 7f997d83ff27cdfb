"""The demo township in processes of its own: a fleet and a monitor, on loopback addresses that the demo doesn't use."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PASSWORD = "torrent-of-willows"
WITHIN_S = 60.0


def demo_config(folder: Path, *, net: int) -> Path:
    """Write the demo's configuration and its obstacles with other loopback addresses: 127.NET instead of 127.64."""
    for obstacles in (ROOT / "config").glob("*.geojson"):
        shutil.copy(obstacles, folder)
    text = (ROOT / "config/cameras.yaml").read_text(encoding="utf-8").replace("127.64.", f"127.{net}.")
    path = folder / "cameras.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def program(*words: str) -> list[str]:
    return [sys.executable, "-m", "camkeeper", *words]


def environment() -> dict[str, str]:
    return {**os.environ, "CAMKEEPER_DEMO_PASSWORD": PASSWORD, "PYTHONUNBUFFERED": "1"}


@dataclass(kw_only=True)
class Monitor:
    process: subprocess.Popen[str]
    address: str

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.address}{path}", timeout=10) as reply:  # noqa: S310  (loopback)
            body = reply.read().decode()
        return body if path == "metrics" else json.loads(body)

    def status(self, device_id: str) -> str:
        return str(self.get(f"api/v1/devices/{device_id}")["status"])

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """End it; return the seconds it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(20)
        return time.monotonic() - began


@dataclass(kw_only=True)
class Town:
    """A running fleet; monitors come and go on it."""

    folder: Path
    config: Path
    control_port: int
    _handles: list[int] = field(default_factory=list)

    @property
    def ledger(self) -> Path:
        return self.folder / "town.ledger"

    def fault(self, fault: str, target: dict[str, object], **more: object) -> list[str]:
        answer = self._say(do="apply", fault=fault, target=target, **more)
        return [str(one) for one in answer["devices"]]

    def clear(self) -> None:
        self._say(do="clear")

    def counters(self, device_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self._say(do="counters", target={"device": device_id})["counters"][device_id]
        return found

    def _say(self, **words: object) -> dict[str, Any]:
        with socket.create_connection(("127.0.0.1", self.control_port), timeout=10) as channel:
            channel.sendall(json.dumps(words).encode() + b"\n")
            answer: dict[str, Any] = json.loads(channel.makefile().readline())
        assert answer["ok"], answer
        return answer

    @contextmanager
    def monitor(self, *, env: dict[str, str] | None = None) -> Iterator[Monitor]:
        command = program("run", "--config", str(self.config), "--ledger", str(self.ledger))
        log = (self.folder / "monitor.log").open("a")
        with subprocess.Popen(
            [*command, "--listen", "127.0.0.1:0", "--log", "json", "--login", "open"],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environment() | (env or {}),
        ) as process:
            try:
                assert process.stdout is not None
                line = process.stdout.readline()
                found = re.search(r"http://\S+", line)
                assert found, (line, (self.folder / "monitor.log").read_text())
                yield Monitor(process=process, address=found[0])
            finally:
                if process.poll() is None:
                    process.kill()
                log.close()


@contextmanager
def town(folder: Path, *, net: int, config: Path | None = None, pictures: str = "light") -> Iterator[Town]:
    """Serve the demo township on other addresses, or another configuration."""
    config = config or demo_config(folder, net=net)
    with subprocess.Popen(
        program("fleet", "--config", str(config), "--control-port", "0", "--with-parent", "--pictures", pictures),
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as fleet:
        try:
            assert fleet.stdout is not None
            ready = json.loads(fleet.stdout.readline())
            yield Town(folder=folder, config=config, control_port=int(ready["control_port"]))
        finally:
            fleet.terminate()


def eventually(what: Callable[[], bool], *, within_s: float = WITHIN_S) -> None:
    """Wait until `what` holds."""
    until = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < until, "did not come true in time"
        time.sleep(0.25)
