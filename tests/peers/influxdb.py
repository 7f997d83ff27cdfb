"""Debian's InfluxDB 1.6.7, on 127.0.0.1 with a folder of its own; may be killed and started again on the same port."""

from __future__ import annotations

import http.client
import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.peers.process import accepts, free_port, program


def ask(port: int, method: str, path: str, query: Mapping[str, str]) -> bytes:
    """One request; fails for an answer other than 2xx."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, f"{path}?{urlencode(query)}")
        answer = connection.getresponse()
        body = answer.read()
        assert 200 <= answer.status < 300, (answer.status, body)
        return body
    finally:
        connection.close()


@dataclass(slots=True, kw_only=True)
class SeriesServer:
    """A server that can be ended by SIGKILL and started again with what it had on disk."""

    port: int
    command: list[str]
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it; returns when it answers."""
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        for _ in range(400):
            if self.process.poll() is not None:
                break
            if accepts(self.port) and self._answers():
                return
            time.sleep(0.05)
        raise AssertionError(f"{self.command[0]} is not ready: {self.log.read_text()[-2000:]}")

    def _answers(self) -> bool:
        try:
            ask(self.port, "GET", "/ping" if "influxd" in self.command[0] else "/health", {})
        except (OSError, AssertionError):
            return False
        return True

    def kill(self) -> None:
        """End it without a chance to tidy up."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def query(self, text: str, **more: str) -> Any:
        """The results of InfluxQL."""
        body = ask(self.port, "POST", "/query", {"q": text, "epoch": "ms", **more})
        return json.loads(body)["results"]


_CONFIG = """
reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[subscriber]
  enabled = false
[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false
[logging]
  level = "warn"
"""


@contextmanager
def influxdb_1(folder: Path) -> Iterator[SeriesServer]:
    """Run influxd until the block ends."""
    folder.mkdir(exist_ok=True)
    port = free_port()
    config = folder / "influxdb.conf"
    config.write_text(_CONFIG.format(folder=folder, port=port))
    server = SeriesServer(
        port=port, command=[program("influxd"), "run", "-config", str(config)], log=folder / "influxd.log"
    )
    server.start()
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def victoria_metrics(folder: Path) -> Iterator[SeriesServer]:
    """Run VictoriaMetrics until the block ends."""
    folder.mkdir(exist_ok=True)
    port = free_port()
    command = [
        program("victoria-metrics"),
        f"-storageDataPath={folder}/data",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-retentionPeriod=100y",
        "-dedup.minScrapeInterval=1ms",
        "-search.latencyOffset=0s",
        "-memory.allowedBytes=256MB",
        "-loggerLevel=WARN",
    ]
    server = SeriesServer(port=port, command=command, log=folder / "victoria.log")
    server.start()
    try:
        yield server
    finally:
        server.kill()
