"""One decoding process: started, asked, killed. What it died of is told as `CrashError`; it is never restarted here."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Self

from camkeeper.picture.protocol import LENGTH, Message, ProtocolError, length_of, unpack

START_S: Final = 60.0
"""A busy single-board computer needs 10 s to load OpenCV."""
END_S: Final = 2.0
_STDERR_BYTES: Final = 4096
PROGRAM: Final = ("-P", "-m", "camkeeper.picture.workerprocess")
ENVIRONMENT: Final = {
    # OpenCV reads it once, when it is loaded: so it is set for the process, not inside it. It is held against the
    # *reduced* size: 40 megapixels, halved both ways.
    "OPENCV_IO_MAX_IMAGE_PIXELS": "10000000",
    "OPENBLAS_NUM_THREADS": "1",  # each of its threads reserves 40 MB of addresses, and the limit counts addresses
    "OMP_NUM_THREADS": "1",
    "OPENCV_LOG_LEVEL": "SILENT",
}
# Nothing else is handed on: who decodes what cameras send has no use for the monitor's tokens.
_HANDED_ON: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ")


class CrashError(Exception):
    """The process died, or was ended, over a request; `killed` says that we or its own limits did it."""

    def __init__(self, why: str, *, killed: bool = False) -> None:
        super().__init__(why)
        self.killed = killed


class StartError(Exception):
    """The process did not even come up: an installation's fault, no picture's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one picture may take."""

    cpu_s: float = 2.0
    """Processor time; a whole diagnosis takes 0.02 s, one that measures a turn 0.2 s."""
    wall_s: float = 10.0
    """Real time: processor time stands still while a machine swaps, and somebody waits."""
    memory_bytes: int = 256 * 2**20
    """Address space beyond what the process has when it is warm."""


class Child:
    """A running process that said it is ready."""

    def __init__(self, process: Process, limits: Limits, address_bytes: int) -> None:
        self._process = process
        self._limits = limits
        self.address_bytes = address_bytes

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @classmethod
    async def start(cls, limits: Limits, *, program: Sequence[str] = PROGRAM) -> Self:
        """Start one and wait until it is warm. Raises StartError with what it said last."""
        environment = {name: value for name in _HANDED_ON if (value := os.environ.get(name)) is not None}
        said = json.dumps({"cpu_s": limits.cpu_s, "memory_bytes": limits.memory_bytes})
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, *program, said, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment | ENVIRONMENT
            )
        except OSError as error:
            raise StartError(str(error)) from None
        try:
            return cls(process, limits, _address_bytes(await asyncio.wait_for(_read(process), START_S)))
        except (TimeoutError, EOFError, OSError, ProtocolError) as error:
            _kill(process)
            raise StartError(await _last_words(process) or str(error) or type(error).__name__) from None
        except BaseException:
            _kill(process)
            await process.wait()
            raise

    async def ask(self, request: bytes, *, patience: int = 1) -> Message:
        """Send one packed request and return the answer. Raises CrashError; the process is dead then."""
        wall_s = patience * self._limits.wall_s
        try:
            return await asyncio.wait_for(self._exchange(request), wall_s)
        except TimeoutError:
            _kill(self._process)
            await self._process.wait()
            raise CrashError(f"no answer within {wall_s:g} s", killed=True) from None
        except ProtocolError as error:
            _kill(self._process)
            await self._process.wait()
            raise CrashError(str(error)) from None
        except (EOFError, OSError):
            _kill(self._process)
            code = await self._process.wait()
            raise CrashError(_cause(code), killed=code == -signal.SIGPROF) from None

    async def _exchange(self, request: bytes) -> Message:
        stdin = self._process.stdin
        assert stdin is not None  # noqa: S101  (it was asked for)
        stdin.write(request)
        await stdin.drain()
        return await _read(self._process)

    async def close(self) -> None:
        """End it: its input ends, and after two seconds so does it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), END_S)
        except TimeoutError:
            _kill(self._process)
            await self._process.wait()

    async def kill(self) -> None:
        """End it at once."""
        _kill(self._process)
        await self._process.wait()


async def _read(process: Process) -> Message:
    stdout = process.stdout
    assert stdout is not None  # noqa: S101  (it was asked for)
    length = length_of(await stdout.readexactly(LENGTH.size))
    return unpack(await stdout.readexactly(length))


def _address_bytes(hello: Message) -> int:
    size = hello.head.get("address_bytes")
    if hello.kind != "ready" or not isinstance(size, int):
        raise ProtocolError(f"it said {hello.kind!r} first")
    return size


async def _last_words(process: Process) -> str:
    """Return the last line that it wrote on standard error."""
    words = b""
    if process.stderr is not None:
        with suppress(TimeoutError):
            words = await asyncio.wait_for(process.stderr.read(_STDERR_BYTES * 16), END_S)
    await process.wait()
    lines = words[-_STDERR_BYTES:].decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


def _kill(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()


def _cause(code: int) -> str:
    if code == -signal.SIGPROF:
        return "it took more processor time than a picture may"
    if code < 0:
        return f"it was ended by {signal.Signals(-code).name}"
    return f"it ended with code {code}"
