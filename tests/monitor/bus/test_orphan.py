"""A program that is killed takes its nats-server with it: nothing is left that holds a port, a store, a connection."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from tests.peers.county import debian_or_bundled, nats_server
from tests.peers.process import free_port

_KEEPER = """
import asyncio, sys
from pathlib import Path
from camkeeper.bus.conf import HubServer
from camkeeper.bus.server import NatsServer

async def main(folder, port, leaf, program):
    conf = HubServer(port=port, password="x", leaf_host="127.0.0.1", leaf_port=leaf, advertise="127.0.0.1", edges={})
    async with NatsServer(folder=folder, port=port, conf=conf.conf, program=program).running():
        print("ready", flush=True)
        await asyncio.Event().wait()

asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("program", [nats_server, debian_or_bundled])
def test_a_killed_program_leaves_no_server_behind(
    tmp_path: Path, program: Callable[[], str], number: signal.Signals
) -> None:
    words = [str(tmp_path), str(free_port()), str(free_port()), program()]
    keeper = subprocess.Popen([sys.executable, "-c", _KEEPER, *words], stdout=subprocess.PIPE, text=True)
    try:
        assert keeper.stdout is not None
        assert keeper.stdout.readline() == "ready\n"
        server = psutil.Process(int((tmp_path / "nats.pid").read_text()))
        assert server.parent() == psutil.Process(keeper.pid)
        assert server.cmdline()[0] == words[-1], "it became the server: its own id, its own name"
    finally:
        keeper.send_signal(number)
        keeper.wait(10)
        assert keeper.stdout is not None
        keeper.stdout.close()
    until_s = time.monotonic() + 10
    while server.is_running() and server.status() != psutil.STATUS_ZOMBIE and time.monotonic() < until_s:
        time.sleep(0.02)
    assert not server.is_running() or server.status() == psutil.STATUS_ZOMBIE, "it ended by itself"


def test_a_server_whose_starter_is_gone_already_does_not_begin(tmp_path: Path) -> None:
    """Between fork and the word to the kernel the starter may die: then it is not our parent any more."""
    from camkeeper.bus.server import _WITH_US

    told = tmp_path / "began"
    word = [sys.executable, "-I", "-S", "-c", _WITH_US, str(os.getppid()), "/usr/bin/touch", str(told)]
    assert subprocess.run(word, check=False, timeout=20).returncode == 0
    assert not told.exists()
