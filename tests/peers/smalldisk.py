"""A small file system of its own: one that can really be filled."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.peers.process import program

CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallDisk:
    """What is mounted at `point`."""

    point: Path

    def fill(self) -> int:
        """Write until not one byte more fits; returns how many it were."""
        written = 0
        with (self.point / "ballast").open("ab", buffering=0) as file:
            for size in (CHUNK, 4096, 1):
                try:
                    while True:
                        written += file.write(bytes(size))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
        return written

    def free(self) -> None:
        """Make room again."""
        (self.point / "ballast").unlink(missing_ok=True)


@contextmanager
def small_disk(point: Path, *, mib: int) -> Iterator[SmallDisk]:
    """Mount a file system of `mib` MiB at `point`; skips, with its reason, where this user may not."""
    if os.geteuid() != 0:
        pytest.skip("mounting wants root")
    point.mkdir(parents=True)
    command = [program("mount"), "-t", "tmpfs", "-o", f"size={mib}m,mode=700", "tmpfs", str(point)]
    mounted = subprocess.run(command, check=False, capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"no tmpfs here: {mounted.stderr.strip()}")
    try:
        yield SmallDisk(point=point)
    finally:
        # Lazily: it goes when the last process that a failed test left behind is gone.
        subprocess.run([program("umount"), "-l", str(point)], check=True)
