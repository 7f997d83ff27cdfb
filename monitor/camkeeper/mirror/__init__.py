"""The series that everyone queries, in an InfluxDB or what speaks like one: filled from the ledger, resumable.

ledger -> source (pages) -> deliver (batches) -> server        the mark in `LEDGER.mirror` moves afterwards

The ledger is the record; whatever the mirror shows can be made from it again.
"""

from camkeeper.mirror.cursor import CursorError, HeldError, rejected_file, sidecar
from camkeeper.mirror.heartbeat import Ring
from camkeeper.mirror.mirror import Mirror
from camkeeper.mirror.server import AwayError, RefusedError, Server

__all__ = [
    "AwayError",
    "CursorError",
    "HeldError",
    "Mirror",
    "RefusedError",
    "Ring",
    "Server",
    "rejected_file",
    "sidecar",
]
