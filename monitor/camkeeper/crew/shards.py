"""Who asks which devices: devices fall into shards, shards are divided among members. Pure.

A member needs to know only which shards nobody holds and who else is there: whoever holds more than its share gives
back, whoever holds less takes what is free. No plan is made anywhere, and nobody has to agree on one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

MAX_SHARDS = 256


@lru_cache(maxsize=200_000)
def shard_of(device_id: str, shards: int) -> int:
    """Return a device's shard, 0 <= shard < shards: the same on every machine, for as long as `shards` stays."""
    return int.from_bytes(hashlib.sha256(device_id.encode()).digest()[:8], "big") % shards


def share(name: str, members: Collection[str], shards: int) -> int:
    """Return how many shards a member should hold. Shares sum to `shards` and differ by one at most.

    Who comes later in the alphabet never gets more. When a member leaves, nobody's share becomes smaller: so those
    who stay give nothing back.
    """
    rank = sorted(members).index(name)
    return (shards - rank + len(members) - 1) // len(members)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What a member does next."""

    give: tuple[int, ...] = ()
    take: tuple[int, ...] = ()


def turn(name: str, *, members: Collection[str], mine: Collection[int], held: Collection[int], shards: int) -> Turn:
    """Return what to give back, or which free shards to try to take; nothing where it holds its share.

    `members`: who is there, with or without this one. `held`: shards that anybody holds, this one too.
    """
    room = share(name, {*members, name}, shards) - len(mine)
    by_liking = sorted(range(shards), key=lambda shard: _liking(name, shard))
    if room < 0:
        return Turn(give=tuple(shard for shard in by_liking if shard in mine)[room:])
    free = [shard for shard in by_liking if shard not in held and shard not in mine]
    return Turn(take=tuple(free[:room]))


@lru_cache(maxsize=16_384)
def _liking(name: str, shard: int) -> bytes:
    """Order the shards differently for each member: two that come at once seldom reach for the same ones."""
    return hashlib.sha256(f"{name}\0{shard}".encode()).digest()
