"""What is kept of pictures, beside the ledger: baselines, what is learned from, thumbnails of alarms, newest looks.

It may be deleted at any time without touching a figure. Nothing recognisable stays: a thumbnail is blurred, small, and
goes with its finding or after seven days; a full picture is kept on request only, 72 h at most, and every view of
either is on record first (`Gate`).
"""

from camkeeper.album.album import Album
from camkeeper.album.gate import Gate, NotAllowedError
from camkeeper.album.record import (
    AlbumBusyError,
    AlbumClosedError,
    AlbumError,
    AlbumHealth,
    Kept,
    Limits,
    Swept,
    Waiting,
)
from camkeeper.album.schema import album_beside

__all__ = [
    "Album",
    "AlbumBusyError",
    "AlbumClosedError",
    "AlbumError",
    "AlbumHealth",
    "Gate",
    "Kept",
    "Limits",
    "NotAllowedError",
    "Swept",
    "Waiting",
    "album_beside",
]
