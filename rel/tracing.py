"""strace around a process: the process stays our child, so it is ended as any other."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Sequence
from pathlib import Path


def traced(log: Path, how: Sequence[str], words: Sequence[str]) -> list[str]:
    """Return the command that runs `words` under strace, its threads too, with a log at `log`.

    FileNotFoundError where there is no strace: scripts/debian-packages.sh --test.
    """
    strace = shutil.which("strace")
    if strace is None:
        raise FileNotFoundError("缺少 strace / strace is missing: scripts/debian-packages.sh --test")
    # -D: the tracer is a grandchild, and the process that is started is the traced one.
    return [strace, "-D", "-f", "--seccomp-bpf", "-o", str(log), *how, *words]


def settled(log: Path, *, within_s: float = 10.0) -> str:
    """Return the whole log of a process that has ended: the tracer may still be writing when the child is gone."""
    until = time.monotonic() + within_s
    while _written(log):
        if time.monotonic() > until:
            raise TimeoutError(f"strace has not come to its end: {log}")
        time.sleep(0.02)
    return log.read_text(encoding="ascii", errors="replace")


def _written(log: Path) -> bool:
    """Return whether a tracer with that log still lives."""
    named = f"\0{log}\0".encode()
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        # One that ends while we look is gone.
        with contextlib.suppress(OSError):
            words = place.read_bytes()
            if words.partition(b"\0")[0].endswith(b"strace") and named in words:
                return True
    return False
