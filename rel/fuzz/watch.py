"""A process that feeds one decoder and watches itself: `python -m rel.fuzz.watch FAMILY SEED FIRST END FOLDER`.

Before each input its number is written down, so that a death by signal has a name. Processor time has a hard end by a
timer (SIGPROF), addresses by RLIMIT_AS. The last line on stdout is what it found, as JSON.
"""

from __future__ import annotations

import json
import random
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rel.fuzz.bombs import bombs, count
from rel.fuzz.decoders import DATA, DECODERS

CPU_S = 2.0
"""Processor time that one input may take."""
HARD_S = 6.0
RSS_MB = 64.0
ADDRESSES = 1536 << 20
WARM = 20
MOST_TOLD = 5


def inputs(family: str, seed: int, first: int, end: int, make: Callable[[random.Random], bytes]) -> Iterator[bytes]:
    """Return inputs by number: what was found before, the bombs, then mutations; each follows from its number alone.

    The bombs are made here and now: what they cost is nothing of the decoder's.
    """
    kept = [path.read_bytes() for path in sorted((DATA / "fuzz" / family).glob("*.bin"))]
    made = kept + (bombs(family) if first < before(family) else [])

    def numbered() -> Iterator[bytes]:
        for number in range(first, end):
            if number < before(family):
                yield made[number]
            else:
                yield make(random.Random(f"{seed}/{family}/{number}"))

    return numbered()


def before(family: str) -> int:
    """Return how many inputs come before the mutations."""
    return len(list((DATA / "fuzz" / family).glob("*.bin"))) + count(family)


def high_water_mb(pid: int | str = "self") -> float:
    """Return the most resident memory since the mark was last set."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def resident_mb(pid: int | str = "self") -> float:
    """Return what is resident now."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize() / 2**20


class Grown:
    """What inputs cost in memory: the most that one took while it was read.

    To draw an input costs memory too, sometimes more than to read it: so the mark is set before each.
    """

    def __init__(self, pid: int | str = "self") -> None:
        self._pid, self._before = pid, 0.0
        self.mb = 0.0

    def begin(self) -> None:
        """Set the mark: an input is handed over now."""
        forget_high_water(self._pid)
        self._before = resident_mb(self._pid)

    def end(self) -> None:
        """Read the mark."""
        self.mb = max(self.mb, high_water_mb(self._pid) - self._before)


def forget_high_water(pid: int | str = "self") -> None:
    """Set the mark to what is resident now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


def _fed(family: str, seed: int, first: int, end: int, folder: Path) -> dict[str, object]:
    decoder = DECODERS[family](folder)
    for whole in decoder.seeds:  # loads what is loaded late
        try:
            decoder.take(whole)
        except decoder.declared:
            continue
    rng = random.Random("warm")
    for _ in range(WARM):
        decoder.input(rng)
    coming = inputs(family, seed, first, end, decoder.input)
    limit = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, limit))
    grown, slowest, refused, crashes = Grown(), 0.0, 0, []
    at = folder / "at"
    largest = 0
    for number, data in enumerate(coming, first):
        at.write_text(str(number), encoding="ascii")
        largest = max(largest, len(data))
        signal.setitimer(signal.ITIMER_PROF, HARD_S)
        grown.begin()
        began = time.process_time()
        try:
            decoder.take(data)
        except decoder.declared:
            refused += 1
        except BaseException as error:  # noqa: BLE001 - also what a foreign library raises past Exception
            crashes.append(f"{family} #{number}: {type(error).__name__}: {str(error)[:120]}")
        took = time.process_time() - began
        grown.end()
        signal.setitimer(signal.ITIMER_PROF, 0)
        if took > CPU_S:
            crashes.append(f"{family} #{number}: {took:.1f} s of CPU")
        slowest = max(slowest, took)
    return {
        "family": family,
        "fed": end - first,
        "refused": refused,
        "crashes": crashes,
        "rss_mb": round(grown.mb, 1),
        "slowest_cpu_s": round(slowest, 3),
        "largest_bytes": largest,
    }


def main() -> None:
    """Feed, and print what was found; with `show` as FOLDER print the one input FIRST instead."""
    family, seed, first, end, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
    if folder == "show":
        import tempfile

        with tempfile.TemporaryDirectory() as name:
            make = DECODERS[family](Path(name)).input
            sys.stdout.buffer.write(next(inputs(family, seed, first, first + 1, make)))
        return
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print(json.dumps(_fed(family, seed, first, end, Path(folder))), flush=True)


if __name__ == "__main__":
    main()
