"""Memory that the C library keeps after a busy moment goes back to the kernel, every ten seconds.

A first climb of the ladder or a page of a county needs megabytes for a moment, and small things that stay (an answer's
words, a device's profiles) come to lie among them. glibc gives back only what is free at the very top of its heap: with
5,000 devices two thirds of the process were holes. `malloc_trim(3)` gives back every free page.
"""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import Callable

EVERY_S = 10.0
"""It takes 5 ms, beside the loop: allocations of the size of a page wait for it."""


def trimmer() -> Callable[[], object] | None:
    """Return what gives free pages back, in any thread; None where the C library has no such call (musl)."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError):
        return None
    return lambda: trim(0)


async def keep_small() -> None:
    """Give back what is free, for ever."""
    trim = trimmer()
    while trim is not None:
        await asyncio.sleep(EVERY_S)
        await asyncio.to_thread(trim)
