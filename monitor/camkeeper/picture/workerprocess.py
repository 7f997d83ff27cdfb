"""The process that decodes: `python -m camkeeper.picture.workerprocess LIMITS`. Messages in on 0, answers out on 1.

It trusts nothing that comes in and is trusted with nothing: no files to write, no core, so much memory, so much
processor time a picture. It ends when the monitor does: its input ends.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

from camkeeper.picture.protocol import LEARN_PATIENCE, LENGTH, Message, length_of, pack, unpack

NICE: Final = 5
Handlers: TypeAlias = dict[str, Callable[[Message], Message]]


def main() -> None:
    """Answer one message after the other, until there are no more."""

    def load() -> Handlers:  # loads OpenCV, in the environment that it must have
        from camkeeper.picture.handlers import handlers

        return handlers()

    serve(load)


def serve(load: Callable[[], Handlers]) -> None:
    """Say "ready" when `load` has loaded everything and proved it, then answer under the limits in argv."""
    limits = json.loads(sys.argv[1])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C means the monitor, which ends this one by itself
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    os.nice(NICE)
    out = os.fdopen(os.dup(1), "wb")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)  # nothing that a library prints gets between the messages
    handlers = load()
    allow = _limit(limits["memory_bytes"])
    _say(out, Message(head={"kind": "ready", "address_bytes": address_bytes()}))
    os.dup2(silence, 2)  # libjpeg has a word for every broken byte
    while (request := _hear(sys.stdin.buffer)) is not None:
        # Counts processor time of the whole process, inside C too, and ends it: a picture has so much and no more.
        patience = LEARN_PATIENCE if request.kind == "learn" else 1
        allow(patience)
        signal.setitimer(signal.ITIMER_PROF, patience * limits["cpu_s"])
        answer = _answer(handlers, request)
        signal.setitimer(signal.ITIMER_PROF, 0)
        _say(out, answer)


def _answer(handlers: Handlers, request: Message) -> Message:
    try:
        return handlers[request.kind](request)
    except MemoryError:
        return Message(head={"kind": "crashed", "why": "no memory left"})
    except Exception as error:  # noqa: BLE001  (a bug is told where it can be logged; the next picture is not to blame)
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        where = "" if trace is None else f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        return Message(head={"kind": "bug", "why": f"{type(error).__name__}: {error}{where}"[:2000]})


def address_bytes() -> int:
    """Return how much address space this process has."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()


def _limit(memory_bytes: int) -> Callable[[int], None]:
    """Set the limits for good; what is returned allows so many times the usual addresses, up to a fixed most."""
    warm = address_bytes()
    hard = warm + LEARN_PATIENCE * memory_bytes

    def allow(times: int) -> None:
        resource.setrlimit(resource.RLIMIT_AS, (warm + times * memory_bytes, hard))

    allow(1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would be a picture on disk
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    return allow


def _hear(source: BinaryIO) -> Message | None:
    prefix = source.read(LENGTH.size)
    if len(prefix) < LENGTH.size:
        return None
    length = length_of(prefix)
    body = source.read(length)
    return None if len(body) < length else unpack(body)


def _say(out: BinaryIO, message: Message) -> None:
    out.write(pack(message))
    out.flush()


if __name__ == "__main__":
    main()
