"""The record: append-only, hash-chained, acknowledged only when on disk.

`Ledger` writes, `LedgerReader` reads, `verify` proves; the rest serves these.
"""

from camkeeper.ledger.ledger import Ledger
from camkeeper.ledger.reader import LedgerReader
from camkeeper.ledger.record import (
    Ack,
    Batch,
    Boot,
    Health,
    InconsistentBatchError,
    LedgerBusyError,
    LedgerClosedError,
    LedgerDamagedError,
    LedgerError,
    LedgerFormatError,
    LedgerFullError,
    Life,
    LifeChange,
    Recovery,
)
from camkeeper.ledger.snapshot import Snapshot, snapshot_of

__all__ = [
    "Ack",
    "Batch",
    "Boot",
    "Health",
    "InconsistentBatchError",
    "Ledger",
    "LedgerBusyError",
    "LedgerClosedError",
    "LedgerDamagedError",
    "LedgerError",
    "LedgerFormatError",
    "LedgerFullError",
    "LedgerReader",
    "Life",
    "LifeChange",
    "Recovery",
    "Snapshot",
    "snapshot_of",
]
