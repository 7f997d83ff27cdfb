"""Two network namespaces joined by a cable of their own: links that are really cut, black-holed or refused.

Neither has a default route, so that a test can reach nothing else. They live as long as their two processes, and no
longer: nothing is registered under /run/netns.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.peers.process import missing

HERE = "10.77.0.1"
THERE = "10.77.0.2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cable:
    """The process ids that hold the near and the far namespace."""

    near: int
    far: int

    def run(self, side: int, *command: str, check: bool = True) -> str:
        """Run a command in the namespace that process `side` holds; its standard output."""
        done = subprocess.run(
            ["nsenter", "-t", str(side), "-n", *command], capture_output=True, text=True, check=False, timeout=60
        )
        if check and done.returncode:
            raise AssertionError(f"{command}: {done.stderr or done.stdout}")
        return done.stdout

    def python(self, code: str) -> str:
        """Run Python in the near namespace with this interpreter; its standard output."""
        return self.run(self.near, sys.executable, "-W", "error", "-c", code)

    def nft(self, rules: str) -> None:
        """Load nftables rules into the far namespace."""
        self.run(self.far, "nft", rules)


@contextmanager
def cable() -> Iterator[Cable]:
    """Join two new namespaces; skips, with its reason, where this user may not."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces want root")
    for program in ("unshare", "nsenter", "ip", "nft"):
        if shutil.which(program) is None:
            missing(f"{program} is missing: scripts/debian-packages.sh --test")
    holders = [subprocess.Popen(["unshare", "-n", "sleep", "300"]) for _ in range(2)]
    try:
        near, far = holders[0].pid, holders[1].pid
        _wait_for_namespaces(near, far)
        it = Cable(near=near, far=far)
        it.run(near, "ip", "link", "add", "v0", "type", "veth", "peer", "name", "v0", "netns", str(far))
        for side, address in ((near, HERE), (far, THERE)):
            it.run(side, "ip", "addr", "add", f"{address}/24", "dev", "v0")
            it.run(side, "ip", "link", "set", "v0", "up")
            it.run(side, "ip", "link", "set", "lo", "up")
        yield it
    finally:
        for holder in holders:
            holder.kill()
            holder.wait()


def _wait_for_namespaces(*pids: int) -> None:
    own = Path("/proc/self/ns/net").readlink()
    for pid in pids:
        for _ in range(500):
            if Path(f"/proc/{pid}/ns/net").readlink() != own:
                break
            subprocess.run(["sleep", "0.01"], check=True)
        else:
            pytest.skip("this kernel makes no network namespaces")
