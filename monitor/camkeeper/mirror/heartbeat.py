"""Heartbeats between the monitor and the mirror: a bounded ring in memory.

Latencies are not in the ledger, and a year of them would be a thousand times its size. So heartbeats are best effort:
those that find no place while the server is away are lost, and counted. What decides anything is in the other series.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence

from camkeeper.mirror.lines import Row

MOST = 50_000
"""Rows kept: ten minutes of 5,000 devices, hours of a township; 30 MB."""


class Ring:
    """Filled by the event loop, emptied by the mirror's thread."""

    def __init__(self, most: int = MOST) -> None:
        self._rows: deque[Row] = deque(maxlen=most)
        self._lock = threading.Lock()
        self.lost = 0
        """Overtaken since the start."""

    def put(self, row: Row) -> None:
        """Keep a row; the oldest goes where there is no place."""
        with self._lock:
            self.lost += len(self._rows) == self._rows.maxlen
            self._rows.append(row)

    def take(self, most: int) -> list[Row]:
        """Return the oldest rows, which are out of the ring then."""
        with self._lock:
            return [self._rows.popleft() for _ in range(min(most, len(self._rows)))]

    def put_back(self, rows: Sequence[Row]) -> None:
        """Keep rows that could not be delivered, as far as there is place: before all others, for they are older."""
        with self._lock:
            place = (self._rows.maxlen or 0) - len(self._rows)
            kept = rows[len(rows) - place :] if place < len(rows) else rows
            self.lost += len(rows) - len(kept)
            self._rows.extendleft(reversed(kept))

    def __len__(self) -> int:
        return len(self._rows)
