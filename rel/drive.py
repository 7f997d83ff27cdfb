"""Runs a row: a folder of its own, the machine's load beside it, and nothing left behind."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from camkeeper.clock import SystemClock
from rel.result import Result, failed
from rel.row import Row, Setting

ROOT = Path(__file__).parent.parent


def revision() -> str:
    """Return the checkout's short revision, or an empty word outside a repository."""
    git = shutil.which("git")
    if git is None:
        return ""
    told = subprocess.run([git, "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return told.stdout.strip()


def say(zh: str, en: str) -> None:
    """Tell whoever waits."""
    print(f"{zh} / {en}", file=sys.stderr, flush=True)


def drive(row: Row, *, quick: bool, seed: int, tell: Callable[[str, str], None] = say) -> Result:
    """Run one row and return what it found; an exception in it is a failed run, told with its last lines."""
    before, started = os.getloadavg()[0], time.perf_counter()
    at = datetime.fromtimestamp(SystemClock().wall_ms() // 1000, UTC).isoformat()
    with tempfile.TemporaryDirectory(prefix=f"rel-{row.name}-") as folder:
        try:
            outcome = asyncio.run(row.run(Setting(quick=quick, seed=seed, folder=Path(folder), say=tell)))
            error = ""
        except Exception as raised:  # noqa: BLE001  (whatever it was, the run failed and the next row still counts)
            traceback.print_exc()
            error = f"{type(raised).__name__}: {raised}"[:400]
            outcome = failed(error)
    return Result(
        name=row.name,
        full=not quick,
        passed=outcome.passed,
        error=error,
        checks=outcome.checks,
        injected=dict(outcome.injected),
        figures=dict(outcome.figures),
        seed=seed,
        at=at,
        revision=revision(),
        cores=os.cpu_count() or 1,
        load_before=round(before, 2),
        load_after=round(os.getloadavg()[0], 2),
        took_s=round(time.perf_counter() - started, 1),
    )
