"""From records to derived tables: devices, lives, intervals. The only code that does so, writing and rebuilding.

A `Books` holds the small part in memory (who is in service, which span each device is in) and gathers the rows that a
transaction adds; `flush` writes them. Nothing here commits.
"""

from __future__ import annotations

import sqlite3

from camkeeper.ledger.chain import Kind, read_object
from camkeeper.ledger.months import split
from camkeeper.ledger.record import InconsistentBatchError
from camkeeper.model.status import Status

_UNKNOWN = Status.UNKNOWN.code
DERIVED_TABLES = ("device", "life", "interval", "open_interval")


class Books:
    """State after some record of the chain. Used by one thread."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.ids: dict[int, str] = {}
        self.since: dict[int, int] = {}
        """Device in service -> start of its present life."""
        self.ended: dict[int, int] = {}
        """Device -> end of its newest finished life."""
        self.open: dict[int, tuple[int, int, int]] = {}
        """Device -> (t0, status, seq) of the span it is in."""
        self._intervals: list[tuple[int, int, int, int, int, int]] = []
        self._touched: set[int] = set()
        self._devices: list[tuple[int, str]] = []
        self._lives: list[tuple[int, int, int | None]] = []
        self.earliest_ms: int | None = None
        """The earliest instant that the rows not yet flushed say something new about."""

    @classmethod
    def load(cls, db: sqlite3.Connection) -> Books:
        """Read the state from the derived tables."""
        books = cls()
        for device, device_id in db.execute("SELECT device, id FROM device"):
            books.numbers[device_id], books.ids[device] = device, device_id
        for device, t0, t1 in db.execute("SELECT device, t0, t1 FROM life ORDER BY device, t0"):
            if t1 is None:
                books.since[device] = t0
            else:
                books.ended[device] = t1
        for device, t0, status, seq in db.execute("SELECT device, t0, status, seq FROM open_interval"):
            books.open[device] = (t0, status, seq)
        return books

    def enrol(self, device_id: str, at_ms: int, number: int | None = None) -> int:
        """Begin a life; `number` is given when rebuilding. Returns the device's number."""
        device = self.numbers.get(device_id)
        if device is None:
            device = len(self.numbers) + 1
            self.numbers[device_id], self.ids[device] = device, device_id
            self._devices.append((device, device_id))
        if number is not None and number != device:
            raise InconsistentBatchError(f"{device_id}: has number {device}, the record says {number}")
        if device in self.since:
            raise InconsistentBatchError(f"{device_id}: enrolled twice")
        if at_ms < self.ended.get(device, at_ms):
            raise InconsistentBatchError(f"{device_id}: enrolled at {at_ms}, inside its earlier life")
        self.since[device] = at_ms
        self._lives.append((device, at_ms, None))
        self._say(at_ms)
        return device

    def retire(self, device_id: str, at_ms: int) -> int:
        """End a life, and the span that the device is in. Returns the device's number."""
        device = self.in_service(device_id)
        t0, status, seq = self.open.get(device, (self.since[device], _UNKNOWN, 0))
        if at_ms < max(t0, self.since[device]):
            raise InconsistentBatchError(f"{device_id}: retired at {at_ms}, before its last change at {t0}")
        if device in self.open:
            self._close(device, t0, at_ms, status, seq)
            del self.open[device]
            self._touched.add(device)
        self._lives.append((device, self.since.pop(device), at_ms))
        self.ended[device] = at_ms
        self._say(at_ms)
        return device

    def in_service(self, device_id: str) -> int:
        """Return the device's number; InconsistentBatchError where it is not in service."""
        device = self.numbers.get(device_id)
        if device is None or device not in self.since:
            raise InconsistentBatchError(f"{device_id}: not in service, enrol it first")
        return device

    def change(self, device: int, at_ms: int, old: int, new: int, seq: int) -> None:
        """Take in a transition, in codes. The later of two at one instant stands."""
        since = self.since.get(device)
        if since is None:
            raise InconsistentBatchError(f"device {device}: a transition while not in service")
        t0, status, began = self.open.get(device, (since, _UNKNOWN, 0))
        if at_ms < t0:
            raise InconsistentBatchError(f"{self.ids[device]}: a transition at {at_ms}, the one before is at {t0}")
        if status != old:
            raise InconsistentBatchError(f"{self.ids[device]}: a transition from {old} while the record says {status}")
        if device in self.open:
            self._close(device, t0, at_ms, status, began)
        self.open[device] = (at_ms, new, seq)
        self._touched.add(device)
        self._say(at_ms)

    def _close(self, device: int, t0: int, t1: int, status: int, seq: int) -> None:
        for month, start, end in split(t0, t1):
            self._intervals.append((month, device, start, end, status, seq))

    def _say(self, at_ms: int) -> None:
        if self.earliest_ms is None or at_ms < self.earliest_ms:
            self.earliest_ms = at_ms

    def apply(self, seq: int, kind: int, at_ms: int, body: bytes) -> None:
        """Take in one record, as when rebuilding; ValueError or InconsistentBatchError where it makes no sense."""
        if kind == Kind.TRANSITION:
            device, old, new, _, delay_ms = _five_integers(body)
            if delay_ms < 0 or not {old, new} <= _STATUS_CODES:
                raise ValueError(f"no such transition: {body!r}")
            self.change(device, at_ms, old, new, seq)
        elif kind == Kind.LIFE:
            value = read_object(body)
            device_id, number, enrolled = value.get("id"), value.get("device"), value.get("enrolled")
            if not (isinstance(device_id, str) and isinstance(number, int) and isinstance(enrolled, bool)):
                raise ValueError(f"no such life: {body!r}")
            if enrolled:
                self.enrol(device_id, at_ms, number)
            else:
                self.retire(device_id, at_ms)

    def flush(self, db: sqlite3.Connection) -> None:
        """Write the rows gathered, in the transaction that is open."""
        db.executemany("INSERT INTO device (device, id) VALUES (?, ?)", self._devices)
        db.executemany(
            "INSERT OR REPLACE INTO life (device, t0, t1) VALUES (?, ?, ?)",
            self._lives,
        )
        db.executemany(
            "INSERT INTO interval (month, device, t0, t1, status, seq) VALUES (?, ?, ?, ?, ?, ?)", self._intervals
        )
        gone = [(d,) for d in self._touched if d not in self.open]
        kept = [(d, *self.open[d]) for d in self._touched if d in self.open]
        db.executemany("DELETE FROM open_interval WHERE device = ?", gone)
        db.executemany("INSERT OR REPLACE INTO open_interval (device, t0, status, seq) VALUES (?, ?, ?, ?)", kept)
        self._devices.clear()
        self._lives.clear()
        self._intervals.clear()
        self._touched.clear()
        self.earliest_ms = None

    @property
    def gathered(self) -> int:
        """Interval rows waiting for `flush`."""
        return len(self._intervals)


_STATUS_CODES = frozenset(s.code for s in Status)


def _five_integers(body: bytes) -> tuple[int, int, int, int, int]:
    if body[:1] != b"[" or body[-1:] != b"]":
        raise ValueError(f"no such transition: {body!r}")
    device, old, new, reason, delay_ms = map(int, body[1:-1].split(b","))
    return device, old, new, reason, delay_ms
