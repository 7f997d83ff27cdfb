"""Runs one row as people do, and returns what it printed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def run(name: str) -> dict[str, Any]:
    """Run `python -m rel NAME --quick`; its exit code says what its JSON says."""
    command = [sys.executable, "-m", "rel", name, "--quick"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (0 if found["passed"] else 1), done.stderr[-2000:]
    return found
