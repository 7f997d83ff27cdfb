"""How long a messy register of 5,000 rows by 30 cells takes to be read and compared with 5,000 enrolled devices.

Seconds of this process's own processor time, for a shared machine says little by the clock: the file alone, rows and
difference, and the whole preview with the configuration read before and after. `--quick`: 1,000 rows.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from time import process_time

from camkeeper.config import load
from camkeeper.register.book import Wishes, draft
from camkeeper.register.header import layout_of
from camkeeper.register.known import Known
from camkeeper.register.plan import Planner
from camkeeper.register.reading import sheets_of
from camkeeper.register.rows import Reader
from figures import arguments, median, print_figures

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.monitor.register.messy import config, messy


def main(count: int) -> None:
    """Measure three times; print the median of each."""
    file = messy(count, layout="xlsx", faults=count // 40)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cameras.yaml"
        path.write_text(config(count), encoding="utf-8")
        registry = load(path)
        took: list[tuple[float, float, float]] = []
        for _ in range(3):
            begun = process_time()
            sheet = sheets_of(file.data, file.name)[-1].filled()
            read_s = process_time() - begun
            layout = layout_of(sheet)
            assert layout is not None
            known = Known(registry=registry)
            reader, planner = Reader(sheet, layout, known, None), Planner(known, frozenset())
            planner.take(reader.read(), reader.findings)
            plan = planner.finish(complete=False)
            diffed_s = process_time() - begun
            begun = process_time()
            draft(path, file.data, file.name, Wishes())
            took.append((read_s, diffed_s, process_time() - begun))
    read_s, diffed_s, whole_s = (median([t[i] for t in took]) for i in range(3))
    figures: dict[str, object] = {
        "rows": count,
        "cells": count * 30,
        "errors": plan.errors,
        "changed": len(plan.changed),
        "read_cpu_s": round(read_s, 2),
        "read_and_compared_cpu_s": round(diffed_s, 2),
        "preview_cpu_s": round(whole_s, 2),
    }
    print_figures("import", figures)


if __name__ == "__main__":
    main(1000 if arguments(__doc__ or "").parse_args().quick else 5000)
