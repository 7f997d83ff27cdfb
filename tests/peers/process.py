"""Starting and ending real programs: on 127.0.0.1, on free ports, ended by their own handle."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Return a port of 127.0.0.1 that was free a moment ago."""
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def program(name: str) -> str:
    """Return the program's path; skips, naming the remedy, where it is not installed."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        missing(f"{name} is missing: scripts/debian-packages.sh --test")
    return found


def missing(reason: str) -> NoReturn:
    """Skip with `reason`; fail instead where CAMKEEPER_REQUIRE_PEERS is set: a peer not met proves nothing."""
    if os.environ.get("CAMKEEPER_REQUIRE_PEERS"):
        pytest.fail(reason)
    pytest.skip(reason)


def accepts(port: int) -> bool:
    """True where 127.0.0.1 accepts a TCP connection on the port."""
    with socket.socket() as sock:
        sock.settimeout(1)
        return sock.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(
    command: list[str], *, ready: Callable[[], bool], log: Path, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in the foreground until the block ends; fails with its log where it does not become ready."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env)
    try:
        for _ in range(600):
            if ready():
                break
            if process.poll() is not None:
                raise AssertionError(f"{command[0]} ended with {process.returncode}: {log.read_text()[-2000:]}")
            time.sleep(0.05)
        else:
            raise AssertionError(f"{command[0]} is not ready: {log.read_text()[-2000:]}")
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
