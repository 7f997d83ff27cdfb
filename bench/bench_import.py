"""How long a messy register of 5,000 rows by 30 cells takes to be read and compared with 5,000 enrolled devices.

Prints seconds of this process's own processor time, for a shared machine says little by the clock: the file alone,
rows and difference, and the whole preview with the configuration read before and after.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from time import process_time

from tests.monitor.register.messy import config, messy

from camkeeper.config import load
from camkeeper.register.book import Wishes, draft
from camkeeper.register.header import layout_of
from camkeeper.register.known import Known
from camkeeper.register.plan import Planner
from camkeeper.register.reading import sheets_of
from camkeeper.register.rows import Reader


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
    read_s, diffed_s, whole_s = (sorted(t[i] for t in took)[1] for i in range(3))
    cells = count * 30
    print(f"{count} rows, {cells} cells, {plan.errors} errors, {len(plan.changed)} changed")
    print(f"processor time: read {read_s:.2f} s; read and compared {diffed_s:.2f} s")
    print(f"preview with both configurations {whole_s:.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
