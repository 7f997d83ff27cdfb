"""What waits to be examined: one picture a device, the newest; bounded, and what is dropped is counted. Pure."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

Entry = TypeVar("Entry")


class Waiting(Generic[Entry]):
    """First come, first served, by key: a newer entry of the same key takes the older one's place in the line.

    So a camera that is looked at often neither waits for ever nor lets the others wait.
    """

    def __init__(self, most: int) -> None:
        if most < 1:
            raise ValueError("a queue for at least one")
        self._most = most
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, key: str, entry: Entry) -> Entry | None:
        """Take an entry in, and return the one that has to go for it: the same key's older one, else the eldest."""
        gone: Entry | None = self._entries.get(key)
        if gone is None and len(self._entries) >= self._most:
            _, gone = self._entries.popitem(last=False)
        self._entries[key] = entry
        self.dropped += gone is not None
        return gone

    def take(self) -> Entry | None:
        """Return who is first, or None."""
        return self._entries.popitem(last=False)[1] if self._entries else None
