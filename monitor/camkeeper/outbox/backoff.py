"""Pauses after failures: doubling, capped, spread by the letter's id so that letters don't come back all at once.

The spread is computed, not drawn: the same letter waits the same time in every run, and a test can say how long.
"""

from __future__ import annotations

import hashlib

from camkeeper.model.letter import Receipt
from camkeeper.model.outbox import ChannelPace


def letter_pause_ms(letter_id: str, tries: int, pace: ChannelPace, receipt: Receipt) -> int:
    """Return how long a letter rests after its `tries`-th attempt failed: at least what the platform asked for."""
    pause = spread(_doubled_ms(pace.base_s, tries, pace.cap_s), f"{letter_id}/{tries}")
    return max(pause, asked_ms(receipt, pace))


def channel_pause_ms(channel_id: str, failures: int, pace: ChannelPace, receipt: Receipt) -> int:
    """Return how long a channel rests after `failures` in a row, whatever letters they were.

    A platform that is away is asked by one letter a minute, in turn: none of them uses up its tries.
    """
    pause = spread(_doubled_ms(min(1.0, pace.base_s), failures, pace.channel_cap_s), f"{channel_id}/{failures}")
    return max(pause, asked_ms(receipt, pace))


def asked_ms(receipt: Receipt, pace: ChannelPace) -> int:
    """Return the pause that the platform named, within reason; 0 where it named none."""
    asked_s = receipt.retry_after_s
    if asked_s is None or not asked_s > 0:  # also NaN
        return 0
    return round(min(asked_s, pace.retry_after_cap_s) * 1000)


def spread(full_ms: int, key: str) -> int:
    """Return between half of `full_ms` and all of it, by the key."""
    share = int.from_bytes(hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=4).digest())
    return full_ms - full_ms * share // 2**33


def _doubled_ms(first_s: float, n: int, cap_s: float) -> int:
    doublings = min(max(n - 1, 0), 40)
    return round(min(first_s * 2.0**doublings, cap_s) * 1000)
