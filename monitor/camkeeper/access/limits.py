"""How often somebody may try: free tries, then pauses that double. In memory, of bounded size.

Three counts, and which apply depends on where somebody is:

- at home, in a network from which it signed in within 30 days: only failures for this account from that network;
- anywhere else: failures for this account from all such places, and all failures of this address.

Whoever guesses elsewhere makes the owner wait only in places that are new to both; who guesses from the owner's own
network can make them wait there, 15 minutes at most; on the machine itself `camkeeper access first` always lets in.

A try is counted before the password is looked at, and given back when it was right: a hundred at once are a hundred.
Who is told to wait is not counted again for asking. A restart of the monitor forgets the counts.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass

from camkeeper.clock import Clock

FREE_AN_ACCOUNT = 5
FREE_AN_ADDRESS = 20
"""An office behind one address has more people than an account has."""
FIRST_PAUSE_MS = 2_000
LONGEST_PAUSE_MS = 15 * 60_000
FORGET_MS = 24 * 3_600_000
"""So that at the longest pauses nobody gets more than a hundred tries a day at an account."""
MAX_KEYS = 10_000


@dataclass(slots=True)
class _Failures:
    count: int = 0
    last_ms: int = 0


class Counts:
    """Failures by key; of more than `MAX_KEYS` keys those that failed longest ago are forgotten."""

    def __init__(self, *, free: int) -> None:
        self._free = free
        self._of: OrderedDict[str, _Failures] = OrderedDict()

    def __len__(self) -> int:
        return len(self._of)

    def wait_ms(self, key: str, now_ms: int) -> int:
        """Return how long this key still has to wait; 0: not at all."""
        found = self._of.get(key)
        if found is None or now_ms - found.last_ms >= FORGET_MS:
            return 0
        return max(0, found.last_ms + pause_ms(found.count, free=self._free) - now_ms)

    def charge(self, key: str, now_ms: int) -> None:
        """Count a try."""
        found = self._of.pop(key, None)
        if found is None or now_ms - found.last_ms >= FORGET_MS:
            found = _Failures()
        found.count, found.last_ms = found.count + 1, now_ms
        self._of[key] = found
        while len(self._of) > MAX_KEYS:
            self._of.popitem(last=False)

    def give_back(self, key: str) -> None:
        """Take one try back."""
        found = self._of.get(key)
        if found is not None:
            found.count -= 1
            if found.count <= 0:
                del self._of[key]

    def clear(self, key: str) -> None:
        """Forget a key's failures."""
        self._of.pop(key, None)


def pause_ms(failures: int, *, free: int) -> int:
    """Return the pause after so many failures: none for the free ones, then 2 s, 4 s, 8 s ... 15 min."""
    over = failures - free
    return 0 if over < 0 else min(FIRST_PAUSE_MS << min(over, 20), LONGEST_PAUSE_MS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One try at signing in, as it is counted."""

    key: str
    """The account's, or the name's where nobody has it."""
    network: str
    exists: bool
    at_home: bool
    """From a network of the account's own."""


class Limits:
    """The three counts. One owner, the event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._accounts = Counts(free=FREE_AN_ACCOUNT)
        self._names = Counts(free=FREE_AN_ACCOUNT)
        self._homes = Counts(free=FREE_AN_ACCOUNT)
        self._addresses = Counts(free=FREE_AN_ADDRESS)

    def begin(self, one: Try) -> int:
        """Count a try; more than 0: not counted, wait so many seconds."""
        now_ms = self._clock.elapsed_ms()
        which = self._which(one)
        wait_ms = max(counts.wait_ms(key, now_ms) for counts, key in which)
        if wait_ms:
            return -(-wait_ms // 1000)
        for counts, key in which:
            counts.charge(key, now_ms)
        return 0

    def right(self, one: Try) -> None:
        """Note that the password was right. The address keeps its other failures: they were at others' accounts."""
        for counts, key in self._which(one):
            if counts is self._addresses:
                counts.give_back(key)
            else:
                counts.clear(key)

    def unseen(self, one: Try) -> None:
        """Take back a try whose password nobody looked at."""
        for counts, key in self._which(one):
            counts.give_back(key)

    def _which(self, one: Try) -> tuple[tuple[Counts, str], ...]:
        if one.at_home:
            return ((self._homes, f"{one.network} {one.key}"),)
        # Names that nobody has are counted apart, so that inventing them pushes no account's failures out.
        return ((self._accounts if one.exists else self._names, one.key), (self._addresses, one.network))


def network_of(address: str) -> str:
    """Return what counts as one address: an IPv4 address, or an IPv6 network of 64 bits: one host's."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
