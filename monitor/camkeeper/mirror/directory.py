"""Which site and kind a device had, as of a record or an instant: a point keeps its tags when the device moves later.

Otherwise a rebuilt mirror would have other series than the one that grew day by day.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from functools import lru_cache

from camkeeper.ledger.chain import Kind
from camkeeper.ledger.configs import config_of
from camkeeper.ledger.snapshot import DeviceEntry, Snapshot
from camkeeper.mirror.series import Place


class Directory:
    """The configurations on record. Belongs to one connection; begin another when records came in."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        rows = db.execute("SELECT seq, at_ms FROM chain WHERE kind = ? AND kind <> 4 ORDER BY seq", (int(Kind.CONFIG),))
        self._rows: list[tuple[int, int]] = rows.fetchall()
        self._seqs = [seq for seq, _ in self._rows]
        self._missing: dict[tuple[str, int], DeviceEntry | None] = {}
        self._config = lru_cache(maxsize=2)(self._read)

    def _read(self, place: int) -> Snapshot:
        return config_of(self._db, self._seqs[place])

    def as_of_record(self, seq: int) -> int:
        """Return the place of the configuration in force at a record, of the first where there was none yet."""
        return max(0, bisect_right(self._seqs, seq) - 1)

    def as_of(self, at_ms: int) -> int:
        """Return the place of the newest configuration taken into force by an instant."""
        return next((n for n in range(len(self._rows) - 1, -1, -1) if self._rows[n][1] <= at_ms), 0)

    def config(self, place: int) -> Snapshot | None:
        """Return the configuration at a place; None where there is none at all."""
        return self._config(place) if self._rows else None

    def place(self, device_id: str, at: int) -> Place:
        """Return the device as of the configuration at a place; once retired, as of the newest before that had it."""
        config = self.config(at)
        if config is None:
            return Place.of(device_id, None)
        entry = config.device_by_id.get(device_id)
        if entry is None:
            entry = self._before(device_id, at)
        return Place.of(device_id, entry)

    def _before(self, device_id: str, at: int) -> DeviceEntry | None:
        key = device_id, at
        if key not in self._missing:
            # `config_of` keeps a few snapshots for whoever asks next: this walk does not push out ours.
            older = (config_of(self._db, self._seqs[n]).device_by_id.get(device_id) for n in range(at - 1, -1, -1))
            self._missing[key] = next((entry for entry in older if entry is not None), None)
        return self._missing[key]
