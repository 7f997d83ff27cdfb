"""strace around a process: the process stays our child, so it is ended as any other."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

_ENDED = re.compile(r"^(\d+) \+\+\+ (?:exited|killed)", re.MULTILINE)


def traced(log: Path, how: Sequence[str], words: Sequence[str]) -> list[str]:
    """Return the command that runs `words` under strace, its threads too, with a log at `log`.

    FileNotFoundError where there is no strace: scripts/debian-packages.sh --test.
    """
    strace = shutil.which("strace")
    if strace is None:
        raise FileNotFoundError("缺少 strace / strace is missing: scripts/debian-packages.sh --test")
    # -D: the tracer is a grandchild, and the process that is started is the traced one.
    return [strace, "-D", "-f", "--seccomp-bpf", "-o", str(log), *how, *words]


def settled(log: Path, pid: int, *, within_s: float = 10.0) -> str:
    """Return the whole log of a process that has ended: the tracer may still be writing when the child is gone."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        text = log.read_text(encoding="ascii", errors="replace") if log.exists() else ""
        if str(pid) in _ENDED.findall(text):
            return text
        time.sleep(0.02)
    raise TimeoutError(f"strace has not come to its end: {log}")
