"""`camkeeper account` equals the per-millisecond oracle, through CSV text, on ten thousand generated histories."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from tests.monitor.account.histories import History, expected_json, history, instant

from camkeeper.account.statement import Statement, account_csv

COMMAND = Path(sys.executable).with_name("camkeeper")
SEED = 20261001


def accounted(found: History) -> Statement:
    windows = None if found.windows is None else io.BytesIO(found.windows)
    return account_csv(io.BytesIO(found.samples), windows, found.terms)


@pytest.mark.slow
def test_ten_thousand_histories() -> None:
    for number in range(10_000):
        found = history(random.Random(SEED + number))
        result = accounted(found)
        assert not result.faults, (number, result.faults)
        assert result.to_json() == expected_json(found), (number, found)
        assert list(result.devices) == sorted(result.devices)


def test_bad_rows_are_each_told_and_change_nothing_else() -> None:
    for number in range(1_000):
        found = history(random.Random(-SEED - number), bad=True)
        result = accounted(found)
        assert [fault.line for fault in result.faults] == found.bad_lines, (number, found)
        assert result.to_json() == expected_json(found), (number, found)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(12))
def test_histories_through_the_real_command(number: int, tmp_path: Path) -> None:
    chance = random.Random(number)
    found = history(chance, bad=number % 2 == 1)
    samples, windows = tmp_path / "samples.csv", tmp_path / "windows.csv"
    samples.write_bytes(found.samples)
    period = found.terms.period
    command = [str(COMMAND), "account", str(samples), "--from", instant(chance, period.start_ms)]
    command += ["--to", str(period.end_ms), "--interval", f"{found.interval_ms}ms", "--grace", found.grace]
    command += ["--target", found.target, "--json"]
    if found.windows is not None:
        windows.write_bytes(found.windows)
        command += ["--exclude", str(windows)]
    plain = subprocess.run(command, capture_output=True, check=False, timeout=60)
    if found.bad_lines:
        assert plain.returncode == 1
        assert plain.stdout == b""
        plain = subprocess.run([*command, "--skip-bad"], capture_output=True, check=False, timeout=60)
        told = plain.stderr.decode()
        assert [f"samples.csv:{line}:" in told for line in found.bad_lines] == [True] * len(found.bad_lines)
    assert plain.returncode == 0, plain.stderr.decode()
    assert json.loads(plain.stdout) == expected_json(found)
