"""A county's monthly report: `camkeeper report` as a user runs it, from the start of the program to the file.

229 villages, 5,000 cameras, a month of 160,000 changes, terms of deduction, closed. Bar: the PDF in under 10 s on a
machine that has nothing else to do. `cpu_s` is what to compare on a shared one. The workbook, the PDF with the
month's coverage, and the stages of the first are told beside it. `python bench/bench_report.py [--quick]`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from figures import arguments, median, print_figures

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.dashboards.report_town import TICK_MS
from tests.monitor.report.county import MONTH, configuration, write_ledger

from camkeeper.config import load
from camkeeper.report.content import content
from camkeeper.report.paper import pdf
from camkeeper.report.words import Lang
from camkeeper.report.workbook import workbook
from camkeeper.run.monthbook import Wanted, read_book

VILLAGES, CAMERAS = 229, 5_000
BAR_S = 10.0
T = TypeVar("T")
FORMS = {
    "pdf": ["--no-coverage"],
    "xlsx": ["--no-coverage", "--format", "xlsx"],
    "pdf_with_coverage": [],
}


def run(folder: Path, options: list[str]) -> tuple[float, float, int]:
    """Make one report; returns seconds of wall time, seconds of CPU, and the bytes of the file."""
    out = folder / "month.out"
    command = [sys.executable, "-m", "camkeeper", "report", "--month", MONTH, "--out", str(out)]
    command += ["--config", str(folder / "county.yaml"), "--ledger", str(folder / "county.ledger"), *options]
    before, began = os.times(), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    wall_s, after = time.perf_counter() - began, os.times()
    cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    return wall_s, cpu_s, out.stat().st_size


def stages(folder: Path) -> dict[str, float]:
    """Return the CPU seconds of each stage, in one process."""
    out: dict[str, float] = {}

    def timed(name: str, work: Callable[[], T]) -> T:
        began = time.process_time()
        done = work()
        out[name] = round(time.process_time() - began, 2)
        return done

    registry = timed("configuration", lambda: load(folder / "county.yaml"))
    book = timed(
        "ledger",
        lambda: read_book(folder / "county.ledger", Wanted(month=MONTH), now_ms=TICK_MS, registry=registry),
    )
    timed("content", lambda: content(book, Lang.ZH))
    timed("content_and_typst", lambda: pdf(book))
    timed("workbook", lambda: workbook(book))
    return out


def main() -> int:
    """Measure, print JSON, and say by the exit code whether the bar is held."""
    quick = arguments(__doc__ or "").parse_args().quick
    villages, cameras, rounds = (46, 1_000, 1) if quick else (VILLAGES, CAMERAS, 3)
    memory = Path("/dev/shm")  # noqa: S108 - what is measured is the program
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        folder = Path(name)
        (folder / "county.yaml").write_text(configuration(villages, cameras), encoding="utf-8")
        changes = write_ledger(folder / "county.ledger", load(folder / "county.yaml"))
        found: dict[str, object] = {"villages": villages, "cameras": cameras, "changes": changes, "rounds": rounds}
        held = True
        for form, options in FORMS.items():
            runs = [run(folder, options) for _ in range(rounds)]
            wall_s, cpu_s = (median([one[n] for one in runs]) for n in (0, 1))
            found[form] = {"wall_s": round(wall_s, 2), "cpu_s": round(cpu_s, 2), "bytes": runs[0][2]}
            held = held and (form != "pdf" or wall_s < BAR_S)
        found["stages_cpu_s"] = stages(folder)
    print_figures("report", {**found, "bar_s": BAR_S, "held": held})
    return 0 if held else 1


if __name__ == "__main__":
    raise SystemExit(main())
