"""Files that people hand in: opaque bytes beside the ledger, in `LEDGER.files/`, named by their SHA-256.

Nothing in here looks inside: what a file may be is judged by its first bytes before it comes here. Kept before the
record that speaks of it: a record never names a file that is not there.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
from pathlib import Path

_DIGEST = re.compile(r"[0-9a-f]{64}\Z", re.ASCII)


def files_beside(ledger: Path) -> Path:
    """Return the folder of a ledger's files."""
    return Path(f"{ledger}.files")


def keep_file(ledger: Path, data: bytes) -> str:
    """Put bytes on disk, once, and return their SHA-256 in hexadecimal; OSError where the disk does not take them."""
    digest = hashlib.sha256(data).hexdigest()
    folder = files_beside(ledger)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / digest
    if target.is_file() and target.stat().st_size == len(data):
        return digest
    fd, name = tempfile.mkstemp(dir=folder, prefix=".new-")
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    _sync_folder(folder)
    return digest


def read_file(ledger: Path, digest: str) -> bytes:
    """Return a file's bytes. LookupError where there is none of that digest, ValueError where it is not what it was."""
    if not _DIGEST.match(digest):
        raise LookupError(digest)
    try:
        data = (files_beside(ledger) / digest).read_bytes()
    except FileNotFoundError:
        raise LookupError(digest) from None
    if hashlib.sha256(data).hexdigest() != digest:
        raise ValueError(f"file {digest} was changed after it was handed in")
    return data


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
