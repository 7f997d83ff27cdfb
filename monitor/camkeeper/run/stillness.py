"""What stands for as long as the monitor runs is taken out of the garbage collector's rounds, once."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable

LOOK_S = 2.0
PATIENCE_LOOKS = 150
"""Five minutes: where there is no coverage to wait for, the rest stands by then."""
ROUNDS = (2_000, 10, 20)
"""Objects until a small round, small until a middle one, middle until a full one. By Python's own (700, 10, 10) the
full rounds of 5,000 devices are a tenth of the monitor: each Standing is 70,000 objects that are freed by their last
reference. What a full round is for, closed connections, waits a quarter of a minute and is a few MB."""


def rest() -> None:
    """Collect once, then leave out of every later round what is alive now.

    A county's register, coverage and days are 700,000 objects. A full round over them stops everything for half a
    second of a core, seconds on a busy machine, and each page that is asked for meanwhile waits. What is replaced later
    (a Standing, a register) is still freed, by its last reference; only cycles among what is alive now are not.

    The second round is over next to nothing and tells the collector so: it makes a full one when a quarter as many as
    it last saw have come. Of 700,000 that would be thousands of closed connections, each a cycle with its buffers.
    """
    gc.collect()
    gc.freeze()
    gc.collect()
    gc.set_threshold(*ROUNDS)


async def rest_when(is_there: Callable[[], bool]) -> None:
    """Rest as soon as everything is there that a start brings, coverage last; after five minutes in any case."""
    for _ in range(PATIENCE_LOOKS):
        if is_there():
            break
        await asyncio.sleep(LOOK_S)
    rest()
