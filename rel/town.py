"""A town of virtual cameras and the monitor that watches it, each a process of its own, on 127.0.0.1 alone."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import random
import re
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from prometheus_client.parser import text_string_to_metric_families

PASSWORD = "scorecard-only"  # noqa: S105 - of virtual cameras
WITHIN_S = 60.0
_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def camkeeper(*words: str) -> list[str]:
    """Return the command of the product."""
    return [sys.executable, "-m", "camkeeper", *words]


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the surroundings of the processes."""
    return {**os.environ, "CAMKEEPER_FLEET_PASSWORD": PASSWORD, "PYTHONUNBUFFERED": "1", **(more or {})}


def eventually(what: Callable[[], bool], *, within_s: float = WITHIN_S, why: str = "") -> None:
    """Wait until `what` holds; TimeoutError where it doesn't in time."""
    until = time.monotonic() + within_s
    while not what():
        if time.monotonic() > until:
            raise TimeoutError(why or "it did not come true in time")
        time.sleep(0.1)


def with_us() -> None:
    """Let a child end with the thread that starts it, whatever ends that; called in the child."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def end(process: subprocess.Popen[str]) -> None:
    """End a process that was started here, whatever it does."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()


@dataclass(frozen=True, kw_only=True)
class Town:
    """A fleet that answers, and the configuration by which it is watched."""

    folder: Path
    config: Path
    fleet: subprocess.Popen[str]
    control_port: int
    devices: int
    every_s: float

    def say(self, **words: object) -> dict[str, Any]:
        """Ask the fleet something on its control port."""
        with socket.create_connection(("127.0.0.1", self.control_port), timeout=30) as channel:
            channel.sendall(json.dumps(words).encode() + b"\n")
            answer: dict[str, Any] = json.loads(channel.makefile().readline())
        if not answer["ok"]:
            raise RuntimeError(f"the fleet did not take it: {answer}")
        return answer

    def amend(self, change: Callable[[dict[str, Any]], object], *, name: str = "cameras.yaml") -> Path:
        """Write the configuration with a change, under a name, and return where."""
        wished = yaml.safe_load(self.config.read_text(encoding="utf-8"))
        change(wished)
        path = self.folder / name
        path.write_text(yaml.safe_dump(wished, allow_unicode=True), encoding="utf-8")
        return path


@dataclass(frozen=True, kw_only=True)
class Monitor:
    """A running `camkeeper run`."""

    process: subprocess.Popen[str]
    address: str
    log: Path

    def get(self, path: str) -> Any:
        """Return an answer of its pages: text of `metrics`, JSON of everything else."""
        with urllib.request.urlopen(f"{self.address}{path}", timeout=30) as reply:  # noqa: S310 - our own address
            body = reply.read().decode()
        return body if path == "metrics" else json.loads(body)

    def figures(self) -> dict[str, float]:
        """Return what it tells of itself without labels."""
        families = text_string_to_metric_families(self.get("metrics"))
        return {sample.name: sample.value for family in families for sample in family.samples if not sample.labels}

    def stored(self) -> int:
        """Return the samples that it says are on disk, ever."""
        return int(self.figures()["camkeeper_samples_stored_total"])

    def kill(self) -> None:
        """End it as the kernel does: by SIGKILL; returns when it is gone."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)

    def stop(self, within_s: float = 30.0) -> int:
        """Ask it to end; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(within_s)


def free_base(count: int, rng: random.Random) -> int:
    """Return the first of `count` ports in a row that nobody listens on, below those that the kernel hands out."""
    for _ in range(200):
        base = rng.randrange(10_000, 32_000 - count)
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for port in range(base, base + min(count, 400)):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return base
    raise OSError(f"no {count} free ports in a row")


@contextmanager
def town(folder: Path, *, devices: int, every_s: float, rng: random.Random | None = None) -> Iterator[Town]:
    """Serve so many virtual cameras, each asked every `every_s` seconds by the configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "cameras.yaml"
    # Drawn by the operating system: two runs of one seed may stand beside each other.
    base = free_base(devices + 1, rng or random.SystemRandom())
    words = ("--count", str(devices), "--port-base", str(base), "--write-config", str(config), "--every", str(every_s))
    command = camkeeper("fleet", *words, "--pictures", "light", "--control-port", "0", "--with-parent")
    with (folder / "fleet.log").open("w") as log:
        fleet = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment())
    try:
        line = fleet.stdout.readline() if fleet.stdout else ""
        if not line:
            raise RuntimeError(f"the fleet did not start: {(folder / 'fleet.log').read_text()[-500:]}")
        port = int(json.loads(line)["control_port"])
        yield Town(folder=folder, config=config, fleet=fleet, control_port=port, devices=devices, every_s=every_s)
    finally:
        end(fleet)


def started(
    config: Path,
    ledger: Path,
    *,
    env: Mapping[str, str] | None = None,
    wrap: Callable[[list[str]], list[str]] = lambda words: words,
) -> subprocess.Popen[str]:
    """Start the monitor, and return at once; its log is appended to LEDGER.log, whoever it is told by."""
    words = ("--config", str(config), "--ledger", str(ledger), "--listen", "127.0.0.1:0", "--log", "json")
    command = wrap(camkeeper("run", *words, "--login", "open"))
    with Path(f"{ledger}.log").open("a") as log:
        return subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environment(env),
            preexec_fn=with_us,  # noqa: PLW1509 - the child makes one call of the kernel, and no other
        )


def ready(process: subprocess.Popen[str], ledger: Path) -> Monitor:
    """Wait until a started monitor says where its board is; RuntimeError where it does not in time."""
    log = Path(f"{ledger}.log")
    line = ""
    if process.stdout is not None and select.select([process.stdout], [], [], WITHIN_S)[0]:
        line = process.stdout.readline()
    found = re.search(r"http://\S+", line)
    if found is None:
        raise RuntimeError(f"the monitor did not start: {line}{log.read_text()[-500:]}")
    return Monitor(process=process, address=found[0], log=log)


@contextmanager
def monitor(
    config: Path,
    ledger: Path,
    *,
    env: Mapping[str, str] | None = None,
    wrap: Callable[[list[str]], list[str]] = lambda words: words,
) -> Iterator[Monitor]:
    """Run the monitor until the block ends."""
    process = started(config, ledger, env=env, wrap=wrap)
    try:
        yield ready(process, ledger)
    finally:
        end(process)


def told(words: Sequence[str]) -> Any:
    """Return what a command of the product prints as JSON; RuntimeError where it fails."""
    done = subprocess.run(camkeeper(*words), capture_output=True, text=True, check=False, env=environment())
    if done.returncode != 0:
        raise RuntimeError(f"camkeeper {' '.join(words)}: {done.returncode}: {done.stdout[-300:]}{done.stderr[-300:]}")
    return json.loads(done.stdout)
