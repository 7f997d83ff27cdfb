"""SIGKILL at random moments; the full hundred is `bench_ledger.py --kills 100`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("kill9.py")


@pytest.mark.slow
def test_no_acknowledged_sample_is_lost() -> None:
    command = [sys.executable, str(PROGRAM), "run", "--kills", "12", "--steps", "1500"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=110)
    found = json.loads(done.stdout)
    assert found["ok"], found
    assert found["kills"] == 12
    assert done.returncode == 0
