"""Files that only their owner reads, replaced whole: a kill at any moment leaves the old one or the new one."""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
from collections.abc import Iterator
from pathlib import Path


def write_private(path: Path, data: bytes) -> None:
    """Replace `path` by `data`, mode 0600, on disk when this returns. The caller holds the lock. OSError."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)  # of a run that was killed
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            _same_owner(file.fileno(), path)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise
    _sync_folder(path.parent)


def _same_owner(fd: int, path: Path) -> None:
    """Give a file that root writes to whom it belonged, or to the folder's owner: the monitor runs as another user."""
    if os.geteuid() != 0:
        return
    owned = path if path.exists() else path.parent
    state = owned.stat()
    os.fchown(fd, state.st_uid, state.st_gid)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the right to change `path`; waits for whoever has it. Readers need none: files are replaced whole."""
    fd = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def no_core() -> None:
    """Leave no memory image behind after a crash: passwords that were opened are in it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
