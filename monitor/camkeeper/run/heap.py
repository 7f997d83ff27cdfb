"""How the monitor asks the C library for memory, so that a busy hour does not stay in the process for ever.

asyncio reads into a block of 256 KB that is cut to what came. glibc maps such blocks at first; once one was freed it
takes them from the heap, where a few bytes that live longer (a word of an answer, the trace of a picture) keep the
whole hole from being used again. And each thread of the pool gets a heap of its own that only grows.
"""

from __future__ import annotations

import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""Numbers of `mallopt(3)`, glibc's malloc.h."""
MAPPED_FROM_BYTES = 128 * 1024
"""glibc's own beginning; said aloud, it stays there: blocks from this size on go back to the kernel when freed."""
TRIMMED_FROM_BYTES = 256 * 1024
ARENAS = 2
"""The loop's, and one that all other threads share."""


def keep_small() -> bool:
    """Set the bounds for this process, before its threads begin; False where the C library has no such call (musl)."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    wanted = (
        (_M_MMAP_THRESHOLD, MAPPED_FROM_BYTES),
        (_M_TRIM_THRESHOLD, TRIMMED_FROM_BYTES),
        (_M_ARENA_MAX, ARENAS),
    )
    return {mallopt(name, value) for name, value in wanted} == {1}
