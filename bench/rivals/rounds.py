"""What the clients of bench_poll share: rounds asked for on standard input, CPU seconds answered on standard output.

Runs in every rival's environment: standard library only.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

WARM_UP = 20


def requests() -> Iterator[int]:
    """Yield the number of checks of each round, until the input ends."""
    print("ready", flush=True)
    for line in sys.stdin:
        yield int(line)


@contextmanager
def metered(checks: int) -> Iterator[None]:
    """Measure the process's CPU time, kernel and user, of what happens inside, and print it."""
    began_s, wall_s = time.process_time(), time.perf_counter()
    yield
    cpu_s, took_s = time.process_time() - began_s, time.perf_counter() - wall_s
    print(json.dumps({"checks": checks, "cpu_s": cpu_s, "wall_s": took_s}), flush=True)


def run(check: Callable[[], None]) -> None:
    """Serve rounds of a blocking check."""
    for _ in range(WARM_UP):
        check()
    for checks in requests():
        with metered(checks):
            for _ in range(checks):
                check()
