"""SIGKILL between sending and noting it; the full thousand is `bench_outbox.py`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("kill9.py")


@pytest.mark.slow
@pytest.mark.parametrize("more", [(), ("--digests", "--seed", "2")])
def test_each_letter_arrives_in_order_and_repeats_are_no_more_than_kills(more: tuple[str, ...]) -> None:
    command = [sys.executable, str(PROGRAM), "run", "--kills", "4", "--incidents", "60", *more]
    environment = {"PYTHONPATH": str(PROGRAM.parents[3]), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=110, env=environment)
    assert done.stdout.strip(), done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["ok"], found
    assert found["delivered_at_least_once"] == 240
    assert found["kills"] >= 1
